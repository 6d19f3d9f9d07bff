// Plans for a folder: what they relied on, and lines. A new thread is a new file (its ledger written first: the thread file is what
// makes the thread appear); an addition is one append of whole lines. Every line ends in a line feed: without it the framework's
// next append would be glued to ours and the thread could never be read again.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type {
  BackendReader,
  ChangeSet,
  Content,
  FileChange,
  FilesReader,
  RelyingReader,
  UndoGuard,
} from '../backend.ts';
import { openLine } from './record.ts';
import { removedFiles } from '../records/removed-files.ts';
import { badThreadName, kindOfLineFile, ledgerLines, type FilesRecordSource } from './files-source.ts';
import {
  escapeThread,
  isStrayTemp,
  ledgerFiles,
  ledgerFileSuffix,
  lineFileSuffix,
  longestFileName,
  threadFiles,
} from './names.ts';
import { rewriteRecord, stringText } from './new-record.ts';
import { ledgerLineText } from './ledger-line.ts';
import type { LedgerEntry, Place } from './source.ts';
import { movedOn, threadExists } from './write-sqlite.ts';
import type { NewLedgerRow, NewRecord, PlanWriter, Removal } from './write.ts';

const lineFeed = new Uint8Array([0x0a]);

export class FilesPlanWriter implements PlanWriter {
  readonly hasLedger = true;
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

  texts(describe: string, places: readonly Place[]): readonly Uint8Array[] {
    const thread = places[0]?.thread ?? '';
    const path = this.#pathOf(thread);
    const spans = places.map((place) => [place.position, place.position + place.bytes] as const);
    this.#relying.relyOnFile(describe, path, spans, 'growing');
    return spans.map(([start, end]) => this.#reader.read(path, start, end));
  }

  #pathOf(thread: string): string {
    const path = this.#source.pathOf(thread);
    if (path === null) {
      throw new ForkpointError(
        'moved',
        `Thread \`${thread}\` was removed meanwhile. Nothing was changed.`,
        'List the threads again.',
      );
    }
    return path;
  }

