// The row of the selected checkpoint, for whoever shows facts about it; and how points are named.

import { statusWord } from '../../../shared/model/status.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import { useView } from '../../state/view.ts';
import { clockTime, count, millisOf } from '../../ui/format.ts';
import { selectedPoint, useLineageState } from './lineage-state.ts';
import type { PointRow } from './lineage-state.ts';

/** Null while nothing is selected or its row is being read. */
export function useSelectedRow(): PointRow | null {
  const key = useView((v) => v.checkpoint);
  return useLineageState((s) => (key === null ? null : (s.rows.get(selectedPoint()) ?? null)));
}

export const useSelected = (): Checkpoint | null => useSelectedRow()?.checkpoint ?? null;

/** `model`, `model+tools`; where no node is told, what wrote it (`input`, `fork`); null where that is not told either. */
export const nodeOrSource = (c: Pick<Checkpoint, 'node' | 'source'>): string | null =>
  c.node.length > 0 ? c.node.join('+') : c.source;

/** What a checkpoint is called in a small place: its node; where no node made it, its time; else the end of its id. */
export function nodeName(c: Pick<Checkpoint, 'node' | 'source' | 'time' | 'id'>): string {
  const time = millisOf(c.time);
  return nodeOrSource(c) ?? (time === null ? c.id.slice(-12) : clockTime(time));
}

/** The step as people write it, with a true minus: inputs are −1. */
export const stepNumber = (step: number | null): string => (step === null ? '–' : count(step).replace('-', '−'));

/** `step 25 · model`; without the step where the store has none. */
export const stepName = (c: Checkpoint): string =>
  c.step === null ? nodeName(c) : `step ${stepNumber(c.step)} · ${nodeName(c)}`;

/** The name that assistive technology reads: `step 25, model, waiting, 1367ce2a`. */
export function spokenName(c: Checkpoint): string {
  const node = c.node.length > 0 ? c.node.join('+') : '–';
  return `step ${c.step ?? '–'}, ${node}, ${statusWord[c.status]}, ${c.id.slice(-8)}`;
}
