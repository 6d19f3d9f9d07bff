// Threads of a store: listed from the primary-key index alone, so that no row and no blob is touched.

import { textOf } from './cells.ts';
import { isoTimeOf } from './ids.ts';
import { situationOf, verdictOf } from './status.ts';
import { openPoint } from './point.ts';
import type { RowReader } from './rows.ts';
import type { WriterDialect } from './ids.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { SqlValue, SqliteReader } from '../backend.ts';
import type { ThreadDetail, ThreadSummary } from '../store.ts';

/** Index entries that one batch walks, about 20 ms. */
const batchEntries = 40_000;
/** Threads of more points have no size in the list. */
const sizedPoints = 20_000;

const columns = 'thread_id, COUNT(*) AS points, MAX(checkpoint_id) AS newest';
/** Covered by the primary key; a test holds its query plan to that. */
export const firstThreadsSql = `SELECT ${columns} FROM checkpoints GROUP BY thread_id ORDER BY thread_id LIMIT ?`;
export const moreThreadsSql = `SELECT ${columns} FROM checkpoints WHERE thread_id > ? GROUP BY thread_id ORDER BY thread_id LIMIT ?`;

type Cell = SqlValue | undefined;

function summaryOf(thread: Cell, points: Cell, newest: Cell): ThreadSummary {
  return {
    thread: textOf(thread),
    parts: null,
    checkpoints: Number(points ?? 0),
    updatedAt: isoTimeOf(textOf(newest)),
  };
}

/** All threads in the order of their ids; the size of a batch follows from how many checkpoints the last one had. */
export function* listThreads(reader: SqliteReader): Generator<readonly ThreadSummary[], void, void> {
  let last: string | null = null;
  let limit = 50;
  for (;;) {
    const rows: readonly (readonly Cell[])[] =
      last === null
        ? reader.allArrays(firstThreadsSql, [BigInt(limit)])
        : reader.allArrays(moreThreadsSql, [last, BigInt(limit)]);
    const batch: ThreadSummary[] = rows.map(([thread, points, newest]) => summaryOf(thread, points, newest));
    if (batch.length > 0) yield batch;
    if (batch.length < limit) return;
    last = batch.at(-1)?.thread ?? null;
    const walked = batch.reduce((sum, t) => sum + t.checkpoints, 0);
    limit = Math.max(1, Math.min(2_000, Math.round((limit * batchEntries) / Math.max(1, walked))));
  }
}

export function summaryOfThread(reader: SqliteReader, thread: string): ThreadSummary | null {
  const row = reader.get(`SELECT ${columns} FROM checkpoints WHERE thread_id = ? GROUP BY thread_id`, [thread]);
  return row === null ? null : summaryOf(row['thread_id'], row['points'], row['newest']);
}

/**
 * What must be read of every row of a thread, in one walk over them (half of what two walks take). Sizes stand in the headers of the
 * rows, and not in the index: for a very long thread they are not free to read.
 */
function rowsSql(isSized: boolean): string {
  const bytes = isSized ? 'COALESCE(length(checkpoint), 0) + COALESCE(length(metadata), 0)' : '0';
  return `WITH points AS MATERIALIZED (
      SELECT checkpoint_ns AS ns, checkpoint_id AS id, parent_checkpoint_id AS parent, ${bytes} AS bytes FROM checkpoints WHERE thread_id = ?
    ) SELECT
      (SELECT COUNT(*) FROM points WHERE ns = '' AND id NOT IN
        (SELECT parent FROM points WHERE ns = '' AND parent IS NOT NULL)) AS leaves,
      (SELECT SUM(bytes) FROM points) AS bytes`;
}

export function detailOfThread(
  reader: SqliteReader,
  read: RowReader,
  thread: string,
  fallback: WriterDialect,
): ThreadDetail {
  const namespaces = reader
    .all('SELECT DISTINCT checkpoint_ns FROM checkpoints WHERE thread_id = ? ORDER BY checkpoint_ns', [thread])
    .map((r) => textOf(r['checkpoint_ns']));
  const points = reader.get('SELECT COUNT(*) AS n FROM checkpoints WHERE thread_id = ?', [thread]);
  const isSized = Number(points?.['n'] ?? 0) <= sizedPoints;
  const rows = reader.get(rowsSql(isSized), [thread]);
  const writes = isSized
    ? reader.get('SELECT COALESCE(SUM(length(value)), 0) AS bytes FROM writes WHERE thread_id = ?', [thread])
    : null;
  const head = read.head(thread, '');
  const row = head === null ? null : read.checkpoint(thread, '', head);
  const point = row === null ? null : openPoint(row, fallback);
  const verdict = point === null ? null : verdictOf(situationOf(read, point, true));
  return {
    thread,
    namespaces,
    branches: Number(rows?.['leaves'] ?? 0),
    head: head === null ? null : formatKey({ thread, namespace: '', id: head, nth: 0 }),
    status: verdict?.status ?? 'unknown',
    refused: point?.problem ?? null,
    bytes: isSized ? Number(rows?.['bytes'] ?? 0) + Number(writes?.['bytes'] ?? 0) : null,
  };
}
