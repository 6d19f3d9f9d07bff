// How the points of a lineage fall into branches. Pure; the picture (`scene.ts`) and the movements (`walk.ts`) stand on it.
//
// The earliest child carries its parent's branch on and every later child begins a new one. The tempting rule, that the heaviest child
// carries on, draws a slightly straighter tree but lets one appended checkpoint turn a fork into the main line under the reader's eyes.

import type { Lineage, PointIndex } from '../model/lineage.ts';

/** Index of a branch, in the order in which branches began. */
export type BranchIndex = number;

export interface Branch {
  readonly name: string;
  readonly start: PointIndex;
  readonly tip: PointIndex;
  readonly size: number;
  /** The point it left, or the point that a sub-graph ran under; -1 for a root. */
  readonly from: PointIndex;
  readonly namespace: number;
  /** 0…7, the hue; -1 for a sub-graph. */
  readonly hue: number;
  /** First branch of the sub-graph's run that this one belongs to, -1 outside of sub-graphs. */
  readonly run: BranchIndex;
}

export interface Branches {
  readonly lineage: Lineage;
  readonly branches: readonly Branch[];
  readonly branchOf: Int32Array;
  /** Parent, or the host of a sub-graph's first point; -1 for a root. */
  readonly before: Int32Array;
  /** Distance from the root along `before`. */
  readonly depth: Int32Array;
  /** Children within the namespace's own line. */
  readonly children: Int32Array;
  /** The next point on the same branch, -1 at its tip. */
  readonly next: Int32Array;
  /** 1 where a sub-graph ran under the point. */
  readonly hosts: Uint8Array;
  readonly isHead: Uint8Array;
}

/** A namespace as `research:7f…|rank:1` reads best by its names. */
export const namespaceName = (namespace: string): string =>
  namespace
    .split(/[|/]/)
    .map((part) => part.split(':')[0] ?? part)
    .filter((part) => part !== '')
    .join(' / ') || 'sub-graph';

/** O(n). */
export function branchesOf(lineage: Lineage): Branches {
  const n = lineage.count;
  const before = new Int32Array(n).fill(-1);
  const children = new Int32Array(n);
  const next = new Int32Array(n).fill(-1);
  const hosts = new Uint8Array(n);
  const isHead = new Uint8Array(n);
  const branchOf = new Int32Array(n).fill(-1);
  const depth = new Int32Array(n).fill(-1);
  for (const h of lineage.heads) if (h >= 0) isHead[h] = 1;

  interface Growing {
    start: number;
    tip: number;
    size: number;
    from: number;
    namespace: number;
    sub: boolean;
    run: number;
  }
  const growing: Growing[] = [];
  let hasLater = false;
  for (let i = 0; i < n; i++) {
    const parent = lineage.parent[i] ?? -1;
    const host = parent < 0 ? (lineage.host[i] ?? -1) : -1;
    const namespace = lineage.namespace[i] ?? 0;
    const from = parent >= 0 ? parent : host;
    before[i] = from;
    if (from < 0) depth[i] = 0;
    else if (from < i && (depth[from] ?? -1) >= 0) depth[i] = (depth[from] ?? 0) + 1;
    else hasLater = true;
    if (host >= 0) hosts[host] = 1;
    if (parent >= 0) children[parent] = (children[parent] ?? 0) + 1;
    const owner = parent >= 0 ? (branchOf[parent] ?? -1) : -1;
    const carried = owner >= 0 ? growing[owner] : undefined;
    if (carried !== undefined && next[parent] === -1) {
      next[parent] = i;
      branchOf[i] = owner;
      carried.tip = i;
      carried.size++;
    } else {
      const id = growing.length;
      branchOf[i] = id;
      const run = host >= 0 || (parent < 0 && namespace > 0) ? id : (carried?.run ?? -1);
      growing.push({ start: i, tip: i, size: 1, from: before[i] ?? -1, namespace, sub: run >= 0, run });
    }
  }

  // Depths that are not known yet: a host may stand after the sub-graph that ran under it, so they are followed up.
  const chain: number[] = [];
  for (let i = 0; hasLater && i < n; i++) {
    let at = i;
    chain.length = 0;
    while (at >= 0 && (depth[at] ?? 0) < 0 && chain.length <= n) {
      chain.push(at);
      at = before[at] ?? -1;
    }
    let d = at >= 0 ? (depth[at] ?? 0) : -1;
    for (let k = chain.length - 1; k >= 0; k--) depth[chain[k] ?? 0] = ++d;
  }

  let roots = 0;
  let forks = 0;
  let hue = 0;
  const branches = growing.map((g): Branch => {
    const { sub, ...rest } = g;
    if (sub) {
      const name = namespaceName(lineage.namespaces[g.namespace] ?? '');
      return { ...rest, name: g.run === branchOf[g.start] ? name : `${name} fork`, hue: -1 };
    }
    const name = g.from < 0 ? (roots++ === 0 ? 'main' : `line ${roots}`) : `fork-${++forks}`;
    return { ...rest, name, hue: hue++ % 8 };
  });
  return { lineage, branches, branchOf, before, depth, children, next, hosts, isHead };
}

/** Whether `point` lies on the way from the root to the tip of `branch`. */
export function branchContains(b: Branches, branch: BranchIndex, point: PointIndex): boolean {
  const own = b.branchOf[point] ?? -1;
  const depth = b.depth[point] ?? 0;
  let at = branch;
  let reach = b.depth[b.branches[branch]?.tip ?? 0] ?? 0;
  for (let hops = 0; hops <= b.branches.length; hops++) {
    if (at === own) return depth <= reach;
    const from = b.branches[at]?.from ?? -1;
    if (from < 0) return false;
    reach = b.depth[from] ?? 0;
    at = b.branchOf[from] ?? -1;
  }
  return false;
}

/** The branches on the way from the root to `branch`, itself included. */
export function branchLine(b: Branches, branch: BranchIndex): Set<BranchIndex> {
  const line = new Set<BranchIndex>();
  let at = branch;
  while (at >= 0 && !line.has(at)) {
    line.add(at);
    const from = b.branches[at]?.from ?? -1;
    at = from < 0 ? -1 : (b.branchOf[from] ?? -1);
  }
  return line;
}
