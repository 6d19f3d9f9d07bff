// One checkpoint record: what the framework's runtime looks at, read in place. A line of a file and a row of a table hold the same
// members, so both are read into the same view. The state itself is never read here.

import { asForkpointError } from '../../../shared/model/errors.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';

/** Releases by what their records look like: 0.1.0 kept no queue. */
export const eras = ['0.1.0', '0.3.0'] as const;
export type Era = (typeof eras)[number];
export const [eraNoQueue, eraQueue] = eras;

/** Something that would run next. `path` is the text of a 64-bit number: it names the branch that the item belongs to. */
export interface QueueItem {
  readonly node: string;
  readonly path: string;
}

export interface RecordView {
  /** The whole line; null for a row. */
  readonly line: Cursor | null;
  readonly seq: string;
  readonly thread: string;
  readonly createdAt: string | null;
  readonly node: string | null;
  /** A number of up to 64 bits, as text. */
  readonly step: string | null;
  /** The object with the one member `data`. */
  readonly wrapper: Cursor | null;
  /** `state.data`: the state of the user's graph. */
  readonly state: Cursor | null;
  /** Null where the record has none (0.1.0), or where it is not a list of `[node, number]`. */
  readonly queue: readonly QueueItem[] | null;
  readonly queueValue: Cursor | null;
  readonly era: Era;
  /** What wesichain 0.3.0 says when it loads this record; null if it reads it. */
  readonly refused: string | null;
}

export type RecordReading =
  | { readonly ok: true; readonly record: RecordView }
  | { readonly ok: false; readonly reason: string };

export function textOf(value: Cursor | null): string | null {
  return value !== null && value.kind === 'string' && value.isUnicode() ? value.text() : null;
}

/** Digits of an integer, null for anything else. */
export function integerText(value: Cursor | null): string | null {
  return value !== null && value.kind === 'integer' ? value.lexeme() : null;
}

const largestPath = 2n ** 64n - 1n;

export function isU64(text: string): boolean {
  return /^\d{1,20}$/.test(text) && BigInt(text) <= largestPath;
}

/** The queue as the runtime reads it; null if it is not one. */
export function queueOf(value: Cursor | null): readonly QueueItem[] | null {
  if (value === null || value.kind !== 'list') return null;
  const items: QueueItem[] = [];
  for (let i = 0; i < value.count; i += 1) {
    const item = value.child(i);
    if (item.kind !== 'list' || item.count !== 2) return null;
    const node = textOf(item.child(0));
    const path = integerText(item.child(1));
    if (node === null || path === null || !isU64(path)) return null;
    items.push({ node, path });
  }
  return items;
}

/** Opens a JSON text; a sentence part instead of an error where it is none. */
export function openText(bytes: Uint8Array): Cursor | { readonly reason: string } {
  try {
    return openValue('json', bytes);
  } catch (thrown) {
    return { reason: asForkpointError(thrown).message };
  }
}

/** Reads a line of a thread file. What cannot be told to be a record is a reason, never guessed at. */
export function readLine(bytes: Uint8Array): RecordReading {
  const line = openText(bytes);
  if ('reason' in line) return { ok: false, reason: line.reason };
  return readLineAt(line);
}

export function readLineAt(line: Cursor): RecordReading {
  if (line.kind !== 'map') return { ok: false, reason: 'it is not a JSON object' };
  const checkpoint = line.get('checkpoint');
  if (checkpoint === null || checkpoint.kind !== 'map') {
    return { ok: false, reason: 'its `checkpoint` is missing or not an object' };
  }
  const seq = integerText(line.get('seq'));
  const thread = textOf(checkpoint.get('thread_id'));
  if (seq === null || !isU64(seq)) return { ok: false, reason: 'its `seq` is missing or not a number' };
  if (thread === null) return { ok: false, reason: 'its `thread_id` is missing or not a text' };
  return {
    ok: true,
    record: viewOf({
      line,
      seq,
      thread,
      createdAt: textOf(checkpoint.get('created_at')) ?? textOf(line.get('created_at')),
      node: textOf(checkpoint.get('node')),
      step: integerText(checkpoint.get('step')),
      wrapper: checkpoint.get('state'),
      queueValue: checkpoint.get('queue'),
    }),
  };
}

/** A view from the members that lines and rows have in common. */
export function viewOf(
  members: Pick<RecordView, 'line' | 'seq' | 'thread' | 'createdAt' | 'node' | 'step' | 'wrapper' | 'queueValue'>,
): RecordView {
  const { wrapper, queueValue } = members;
  const state = wrapper === null || wrapper.kind !== 'map' ? null : wrapper.get('data');
  const queue = queueOf(queueValue);
  return {
    ...members,
    state,
    queue,
    era: queueValue === null ? eraNoQueue : eraQueue,
    refused: refusal({ ...members, state, queue }),
  };
}

/** In the order in which the framework would notice. */
function refusal(
  record: Pick<RecordView, 'createdAt' | 'node' | 'step' | 'state' | 'queue' | 'queueValue'>,
): string | null {
  if (record.state === null) return 'its state has no member `data`';
  if (record.step === null) return 'its step is missing or not an integer';
  if (record.step.startsWith('-')) return 'its step is negative';
  if (!isU64(record.step)) return 'its step does not fit 64 bits';
  if (record.node === null) return 'its node is missing';
  if (record.createdAt === null) return 'its time is missing';
  if (record.queueValue !== null && record.queue === null) return 'its queue is not a list of `[node, number]`';
  return null;
}

/** ISO 8601 in UTC, with the digits that are stored; null for what is no time. */
export function isoTime(createdAt: string | null): string | null {
  if (createdAt === null || Number.isNaN(Date.parse(createdAt))) return null;
  if (/^\d{4}-\d\d-\d\dT[\d:]+(?:\.\d+)?(?:\+00:00|Z)$/.test(createdAt)) return createdAt.replace(/\+00:00$/, 'Z');
  return new Date(createdAt).toISOString();
}
