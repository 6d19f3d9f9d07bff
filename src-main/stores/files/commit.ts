// Writes to a folder. There is no transaction over files, so everything that can fail is done before the first visible change: new
// content is staged and durable, the undo bundle too; then the changes appear in the order of the plan, the one that makes the
// others count last. A failure on the way takes back what has appeared.

import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { dirname, sep } from 'node:path';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Applied, ChangeSet, CommitHooks, FileChange, Relied, UndoGuard } from '../backend.ts';
import { BundleWriter, type Blob } from '../bundle.ts';
import { fsyncFolder, systemCode, systemError } from '../durable.ts';
import { claimName, giveBack, takeClaim } from './claim.ts';
import type { FolderReader } from './reader.ts';
import type { FilePlan, FileRecord } from './records.ts';
import { contentPieces, digestFile, digestSpan, spanPieces } from './spans.ts';
import { giveTo, Staging } from './staging.ts';
import { fileState, otherNames, startOfAppend } from './undo.ts';

const nothing = 'Nothing was written.';
/** The most that one write call takes on every system. */
const largestAppend = 2 ** 31 - 4096 * 16;

/** A change made ready: what the bundle says of it, how it is done, and how it is taken back if a later one fails. */
interface Step {
  readonly plan: FilePlan;
  readonly blob: Blob | null;
  perform(): void;
  takeBack(): void;
  /** Makes it durable. */
  settle(): void;
}

export function commitFiles(
  reader: FolderReader,
  changes: ChangeSet,
  relied: readonly Relied[],
  bundlePath: string,
  hooks: CommitHooks,
): Applied {
  if (changes.backend !== 'files') {
    throw new ForkpointError('internal', `A plan for a SQLite file cannot be applied to a folder. ${nothing}`);
  }
  const at = hooks.at ?? ((): void => {});
  checkFilesRelied(reader, relied);
  at('checked');

  let staging: Staging | null = null;
  let bundle: BundleWriter | null = null;
  const performed: Step[] = [];
  let steps: Step[] = [];
  try {
    staging = new Staging(reader.root);
    const place = staging;
    steps = changes.changes.map((change, index) => prepare(reader, place, change, index));
    bundle = BundleWriter.create(bundlePath);
    writeBundle(bundle, reader, steps, changes.guards);
    at('bundled');
    // Staging took its time: the store must still be what the plan relied on.
    checkFilesRelied(reader, relied);
    for (const step of steps) {
      step.perform();
      performed.push(step);
      step.settle();
      if (performed.length === 1) at('writing');
    }
  } catch (thrown) {
    throw afterFailure(thrown, performed, bundle, bundlePath, reader.root);
  } finally {
    bundle?.close();
    staging?.remove();
  }
  at('written');
  verify(reader, steps, bundlePath);
  at('verified');
  return counted(changes.changes);
}

function counted(changes: readonly FileChange[]): Applied {
  const count = (...kinds: FileChange['kind'][]): number => changes.filter((one) => kinds.includes(one.kind)).length;
  return { inserted: count('new-file', 'append'), updated: count('rewrite'), deleted: count('delete-file') };
}

/** Takes back what has appeared, newest first. If that fails too, only `internal` is right: the bundle is kept and tells. */
function afterFailure(
  thrown: unknown,
  performed: readonly Step[],
  bundle: BundleWriter | null,
  bundlePath: string,
  root: string,
): ForkpointError {
  try {
    for (const step of performed.toReversed()) {
      step.takeBack();
      step.settle();
    }
  } catch (second) {
    return uncertain(second, bundlePath);
  }
  if (thrown instanceof TornAppend) return uncertain(thrown, bundlePath);
  bundle?.discard();
  return systemError(thrown, root, nothing);
}

function uncertain(thrown: unknown, bundlePath: string): ForkpointError {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new ForkpointError(
    'internal',
    `It could not be confirmed that the change was stored or taken back: ${text}. What takes it back is kept.`,
    `Open the store again: what became of the change is found out then. The undo data is \`${bundlePath}\`.`,
    { cause: thrown },
  );
}

