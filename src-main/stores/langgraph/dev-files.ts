// The files in which `langgraph dev` keeps its threads, as rows of the tables that the SQLite savers write.
//
// Python: three pickles of dicts. 1: `{thread: {namespace: {id: (checkpoint, metadata, parent)}}}`, 2: `{(thread, namespace, id):
// {(task, idx): (task, channel, value, task_path)}}`, 3: `{(thread, namespace, channel, version): value}`; every value is
// `(type, bytes)`. JavaScript: superjson, `{storage: {thread: {namespace: {id: [checkpoint, metadata, parent]}}}, writes: {"[thread,
// namespace, id]": {"task,idx": [task, channel, value]}}}`, values in base64.

import { dictEntries, readPickle, tupleItems, type Pickled } from './pickle.ts';
import { openCellOrDamaged } from './cells.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { openValue } from '../../values/open.ts';
import { compose, setMember } from '../../values/splice.ts';
import { encodeTagged } from '../../values/tagged.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { FilesReader, SqlRow } from '../backend.ts';
import type { RawPart } from '../store.ts';

export const pythonCheckpoints = '.langgraph_checkpoint.1.pckl';
const pythonWrites = '.langgraph_checkpoint.2.pckl';
const pythonBlobs = '.langgraph_checkpoint.3.pckl';
export const jsCheckpoints = '.langgraphjs_api.checkpointer.json';

/** The files are read whole: larger ones are not opened. */
const largestFile = 1 << 30;

export interface DevRows {
  readonly rows: (readonly [table: 'checkpoints' | 'writes', row: SqlRow])[];
  /** What is stored of each checkpoint, by `placeOf`. */
  readonly parts: Map<string, RawPart[]>;
  /** Files that could not be read, what lacks for it. */
  readonly notes: string[];
}

export const placeOf = (thread: string, namespace: string, id: string): string =>
  JSON.stringify([thread, namespace, id]);

const damaged = (file: string, what: string): ForkpointError =>
  new ForkpointError(
    'corrupt',
    `\`${file}\` is not as \`langgraph dev\` writes it: ${what}. Nothing was changed.`,
    'If the server was stopped while it wrote, start and stop it once more.',
  );

function contentOf(reader: FilesReader, file: string): Uint8Array | null {
  const entry = reader.stat(file);
  if (entry === null || entry.size === 0) return null;
  if (entry.size > largestFile) {
    throw new ForkpointError(
      'unsupported',
      `\`${file}\` has ${entry.size} bytes; files of \`langgraph dev\` are read whole, and only up to 1 GB. Nothing was changed.`,
    );
  }
  return reader.read(file);
}

