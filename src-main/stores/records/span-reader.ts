// Small values of records, read where they lie in a block: most of them are what the record before had, and are then not read again.

import { openValue } from '../../values/open.ts';
import type { Cursor } from '../../values/cursor.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Values of more bytes are not kept, nor more of them than this. */
const keptBytes = 1024;
const keptValues = 256;

/** A value of the records' own, by the bytes that it is read from. */
export class SpanReader<T> {
  readonly #read: (value: Cursor) => T;
  readonly #known = new Map<string, T>();
  #last = Buffer.alloc(0);
  #value: T | undefined;

  /** `read` must depend on the value alone, and keep nothing of it. */
  constructor(read: (value: Cursor) => T) {
    this.#read = read;
  }

  /** The value at `[start, end)`, which must be JSON. */
  at(block: Buffer, start: number, end: number): T {
    if (this.#value !== undefined && isSame(block, start, end, this.#last)) return this.#value;
    if (end - start > keptBytes) return this.#read(openValue('json', Buffer.from(block.subarray(start, end))));
    const key = block.toString('latin1', start, end);
    let value = this.#known.get(key);
    const bytes = Buffer.from(block.subarray(start, end));
    if (value === undefined) {
      value = this.#read(openValue('json', bytes));
      if (this.#known.size >= keptValues) this.#known.clear();
      this.#known.set(key, value);
    }
    this.#last = bytes;
    this.#value = value;
    return value;
  }
}

export function isSame(block: Buffer, start: number, end: number, bytes: Uint8Array): boolean {
  const length = end - start;
  if (bytes.length !== length) return false;
  for (let k = 0; k < length; k++) if (block[start + k] !== bytes[k]) return false;
  return true;
}

/** The string at `[start, end)` where it is one of ASCII without escapes, else null. The bytes must be JSON. */
export function plainText(block: Buffer, start: number, end: number): string | null {
  if (block[start] !== QUOTE) return null;
  for (let k = start + 1; k < end - 1; k++) {
    const c = block[k]!;
    if (c === BACKSLASH || c >= 0x80) return null;
  }
  return block.toString('latin1', start + 1, end - 1);
}

/** The integer at `[start, end)` where it has at most 15 digits, else null. The bytes must be JSON. */
export function plainInteger(block: Buffer, start: number, end: number): number | null {
  const negative = block[start] === 0x2d;
  const first = negative ? start + 1 : start;
  if (end - first > 15 || end === first) return null;
  let value = 0;
  for (let k = first; k < end; k++) {
    const digit = block[k]! - 0x30;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}
