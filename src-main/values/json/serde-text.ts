// What Rust's serde_json refuses in a text that is JSON for us: levels beyond 127, text that is not UTF-8, halves of surrogate pairs,
// NaN and Infinity, numbers that no double holds. One pass over the bytes, no recursion.

import { isUtf8 } from 'node:buffer';

/** serde_json stops at 128 containers within each other. */
const deepest = 127;

const [quote, backslash, minus, dot, letterU] = [0x22, 0x5c, 0x2d, 0x2e, 0x75];
const isDigit = (c: number) => c >= 0x30 && c <= 0x39;
const isExponent = (c: number) => c === 0x65 || c === 0x45;
const isNumeric = (c: number) => isDigit(c) || c === dot || c === minus || c === 0x2b || isExponent(c);

/** Numbers of fewer characters and without an exponent are always in range. */
const longNumber = 300;

/** Part of a sentence ("it is nested …"), null if serde_json reads the text. `bytes` must be JSON for `openValue`. */
export function serdeRefusal(bytes: Uint8Array): string | null {
  if (!isUtf8(bytes)) return 'it is not valid UTF-8';
  let depth = 0;
  let at = 0;
  while (at < bytes.length) {
    const c = bytes[at]!;
    if (c === quote) {
      at = behindString(bytes, at);
      if (at < 0) return 'a text in it has half of a surrogate pair';
    } else if (c === 0x7b || c === 0x5b) {
      depth += 1;
      if (depth > deepest) return `it is nested more than ${deepest} levels deep`;
      at += 1;
    } else if (c === 0x7d || c === 0x5d) {
      depth -= 1;
      at += 1;
    } else if (c === 0x4e || c === 0x49) {
      return 'it has a NaN or Infinity';
    } else if (c === minus || isDigit(c)) {
      const end = behindNumber(bytes, at);
      if (bytes[end] === 0x49) return 'it has a NaN or Infinity';
      if (isOutOfRange(bytes.subarray(at, end))) return 'a number in it is out of range';
      at = end;
    } else {
      at += 1;
    }
  }
  return null;
}

function behindNumber(bytes: Uint8Array, start: number): number {
  let end = start + 1;
  while (end < bytes.length && isNumeric(bytes[end]!)) end += 1;
  return end;
}

function isOutOfRange(number: Uint8Array): boolean {
  if (number.length <= longNumber && !number.some(isExponent)) return false;
  return !Number.isFinite(Number(Buffer.from(number).toString('latin1')));
}

/** Index behind the closing quote; -1 where an escape is half of a surrogate pair. */
function behindString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (bytes[at] !== quote) {
    if (bytes[at] !== backslash) {
      at += 1;
    } else if (bytes[at + 1] !== letterU) {
      at += 2;
    } else {
      const unit = escapedUnit(bytes, at);
      at += 6;
      if (unit < 0xd800 || unit > 0xdfff) continue;
      const low = bytes[at] === backslash && bytes[at + 1] === letterU ? escapedUnit(bytes, at) : 0;
      if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) return -1;
      at += 6;
    }
  }
  return at + 1;
}

function escapedUnit(bytes: Uint8Array, at: number): number {
  return Number.parseInt(Buffer.from(bytes.subarray(at + 2, at + 6)).toString('latin1'), 16);
}
