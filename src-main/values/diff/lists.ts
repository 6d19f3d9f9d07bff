// Matching the items of two lists: equal ends are cut off first, the middle is matched by `id`, else by content, else by place.

import { createHash } from 'node:crypto';
import type { Cursor } from '../cursor.ts';
import { asBuffer } from '../bytes.ts';
import { sameValue } from './equal.ts';

/** How the items of two lists go together. What is neither removed nor added nor in a pair is equal and stayed in its order. */
export interface ListMatch {
  /** In the order of after. */
  readonly pairs: readonly {
    readonly before: number;
    readonly after: number;
    readonly equal: boolean;
    readonly moved: boolean;
  }[];
  readonly removed: readonly number[];
  readonly added: readonly number[];
}

export function matchLists(before: Cursor, after: Cursor): ListMatch {
  const n = before.count;
  const m = after.count;
  const head = equalPrefix(before, after, Math.min(n, m));
  let tail = equalSuffix(before, after, Math.min(n, m) - head);
  while (tail < Math.min(n, m) - head && sameValue(before.child(n - 1 - tail), after.child(m - 1 - tail))) tail++;
  const from = ordinals(head, n - tail);
  const to = ordinals(head, m - tail);
  return withMoves(matchMiddle(before, after, from, to), from, to);
}

function ordinals(start: number, end: number): number[] {
  const all: number[] = [];
  for (let i = start; i < end; i++) all.push(i);
  return all;
}

function matchMiddle(before: Cursor, after: Cursor, from: readonly number[], to: readonly number[]): Known {
  const run = shiftedRun(before, after, from, to);
  if (run === null) return matchItems(before, after, from, to);
  // What is left around the run; the places of its items are turned back into places of the whole middle.
  const leftFrom = [...ordinals(0, run.from), ...ordinals(run.from + run.length, from.length)];
  const leftTo = [...ordinals(0, run.to), ...ordinals(run.to + run.length, to.length)];
  const rest = matchItems(
    before,
    after,
    leftFrom.map((i) => from[i] ?? 0),
    leftTo.map((i) => to[i] ?? 0),
  );
  const origin = new Int32Array(to.length).fill(-1);
  const equal = new Uint8Array(to.length);
  for (let i = 0; i < run.length; i++) {
    origin[run.to + i] = run.from + i;
    equal[run.to + i] = 1;
  }
  leftTo.forEach((place, i) => {
    const found = rest.origin[i] ?? -1;
    origin[place] = found < 0 ? -1 : (leftFrom[found] ?? -1);
    equal[place] = rest.equal[i] ?? 0;
  });
  return { origin, equal };
}

function matchItems(before: Cursor, after: Cursor, from: readonly number[], to: readonly number[]): Known {
  if (from.length === 0 || to.length === 0) {
    return { origin: new Int32Array(to.length).fill(-1), equal: new Uint8Array(to.length) };
  }
  const ids = idsOf(before, from);
  const afterIds = ids === null ? null : idsOf(after, to);
  return ids !== null && afterIds !== null
    ? byId(before, after, from, to, ids, afterIds)
    : byContent(before, after, from, to);
}

/** Shorter middles are matched item by item at once. */
const shortMiddle = 32;

/**
 * A list that lost (or gained) items at its beginning is the same list at a shift: found by bytes alone, without looking into
 * a single item. Only a run of at least half of the shorter side counts, so that nothing is torn from a better match.
 */
function shiftedRun(
  before: Cursor,
  after: Cursor,
  from: readonly number[],
  to: readonly number[],
): { readonly from: number; readonly to: number; readonly length: number } | null {
  const shorter = Math.min(from.length, to.length);
  if (shorter < shortMiddle || before.encoding !== after.encoding) return null;
  const [oldFirst, newFirst] = [from[0] ?? 0, to[0] ?? 0];
  const runFrom = (i: number, j: number): number =>
    equalRun(before, oldFirst + i, after, newFirst + j, Math.min(from.length - i, to.length - j));
  for (let k = 1; k <= Math.max(from.length, to.length) - shorter / 2; k++) {
    for (const [i, j] of [
      [k, 0],
      [0, k],
    ] as const) {
      if (i >= from.length || j >= to.length) continue;
      const length = runFrom(i, j);
      if (length * 2 >= shorter) return { from: i, to: j, length };
      // items that repeat would make every shift worth a try
      if (length > 1) return null;
    }
  }
  return null;
}

