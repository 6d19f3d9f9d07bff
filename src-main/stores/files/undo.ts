// Taking back what a files bundle recorded, and finding out what became of one whose process died. Reads only. Each change is
// judged by the file itself: as the change left it, as it was before, torn (part of our line), or something else.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { ChangeSet, Content, FileChange, Recovery, Relied, UndoGuard } from '../backend.ts';
import { damaged, readBlob, type BundleSpan } from '../bundle.ts';
import type { FolderReader } from './reader.ts';
import { loadFilesBundle, type FileGuard, type FilePlan, type FilesBundle } from './records.ts';
import { digestFile, digestSpan } from './spans.ts';

type AppendPlan = Extract<FilePlan, { kind: 'append' }>;

/** `new+`: ours is there, and more behind it. `torn`: the beginning of our line is there, and nothing else. */
export type FileState = 'old' | 'new' | 'new+' | 'torn' | 'other';

/** `content` gives the appended bytes where a torn line shall be told from a foreign one. */
export function fileState(reader: FolderReader, plan: FilePlan, content: (() => Uint8Array) | null): FileState {
  const size = reader.stat(plan.path)?.size ?? null;
  const has = (start: number, end: number, digest: string): boolean =>
    size !== null && size >= end && digestSpan(reader.absolute(plan.path), start, end) === digest;
  switch (plan.kind) {
    case 'new-file':
      if (size === null) return 'old';
      if (!has(0, plan.size, plan.digest)) return 'other';
      return size === plan.size ? 'new' : 'new+';
    case 'append': {
      if (size === null || size < plan.oldSize) return 'other';
      if (size === plan.oldSize) return 'old';
      const bytes = content === null ? null : content();
      const start = startOfAppend(reader, plan, bytes);
      if (start !== null) return size === start + plan.size ? 'new' : 'new+';
      if (size >= plan.oldSize + plan.size || bytes === null) return 'other';
      const written = Buffer.from(bytes).subarray(0, size - plan.oldSize);
      return written.equals(reader.read(plan.path, plan.oldSize, size)) ? 'torn' : 'other';
    }
    case 'rewrite':
      if (size === null) return plan.claim !== undefined && holdsOld(reader, plan.claim, plan) ? 'old' : 'other';
      if (size === plan.size && has(0, size, plan.digest)) return 'new';
      if (size === plan.oldSize && has(0, size, plan.oldDigest)) return 'old';
      return has(0, plan.size, plan.digest) ? 'new+' : 'other';
    case 'truncate':
      if (size === plan.size) return 'new';
      return size === plan.oldSize && has(plan.size, size, plan.digest) ? 'old' : 'other';
    case 'delete-file':
      if (size === null) return 'new';
      return size === plan.oldSize && has(0, size, plan.oldDigest) ? 'old' : 'other';
  }
}

/** A rewrite that died while the file bore its other name. */
function holdsOld(
  reader: FolderReader,
  claim: string,
  plan: { readonly oldSize: number; readonly oldDigest: string },
): boolean {
  return (
    reader.stat(claim)?.size === plan.oldSize && digestSpan(reader.absolute(claim), 0, plan.oldSize) === plan.oldDigest
  );
}

/**
 * Where the appended bytes stand. Mostly right behind what was there; but a framework that added its own record between our look at
 * the size and our write stands before them. Then they are looked for at the beginnings of the lines from there on.
 */
export function startOfAppend(reader: FolderReader, plan: AppendPlan, bytes: Uint8Array | null): number | null {
  const size = reader.stat(plan.path)?.size ?? 0;
  const file = reader.absolute(plan.path);
  const isAt = (start: number): boolean =>
    start + plan.size <= size && digestSpan(file, start, start + plan.size) === plan.digest;
  if (isAt(plan.oldSize)) return plan.oldSize;
  if (bytes === null) return null;
  const first = Buffer.from(bytes).subarray(0, bytes.indexOf(10));
  for (const line of reader.lines(plan.path, plan.oldSize)) {
    if (line.start + plan.size > size) break;
    if (first.equals(line.bytes) && isAt(line.start)) return line.start;
  }
  return null;
}

/** Every change of a bundle with its state. */
function statesOf(reader: FolderReader, bundle: FilesBundle): FileState[] {
  return bundle.plans.map(({ plan, blob }) =>
    fileState(reader, plan, blob === null ? null : () => readBlob(bundle.path, blob)),
  );
}

/**
 * Throws `moved` with the difference if our records are not the last of their files, or a guarded file changed. Of a commit that
 * died between two files it takes back those that were written.
 */
export function undoFiles(
  reader: FolderReader,
  bundlePath: string,
): { readonly changes: ChangeSet; readonly relied: readonly Relied[] } {
  const bundle = loadFilesBundle(bundlePath);
  const touched = new Set(bundle.plans.map(({ plan }) => plan.path));
  for (const guard of bundle.guards) {
    if (guard.kind === 'folder-guard') {
      checkFolder(guard, otherNames(reader, guard.path, touched));
      continue;
    }
    const size = reader.stat(guard.path)?.size ?? -1;
    const digest = size < 0 ? 'absent' : digestSpan(reader.absolute(guard.path), 0, size);
    if (digest !== guard.digest) throw moved(guard.describe, guard.path, sizeChange(guard.size, size));
  }
  const changes: FileChange[] = [];
  const relied: Relied[] = [];
  for (const [i, state] of statesOf(reader, bundle).entries()) {
    const one = bundle.plans[i];
    if (one === undefined || state === 'old') continue;
    if (state === 'new+')
      throw moved(
        'what the operation wrote is not the last of its file',
        one.plan.path,
        behind(reader, one, bundle.path),
      );
    if (state === 'other')
      throw moved('a file that the operation wrote has changed', one.plan.path, 'it differs from what was written');
    const from = one.plan.kind === 'append' ? startIn(reader, bundle.path, one.plan, one.blob) : 0;
    relied.push(reliedOn(reader, one.plan, from));
    changes.unshift(inverse(reader, bundle.path, one.plan, one.blob, from));
  }
  const guards: UndoGuard[] = bundle.guards.map(({ kind, describe, path }) => ({
    kind: kind === 'guard' ? 'file' : 'folder',
    describe,
    path,
  }));
  return { changes: { backend: 'files', changes, guards }, relied };
}

