// Keys and points find each other, and selecting keeps the branch that is followed.

import { beforeEach, describe, expect, it } from 'vitest';
import { branchesOf } from '../../../shared/layout/branches.ts';
import { madeThread } from '../../testing/made-store.ts';
import { useView } from '../../state/view.ts';
import { comparePoint, follow, keyAt, pointOf, selectPoint, selectedPoint, useLineageState } from './lineage-state.ts';

const { columns } = madeThread('order-7', 200, 3);
const branches = branchesOf(columns);

describe('points and keys', () => {
  beforeEach(() => {
    useView.getState().showThread(null);
    useLineageState.setState({ lineage: columns, branches, followed: -1, path: new Int32Array(0) });
    useView.getState().showThread('order-7');
  });

  it('finds every point by its key and nothing by another', () => {
    for (let i = 0; i < columns.count; i++) expect(pointOf(columns, keyAt(columns, i))).toBe(i);
    expect(pointOf(columns, 'order-8//x')).toBe(-1);
    expect(pointOf(columns, 'not a key')).toBe(-1);
    expect(pointOf(columns, null)).toBe(-1);
  });

  it('keeps following a branch while the selection moves on its way, and changes over when it leaves it', () => {
    const fork = branches.branches.findIndex((b) => b.from > 3 && b.run < 0);
    const from = branches.branches[fork]?.from ?? -1;
    follow(fork);
    selectPoint(from);
    expect(useLineageState.getState().followed).toBe(fork);
    const tip = branches.branches[0]?.tip ?? -1;
    selectPoint(tip);
    expect(selectedPoint()).toBe(tip);
    expect(useLineageState.getState().followed).toBe(0);
    expect(useLineageState.getState().path.at(-1)).toBe(tip);
  });

  it('compares, and ends the comparison by the same gesture', () => {
    selectPoint(5);
    comparePoint(3);
    expect(useView.getState()).toMatchObject({ compared: keyAt(columns, 3), tab: 'diff' });
    comparePoint(3);
    expect(useView.getState().compared).toBeNull();
    comparePoint(5);
    expect(useView.getState().compared).toBeNull();
  });
});