/** Leading items that are equal: by their raw bytes as far as those go, then by a look at them. */
function equalPrefix(before: Cursor, after: Cursor, most: number): number {
  let i = before.encoding === after.encoding ? equalRun(before, 0, after, 0, most) : 0;
  while (i < most && sameValue(before.child(i), after.child(i))) i++;
  return i;
}

/**
 * Items from `i` and `j` on, `most` at most, that are the same by their raw bytes. The bytes are compared in one go: every item that
 * ends before the first differing byte is equal, which makes the usual append cost one memcmp.
 */
function equalRun(before: Cursor, i: number, after: Cursor, j: number, most: number): number {
  if (most <= 0) return 0;
  const a = before.childStart(i);
  const b = after.childStart(j);
  // The first item tells most places apart.
  const length = before.childEnd(i) - a;
  if (length !== after.childEnd(j) - b || !sameRange(before.source, a, after.source, b, length)) return 0;
  const same = commonLength(before.source, a, before.end, after.source, b, after.end);
  let run = 1;
  while (run < most) {
    const end = before.childEnd(i + run);
    if (end - a > same || before.childStart(i + run) - a !== after.childStart(j + run) - b) break;
    if (end - a !== after.childEnd(j + run) - b) break;
    run++;
  }
  return run;
}

/** Trailing items, `most` at most, that are the same by their raw bytes. */
function equalSuffix(before: Cursor, after: Cursor, most: number): number {
  if (most <= 0 || before.encoding !== after.encoding) return 0;
  const n = before.count;
  const m = after.count;
  const a = before.childEnd(n - 1);
  const b = after.childEnd(m - 1);
  const same = commonTail(before.source, before.start, a, after.source, after.start, b);
  let tail = 0;
  while (tail < most) {
    const start = before.childStart(n - 1 - tail);
    if (a - start > same || a - start !== b - after.childStart(m - 1 - tail)) break;
    if (a - before.childEnd(n - 1 - tail) !== b - after.childEnd(m - 1 - tail)) break;
    tail++;
  }
  return tail;
}

function sameRange(a: Uint8Array, aFrom: number, b: Uint8Array, bFrom: number, length: number): boolean {
  const last = length - 1;
  return (
    a[aFrom + last] === b[bFrom + last] &&
    a[aFrom + (last >> 1)] === b[bFrom + (last >> 1)] &&
    asBuffer(a).compare(b, bFrom, bFrom + length, aFrom, aFrom + length) === 0
  );
}

/** Bytes that two ranges have in common from their start; compares blocks natively and looks closer in the last one. */
function commonLength(a: Uint8Array, aFrom: number, aTo: number, b: Uint8Array, bFrom: number, bTo: number): number {
  const x = asBuffer(a);
  const most = Math.min(aTo - aFrom, bTo - bFrom);
  let at = 0;
  let block = 1 << 16;
  while (at < most) {
    const length = Math.min(block, most - at);
    if (x.compare(b, bFrom + at, bFrom + at + length, aFrom + at, aFrom + at + length) === 0) at += length;
    else if (length === 1) return at;
    else block = Math.max(1, length >> 4);
  }
  return at;
}

/** Bytes that two ranges have in common at their end. */
function commonTail(a: Uint8Array, aFrom: number, aTo: number, b: Uint8Array, bFrom: number, bTo: number): number {
  const x = asBuffer(a);
  const most = Math.min(aTo - aFrom, bTo - bFrom);
  let at = 0;
  let block = 1 << 16;
  while (at < most) {
    const length = Math.min(block, most - at);
    if (x.compare(b, bTo - at - length, bTo - at, aTo - at - length, aTo - at) === 0) at += length;
    else if (length === 1) return at;
    else block = Math.max(1, length >> 4);
  }
  return at;
}

