// The new checkpoint row of a fork or an edit: the source's bytes with an id, a time, bumped versions and the edited slices
// spliced in. Nothing else of the cell is written anew, so null-valued routing channels and unknown members survive as they are.

import { followSends } from './follow-sends.ts';
import type { Follow } from './follow-sends.ts';
import { keysOf } from './cells.ts';
import { sameBytes } from './next.ts';
import { timestampText } from './ids.ts';
import { editDialect } from './point.ts';
import type { Point } from './point.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import { openValue } from '../../values/open.ts';
import { applyEdits, removeAt, replaceAt, setMember, setMembers } from '../../values/splice.ts';
import { ByteWriter } from '../../values/byte-writer.ts';
import { writeInteger, writeNil, writeString } from '../../values/msgpack/write.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Dialect, Edit } from '../../values/edit.ts';
import type { Draw } from '../store.ts';

const encoder = new TextEncoder();

function stringBytes(text: string, dialect: Dialect): Uint8Array {
  const w = new ByteWriter();
  if (dialect === 'msgpack') writeString(w, encoder.encode(text));
  else w.text(JSON.stringify(text));
  return w.done();
}

function integerBytes(value: bigint, dialect: Dialect): Uint8Array {
  const w = new ByteWriter();
  if (dialect === 'msgpack') writeInteger(w, value);
  else w.text(String(value));
  return w.done();
}

function nilBytes(): Uint8Array {
  const w = new ByteWriter();
  writeNil(w);
  return w.done();
}

/** Opens a value's own bytes, so that further edits see a whole cell. */
const whole = (cursor: Cursor): Cursor => openValue(cursor.encoding, cursor.slice());

/**
 * The version after all of a checkpoint's: text of 32 digits and a random part in Python, an integer in JS and custom savers.
 * One step gives all changed channels the same version.
 */
export function nextVersion(versions: Cursor | null, dialect: Dialect, draw: Draw): Uint8Array {
  let max = 0n;
  let texts = 0;
  let integers = 0;
  for (let i = 0; i < (versions?.count ?? 0); i++) {
    const version = versions?.child(i);
    if (version === undefined) continue;
    const digits =
      version.kind === 'string'
        ? /^\d+/.exec(version.text())?.[0]
        : version.kind === 'integer'
          ? version.lexeme()
          : null;
    if (digits === null || digits === undefined) {
      throw new ForkpointError(
        'unable',
        'A channel of this checkpoint has a version that is neither a number nor text of digits, so no later one can be written. Nothing was changed.',
        null,
      );
    }
    if (version.kind === 'string') texts++;
    else integers++;
    const value = BigInt(digits);
    if (value > max) max = value;
  }
  if (texts > 0 && integers > 0) {
    throw new ForkpointError(
      'unable',
      'The channel versions of this checkpoint are of two kinds, which LangGraph itself cannot order. Nothing was changed.',
      null,
    );
  }
  const asText = texts > 0 || (integers === 0 && dialect === 'msgpack');
  if (!asText) return integerBytes(max + 1n, dialect);
  const random = draw.random(7);
  const bits = random.reduce((n, b) => (n << 8n) | BigInt(b), 0n) >> 3n;
  const fraction = Number(bits) / 2 ** 53;
  const text = String(fraction).includes('e') ? fraction.toFixed(17) : String(fraction);
  return stringBytes(`${String(max + 1n).padStart(32, '0')}.${text.padStart(16, '0')}`, dialect);
}

/** Channels whose stored bytes differ, with removed ones. */
export function changedChannels(before: Cursor, after: Cursor): { set: string[]; removed: string[] } {
  const set: string[] = [];
  for (const channel of keysOf(after)) {
    const old = before.get(channel);
    const now = after.get(channel);
    if (now !== null && (old === null || !sameBytes(old.slice(), now.slice()))) set.push(channel);
  }
  return { set, removed: keysOf(before).filter((c) => after.ordinalOf(c) < 0) };
}

export interface EditedValues {
  readonly before: Cursor;
  readonly after: Cursor;
  readonly warnings: readonly Warning[];
  readonly follows: readonly Follow[];
}

/** Channels that nothing was ever written to: LangGraph takes one of its graph, and silently drops one that is not. */
function newChannels(point: Point, edited: Cursor): Warning[] {
  const names = keysOf(edited).filter(
    (c) => point.values?.get(c) === null && (point.versions?.get(c) ?? null) === null,
  );
  return names.map((name) => ({
    code: 'new_channel',
    message: `This checkpoint has no channel \`${name}\` yet: LangGraph takes the value only if the graph has a channel of this name, and says nothing if it has not.`,
    remedy: 'Check the name.',
  }));
}

