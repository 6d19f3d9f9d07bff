// Whether a map can stand as a plain object in tagged JSON.

import type { Cursor } from './cursor.ts';

/**
 * Keys of a map in stored order, or null if the map needs `$map`: a key that is not a Unicode string, a key that repeats,
 * or a single key that begins with `$` and would read as a tag.
 */
export function stringKeys(map: Cursor): string[] | null {
  const keys: string[] = [];
  const count = map.count;
  for (let i = 0; i < count; i++) {
    const key = map.key(i);
    if (key.kind !== 'string' || !key.isUnicode()) return null;
    keys.push(key.text());
  }
  if (count === 1 && keys[0]?.startsWith('$') === true) return null;
  return new Set(keys).size === count ? keys : null;
}
