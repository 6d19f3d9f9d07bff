// What a lineage needs of a record's line, without a look into its state: of a record as the framework writes it, compact and with the
// state before what follows from it. Any other line is read in full.

import type { LineSpan } from '../backend.ts';
import { MemberSpans } from '../../values/json/members.ts';
import { isSame, plainInteger, plainText, SpanReader } from '../records/span-reader.ts';
import type { PointHeader } from './points.ts';
import { queueOf, textOf } from './record.ts';

const members = ['thread_id', 'state', 'step', 'node', 'queue', 'created_at'] as const;
const [thread, state, step, node, queue, createdAt] = [0, 1, 2, 3, 4, 5] as const;
const always: readonly number[] = [thread, state, step, node, createdAt];

const beginning = Buffer.from('{"seq":');
const timeNext = Buffer.from(',"created_at":"');
const checkpointNext = Buffer.from('","checkpoint":');
const stateBegins = Buffer.from('{"data":');

/** Times are not longer. */
const longestTime = 64;
const QUOTE = 0x22;

export interface LineHead {
  readonly thread: string;
  readonly header: PointHeader;
}

/** Reads many lines, best of one file: what repeats from line to line is read once. */
export class LineHeads {
  readonly #members = new MemberSpans(members, { name: 'state', before: ['step'], begins: '{"seq":' });
  readonly #threads = new SpanReader(textOf);
  readonly #nodes = new SpanReader(textOf);
  /** Names in a queue; null for what is none. */
  readonly #queues = new SpanReader((value) => queueOf(value)?.map((item) => item.node) ?? null);

  /** Null where the line is none of the usual kind, or one that the framework might refuse. */
  read({ block, at, to, start }: LineSpan): LineHead | null {
    if (!stands(beginning, block, at, to)) return null;
    const seqAt = at + beginning.length;
    let seqEnd = seqAt;
    while (block[seqEnd]! >= 0x30 && block[seqEnd]! <= 0x39) seqEnd += 1;
    // As long as that it is a number of 64 bits without a further look; leading zeros are no JSON.
    const seqIsPlain = seqEnd > seqAt && seqEnd - seqAt <= 15 && (block[seqAt] !== 0x30 || seqEnd === seqAt + 1);
    if (!seqIsPlain || !stands(timeNext, block, seqEnd, to)) return null;
    const timeAt = seqEnd + timeNext.length;
    let timeEnd = timeAt;
    while (timeEnd - timeAt < longestTime && isPlain(block[timeEnd]!)) timeEnd += 1;
    if (!stands(checkpointNext, block, timeEnd, to)) return null;
    const found = this.#members;
    if (block[to - 1] !== 0x7d || !found.read(block, timeEnd + checkpointNext.length, to - 1)) return null;
    if (always.some((member) => found.start(member) < 0)) return null;
    if (!stands(stateBegins, block, found.start(state), to)) return null;

    const name = this.#threads.at(block, found.start(thread), found.end(thread));
    const ran = this.#nodes.at(block, found.start(node), found.end(node));
    const number = plainInteger(block, found.start(step), found.end(step));
    const time = plainText(block, found.start(createdAt), found.end(createdAt));
    if (name === null || ran === null || number === null || number < 0 || time === null) return null;
    const queueAt = found.start(queue);
    const waiting = queueAt < 0 ? null : this.#queues.at(block, queueAt, found.end(queue));
    if (queueAt >= 0 && waiting === null) return null;
    return {
      thread: name,
      header: {
        position: start,
        bytes: to - at,
        seq: block.toString('latin1', seqAt, seqEnd),
        createdAt: time,
        node: ran,
        step: block.toString('latin1', found.start(step), found.end(step)),
        queue: waiting,
      },
    };
  }
}

function isPlain(c: number): boolean {
  return c >= 0x20 && c < 0x80 && c !== QUOTE && c !== 0x5c;
}

function stands(text: Buffer, block: Buffer, at: number, to: number): boolean {
  return at + text.length <= to && isSame(block, at, at + text.length, text);
}