/** Applies the user's edits to the values of a point as they are shown, and the second changes that follow from them. */
export function editValues(
  point: Point,
  shown: Cursor | null,
  edits: readonly Edit[],
  leave: readonly string[],
): EditedValues | null {
  if (edits.length === 0 || shown === null) return null;
  const dialect = editDialect(point);
  const before = whole(shown);
  const { bytes, warnings } = applyEdits(before, edits, dialect);
  const edited = openValue(before.encoding, bytes);
  if (edited.kind !== 'map') {
    throw new ForkpointError('bad_value', 'The state must stay a map of channels. Nothing was changed.', null);
  }
  const followed = followSends(before, edited, leave);
  return {
    before,
    after: followed.values,
    warnings: [...warnings, ...followed.warnings, ...newChannels(point, edited)],
    follows: followed.follows,
  };
}

/** What a new row of a delta thread stores in its own way; null for other threads. */
export interface DeltaRow {
  /** `channel_values`, snapshots included. */
  readonly values: Cursor;
  /** `counters_since_delta_snapshot`, null where nothing is left to count. */
  readonly counters: Uint8Array | null;
  /** Parent of the new row: the source, or the source's own parent. */
  readonly parent: string | null;
  readonly warnings: readonly Warning[];
}

export interface NewRowParts {
  readonly id: string;
  readonly step: number;
  readonly now: number;
  readonly draw: Draw;
}

/** The checkpoint cell of the new row. */
export function newCheckpointCell(
  point: Point,
  edited: EditedValues | null,
  delta: DeltaRow | null,
  parts: NewRowParts,
): Uint8Array {
  if (point.root === null) throw new ForkpointError('unable', point.problem ?? 'This checkpoint cannot be read.', null);
  const dialect = editDialect(point);
  const { root } = point;
  const members: [string, Uint8Array][] = [
    ['id', stringBytes(parts.id, dialect)],
    ['ts', stringBytes(timestampText(parts.now, point.dialect), dialect)],
  ];
  const values = delta?.values ?? edited?.after;
  if (values !== undefined) members.push(['channel_values', values.slice()]);
  if (edited !== null) {
    const changed = changedChannels(edited.before, edited.after);
    let versions = root.get('channel_versions');
    if (versions?.kind !== 'map') {
      throw new ForkpointError(
        'unable',
        'This checkpoint has no channel versions, so LangGraph would not load an edited copy of it. Nothing was changed.',
        null,
      );
    }
    const known = versions;
    const bumped = [...changed.set, ...changed.removed.filter((c) => known.ordinalOf(c) >= 0)];
    if (bumped.length > 0) {
      const version = nextVersion(known, dialect, parts.draw);
      versions = whole(versions);
      for (const channel of bumped) versions = openValue(root.encoding, setMember(versions, channel, version, dialect));
      members.push(['channel_versions', versions.slice()]);
    }
  }
  // Python takes a list here as a filter of what may run next: one left over from the source would make the run end at once.
  if (root.ordinalOf('updated_channels') >= 0) {
    members.push(['updated_channels', dialect === 'msgpack' ? nilBytes() : encoder.encode('null')]);
  }
  // Opened once more, so that nothing is stored that Forkpoint itself could not read.
  return openValue(root.encoding, setMembers(root, members, dialect)).slice();
}

/** The metadata of the new row: the source's bytes with source and step replaced, in the style they are written in. */
export function newMetadata(
  metadata: Cursor,
  source: 'update' | 'fork',
  step: number,
  js: boolean,
  delta: DeltaRow | null,
): Uint8Array {
  const dialect: Dialect = js ? 'json-js' : 'json-python';
  let at = whole(metadata);
  const put = (key: string, text: string): void => {
    at = openValue('json', setMember(at, key, encoder.encode(text), dialect));
  };
  put('source', JSON.stringify(source));
  put('step', String(step));
  // Until the middle of 2025 it held what the step had written, which this row has not.
  if (at.ordinalOf('writes') >= 0) put('writes', 'null');
  // A run id would make "delete this run" take the fork along.
  const run = at.ordinalOf('run_id');
  if (run >= 0) at = openValue('json', removeAt(at, [run]));
  const counters = at.ordinalOf('counters_since_delta_snapshot');
  if (delta !== null && counters >= 0) {
    const bytes = delta.counters;
    at = openValue('json', bytes === null ? removeAt(at, [counters]) : replaceAt(at, [counters], bytes));
  }
  return at.slice();
}
