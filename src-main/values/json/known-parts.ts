// Checking a text beside one that was checked before: the states of neighbouring checkpoints are mostly the same bytes.

import type { LargeParts } from './large-parts.ts';

/** Parts of the known text that are looked through where the texts have come apart: a trimmed list goes on some items later. */
const lookAhead = 512;
/** Fruitless look-outs in a row after which the texts count as different, until a part is found in its place again. */
const patience = 64;

/**
 * A value that is, byte for byte, a large part of the known text is valid and need not be looked into: lists, maps and strings
 * end by themselves, so nothing behind them could change what they are.
 */
export class KnownParts {
  readonly #source: Buffer;
  readonly #parts: LargeParts;
  /** The known text goes on this much further in than the one that is being checked. */
  #ahead = 0;
  #next = 0;
  #left = patience;

  constructor(source: Buffer, parts: LargeParts) {
    this.#source = source;
    this.#parts = parts;
  }

  /** End of the value at `at` if it is known, -1 if it must be walked; the parts that it holds are added to `parts`. */
  pass(b: Uint8Array, at: number, end: number, parts: LargeParts): number {
    const known = this.#parts;
    while (this.#next < known.count && known.start(this.#next) < at + this.#ahead) this.#next++;
    if (
      this.#next < known.count &&
      known.start(this.#next) === at + this.#ahead &&
      this.#matches(this.#next, b, at, end)
    )
      return this.#take(this.#next, at, parts);
    if (this.#left === 0) return -1;
    const last = Math.min(known.count, this.#next + lookAhead);
    for (let part = this.#next; part < last; part++) {
      if (this.#matches(part, b, at, end)) return this.#take(part, at, parts);
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

  #take(part: number, at: number, parts: LargeParts): number {
    const known = this.#parts;
    const start = known.start(part);
    const end = known.end(part);
    let behind = part + 1;
    while (behind < known.count && known.start(behind) < end) behind++;
    parts.append(known, part, behind, at - start);
    this.#ahead = start - at;
    this.#next = behind;
    this.#left = patience;
    return at + end - start;
  }
}
