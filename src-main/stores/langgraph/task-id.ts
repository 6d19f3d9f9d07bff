// Names for task ids: rows of `writes` carry only an id, which is a hash over the checkpoint, the step and the node.

import { createHash } from 'node:crypto';
import { createXXHash128 } from 'hash-wasm';
import type { WriterDialect } from './ids.ts';

const hasher = await createXXHash128();
const encoder = new TextEncoder();

/** XXH3-128 as 32 hexadecimal digits. */
export function xxh3(...parts: readonly (Uint8Array | string)[]): string {
  hasher.init();
  for (const part of parts) hasher.update(part);
  return hasher.digest('hex');
}

function grouped(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

function uuidBytes(id: string): Uint8Array | null {
  const hex = id.replaceAll('-', '');
  if (!/^[0-9a-fA-F]{32}$/.test(hex)) return null;
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** UUIDv5 (SHA-1) of a name; null when the namespace is no UUID. */
export function uuid5(namespace: string, name: string): string | null {
  const bytes = uuidBytes(namespace);
  if (bytes === null) return null;
  const digest = createHash('sha1').update(bytes).update(encoder.encode(name)).digest().subarray(0, 16);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  return grouped(digest.toString('hex'));
}

/** What a task's id is computed from. `step` is that of the superstep it runs in: the checkpoint's own plus one. */
export interface TaskSeed {
  readonly checkpoint: string;
  readonly namespace: string;
  readonly step: number;
  readonly node: string;
}

const nodeNamespace = (seed: TaskSeed): string =>
  seed.namespace === '' ? seed.node : `${seed.namespace}|${seed.node}`;

function pythonId(seed: TaskSeed, kind: string, rest: readonly string[]): string | null {
  const bytes = uuidBytes(seed.checkpoint);
  if (bytes === null) return null;
  return grouped(xxh3(bytes, [nodeNamespace(seed), String(seed.step), seed.node, kind, ...rest].join('')));
}

/** As `json.dumps` prints a text: all that is not ASCII escaped. */
const pythonText = (text: string): string =>
  JSON.stringify(text).replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Tasks of one step that are tried for the place of one among them, which went into its id in 2024. */
const placesTried = 16;

/** Ids of August to October 2024: UUIDv5 over the namespace and the task's metadata, its place among the tasks of the step included. */
function idsOf2024(seed: TaskSeed, triggers: readonly string[], places: readonly number[]): string[] {
  const namespace = pythonText(nodeNamespace(seed));
  const list = triggers.map(pythonText).join(', ');
  const known = `"langgraph_step": ${seed.step}, "langgraph_node": ${pythonText(seed.node)}, "langgraph_triggers": [${list}]`;
  return places
    .map((place) => uuid5(seed.checkpoint, `[${namespace}, {${known}, "langgraph_task_idx": ${place}}]`))
    .filter((id) => id !== null);
}

/** Ids of Python before format version 2: the hash was SHA-1. */
function sha1Id(seed: TaskSeed, kind: string, rest: readonly string[]): string[] {
  const bytes = uuidBytes(seed.checkpoint);
  if (bytes === null) return [];
  const text = [nodeNamespace(seed), String(seed.step), seed.node, kind, ...rest].join('');
  return [grouped(createHash('sha1').update(bytes).update(encoder.encode(text)).digest('hex'))];
}

/** Ids that a task of Python may have had before format version 2. */
export function olderPullIds(seed: TaskSeed, triggers: readonly string[]): readonly string[] {
  const sorted = [...triggers].sort(byCodePoint);
  const places = Array.from({ length: placesTried }, (_, i) => i);
  return [...sha1Id(seed, '__pregel_pull', sorted), ...idsOf2024(seed, sorted, places)];
}

/** The same for a task that was sent. */
export function olderPushIds(seed: TaskSeed, index: number): readonly string[] {
  return [...sha1Id(seed, '__pregel_push', [String(index)]), ...idsOf2024(seed, ['__pregel_tasks'], [index])];
}

function jsId(seed: TaskSeed, kind: string, rest: string | readonly string[]): string | null {
  return uuid5(seed.checkpoint, JSON.stringify([nodeNamespace(seed), String(seed.step), seed.node, kind, rest]));
}

/** Ids that a node triggered by channels may have: one in Python (all triggers, sorted), in JS one per trigger. */
export function pullTaskIds(seed: TaskSeed, triggers: readonly string[], dialect: WriterDialect): readonly string[] {
  if (dialect === 'js') return triggers.map((t) => jsId(seed, '__pregel_pull', [t])).filter((id) => id !== null);
  // Python sorts by code point; the default sort of JavaScript differs beyond the basic plane.
  const sorted = [...triggers].sort(byCodePoint);
  const id = pythonId(seed, '__pregel_pull', sorted);
  return id === null ? [] : [id];
}

/** Id of the task that element `index` of `__pregel_tasks` starts. */
export function pushTaskId(seed: TaskSeed, index: number, dialect: WriterDialect): string | null {
  return dialect === 'js'
    ? jsId(seed, '__pregel_push', String(index))
    : pythonId(seed, '__pregel_push', [String(index)]);
}

export function byCodePoint(a: string, b: string): number {
  const left = encoder.encode(a);
  const right = encoder.encode(b);
  const n = Math.min(left.length, right.length);
  for (let i = 0; i < n; i++) {
    const d = (left[i] ?? 0) - (right[i] ?? 0);
    if (d !== 0) return d;
  }
  return left.length - right.length;
}