interface Typed {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** `(type, bytes)`; bytes that stand as text are latin1, as protocol 2 has them. */
function typedOf(value: Pickled | undefined): Typed | null {
  const [type, bytes] = tupleItems(value) ?? [];
  return typeof type === 'string' && bytes instanceof Uint8Array ? { type, bytes } : null;
}

const textOf = (value: Pickled | undefined): string | null =>
  typeof value === 'string' ? value : typeof value === 'bigint' ? String(value) : null;

function pickled(reader: FilesReader, file: string): readonly (readonly [Pickled, Pickled])[] {
  const bytes = contentOf(reader, file);
  if (bytes === null) return [];
  const entries = dictEntries(readPickle(bytes));
  if (entries === null) throw damaged(file, 'it holds no dict');
  return entries;
}

/** Metadata is JSON in SQLite. What is no plain JSON in it stands in tagged form. */
function metadataOf(typed: Typed | null): Uint8Array | null {
  if (typed === null) return null;
  const cursor = openCellOrDamaged(typed.type, typed.bytes);
  return cursor.kind === 'map' ? new TextEncoder().encode(encodeTagged(cursor)) : null;
}

const versionOf = (version: Cursor): string | null =>
  version.kind === 'string' && version.isUnicode()
    ? version.text()
    : version.kind === 'integer'
      ? version.lexeme()
      : null;

/** As `pickled`, but a damaged file leaves a note and nothing else: the checkpoints themselves can still be shown. */
function pickledOrNote(
  reader: FilesReader,
  file: string,
  lacks: string,
  notes: string[],
): readonly (readonly [Pickled, Pickled])[] {
  try {
    return pickled(reader, file);
  } catch (error) {
    if (!(error instanceof ForkpointError) || error.code !== 'corrupt') throw error;
    notes.push(`\`${file}\` is damaged: ${lacks}.`);
    return [];
  }
}

type Blobs = ReadonlyMap<string, Typed>;

function blobsIn(reader: FilesReader, notes: string[]): Blobs {
  const blobs = new Map<string, Typed>();
  for (const [key, value] of pickledOrNote(reader, pythonBlobs, 'the values of channels are not shown', notes)) {
    const parts = tupleItems(key)?.map(textOf);
    const typed = typedOf(value);
    if (parts?.length === 4 && typed !== null) blobs.set(JSON.stringify(parts), typed);
  }
  return blobs;
}

/** A checkpoint with the values of its channels, which are kept apart by version, put back in. */
function withValues(typed: Typed, thread: string, namespace: string, blobs: Blobs, parts: RawPart[]): Uint8Array {
  const root = openCellOrDamaged(typed.type, typed.bytes);
  const versions = root.get('channel_versions');
  if (typed.type !== 'msgpack' || versions?.kind !== 'map' || root.get('channel_values') !== null) return typed.bytes;
  const values: (readonly [string, Uint8Array])[] = [];
  for (let i = 0; i < versions.count; i++) {
    const key = versions.key(i);
    const version = versionOf(versions.child(i));
    if (key.kind !== 'string' || !key.isUnicode() || version === null) continue;
    const channel = key.text();
    const blob = blobs.get(JSON.stringify([thread, namespace, channel, version]));
    if (blob === undefined || blob.type === 'empty') continue;
    parts.push({ where: `${pythonBlobs} ${channel}`, storage: 'bytes', bytes: blob.bytes });
    const value = openCellOrDamaged(blob.type, blob.bytes);
    if (value.kind !== 'opaque' && value.encoding === 'msgpack') values.push([channel, value.slice()]);
  }
  return setMember(root, 'channel_values', compose('msgpack', values), 'msgpack');
}

function pythonRows(reader: FilesReader): DevRows {
  const notes: string[] = [];
  const blobs = blobsIn(reader, notes);
  const rows: DevRows['rows'] = [];
  const all = new Map<string, RawPart[]>();
  for (const [threadKey, namespaces] of pickled(reader, pythonCheckpoints)) {
    const thread = textOf(threadKey);
    for (const [namespaceKey, points] of dictEntries(namespaces) ?? []) {
      const namespace = textOf(namespaceKey);
      for (const [idKey, stored] of dictEntries(points) ?? []) {
        const id = textOf(idKey);
        const [checkpoint, metadata, parent] = tupleItems(stored) ?? [];
        const typed = typedOf(checkpoint);
        if (thread === null || namespace === null || id === null) {
          throw damaged(pythonCheckpoints, 'a thread, namespace or id in it is no text');
        }
        const described = typedOf(metadata);
        const cell: Typed = typed ?? { type: 'msgpack', bytes: new Uint8Array() };
        const parts: RawPart[] = [{ where: `${pythonCheckpoints} checkpoint`, storage: 'bytes', bytes: cell.bytes }];
        if (described !== null) {
          parts.push({ where: `${pythonCheckpoints} metadata`, storage: 'bytes', bytes: described.bytes });
        }
        const row: SqlRow = {
          thread_id: thread,
          checkpoint_ns: namespace,
          checkpoint_id: id,
          parent_checkpoint_id: textOf(parent),
          type: cell.type,
          checkpoint: withValues(cell, thread, namespace, blobs, parts),
          metadata: metadataOf(described),
        };
        rows.push(['checkpoints', row]);
        all.set(placeOf(thread, namespace, id), parts);
      }
    }
  }
  for (const [key, tasks] of pickledOrNote(reader, pythonWrites, 'what tasks have written is not shown', notes)) {
    const [thread, namespace, id] = tupleItems(key)?.map(textOf) ?? [];
    for (const [place, stored] of dictEntries(tasks) ?? []) {
      const [task, idx] = tupleItems(place) ?? [];
      const [, channel, value, path] = tupleItems(stored) ?? [];
      const typed = typedOf(value);
      if (thread == null || namespace == null || id == null || typed === null || typeof idx !== 'bigint') {
        notes.push(`A write in \`${pythonWrites}\` is damaged and not shown.`);
        continue;
      }
      const [taskId, name] = [textOf(task) ?? '', textOf(channel) ?? ''];
      rows.push(['writes', writeRow([thread, namespace, id], taskId, textOf(path) ?? '', idx, name, typed)]);
      const part: RawPart = { where: `${pythonWrites} ${taskId} ${idx} ${name}`, storage: 'bytes', bytes: typed.bytes };
      all.get(placeOf(thread, namespace, id))?.push(part);
    }
  }
  return { rows, parts: all, notes };
}

function writeRow(
  [thread, namespace, id]: readonly [string, string, string],
  task: string,
  path: string,
  idx: bigint,
  channel: string,
  { type, bytes }: Typed,
): SqlRow {
  return {
    thread_id: thread,
    checkpoint_ns: namespace,
    checkpoint_id: id,
    task_id: task,
    task_path: path,
    idx,
    channel,
    type,
    value: bytes,
  };
}

const stringOf = (cursor: Cursor | null | undefined): string | null =>
  cursor?.kind === 'string' && cursor.isUnicode() ? cursor.text() : null;

function* membersOf(map: Cursor | null | undefined): Generator<readonly [key: string, value: Cursor]> {
  if (map?.kind !== 'map') return;
  for (let i = 0; i < map.count; i++) {
    const key = stringOf(map.key(i));
    if (key !== null) yield [key, map.child(i)];
  }
}

const itemOf = (list: Cursor, i: number): Cursor | null =>
  list.kind === 'list' && i < list.count ? list.child(i) : null;

/** `[thread, namespace, id]` as JSON text. */
function placeIn(text: string): readonly [string, string, string] | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value) || value.length !== 3) return null;
    const [thread, namespace, id]: unknown[] = value;
    return typeof thread === 'string' && typeof namespace === 'string' && typeof id === 'string'
      ? [thread, namespace, id]
      : null;
  } catch {
    return null;
  }
}

