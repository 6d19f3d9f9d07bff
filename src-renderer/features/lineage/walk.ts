// Movements through the tree: along a branch, to the neighbouring branch, to the root and the head. Pure.

import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { BranchIndex, Branches } from '../../../shared/layout/branches.ts';

/** The points from the root to the tip of `branch`. A sub-graph's way begins with its own first point, not with its host's. */
export function pathOf(b: Branches, branch: BranchIndex): Int32Array {
  const tip = b.branches[branch]?.tip ?? -1;
  const points: number[] = [];
  for (let at = tip; at >= 0 && points.length <= b.lineage.count; at = b.lineage.parent[at] ?? -1) points.push(at);
  return Int32Array.from(points.reverse());
}

/** Place of `point` on `path`, -1 if it is not on it. Depths along a path are consecutive. */
export function placeOn(b: Branches, path: Int32Array, point: PointIndex): number {
  const first = path[0];
  if (first === undefined) return -1;
  const at = (b.depth[point] ?? 0) - (b.depth[first] ?? 0);
  return path[at] === point ? at : -1;
}

/**
 * The point at the same depth on the next branch below (`1`) or above (`-1`), by lane; where no branch there reaches this depth, the
 * nearest end of the nearest one. Sub-graphs are no neighbours of the lines they run under (`hostedRuns`). -1 if there is none.
 */
export function neighbour(
  b: Branches,
  laneOf: (branch: BranchIndex) => number,
  point: PointIndex,
  by: 1 | -1,
): PointIndex {
  const own = b.branchOf[point] ?? -1;
  const lane = laneOf(own);
  const depth = b.depth[point] ?? 0;
  const run = b.branches[own]?.run ?? -1;
  const inRun = run >= 0;
  let best = -1;
  let bestCost = Infinity;
  b.branches.forEach((branch, i) => {
    const away = (laneOf(i) - lane) * by;
    if (i === own || away <= 0 || branch.run >= 0 !== inRun || (inRun && branch.run !== run)) return;
    const start = b.depth[branch.start] ?? 0;
    const end = b.depth[branch.tip] ?? 0;
    const miss = depth < start ? start - depth : depth > end ? depth - end : 0;
    // A branch at this very depth is preferred, however far; among the others the nearest lane.
    const cost = (miss === 0 ? 0 : 1e9) + away * 1e3 + Math.min(miss, 999);
    if (cost < bestCost) {
      bestCost = cost;
      best = i;
    }
  });
  const branch = b.branches[best];
  if (branch === undefined) return -1;
  let at = branch.start;
  while (at !== branch.tip && (b.depth[at] ?? 0) < depth) at = b.next[at] ?? branch.tip;
  return at;
}

/** First points of the sub-graphs that ran under `point`, in order. */
export const hostedRuns = (b: Branches, point: PointIndex): PointIndex[] =>
  b.hosts[point] === 1 ? b.branches.flatMap((one, i) => (one.from === point && one.run === i ? [one.start] : [])) : [];

/** The point under which the sub-graph of `point` ran, -1 outside of sub-graphs. */
export function hostOf(b: Branches, point: PointIndex): PointIndex {
  const run = b.branches[b.branchOf[point] ?? -1]?.run ?? -1;
  return b.branches[run]?.from ?? -1;
}