function writeBundle(
  bundle: BundleWriter,
  reader: FolderReader,
  steps: readonly Step[],
  guards: readonly UndoGuard[],
): void {
  const add = (record: FileRecord, blobs: readonly Blob[] = []): void => bundle.add(record, blobs);
  add({ kind: 'head', version: 1, backend: 'files' });
  for (const { plan, blob } of steps) add(plan, blob === null ? [] : [blob]);
  const touched = new Set(steps.map((step) => step.plan.path));
  for (const guard of guards) {
    if (guard.kind === 'rows') {
      throw new ForkpointError('internal', `A plan for a folder guards rows. ${nothing}`);
    }
    if (guard.kind === 'folder') {
      const names = otherNames(reader, guard.path, touched);
      add({ kind: 'folder-guard', path: guard.path, describe: guard.describe, names });
      continue;
    }
    // A file that is written is guarded by its own record: nothing may follow ours.
    if (touched.has(guard.path)) continue;
    const size = reader.stat(guard.path)?.size ?? -1;
    const digest = size < 0 ? 'absent' : digestSpan(reader.absolute(guard.path), 0, size);
    add({ kind: 'guard', path: guard.path, describe: guard.describe, size, digest });
  }
  add({ kind: 'prepared' });
  bundle.sync();
}

function prepare(reader: FolderReader, staging: Staging, change: FileChange, index: number): Step {
  switch (change.kind) {
    case 'new-file':
      return newFile(reader, staging, change, index);
    case 'append':
      return append(reader, change, index);
    case 'rewrite':
      return change.truncateTo === undefined
        ? rewrite(reader, staging, change, index)
        : truncate(reader, change, change.truncateTo, index);
    case 'delete-file':
      return deleteFile(reader, staging, change, index);
  }
}

type ChangeOf<K extends FileChange['kind']> = Extract<FileChange, { kind: K }>;

function newFile(reader: FolderReader, staging: Staging, change: ChangeOf<'new-file'>, index: number): Step {
  const target = reader.absolute(change.path);
  if (statSync(target, { throwIfNoEntry: false }) !== undefined) throw exists(change.path);
  const folder = dirname(target);
  const folders = missingFolders(reader, change.path);
  const modes = new Map(change.folderModes?.map((one) => [one.path, one.mode]));
  const counter = new Counter(contentPieces(reader, change.content));
  const owner = statSync(folders[0] === undefined ? folder : dirname(reader.absolute(folders[0])));
  const staged = staging.write(`new-${index}`, counter.pieces(), change.mode ?? null, owner);
  const { ino } = statSync(staged);
  return {
    plan: {
      kind: 'new-file',
      index,
      path: change.path,
      key: change.key ?? null,
      ...(folders.length > 0 ? { folders } : {}),
      size: counter.size,
      digest: counter.digest(),
    },
    blob: null,
    perform() {
      // Folders appear with the file: frameworks list them, and an empty one means something to them.
      makeFolders(reader, folders, owner, modes);
      try {
        appear(staged, target, change.path);
      } catch (thrown) {
        removeEmptyFolders(reader, folders);
        throw thrown;
      }
    },
    takeBack() {
      if (statSync(target, { throwIfNoEntry: false })?.ino === ino) rmSync(target);
      removeEmptyFolders(reader, folders);
    },
    settle: () => settleFolders(reader, folder, folders),
  };
}

/** Folders on the way to a file that are not there, outermost first. */
function missingFolders(reader: FolderReader, path: string): string[] {
  const missing: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const folder = path.slice(0, end);
    if (statSync(reader.absolute(folder), { throwIfNoEntry: false }) !== undefined) break;
    missing.unshift(folder);
  }
  const parts = (missing[0] ?? path).split('/').slice(0, -1);
  const there = realpathSync.native(parts.length === 0 ? reader.root : reader.absolute(parts.join('/')));
  const root = reader.root.endsWith(sep) ? reader.root : reader.root + sep;
  if (there === reader.root || there.startsWith(root)) return missing;
  throw new ForkpointError(
    'unable',
    `\`${parts.join('/')}\` is a link that leads out of the store. It was not followed. ${nothing}`,
    'Choose another name.',
  );
}