interface Known {
  /** Index into before for each matched item of after (positions in `to`), -1 for none. */
  readonly origin: Int32Array;
  readonly equal: Uint8Array;
}

/** Ids of all items as text, or null if one has none or two are the same. */
function idsOf(list: Cursor, ordinals: readonly number[]): string[] | null {
  const ids: string[] = [];
  const seen = new Set<string>();
  for (const ordinal of ordinals) {
    const id = idOf(list.child(ordinal));
    if (id === null || seen.has(id)) return null;
    seen.add(id);
    ids.push(id);
  }
  return ids.length === 0 ? null : ids;
}

/** The `id` of an item: of a map, or of the body of an object; LangChain's JSON objects keep it in `kwargs`. */
export function idOf(item: Cursor): string | null {
  let at = item;
  while (at.kind === 'object') at = at.child(0);
  if (at.kind !== 'map') return null;
  const id = at.get('id');
  if (id?.kind === 'list') {
    const inner = at.get('kwargs');
    return inner?.kind === 'map' ? idOf(inner) : null;
  }
  if (id === null || id === undefined) return null;
  if (id.kind === 'string' && id.isUnicode()) return `s${id.text()}`;
  return id.kind === 'integer' ? `i${id.lexeme()}` : null;
}

function byId(
  before: Cursor,
  after: Cursor,
  from: readonly number[],
  to: readonly number[],
  ids: readonly string[],
  afterIds: readonly string[],
): Known {
  const at = new Map(ids.map((id, i) => [id, i]));
  const origin = new Int32Array(to.length).fill(-1);
  const equal = new Uint8Array(to.length);
  to.forEach((ordinal, i) => {
    const found = at.get(afterIds[i] ?? '');
    if (found === undefined) return;
    origin[i] = found;
    equal[i] = sameValue(before.child(from[found] ?? 0), after.child(ordinal)) ? 1 : 0;
  });
  return { origin, equal };
}

/** A short text that equal items share; items with the same one still need a look. */
function sampleOf(item: Cursor): string {
  const { source, start, end } = item;
  const length = end - start;
  const part = (from: number, to: number): string => asBuffer(source).toString('latin1', from, to);
  const middle = start + (length >> 1);
  const sample =
    length <= 64 ? part(start, end) : part(start, start + 24) + part(middle - 8, middle + 8) + part(end - 24, end);
  return `${length}:${sample}`;
}

/** Pairs tried exactly (longest common subsequence) up to this many cells; beyond, first come first matched. */
const exactCells = 250_000;

/** Equal content first; what is left between two matches goes together by place where the kinds agree. */
function byContent(before: Cursor, after: Cursor, from: readonly number[], to: readonly number[]): Known {
  const origin = new Int32Array(to.length).fill(-1);
  const equal = new Uint8Array(to.length);
  const taken = new Uint8Array(from.length);
  const [old, now] = contentClasses(before, after, from, to);
  const match = (i: number, candidate: number): void => {
    origin[i] = candidate;
    equal[i] = 1;
    taken[candidate] = 1;
  };
  if (from.length * to.length <= exactCells)
    for (const [candidate, i] of commonSubsequence(old, now)) match(i, candidate);
  const free = new Map<number, number[]>();
  for (let i = from.length - 1; i >= 0; i--) {
    if (taken[i] === 1) continue;
    const group = free.get(old[i] ?? -1);
    if (group === undefined) free.set(old[i] ?? -1, [i]);
    else group.push(i);
  }
  for (let i = 0; i < to.length; i++) {
    if ((origin[i] ?? -1) >= 0) continue;
    const candidate = free.get(now[i] ?? -1)?.pop();
    if (candidate !== undefined) match(i, candidate);
  }
  pairByPlace(before, after, from, to, origin, taken);
  return { origin, equal };
}

/** So many different items of one sample are compared with each other; further ones are told apart by a hash of their bytes. */
const fewAlike = 8;

