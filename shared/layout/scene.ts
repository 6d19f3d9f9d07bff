// The picture of a lineage in world pixels: cards, pills for folded runs, cards for folded sub-graphs; each with place and lane.
// Pure and O(n log n). Columns, not objects: what is drawn is a window of it (`itemsIn`).
//
// Step axis: a point stands in the column of its depth. A column in which no branch shows a card is only as wide as the pills over it
// need. Time axis: gaps follow the time between what is shown, long waits are cut short; a child never stands left of its parent.

import type { PointIndex } from '../model/lineage.ts';
import type { BranchIndex, Branches } from './branches.ts';

export const cardWidth = 142;
export const cardHeight = 44;
export const columnGap = 34;
export const lanePitch = 76;
const pillWidth = 150;
/** A run shorter than this is not worth hiding, a longer one is cut so that opening a pill never shows more than this. */
const shortestFold = 4;
const longestFold = 100;
/** Threads up to this size are shown whole. */
const smallThread = 24;

export type ItemIndex = number;
export const itemKinds = { point: 0, fold: 1, subgraph: 2 } as const;

export interface SceneOptions {
  readonly axis: 'step' | 'time';
  /** First points of the folds and sub-graph runs that were opened by hand (or by selecting into them). */
  readonly opened: ReadonlySet<PointIndex>;
  readonly unfoldAll: boolean;
}

export interface Scene {
  readonly branches: Branches;
  readonly count: number;
  readonly kind: Uint8Array;
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** Points in the item. */
  readonly size: Int32Array;
  readonly branch: Int32Array;
  readonly left: Float64Array;
  readonly right: Float64Array;
  /** Item that the edge comes from, -1 for a root. */
  readonly before: Int32Array;
  readonly itemOf: Int32Array;
  readonly laneOf: Int32Array;
  readonly lanes: number;
  readonly width: number;
  readonly height: number;
  /** Items of lane l, by place: `laneItems[laneStart[l] .. laneStart[l+1])`. */
  readonly laneStart: Int32Array;
  readonly laneItems: Int32Array;
}

export const laneY = (lane: number): number => lane * lanePitch;

export function buildScene(b: Branches, options: SceneOptions): Scene {
  const { lineage } = b;
  const n = lineage.count;
  const itemOf = new Int32Array(n).fill(-1);
  const kind: number[] = [];
  const first: number[] = [];
  const last: number[] = [];
  const size: number[] = [];
  const branch: number[] = [];
  const add = (k: number, from: number, to: number, points: number, of: number): number => {
    kind.push(k);
    first.push(from);
    last.push(to);
    size.push(points);
    branch.push(of);
    return kind.length - 1;
  };

  const folds = !options.unfoldAll && n > smallThread;
  const foldable = (i: PointIndex): boolean =>
    b.next[i] !== -1 && b.children[i] === 1 && b.hosts[i] === 0 && b.isHead[i] === 0 && (b.before[i] ?? -1) >= 0;

  /** Items in an order in which `before` comes first, except for a host that stands after its sub-graph. */
  const runItem = new Map<BranchIndex, ItemIndex>();
  b.branches.forEach((one, at) => {
    if (one.run >= 0 && !options.opened.has(b.branches[one.run]?.start ?? -1) && !options.unfoldAll) {
      let item = runItem.get(one.run);
      if (item === undefined) {
        item = add(itemKinds.subgraph, one.start, one.tip, 0, at);
        runItem.set(one.run, item);
      }
      size[item] = (size[item] ?? 0) + one.size;
      for (let i = one.start; i >= 0; i = b.next[i] ?? -1) itemOf[i] = item;
      return;
    }
    for (let i = one.start; i >= 0;) {
      let end = i;
      let points = 1;
      if (folds && i !== one.start && foldable(i)) {
        // Cut at the same depths whatever the run's length, so that a run that grows keeps its pills.
        const stop = (Math.floor((b.depth[i] ?? 0) / longestFold) + 1) * longestFold;
        for (let j = b.next[i] ?? -1; j >= 0 && foldable(j) && (b.depth[j] ?? 0) < stop; j = b.next[j] ?? -1) {
          end = j;
          points++;
        }
      }
      if (points >= shortestFold && !options.opened.has(i)) {
        const item = add(itemKinds.fold, i, end, points, at);
        for (let j = i; ; j = b.next[j] ?? -1) {
          itemOf[j] = item;
          if (j === end) break;
        }
      } else {
        for (let j = i; ; j = b.next[j] ?? -1) {
          itemOf[j] = add(itemKinds.point, j, j, 1, at);
          if (j === end) break;
        }
      }
      i = b.next[end] ?? -1;
    }
  });

  const count = kind.length;
  const before = new Int32Array(count);
  for (let k = 0; k < count; k++) {
    const from = b.before[first[k] ?? 0] ?? -1;
    before[k] = from < 0 ? -1 : (itemOf[from] ?? -1);
  }
  const left = new Float64Array(count);
  const right = new Float64Array(count);
  if (options.axis === 'step') placeBySteps(b, kind, first, last, left, right);
  else placeByTime(b, kind, first, before, left, right);

  const { laneOf, lanes } = assignLanes(b, itemOf, left, right, runItem);
  let width = 0;
  for (let k = 0; k < count; k++) width = Math.max(width, right[k] ?? 0);

  // Items by lane, then by place.
  const laneOfItem = (k: number): number => laneOf[branch[k] ?? 0] ?? 0;
  const laneStart = new Int32Array(lanes + 1);
  for (let k = 0; k < count; k++) laneStart[laneOfItem(k) + 1] = (laneStart[laneOfItem(k) + 1] ?? 0) + 1;
  for (let l = 0; l < lanes; l++) laneStart[l + 1] = (laneStart[l + 1] ?? 0) + (laneStart[l] ?? 0);
  const laneItems = Int32Array.from({ length: count }, (_, k) => k).sort(
    (p, q) => laneOfItem(p) - laneOfItem(q) || (left[p] ?? 0) - (left[q] ?? 0),
  );

  return {
    branches: b,
    count,
    kind: Uint8Array.from(kind),
    first: Int32Array.from(first),
    last: Int32Array.from(last),
    size: Int32Array.from(size),
    branch: Int32Array.from(branch),
    left,
    right,
    before,
    itemOf,
    laneOf,
    lanes,
    width,
    height: Math.max(0, laneY(lanes - 1)) + cardHeight,
    laneStart,
    laneItems,
  };
}

