// Finding an entry of a map by its key's bytes: a plain backward search in small maps, a hash table of ordinals in large ones.

import { asBuffer } from './bytes.ts';

/** Below this many entries a search is cheaper than building a table. */
const tableFrom = 24;

function hash(bytes: Uint8Array): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  return h >>> 0;
}

/** Of a repeated key the last entry counts. */
export class KeyIndex {
  readonly #count: number;
  /** UTF-8 of the key of an entry; null for keys that are not Unicode strings. */
  readonly #keyBytes: (ordinal: number) => Uint8Array | null;
  /** Keys of a small map, each read when a search first comes to it: records are asked for many members one after the other. */
  readonly #read: (Uint8Array | null)[] = [];
  /** Open addressing: ordinal + 1, 0 where free. */
  #table: Uint32Array | null = null;

  constructor(count: number, keyBytes: (ordinal: number) => Uint8Array | null) {
    this.#count = count;
    this.#keyBytes = keyBytes;
  }

  #matches(ordinal: number, wanted: Buffer): boolean {
    const key = this.#keyBytes(ordinal);
    return key !== null && key.length === wanted.length && wanted.equals(key);
  }

  /** Ordinal of the last entry with this key, -1 if there is none. */
  find(key: string): number {
    const wanted = asBuffer(Buffer.from(key, 'utf8'));
    if (this.#count < tableFrom) {
      for (let i = this.#count - 1; i >= 0; i--) {
        let key = this.#read[i];
        if (key === undefined) this.#read[i] = key = this.#keyBytes(i);
        if (key !== null && key.length === wanted.length && wanted.equals(key)) return i;
      }
      return -1;
    }
    const table = (this.#table ??= this.#build());
    const mask = table.length - 1;
    for (let slot = hash(wanted) & mask; ; slot = (slot + 1) & mask) {
      const entry = table[slot]!;
      if (entry === 0) return -1;
      if (this.#matches(entry - 1, wanted)) return entry - 1;
    }
  }

  #build(): Uint32Array {
    let size = 64;
    while (size < this.#count * 2) size *= 2;
    const table = new Uint32Array(size);
    const mask = size - 1;
    // From the last entry to the first, so that the last of a repeated key stands first on its probe path.
    for (let i = this.#count - 1; i >= 0; i--) {
      const key = this.#keyBytes(i);
      if (key === null) continue;
      let slot = hash(key) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = i + 1;
    }
    return table;
  }
}
