// Plans for a folder: what they relied on, and lines. A new thread is a new file, an addition one append of a whole line. Every line
// ends in a line feed: without it the framework's next save would be glued to ours and the thread could never be read again.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { BackendReader, ChangeSet, FilesReader, RelyingReader, UndoGuard } from '../backend.ts';
import { isBlank } from '../records/line-files.ts';
import { removedFiles } from '../records/removed-files.ts';
import type { FilesRecordSource } from './files-source.ts';
import { badThreadName, lineFileSuffix, nameOfThread } from './names.ts';
import { lineText, stringText } from './new-record.ts';
import { eraNoQueue, readLine, type RecordReading, type RecordView } from './record.ts';
import type { Place } from './source.ts';
import type { NewRecord, PlanWriter, Removal } from './write.ts';

const lineFeed = new Uint8Array([0x0a]);

export class FilesPlanWriter implements PlanWriter {
  readonly #source: FilesRecordSource;
  readonly #reader: FilesReader;
  readonly #relying: RelyingReader<BackendReader>;

  constructor(source: FilesRecordSource, reader: FilesReader, relying: RelyingReader<BackendReader>) {
    this.#source = source;
    this.#reader = reader;
    this.#relying = relying;
  }

  warnings(): readonly Warning[] {
    return [];
  }

  read(describe: string, place: Place): RecordReading {
    this.relyOn(describe, [place]);
    return readLine(this.#bytes(place));
  }

  relyOn(describe: string, places: readonly Place[]): void {
    const spans = places.map((place) => [place.position, place.position + place.bytes] as const);
    this.#relying.relyOnFile(describe, this.#pathOf(places[0]?.thread ?? ''), spans, 'growing');
  }

  #bytes(place: Place): Uint8Array {
    return this.#reader.read(this.#pathOf(place.thread), place.position, place.position + place.bytes);
  }

  #pathOf(thread: string): string {
    const path = this.#source.pathOf(thread);
    if (path !== null) return path;
    throw new ForkpointError(
      'moved',
      `Thread ${shownName(thread)} was removed meanwhile. Nothing was changed.`,
      'List the threads again.',
    );
  }

  expectNewThread(thread: string): void {
    stringText(thread);
    const bad = badThreadName(thread);
    if (bad !== null) throw new ForkpointError('bad_value', `${bad} Nothing was changed.`, 'Choose another id.');
    if (this.#source.summary(thread) !== null) throw threadExists(thread);
    const path = nameOfThread(thread) + lineFileSuffix;
    if (this.#relying.relyOnFile(`that \`${path}\` does not exist`, path) === null) return;
    const others = this.#source.threadsIn(path).map((other) => shownName(other));
    throw new ForkpointError(
      'exists',
      `Thread ${shownName(thread)} would be stored in \`${path}\`, which exists${others.length > 0 ? ` and holds ${others.join(', ')}` : ''}: wesichain turns both ids into the same file name. Nothing was changed.`,
      'Choose another id for the new thread.',
    );
  }

  accepts(records: readonly RecordView[]): readonly Warning[] {
    if (!records.some((record) => record.era === eraNoQueue)) return [];
    return [
      {
        code: 'no_queue',
        message:
          'Records of wesichain 0.1.0 have no queue; 0.3.0 cannot read a folder thread that holds them (missing field `queue`).',
        remedy: 'Resume it with 0.1.0.',
      },
    ];
  }

  /** A file that other threads share is written anew without this thread's lines. */
  removeThread(thread: string): Removal {
    const path = this.#pathOf(thread);
    const describe = `the records of thread ${shownName(thread)}`;
    const others = this.#source.threadsIn(path).filter((other) => other !== thread);
    if (others.length === 0) {
      return {
        changes: { backend: 'files', changes: removedFiles(this.#relying, describe, [path]), guards: [] },
        warnings: [],
      };
    }
    const entry = this.#relying.relyOnFile(describe, path);
    const kept: { path: string; start: number; end: number }[] = [];
    let bytes = 0;
    let at = 0;
    const keep = (end: number): void => {
      if (end > at) kept.push({ path, start: at, end });
      bytes += Math.max(0, end - at);
    };
    for (const line of this.#reader.lines(path)) {
      const reading = isBlank(line.bytes) ? null : readLine(line.bytes);
      if (reading === null || !reading.ok || reading.record.thread !== thread) continue;
      keep(line.start);
      at = line.terminated ? line.end + 1 : line.end;
    }
    keep(entry?.size ?? at);
    const names = others.map((other) => shownName(other)).join(', ');
    return {
      changes: { backend: 'files', changes: [{ kind: 'rewrite', path, content: kept, bytes }], guards: [] },
      warnings: [
        {
          code: 'shared_file',
          message: `\`${path}\` also holds ${names}, because wesichain turns these ids into the same file name: only the lines of ${shownName(thread)} go. Asked for ${shownName(thread)}, wesichain then loads the last record of ${names}.`,
          remedy: null,
        },
      ],
    };
  }

  newThread(thread: string, records: readonly NewRecord[]): ChangeSet {
    const path = nameOfThread(thread) + lineFileSuffix;
    const content = records.flatMap((made) => [this.#line(thread, made), lineFeed]);
    const bytes = content.reduce((sum, part) => sum + part.length, 0);
    const key = records.at(-1)?.key ?? null;
    return {
      backend: 'files',
      changes: [{ kind: 'new-file', path, content, bytes, key }],
      guards: [guardOf(thread, path)],
    };
  }

  nextSeq(thread: string): bigint {
    // Before it is read: a record that is added from now on makes the number wrong.
    this.#relying.relyOnFile(`the latest record of thread ${shownName(thread)}`, this.#pathOf(thread), []);
    return this.#source.nextSeq(thread);
  }

  append(thread: string, record: NewRecord): ChangeSet {
    const path = this.#pathOf(thread);
    const entry = this.#reader.stat(path);
    if (entry === null) throw new ForkpointError('moved', `\`${path}\` was removed meanwhile. Nothing was changed.`);
    const content = [this.#line(thread, record), lineFeed];
    const bytes = content.reduce((sum, part) => sum + part.length, 0);
    return {
      backend: 'files',
      changes: [{ kind: 'append', path, content, expectSize: entry.size, bytes, key: record.key }],
      guards: [guardOf(thread, path)],
    };
  }

  #line(thread: string, made: NewRecord): Uint8Array {
    let { record } = made;
    if (record === null && made.basis !== null) {
      const reading = readLine(this.#bytes(made.basis));
      record = reading.ok ? reading.record : null;
    }
    if (record === null) {
      throw new ForkpointError(
        'corrupt',
        `The record ${made.seq} cannot be read. Nothing was changed.`,
        'Fork another point.',
      );
    }
    const text = lineText(record, thread, made.seq, made.data);
    if (!text.includes(0x0a)) return text;
    throw new ForkpointError(
      'unable',
      'A record of this thread has line breaks in its JSON; a folder store holds one record per line. Nothing was changed.',
      'Import it into a SQLite store.',
    );
  }
}

function guardOf(thread: string, path: string): UndoGuard {
  return { kind: 'file', describe: `the records of thread ${shownName(thread)}`, path };
}

export function threadExists(thread: string): ForkpointError {
  return new ForkpointError(
    'exists',
    `Thread ${shownName(thread)} already exists in this store. Nothing was changed.`,
    'Choose another id for the new thread.',
  );
}