/** `modes`: permission bits of those that were there before; the others get what a new folder gets here. */
function makeFolders(
  reader: FolderReader,
  folders: readonly string[],
  owner: { uid: number; gid: number },
  modes: ReadonlyMap<string, number>,
): void {
  for (const folder of folders) {
    const path = reader.absolute(folder);
    const isNew = mkdirSync(path, { recursive: true }) !== undefined;
    const mode = modes.get(folder);
    // Not by the call that makes it: the process's mask would take bits away.
    if (isNew && mode !== undefined) chmodSync(path, mode);
    giveTo(path, owner);
  }
}

function removeEmptyFolders(reader: FolderReader, folders: readonly string[]): void {
  for (const folder of folders.toReversed()) {
    try {
      rmdirSync(reader.absolute(folder));
    } catch (thrown) {
      const code = systemCode(thrown);
      if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOENT') continue;
      throw thrown;
    }
  }
}

/** The folder of a file that came or went, and those that came or went with it. */
function settleFolders(reader: FolderReader, folder: string, folders: readonly string[]): void {
  const parents = folders.map((each) => dirname(reader.absolute(each)));
  for (const path of new Set([...parents, folder])) {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) fsyncFolder(path);
  }
}

/** Gives a staged file its name without ever replacing another. */
function appear(staged: string, target: string, path: string): void {
  try {
    linkSync(staged, target);
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code === 'EEXIST') throw exists(path);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw thrown;
    // A file system without hard links: the look and the rename are two steps there.
    if (statSync(target, { throwIfNoEntry: false }) !== undefined) throw exists(path);
    renameSync(staged, target);
    return;
  }
  rmSync(staged);
}

/** Part of our line stands in the file and could not be cut off again. */
class TornAppend extends Error {}

function append(reader: FolderReader, change: ChangeOf<'append'>, index: number): Step {
  const target = reader.absolute(change.path);
  const bytes = Buffer.concat([...contentPieces(reader, change.content)]);
  const size = bytes.length;
  if (size === 0 || bytes[size - 1] !== 10) {
    throw new ForkpointError('internal', `An addition to \`${change.path}\` does not end its line. ${nothing}`);
  }
  if (size > largestAppend) {
    throw new ForkpointError('unable', `A record of ${size} bytes is too large to be added in one write. ${nothing}`);
  }
  checkEnd(reader, change);
  const { expectSize: oldSize, path } = change;
  const plan = { kind: 'append', index, path, key: change.key ?? null, oldSize, size, digest: sha256(bytes) } as const;
  return {
    plan,
    blob: { length: size, pieces: () => [bytes] },
    perform() {
      const fd = openSync(target, 'a');
      try {
        const now = fstatSync(fd).size;
        if (now !== oldSize) throw grown(path, oldSize, now);
        let wrote = 0;
        let failure: unknown = null;
        try {
          wrote = writeSync(fd, bytes);
        } catch (thrown) {
          failure = thrown;
        }
        if (wrote === size) return;
        // Only part of it went in (a full disk): cut it off, unless someone already wrote behind it.
        cutTail(fd, oldSize, oldSize + wrote);
        throw failure ?? Object.assign(new Error('short write'), { code: 'ENOSPC' });
      } finally {
        closeSync(fd);
      }
    },
    takeBack() {
      const start = startOfAppend(reader, plan, bytes);
      if (start !== null && statSync(target).size === start + size) truncateSync(target, start);
      else throw new TornAppend(`\`${path}\` went on behind the new record`);
    },
    settle: () => fsyncFile(target),
  };
}

function cutTail(fd: number, to: number, expected: number): void {
  if (fstatSync(fd).size === expected) ftruncateSync(fd, to);
  else throw new TornAppend('another program wrote behind a record that was cut short');
  fsyncSync(fd);
}

/** Size as the plan saw it, and a last byte that ends a line: a torn last record must not become part of ours. */
function checkEnd(reader: FolderReader, { path, expectSize }: ChangeOf<'append'>): void {
  const entry = mustExist(reader, path);
  if (entry.size !== expectSize) throw grown(path, expectSize, entry.size);
  if (expectSize === 0 || reader.read(path, expectSize - 1, expectSize)[0] === 10) return;
  throw new ForkpointError(
    'unable',
    `The last line of \`${path}\` is torn: it does not end with a line feed, so nothing can be added behind it. ${nothing}`,
    'The framework drops such a line when it reads. Repair the file on a copy first, or fork into a new thread.',
  );
}

