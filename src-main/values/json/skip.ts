// Stepping over JSON that `check.ts` has accepted, and finding the children of one container. Trusts the grammar, never the depth.

import { asBuffer } from '../bytes.ts';
import { OffsetColumn, type Offsets } from '../offsets.ts';
import type { LargeParts } from './large-parts.ts';
import { skipSpace } from './white-space.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Within a container: 1 quote, 2 opens, 3 closes, 0 anything else. */
const structure = new Uint8Array(256);
structure[QUOTE] = 1;
structure[0x5b] = 2;
structure[0x7b] = 2;
structure[0x5d] = 3;
structure[0x7d] = 3;

/** 1 where a number or word ends. */
const delimiter = new Uint8Array(256);
for (const c of [0x20, 0x0a, 0x0d, 0x09, 0x2c, 0x5d, 0x7d]) delimiter[c] = 1;

/** Strings longer than this are searched natively; below it the call would cost more than the loop. */
const nativeFrom = 48;

/** From the opening quote to behind the closing one. */
export function skipString(b: Uint8Array, at: number): number {
  let i = at + 1;
  const near = i + nativeFrom;
  for (;;) {
    const c = b[i]!;
    if (c === QUOTE) return i + 1;
    i += c === BACKSLASH ? 2 : 1;
    if (i >= near) break;
  }
  const buffer = asBuffer(b);
  let from = i;
  for (;;) {
    const quote = buffer.indexOf(QUOTE, from);
    // The quote is escaped if an odd number of backslashes stands before it. No backslash before `i` counts: the loop above
    // has stepped over whole escapes.
    let slashes = 0;
    while (quote - 1 - slashes >= i && b[quote - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

/** From the first byte of a value to behind its last. */
export function skipJson(b: Uint8Array, at: number, end: number): number {
  const first = structure[b[at]!];
  if (first === 1) return skipString(b, at);
  let i = at + 1;
  if (first === 0) {
    while (i < end && delimiter[b[i]!] === 0) i++;
    return i;
  }
  let depth = 1;
  for (;;) {
    let c = structure[b[i]!];
    while (c === 0) c = structure[b[++i]!];
    if (c === 1) {
      i = skipString(b, i);
    } else {
      i++;
      if (c === 2) depth++;
      else if (--depth === 0) return i;
    }
  }
}

/** Steps over the values of one container in stored order: large ones by what the check has noted, small ones by a look at them. */
class Stepper {
  readonly #b: Uint8Array;
  readonly #end: number;
  readonly #parts: LargeParts;
  #part: number;

  constructor(b: Uint8Array, start: number, end: number, parts: LargeParts) {
    this.#b = b;
    this.#end = end;
    this.#parts = parts;
    this.#part = parts.firstFrom(start);
  }

  /** Behind the value at `at`. */
  behind(at: number): number {
    const parts = this.#parts;
    // Two or three steps at most lie between siblings, except behind one that holds much.
    let near = 4;
    while (this.#part < parts.count && parts.start(this.#part) < at) {
      if (near-- === 0) this.#part = parts.firstFrom(at, this.#part);
      else this.#part++;
    }
    if (this.#part < parts.count && parts.start(this.#part) === at) return parts.end(this.#part);
    return skipJson(this.#b, at, this.#end);
  }
}

/** Start and end of every item of the list at `[start, end)`, alternating. */
export function listSpans(b: Uint8Array, start: number, end: number, parts: LargeParts): Offsets {
  const spans = new OffsetColumn();
  const step = new Stepper(b, start + 1, end, parts);
  let i = skipSpace(b, start + 1, end);
  if (i === end - 1) return spans.done();
  for (;;) {
    spans.push(i);
    i = step.behind(i);
    spans.push(i);
    i = skipSpace(b, i, end);
    if (i === end - 1) return spans.done();
    i = skipSpace(b, i + 1, end);
  }
}

/** Start of the name, start and end of the value, for every entry of the map at `[start, end)`. */
export function mapSpans(b: Uint8Array, start: number, end: number, parts: LargeParts): Offsets {
  const spans = new OffsetColumn();
  const step = new Stepper(b, start + 1, end, parts);
  let i = skipSpace(b, start + 1, end);
  if (i === end - 1) return spans.done();
  for (;;) {
    spans.push(i);
    i = skipSpace(b, skipString(b, i), end);
    i = skipSpace(b, i + 1, end);
    spans.push(i);
    i = step.behind(i);
    spans.push(i);
    i = skipSpace(b, i, end);
    if (i === end - 1) return spans.done();
    i = skipSpace(b, i + 1, end);
  }
}
