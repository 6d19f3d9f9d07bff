// Whether a map can stand as a plain object in tagged JSON.

import type { Cursor } from './cursor.ts';

/** Comparing the few keys of a common map costs less than a set of them. */
const fewKeys = 12;

function allDiffer(keys: readonly string[]): boolean {
  if (keys.length > fewKeys) return new Set(keys).size === keys.length;
  for (let i = 1; i < keys.length; i++) {
    for (let k = 0; k < i; k++) if (keys[i] === keys[k]) return false;
  }
  return true;
}

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
  return allDiffer(keys) ? keys : null;
}

/** Answers by cursor: pointers into one large map would else read all its keys each time. */
const known = new WeakMap<Cursor, boolean>();

/** Whether a map stands as a plain object in tagged JSON, without `$map`. */
export function isPlainObject(map: Cursor): boolean {
  let plain = known.get(map);
  if (plain === undefined) {
    plain = stringKeys(map) !== null;
    known.set(map, plain);
  }
  return plain;
}
