// Why a store cannot be changed in some way, in one sentence: it stands where the button would be.

import type { StoreInfo } from '../../shared/model/shapes.ts';

/** Why none of these operations can be done; null if one of them can. */
export function whyNot(info: StoreInfo, operations: readonly string[]): string | null {
  const able = operations.some((one) => info.capabilities.includes(one));
  // The reason stands last among the notes of a store that could be changed and is not writable.
  if (able) return info.writable ? null : (info.notes.at(-1) ?? 'This store is read-only.');
  const unable = operations.flatMap((one) => info.unable.find((u) => u.operation === one) ?? []);
  return unable[0]?.reason ?? 'Forkpoint does not write this format.';
}
