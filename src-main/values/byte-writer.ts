// A growing buffer that values are written into.

export class ByteWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  #room(n: number): number {
    const at = this.#length;
    if (at + n > this.#bytes.length) {
      const wider = Buffer.allocUnsafe(Math.max(at + n, this.#bytes.length * 2));
      this.#bytes.copy(wider, 0, 0, at);
      this.#bytes = wider;
    }
    this.#length = at + n;
    return at;
  }

  byte(value: number): void {
    const at = this.#room(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.#room(2);
    this.#bytes.writeUInt16BE(value, at);
  }

  u32(value: number): void {
    const at = this.#room(4);
    this.#bytes.writeUInt32BE(value, at);
  }

  u64(value: bigint): void {
    const at = this.#room(8);
    this.#bytes.writeBigUInt64BE(value, at);
  }

  f64(value: number): void {
    const at = this.#room(8);
    this.#bytes.writeDoubleBE(value, at);
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** UTF-8 of a well-formed string; `size` if its length in bytes is known. */
  text(text: string, size = Buffer.byteLength(text, 'utf8')): void {
    const at = this.#room(size);
    this.#bytes.write(text, at, size, 'utf8');
  }

  /** Puts bytes in front of what was written from `at` on. */
  insert(at: number, bytes: Uint8Array): void {
    const end = this.#length;
    this.#room(bytes.length);
    this.#bytes.copyWithin(at + bytes.length, at, end);
    this.#bytes.set(bytes, at);
  }

  /** A view of what was written from `at` on; good until the next write. */
  since(at: number): Uint8Array {
    return this.#bytes.subarray(at, this.#length);
  }

  /** A copy of what was written. */
  done(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length);
  }
}
