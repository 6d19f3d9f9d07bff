// A diff as the window draws it: rows with paths, the message that a change stands in, and both sides short.

import type * as z from 'zod/mini';
import type { DiffRow, DiffSide, DiffView } from '../../shared/contract/methods.ts';
import { messageLabel } from '../analysis/messages.ts';
import { keyText } from '../analysis/shares.ts';
import type { Cursor } from '../values/cursor.ts';
import { describeChild, describeValue } from '../values/describe.ts';
import { equalChannels, summarize } from '../values/diff/diff.ts';
import type { ValueDiff } from '../values/diff/tree.ts';
import { atOrdinals, logicalPathOf, pointerOf, throughObjects } from '../values/path.ts';
import { encodeTagged } from '../values/tagged.ts';

type Side = z.infer<typeof DiffSide>;

/** Longest text of one side, in characters. */
const maxText = 20_000;

export interface Compared {
  readonly beforeKey: string | null;
  readonly afterKey: string;
  readonly before: Cursor | null;
  readonly after: Cursor | null;
  readonly diff: ValueDiff;
}

/** Rows `from … from + count - 1`; the summary is of all of them. */
export function diffView(compared: Compared, from: number, count: number): DiffView {
  const { diff } = compared;
  const summary = summarize(diff);
  const end = Math.min(diff.changes.length, from + count);
  const rows: DiffRow[] = [];
  for (const change of diff.changes.slice(from, end)) rows.push(rowOf(compared, change));
  return {
    before: compared.beforeKey,
    after: compared.afterKey,
    summary: summary.map((s) => ({ ...s })),
    equalChannels: equalChannels(diff),
    rows,
    total: diff.changes.length,
  };
}

function rowOf({ before, after }: Compared, change: ValueDiff['changes'][number]): DiffRow {
  // What is gone can only be named in the state that had it; everything else by where it is now.
  const root = change.op === 'remove' ? before : after;
  const ordinals = (change.op === 'remove' ? change.beforePath : change.afterPath) ?? [];
  return {
    op: change.op,
    channel: root === null ? '' : channelOf(root, ordinals),
    path: root === null ? '' : logicalPathOf(root, ordinals),
    pointer: root === null ? '' : pointerOf(root, ordinals),
    from: change.op === 'move' && before !== null ? logicalPathOf(before, change.beforePath ?? []) : null,
    message: root === null ? null : messageAround(root, ordinals),
    before: sideOf(before, change.before, change.beforePath ?? []),
    after: sideOf(after, change.after, change.afterPath ?? []),
  };
}

/** The top-level member that a place belongs to; `''` for the state as a whole. */
function channelOf(root: Cursor, ordinals: readonly number[]): string {
  const inner = throughObjects(root);
  const ordinal = ordinals[inner.ordinals.length];
  return ordinal === undefined || inner.cursor.kind !== 'map' ? '' : keyText(inner.cursor.key(ordinal));
}

/** The innermost chat message on the way to a place. */
function messageAround(root: Cursor, ordinals: readonly number[]): { role: string; id: string | null } | null {
  let found: { role: string; id: string | null } | null = null;
  let cursor = root;
  for (const ordinal of ordinals) {
    cursor = atOrdinals(cursor, [ordinal]);
    found = messageLabel(cursor) ?? found;
  }
  return found;
}

function sideOf(root: Cursor | null, value: Cursor | null, ordinals: readonly number[]): Side | null {
  if (value === null) return null;
  const last = ordinals.at(-1);
  const node =
    root === null || last === undefined
      ? describeValue(value, 0, '', '')
      : describeChild(atOrdinals(root, ordinals.slice(0, -1)), last, logicalPathOf(root, ordinals));
  return { node, text: wholeText(value) };
}

function wholeText(value: Cursor): string | null {
  if (value.count > 0 || value.kind === 'bytes' || value.kind === 'opaque' || value.kind === 'ext') return null;
  // A stored character takes at least one byte, at most six in escaped JSON.
  if (value.end - value.start > maxText * 6) return null;
  const text = value.kind === 'string' && value.isUnicode() ? value.text() : encodeTagged(value);
  return text.length > maxText ? null : text;
}
