// A difference as RFC 6902 text. Pointers go into the tagged document, so that the patch turns before's `show` into after's.
//
// Each subtree is written in the shortest of three ways: its parts, the whole replaced, or (lists) place by place. Operations stand in
// an order that applies: at every level the structure is brought to its final shape first, then items are edited at their final places.

import type { Cursor } from '../cursor.ts';
import { stringKeys } from '../map-keys.ts';
import { encodeTagged } from '../tagged.ts';
import { diffValues } from './diff.ts';
import { sameValue } from './equal.ts';
import type { DiffNode, ValueDiff } from './tree.ts';

/** One operation as text, with the length it adds to a patch. */
type Written = readonly string[];

/** Below this size the ways to write a subtree are all tried; above, only the parts and the whole are compared by size. */
const tryAllBytes = 16_384;

export function toPatch(diff: ValueDiff): string {
  const { before, after, node } = diff;
  if (before === null || after === null) {
    if (after === null) return before === null ? '[]' : `[${op('remove', '')}]`;
    // the empty state: a patch that starts from {} where after is a map, else from nothing
    if (after.kind !== 'map' || stringKeys(after) === null) return `[${op('replace', '', encodeTagged(after))}]`;
    const ops: string[] = [];
    for (let i = 0; i < after.count; i++) ops.push(op('add', token(after.key(i).text()), encodeTagged(after.child(i))));
    return `[${ops.join(',')}]`;
  }
  return node === null ? '[]' : `[${write(node, before, after, '').join(',')}]`;
}

function op(name: 'add' | 'remove' | 'replace', path: string, value?: string): string {
  return value === undefined
    ? `{"op":"${name}","path":${JSON.stringify(path)}}`
    : `{"op":"${name}","path":${JSON.stringify(path)},"value":${value}}`;
}

const move = (from: string, path: string): string =>
  `{"op":"move","from":${JSON.stringify(from)},"path":${JSON.stringify(path)}}`;

const token = (key: string): string => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

const length = (written: Written): number => written.reduce((sum, text) => sum + text.length + 1, 0);

const sizeOf = (value: Cursor): number => value.end - value.start;

function write(node: DiffNode, before: Cursor, after: Cursor, at: string): Written {
  if (node.kind === 'replace') return [op('replace', at, encodeTagged(after))];
  const parts = writeParts(node, before, after, at);
  const partsLength = length(parts);
  let best = parts;
  let bestLength = partsLength;
  if (sizeOf(after) < partsLength * 2) {
    const whole = [op('replace', at, encodeTagged(after))];
    if (length(whole) < bestLength) {
      best = whole;
      bestLength = length(whole);
    }
  }
  if (node.kind === 'list' && sizeOf(before) + sizeOf(after) < tryAllBytes) {
    for (const way of [placeByPlace, fromTheEnd]) {
      const other = way(before, after, at);
      if (length(other) < bestLength) {
        best = other;
        bestLength = length(other);
      }
    }
  }
  return best;
}

function writeParts(node: Exclude<DiffNode, { kind: 'replace' }>, before: Cursor, after: Cursor, at: string): Written {
  switch (node.kind) {
    case 'body': {
      const short = after.object?.short ?? null;
      return write(
        node.inner,
        before.child(0),
        after.child(0),
        at + (short === null ? '/$object/value' : `/$${short}`),
      );
    }
    case 'map': {
      const ops: string[] = [];
      for (const i of node.removed) ops.push(op('remove', at + token(before.key(i).text())));
      for (const i of node.added) ops.push(op('add', at + token(after.key(i).text()), encodeTagged(after.child(i))));
      for (const c of node.changed)
        ops.push(...write(c.node, before.child(c.before), after.child(c.after), at + token(after.key(c.after).text())));
      return ops;
    }
    case 'list': {
      const ops: string[] = [];
      for (const i of node.removed.toSorted((a, b) => b - a)) ops.push(op('remove', `${at}/${i}`));
      if (node.moved.length === 0)
        for (const i of node.added) ops.push(op('add', `${at}/${i}`, encodeTagged(after.child(i))));
      else ops.push(...withMoves(node, before, after, at));
      for (const c of node.changed)
        ops.push(...write(c.node, before.child(c.before), after.child(c.after), `${at}/${c.after}`));
      return ops;
    }
  }
}

/** Adds and moves, each to right behind the item that precedes it in after, on a list of who stands where. */
function withMoves(node: DiffNode & { kind: 'list' }, before: Cursor, after: Cursor, at: string): Written {
  const removed = new Set(node.removed);
  const addedAt = new Set(node.added);
  const movedFrom = new Map(node.moved.map((m) => [m.after, m.before]));
  const movedItems = new Set(node.moved.map((m) => m.before));
  /** Items by their place in before; added ones as −1 − (place in after). */
  const now: number[] = [];
  for (let i = 0; i < before.count; i++) if (!removed.has(i)) now.push(i);
  const staying = now.filter((i) => !movedItems.has(i));
  const ops: string[] = [];
  let nextStaying = 0;
  let previous: number | null = null;
  for (let i = 0; i < after.count; i++) {
    const behind = previous === null ? 0 : now.indexOf(previous) + 1;
    if (addedAt.has(i)) {
      previous = -1 - i;
      now.splice(behind, 0, previous);
      ops.push(op('add', `${at}/${behind}`, encodeTagged(after.child(i))));
      continue;
    }
    const origin = movedFrom.get(i);
    if (origin === undefined) {
      previous = staying[nextStaying++] ?? null;
      continue;
    }
    const from = now.indexOf(origin);
    now.splice(from, 1);
    const to = from < behind ? behind - 1 : behind;
    now.splice(to, 0, origin);
    if (from !== to) {
      const value = encodeTagged(after.child(i));
      const moving = move(`${at}/${from}`, `${at}/${to}`);
      const again = [op('remove', `${at}/${from}`), op('add', `${at}/${to}`, value)];
      // a small item that also changed is shorter to write than to move, but then its edit must not follow
      ops.push(length([moving]) <= length(again) || node.changed.some((c) => c.after === i) ? moving : again.join(','));
    }
    previous = origin;
  }
  return ops;
}

/** Item against item at the same place; surplus items removed from the end, missing ones appended. */
function placeByPlace(before: Cursor, after: Cursor, at: string): Written {
  const ops: string[] = [];
  const common = Math.min(before.count, after.count);
  for (let i = before.count - 1; i >= common; i--) ops.push(op('remove', `${at}/${i}`));
  for (let i = 0; i < common; i++) ops.push(...itemAt(before.child(i), after.child(i), `${at}/${i}`));
  for (let i = common; i < after.count; i++) ops.push(op('add', `${at}/${i}`, encodeTagged(after.child(i))));
  return ops;
}

/** The same from the end: for lists that lost or gained items at their beginning. */
function fromTheEnd(before: Cursor, after: Cursor, at: string): Written {
  const ops: string[] = [];
  const shift = after.count - before.count;
  for (let i = 0; i < -shift; i++) ops.push(op('remove', `${at}/0`));
  for (let i = 0; i < shift; i++) ops.push(op('add', `${at}/${i}`, encodeTagged(after.child(i))));
  for (let i = Math.max(shift, 0); i < after.count; i++)
    ops.push(...itemAt(before.child(i - shift), after.child(i), `${at}/${i}`));
  return ops;
}

function itemAt(before: Cursor, after: Cursor, at: string): Written {
  if (sameValue(before, after)) return [];
  const { node } = diffValues(before, after);
  return node === null ? [] : write(node, before, after, at);
}
