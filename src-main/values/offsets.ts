// Columns of byte offsets: where the children of one container lie.

/** Read-only offsets: one typed array for large containers, a plain array for small ones. */
export type Offsets = Uint32Array | readonly number[];

/**
 * Containers with no more offsets than this keep them in a plain array: a typed array of more than 64 bytes lives outside the
 * heap, and making one costs more than scanning the small container (measured: a third of the time of a whole walk).
 */
export const fewOffsets = 96;

/** Between scans no more than this is kept of the scratch column. */
const keptScratch = 1 << 16;
let scratch = new Uint32Array(1024);

/** Collects offsets in a scratch column that all scans share. One at a time: finish a column before beginning the next. */
export class OffsetColumn {
  #length = 0;

  push(offset: number): void {
    if (this.#length === scratch.length) {
      const wider = new Uint32Array(this.#length * 2);
      wider.set(scratch);
      scratch = wider;
    }
    scratch[this.#length++] = offset;
  }

  done(): Offsets {
    const length = this.#length;
    if (length > fewOffsets) {
      const column = scratch.slice(0, length);
      if (scratch.length > keptScratch) scratch = new Uint32Array(keptScratch);
      return column;
    }
    const column: number[] = [];
    for (let i = 0; i < length; i++) column.push(scratch[i]!);
    return column;
  }
}