function placeBySteps(
  b: Branches,
  kind: readonly number[],
  first: readonly number[],
  last: readonly number[],
  left: Float64Array,
  right: Float64Array,
): void {
  let deepest = 0;
  for (let k = 0; k < kind.length; k++)
    deepest = Math.max(deepest, b.depth[first[k] ?? 0] ?? 0, b.depth[last[k] ?? 0] ?? 0);
  const wide = new Float64Array(deepest + 1);
  for (let k = 0; k < kind.length; k++) {
    if (kind[k] !== itemKinds.fold) wide[b.depth[first[k] ?? 0] ?? 0] = cardWidth + columnGap;
  }
  const cards = new Int32Array(deepest + 2);
  for (let c = 0; c <= deepest; c++) cards[c + 1] = (cards[c] ?? 0) + ((wide[c] ?? 0) > 0 ? 1 : 0);
  const needs = new Float64Array(deepest + 1);
  for (let k = 0; k < kind.length; k++) {
    if (kind[k] !== itemKinds.fold) continue;
    const from = b.depth[first[k] ?? 0] ?? 0;
    const to = b.depth[last[k] ?? 0] ?? 0;
    const shown = (cards[to + 1] ?? 0) - (cards[from] ?? 0);
    const empty = to - from + 1 - shown;
    const missing = pillWidth + columnGap - shown * (cardWidth + columnGap);
    if (missing <= 0 || empty === 0) continue;
    for (let c = from; c <= to; c++) if (wide[c] === 0) needs[c] = Math.max(needs[c] ?? 0, missing / empty);
  }
  const at = new Float64Array(deepest + 2);
  for (let c = 0; c <= deepest; c++) at[c + 1] = (at[c] ?? 0) + ((wide[c] ?? 0) || (needs[c] ?? 0));
  for (let k = 0; k < kind.length; k++) {
    const from = b.depth[first[k] ?? 0] ?? 0;
    left[k] = at[from] ?? 0;
    right[k] =
      kind[k] === itemKinds.fold ? (at[(b.depth[last[k] ?? 0] ?? 0) + 1] ?? 0) - columnGap : (left[k] ?? 0) + cardWidth;
  }
}

function placeByTime(
  b: Branches,
  kind: readonly number[],
  first: readonly number[],
  before: Int32Array,
  left: Float64Array,
  right: Float64Array,
): void {
  const time = (k: number): number => b.lineage.time[first[k] ?? 0] ?? Number.NaN;
  const timed = kind.map((_, k) => k).filter((k) => !Number.isNaN(time(k)));
  timed.sort((p, q) => time(p) - time(q));
  const gaps = timed.slice(1).map((k, j) => time(k) - time(timed[j] ?? k));
  const sorted = gaps.filter((g) => g > 0).sort((p, q) => p - q);
  const usual = sorted[Math.floor(sorted.length / 2)] ?? 1;
  const place = new Float64Array(kind.length).fill(Number.NaN);
  let x = 0;
  timed.forEach((k, j) => {
    if (j > 0) x += Math.min(((gaps[j - 1] ?? 0) / usual) * 90, 4 * (cardWidth + columnGap));
    place[k] = x;
  });
  const done = new Uint8Array(kind.length);
  const put = (k: number): void => {
    const stack: number[] = [];
    for (let at = k; at >= 0 && done[at] === 0 && stack.length <= kind.length; at = before[at] ?? -1) {
      stack.push(at);
      done[at] = 1;
    }
    while (stack.length > 0) {
      const at = stack.pop() ?? 0;
      const from = before[at] ?? -1;
      const least = from < 0 ? 0 : (right[from] ?? 0) + columnGap;
      const wanted = place[at] ?? Number.NaN;
      left[at] = Number.isNaN(wanted) ? least : Math.max(least, wanted);
      right[at] = (left[at] ?? 0) + (kind[at] === itemKinds.fold ? pillWidth : cardWidth);
    }
  };
  for (let k = 0; k < kind.length; k++) put(k);
}

