// Where the bytes of a state are: per top-level member, largest first.

import type { ByteShare } from '../stores/store.ts';
import type { Cursor } from '../values/cursor.ts';
import { shortText } from '../values/describe.ts';
import { throughObjects } from '../values/path.ts';

/** Keys that repeat are counted together under their name. The rest (keys, punctuation) is what is missing to the whole. */
export function byteShares(root: Cursor | null): ByteShare[] {
  if (root === null) return [];
  const { cursor } = throughObjects(root);
  if (cursor.kind !== 'map') return [];
  const shares = new Map<string, number>();
  for (let i = 0; i < cursor.count; i++) {
    const value = cursor.child(i);
    const member = keyText(cursor.key(i));
    shares.set(member, (shares.get(member) ?? 0) + value.end - value.start);
  }
  return [...shares].map(([member, bytes]) => ({ member, bytes })).sort((a, b) => b.bytes - a.bytes);
}

/** Name of a map entry for people: the key's text, or a short form of a key that is none. */
export function keyText(key: Cursor): string {
  return key.kind === 'string' && key.isUnicode() ? key.text() : shortText(key, 80);
}