function grown(path: string, before: number, now: number): ForkpointError {
  const how = now > before ? `grew by ${now - before} bytes` : `shrank by ${before - now} bytes`;
  return new ForkpointError(
    'moved',
    `The store has moved: \`${path}\` ${how} since. ${nothing}`,
    'Look at the store as it is now, and plan again.',
  );
}

function rewrite(reader: FolderReader, staging: Staging, change: ChangeOf<'rewrite'>, index: number): Step {
  mustExist(reader, change.path);
  // Through a link to the file itself, so that the link stays one.
  const target = realpathSync.native(reader.absolute(change.path));
  const before = statSync(target);
  const counter = new Counter(contentPieces(reader, change.content));
  const staged = staging.write(`new-${index}`, counter.pieces(), before.mode & 0o7777, before);
  const kept = staging.path(`old-${index}`);
  const claim = change.claim === undefined ? null : claimName(reader, change.claim, change.path, target);
  return {
    plan: {
      kind: 'rewrite',
      index,
      path: change.path,
      key: change.key ?? null,
      ...(change.claim === undefined ? {} : { claim: change.claim }),
      oldSize: before.size,
      oldDigest: digestSpan(target, 0, before.size),
      size: counter.size,
      digest: counter.digest(),
    },
    blob: fileBlob(target, 0, before.size),
    perform() {
      keep(target, kept);
      if (claim === null) {
        checkSame(target, before, change.path);
        renameSync(staged, target);
        return;
      }
      takeClaim(target, claim, change.path);
      try {
        checkSame(claim, before, change.path);
        appear(staged, target, change.path);
      } catch (thrown) {
        giveBack(claim, target);
        throw thrown;
      }
      rmSync(claim);
    },
    takeBack: () => renameSync(kept, target),
    settle: () => fsyncFolder(dirname(target)),
  };
}

/** A second name for the old file, so that it can be put back as it was. Without hard links the bundle has to do. */
function keep(target: string, kept: string): void {
  try {
    linkSync(target, kept);
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw thrown;
  }
}

function truncate(reader: FolderReader, change: ChangeOf<'rewrite'>, to: number, index: number): Step {
  const target = reader.absolute(change.path);
  mustExist(reader, change.path);
  const before = statSync(target);
  if (before.size < to) throw grown(change.path, to, before.size);
  const tail = reader.read(change.path, to, before.size);
  return {
    plan: {
      kind: 'truncate',
      index,
      path: change.path,
      key: change.key ?? null,
      oldSize: before.size,
      size: to,
      digest: sha256(tail),
    },
    blob: { length: tail.length, pieces: () => [tail] },
    perform() {
      const fd = openSync(target, 'r+');
      try {
        // Nothing may follow what is cut off. Between this look and the cut there is no lock that frameworks would honour.
        const now = fstatSync(fd);
        if (now.ino !== before.ino || now.size !== before.size) throw grown(change.path, before.size, now.size);
        ftruncateSync(fd, to);
      } finally {
        closeSync(fd);
      }
    },
    takeBack() {
      const fd = openSync(target, 'a');
      try {
        if (fstatSync(fd).size !== to) throw new TornAppend(`\`${change.path}\` went on meanwhile`);
        if (writeSync(fd, tail) !== tail.length)
          throw new TornAppend(`\`${change.path}\` could not be made whole again`);
      } finally {
        closeSync(fd);
      }
    },
    settle: () => fsyncFile(target),
  };
}

