// A new record from a stored one: some members replaced in its text, every other byte copied. Never built from an object, so that
// numbers keep their digits (path ids are 64-bit hashes), members their order, and members of later releases are carried along.
// A record that is saved again keeps its time, as it does when the framework saves a checkpoint that it has loaded: that is also what
// tells later which point it came from.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { patched, utf8, type Patch } from '../../values/bytes.ts';
import type { Cursor } from '../../values/cursor.ts';
import { compose } from '../../values/splice.ts';
import type { RecordView } from './record.ts';

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

function replaced(value: Cursor, bytes: Uint8Array): Patch {
  return { start: value.start, end: value.end, bytes };
}

/** The text of `{"data": …}` with other data; as it is where `data` is null. */
export function wrapperText(record: RecordView, data: Uint8Array | null): Uint8Array {
  const { wrapper, state } = record;
  if (wrapper === null) return utf8('null');
  if (data === null || state === null) return wrapper.slice();
  return patched(wrapper.source, wrapper.start, wrapper.end, [replaced(state, data)]);
}

/** The record as a line (without line feed) of another thread and place, with other data where some is given. */
export function lineText(record: RecordView, thread: string, seq: string, data: Uint8Array | null): Uint8Array {
  const { line } = record;
  if (line === null) return composedLine(record, thread, seq, data);
  const seqValue = line.get('seq');
  const threadValue = line.get('checkpoint')?.get('thread_id') ?? null;
  if (seqValue === null || threadValue === null) throw new TypeError('a line that was read has both');
  const patches = [replaced(seqValue, utf8(seq)), replaced(threadValue, stringText(thread))];
  if (data !== null && record.state !== null) patches.push(replaced(record.state, data));
  return patched(line.source, line.start, line.end, patches);
}

/** A row as the line that the folder store would hold, members in the framework's order. */
function composedLine(record: RecordView, thread: string, seq: string, data: Uint8Array | null): Uint8Array {
  const text = (value: string | null) => (value === null ? utf8('null') : stringText(value));
  const members: [string, Uint8Array][] = [
    ['thread_id', text(thread)],
    ['state', wrapperText(record, data)],
    ['step', utf8(record.step ?? 'null')],
    ['node', text(record.node)],
  ];
  if (record.queueValue !== null) members.push(['queue', record.queueValue.slice()]);
  members.push(['created_at', text(record.createdAt)]);
  return compose('json-serde', [
    ['seq', utf8(seq)],
    ['created_at', text(record.createdAt)],
    ['checkpoint', compose('json-serde', members)],
  ]);
}

/** Everything a record says besides its state and its thread, as one JSON object; stored texts as they stand. */
export function metadataText(record: RecordView): Uint8Array {
  const members: [string, Uint8Array][] = [];
  const taken = new Set(['checkpoint', 'state', 'thread_id']);
  const add = (name: string, bytes: Uint8Array) => {
    if (taken.has(name)) return;
    taken.add(name);
    members.push([name, bytes]);
  };
  const { line } = record;
  if (line === null) {
    add('seq', utf8(record.seq));
    if (record.createdAt !== null) add('created_at', stringText(record.createdAt));
    if (record.step !== null) add('step', utf8(record.step));
    if (record.node !== null) add('node', stringText(record.node));
    if (record.queueValue !== null) add('queue', record.queueValue.slice());
    return compose('json-serde', members);
  }
  for (const map of [line, line.get('checkpoint')]) {
    if (map === null) continue;
    for (let i = 0; i < map.count; i += 1) {
      const key = map.key(i);
      if (key.kind === 'string' && key.isUnicode()) add(key.text(), map.child(i).slice());
    }
  }
  return compose('json-serde', members);
}

/** Numbers for records that are written one behind the other. */
export function numbersFrom(count: number, from: bigint): readonly string[] {
  return Array.from({ length: count }, (_, i) => String(from + BigInt(i)));
}
