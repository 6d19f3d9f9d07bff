// The members of a JSON object that somebody wants, without a look into one large member in its middle.
//
// For listings over many records of which each holds a whole state: what stands before and behind the state is checked and found, the
// state's own bytes are not looked at. Where the state ends is told from the end of the record: a name in quotes behind a comma can only
// begin a member (inside a string its quote would be escaped), and of all such places the one at which the rest of the text closes
// exactly one object is the object's own. That holds for every text that is JSON; whether this one is, whoever opens it finds out.

import { checkValue } from './check.ts';
import { wordsOf, type Words } from './string-run.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;

/** Bytes before the end that are looked at for what stands behind the large member, at first and then as far as need be. */
const nearEnd = 1 << 11;
const widen = 16;
/** Objects in a row in which the large member's end was not found, after which it is not looked for any more. */
const patience = 8;

export interface Passed {
  /** The large member. */
  readonly name: string;
  /** Members that may follow it. */
  readonly before: readonly string[];
  /** How objects of this kind begin: one that was cut off and has another behind it in its line is none. */
  readonly begins: string;
}

export class MemberSpans {
  readonly #names: readonly Buffer[];
  readonly #passed: number;
  readonly #marks: readonly Buffer[];
  readonly #begins: Buffer;
  readonly #spans: Int32Array;
  #block: Uint8Array | null = null;
  #words: Words | null = null;
  #left = patience;

  /** @param names of members, without anything that JSON escapes */
  constructor(names: readonly string[], passed: Passed | null = null) {
    this.#names = names.map((name) => Buffer.from(name));
    this.#passed = passed === null ? -1 : names.indexOf(passed.name);
    this.#marks = (passed?.before ?? []).map((name) => Buffer.from(`,"${name}":`));
    this.#begins = Buffer.from(passed?.begins ?? '');
    this.#spans = new Int32Array(names.length * 2);
  }

  /** Where the value of a wanted member begins; -1 if the object has none. By its place among the names. */
  start(name: number): number {
    return this.#spans[name * 2]!;
  }

  end(name: number): number {
    return this.#spans[name * 2 + 1]!;
  }

  /**
   * Finds the members of the object at `[at, to)`. False where that is not told at a glance (white space between tokens, escapes in a
   * name, a wanted member twice, or no JSON at all): then the text has to be read in full.
   */
  read(block: Buffer, at: number, to: number): boolean {
    if (block !== this.#block) {
      this.#block = block;
      this.#words = wordsOf(block);
    }
    this.#spans.fill(-1);
    if (to - at < 2 || block[at] !== OPEN_MAP) return false;
    try {
      return this.#walk(block, at + 1, to, this.#passed >= 0);
    } catch {
      return false;
    }
  }

  /** From a member's name to the end of the object. `passing`: the large member is still to come. */
  #walk(b: Buffer, from: number, to: number, passing: boolean): boolean {
    const words = this.#words!;
    let i = from;
    for (;;) {
      if (b[i] !== QUOTE) return false;
      const nameEnd = behindName(b, i + 1, to);
      if (nameEnd + 1 >= to || b[nameEnd] !== QUOTE || b[nameEnd + 1] !== COLON) return false;
      const wanted = this.#nameAt(b, i + 1, nameEnd);
      const start = nameEnd + 2;
      if (wanted >= 0) {
        if (this.#spans[wanted * 2] !== -1) return false;
        this.#spans[wanted * 2] = start;
        if (wanted === this.#passed) {
          if (!passing || this.#left === 0) return false;
          const found = this.#pass(b, start, to);
          this.#left = found ? patience : this.#left - 1;
          return found;
        }
      }
      i = checkValue(b, words, start, to, null, null);
      if (wanted >= 0) this.#spans[wanted * 2 + 1] = i;
      if (i === to - 1) return b[i] === CLOSE_MAP;
      if (b[i] !== COMMA) return false;
      i += 1;
    }
  }

  #nameAt(b: Buffer, start: number, end: number): number {
    const names = this.#names;
    const length = end - start;
    for (let n = 0; n < names.length; n++) {
      const name = names[n]!;
      if (name.length !== length || name[0] !== b[start]) continue;
      let k = 1;
      while (k < length && b[start + k] === name[k]) k++;
      if (k === length) return n;
    }
    return -1;
  }

  /** Goes on behind the large member that begins at `start`. */
  #pass(b: Buffer, start: number, to: number): boolean {
    const second = b.indexOf(this.#begins, start);
    if (second >= 0 && second < to) return false;
    const held = this.#spans.slice();
    for (let room = nearEnd; ; room *= widen) {
      const first = Math.max(start + 1, to - room);
      for (const mark of this.#marks) {
        for (let at = b.indexOf(mark, first); at >= 0 && at < to; at = b.indexOf(mark, at + 1)) {
          if (!closes(b[start]!, b[at - 1]!)) continue;
          this.#spans[this.#passed * 2 + 1] = at;
          if (this.#tail(b, at + 1, to)) return true;
          this.#spans.set(held);
        }
      }
      if (first === start + 1) return false;
    }
  }

  #tail(b: Buffer, from: number, to: number): boolean {
    try {
      return this.#walk(b, from, to, false);
    } catch {
      return false;
    }
  }
}

/** Where a name ends: at its closing quote, or at what needs a closer look. (A native search costs more than these few bytes.) */
function behindName(b: Buffer, start: number, to: number): number {
  let i = start;
  while (i < to && b[i] !== QUOTE && b[i] !== 0x5c && b[i]! >= 0x20) i++;
  return i;
}

/** Whether a value that begins with one byte may end with the other. */
function closes(first: number, last: number): boolean {
  if (first === OPEN_MAP) return last === CLOSE_MAP;
  if (first === 0x5b) return last === 0x5d;
  if (first === QUOTE) return last === QUOTE;
  return last > 0x20;
}
