// Digests of what was read: typed rows of SQLite, and spans of files. Two readings are the same exactly if their digests are.

import { createHash, type Hash } from 'node:crypto';
import type { SqlRow, SqlValue } from './backend.ts';
import { KnownCells } from './known-cells.ts';

const tag = { null: 0, integer: 1, real: 2, text: 3, blob: 4 } as const;

/** Cells of this many bytes and more stand in a digest with their own hash, so that it need not be made again for equal bytes. */
const hashedFrom = 4096;

function addLength(hash: Hash, kind: number, length: number): void {
  const head = new DataView(new ArrayBuffer(9));
  head.setUint8(0, kind);
  head.setFloat64(1, length);
  hash.update(new Uint8Array(head.buffer));
}

function addValue(hash: Hash, value: SqlValue, known: KnownCells): void {
  if (value === null) {
    addLength(hash, tag.null, 0);
  } else if (typeof value === 'bigint') {
    const text = value.toString();
    addLength(hash, tag.integer, text.length);
    hash.update(text);
  } else if (typeof value === 'number') {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setFloat64(0, value);
    addLength(hash, tag.real, 8);
    hash.update(new Uint8Array(bits.buffer));
  } else if (typeof value === 'string') {
    addLength(hash, tag.text, Buffer.byteLength(value));
    hash.update(value, 'utf8');
  } else {
    addLength(hash, tag.blob, value.byteLength);
    hash.update(value.byteLength < hashedFrom ? value : known.hashOf(value));
  }
}

/** SHA-256 (hex) over rows: every cell with its storage class and length, rows and columns in their order; large blobs by their own. */
export class RowsDigest {
  readonly #hash = createHash('sha256');
  readonly #known: KnownCells;
  #rows = 0;
  #first = '';

  constructor(known = new KnownCells()) {
    this.#known = known;
  }

  add(row: SqlRow): void {
    const values = Object.entries(row);
    addLength(this.#hash, 255, values.length);
    for (const [, value] of values) addValue(this.#hash, value, this.#known);
    if (this.#rows === 0) this.#first = smallValues(values);
    this.#rows += 1;
  }

  get rows(): number {
    return this.#rows;
  }

  /** For people: how many rows, and the small values of the first. */
  get seen(): string {
    if (this.#rows === 0) return 'no rows';
    const count = this.#rows === 1 ? '1 row' : `${this.#rows} rows`;
    return this.#first === '' ? count : `${count}: ${this.#first}`;
  }

  /** Ends the digest; call once. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** Digest and description of a list of rows. */
export function digestRows(rows: Iterable<SqlRow>, known?: KnownCells): { digest: string; seen: string; rows: number } {
  const digest = new RowsDigest(known);
  for (const row of rows) digest.add(row);
  return { digest: digest.digest(), seen: digest.seen, rows: digest.rows };
}

/** Only values that fit in a sentence; states and other large cells are left out. */
function smallValues(entries: readonly (readonly [string, SqlValue])[]): string {
  const parts: string[] = [];
  for (const [name, value] of entries) {
    if (value === null || value instanceof Uint8Array) continue;
    const text = String(value);
    if (text.length <= 60) parts.push(`${name}=${text}`);
    if (parts.length === 4) break;
  }
  return parts.join(', ');
}

/** Rows counted from the beginning of a `seen` text; null if it does not say. */
export function rowsOfSeen(seen: string): number | null {
  const match = /^(no|\d+) rows?/.exec(seen);
  if (match === null) return null;
  return match[1] === 'no' ? 0 : Number(match[1]);
}
