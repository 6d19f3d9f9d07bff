// Channels whose value lasts one step (EphemeralValue, AnyValue, a Topic that does not accumulate): a step that does not write to one
// takes its value away. Which channels are such is code; it shows in steps that the thread has already made.

import { keysOf } from './cells.ts';
import { sameBytes } from './next.ts';
import { openPoint } from './point.ts';
import type { Point } from './point.ts';
import { sizeOf } from './rows.ts';
import type { RowReader } from './rows.ts';
import type { Cursor } from '../../values/cursor.ts';

/** Ancestors, and bytes of them, that are looked at before a channel counts as one that keeps its value. */
const ancestorsRead = 32;
const bytesRead = 16 << 20;

const isEmptyList = (value: Cursor): boolean => value.kind === 'list' && value.count === 0;

/**
 * What becomes of channels that a step does not write to: `null` where the value goes, else the empty list that is left of it.
 * Channels that keep their value, or of which no earlier step tells, are not in it.
 */
export function fadingOf(
  read: RowReader,
  point: Point,
  channels: readonly string[],
): ReadonlyMap<string, Cursor | null> {
  const { thread, namespace } = point.row;
  const fading = new Map<string, Cursor | null>();
  const open = new Set(channels);
  let after = point;
  let [ancestors, bytes] = [0, 0];
  while (open.size > 0 && after.row.parent !== null && ancestors++ < ancestorsRead && bytes < bytesRead) {
    const row = read.checkpoint(thread, namespace, after.row.parent);
    if (row === null) break;
    bytes += sizeOf(row);
    const before = openPoint(row, point.dialect);
    // An update or a copy is no step.
    if (after.source === 'loop' && after.values !== null) {
      const wrote = new Set(read.writes(thread, namespace, before.row.id).map((w) => w.channel));
      for (const channel of keysOf(before.values)) {
        const then = before.values?.get(channel) ?? null;
        if (!open.has(channel) || wrote.has(channel) || then === null || isEmptyList(then)) continue;
        const now = after.values.get(channel);
        if (now === null) fading.set(channel, null);
        else if (isEmptyList(now)) fading.set(channel, now);
        // What changed without a write tells nothing.
        else if (!sameBytes(now.slice(), then.slice())) continue;
        open.delete(channel);
      }
    }
    after = before;
  }
  return fading;
}
