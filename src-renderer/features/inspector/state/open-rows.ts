// Rows of a tree of any size without building them: only what was opened is kept, the rest is arithmetic on ordinals.
// A list of 1,000,000 items costs one number until something in it is opened.

import type { OrdinalPath } from '../../../../shared/model/value-node.ts';

/** One opened node. Its content is first `block` slots (a text or picture shown in full), then its children in stored order. */
export interface OpenNode {
  /** Children that have a row each; 0 for a text that is only shown in full. */
  readonly children: number;
  readonly block: number;
  /** Opened children, by ordinal ascending. */
  readonly opened: readonly OpenEntry[];
  /** Rows of the content, without the node's own row. */
  readonly rows: number;
}

export interface OpenEntry {
  readonly ordinal: number;
  readonly node: OpenNode;
  /** Row of the entry itself, counted from the first child's row of its parent. */
  readonly at: number;
}

export interface Row {
  readonly path: OrdinalPath;
  /** -1 for the row of a value; else which slot of its block this is. */
  readonly slot: number;
  /** Children of the parent: `aria-setsize`. */
  readonly siblings: number;
}

function make(children: number, block: number, entries: readonly { ordinal: number; node: OpenNode }[]): OpenNode {
  const opened: OpenEntry[] = [];
  let extra = 0;
  for (const { ordinal, node } of entries) {
    opened.push({ ordinal, node, at: ordinal + extra });
    extra += node.rows;
  }
  return { children, block, opened, rows: block + children + extra };
}

export const closedRoot: OpenNode = make(0, 0, []);

/** The entry for `ordinal`, or the last one before it; -1 if there is none. */
function lastAtOrBefore(opened: readonly OpenEntry[], value: number, by: 'ordinal' | 'at'): number {
  let low = 0;
  let high = opened.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if ((opened[middle]?.[by] ?? 0) <= value) low = middle + 1;
    else high = middle - 1;
  }
  return high;
}

export function openNodeAt(root: OpenNode, path: OrdinalPath): OpenNode | null {
  let node = root;
  for (const ordinal of path) {
    const entry = node.opened[lastAtOrBefore(node.opened, ordinal, 'ordinal')];
    if (entry === undefined || entry.ordinal !== ordinal) return null;
    node = entry.node;
  }
  return node;
}

function replace(node: OpenNode, path: OrdinalPath, depth: number, next: OpenNode | null): OpenNode {
  if (depth === path.length) return next ?? node;
  const ordinal = path[depth] ?? 0;
  const at = lastAtOrBefore(node.opened, ordinal, 'ordinal');
  const found = node.opened[at]?.ordinal === ordinal ? node.opened[at] : undefined;
  const last = depth === path.length - 1;
  // Opening below something closed would show rows without their parents.
  if (found === undefined && (!last || next === null)) return node;
  const changed = last ? next : found === undefined ? null : replace(found.node, path, depth + 1, next);
  const kept = node.opened.filter((e) => e.ordinal !== ordinal);
  const entries: { ordinal: number; node: OpenNode }[] =
    changed === null ? kept : [...kept, { ordinal, node: changed }].sort((a, b) => a.ordinal - b.ordinal);
  return make(node.children, node.block, entries);
}

/** Opens a place with `children` rows below it; what was open inside stays. The empty path sets the root. */
export function openAt(root: OpenNode, path: OrdinalPath, children: number): OpenNode {
  const was = openNodeAt(root, path);
  return replace(root, path, 0, make(children, was?.block ?? 0, was?.opened ?? []));
}

/** Gives a value a block of `slots` rows below its own row; 0 takes it away. */
export function blockAt(root: OpenNode, path: OrdinalPath, slots: number): OpenNode {
  const was = openNodeAt(root, path);
  const next = make(was?.children ?? 0, slots, was?.opened ?? []);
  return replace(root, path, 0, next.rows === 0 ? null : next);
}

export function closeAt(root: OpenNode, path: OrdinalPath): OpenNode {
  return path.length === 0 ? root : replace(root, path, 0, null);
}

/** What stands in row `index`, 0 ≤ index < root.rows. */
export function rowAt(root: OpenNode, index: number): Row {
  const path: number[] = [];
  let node = root;
  let rest = index;
  let siblings = root.children;
  for (;;) {
    if (rest < node.block) return { path, slot: rest, siblings };
    rest -= node.block;
    siblings = node.children;
    const entry = node.opened[lastAtOrBefore(node.opened, rest, 'at')];
    if (entry === undefined) return { path: [...path, rest], slot: -1, siblings };
    const inside = rest - entry.at - 1;
    if (inside >= entry.node.rows) {
      return { path: [...path, entry.ordinal + 1 + (inside - entry.node.rows)], slot: -1, siblings };
    }
    path.push(entry.ordinal);
    if (inside < 0) return { path, slot: -1, siblings };
    node = entry.node;
    rest = inside;
  }
}

/** Row of a value; -1 while something above it is closed. */
export function indexOfPath(root: OpenNode, path: OrdinalPath): number {
  let node = root;
  let index = 0;
  for (let depth = 0; depth < path.length; depth++) {
    const ordinal = path[depth] ?? 0;
    const entry = node.opened[lastAtOrBefore(node.opened, ordinal, 'ordinal')];
    let at = ordinal;
    if (entry !== undefined)
      at = entry.ordinal === ordinal ? entry.at : entry.at + entry.node.rows + (ordinal - entry.ordinal);
    index += node.block + at;
    if (depth === path.length - 1) return index;
    if (entry === undefined || entry.ordinal !== ordinal) return -1;
    index++;
    node = entry.node;
  }
  return -1;
}