/** A number per item; equal items have the same one (beyond `fewAlike`, items of the same bytes). */
function contentClasses(
  before: Cursor,
  after: Cursor,
  from: readonly number[],
  to: readonly number[],
): [Int32Array, Int32Array] {
  const groups = new Map<string, { item: Cursor; number: number }[]>();
  const crowded = new Map<string, number>();
  let next = 0;
  const classOf = (item: Cursor): number => {
    const sample = sampleOf(item);
    const group = groups.get(sample);
    const same = group?.find((g) => sameValue(g.item, item));
    if (same !== undefined) return same.number;
    if (group !== undefined && group.length >= fewAlike) {
      const hash = createHash('sha256').update(item.slice()).digest('base64');
      const known = crowded.get(hash) ?? next++;
      crowded.set(hash, known);
      return known;
    }
    const number = next++;
    if (group === undefined) groups.set(sample, [{ item, number }]);
    else group.push({ item, number });
    return number;
  };
  return [Int32Array.from(from, (o) => classOf(before.child(o))), Int32Array.from(to, (o) => classOf(after.child(o)))];
}

/** Pairs of places (before, after) of a longest common subsequence. O(n · m) time and memory. */
function commonSubsequence(a: Int32Array, b: Int32Array): [number, number][] {
  const width = b.length + 1;
  const best = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      best[i * width + j] =
        a[i] === b[j]
          ? (best[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(best[(i + 1) * width + j] ?? 0, best[i * width + j + 1] ?? 0);
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if ((best[(i + 1) * width + j] ?? 0) >= (best[i * width + j + 1] ?? 0)) i++;
    else j++;
  }
  return pairs;
}

function pairByPlace(
  before: Cursor,
  after: Cursor,
  from: readonly number[],
  to: readonly number[],
  origin: Int32Array,
  taken: Uint8Array,
): void {
  const keep = increasing(origin);
  let gap = 0;
  for (let i = 0; i < to.length; i++) {
    const at = origin[i] ?? -1;
    if (at >= 0) {
      if (keep[i] === 1) gap = at + 1;
      continue;
    }
    if (gap < from.length && taken[gap] === 0) {
      const old = before.child(from[gap] ?? 0);
      const now = after.child(to[i] ?? 0);
      if (old.kind === now.kind && (old.kind !== 'object' || old.object?.className === now.object?.className)) {
        origin[i] = gap;
        taken[gap] = 1;
        gap++;
      }
    }
  }
}

/** 1 at the positions of a longest increasing run of the non-negative values. O(n log n), O(n) where all of them increase. */
function increasing(values: Int32Array): Uint8Array {
  const kept = new Uint8Array(values.length);
  let last = -1;
  let inOrder = true;
  for (let i = 0; inOrder && i < values.length; i++) {
    const value = values[i] ?? -1;
    if (value < 0) continue;
    inOrder = value > last;
    last = value;
    kept[i] = 1;
  }
  if (inOrder) return kept;
  kept.fill(0);
  const tails: number[] = [];
  const previous = new Int32Array(values.length).fill(-1);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? -1;
    if (value < 0) continue;
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[tails[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    previous[i] = low > 0 ? (tails[low - 1] ?? -1) : -1;
    tails[low] = i;
  }
  for (let at = tails.at(-1) ?? -1; at >= 0; at = previous[at] ?? -1) kept[at] = 1;
  return kept;
}

function withMoves(known: Known, from: readonly number[], to: readonly number[]): ListMatch {
  const inOrder = increasing(known.origin);
  const used = new Uint8Array(from.length);
  const pairs: { before: number; after: number; equal: boolean; moved: boolean }[] = [];
  const added: number[] = [];
  for (const [i, ordinal] of to.entries()) {
    const origin = known.origin[i] ?? -1;
    if (origin < 0) {
      added.push(ordinal);
      continue;
    }
    used[origin] = 1;
    const equal = known.equal[i] === 1;
    const moved = inOrder[i] === 0;
    if (moved || !equal) pairs.push({ before: from[origin] ?? 0, after: ordinal, equal, moved });
  }
  return { pairs, added, removed: from.filter((_, i) => used[i] === 0) };
}
