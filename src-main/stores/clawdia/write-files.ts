// Plans for the file tree: a new run is a journal and a file per checkpoint, contents first and the journal last. Every line ends in
// a line feed: without it the framework's next append would be glued to ours and the run could never be read again.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import { compose } from '../../values/splice.ts';
import { utf8 } from '../../values/bytes.ts';
import type { BackendReader, ChangeSet, FileChange, FilesReader, RelyingReader } from '../backend.ts';
import { removedFiles } from '../records/removed-files.ts';
import { noSuchThread } from '../whole-thread.ts';
import {
  argumentsFolder,
  argumentsPath,
  contentFolderOf,
  contentPaths,
  poolsFolder,
  toolsFolder,
} from './files-beside.ts';
import type { FilesRunSource } from './files-source.ts';
import {
  badRunId,
  checkpointPath,
  checkpointsFolder,
  journalName,
  journalPath,
  runFolder,
  runsFolder,
  segmentOf,
} from './names.ts';
import { prettyText } from './new-checkpoint.ts';
import type { CheckpointPlace, RecordPlace } from './points.ts';
import { openText, readCheckpoint, readRecord, type CheckpointView, type Reading, type RecordView } from './record.ts';
import { renamedText, type Naming } from './restamp.ts';
import type { NewRun, OwnedByRun, PlanWriter, Removal } from './write.ts';

const lineFeed = new Uint8Array([0x0a]);

export class FilesPlanWriter implements PlanWriter {
  readonly backend = 'files';
  readonly #source: FilesRunSource;
  readonly #reader: FilesReader;
  readonly #relying: RelyingReader<BackendReader>;

  constructor(source: FilesRunSource, reader: FilesReader, relying: RelyingReader<BackendReader>) {
    this.#source = source;
    this.#reader = reader;
    this.#relying = relying;
  }

  warnings(): readonly Warning[] {
    return [];
  }

