// What would run next at a checkpoint, told from its channels alone: the graph itself is not in the store.
//
// A node X is next when `branch:to:X` holds a value newer than X has seen, when `join:A+B:X` holds all of its names,
// or when `__pregel_tasks` holds a Send to it. `__start__` starts the graph, or the entrypoint of a functional workflow.

import { bodyOf, keysOf, stringMember } from './cells.ts';
import { constructorArguments, isNodeMark, isOlderRouting, olderSends, readersOf, startedBy } from './older-routing.ts';
import type { Point } from './point.ts';
import type { Cursor } from '../../values/cursor.ts';

export interface NextTask {
  readonly kind: 'pull' | 'push';
  readonly node: string;
  /** Position in `__pregel_tasks` for a push, else -1. */
  readonly index: number;
  /** Channels that may have triggered a pull, the live ones first. */
  readonly triggers: readonly string[];
  /** What a Send carries; null for a pull. */
  readonly argument: Cursor | null;
  /** Set when the name is only LangGraph's `__start__` for want of a better one: a functional entrypoint not seen yet. */
  readonly guessed: boolean;
}

const branchPrefix = 'branch:to:';
const joinPrefix = 'join:';

/** Channels that route and carry no state of the user. */
export function isRouting(channel: string): boolean {
  return (
    channel.startsWith(branchPrefix) ||
    channel.startsWith(joinPrefix) ||
    isOlderRouting(channel) ||
    channel === '__pregel_tasks' ||
    channel === '__start__' ||
    channel === '__end__' ||
    channel === '__previous__' ||
    channel === '__pregel_push'
  );
}

/** Order of two versions of one store: texts as text, numbers as numbers. */
function newer(version: Cursor | null, seen: Cursor | null): boolean {
  if (version === null) return false;
  if (seen === null) return true;
  if (version.kind === 'string' && seen.kind === 'string') return version.text() > seen.text();
  if (version.kind === 'string' || seen.kind === 'string') return version.kind === 'string';
  return version.approximate() > seen.approximate();
}

/** Elements of a list or of a set that a serializer wrote; null for anything else. */
function elements(value: Cursor): Cursor[] | null {
  const body = bodyOf(value);
  if (body.kind !== 'list') return null;
  return Array.from({ length: body.count }, (_, i) => body.child(i));
}

/** Deferred channels hold `[value, finished]`; the rest hold the value. */
function deferred(value: Cursor): { readonly value: Cursor; readonly finished: boolean } | null {
  if (value.kind !== 'list' || value.count !== 2) return null;
  const flag = value.child(1);
  return flag.kind === 'boolean' ? { value: value.child(0), finished: flag.bool() } : null;
}

/** The node that a full join starts, null while names are missing. */
function joined(channel: string, value: Cursor): string | null {
  const pair = deferred(value);
  if (pair !== null && !pair.finished) return null;
  const names = elements(pair?.value ?? value)?.map((e) => (e.kind === 'string' && e.isUnicode() ? e.text() : null));
  if (names === undefined || names.length === 0 || names.includes(null)) return null;
  // Node names may hold `+` and `:`, so the names that arrived are fitted into the channel's name, never split out of it.
  const rest = channel.slice(joinPrefix.length);
  const length = names.reduce((sum, n) => sum + (n ?? '').length, 0) + names.length - 1;
  if (rest[length] !== ':') return null;
  const list = rest.slice(0, length);
  return names.every((n) => list.includes(n ?? '')) ? rest.slice(length + 1) : null;
}

export interface SendView {
  readonly node: string;
  readonly argument: Cursor | null;
}

/** The parts of a Send: Python's `Send(node, arg[, timeout])`, JS's `{node, args}`. Null for anything else. */
export function sendOf(value: Cursor): SendView | null {
  const body = constructorArguments(value) ?? bodyOf(value);
  if (body.kind === 'list') {
    const node = body.count > 0 ? body.child(0) : null;
    if (node?.kind !== 'string' || !node.isUnicode()) return null;
    return { node: node.text(), argument: body.count > 1 ? body.child(1) : null };
  }
  const node = stringMember(body, 'node');
  return node === null ? null : { node, argument: body.get('args') ?? body.get('arg') };
}

