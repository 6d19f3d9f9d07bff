// Text search in one state: keys, strings, numbers and class names that hold a text, letter case aside.
//
// Upper and lower case are matched as a JavaScript regular expression with the flag `i` does. One native pass over the raw bytes
// finds where a match can be at all; subtrees without such a spot are never opened.

import { asBuffer } from './bytes.ts';
import type { Cursor } from './cursor.ts';

/** More spots than this and looking them up costs more than walking the rest. */
const mostSpots = 100_000;

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Whether a number's lexeme could hold the text. */
function canBeNumber(text: string): boolean {
  return /^[-+.\deE]+$/.test(text) || ['nan', '-infinity'].some((word) => word.includes(text.toLowerCase()));
}

/**
 * Offsets (ascending) that every match must include, or null where the bytes cannot tell: numbers in msgpack are not text,
 * and JSON may write any character as an escape.
 */
function spotsOf(root: Cursor, text: string): Float64Array | null {
  if (root.encoding === 'msgpack' && canBeNumber(text)) return null;
  // The longest run of characters that both encodings write as they are.
  const run = (text.match(/[ !#-\-0-[\]-~]+/g) ?? []).toSorted((a, b) => b.length - a.length)[0];
  if (run === undefined) return null;
  const bytes = asBuffer(root.slice()).toString('latin1');
  if (root.encoding === 'json' && /\\u00[2-7]/.test(bytes)) return null;
  const spots: number[] = [];
  for (const match of bytes.matchAll(new RegExp(escaped(run), 'gi'))) {
    if (spots.length === mostSpots) return null;
    spots.push(root.start + match.index);
  }
  return Float64Array.from(spots);
}

/** Whether a spot lies in `[start, end)`. */
function anyWithin(spots: Float64Array, start: number, end: number): boolean {
  let low = 0;
  let high = spots.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spots[middle] ?? Infinity) < start) low = middle + 1;
    else high = middle;
  }
  return (spots[low] ?? Infinity) < end;
}

function holds(cursor: Cursor, pattern: RegExp): boolean {
  if (cursor.kind === 'string') return cursor.isUnicode() && pattern.test(cursor.text());
  if (cursor.kind === 'integer' || cursor.kind === 'float') return pattern.test(cursor.lexeme());
  if (cursor.object === null) return false;
  // Module and name are stored apart, so a text across their dot is found nowhere.
  const { className } = cursor.object;
  const dot = className.lastIndexOf('.');
  return pattern.test(className.slice(0, Math.max(0, dot))) || pattern.test(className.slice(dot + 1));
}

interface Frame {
  readonly cursor: Cursor;
  readonly count: number;
  next: number;
}

/**
 * Places (ordinals from the root) whose key or own text holds `text`, in stored order, at most `limit` of them;
 * `more` says whether there are others. An empty text is nowhere.
 */
export function findText(root: Cursor, text: string, limit: number): { places: number[][]; more: boolean } {
  const places: number[][] = [];
  if (text === '' || root.kind === 'opaque') return { places, more: false };
  const pattern = new RegExp(escaped(text), 'i');
  const spots = spotsOf(root, text);
  if (spots !== null && spots.length === 0) return { places, more: false };
  if (holds(root, pattern)) {
    if (limit === 0) return { places, more: true };
    places.push([]);
  }
  const stack: Frame[] = [{ cursor: root, count: root.count, next: 0 }];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (frame.next === frame.count) {
      stack.pop();
      continue;
    }
    const ordinal = frame.next++;
    const child = frame.cursor.child(ordinal);
    const key = frame.cursor.kind === 'map' ? frame.cursor.key(ordinal) : null;
    if (spots !== null && !anyWithin(spots, key?.start ?? child.start, child.end)) continue;
    if ((key !== null && holds(key, pattern)) || holds(child, pattern)) {
      if (places.length >= limit) return { places, more: true };
      places.push(stack.map((f) => f.next - 1));
    }
    if (child.count > 0) stack.push({ cursor: child, count: child.count, next: 0 });
  }
  return { places, more: false };
}
