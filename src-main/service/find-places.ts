// Searching a state of any size without holding up other calls: large values are searched child by child.

import type { Cursor } from '../values/cursor.ts';
import { findText } from '../values/search.ts';
import { Pace } from './pace.ts';

/** Bytes that are searched in one go. */
const piece = 1 << 20;

/** As `findText`, but breathing; cancellable. */
export async function findPlaces(
  root: Cursor,
  text: string,
  limit: number,
  signal: AbortSignal,
): Promise<{ places: number[][]; more: boolean }> {
  if (text === '') return { places: [], more: false };
  const pace = new Pace(signal);
  const needle = text.toLowerCase();
  // One more than asked for tells whether there are others.
  const wanted = limit + 1;
  const places: number[][] = [];

  async function search(cursor: Cursor, way: readonly number[], keyFits: boolean): Promise<void> {
    if (places.length >= wanted) return;
    await pace.breathe();
    if (cursor.count === 0 || cursor.end - cursor.start <= piece) {
      const found = findText(cursor, text, wanted - places.length).places;
      if (keyFits && found[0]?.length !== 0) places.push([...way]);
      for (const place of found) places.push([...way, ...place]);
      return;
    }
    if (keyFits) places.push([...way]);
    for (let i = 0; i < cursor.count && places.length < wanted; i++) {
      await search(cursor.child(i), [...way, i], cursor.kind === 'map' && holds(cursor.key(i), needle));
    }
  }

  await search(root, [], false);
  return { places: places.slice(0, limit), more: places.length > limit };
}

function holds(key: Cursor, needle: string): boolean {
  if (key.kind === 'string') return key.isUnicode() && key.text().toLowerCase().includes(needle);
  return (key.kind === 'integer' || key.kind === 'float') && key.lexeme().toLowerCase().includes(needle);
}
