// The picture of a lineage in world pixels: cards, pills for folded runs, cards for folded sub-graphs; each with place and lane.
// Pure and O(n log n). Columns, not objects: what is drawn is a window of it (`itemsIn`).
//
// Step axis: a point stands in the column of its depth. A column in which no branch shows a card is only as wide as the pills over it
// need. Time axis: gaps follow the time between what is shown, short ones share a column, long waits are cut short.
// On both, a child stands right of its parent, and no card or pill stands in the gap behind a card, where lines change their lane.

import type { PointIndex } from '../model/lineage.ts';
import type { BranchIndex, Branches } from './branches.ts';
import { assignLanes } from './lanes.ts';
import { continues } from './append.ts';

export const cardWidth = 142;
export const cardHeight = 44;
export const columnGap = 34;
export const lanePitch = 76;
export const pillWidth = 150;
/** For a branch's name behind its tip. */
const nameRoom = 110;
/** A run shorter than this is not worth hiding. */
const shortestFold = 4;
/**
 * A run of any length is one pill; it opens piece by piece, so that opening never shows more than this. The pieces end at the same depths
 * whatever the run's length, so that a run that grows keeps its pieces.
 */
const longestPiece = 100;
/** Threads up to this size are shown whole. */
const smallThread = 24;

export type ItemIndex = number;
export const itemKinds = { point: 0, fold: 1, subgraph: 2 } as const;

export interface SceneOptions {
  readonly axis: 'step' | 'time';
  /** First points of the pieces of folds and of sub-graph runs that were opened by hand (or by selecting into them). */
  readonly opened: ReadonlySet<PointIndex>;
  readonly unfoldAll: boolean;
}

export interface Scene {
  readonly branches: Branches;
  readonly options: SceneOptions;
  readonly count: number;
  readonly kind: Uint8Array;
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** Points in the item. */
  readonly size: Int32Array;
  readonly branch: Int32Array;
  readonly left: Float64Array;
  readonly right: Float64Array;
  /** Where a pill of `pillWidth` stands between left and right. */
  readonly pillLeft: Float64Array;
  /** Item that the edge comes from, -1 for a root. */
  readonly before: Int32Array;
  readonly itemOf: Int32Array;
  /** Lane of a branch. */
  readonly laneOf: Int32Array;
  readonly lanes: number;
  /** Time axis: the wait that is drawn 90 pixels wide, in milliseconds. 0 on the step axis. */
  readonly usualWait: number;
  readonly width: number;
  readonly height: number;
  /** Items of lane l, by place: `laneItems[laneStart[l] .. laneStart[l+1])`. */
  readonly laneStart: Int32Array;
  readonly laneItems: Int32Array;
}

export const laneY = (lane: number): number => lane * lanePitch;