function jsRows(reader: FilesReader): DevRows {
  const notes: string[] = [];
  const bytes = contentOf(reader, jsCheckpoints);
  const rows: DevRows['rows'] = [];
  const all = new Map<string, RawPart[]>();
  const root = bytes === null ? null : openValue('json', bytes).get('json');
  const decoded = (value: Cursor | null): Uint8Array | null => {
    const text = stringOf(value);
    return text === null ? null : Buffer.from(text, 'base64');
  };
  for (const [thread, namespaces] of membersOf(root?.get('storage'))) {
    for (const [namespace, points] of membersOf(namespaces)) {
      for (const [id, stored] of membersOf(points)) {
        const checkpoint = decoded(itemOf(stored, 0));
        const metadata = decoded(itemOf(stored, 1));
        const row: SqlRow = {
          thread_id: thread,
          checkpoint_ns: namespace,
          checkpoint_id: id,
          parent_checkpoint_id: stringOf(itemOf(stored, 2)),
          type: 'json',
          checkpoint,
          metadata,
        };
        rows.push(['checkpoints', row]);
        const bytes = checkpoint ?? new Uint8Array();
        const parts: RawPart[] = [{ where: `${jsCheckpoints} checkpoint`, storage: 'bytes', bytes }];
        if (metadata !== null) parts.push({ where: `${jsCheckpoints} metadata`, storage: 'bytes', bytes: metadata });
        all.set(placeOf(thread, namespace, id), parts);
      }
    }
  }
  for (const [key, tasks] of membersOf(root?.get('writes'))) {
    const place = placeIn(key);
    if (place === null) continue;
    for (const [at, stored] of membersOf(tasks)) {
      const idx = /,(-?\d{1,9})$/.exec(at)?.[1];
      const value = decoded(itemOf(stored, 2));
      if (idx === undefined || value === null) {
        notes.push(`A write in \`${jsCheckpoints}\` is damaged and not shown.`);
        continue;
      }
      const [task, channel] = [stringOf(itemOf(stored, 0)) ?? '', stringOf(itemOf(stored, 1)) ?? ''];
      rows.push(['writes', writeRow(place, task, '', BigInt(idx), channel, { type: 'json', bytes: value })]);
      const part: RawPart = { where: `${jsCheckpoints} ${task} ${idx} ${channel}`, storage: 'bytes', bytes: value };
      all.get(placeOf(...place))?.push(part);
    }
  }
  return { rows, parts: all, notes };
}

/** Which of the two servers wrote the folder; null for neither. */
export function devDialect(reader: FilesReader): 'python' | 'js' | null {
  if (reader.stat(pythonCheckpoints) !== null) return 'python';
  return reader.stat(jsCheckpoints) !== null ? 'js' : null;
}

/** All threads of a folder. Throws `corrupt` where a file is not as the server writes it. */
export function readDevFiles(reader: FilesReader): DevRows {
  return devDialect(reader) === 'python' ? pythonRows(reader) : jsRows(reader);
}