  ledger(thread: string, places: readonly Place[]): readonly LedgerEntry[] {
    const wanted = new Set(places.map((place) => place.id));
    return ledgerFiles(thread).flatMap((path) => {
      const describe = `the write ledger of thread \`${thread}\``;
      if (this.#reader.stat(path) === null) {
        this.#relying.relyOnFile(describe, path);
        return [];
      }
      const rows = [...ledgerLines(this.#reader, path)].filter((entry) => wanted.has(entry.id));
      const spans = rows.map((row) => [row.position, row.position + row.bytes] as const);
      this.#relying.relyOnFile(describe, path, spans, 'growing');
      return rows;
    });
  }

  expectNewThread(thread: string): void {
    stringText(thread);
    const bad = badThreadName(thread, longestFileName);
    if (bad !== null) throw new ForkpointError('bad_value', `${bad} Nothing was changed.`, 'Choose another id.');
    if (this.#source.summary(thread) !== null) throw threadExists(thread);
    for (const path of [...threadFiles(thread), ...ledgerFiles(thread)]) {
      if (this.#relying.relyOnFile(`that \`${path}\` does not exist`, path) !== null) throw threadExists(thread);
    }
  }

  /** The file of records goes first: without it there is no thread, and nobody can find one whose ledger is gone. */
  removeThread(thread: string): Removal {
    const own = this.#pathOf(thread);
    const names = [...new Set([own, ...threadFiles(thread)])];
    const records = names.filter((path) => path === own || this.#isRecordsOf(thread, path));
    const ledgers = ledgerFiles(thread).filter((path) => !records.includes(path) && this.#isLedger(thread, path));
    for (const path of records) this.#refuseLedgerIn(path);
    const describe = `the records of thread \`${thread}\``;
    const changes = [
      ...removedFiles(this.#relying, describe, records),
      ...removedFiles(this.#relying, `the write ledger of thread \`${thread}\``, ledgers),
    ];
    const guards: UndoGuard[] = [];
    for (const path of [...names, ...ledgerFiles(thread)]) {
      if (records.includes(path) || ledgers.includes(path)) continue;
      // Undo must not put a thread back behind one that the framework has begun under the other name.
      guards.push({ kind: 'file', describe, path });
    }
    const strays = this.#reader.list(1).filter((entry) => isStrayTemp(entry.path));
    const left = strays.filter((entry) => names.some((path) => entry.path.startsWith(`${path}.tmp.`)));
    const warnings = left.map(({ path }): Warning => ({
      code: 'leftover_stays',
      message: `\`${path}\`, which a rewrite of this thread left behind, stays: tinyagents does not read it.`,
      remedy: null,
    }));
    return { changes: { backend: 'files', changes, guards }, warnings };
  }

  #isRecordsOf(thread: string, path: string): boolean {
    if (this.#reader.stat(path) === null) return false;
    const kind = kindOfLineFile(this.#reader, path);
    return kind.kind === 'thread' && kind.thread === thread;
  }

  /** Whether the ledger of a thread stands in this file. Throws `unable` if the records of a thread do, too. */
  #isLedger(thread: string, path: string): boolean {
    if (this.#reader.stat(path) === null) return false;
    const { kind } = kindOfLineFile(this.#reader, path);
    if (kind === 'empty') return true;
    if (ledgerLines(this.#reader, path).next().done === true) return false;
    const records = [...this.#reader.lines(path)].some(({ bytes }) => {
      const root = openLine(bytes);
      return !('reason' in root) && root.get('state') !== null;
    });
    if (kind === 'ledger' && !records) return true;
    throw mixed(path, `the ledger of thread \`${thread}\``);
  }

  /** The file of thread `x.writes` is that of the ledger of thread `x`. */
  #refuseLedgerIn(path: string): void {
    if (path.endsWith(ledgerFileSuffix) && ledgerLines(this.#reader, path).next().done !== true) {
      throw mixed(path, 'the ledger of another thread');
    }
  }

  newThread(thread: string, records: readonly NewRecord[], ledger: readonly NewLedgerRow[]): ChangeSet {
    const name = escapeThread(thread);
    const changes: FileChange[] = [];
    if (ledger.length > 0) {
      const content = ledger.map((row) => this.#ledgerText(row)).flatMap((line) => [line, lineFeed]);
      changes.push({ kind: 'new-file', path: name + ledgerFileSuffix, content, bytes: sizeOf(content) });
    }
    const path = name + lineFileSuffix;
    const content = linesOf(records);
    changes.push({ kind: 'new-file', path, content, bytes: sizeOf(content), key: records.at(-1)?.key ?? null });
    return { backend: 'files', changes, guards: [guardOf(thread, path)] };
  }

  append(thread: string, records: readonly NewRecord[], ledger: readonly NewLedgerRow[], _last: number): ChangeSet {
    const path = this.#pathOf(thread);
    const changes: FileChange[] = [];
    if (ledger.length > 0) {
      // 2.1.1 writes the ledger under the canonical name, also of a thread that keeps its legacy name.
      const file = escapeThread(thread) + ledgerFileSuffix;
      const entry = this.#relying.relyOnFile(`the write ledger of thread \`${thread}\``, file);
      const content = ledger.map((row) => this.#ledgerText(row)).flatMap((line) => [line, lineFeed]);
      const bytes = sizeOf(content);
      changes.push(
        entry === null
          ? { kind: 'new-file', path: file, content, bytes }
          : { kind: 'append', path: file, content, expectSize: entry.size, bytes },
      );
    }
    // What was read up to this size is all that the plan knows of.
    const entry = this.#relying.relyOnFile(`the records of thread \`${thread}\``, path, []);
    if (entry === null || entry.size !== this.#source.sizeRead(thread)) throw movedOn(thread);
    const content = linesOf(records);
    const key = records.at(-1)?.key ?? null;
    changes.push({ kind: 'append', path, content, expectSize: entry.size, bytes: sizeOf(content), key });
    return { backend: 'files', changes, guards: [guardOf(thread, path)] };
  }

  #ledgerText(row: NewLedgerRow): Uint8Array {
    if (row.line !== null) return oneLine(row.line);
    if (row.from === null) return ledgerLineText(row.namespaceText, row.id, row.write);
    const line = this.#source.ledgerLine(row.from);
    if (row.id === row.from.id) return line;
    const root = openLine(line);
    if ('reason' in root) throw new ForkpointError('corrupt', root.reason);
    return rewriteRecord(root, { checkpoint_id: stringText(row.id) });
  }
}

function mixed(path: string, what: string): ForkpointError {
  return new ForkpointError(
    'unable',
    `\`${path}\` holds the records of a thread and ${what}: tinyagents gives both the same name. Nothing was changed.`,
    'tinyagents cannot read either any more; move the lines of one of them into a file of its own first.',
  );
}

function guardOf(thread: string, path: string): UndoGuard {
  return { kind: 'file', describe: `the records of thread \`${thread}\``, path };
}

/** A record may have been written with line breaks between its members in SQLite; in a line file it may not. */
function oneLine(text: Uint8Array): Uint8Array {
  if (text.includes(0x0a)) {
    throw new ForkpointError(
      'unable',
      'A record of this thread has line breaks in its JSON; a folder store holds one record per line. Nothing was changed.',
      'Import it into a SQLite store.',
    );
  }
  return text;
}

function linesOf(records: readonly NewRecord[]): Content {
  return records.flatMap((made) => [oneLine(made.text), lineFeed]);
}

function sizeOf(content: Content): number {
  return content.reduce((sum, part) => sum + (part instanceof Uint8Array ? part.length : part.end - part.start), 0);
}