function deleteFile(reader: FolderReader, staging: Staging, change: ChangeOf<'delete-file'>, index: number): Step {
  const target = reader.absolute(change.path);
  mustExist(reader, change.path);
  const before = statSync(target);
  const kept = staging.path(`old-${index}`);
  const folders = change.folders ?? [];
  const folderModes = folders.flatMap((path) => {
    const stats = statSync(reader.absolute(path), { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ path, mode: stats.mode & 0o7777 }];
  });
  return {
    plan: {
      kind: 'delete-file',
      index,
      path: change.path,
      key: change.key ?? null,
      oldSize: before.size,
      oldDigest: digestSpan(target, 0, before.size),
      mode: before.mode & 0o7777,
      ...(folderModes.length > 0 ? { folderModes } : {}),
    },
    blob: fileBlob(target, 0, before.size),
    perform() {
      checkSame(target, before, change.path);
      try {
        renameSync(target, kept);
      } catch (thrown) {
        // Taken by another program between the two calls.
        throw systemCode(thrown) === 'ENOENT' ? gone(change.path) : thrown;
      }
      removeEmptyFolders(reader, folders);
    },
    takeBack() {
      makeFolders(reader, folders, before, new Map(folderModes.map((one) => [one.path, one.mode])));
      appear(kept, target, change.path);
    },
    settle: () => settleFolders(reader, dirname(target), folders),
  };
}

function checkSame(target: string, before: Stats, path: string): void {
  const now = statSync(target, { throwIfNoEntry: false });
  if (now === undefined) throw gone(path);
  if (now.size !== before.size) throw grown(path, before.size, now.size);
  if (now.ino !== before.ino || now.mtimeMs !== before.mtimeMs) {
    throw new ForkpointError(
      'moved',
      `The store has moved: \`${path}\` was written anew since. ${nothing}`,
      'Look at the store as it is now, and plan again.',
    );
  }
}

/** The same files, sizes and bytes as when the plan was made. Throws `moved`, naming the first difference. */
export function checkFilesRelied(reader: FolderReader, relied: readonly Relied[]): void {
  for (const one of relied) {
    if (one.kind !== 'file') {
      throw new ForkpointError('internal', `A plan for a folder relied on rows. ${nothing}`);
    }
    const now = digestFile(reader, one.path, one.spans, one.growing === true);
    if (now.digest === one.digest) continue;
    const difference = one.seen === now.seen ? 'its content changed' : `then ${one.seen}; now ${now.seen}`;
    throw new ForkpointError(
      'moved',
      `The store has moved: ${one.describe} (\`${one.path}\`: ${difference}). ${nothing}`,
      'Look at the store as it is now, and plan again.',
    );
  }
}

/** Whatever fails here, the change *is* in the files: only `internal` says so to the caller. */
function verify(reader: FolderReader, steps: readonly Step[], bundlePath: string): void {
  try {
    for (const { plan, blob } of steps) {
      const state = fileState(
        reader,
        plan,
        plan.kind === 'append' && blob !== null ? () => Buffer.concat([...blob.pieces()]) : null,
      );
      // A running framework may already have added its next record behind ours: ours is stored all the same.
      const goneOn = state === 'new+' && (plan.kind === 'append' || plan.kind === 'new-file');
      if (state === 'new' || goneOn) continue;
      throw new Error(`\`${plan.path}\` read back differs from what was written`);
    }
  } catch (thrown) {
    throw uncertain(thrown, bundlePath);
  }
}

function mustExist(reader: FolderReader, path: string): { readonly size: number } {
  const entry = reader.stat(path);
  if (entry === null) throw gone(path);
  return entry;
}

function gone(path: string): ForkpointError {
  return new ForkpointError(
    'moved',
    `The store has moved: \`${path}\` is not there any more. ${nothing}`,
    'Look at the store as it is now, and plan again.',
  );
}

function exists(path: string): ForkpointError {
  return new ForkpointError(
    'exists',
    `\`${path}\` already exists and was not overwritten. ${nothing}`,
    'Choose another name for the new thread.',
  );
}

function fsyncFile(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function fileBlob(path: string, start: number, end: number): Blob {
  return {
    length: end - start,
    *pieces() {
      const fd = openSync(path, 'r');
      try {
        yield* spanPieces(fd, start, end);
      } finally {
        closeSync(fd);
      }
    },
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Size and digest of what passes through. */
class Counter {
  size = 0;
  readonly #hash = createHash('sha256');
  readonly #source: Iterable<Uint8Array>;

  constructor(source: Iterable<Uint8Array>) {
    this.#source = source;
  }

  *pieces(): IterableIterator<Uint8Array> {
    for (const bytes of this.#source) {
      this.size += bytes.length;
      this.#hash.update(bytes);
      yield bytes;
    }
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}