/** The list of Sends in `__pregel_tasks`; JS before 1.4.9 kept them as `[seen, values]`. */
export function sendList(values: Cursor | null): Cursor | null {
  const tasks = values?.get('__pregel_tasks') ?? null;
  if (tasks === null || tasks.kind !== 'list') return null;
  if (tasks.count === 2 && tasks.child(0).kind === 'list' && tasks.child(1).kind === 'list') return tasks.child(1);
  return tasks;
}

/** Channels that lead to a node: its own, which every node has though nothing may have been written to it, and known joins. */
function triggersOf(node: string, channels: readonly string[]): string[] {
  return [`${branchPrefix}${node}`, ...channels.filter((c) => c.startsWith(joinPrefix) && c.endsWith(`:${node}`))];
}

function sentTo(point: Point, values: Cursor): Cursor[] {
  const list = sendList(values);
  const stored = list === null ? [] : Array.from({ length: list.count }, (_, i) => list.child(i));
  return stored.length === 0 && point.version !== null && point.version < 4 ? olderSends(point) : stored;
}

const notNodes = new Set(['__input__', '__interrupt__', '__snapshot_bumps__']);

/** Tasks of the next superstep: Sends in their order, then nodes in the order of their channels. Null when it cannot be told. */
export function nextTasks(point: Point): NextTask[] | null {
  const { values, versions, seen } = point;
  if (point.root === null || values === null) return null;
  if (point.version === null) return null;
  const byMarks = point.version < 3;
  const tasks: NextTask[] = [];
  for (const [i, sent] of sentTo(point, values).entries()) {
    const send = sendOf(sent);
    if (send !== null) {
      tasks.push({ kind: 'push', node: send.node, index: i, triggers: [], argument: send.argument, guessed: false });
    }
  }
  const known = [...new Set([...keysOf(versions), ...keysOf(values)])];
  const live = new Map<string, string[]>();
  const add = (node: string, channel: string): void => {
    const seenVersion = seen?.get(node)?.get(channel) ?? null;
    const version = versions?.get(channel) ?? null;
    if (version !== null && !newer(version, seenVersion)) return;
    live.set(node, [...(live.get(node) ?? []), channel]);
  };
  let untold = false;
  for (let i = 0; i < values.count; i++) {
    const key = values.key(i);
    if (key.kind !== 'string' || !key.isUnicode()) continue;
    const channel = key.text();
    const value = values.child(i);
    const started = byMarks ? startedBy(channel) : null;
    if (started !== null) add(started, channel);
    else if (isNodeMark(point, channel, value)) {
      const readers = readersOf(point, channel);
      for (const node of readers ?? []) add(node, channel);
      untold ||= readers === null;
    } else if (channel.startsWith(branchPrefix)) {
      if (deferred(value)?.finished !== false) add(channel.slice(branchPrefix.length), channel);
    } else if (channel.startsWith(joinPrefix)) {
      const node = joined(channel, value);
      if (node !== null) add(node, channel);
    }
  }
  for (const [node, channels] of live) {
    const triggers = byMarks ? channels : [...new Set([...channels, ...triggersOf(node, known)])];
    tasks.push({ kind: 'pull', node, index: -1, triggers, argument: null, guessed: false });
  }
  if (values.ordinalOf('__start__') >= 0) {
    const starters = keysOf(seen).filter((n) => !notNodes.has(n) && (seen?.get(n)?.ordinalOf('__start__') ?? -1) >= 0);
    const node = starters.find((n) => n !== '__start__') ?? starters[0];
    const version = versions?.get('__start__') ?? null;
    if (node === undefined || newer(version, seen?.get(node)?.get('__start__') ?? null)) {
      tasks.push({
        kind: 'pull',
        node: node ?? '__start__',
        index: -1,
        triggers: ['__start__'],
        argument: values.get('__start__'),
        guessed: node === undefined,
      });
    }
  }
  // No node has been seen to follow the one that ran: the run may have ended there, or the next node has not run yet.
  return untold && tasks.length === 0 ? null : tasks;
}

/** Nodes whose entry in `versions_seen` changed from one checkpoint to the next: they ran in between. */
export function nodesBetween(before: Point, after: Point): string[] {
  const nodes: string[] = [];
  for (const node of keysOf(after.seen)) {
    if (notNodes.has(node) || node.startsWith('__error_handler__') || node === '__start__') continue;
    const then = before.seen?.get(node) ?? null;
    const now = after.seen?.get(node) ?? null;
    if (now === null) continue;
    if (then === null || !sameBytes(then.slice(), now.slice())) nodes.push(node);
  }
  return nodes;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
