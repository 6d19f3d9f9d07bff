// Hand-made threads with a delta channel.

import type { MadePoint } from './make.ts';

export const idOf = (n: number): string => `1f1e5894-${String(n).padStart(4, '0')}-6000-8000-000000000000`;
const nodeTask = '11111111-1111-1111-1111-111111111111';

/** A chain of points; `updates[i]` was written at point i and led to point i + 1; `stored[i]` is a snapshot at point i. */
export function chain(
  channel: string,
  updates: readonly unknown[],
  stored: Readonly<Record<number, unknown>> = {},
): MadePoint[] {
  return Array.from({ length: updates.length + 1 }, (_, i): MadePoint => {
    const snapshot = stored[i];
    return {
      id: idOf(i),
      parent: i === 0 ? null : idOf(i - 1),
      versions: { [channel]: i + 1 },
      values: snapshot === undefined ? {} : { [channel]: { lc: 2, type: 'delta_snapshot', value: snapshot } },
      metadata: { source: 'loop', step: i, parents: {}, counters_since_delta_snapshot: { [channel]: [1, 1] } },
      writes: i < updates.length ? [{ task: nodeTask, channel, value: updates[i] }] : [],
    };
  });
}
