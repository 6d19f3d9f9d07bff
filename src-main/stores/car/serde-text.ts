// What Rust's serde_json refuses in a text that is JSON for us: levels beyond 127, text that is not UTF-8, halves of surrogate pairs,
// NaN and Infinity, numbers that no double holds.

import { isUtf8 } from 'node:buffer';

/** serde_json's limit on containers within each other is 128, the outermost not counted. */
const deepest = 127;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const U = 0x75;

/** A part of a sentence, null if serde_json reads the text. `bytes` is known to be JSON. */
export function serdeProblem(bytes: Uint8Array): string | null {
  if (!isUtf8(bytes)) return 'it is not valid UTF-8';
  let depth = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const c = bytes[i]!;
    if (c === QUOTE) {
      const end = stringEnd(bytes, i);
      if (end < 0) return 'a text in it has half of a surrogate pair';
      i = end;
    } else if (c === 0x7b || c === 0x5b) {
      depth += 1;
      if (depth > deepest) return `it is nested more than ${deepest} levels deep`;
    } else if (c === 0x7d || c === 0x5d) depth -= 1;
    else if (c === 0x4e || c === 0x49) return 'it has a NaN or Infinity';
    else if (c === 0x2d || (c >= 0x30 && c <= 0x39)) {
      let end = i + 1;
      while (end < bytes.length && /[0-9.eE+-]/.test(String.fromCharCode(bytes[end]!))) end += 1;
      // Only such a long number, or one with an exponent, can be too large.
      if (end - i > 300 || hasExponent(bytes, i, end)) {
        const number = Number(Buffer.from(bytes.buffer, bytes.byteOffset + i, end - i).toString('latin1'));
        if (!Number.isFinite(number)) return 'a number in it is out of range';
      }
      if (bytes[end] === 0x49) return 'it has a NaN or Infinity';
      i = end - 1;
    }
  }
  return null;
}

function hasExponent(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (bytes[i] === 0x65 || bytes[i] === 0x45) return true;
  return false;
}

/** Index of the closing quote; -1 where an escape is half of a surrogate pair. */
function stringEnd(bytes: Uint8Array, at: number): number {
  let i = at + 1;
  for (;;) {
    const c = bytes[i]!;
    if (c === QUOTE) return i;
    if (c !== BACKSLASH) {
      i += 1;
      continue;
    }
    if (bytes[i + 1] !== U) {
      i += 2;
      continue;
    }
    const unit = escapedUnit(bytes, i);
    i += 6;
    if (unit >= 0xdc00 && unit <= 0xdfff) return -1;
    if (unit < 0xd800 || unit > 0xdbff) continue;
    if (bytes[i] !== BACKSLASH || bytes[i + 1] !== U) return -1;
    const low = escapedUnit(bytes, i);
    if (low < 0xdc00 || low > 0xdfff) return -1;
    i += 6;
  }
}

function escapedUnit(bytes: Uint8Array, at: number): number {
  return Number.parseInt(Buffer.from(bytes.buffer, bytes.byteOffset + at + 2, 4).toString('latin1'), 16);
}
