// The shape of a difference: a tree beside the two values, from which the flat list of changes and the RFC 6902 patch are both read.

import type { Cursor } from '../cursor.ts';

/** How one pair of values differs. */
export type DiffNode =
  | { readonly kind: 'replace' }
  /** Maps with plain string keys. Ordinals into before (removed) and after (added). */
  | {
      readonly kind: 'map';
      readonly removed: readonly number[];
      readonly added: readonly number[];
      readonly changed: readonly PairChange[];
    }
  /**
   * Lists. Items that are in neither array below and in no pair are equal and stay in order.
   * `moved` pairs are the same item at another place relative to the rest; its content may differ too.
   */
  | {
      readonly kind: 'list';
      readonly removed: readonly number[];
      readonly added: readonly number[];
      readonly moved: readonly { readonly before: number; readonly after: number }[];
      readonly changed: readonly PairChange[];
    }
  /** Inside an object: its body differs. */
  | { readonly kind: 'body'; readonly inner: DiffNode };

export interface PairChange {
  /** Ordinals of the pair in before and after. */
  readonly before: number;
  readonly after: number;
  readonly node: DiffNode;
}

/** Two values and how they differ; null for a value that is not there, `node` null when they are equal. */
export interface ValueDiff {
  readonly before: Cursor | null;
  readonly after: Cursor | null;
  readonly node: DiffNode | null;
  readonly changes: readonly ValueChange[];
}

/** One change, for people: the smallest place that tells it. Paths are ordinals from the roots, null where there is no such side. */
export interface ValueChange {
  readonly op: 'add' | 'remove' | 'replace' | 'move';
  readonly beforePath: readonly number[] | null;
  readonly afterPath: readonly number[] | null;
  readonly before: Cursor | null;
  readonly after: Cursor | null;
}
