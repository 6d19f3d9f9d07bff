// Which lane each branch runs in: no two branches in one lane at the same place, forks below the branch they left.

import type { BranchIndex, Branches } from './branches.ts';

export interface Lanes {
  /** Lane of each branch; the branches of a folded sub-graph run share the lane of its card. */
  readonly laneOf: Int32Array;
  readonly lanes: number;
}

export interface LaneQuestion {
  readonly b: Branches;
  readonly itemOf: Int32Array;
  readonly left: Float64Array;
  readonly right: Float64Array;
  /** Cards of the folded sub-graph runs, by the run's first branch. */
  readonly runItem: ReadonlyMap<BranchIndex, number>;
  /** Pixels between two cards, and for a branch's name behind its tip. */
  readonly columnGap: number;
  readonly nameRoom: number;
  /** A scene that this one continues by appended points, or null. */
  readonly previous: { readonly branches: Branches; readonly laneOf: Int32Array } | null;
}

/** More new or grown branches than this are not fitted in one by one: everything is placed anew, in O(n log n). */
const mostFitted = 2000;

export function assignLanes(question: LaneQuestion): Lanes {
  const { b, runItem } = question;
  const spans = spansOf(question);
  const placed = fitAppended(question, spans) ?? placeAll(question, spans);
  b.branches.forEach((one, i) => {
    if (one.run >= 0 && one.run !== i && runItem.has(one.run)) placed.laneOf[i] = placed.laneOf[one.run] ?? 0;
  });
  return placed;
}

/** What each branch needs of a lane: from the gap right of the card it leaves (its line runs there) to behind its name. */
interface Spans {
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** As `end`, but without bound where the next checkpoint is expected: its lane need not change when it comes. */
  readonly wish: Float64Array;
  /** Branches with a lane of their own. */
  readonly own: readonly BranchIndex[];
}

function spansOf({ b, itemOf, left, right, runItem, columnGap, nameRoom }: LaneQuestion): Spans {
  const total = b.branches.length;
  const start = new Float64Array(total);
  const end = new Float64Array(total);
  const own: number[] = [];
  b.branches.forEach((one, i) => {
    const folded = one.run >= 0 && runItem.has(one.run);
    if (folded && one.run !== i) return;
    own.push(i);
    const item = itemOf[one.start] ?? 0;
    const from = one.from < 0 ? -1 : (itemOf[one.from] ?? -1);
    const leaves = from < 0 || from === item ? Infinity : (right[from] ?? 0) + columnGap;
    start[i] = Math.min(left[item] ?? 0, leaves);
    end[i] = (right[itemOf[one.tip] ?? 0] ?? 0) + (one.run >= 0 ? 0 : nameRoom);
  });
  const wish = end.slice();
  const { lineage } = b;
  for (const point of [lineage.heads[0] ?? -1, lineage.count - 1]) {
    const branch = point < 0 ? -1 : (b.branchOf[point] ?? -1);
    if (branch >= 0 && b.branches[branch]?.tip === point) wish[branch] = Infinity;
  }
  return { start, end, wish, own };
}

/** The branch whose lane this one's line comes from: within a folded run, the one that its card stands for. */
const parentBranch = ({ b, runItem }: LaneQuestion, branch: BranchIndex): BranchIndex => {
  const from = b.branches[branch]?.from ?? -1;
  if (from < 0) return -1;
  const parent = b.branchOf[from] ?? -1;
  const run = b.branches[parent]?.run ?? -1;
  return run >= 0 && runItem.has(run) ? run : parent;
};

/**
 * Each branch takes the nearest lane below the one it left that is free from its start on; branches are taken by start.
 * A tree over the lanes' ends finds that lane in O(log n).
 */
