// Stored bytes as rows of sixteen: offset, hex, text.

export const bytesPerRow = 16;

export interface HexRow {
  readonly offset: string;
  /** Sixteen cells of two digits; `''` past the end. */
  readonly hex: readonly string[];
  readonly text: string;
}

/** Row `row` of a part; `bytes` are those of the row (fewer at the end). */
export function hexRow(bytes: Uint8Array, row: number): HexRow {
  const hex = Array.from({ length: bytesPerRow }, (_, i) => bytes[i]?.toString(16).padStart(2, '0') ?? '');
  // One sign per byte, so that the columns stand still: what is not printable ASCII is a dot.
  const text = Array.from(bytes, (b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '·')).join('');
  return { offset: (row * bytesPerRow).toString(16).padStart(8, '0'), hex, text };
}

export const rowsOf = (total: number): number => Math.ceil(total / bytesPerRow);
