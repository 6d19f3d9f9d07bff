// The large rows that were read last. One look at a checkpoint asks for its row several times (its facts, its state, its diff, its
// child's facts): a state of 100 MB must be read and checked for the first of them only.

import { bytesOf } from './cells.ts';
import type { CheckpointRow } from './rows.ts';

/** Smaller rows are read faster than they are worth keeping. */
export const keptFrom = 64 << 10;
/** Bytes of rows kept; the last one stays whatever its size. */
const maxBytes = 32 << 20;

export class KeptRows {
  readonly #token: () => string;
  readonly #rows = new Map<string, { readonly row: CheckpointRow; readonly token: string; readonly bytes: number }>();
  #bytes = 0;

  /** `token`: the store's version, which changes with every commit of anybody. */
  constructor(token: () => string) {
    this.#token = token;
  }

  /** The row as it stands now: kept, if nothing was committed since it was read. */
  read(key: string, read: () => CheckpointRow | null): CheckpointRow | null {
    // Asked before reading: a commit in between makes the kept row old, never a stale row new.
    const token = this.#token();
    const known = this.#rows.get(key);
    this.#drop(key);
    if (known?.token === token) {
      this.#keep(key, known);
      return known.row;
    }
    const row = read();
    const bytes = row === null ? 0 : bytesOf(row.checkpoint).length + bytesOf(row.metadata).length;
    if (row !== null && bytes >= keptFrom) this.#keep(key, { row, token, bytes });
    return row;
  }

  #keep(key: string, kept: { readonly row: CheckpointRow; readonly token: string; readonly bytes: number }): void {
    this.#rows.set(key, kept);
    this.#bytes += kept.bytes;
    for (const oldest of this.#rows.keys()) {
      if (this.#bytes <= maxBytes || oldest === key) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const kept = this.#rows.get(key);
    if (kept === undefined) return;
    this.#rows.delete(key);
    this.#bytes -= kept.bytes;
  }
}