function placeAll(question: LaneQuestion, { start, wish, own }: Spans): Lanes {
  const { b, columnGap } = question;
  const laneOf = new Int32Array(b.branches.length);
  const order = own.toSorted((p, q) => (start[p] ?? 0) - (start[q] ?? 0) || p - q);
  let leaves = 1;
  while (leaves < own.length + 1) leaves *= 2;
  const busy = new Float64Array(2 * leaves).fill(-Infinity);
  const take = (lane: number, until: number): void => {
    for (let at = lane + leaves; at >= 1; at >>= 1) {
      busy[at] = at >= leaves ? until : Math.min(busy[2 * at] ?? 0, busy[2 * at + 1] ?? 0);
    }
  };
  const firstFree = (from: number, since: number): number => {
    // Climb until a subtree right of `from` holds a free lane, then descend into its leftmost one.
    let at = from + leaves;
    if ((busy[at] ?? 0) < since) return from;
    for (;;) {
      while (at % 2 === 1) at >>= 1;
      if (at === 0) return from;
      at++;
      if ((busy[at] ?? 0) < since) break;
    }
    while (at < leaves) at = (busy[2 * at] ?? 0) < since ? 2 * at : 2 * at + 1;
    return at - leaves;
  };
  let lanes = own.length === 0 ? 0 : 1;
  let mainPlaced = false;
  for (const i of order) {
    const from = parentBranch(question, i);
    // The first root keeps the top lane, also where another one's time is earlier.
    if (i === 0) mainPlaced = true;
    const top = mainPlaced ? 0 : 1;
    const lane = firstFree(from < 0 ? top : (laneOf[from] ?? 0) + 1, (start[i] ?? 0) - columnGap + 1);
    laneOf[i] = lane;
    lanes = Math.max(lanes, lane + 1);
    take(lane, wish[i] ?? 0);
  }
  return { laneOf, lanes };
}

/**
 * Appended points move nobody else: branches that did not grow keep their lanes, a branch that grew keeps its own if it is
 * still free, and what is new goes where there is room. Null where there is nothing to keep, or too much to fit in.
 */
function fitAppended(question: LaneQuestion, spans: Spans): Lanes | null {
  const { b, columnGap, previous } = question;
  if (previous === null) return null;
  const { start, end, wish, own } = spans;
  const known = previous.branches.branches;
  const kept = (i: BranchIndex): boolean => known[i] !== undefined && known[i].tip === b.branches[i]?.tip;
  const fitted = own.filter((i) => !kept(i));
  if (fitted.length > mostFitted) return null;
  const laneOf = new Int32Array(b.branches.length);
  /** Per lane: its branches by start. */
  const rows: BranchIndex[][] = [];
  const rowOf = (lane: number): BranchIndex[] => {
    while (rows.length <= lane) rows.push([]);
    return rows[lane] ?? [];
  };
  for (const i of own) {
    if (!kept(i)) continue;
    laneOf[i] = previous.laneOf[i] ?? 0;
    rowOf(laneOf[i] ?? 0).push(i);
  }
  for (const row of rows) row.sort((p, q) => (start[p] ?? 0) - (start[q] ?? 0));
  /** Takes the lane if nothing stands in the way of branch i there. `until`: how far its neighbours and itself claim to reach. */
  const take = (i: BranchIndex, lane: number, until: Float64Array): boolean => {
    const row = rowOf(lane);
    const from = start[i] ?? 0;
    let low = 0;
    let high = row.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((start[row[middle] ?? 0] ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    const left = row[low - 1];
    const right = row[low];
    if (left !== undefined && (until[left] ?? 0) > from - columnGap) return false;
    if (right !== undefined && (until[i] ?? 0) > (start[right] ?? 0) - columnGap) return false;
    row.splice(low, 0, i);
    laneOf[i] = lane;
    return true;
  };
  for (const i of fitted) {
    // A branch that only grew stays as long as nothing is really in its way; the others leave what is wished free.
    if (known[i] !== undefined && take(i, previous.laneOf[i] ?? 0, end)) continue;
    const from = parentBranch(question, i);
    let lane = from < 0 ? 0 : (laneOf[from] ?? 0) + 1;
    while (!take(i, lane, wish)) lane++;
  }
  return { laneOf, lanes: rows.length };
}