  records(describe: string, places: readonly RecordPlace[]): readonly Reading<RecordView>[] {
    const [first] = places;
    if (first === undefined) return [];
    const path = this.#source.pathOf(first);
    const spans = places.map((place) => [place.position, place.position + place.bytes] as const);
    this.#relying.relyOnFile(describe, path, spans, 'growing');
    return spans.map(([start, end]) => readRecord(this.#reader.read(path, start, end)));
  }

  checkpoints(describe: string, places: readonly CheckpointPlace[]): readonly Reading<CheckpointView>[] {
    return places.map(({ path }) => {
      this.#relying.relyOnFile(describe, path);
      return readCheckpoint(this.#reader.read(path));
    });
  }

  expectNewRun(run: string): void {
    const bad = badRunId(run);
    if (bad !== null) {
      throw new ForkpointError(
        'bad_value',
        `A run cannot have this id: ${bad}. Nothing was changed.`,
        'Choose another id.',
      );
    }
    const path = journalPath(run);
    const taken =
      this.#relying.relyOnFile(`that run ${shownName(run)} does not exist`, path) !== null ||
      this.#reader.list(1, `${runFolder(run)}/${checkpointsFolder}`).length > 0 ||
      this.#source.summary(run) !== null;
    if (taken) throw runExists(run);
  }

  heldContent(id: string): Uint8Array | null {
    return this.#held(`content ${shownName(id)}`, contentPaths(id).bytes);
  }

  heldArguments(ref: string): Uint8Array | null {
    return this.#held(`the arguments ${shownName(ref)}`, argumentsPath(ref));
  }

  #held(describe: string, path: string): Uint8Array | null {
    return this.#relying.relyOnFile(describe, path) === null ? null : this.#reader.read(path);
  }

  namedBeside(id: string): boolean {
    const text = Buffer.from(id);
    return this.#reader.list(2, poolsFolder).some(({ path }) => Buffer.from(this.#reader.read(path)).includes(text));
  }

  /** Everything in the folder of the run goes: it is named by the hash of the run's id. */
  removeRun(run: string, owned: OwnedByRun, becomes: Naming | null): Removal {
    const folder = this.#source.folderOf(run);
    if (folder === null) throw noSuchThread(run);
    if (folder.others.length > 0) {
      throw new ForkpointError(
        'unable',
        `\`${folder.path}\` also holds records of ${folder.others.map((other) => shownName(other)).join(', ')}, which would go with it. Nothing was changed.`,
        'Move those records into a folder of their own first.',
      );
    }
    const name = shownName(run);
    const journal = `${folder.path}/${journalName}`;
    const saved = `${folder.path}/${checkpointsFolder}`;
    const inFolder = this.#reader.list(2, folder.path).map((entry) => entry.path);
    // The journal first: without it the framework sees no run, and none whose checkpoints are gone.
    const files = inFolder.toSorted((a, b) => Number(b === journal) - Number(a === journal));
    const changes = removedFiles(this.#relying, `the records of run ${name}`, files, [folder.path, saved]);
    const calls = `${toolsFolder}/${segmentOf(run)}`;
    const callFiles = this.#reader.list(1, calls).map((entry) => entry.path);
    if (becomes !== null) changes.unshift(...callFiles.map((path) => this.#movedCalls(path, becomes)));
    changes.push(...removedFiles(this.#relying, `the tool calls of run ${name}`, callFiles, [calls]));
    for (const id of owned.contents) changes.push(...this.#removedContent(id));
    const copies = this.#copiesOfArguments(owned.calls);
    changes.push(...removedFiles(this.#relying, `the arguments that run ${name} was given`, copies));
    if (owned.contents.length + copies.length > 0) this.#relyOnOtherRuns(folder.path);
    const describe = `the checkpoints of run ${name}`;
    return {
      changes: { backend: 'files', changes, guards: [{ kind: 'folder', describe, path: saved }] },
      warnings: [],
    };
  }

  /** The file of a run's tool calls for the run that it becomes. */
  #movedCalls(path: string, naming: Naming): FileChange {
    const content: Uint8Array[] = [];
    for (const { bytes } of this.#reader.lines(path)) {
      const root = openText(bytes);
      if (bytes.length > 0 && 'reason' in root) {
        throw new ForkpointError('corrupt', `\`${path}\` cannot be read: ${root.reason} Nothing was changed.`);
      }
      content.push('reason' in root ? bytes : renamedText(root, naming), lineFeed);
    }
    const to = `${toolsFolder}/${segmentOf(naming.to)}/${path.slice(path.lastIndexOf('/') + 1)}`;
    return { kind: 'new-file', path: to, content, bytes: content.reduce((sum, part) => sum + part.length, 0) };
  }

  #removedContent(id: string): FileChange[] {
    const describe = `content ${shownName(id)}`;
    const folder = contentFolderOf(id);
    const files = this.#reader.list(1, folder).map((entry) => entry.path);
    const byRef = argumentsPath(id);
    return [
      ...removedFiles(this.#relying, describe, files, [folder]),
      ...removedFiles(this.#relying, describe, this.#reader.stat(byRef) === null ? [] : [byRef]),
    ];
  }

  /** Arguments lie a second time under the provider, the tool and the call. */
  #copiesOfArguments(calls: readonly string[]): string[] {
    const names = new Set(calls.map((call) => `${segmentOf(call)}.json`));
    const paths = this.#reader.list(3, argumentsFolder).map((entry) => entry.path);
    return paths.filter((path) => path.split('/').length === 4 && names.has(path.slice(path.lastIndexOf('/') + 1)));
  }

  /** Whether another run refers to a content is known of the records that are there now. */
  #relyOnOtherRuns(own: string): void {
    for (const { path } of this.#reader.list(3, runsFolder)) {
      if (!path.startsWith(`${own}/`)) this.#relying.relyOnFile('what other runs refer to', path, []);
    }
  }

  laidOut(checkpoint: Uint8Array): Uint8Array {
    return prettyText(checkpoint);
  }

  newRun(made: NewRun): ChangeSet {
    const { run } = made;
    const changes: FileChange[] = [];
    const add = (path: string, content: readonly Uint8Array[], key: string | null): void => {
      const bytes = content.reduce((sum, part) => sum + part.length, 0);
      changes.push({ kind: 'new-file', path, content, bytes, key });
    };
    for (const { id, ref, bytes } of made.contents) {
      const paths = contentPaths(id);
      const metadata = compose('json-serde', [
        ['content_ref', ref],
        ['byte_len', utf8(String(bytes.length))],
      ]);
      add(paths.bytes, [bytes], null);
      add(paths.metadata, [metadata], null);
    }
    for (const { ref, raw } of made.provided) add(argumentsPath(ref), [raw], null);
    const paths = new Set<string>();
    for (const { id, covers, text, key } of made.checkpoints) {
      const path = checkpointPath(run, covers, id);
      if (paths.has(path)) {
        throw new ForkpointError(
          'unable',
          `Two checkpoints of this run have the id ${shownName(id)} and cover the same record; the file tree holds one of them. Nothing was changed.`,
        );
      }
      paths.add(path);
      add(path, [text], key);
    }
    const lines = made.records.flatMap(({ text, seq }) => {
      if (text.includes(0x0a)) {
        throw new ForkpointError(
          'unable',
          `Record ${seq} has line breaks in its JSON, and the file tree holds one record per line. Nothing was changed.`,
          'Import it into a SQLite store.',
        );
      }
      return [text, lineFeed];
    });
    if (lines.length > 0) add(journalPath(run), lines, made.records.at(-1)!.key);
    // A host that goes on from the run appends to the journal, which is guarded as written, or saves a checkpoint.
    const path = `${runFolder(run)}/${checkpointsFolder}`;
    const describe = `the checkpoints of run ${shownName(run)}`;
    return { backend: 'files', changes, guards: [{ kind: 'folder', describe, path }] };
  }
}

export function runExists(run: string): ForkpointError {
  return new ForkpointError(
    'exists',
    `Run ${shownName(run)} already exists in this store. Nothing was changed.`,
    'Choose another id for the new run.',
  );
}
