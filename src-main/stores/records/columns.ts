// Columns that grow: what a lineage is made of while its thread is read. A view of what is there costs nothing and stays true, because
// nothing that was pushed ever changes; a column that outgrows its room moves, and older views keep the old room.

import type { StringColumn } from '../../../shared/model/lineage.ts';

type Numbers = Int32Array | Uint32Array | Uint8Array | Float64Array;

export class NumberColumn<A extends Numbers> {
  readonly #make: (length: number) => A;
  #room: A;
  #count = 0;

  constructor(make: (length: number) => A) {
    this.#make = make;
    this.#room = make(16);
  }

  push(value: number): void {
    if (this.#count === this.#room.length) {
      const wider = this.#make(this.#room.length * 2);
      wider.set(this.#room);
      this.#room = wider;
    }
    this.#room[this.#count] = value;
    this.#count += 1;
  }

  /** Undefined beyond what was pushed. */
  at(index: number): number | undefined {
    return index < this.#count ? this.#room[index] : undefined;
  }

  get count(): number {
    return this.#count;
  }

  view(): A {
    return this.#room.subarray(0, this.#count) as A;
  }
}

/** UTF-8 of many short texts. */
export class TextColumn {
  #bytes = Buffer.allocUnsafeSlow(512);
  #used = 0;
  readonly #offsets = new NumberColumn((n) => new Uint32Array(n));

  constructor() {
    this.#offsets.push(0);
  }

  push(text: string): void {
    if (this.#used + text.length * 3 > this.#bytes.length) {
      const wider = Buffer.allocUnsafeSlow((this.#used + text.length * 3) * 2);
      this.#bytes.copy(wider, 0, 0, this.#used);
      this.#bytes = wider;
    }
    this.#used += this.#writeAscii(text) || this.#bytes.write(text, this.#used, 'utf8');
    this.#offsets.push(this.#used);
  }

  /** Bytes written, 0 where the text is more than a short one of ASCII: a native call would cost more than the loop. */
  #writeAscii(text: string): number {
    const { length } = text;
    if (length > 64) return 0;
    for (let i = 0; i < length; i++) {
      const c = text.charCodeAt(i);
      if (c >= 0x80) return 0;
      this.#bytes[this.#used + i] = c;
    }
    return length;
  }

  view(): StringColumn {
    const { buffer, byteOffset } = this.#bytes;
    return { offsets: this.#offsets.view(), bytes: new Uint8Array(buffer, byteOffset, this.#used) };
  }
}
