// The words for a person in what a run asked, on one line: what a list shows of a question.

import type { Cursor } from '../../values/cursor.ts';
import { shortText } from '../../values/describe.ts';

/** Members by which questions are usually asked, the most telling first. */
const names = ['question', 'ask', 'query', 'prompt', 'message', 'description', 'reason', 'text', 'title'];

/** Words without quotes and line breaks, at most `length` characters; any other value, and a very long text, in its short form. */
export function oneLine(value: Cursor, length: number): string {
  if (value.kind !== 'string' || !value.isUnicode() || value.payload().length > 4 * length) {
    return shortText(value, length);
  }
  const words = value.text().replace(/\s+/g, ' ').trim();
  return words.length <= length ? words : `${words.slice(0, length - 1).toWellFormed()}…`;
}

/** A payload is whatever the node asked with; where it is an object with words for a person in it, those are the question. */
export function questionLine(payload: Cursor, length: number): string {
  return oneLine(wordsOf(payload), length);
}

function wordsOf(payload: Cursor): Cursor {
  if (payload.kind !== 'map') return payload;
  for (const name of names) {
    const words = payload.get(name);
    if (words?.kind === 'string' && words.isUnicode()) return words;
  }
  const parts = Array.from({ length: Math.min(payload.count, 8) }, (_, i) => payload.child(i));
  return parts.find((part) => part.kind === 'string' && part.isUnicode()) ?? payload;
}
