// The lineage that is shown, for everything that moves in it: the picture, the scrubber, the palette, the status bar, the keys.

import { create } from 'zustand';
import type { Result } from '../../../shared/contract/methods.ts';
import type { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey, parseKey } from '../../../shared/model/key.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import { stringAt } from '../../../shared/model/lineage.ts';
import type { Lineage, PointIndex } from '../../../shared/model/lineage.ts';
import { useView } from '../../state/view.ts';
import type { BranchIndex, Branches } from '../../../shared/layout/branches.ts';
import { branchContains } from '../../../shared/layout/branches.ts';
import type { Scene } from '../../../shared/layout/scene.ts';
import { pathOf } from './walk.ts';

export type PointRow = Result<'checkpoints.get'>[number];

export interface LineageState {
  readonly lineage: Lineage | null;
  readonly branches: Branches | null;
  readonly scene: Scene | null;
  readonly error: ForkpointError | null;
  readonly loading: boolean;
  /** Rows that were read, by point; of the lineage that is shown. */
  readonly rows: ReadonlyMap<PointIndex, PointRow>;
  readonly axis: 'step' | 'time';
  readonly unfoldAll: boolean;
  readonly opened: ReadonlySet<PointIndex>;
  /** The branch that ← and → walk along, and its points from the root to the tip. */
  readonly followed: BranchIndex;
  readonly path: Int32Array;
  readonly playing: boolean;
}

export const useLineageState = create<LineageState>()(() => ({
  lineage: null,
  branches: null,
  scene: null,
  error: null,
  loading: false,
  rows: new Map(),
  axis: 'step',
  unfoldAll: false,
  opened: new Set(),
  followed: -1,
  path: new Int32Array(0),
  playing: false,
}));

export const keyAt = (lineage: Lineage, point: PointIndex): CheckpointKey =>
  formatKey({
    thread: lineage.thread,
    namespace: lineage.namespaces[lineage.namespace[point] ?? 0] ?? '',
    id: stringAt(lineage.ids, point),
    nth: lineage.nth[point] ?? 0,
  });

const encoder = new TextEncoder();

/** The point of a key, -1 if the lineage has none. Compares bytes: a lineage may have 200,000 ids and a key is one of them. */
export function pointOf(lineage: Lineage, key: string | null): PointIndex {
  const parts = key === null ? null : parseKey(key);
  if (parts === null || parts.thread !== lineage.thread) return -1;
  const namespace = lineage.namespaces.indexOf(parts.namespace);
  if (namespace < 0) return -1;
  const wanted = encoder.encode(parts.id);
  const { offsets, bytes } = lineage.ids;
  for (let i = lineage.count - 1; i >= 0; i--) {
    const from = offsets[i] ?? 0;
    if ((offsets[i + 1] ?? 0) - from !== wanted.length) continue;
    if (lineage.namespace[i] !== namespace || lineage.nth[i] !== parts.nth) continue;
    let same = true;
    // Ids that begin with a time differ at their end.
    for (let k = wanted.length - 1; k >= 0 && same; k--) same = bytes[from + k] === wanted[k];
    if (same) return i;
  }
  return -1;
}

let lastKey: { readonly lineage: Lineage; readonly key: string | null; readonly point: PointIndex } | null = null;

/** The selected point, -1 while there is none. */
export function selectedPoint(): PointIndex {
  const { lineage } = useLineageState.getState();
  const key = useView.getState().checkpoint;
  if (lineage === null) return -1;
  if (lastKey === null || lastKey.lineage !== lineage || lastKey.key !== key) {
    lastKey = { lineage, key, point: pointOf(lineage, key) };
  }
  return lastKey.point;
}

/** Selects a point; keeps following the branch if the point lies on it. */
export function selectPoint(point: PointIndex): void {
  const { lineage, branches, followed } = useLineageState.getState();
  if (lineage === null || branches === null || point < 0) return;
  if (followed < 0 || !branchContains(branches, followed, point)) follow(branches.branchOf[point] ?? -1);
  useView.getState().showCheckpoint(keyAt(lineage, point));
}

export function follow(branch: BranchIndex): void {
  const { branches } = useLineageState.getState();
  if (branches === null || branch < 0) return;
  useLineageState.setState({ followed: branch, path: pathOf(branches, branch) });
}

export function comparePoint(point: PointIndex): void {
  const { lineage } = useLineageState.getState();
  if (lineage === null) return;
  const key = keyAt(lineage, point);
  const view = useView.getState();
  view.compare(view.compared === key ? null : key);
}

export function openFold(point: PointIndex): void {
  useLineageState.setState((s) => ({ opened: new Set(s.opened).add(point) }));
}

/** The point where the thread stands by its framework's own rule; the last one where there is no such rule. */
export function headPoint(): PointIndex {
  const { lineage } = useLineageState.getState();
  if (lineage === null || lineage.count === 0) return -1;
  const root = lineage.heads[0] ?? -1;
  return root >= 0 ? root : lineage.count - 1;
}
