// Records in SQLite: the table `checkpoints`, order by `seq` within a thread. 0.1.0 has no column `queue_json`; opening such a file
// with a later release adds it with `[]` in every old row. `sessions`, `messages` and `graph_triples` are projections of the states.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { SqliteReader, SqlRow, SqlValue } from '../backend.ts';
import { bytesCell, foreignTables, numberCell, rawParts, textCell } from '../records/cells.ts';
import { KnownTexts } from '../records/known-texts.ts';
import type { Picture, Touched } from '../records/source.ts';
import type { RawPart, ThreadSummary } from '../store.ts';
import { messagesPerSeq } from './neighbours.ts';
import { ThreadPoints } from './points.ts';
import { isoTime, openText, queueOf, viewOf, type RecordReading } from './record.ts';
import { noTrouble, type Place, type ThreadTrouble, type WesichainSource } from './source.ts';

/** Threads per statement of the listing; points per statement of a lineage. */
const threadPage = 2000;
const pointPage = 500;
const batchSize = 500;

export const projections: readonly string[] = ['sessions', 'messages', 'graph_triples'];
export const ownTables: ReadonlySet<string> = new Set(['checkpoints', ...projections]);

export function columnsOf(reader: SqliteReader): readonly string[] {
  const table = reader.tables().find((t) => t.name === 'checkpoints');
  return table?.columns.map((column) => column.name) ?? [];
}

export function hasQueueColumn(reader: SqliteReader): boolean {
  return columnsOf(reader).includes('queue_json');
}

/** Rows that the projections hold for a thread; 0 where those tables are not there. */
export function projectedRows(reader: SqliteReader, thread: string): number {
  const present = new Set(reader.tables().map((table) => table.name));
  return projections
    .filter((name) => present.has(name))
    .reduce((sum, name) => {
      const row = reader.get(`SELECT count(*) AS n FROM "${name}" WHERE thread_id = ?`, [thread]);
      return sum + numberCell(row?.['n']);
    }, 0);
}

/** Columns of one record, the large ones as bytes with their storage class. */
export function recordColumns(queued: boolean): string {
  const queue = queued
    ? 'CAST(queue_json AS BLOB) AS queue, typeof(queue_json) AS queue_type'
    : "NULL AS queue, 'none' AS queue_type";
  return `rowid AS position, thread_id, seq, created_at, node, step, CAST(state_json AS BLOB) AS state, typeof(state_json) AS state_type, ${queue}`;
}

export function readRow(row: SqlRow): RecordReading {
  const wrapper = openText(bytesCell(row['state']));
  if ('reason' in wrapper) return { ok: false, reason: `\`state_json\`: ${wrapper.reason}` };
  const queueType = textCell(row['queue_type']) ?? 'none';
  const queue = queueType === 'none' ? null : openText(bytesCell(row['queue']));
  if (queue !== null && 'reason' in queue) return { ok: false, reason: `\`queue_json\`: ${queue.reason}` };
  const seq = row['seq'] ?? null;
  const step = row['step'] ?? null;
  const view = viewOf({
    line: null,
    seq: String(seq),
    thread: textCell(row['thread_id']) ?? '',
    createdAt: textCell(row['created_at']),
    node: textCell(row['node']),
    step: typeof step === 'bigint' ? String(step) : null,
    wrapper,
    queueValue: queue,
  });
  // Measured: these end the host's process when the row is loaded.
  const panics =
    row['state_type'] !== 'text'
      ? 'its state is stored as BLOB, which ends the host process'
      : typeof seq !== 'bigint'
        ? 'its seq is not an integer, which ends the host process'
        : queueType !== 'none' && queueType !== 'text'
          ? 'its queue is not stored as text'
          : null;
  return { ok: true, record: { ...view, refused: panics ?? view.refused } };
}

interface QueueCell {
  readonly bytes: number;
  /** Null where it is no queue. */
  readonly names: readonly string[] | null;
}

function queueCell(bytes: Uint8Array): QueueCell {
  const opened = openText(bytes);
  const items = 'reason' in opened ? null : queueOf(opened);
  return { bytes: bytes.length, names: items?.map((item) => item.node) ?? null };
}

export class SqliteRecordSource implements WesichainSource {
  readonly #reader: SqliteReader;
  readonly #queued: () => boolean;
  readonly #queues = new KnownTexts((text) => queueCell(Buffer.from(text)));

  constructor(reader: SqliteReader) {
    this.#reader = reader;
    // The column can appear at any time: opening an old store with a later release adds it.
    let seen = false;
    this.#queued = () => (seen ||= hasQueueColumn(reader));
  }

