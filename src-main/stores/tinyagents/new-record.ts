// A new record from a stored one: some members replaced in its text, every other byte copied. Never built from an object, so that
// numbers keep their digits, members their order, and members of later releases are carried along.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Cursor } from '../../values/cursor.ts';
import { compose } from '../../values/splice.ts';
import { patched, utf8, type Patch } from '../../values/bytes.ts';
import { readRecord, type RecordView } from './record.ts';

/** Texts of members, in the writer's compact form. */
export type Members = Readonly<Record<string, Uint8Array>>;

export const nullText = utf8('null');
export const emptyList = utf8('[]');

/** A JSON string as serde writes it. Throws `bad_value` for text that is not valid Unicode. */
export function stringText(text: string): Uint8Array {
  if (!text.isWellFormed()) {
    throw new ForkpointError(
      'bad_value',
      'This id is not valid Unicode text. Nothing was changed.',
      'Choose another id.',
    );
  }
  return utf8(JSON.stringify(text));
}

/**
 * New text of a record. `set` members are replaced, or put at the end where the record lacks them; `replace` members only where it
 * has them (releases before 1.6 lack some, and must go on to).
 */
export function rewriteRecord(root: Cursor, set: Members, replace: Members = {}): Uint8Array {
  const patches: Patch[] = [];
  const added: [string, Uint8Array][] = [];
  for (const [name, bytes] of Object.entries(set)) {
    const value = root.get(name);
    if (value === null) added.push([name, bytes]);
    else patches.push({ start: value.start, end: value.end, bytes });
  }
  for (const [name, bytes] of Object.entries(replace)) {
    const value = root.get(name);
    if (value !== null) patches.push({ start: value.start, end: value.end, bytes });
  }
  if (added.length > 0) {
    const members = compose('json-serde', added);
    const inner = Buffer.concat([utf8(root.count > 0 ? ',' : ''), members.subarray(1, -1)]);
    patches.push({ start: root.end - 1, end: root.end - 1, bytes: inner });
  }
  return patched(root.source, root.start, root.end, patches);
}

/** Reads a text that we made; it must be a record of exactly this thread and id. */
export function checkedRecord(text: Uint8Array, thread: string, id: string): RecordView {
  const reading = readRecord(text);
  if (!reading.ok || reading.record.thread !== thread || reading.record.id !== id) {
    throw new ForkpointError(
      'internal',
      `The new record would not be read back as it was meant${reading.ok ? '' : `: ${reading.reason}`}. Nothing was changed.`,
      'Please report this with the steps that led to it.',
    );
  }
  return reading.record;
}

/** The metadata of a record that did not come from a run, members sorted as the framework sorts them. */
export function metadataText(source: 'fork' | 'update', step: number, interrupted: readonly string[]): Uint8Array {
  const members: [string, Uint8Array][] = [];
  if (interrupted.length > 0) members.push(['interrupted_nodes', utf8(JSON.stringify(interrupted))]);
  members.push(['source', utf8(JSON.stringify(source))], ['step', utf8(String(step))]);
  return compose('json-serde', members);
}

/** `ckpt-fork-<uuid>` from 16 random bytes: ids are opaque to the framework. */
export function drawnId(random: Uint8Array): string {
  const bytes = Uint8Array.from(random.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  return `ckpt-fork-${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
