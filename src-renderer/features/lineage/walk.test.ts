// Movements through a small tree, told as a picture:
//
//     0─1─2─3─8        main
//       └─4─5─9        fork-1
//         └─6          fork-2
//     and 7, 10 as a sub-graph under 3

import { describe, expect, it } from 'vitest';
import { branchesOf } from '../../../shared/layout/branches.ts';
import { stringColumn } from '../../../shared/model/lineage.ts';
import type { Lineage } from '../../../shared/model/lineage.ts';
import { hostOf, hostedRuns, neighbour, pathOf, placeOn } from './walk.ts';

const parent = [-1, 0, 1, 2, 1, 4, 4, -1, 3, 5, 7];
const count = parent.length;
const lineage: Lineage = {
  thread: 't',
  count,
  ids: stringColumn(parent.map((_, i) => `id-${i}`)),
  nth: new Uint32Array(count),
  parent: Int32Array.from(parent),
  link: new Uint8Array(count),
  reason: new Uint32Array(count),
  reasons: [''],
  namespace: Uint32Array.from(parent, (_, i) => (i === 7 || i === 10 ? 1 : 0)),
  namespaces: ['', 'research:1'],
  host: Int32Array.from(parent, (_, i) => (i === 7 ? 3 : -1)),
  time: new Float64Array(count),
  step: Int32Array.from(parent),
  bytes: new Float64Array(count),
  heads: Int32Array.from([8, 10]),
};
const b = branchesOf(lineage);
const branch = (point: number): number => b.branchOf[point] ?? -1;
const lanes = new Map([
  [branch(0), 0],
  [branch(4), 1],
  [branch(6), 2],
  [branch(7), 3],
]);
const laneOf = (i: number): number => lanes.get(i) ?? -1;

describe('movements', () => {
  it('walks a branch from the root', () => {
    expect([...pathOf(b, branch(8))]).toEqual([0, 1, 2, 3, 8]);
    expect([...pathOf(b, branch(9))]).toEqual([0, 1, 4, 5, 9]);
    expect([...pathOf(b, branch(10))]).toEqual([7, 10]);
  });

  it('knows the place of a point, and that another is not on the way', () => {
    const path = pathOf(b, branch(9));
    expect([0, 1, 4, 5, 9].map((p) => placeOn(b, path, p))).toEqual([0, 1, 2, 3, 4]);
    expect([2, 3, 6, 8].map((p) => placeOn(b, path, p))).toEqual([-1, -1, -1, -1]);
  });

  it('goes to the same depth on the next branch, or to its nearest end', () => {
    expect(neighbour(b, laneOf, 2, 1)).toBe(4);
    expect(neighbour(b, laneOf, 5, 1)).toBe(6);
    expect(neighbour(b, laneOf, 5, -1)).toBe(3);
    expect(neighbour(b, laneOf, 9, 1)).toBe(6);
    expect(neighbour(b, laneOf, 0, -1)).toBe(-1);
    expect(neighbour(b, laneOf, 6, 1)).toBe(-1);
  });

  it('enters a sub-graph by its host only, and leads out to it', () => {
    expect(hostedRuns(b, 3)).toEqual([7]);
    expect(hostedRuns(b, 2)).toEqual([]);
    expect(hostOf(b, 10)).toBe(3);
    expect(hostOf(b, 8)).toBe(-1);
  });
});