/** Names of the files of a folder that a change set leaves alone. */
export function otherNames(reader: FolderReader, folder: string, touched: ReadonlySet<string>): string[] {
  return reader
    .list(1, folder)
    .map((entry) => entry.path)
    .filter((path) => !touched.has(path))
    .map((path) => path.slice(path.lastIndexOf('/') + 1));
}

function checkFolder(guard: Extract<FileGuard, { kind: 'folder-guard' }>, now: readonly string[]): void {
  const [then, there] = [new Set(guard.names), new Set(now)];
  const come = now.find((name) => !then.has(name));
  const gone = guard.names.find((name) => !there.has(name));
  if (come !== undefined) throw moved(guard.describe, guard.path, `\`${come}\` was added`);
  if (gone !== undefined) throw moved(guard.describe, guard.path, `\`${gone}\` was removed`);
}

/** Where an append, or the torn beginning of one, stands. */
function startIn(reader: FolderReader, bundlePath: string, plan: AppendPlan, blob: BundleSpan | null): number {
  return startOfAppend(reader, plan, blob === null ? null : readBlob(bundlePath, blob)) ?? plan.oldSize;
}

function reliedOn(reader: FolderReader, plan: FilePlan, from: number): Relied {
  const size = reader.stat(plan.path)?.size ?? null;
  const spans: (readonly [number, number])[] =
    size === null ? [] : plan.kind === 'append' ? [[from, size]] : plan.kind === 'truncate' ? [] : [[0, size]];
  const describe = size === null ? 'a file that the operation removed' : 'a file that the operation wrote';
  return { kind: 'file', describe, path: plan.path, spans, ...digestFile(reader, plan.path, spans) };
}

function inverse(
  reader: FolderReader,
  bundlePath: string,
  plan: FilePlan,
  blob: BundleSpan | null,
  from: number,
): FileChange {
  const { path, key } = plan;
  const old = (): Content => {
    if (blob === null) throw damaged(bundlePath);
    return [{ path: bundlePath, start: blob.start, end: blob.start + blob.length, bundle: true }];
  };
  switch (plan.kind) {
    case 'new-file':
      return { kind: 'delete-file', path, key, bytes: plan.size, folders: plan.folders ?? [] };
    case 'append': {
      const bytes = (reader.stat(path)?.size ?? from) - from;
      return { kind: 'rewrite', path, key, content: [], bytes, truncateTo: from };
    }
    case 'rewrite':
      return {
        kind: 'rewrite',
        path,
        key,
        content: old(),
        bytes: plan.oldSize,
        ...(plan.claim === undefined ? {} : { claim: plan.claim }),
      };
    case 'truncate':
      return { kind: 'append', path, key, content: old(), expectSize: plan.size, bytes: plan.oldSize - plan.size };
    case 'delete-file':
      return {
        kind: 'new-file',
        path,
        key,
        content: old(),
        bytes: plan.oldSize,
        mode: plan.mode,
        ...(plan.folderModes === undefined ? {} : { folderModes: plan.folderModes }),
      };
  }
}

/** "3 lines were added behind it". */
function behind(reader: FolderReader, { plan, blob }: FilesBundle['plans'][number], bundlePath: string): string {
  const end =
    plan.kind === 'append'
      ? startIn(reader, bundlePath, plan, blob) + plan.size
      : plan.kind === 'delete-file'
        ? 0
        : plan.size;
  let lines = 0;
  for (const line of reader.lines(plan.path, end)) if (line.bytes.length > 0) lines += 1;
  return lines === 1 ? '1 record was added behind it' : `${lines} records were added behind it`;
}

function sizeChange(before: number, now: number): string {
  if (before < 0) return 'it did not exist then';
  if (now < 0) return 'it is not there any more';
  if (before === now) return 'its content changed';
  return now > before ? `it grew by ${now - before} bytes` : `it shrank by ${before - now} bytes`;
}

function moved(describe: string, path: string, difference: string): ForkpointError {
  return new ForkpointError(
    'moved',
    `The store has moved: ${describe} (\`${path}\`: ${difference}). Nothing was written.`,
    'Look at the store as it is now; what was added since would be lost.',
  );
}

/** Reads only. The last change makes the others count, so without it the store is the old one. */
export function recoverFiles(reader: FolderReader, bundlePath: string): Recovery {
  const bundle = loadFilesBundle(bundlePath);
  if (!bundle.prepared) return 'not-applied';
  const states = statesOf(reader, bundle);
  const isNew = (state: FileState): boolean => state === 'new' || state === 'new+';
  if (states.every(isNew)) return 'applied';
  if (states.includes('other')) return 'unclear';
  const last = states.at(-1);
  return last === 'old' || last === 'torn' ? 'not-applied' : 'unclear';
}
