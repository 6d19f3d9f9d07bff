// Whether a lineage only grew: the same points as before, and then some. Then the picture may keep what it has placed.

import type { Branches } from './branches.ts';

/** True if every point of `before` is the same point in `after`, with the same parent. O(n), a comparison of columns. */
export function continues(before: Branches, after: Branches): boolean {
  const [a, b] = [before.lineage, after.lineage];
  if (a.thread !== b.thread || a.count > b.count) return false;
  // A window adds the points of an append behind those that it has, in the same memory.
  const isSameMemory =
    a.ids.bytes.buffer === b.ids.bytes.buffer && a.parent.buffer === b.parent.buffer && a.host.buffer === b.host.buffer;
  if (a === b || (isSameMemory && a.count > 0)) return true;
  for (let i = 0; i < a.count; i++) {
    if (before.before[i] !== after.before[i] || a.ids.offsets[i + 1] !== b.ids.offsets[i + 1]) return false;
  }
  const bytes = a.ids.offsets[a.count] ?? 0;
  for (let i = 0; i < bytes; i++) if (a.ids.bytes[i] !== b.ids.bytes[i]) return false;
  return true;
}
