// A diff as the window draws it: rows with paths, the message that a change stands in, and both sides short.

import type * as z from 'zod/mini';
import type { DiffFilter, DiffRow, DiffSide, DiffView } from '../../shared/contract/methods.ts';
import { isPlumbing } from '../../shared/model/channels.ts';
import type { DiffSummary } from '../../shared/model/shapes.ts';
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
/** A list, map or object of at most so many bytes is given whole: it takes less room than the way to it. */
const maxSmall = 400;

export interface Compared {
  readonly beforeKey: string | null;
  readonly afterKey: string;
  readonly before: Cursor | null;
  readonly after: Cursor | null;
  readonly diff: ValueDiff;
}

/** Rows `from … from + count - 1` of those that the filter lets through; the summary is of all of them. */
export function diffView(compared: Compared, from: number, count: number, filter: DiffFilter | null = null): DiffView {
  const { diff } = compared;
  const listed = listedOf(compared);
  const shown = filter === null ? listed.order : matching(compared, listed, filter);
  const rows: DiffRow[] = [];
  for (const i of shown.slice(from, from + count)) {
    const change = diff.changes[i];
    if (change !== undefined) rows.push(rowOf(compared, change));
  }
  return {
    before: compared.beforeKey,
    after: compared.afterKey,
    summary: listed.summary.map((s) => ({ ...s })),
    equalChannels: equalChannels(diff),
    rows,
    total: diff.changes.length,
    ...(filter === null ? {} : { matched: shown.length }),
  };
}

/** What every window of one diff needs, worked out once for it. */
interface Listed {
  /** Channels of the user first, in the order of the state, then what is gone; the framework's own last. */
  readonly summary: readonly DiffSummary[];
  /** Channel of each change, and the changes in the order of the summary. */
  readonly channels: readonly string[];
  readonly order: readonly number[];
  /** Paths in lower case, made when they are first filtered by. */
  paths: readonly string[] | null;
  filtered: { readonly of: string; readonly shown: readonly number[] } | null;
}

const lists = new WeakMap<ValueDiff, Listed>();

function listedOf(compared: Compared): Listed {
  const { diff } = compared;
  const known = lists.get(diff);
  if (known !== undefined) return known;
  const summary = summarize(diff);
  // Sorting is stable: within a channel everything stays in the order of the state.
  const quiet = (channel: string): number => Number(isPlumbing(channel));
  summary.sort((a, b) => quiet(a.channel) - quiet(b.channel));
  const rank = new Map(summary.map((s, i) => [s.channel, i]));
  const channels = diff.changes.map((change) => {
    const { root, ordinals } = placeOf(compared, change);
    return root === null ? '' : channelOf(root, ordinals);
  });
  const rankOf = (i: number): number => rank.get(channels[i] ?? '') ?? rank.size;
  const order = channels.map((_, i) => i).sort((a, b) => rankOf(a) - rankOf(b));
  const listed: Listed = { summary, channels, order, paths: null, filtered: null };
  lists.set(diff, listed);
  return listed;
}

function matching(compared: Compared, listed: Listed, filter: DiffFilter): readonly number[] {
  const of = JSON.stringify([filter.path, filter.channel]);
  if (listed.filtered?.of === of) return listed.filtered.shown;
  const wanted = filter.path.toLowerCase();
  if (wanted !== '') listed.paths ??= compared.diff.changes.map((c) => pathOfChange(compared, c).toLowerCase());
  const shown = listed.order.filter(
    (i) =>
      (filter.channel === null || listed.channels[i] === filter.channel) &&
      (wanted === '' || listed.paths?.[i]?.includes(wanted) === true),
  );
  listed.filtered = { of, shown };
  return shown;
}

type Change = ValueDiff['changes'][number];

/** What is gone can only be named in the state that had it; everything else by where it is now. */
function placeOf(
  { before, after }: Compared,
  change: Change,
): { readonly root: Cursor | null; readonly ordinals: readonly number[] } {
  return change.op === 'remove'
    ? { root: before, ordinals: change.beforePath ?? [] }
    : { root: after, ordinals: change.afterPath ?? [] };
}

/** The path that a row shows: the logical one, else the pointer. */
function pathOfChange(compared: Compared, change: Change): string {
  const { root, ordinals } = placeOf(compared, change);
  return root === null ? '' : (logicalPathOf(root, ordinals) ?? pointerOf(root, ordinals));
}

function rowOf(compared: Compared, change: Change): DiffRow {
  const { before, after } = compared;
  const { root, ordinals } = placeOf(compared, change);
  const sides = {
    before: sideOf(before, change.before, change.beforePath ?? []),
    after: sideOf(after, change.after, change.afterPath ?? []),
  };
  const differing = differingOf(change.before, change.after, sides);
  return {
    op: change.op,
    channel: root === null ? '' : channelOf(root, ordinals),
    path: root === null ? '' : logicalPathOf(root, ordinals),
    pointer: root === null ? '' : pointerOf(root, ordinals),
    from: change.op === 'move' && before !== null ? logicalPathOf(before, change.beforePath ?? []) : null,
    message: root === null ? null : messageAround(root, ordinals),
    ...sides,
    ...(differing === null ? {} : { differing }),
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
  if (value.count > 0 && value.end - value.start <= maxSmall) return encodeTagged(value);
  if (value.count > 0 || value.kind === 'bytes' || value.kind === 'opaque' || value.kind === 'ext') return null;
  // A stored character takes at least one byte, at most six in escaped JSON.
  if (value.end - value.start > maxText * 6) return null;
  const text = value.kind === 'string' && value.isUnicode() ? value.text() : encodeTagged(value);
  return text.length > maxText ? null : text;
}

/** Texts longer than this are not looked into: both would be decoded whole. */
const maxLooked = 64_000_000;
/** Equal characters that stay around what differs. */
const around = 160;

/** Where two long texts differ; null where they are short, are no texts, or differ too widely. */
function differingOf(
  before: Cursor | null,
  after: Cursor | null,
  sides: { readonly before: Side | null; readonly after: Side | null },
): NonNullable<DiffRow['differing']> | null {
  if (before === null || after === null || before.kind !== 'string' || after.kind !== 'string') return null;
  if ((sides.before?.text ?? null) !== null && (sides.after?.text ?? null) !== null) return null;
  if (Math.max(before.end - before.start, after.end - after.start) > maxLooked) return null;
  if (!before.isUnicode() || !after.isUnicode()) return null;
  const a = before.text();
  const b = after.text();
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a.charCodeAt(start) === b.charCodeAt(start)) start++;
  let end = 0;
  while (end < shorter - start && a.charCodeAt(a.length - 1 - end) === b.charCodeAt(b.length - 1 - end)) end++;
  const from = whole(a, Math.max(0, start - around));
  const left = a.length - whole(a, Math.min(a.length, a.length - end + around));
  const cut = { before: a.slice(from, a.length - left), after: b.slice(from, b.length - left) };
  if (Math.max(cut.before.length, cut.after.length) > maxText) return null;
  return { ...cut, equalBefore: from, equalAfter: left };
}

/** The place itself, or the one before it where it would part a pair of surrogates. */
const whole = (text: string, at: number): number => {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit < 0xe000 ? at - 1 : at;
};
