// Strict check of one JSON text, before any cursor trusts its structure. Iterative: depth costs one byte each, never stack.
//
// RFC 8259 with two additions: the bare tokens NaN, Infinity and -Infinity, which Python's json module writes, and strings whose
// raw bytes are not UTF-8 (they read as "not Unicode"; refusing a whole state for one bad string would help nobody).
// Not accepted: a byte order mark, control characters in strings, leading zeros, trailing commas, comments.

import { corrupt } from '../bytes.ts';
import type { KnownParts } from './known-parts.ts';
import { LargeParts, largeFrom } from './large-parts.ts';
import { runEnd, wordsOf, type Words } from './string-run.ts';
import { skipSpace } from './white-space.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;

function hexDigit(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);
}

function digit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

/** From the opening quote to behind the closing one. */
function checkString(b: Uint8Array, words: Words, at: number, end: number): number {
  let i = at + 1;
  for (;;) {
    i = runEnd(b, words, i, end);
    if (i >= end) throw corrupt(`a string is cut off (it begins at byte ${at}, the text ends)`, end);
    const c = b[i]!;
    if (c === QUOTE) return i + 1;
    if (c !== BACKSLASH) throw corrupt('a control character stands unescaped in a string', i);
    if (i + 1 >= end) throw corrupt('an escape is cut off', end);
    switch (b[i + 1]!) {
      case 0x22: // "
      case 0x5c: // \
      case 0x2f: // /
      case 0x62: // b
      case 0x66: // f
      case 0x6e: // n
      case 0x72: // r
      case 0x74: // t
        i += 2;
        break;
      case 0x75: {
        // u
        if (i + 6 > end) throw corrupt('an escape is cut off', end);
        for (let k = i + 2; k < i + 6; k++) {
          if (!hexDigit(b[k]!)) throw corrupt('an escape is not four hexadecimal digits', k);
        }
        i += 6;
        break;
      }
      default:
        throw corrupt('a string has an unknown escape', i);
    }
  }
}

function checkDigits(b: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && digit(b[i]!)) i++;
  if (i === at) throw corrupt(i >= end ? 'a number is cut off' : 'a digit is missing in a number', i);
  return i;
}

function checkNumber(b: Uint8Array, at: number, end: number): number {
  let i = at;
  if (b[i] === MINUS) i++;
  if (i < end && b[i] === 0x30) i++;
  else i = checkDigits(b, i, end);
  if (i < end && b[i] === 0x2e) i = checkDigits(b, i + 1, end);
  if (i < end && (b[i] === 0x65 || b[i] === 0x45)) {
    i++;
    if (i < end && (b[i] === 0x2b || b[i] === MINUS)) i++;
    i = checkDigits(b, i, end);
  }
  return i;
}

function checkWord(b: Uint8Array, at: number, end: number, word: string): number {
  for (let k = 0; k < word.length; k++) {
    if (at + k >= end) throw corrupt('the text is cut off', end);
    if (b[at + k] !== word.charCodeAt(k)) throw corrupt('an unknown word stands where a value belongs', at);
  }
  return at + word.length;
}

/** Numbers and words. */
function checkPlain(b: Uint8Array, at: number, end: number): number {
  if (at >= end) throw corrupt('the text ends where a value belongs', end);
  const c = b[at]!;
  if (digit(c)) return checkNumber(b, at, end);
  switch (c) {
    case MINUS:
      return b[at + 1] === 0x49 && at + 1 < end ? checkWord(b, at, end, '-Infinity') : checkNumber(b, at, end);
    case 0x74:
      return checkWord(b, at, end, 'true');
    case 0x66:
      return checkWord(b, at, end, 'false');
    case 0x6e:
      return checkWord(b, at, end, 'null');
    case 0x4e:
      return checkWord(b, at, end, 'NaN');
    case 0x49:
      return checkWord(b, at, end, 'Infinity');
    case 0xef:
      throw corrupt('a byte order mark or another character stands where a value belongs', at);
    default:
      throw corrupt('an unexpected character stands where a value belongs', at);
  }
}

/** From a name's opening quote to where its value begins. */
function checkName(b: Uint8Array, words: Words, at: number, end: number): number {
  if (at >= end) throw corrupt('the text ends inside a map', end);
  if (b[at] !== QUOTE) throw corrupt('a name in quotes is missing in a map', at);
  const i = skipSpace(b, checkString(b, words, at, end), end);
  if (i >= end) throw corrupt('the text ends inside a map', end);
  if (b[i] !== COLON) throw corrupt('a colon is missing behind a name', i);
  return skipSpace(b, i + 1, end);
}

export interface CheckedText {
  /** Span of the value, white space around it left off. */
  readonly start: number;
  readonly end: number;
  readonly parts: LargeParts;
}

/**
 * Checks that the bytes `[from, end)` hold one value. Throws `corrupt` with the byte offset where the text departs from the grammar.
 * `known`: parts of a text checked before, which need no second look where they stand here too.
 */
export function checkJson(b: Uint8Array, from: number, end: number, known: KnownParts | null = null): CheckedText {
  const parts = new LargeParts();
  const start = skipSpace(b, from, end);
  const behind = checkValue(b, wordsOf(b), start, end, known, parts);
  const tail = skipSpace(b, behind, end);
  if (tail !== end) throw corrupt('something stands behind the value', tail);
  return { start, end: behind, parts };
}

/** Checks the value that begins at `start` and gives the byte behind it; `parts`, unless null, takes note of what is large in it. */
export function checkValue(
  b: Uint8Array,
  words: Words,
  start: number,
  end: number,
  known: KnownParts | null,
  parts: LargeParts | null,
): number {
  let i = start;
  /** Per open container: its place in `parts`, doubled, and 1 more for a map. */
  const open: number[] = [];
  for (;;) {
    // A member begins at i: a value, in a map with its name.
    const inMap = open.length > 0 && open.at(-1)! % 2 === 1;
    if (inMap) i = checkName(b, words, i, end);
    const c = i < end ? b[i]! : -1;
    if (c === OPEN_LIST || c === OPEN_MAP || c === QUOTE) {
      const at = i;
      const behind = known === null || parts === null ? -1 : known.pass(b, at, end, open.length > 0 && !inMap, parts);
      if (behind >= 0) {
        i = behind;
      } else if (c === QUOTE) {
        i = checkString(b, words, at, end);
        if (i - at >= largeFrom) parts?.add(at, i);
      } else {
        i = skipSpace(b, at + 1, end);
        if (i >= end || b[i] !== (c === OPEN_MAP ? CLOSE_MAP : CLOSE_LIST)) {
          open.push((parts?.add(at, 0) ?? 0) * 2 + (c === OPEN_MAP ? 1 : 0));
          continue;
        }
        i++;
      }
    } else {
      i = checkPlain(b, i, end);
    }
    // A value has ended at i: close what ends here, or step over the comma to the next member.
    for (;;) {
      const inner = open.at(-1);
      if (inner === undefined) return i;
      i = skipSpace(b, i, end);
      if (i >= end) throw corrupt('the text ends inside a list or map', end);
      const isMap = inner % 2 === 1;
      const next = b[i]!;
      if (next === COMMA) {
        i = skipSpace(b, i + 1, end);
        break;
      }
      if (next !== (isMap ? CLOSE_MAP : CLOSE_LIST)) {
        throw corrupt(isMap ? 'a comma or } is missing' : 'a comma or ] is missing', i);
      }
      i++;
      open.pop();
      parts?.close(inner >> 1, i);
    }
  }
}
