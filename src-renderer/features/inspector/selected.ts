// The rows of the selected checkpoint, of its parent and of the compared one: step, node, time, status, and the hue of their branch.
// The lineage is the one that is drawn (`features/lineage`); only the rows themselves are read here.

import { useEffect, useState } from 'react';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import { useService } from '../../service/client.ts';
import { pointOf, useLineageState } from '../lineage/lineage-state.ts';

export interface SelectedRow {
  readonly checkpoint: Checkpoint;
  readonly branch: string;
  /** A colour of the tokens. */
  readonly colour: string;
}

export interface SelectedRows {
  /** Of which checkpoint these are; differs from the selected one while the next is read. */
  readonly key: string;
  readonly checkpoint: SelectedRow | null;
  readonly parent: SelectedRow | null;
  readonly compared: SelectedRow | null;
  /** Checkpoints from the root to the selected one. */
  readonly depth: number;
  /** Whether the framework would go on from here by itself. */
  readonly isHead: boolean;
}

export function useSelectedRows(store: string, key: string, compared: string | null): SelectedRows | null {
  const client = useService();
  const lineage = useLineageState((s) => s.lineage);
  const branches = useLineageState((s) => s.branches);
  const [rows, setRows] = useState<SelectedRows | null>(null);
  useEffect(() => {
    if (lineage === null || branches === null || branches.lineage !== lineage) return;
    const controller = new AbortController();
    const point = pointOf(lineage, key);
    const parent = point < 0 ? -1 : (lineage.parent[point] ?? -1);
    const other = pointOf(lineage, compared);
    const indices = [...new Set([point, parent, other])].filter((i) => i >= 0);
    client
      .call(
        'checkpoints.get',
        { store, thread: lineage.thread, indices, summaries: false },
        { signal: controller.signal },
      )
      .then(
        (answer) => {
          if (controller.signal.aborted) return;
          const rowOf = (index: number): SelectedRow | null => {
            const checkpoint = answer.find((r) => r.index === index)?.checkpoint;
            if (checkpoint === undefined) return null;
            const branch = branches.branches[branches.branchOf[index] ?? -1];
            const hue = branch?.hue ?? -1;
            return { checkpoint, branch: branch?.name ?? '', colour: hue < 0 ? 'var(--text)' : `var(--b${hue})` };
          };
          setRows({
            key,
            checkpoint: rowOf(point),
            parent: rowOf(parent),
            compared: rowOf(other),
            depth: point < 0 ? 0 : (branches.depth[point] ?? 0) + 1,
            isHead: point >= 0 && lineage.heads[lineage.namespace[point] ?? 0] === point,
          });
        },
        // The panes say what cannot be read; facts that are missing are simply not there.
        () => undefined,
      );
    return () => controller.abort();
  }, [client, store, key, compared, lineage, branches]);
  return rows;
}

/** "step 24 · tools", as much of it as is known. */
export function stepAndNode(checkpoint: Checkpoint | null): string {
  if (checkpoint === null) return '–';
  const node = checkpoint.node.length > 0 ? checkpoint.node.join(' + ') : (checkpoint.source ?? '');
  const step = checkpoint.step === null ? '' : `step ${checkpoint.step}`;
  return [step, node].filter((t) => t !== '').join(' · ') || '–';
}