/** `previous`: a scene of the same thread. If points were only appended to it since, the branches that did not grow keep their lanes. */
export function buildScene(b: Branches, options: SceneOptions, previous: Scene | null = null): Scene {
  const { lineage } = b;
  const grownFrom =
    previous !== null && sameOptions(previous.options, options) && continues(previous.branches, b) ? previous : null;
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
      const opened = options.opened.has(i);
      if (folds && i !== one.start && foldable(i)) {
        for (let j = b.next[i] ?? -1; j >= 0 && foldable(j); j = b.next[j] ?? -1) {
          // An opened piece is shown alone: what follows it, or precedes it, is folded for itself.
          if ((b.depth[j] ?? 0) % longestPiece === 0 && (opened || options.opened.has(j))) break;
          end = j;
          points++;
        }
      }
      if (points >= shortestFold && !opened) {
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
  let usualWait = 0;
  const pillLeft = new Float64Array(count);
  const placing = { b, kind, first, last, before, left, right, pillLeft };
  if (options.axis === 'step') placeBySteps(placing);
  else usualWait = placeByTime(placing, grownFrom?.usualWait ?? 0);

  const { laneOf, lanes } = assignLanes({ b, itemOf, left, right, runItem, columnGap, nameRoom, previous: grownFrom });
  let width = 0;
  for (let k = 0; k < count; k++) width = Math.max(width, right[k] ?? 0);

  // Items by lane, then by place. Items of one branch already stand in order, so only the branches of a lane are sorted.
  const laneStart = new Int32Array(lanes + 1);
  for (let k = 0; k < count; k++) {
    const lane = laneOf[branch[k] ?? 0] ?? 0;
    laneStart[lane + 1] = (laneStart[lane + 1] ?? 0) + 1;
  }
  for (let l = 0; l < lanes; l++) laneStart[l + 1] = (laneStart[l + 1] ?? 0) + (laneStart[l] ?? 0);
  const laneItems = new Int32Array(count);
  const filled = laneStart.slice();
  for (let k = 0; k < count; k++) {
    const lane = laneOf[branch[k] ?? 0] ?? 0;
    laneItems[filled[lane] ?? 0] = k;
    filled[lane] = (filled[lane] ?? 0) + 1;
  }
  for (let l = 0; l < lanes; l++) {
    const items = laneItems.subarray(laneStart[l] ?? 0, laneStart[l + 1] ?? 0);
    let sorted = true;
    for (let j = 1; sorted && j < items.length; j++)
      sorted = (left[items[j - 1] ?? 0] ?? 0) <= (left[items[j] ?? 0] ?? 0);
    if (!sorted) items.sort((p, q) => (left[p] ?? 0) - (left[q] ?? 0));
  }

  return {
    branches: b,
    options,
    count,
    kind: Uint8Array.from(kind),
    first: Int32Array.from(first),
    last: Int32Array.from(last),
    size: Int32Array.from(size),
    branch: Int32Array.from(branch),
    left,
    right,
    pillLeft,
    before,
    itemOf,
    laneOf,
    lanes,
    usualWait,
    width,
    height: Math.max(0, laneY(lanes - 1)) + cardHeight,
    laneStart,
    laneItems,
  };
}

interface Placing {
  readonly b: Branches;
  readonly kind: readonly number[];
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly before: Int32Array;
  readonly left: Float64Array;
  readonly right: Float64Array;
  readonly pillLeft: Float64Array;
}

function placeBySteps({ b, kind, first, last, left, right, pillLeft }: Placing): void {
  const fromOf = (k: number): number => b.depth[first[k] ?? 0] ?? 0;
  const toOf = (k: number): number => b.depth[last[k] ?? 0] ?? 0;
  let deepest = 0;
  for (let k = 0; k < kind.length; k++) deepest = Math.max(deepest, fromOf(k), toOf(k));
  const wide = new Float64Array(deepest + 1);
  for (let k = 0; k < kind.length; k++) if (kind[k] !== itemKinds.fold) wide[fromOf(k)] = cardWidth + columnGap;
  const cards = new Int32Array(deepest + 2);
  for (let c = 0; c <= deepest; c++) cards[c + 1] = (cards[c] ?? 0) + ((wide[c] ?? 0) > 0 ? 1 : 0);
  const shownIn = (k: number): number => (cards[toOf(k) + 1] ?? 0) - (cards[fromOf(k)] ?? 0);
  const needs = new Float64Array(deepest + 1);
  for (let k = 0; k < kind.length; k++) {
    if (kind[k] !== itemKinds.fold) continue;
    const shown = shownIn(k);
    const empty = toOf(k) - fromOf(k) + 1 - shown;
    const missing = pillWidth + columnGap - shown * (cardWidth + columnGap);
    if (missing <= 0 || empty === 0) continue;
    for (let c = fromOf(k); c <= toOf(k); c++) if (wide[c] === 0) needs[c] = Math.max(needs[c] ?? 0, missing / empty);
  }
  const at = new Float64Array(deepest + 2);
  for (let c = 0; c <= deepest; c++) at[c + 1] = (at[c] ?? 0) + ((wide[c] ?? 0) || (needs[c] ?? 0));
  /** The columns that show cards, in order. */
  const shownColumns = Int32Array.from({ length: cards[deepest + 1] ?? 0 });
  for (let c = 0; c <= deepest; c++) if ((wide[c] ?? 0) > 0) shownColumns[cards[c] ?? 0] = c;
  for (let k = 0; k < kind.length; k++) {
    left[k] = at[fromOf(k)] ?? 0;
    if (kind[k] !== itemKinds.fold) {
      right[k] = (left[k] ?? 0) + cardWidth;
      continue;
    }
    right[k] = (at[toOf(k) + 1] ?? 0) - columnGap;
    // Forks of other lanes run down in the gaps behind cards: a pill over such columns stands in one of them, not across a gap.
    const shown = shownIn(k);
    pillLeft[k] =
      shown === 0
        ? ((left[k] ?? 0) + (right[k] ?? 0) - pillWidth) / 2
        : (at[shownColumns[(cards[fromOf(k)] ?? 0) + (shown >> 1)] ?? 0] ?? 0);
  }
}

/** Columns as on the step axis, so that lines between lanes find a free gap behind every card; how far apart they are tells the time. */
function placeByTime({ b, kind, first, before, left, right, pillLeft }: Placing, keptWait: number): number {
  const pitch = pillWidth + columnGap;
  const count = kind.length;
  const time = new Float64Array(count);
  const done = new Uint8Array(count);
  const stack: number[] = [];
  // A child is never earlier than what it follows; where no time is known it follows at once.
  for (let k = 0; k < count; k++) {
    for (let at = k; at >= 0 && done[at] === 0; at = before[at] ?? -1) {
      stack.push(at);
      done[at] = 1;
    }
    while (stack.length > 0) {
      const at = stack.pop() ?? 0;
      const from = before[at] ?? -1;
      const least = from < 0 || from === at ? -Infinity : (time[from] ?? 0);
      const own = b.lineage.time[first[at] ?? 0] ?? Number.NaN;
      time[at] = Number.isNaN(own) ? least : Math.max(own, least);
    }
  }
  const depthOf = (k: number): number => b.depth[first[k] ?? 0] ?? 0;
  const order = Int32Array.from({ length: count }, (_, k) => k).sort(
    (p, q) => (time[p] === time[q] ? 0 : (time[p] ?? 0) < (time[q] ?? 0) ? -1 : 1) || depthOf(p) - depthOf(q) || p - q,
  );
  const gaps: number[] = [];
  for (let j = 1; j < count; j++) {
    const gap = (time[order[j] ?? 0] ?? 0) - (time[order[j - 1] ?? 0] ?? 0);
    if (gap > 0 && Number.isFinite(gap)) gaps.push(gap);
  }
  gaps.sort((p, q) => p - q);
  // While points are only appended, the scale stays as it was: a new median would move everything that is on screen.
  const usual = keptWait > 0 ? keptWait : (gaps[gaps.length >> 1] ?? 1);
  let column = 0;
  let wanted = 0;
  let last = Number.NaN;
  for (const k of order) {
    const wait = (time[k] ?? 0) - last;
    if (wait > 0) wanted = Math.max(wanted, column) + Math.min((wait / usual) * 90, 4 * pitch);
    last = time[k] ?? 0;
    const from = before[k] ?? -1;
    const least = from < 0 || from === k ? 0 : (left[from] ?? 0) + pitch;
    if (least > column || wanted >= column + pitch) column = Math.max(wanted, column + pitch);
    left[k] = column;
    pillLeft[k] = column;
    right[k] = column + (kind[k] === itemKinds.fold ? pillWidth : cardWidth);
  }
  return usual;
}

const sameOptions = (a: SceneOptions, b: SceneOptions): boolean =>
  a.axis === b.axis &&
  a.unfoldAll === b.unfoldAll &&
  a.opened.size === b.opened.size &&
  [...a.opened].every((point) => b.opened.has(point));

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Items that touch the box, lane by lane; O(lanes in the box × log n + hits). */
export function itemsIn(scene: Scene, box: Box): ItemIndex[] {
  const found: ItemIndex[] = [];
  const from = Math.max(0, Math.ceil((box.top - cardHeight) / lanePitch));
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

/** What must be opened so that `point` is shown as a card: the first point of its piece of the fold; -1 if it is shown already. */
export function foldOver(scene: Scene, point: PointIndex): PointIndex {
  const item = scene.itemOf[point] ?? -1;
  if (item < 0 || scene.kind[item] === itemKinds.point) return -1;
  const { depth, branches, lineage } = scene.branches;
  if (scene.kind[item] === itemKinds.fold) {
    let at = point;
    while (at !== scene.first[item] && (depth[at] ?? 0) % longestPiece !== 0) at = lineage.parent[at] ?? -1;
    return at;
  }
  const run = branches[scene.branch[item] ?? 0]?.run ?? -1;
  return branches[run]?.start ?? -1;
}

/** How many steps of a fold are shown when its first piece is opened. */
export function firstPiece(scene: Scene, item: ItemIndex): number {
  const size = scene.size[item] ?? 0;
  return Math.min(size, longestPiece - ((scene.branches.depth[scene.first[item] ?? 0] ?? 0) % longestPiece));
}
