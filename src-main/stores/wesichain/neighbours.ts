// What wesichain keeps beside its checkpoints. With projections on, SQLite holds a row of `sessions` per thread, and of `messages` for
// every message of every checkpoint (the whole list again each time, numbered `seq * 1,000,000 + index + 1`). wesichain-session keeps
// conversations as files of their own; one belongs to a thread whose states name it as their `session_id`, or that has its id.

import { asBuffer } from '../../values/bytes.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import type { FilesReader, SqliteReader, SqlRow } from '../backend.ts';
import { numberCell, textCell } from '../records/cells.ts';
import type { NeighbourRecord } from '../store.ts';
import type { ThreadPoints } from './points.ts';
import { isoTime, openText } from './record.ts';

/** A record's messages are projected to `seq * 1,000,000 + index + 1`. */
export const messagesPerSeq = 1_000_000n;
/** Rows of one statement. */
const page = 500;

/** Records beside the points of a thread; `named` are the ids by which its sessions go. */
export type Beside = (points: ThreadPoints, named: ReadonlySet<string>) => Generator<NeighbourRecord, void, void>;

/** Session files larger than this are not looked into. */
const largestSession = 1 << 20;

/** A row as an object of its columns; what JSON has no word for is told by its storage class. */
function rowContent(row: SqlRow): Cursor {
  const members = Object.entries(row).map(([name, value]) => {
    const text =
      typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))
        ? String(value)
        : JSON.stringify(value instanceof Uint8Array ? `${value.length} bytes stored as BLOB` : value);
    return `${JSON.stringify(name)}:${text}`;
  });
  return openValue('json', Buffer.from(`{${members.join(',')}}`));
}

export function* projectedRecords(reader: SqliteReader, points: ThreadPoints): Generator<NeighbourRecord, void, void> {
  const present = new Set(reader.tables().map((table) => table.name));
  const { thread } = points;
  if (present.has('sessions')) {
    for (const row of reader.all('SELECT s.* FROM sessions AS s WHERE s.thread_id = ?', [thread])) {
      const time = isoTime(textCell(row['updated_at']) ?? textCell(row['created_at']));
      yield { record: 'sessions', kind: 'session', time, checkpoint: null, content: rowContent(row) };
    }
  }
  if (present.has('messages')) {
    let after: bigint | null = null;
    for (;;) {
      const rows: SqlRow[] = reader.all(
        `SELECT m.* FROM messages AS m WHERE m.thread_id = ? ${after === null ? '' : 'AND m.seq > ?'} ORDER BY m.seq LIMIT ${page}`,
        after === null ? [thread] : [thread, after],
      );
      for (const row of rows) {
        const seq = row['seq'];
        const of = typeof seq === 'bigint' ? points.lastOf('', String((seq - 1n) / messagesPerSeq)) : -1;
        yield {
          record: `messages/${String(seq)}`,
          kind: 'message',
          time: isoTime(textCell(row['created_at'])),
          checkpoint: of < 0 ? null : points.keyOf(of),
          content: rowContent(row),
        };
      }
      const last: SqlRow[string] = rows.at(-1)?.['seq'] ?? null;
      if (rows.length < page || typeof last !== 'bigint') break;
      after = last;
    }
  }
  if (present.has('graph_triples')) {
    const triples = reader.all(
      'SELECT rowid AS position, g.* FROM graph_triples AS g WHERE g.thread_id = ? ORDER BY rowid',
      [thread],
    );
    for (const { position, ...row } of triples) {
      const record = `graph_triples/${numberCell(position)}`;
      yield { record, kind: 'graph_triple', time: null, checkpoint: null, content: rowContent(row) };
    }
  }
}

/** A conversation of wesichain-session: `{id, messages, tool_history, metadata}`; null for any other file. */
export function sessionIn(reader: FilesReader, path: string, size: number): Cursor | null {
  if (!path.endsWith('.json') || size > largestSession) return null;
  const bytes = asBuffer(reader.read(path));
  // What does not even hold the names is not worth a check: a folder may hold many other JSON files.
  if (!bytes.includes('"tool_history"') || !bytes.includes('"messages"')) return null;
  const root = openText(bytes);
  if ('reason' in root || root.kind !== 'map') return null;
  const isOne = root.get('messages')?.kind === 'list' && root.get('tool_history')?.kind === 'list';
  return isOne && root.get('id')?.kind === 'string' ? root : null;
}

/** Sessions of a thread in a folder. `named`: ids by which the thread's states call theirs. */
export function* sessionRecords(
  reader: FilesReader,
  depth: number,
  named: ReadonlySet<string>,
): Generator<NeighbourRecord, void, void> {
  for (const { path, size, mtimeMs } of reader.list(depth)) {
    const session = sessionIn(reader, path, size);
    const id = session?.get('id');
    if (session === null || id === null || id === undefined || !id.isUnicode() || !named.has(id.text())) continue;
    const time = new Date(mtimeMs).toISOString();
    yield { record: path, kind: 'session', time, checkpoint: null, content: session };
  }
}
