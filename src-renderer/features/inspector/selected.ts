// The row of the selected checkpoint, of its parent and of the compared one: step, node, time, status.
// Rows are asked for by index into the lineage, so the lineage of the thread is read once and kept while the thread is shown.

import { useEffect, useState } from 'react';
import type { LineageColumns } from '../../../shared/contract/methods.ts';
import type { ServiceClient } from '../../../shared/contract/service.ts';
import { parseKey } from '../../../shared/model/key.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import { useService } from '../../service/client.ts';

export interface SelectedRows {
  /** Of which checkpoint these are; differs from the selected one while the next is read. */
  readonly key: string;
  readonly checkpoint: Checkpoint | null;
  readonly parent: Checkpoint | null;
  readonly compared: Checkpoint | null;
}

const encoder = new TextEncoder();

/** Position of a key in the columns; -1 if it is not there. Compares bytes, so nothing is decoded on the way. */
export function indexOfKey(lineage: LineageColumns, key: string): number {
  const parts = parseKey(key);
  if (parts === null) return -1;
  const namespace = lineage.namespaces.indexOf(parts.namespace);
  const id = encoder.encode(parts.id);
  const { offsets, bytes } = lineage.ids;
  next: for (let i = lineage.count - 1; i >= 0; i--) {
    const start = offsets[i] ?? 0;
    if ((offsets[i + 1] ?? 0) - start !== id.length) continue;
    if (lineage.namespace[i] !== namespace || lineage.nth[i] !== parts.nth) continue;
    for (let b = 0; b < id.length; b++) if (bytes[start + b] !== id[b]) continue next;
    return i;
  }
  return -1;
}

interface Kept {
  readonly client: ServiceClient;
  readonly name: string;
  readonly lineage: Promise<LineageColumns>;
}
let kept: Kept | null = null;

function lineageOf(client: ServiceClient, store: string, thread: string, revision: number): Promise<LineageColumns> {
  const name = JSON.stringify([store, thread, revision]);
  if (kept !== null && kept.client === client && kept.name === name) return kept.lineage;
  const lineage = client.call('lineage.get', { store, thread }).then((answer) => answer.lineage);
  const mine: Kept = { client, name, lineage };
  kept = mine;
  lineage.catch(() => {
    if (kept === mine) kept = null;
  });
  return lineage;
}

export function useSelectedRows(
  store: string | null,
  key: string | null,
  compared: string | null,
  revision: number,
): SelectedRows | null {
  const client = useService();
  const [rows, setRows] = useState<SelectedRows | null>(null);
  useEffect(() => {
    if (store === null || key === null) {
      setRows(null);
      return;
    }
    const controller = new AbortController();
    const read = async (): Promise<SelectedRows> => {
      const threadOf = (k: string): string => parseKey(k)?.thread ?? '';
      const rowsOf = async (keys: readonly string[]): Promise<(Checkpoint | null)[]> => {
        const thread = threadOf(keys[0] ?? '');
        const lineage = await lineageOf(client, store, thread, revision);
        const at = keys.flatMap((k) => {
          const index = indexOfKey(lineage, k);
          if (index < 0) return [-1, -1];
          return [index, lineage.parent[index] ?? -1];
        });
        const indices = [...new Set(at.filter((i) => i >= 0))];
        const answer = await client.call(
          'checkpoints.get',
          { store, thread, indices, summaries: false },
          { signal: controller.signal },
        );
        const byIndex = new Map(answer.map((r) => [r.index, r.checkpoint]));
        return at.map((i) => byIndex.get(i) ?? null);
      };
      if (compared === null || threadOf(compared) === threadOf(key)) {
        const [checkpoint, parent, other] = await rowsOf(compared === null ? [key] : [key, compared]);
        return { key, checkpoint: checkpoint ?? null, parent: parent ?? null, compared: other ?? null };
      }
      const [checkpoint, parent] = await rowsOf([key]);
      return { key, checkpoint: checkpoint ?? null, parent: parent ?? null, compared: null };
    };
    read().then(
      (next) => !controller.signal.aborted && setRows(next),
      // The panes say what cannot be read; facts that are missing are simply not there.
      () => !controller.signal.aborted && setRows({ key, checkpoint: null, parent: null, compared: null }),
    );
    return () => controller.abort();
  }, [client, store, key, compared, revision]);
  return rows;
}

/** "step 24 · tools", as much of it as is known. */
export function stepAndNode(checkpoint: Checkpoint | null): string {
  if (checkpoint === null) return '–';
  const node = checkpoint.node.length > 0 ? checkpoint.node.join(' + ') : (checkpoint.source ?? '');
  const step = checkpoint.step === null ? '' : `step ${checkpoint.step}`;
  return [step, node].filter((t) => t !== '').join(' · ') || '–';
}
