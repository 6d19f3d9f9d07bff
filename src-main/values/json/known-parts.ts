// Checking a text beside one that was checked before: the states of neighbouring checkpoints are mostly the same bytes.

import type { LargeParts } from './large-parts.ts';
import { skipSpace } from './white-space.ts';

/** Parts of the known text that are looked through where the texts have come apart: a trimmed list goes on some items later. */
const lookAhead = 512;
/** Fruitless look-outs in a row after which the texts count as different, until a part is found in its place again. */
const patience = 64;
/** Bytes that are compared at once where the items of a list go on as they are known: more while that bears fruit. */
const firstWindow = 1 << 10;
const largestWindow = 1 << 20;

const COMMA = 0x2c;

/**
 * A value that is, byte for byte, a large part of the known text is valid and need not be looked into: lists, maps and strings
 * end by themselves, so nothing behind them could change what they are. Nor could anything change what items in a row with nothing
 * but commas between them are, once the place of the first is one for an item.
 */
export class KnownParts {
  readonly #source: Buffer;
  readonly #parts: LargeParts;
  /** The known text goes on this much further in than the one that is being checked. */
  #ahead = 0;
  /** Behind what was found last. */
  #behind = 0;
  /** The part that would stand here if nothing had changed since. */
  #next = 0;
  #left = patience;
  #window = firstWindow;

  constructor(source: Buffer, parts: LargeParts) {
    this.#source = source;
    this.#parts = parts;
  }

  /**
   * End of the value at `at` if it is known, -1 if it must be walked; the parts that it holds are added to `parts`. The value is an
   * item of a list if `inList`: then the end is that of the last item known in a row.
   */
  pass(b: Uint8Array, at: number, end: number, inList: boolean, parts: LargeParts): number {
    const known = this.#parts;
    const place = at + this.#ahead;
    while (this.#next < known.count && known.start(this.#next) < place) this.#next++;
    if (this.#next < known.count && known.start(this.#next) === place && this.#matches(this.#next, b, at, end)) {
      return this.#take(this.#next, b, at, end, inList, parts);
    }
    if (this.#left === 0) return -1;
    const last = Math.min(known.count, this.#behind + lookAhead);
    for (let part = this.#behind; part < last; part++) {
      if (this.#matches(part, b, at, end)) return this.#take(part, b, at, end, inList, parts);
    }
    this.#left--;
    return -1;
  }

  #matches(part: number, b: Uint8Array, at: number, end: number): boolean {
    const a = this.#source;
    const start = this.#parts.start(part);
    const length = this.#parts.end(part) - start;
    const middle = length >> 1;
    return (
      at + length <= end &&
      a[start] === b[at] &&
      a[start + middle] === b[at + middle] &&
      a[start + length - 1] === b[at + length - 1] &&
      a.compare(b, at, at + length, start, start + length) === 0
    );
  }

  #take(part: number, b: Uint8Array, at: number, end: number, inList: boolean, parts: LargeParts): number {
    const known = this.#parts;
    const start = known.start(part);
    let close = known.end(part);
    const same = inList ? this.#sameFrom(close, b, at + close - start, end) : 0;
    let behind = known.firstBehind(part, close);
    while (behind < known.count && known.end(behind) <= same && this.#onlyComma(close, known.start(behind))) {
      close = known.end(behind);
      behind = known.firstBehind(behind, close);
    }
    parts.append(known, part, behind, at - start);
    this.#ahead = start - at;
    this.#behind = behind;
    this.#next = behind;
    this.#left = patience;
    return at + close - start;
  }

  /** Up to where in the known text both go on alike for certain, from `from` there and `at` here. */
  #sameFrom(from: number, b: Uint8Array, at: number, end: number): number {
    const length = Math.min(this.#window, end - at, this.#source.length - from);
    if (length === 0) return from;
    if (this.#source.compare(b, at, at + length, from, from + length) !== 0) {
      this.#window = Math.max(firstWindow, this.#window >> 4);
      return from;
    }
    this.#window = Math.min(largestWindow, this.#window * 4);
    return from + length;
  }

  /** One comma and white space stand in the known text between two of its parts. */
  #onlyComma(from: number, to: number): boolean {
    const comma = skipSpace(this.#source, from, to);
    return comma < to && this.#source[comma] === COMMA && skipSpace(this.#source, comma + 1, to) === to;
  }
}