  *threads(): Generator<readonly ThreadSummary[], void, void> {
    const all: { summary: ThreadSummary; last: number }[] = [];
    let after: string | null = null;
    for (;;) {
      const rows: SqlRow[] = this.#reader.all(
        `SELECT t.thread_id, t.n, c.rowid AS last, c.created_at FROM
           (SELECT thread_id, count(*) AS n, max(seq) AS seq FROM checkpoints
            ${after === null ? '' : 'WHERE thread_id > ?'} GROUP BY thread_id ORDER BY thread_id LIMIT ${threadPage}) AS t
         JOIN checkpoints AS c ON c.thread_id = t.thread_id AND c.seq = t.seq ORDER BY t.thread_id`,
        after === null ? [] : [after],
      );
      for (const row of rows) {
        const thread = textCell(row['thread_id']) ?? '';
        all.push({
          summary: summaryOf(thread, numberCell(row['n']), textCell(row['created_at'])),
          last: numberCell(row['last']),
        });
        after = thread;
      }
      if (rows.length < threadPage) break;
      yield [];
    }
    all.sort((a, b) => b.last - a.last);
    for (let from = 0; from < all.length; from += batchSize) {
      yield all.slice(from, from + batchSize).map((one) => one.summary);
    }
  }

  summary(thread: string): ThreadSummary | null {
    const row = this.#reader.get('SELECT count(*) AS n FROM checkpoints WHERE thread_id = ?', [thread]);
    const n = numberCell(row?.['n']);
    if (n === 0) return null;
    const last = this.#reader.get('SELECT created_at FROM checkpoints WHERE thread_id = ? ORDER BY seq DESC LIMIT 1', [
      thread,
    ]);
    return summaryOf(thread, n, textCell(last?.['created_at']));
  }

  *points(thread: string, previous: ThreadPoints | null): Generator<number, ThreadPoints, void> {
    const points = previous !== null && this.#isPrefix(thread, previous) ? previous : new ThreadPoints(thread);
    const queued = this.#queued();
    for (;;) {
      // Where to go on is asked of the points themselves: another caller may have extended them in between.
      const after = points.count === 0 ? null : seqValue(points.idOf(points.count - 1));
      const rows = this.#reader.all(
        `SELECT rowid AS position, seq, created_at, node, step, octet_length(state_json) AS bytes,
           ${queued ? 'queue_json' : 'NULL'} AS queue
         FROM checkpoints WHERE thread_id = ? ${after === null ? '' : 'AND seq > ?'} ORDER BY seq LIMIT ${pointPage}`,
        after === null ? [thread] : [thread, after],
      );
      for (const row of rows) {
        const position = numberCell(row['position']);
        const queue = queued ? this.#queueOf(row['queue'], position) : null;
        const step = row['step'];
        points.add({
          position,
          bytes: numberCell(row['bytes']) + (queue?.bytes ?? 0),
          seq: String(row['seq']),
          createdAt: textCell(row['created_at']),
          node: textCell(row['node']),
          step: typeof step === 'bigint' ? String(step) : null,
          queue: queue?.names ?? null,
        });
      }
      if (rows.length < pointPage) return points;
      yield points.count;
    }
  }

  /** A queue as it is stored; most rows have one of few. */
  #queueOf(value: SqlValue | undefined, position: number): QueueCell {
    // What is no UTF-8 was replaced on the way here.
    if (typeof value === 'string' && !value.includes('\ufffd')) return this.#queues.of(value);
    const row = this.#reader.get('SELECT CAST(queue_json AS BLOB) AS queue FROM checkpoints WHERE rowid = ?', [
      BigInt(position),
    ]);
    return queueCell(bytesCell(row?.['queue']));
  }

  #isPrefix(thread: string, previous: ThreadPoints): boolean {
    const { count } = previous;
    if (previous.thread !== thread || count === 0) return false;
    // Whether there was a queue decides about every link.
    if (this.#queued() && previous.isQueueless()) return false;
    const last = previous.idOf(count - 1);
    const row = this.#reader.get('SELECT count(*) AS n FROM checkpoints WHERE thread_id = ? AND seq <= ?', [
      thread,
      seqValue(last),
    ]);
    const end = this.#reader.get('SELECT rowid AS position FROM checkpoints WHERE thread_id = ? AND seq = ?', [
      thread,
      seqValue(last),
    ]);
    return numberCell(row?.['n']) === count && numberCell(end?.['position']) === previous.positionOf(count - 1);
  }

  read(place: Place): RecordReading {
    const row = this.#reader.get(`SELECT ${recordColumns(this.#queued())} FROM checkpoints WHERE rowid = ?`, [
      BigInt(place.position),
    ]);
    if (row === null || row['thread_id'] !== place.thread || String(row['seq']) !== place.seq) throw gone();
    return readRow(row);
  }

  raw(place: Place): readonly RawPart[] {
    const row = this.#reader.get('SELECT * FROM checkpoints WHERE rowid = ?', [BigInt(place.position)]);
    if (row === null) throw gone();
    const parts = rawParts('checkpoints', row);
    if (!/^\d{1,12}$/.test(place.seq) || !this.#reader.tables().some((table) => table.name === 'messages'))
      return parts;
    const base = BigInt(place.seq) * messagesPerSeq;
    const messages = this.#reader.all(
      'SELECT m.* FROM messages AS m WHERE m.thread_id = ? AND m.seq > ? AND m.seq <= ? ORDER BY m.seq',
      [place.thread, base, base + messagesPerSeq],
    );
    return [...parts, ...messages.flatMap((message, i) => rawParts(`messages[${i}]`, message))];
  }

  trouble(): ThreadTrouble {
    return noTrouble;
  }

  size(points: ThreadPoints): number {
    return points.bytes;
  }

  notes(): readonly string[] {
    const notes: string[] = [];
    if (!this.#queued()) {
      notes.push(
        'Written by wesichain 0.1.0, which kept no queue: what was left to run is not known. Opening it with 0.3.0 adds an empty queue to every record, and all of them then look finished.',
      );
    }
    const present = new Set(this.#reader.tables().map((table) => table.name));
    const filled = projections.filter(
      (name) => present.has(name) && this.#reader.get(`SELECT 1 AS one FROM "${name}" LIMIT 1`) !== null,
    );
    if (filled.length > 0) {
      const names = filled.map((name) => `\`${name}\``).join(', ');
      notes.push(`Projections are on: ${names} hold what wesichain derived from the states.`);
    }
    const foreign = foreignTables(this.#reader, ownTables);
    if (foreign.length > 0) {
      notes.push(`The database also holds tables of its host, which are left alone: ${foreign.join(', ')}.`);
    }
    return notes;
  }

  picture(): Picture {
    return new SqlitePicture(this.#reader, this.#queued());
  }
}

/** A seq as SQLite compares it; one that is no integer is possible in a file that a hand has changed. */
export function seqValue(seq: string): SqlValue {
  return /^-?\d+$/.test(seq) ? BigInt(seq) : Number(seq);
}

function summaryOf(thread: string, checkpoints: number, createdAt: string | null): ThreadSummary {
  return { thread, parts: null, checkpoints, updatedAt: isoTime(createdAt) };
}

function gone(): ForkpointError {
  return new ForkpointError('not_found', 'This checkpoint is no longer in the store.', 'Reload the thread.');
}

/** Highest row and count: the framework only ever appends. A row number that was given away again is told by what stands there. */
class SqlitePicture implements Picture {
  readonly #reader: SqliteReader;
  readonly last: bigint;
  readonly count: number;
  readonly queued: boolean;
  readonly lastRow: string;

  constructor(reader: SqliteReader, queued: boolean) {
    this.#reader = reader;
    this.queued = queued;
    const row = reader.get('SELECT max(rowid) AS last, count(*) AS n FROM checkpoints');
    this.last = BigInt(numberCell(row?.['last']));
    this.count = numberCell(row?.['n']);
    this.lastRow = this.rowAt(this.last);
  }

  rowAt(position: bigint): string {
    const row = this.#reader.get('SELECT thread_id, seq, created_at FROM checkpoints WHERE rowid = ?', [position]);
    return row === null ? '' : Object.values(row).join('\u0000');
  }

  since(earlier: Picture): ReadonlyMap<string, Touched> | 'all' {
    if (!(earlier instanceof SqlitePicture) || earlier.queued !== this.queued) return 'all';
    if (this.rowAt(earlier.last) !== earlier.lastRow) return 'all';
    const last = Number(earlier.last);
    const isNew: NonNullable<Touched>['isNew'] = (points, index) => points.positionOf(index) > last;
    const touched = new Map<string, Touched>();
    let added = 0;
    const rows = this.#reader.all(
      'SELECT thread_id, count(*) AS n FROM checkpoints WHERE rowid > ? GROUP BY thread_id',
      [earlier.last],
    );
    for (const row of rows) {
      added += numberCell(row['n']);
      touched.set(textCell(row['thread_id']) ?? '', { isNew, written: [] });
    }
    return this.count === earlier.count + added ? touched : 'all';
  }
}
