// How checkpoints before format version 4 say what runs next.
//
// Version 3 routes as today, but keeps what was sent (`Send`) apart: Python in `pending_sends` of the checkpoint, JavaScript only in
// the writes of its parent. Before version 3 a node is started by `start:NODE` (`__start__:NODE` in JavaScript), by
// `branch:FROM:CONDITION:NODE`, or by a channel that bears the name of the node before it. Which nodes follow such a channel stands
// in the graph alone; the store tells it only where a node has been seen to read it (`versions_seen`).

import { bodyOf, keysOf, openCellOrDamaged, stringMember } from './cells.ts';
import type { Point } from './point.ts';
import { openPoint } from './point.ts';
import type { CheckpointRow } from './rows.ts';
import type { Cursor } from '../../values/cursor.ts';

/** What is looked up around a row of an older version, when it is asked for. */
export interface Around {
  /** The newest rows of the namespace; the same array while nothing is added. */
  newest(): readonly CheckpointRow[];
  children(): readonly CheckpointRow[];
  /** What the tasks of the parent sent, in the order that LangGraph takes it. */
  parentSends(): readonly { readonly type: string; readonly value: CheckpointRow['checkpoint'] }[];
}

/** Newest rows of a namespace that are asked which node reads which channel. */
export const rowsAsked = 32;

const prefixes = ['__start__:', 'start:'] as const;

/** The node that a channel was made to start, null for channels that are not of this kind. */
export function startedBy(channel: string): string | null {
  for (const prefix of prefixes) if (channel.startsWith(prefix)) return channel.slice(prefix.length);
  if (!channel.startsWith('branch:') || channel.endsWith('::then')) return null;
  return channel.slice(channel.lastIndexOf(':') + 1);
}

export const isOlderRouting = (channel: string): boolean =>
  channel.startsWith('branch:') || prefixes.some((prefix) => channel.startsWith(prefix));

/** Whether a channel holds its own name, as that of a node does. */
export const isOwnName = (channel: string, value: Cursor): boolean =>
  value.kind === 'string' && value.isUnicode() && value.text() === channel;

/** Whether a channel says "this node has just run": before version 3 it bears the node's name and holds it. */
export function isNodeMark(point: Point, channel: string, value: Cursor | null): boolean {
  if (value === null || point.version === null || point.version >= 3 || !isOwnName(channel, value)) return false;
  // A channel of the state may hold its own name by chance; a node that has run has an entry here.
  return (point.seen?.ordinalOf(channel) ?? -1) >= 0 || point.source === 'update';
}

interface Learned {
  /** Nodes by the channels that they have been seen to read. */
  readonly readers: ReadonlyMap<string, ReadonlySet<string>>;
  /** Channels of nodes after which the run has gone on. */
  readonly goneOn: ReadonlySet<string>;
}

const learned = new WeakMap<readonly CheckpointRow[], Learned>();

function learnedFrom(rows: readonly CheckpointRow[], dialect: Point['dialect']): Learned {
  const before = learned.get(rows);
  if (before !== undefined) return before;
  const readers = new Map<string, Set<string>>();
  const goneOn = new Set<string>();
  const points = rows.map((row) => openPoint(row, dialect));
  // A step by a later version has read other channels in the place of these.
  const steps = points.filter((p) => p.source === 'loop' && p.version !== null && p.version < 3);
  const stepped = new Set(steps.flatMap((p) => p.row.parent ?? []));
  for (const point of points) {
    addReaders(readers, point.seen);
    if (!stepped.has(point.row.id)) continue;
    for (const channel of keysOf(point.values)) {
      if (isNodeMark(point, channel, point.values?.get(channel) ?? null)) goneOn.add(channel);
    }
  }
  const found = { readers, goneOn };
  learned.set(rows, found);
  return found;
}

function addReaders(readers: Map<string, Set<string>>, seen: Cursor | null): void {
  for (const node of keysOf(seen)) {
    if (node.startsWith('__')) continue;
    for (const channel of keysOf(seen?.get(node) ?? null)) {
      const nodes = readers.get(channel);
      if (nodes === undefined) readers.set(channel, new Set([node]));
      else nodes.add(node);
    }
  }
}

/**
 * Nodes that have been seen to read the channel of a node that ran: at this checkpoint, its children, and the newest rows of its
 * namespace. Empty where the run has gone on after that node, and none read it: then its own branches decide what follows. Null
 * where none has been seen and it cannot be told.
 */
export function readersOf(point: Point, channel: string): string[] | null {
  const near = new Map<string, Set<string>>();
  addReaders(near, point.seen);
  const around = point.row.around;
  for (const child of around?.children() ?? []) addReaders(near, openPoint(child, point.dialect).seen);
  const far = around === null ? null : learnedFrom(around.newest(), point.dialect);
  const nodes = [...new Set([...(near.get(channel) ?? []), ...(far?.readers.get(channel) ?? [])])];
  return nodes.length === 0 && far?.goneOn.has(channel) !== true ? null : nodes;
}

/** What was sent to run next, before `__pregel_tasks` was a channel. */
export function olderSends(point: Point): Cursor[] {
  const stored = point.root?.get('pending_sends') ?? null;
  if (stored !== null) {
    const list = bodyOf(stored);
    return list.kind === 'list' ? Array.from({ length: list.count }, (_, i) => list.child(i)) : [];
  }
  if (point.dialect === 'python') return [];
  return (point.row.around?.parentSends() ?? []).map((sent) => openCellOrDamaged(sent.type, sent.value));
}

/** The members of an object that Python wrote as JSON in 2024: `{"lc": 2, "type": "constructor", "id": […], "kwargs": {…}}`. */
export function constructorArguments(value: Cursor): Cursor | null {
  if (value.kind !== 'map' || value.get('lc') === null || stringMember(value, 'type') !== 'constructor') return null;
  const named = value.get('kwargs');
  return named?.kind === 'map' ? named : null;
}