/**
 * Lanes: each branch takes the nearest lane below the one it left that is free from its start on; branches are taken by start.
 * A tree over the lanes' ends finds that lane in O(log n).
 */
function assignLanes(
  b: Branches,
  itemOf: Int32Array,
  left: Float64Array,
  right: Float64Array,
  runItem: ReadonlyMap<BranchIndex, ItemIndex>,
): { laneOf: Int32Array; lanes: number } {
  const total = b.branches.length;
  const laneOf = new Int32Array(total);
  const startOf = (i: number): number => left[itemOf[b.branches[i]?.start ?? 0] ?? 0] ?? 0;
  const endOf = (i: number): number => right[itemOf[b.branches[i]?.tip ?? 0] ?? 0] ?? 0;
  const order = Array.from({ length: total }, (_, i) => i).sort((p, q) => startOf(p) - startOf(q) || p - q);
  let leaves = 1;
  while (leaves < total + 1) leaves *= 2;
  const busy = new Float64Array(2 * leaves).fill(-Infinity);
  const take = (lane: number, until: number): void => {
    for (let at = lane + leaves; at >= 1; at >>= 1) {
      busy[at] = at >= leaves ? until : Math.min(busy[2 * at] ?? 0, busy[2 * at + 1] ?? 0);
    }
  };
  const firstFree = (from: number, start: number): number => {
    // Climb until a subtree right of `from` holds a free lane, then descend into its leftmost one.
    let at = from + leaves;
    if ((busy[at] ?? 0) < start) return from;
    for (;;) {
      while (at % 2 === 1) at >>= 1;
      if (at === 0) return from;
      at++;
      if ((busy[at] ?? 0) < start) break;
    }
    while (at < leaves) at = (busy[2 * at] ?? 0) < start ? 2 * at : 2 * at + 1;
    return at - leaves;
  };
  let lanes = total === 0 ? 0 : 1;
  for (const i of order) {
    const one = b.branches[i];
    if (one === undefined) continue;
    if (one.run >= 0 && runItem.has(one.run) && one.run !== i) continue;
    const from = one.from < 0 ? -1 : (b.branchOf[one.from] ?? -1);
    const lane = firstFree(from < 0 ? 0 : (laneOf[from] ?? 0) + 1, startOf(i) - columnGap + 1);
    laneOf[i] = lane;
    lanes = Math.max(lanes, lane + 1);
    // Room for the branch's name after its tip.
    take(lane, endOf(i) + (one.run >= 0 ? 0 : 110));
  }
  for (const [run] of runItem) {
    b.branches.forEach((one, i) => {
      if (one.run === run) laneOf[i] = laneOf[run] ?? 0;
    });
  }
  return { laneOf, lanes };
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Items that touch the box, lane by lane; O(lanes in the box × log n + hits). */
export function itemsIn(scene: Scene, box: Box): ItemIndex[] {
  const found: ItemIndex[] = [];
  const from = Math.max(0, Math.floor((box.top - cardHeight) / lanePitch));
  const to = Math.min(scene.lanes - 1, Math.floor(box.bottom / lanePitch));
  for (let lane = from; lane <= to; lane++) {
    let low = scene.laneStart[lane] ?? 0;
    const end = scene.laneStart[lane + 1] ?? 0;
    let high = end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((scene.right[scene.laneItems[middle] ?? 0] ?? 0) < box.left) low = middle + 1;
      else high = middle;
    }
    for (; low < end; low++) {
      const item = scene.laneItems[low] ?? 0;
      if ((scene.left[item] ?? 0) > box.right) break;
      found.push(item);
    }
  }
  return found;
}

/** What must be opened so that `point` is shown as a card; -1 if it is shown already. */
export function foldOver(scene: Scene, point: PointIndex): PointIndex {
  const item = scene.itemOf[point] ?? -1;
  if (item < 0 || scene.kind[item] === itemKinds.point) return -1;
  if (scene.kind[item] === itemKinds.fold) return scene.first[item] ?? -1;
  const run = scene.branches.branches[scene.branch[item] ?? 0]?.run ?? -1;
  return scene.branches.branches[run]?.start ?? -1;
}
