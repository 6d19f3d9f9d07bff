// Hashes of large cells, remembered with their bytes for the time of one operation.

import { createHash } from 'node:crypto';

/** Cells that are remembered: of one length no more than are compared faster than one is hashed, and in all no more than this. */
const mostOfOneLength = 8;
const mostBytes = 256 * 1024 * 1024;

/**
 * Large cells that were read while one operation is planned and carried out, with their hashes. The same state is read several times
 * (planned on, looked at again under the lock, copied, read back), and comparing it with the bytes at hand takes a tenth of hashing.
 */
export class KnownCells {
  readonly #byLength = new Map<number, { readonly bytes: Buffer; readonly hash: Buffer }[]>();
  #bytes = 0;

  /** SHA-256 of the bytes. They must not change as long as this object is used. */
  hashOf(cell: Uint8Array): Buffer {
    const bytes = Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength);
    const alike = this.#byLength.get(bytes.length) ?? [];
    const known = alike.find((one) => one.bytes.equals(bytes));
    if (known !== undefined) return known.hash;
    const hash = createHash('sha256').update(bytes).digest();
    if (alike.length < mostOfOneLength && this.#bytes + bytes.length <= mostBytes) {
      this.#byLength.set(bytes.length, [...alike, { bytes, hash }]);
      this.#bytes += bytes.length;
    }
    return hash;
  }
}
