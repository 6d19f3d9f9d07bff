// The lineage of one thread as columns: how its checkpoints hang together, over all namespaces.
// Invariant: parents stand before children (parent[i] < i), ties in the store's order. Objects are made only for what is on screen.

/** Index of a checkpoint in the columns of a lineage. */
export type PointIndex = number;

export const linkKinds = ['root', 'explicit', 'inferred', 'missing', 'other_thread'] as const;
export type LinkKind = (typeof linkKinds)[number];

/** UTF-8 text of many short strings; string i is bytes[offsets[i] .. offsets[i+1]). */
export interface StringColumn {
  readonly offsets: Uint32Array;
  readonly bytes: Uint8Array;
}

export interface Lineage {
  readonly thread: string;
  readonly count: number;
  /** The framework's ids, as text. They may repeat. */
  readonly ids: StringColumn;
  /** Discriminator of a repeated id (see `formatKey`), 0 for the first point of an id. */
  readonly nth: Uint32Array;
  /** Index of the parent, -1 when there is none here. */
  readonly parent: Int32Array;
  /** Index into `linkKinds`. */
  readonly link: Uint8Array;
  /** Index into `reasons`; 0 is the empty reason. Says why a link is inferred, or names the parent that is missing or elsewhere. */
  readonly reason: Uint32Array;
  readonly reasons: readonly string[];
  /** Index into `namespaces`; `''` is the root and always stands at 0. */
  readonly namespace: Uint32Array;
  readonly namespaces: readonly string[];
  /** For the first point of a sub-graph's run: the point under which it ran (drawn dashed); else -1. */
  readonly host: Int32Array;
  /** Milliseconds since 1970, NaN when the store does not tell. */
  readonly time: Float64Array;
  /** Superstep, `unknownStep` when not free to read. */
  readonly step: Int32Array;
  /** Stored size of the point's row or span, NaN when not free to read. */
  readonly bytes: Float64Array;
  /** Per namespace: the index of its head by the format's own rule, -1 when it has none. */
  readonly heads: Int32Array;
}

export const unknownStep = -0x8000_0000;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export function stringAt(column: StringColumn, index: number): string {
  return decoder.decode(column.bytes.subarray(column.offsets[index], column.offsets[index + 1]));
}

export function stringColumn(strings: readonly string[]): StringColumn {
  const parts = strings.map((s) => encoder.encode(s));
  const offsets = new Uint32Array(parts.length + 1);
  let total = 0;
  parts.forEach((p, i) => {
    offsets[i] = total;
    total += p.length;
  });
  offsets[parts.length] = total;
  const bytes = new Uint8Array(total);
  parts.forEach((p, i) => bytes.set(p, offsets[i]));
  return { offsets, bytes };
}
