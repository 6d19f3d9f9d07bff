// The place of a record from the beginning of its line, read where it lies in its block.

import { isSame, plainText, SpanReader } from '../records/span-reader.ts';
import { textOf } from './decode.ts';
import type { RecordHead } from './record.ts';

const text = (ascii: string): Buffer => Buffer.from(ascii);
const version = text('{"journal_schema_version":');
const seq = text(',"journal_seq":');
const id = text(',"record_id":');
const kind = text(',"record_kind":');
const run = text(',"run_id":');

const QUOTE = 0x22;

/** A cursor over the beginning of lines, for many lines of one journal. */
export class LineHeads {
  readonly #runs = new SpanReader(textOf);
  #block: Buffer = Buffer.alloc(0);
  #to = 0;
  #at = 0;

  /** Null where the line does not begin as serde writes it, with ids of plain ASCII: then more of it has to be read. */
  read(block: Buffer, at: number, to: number): RecordHead | null {
    this.#block = block;
    this.#to = to;
    this.#at = at;
    if (!this.#passes(version) || !this.#number(5) || !this.#passes(seq)) return null;
    const number = this.#at;
    // Up to 15 digits are a number of 64 bits without a further look.
    if (!this.#number(15)) return null;
    const numberEnd = this.#at;
    if (!this.#passes(id)) return null;
    const name = this.#at;
    if (!this.#string()) return null;
    const nameEnd = this.#at;
    if (!this.#passes(kind) || !this.#string() || !this.#passes(run)) return null;
    const owner = this.#at;
    if (!this.#string()) return null;
    const record = plainText(block, name, nameEnd);
    const thread = this.#runs.at(block, owner, this.#at);
    if (record === null || thread === null) return null;
    return { seq: block.toString('latin1', number, numberEnd), id: record, run: thread };
  }

  #passes(literal: Buffer): boolean {
    const end = this.#at + literal.length;
    if (end > this.#to || !isSame(this.#block, this.#at, end, literal)) return false;
    this.#at = end;
    return true;
  }

  /** A whole number without leading zeros. */
  #number(digits: number): boolean {
    const start = this.#at;
    let end = start;
    while (end < this.#to && this.#block[end]! >= 0x30 && this.#block[end]! <= 0x39) end += 1;
    this.#at = end;
    return end > start && end - start <= digits && (this.#block[start] !== 0x30 || end === start + 1);
  }

  /** A string of ASCII without escapes. */
  #string(): boolean {
    if (this.#block[this.#at] !== QUOTE) return false;
    let end = this.#at + 1;
    for (; end < this.#to; end += 1) {
      const c = this.#block[end]!;
      if (c === QUOTE) break;
      // What a string may hold and this is not made for: escapes, and all beyond ASCII.
      if (c < 0x20 || c >= 0x7f || c === 0x5c) return false;
    }
    if (end >= this.#to) return false;
    this.#at = end + 1;
    return true;
  }
}
