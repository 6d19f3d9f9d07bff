// Records in SQLite: the tables `checkpoints` and (2.1.1 and later) `checkpoint_writes`. Order of insertion is `seq`.
//
// Every statement is short and bounded, so that nothing holds the reader between two batches. A listing never touches `record`:
// `octet_length` reads the header of the row only.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { SqliteReader, SqlRow } from '../backend.ts';
import { bytesCell, foreignTables, numberCell, rawParts, textCell } from '../records/cells.ts';
import { KnownTexts } from '../records/known-texts.ts';
import type { Picture, Touched } from '../records/source.ts';
import type { RawPart, ThreadSummary } from '../store.ts';
import { ledgerLineText } from './ledger-line.ts';
import { namespaceOfText, parseNames, textsOfNamespace } from './namespace.ts';
import { ThreadPoints, type RootFacts } from './points.ts';
import { nodesThatRan, openLine, readRecord } from './record.ts';
import { noTrouble, type LedgerEntry, type Place, type TinyagentsSource, type ThreadTrouble } from './source.ts';

/** Threads per statement of the listing; points per statement of a lineage. Each stays well below 20 ms. */
const threadPage = 2000;
const pointPage = 1000;
const batchSize = 500;

export const ownTables: ReadonlySet<string> = new Set(['checkpoints', 'checkpoint_writes']);

export function hasLedgerTable(reader: SqliteReader): boolean {
  return reader.tables().some((table) => table.name === 'checkpoint_writes');
}

export class SqliteRecordSource implements TinyagentsSource {
  readonly #reader: SqliteReader;
  readonly #ledgered: () => boolean;
  readonly #namespaces = new KnownTexts(namespaceOfText);
  readonly #names = new KnownTexts((text): readonly string[] => parseNames(text) ?? []);

  constructor(reader: SqliteReader) {
    this.#reader = reader;
    // The table can appear at any time: opening an old store with 2.1.1 adds it.
    let seen = false;
    this.#ledgered = () => (seen ||= hasLedgerTable(reader));
  }

  *threads(): Generator<readonly ThreadSummary[], void, void> {
    const all: { thread: string; checkpoints: number; last: number }[] = [];
    let after: string | null = null;
    for (;;) {
      const rows: SqlRow[] = this.#reader.all(
        `SELECT thread_id, count(*) AS n, max(seq) AS last FROM checkpoints
         ${after === null ? '' : 'WHERE thread_id > ?'} GROUP BY thread_id ORDER BY thread_id LIMIT ${threadPage}`,
        after === null ? [] : [after],
      );
      for (const row of rows) {
        all.push({
          thread: textCell(row['thread_id']) ?? '',
          checkpoints: numberCell(row['n']),
          last: numberCell(row['last']),
        });
      }
      if (rows.length < threadPage) break;
      after = all.at(-1)!.thread;
      yield [];
    }
    // Records carry no time; the newest thread is the one that was written to last.
    all.sort((a, b) => b.last - a.last);
    for (let from = 0; from < all.length; from += batchSize) {
      yield all.slice(from, from + batchSize).map(({ thread, checkpoints }) => summaryOf(thread, checkpoints));
    }
  }

  summary(thread: string): ThreadSummary | null {
    const n = numberCell(
      this.#reader.get('SELECT count(*) AS n FROM checkpoints WHERE thread_id = ?', [thread])?.['n'],
    );
    return n === 0 ? null : summaryOf(thread, n);
  }

  *points(thread: string, previous: ThreadPoints | null): Generator<number, ThreadPoints, void> {
    const points = previous !== null && this.#isPrefix(thread, previous) ? previous : new ThreadPoints(thread);
    for (;;) {
      // Where to go on is asked of the points themselves: another caller may have extended them in between.
      const after = BigInt(points.positionOf(points.count - 1));
      const rows = this.#reader.all(
        `SELECT seq, checkpoint_id, parent_checkpoint_id, namespace, next_nodes, step, octet_length(record) AS bytes
         FROM checkpoints WHERE thread_id = ? AND seq > ? ORDER BY seq LIMIT ${pointPage}`,
        [thread, after],
      );
      for (const row of rows) {
        const position = numberCell(row['seq']);
        points.add(
          {
            position,
            bytes: numberCell(row['bytes']),
            id: textCell(row['checkpoint_id']) ?? '',
            parent: textCell(row['parent_checkpoint_id']),
            namespace: this.#namespaces.of(textCell(row['namespace']) ?? ''),
            next: this.#names.of(textCell(row['next_nodes']) ?? ''),
            step: numberCell(row['step']),
            time: null,
          },
          () => this.#factsAt(position),
        );
      }
      yield points.count;
      if (rows.length < pointPage) return points;
    }
  }

  #isPrefix(thread: string, previous: ThreadPoints): boolean {
    if (previous.thread !== thread || previous.count === 0) return false;
    const row = this.#reader.get('SELECT count(*) AS n FROM checkpoints WHERE thread_id = ? AND seq <= ?', [
      thread,
      BigInt(previous.positionOf(previous.count - 1)),
    ]);
    return numberCell(row?.['n']) === previous.count;
  }

  #factsAt(position: number): RootFacts | null {
    const reading = readRecord(this.#recordAt(position));
    if (!reading.ok) return null;
    const { record } = reading;
    const ran = nodesThatRan(record);
    return {
      era: record.era,
      source: record.source,
      step: record.step,
      tried: ran.length > 0 ? ran : record.pending.map((a) => a.node),
    };
  }

  #recordAt(position: number): Uint8Array {
    const row = this.#reader.get('SELECT CAST(record AS BLOB) AS record FROM checkpoints WHERE seq = ?', [
      BigInt(position),
    ]);
    if (row === null) throw gone();
    return bytesCell(row['record']);
  }

  locate(thread: string, namespace: string, id: string, nth: number): Place | null {
    for (const text of textsOfNamespace(namespace)) {
      const row = this.#reader.get(
        `SELECT seq, octet_length(record) AS bytes FROM checkpoints
         WHERE thread_id = ? AND namespace = ? AND checkpoint_id = ? ORDER BY seq LIMIT 1 OFFSET ?`,
        [thread, text, id, BigInt(nth === 0 ? 0 : nth - 1)],
      );
      if (row !== null) {
        return { thread, namespace, id, position: numberCell(row['seq']), bytes: numberCell(row['bytes']) };
      }
    }
    return null;
  }

  read(place: Place): Uint8Array {
    return this.#recordAt(place.position);
  }

  ledger(thread: string, namespaceText: string, id: string): readonly LedgerEntry[] {
    if (!this.#ledgered()) return [];
    return this.#reader
      .all(
        `SELECT ${ledgerColumns} FROM checkpoint_writes
         WHERE thread_id = ? AND namespace = ? AND checkpoint_id = ? ORDER BY rowid`,
        [thread, namespaceText, id],
      )
      .map(ledgerEntry);
  }

  wholeLedger(thread: string): readonly LedgerEntry[] {
    if (!this.#ledgered()) return [];
    return this.#reader
      .all(`SELECT ${ledgerColumns} FROM checkpoint_writes WHERE thread_id = ? ORDER BY rowid`, [thread])
      .map(ledgerEntry);
  }

  ledgerLine(entry: LedgerEntry): Uint8Array {
    return ledgerLineText(entry.namespaceText, entry.id, entry.write);
  }

  raw(place: Place): readonly RawPart[] {
    const row = this.#reader.get('SELECT * FROM checkpoints WHERE seq = ?', [BigInt(place.position)]);
    if (row === null) throw gone();
    const parts = rawParts('checkpoints', row);
    if (!this.#ledgered()) return parts;
    const rows = this.#reader.all(
      `SELECT w.* FROM checkpoint_writes AS w WHERE w.thread_id = ? AND w.namespace = ? AND w.checkpoint_id = ? ORDER BY w.rowid`,
      [place.thread, textCell(row['namespace']) ?? '', place.id],
    );
    return [...parts, ...rows.flatMap((write, i) => rawParts(`checkpoint_writes[${i}]`, write))];
  }

  trouble(): ThreadTrouble {
    return noTrouble;
  }

  size(points: ThreadPoints): number {
    return points.bytes;
  }

  notes(): readonly string[] {
    const foreign = foreignTables(this.#reader, ownTables);
    if (foreign.length === 0) return [];
    const names = foreign.join(', ');
    return [`The database also holds tables of its host, which are left alone: ${names}.`];
  }

  picture(): Picture {
    return new SqlitePicture(this.#reader, this.#ledgered());
  }
}

export const ledgerColumns =
  'rowid AS position, thread_id, namespace, checkpoint_id, task_id, idx, node, channel, CAST(payload AS BLOB) AS payload';

export function ledgerEntry(row: SqlRow): LedgerEntry {
  const payload = bytesCell(row['payload']);
  const value = openLine(payload);
  return {
    thread: textCell(row['thread_id']) ?? '',
    namespaceText: textCell(row['namespace']) ?? '',
    id: textCell(row['checkpoint_id']) ?? '',
    write: {
      node: textCell(row['node']) ?? '',
      task: textCell(row['task_id']) ?? '',
      idx: String(row['idx'] ?? 0),
      channel: textCell(row['channel']) ?? '',
      payload: 'reason' in value ? null : value,
    },
    position: numberCell(row['position']),
    file: null,
    bytes: payload.length,
  };
}

function summaryOf(thread: string, checkpoints: number): ThreadSummary {
  return { thread, parts: null, checkpoints, updatedAt: null };
}

function gone(): ForkpointError {
  return new ForkpointError('not_found', 'This checkpoint is no longer in the store.', 'Reload the thread.');
}

/** Highest row numbers and counts: rows are only ever appended or deleted by the framework, never changed. */
class SqlitePicture implements Picture {
  readonly #reader: SqliteReader;
  readonly last: bigint;
  readonly count: number;
  readonly lastWrite: bigint;
  readonly writes: number;

  constructor(reader: SqliteReader, ledgered: boolean) {
    this.#reader = reader;
    const points = reader.get('SELECT max(seq) AS last, count(*) AS n FROM checkpoints');
    const writes = ledgered ? reader.get('SELECT max(rowid) AS last, count(*) AS n FROM checkpoint_writes') : null;
    this.last = BigInt(numberCell(points?.['last']));
    this.count = numberCell(points?.['n']);
    this.lastWrite = BigInt(numberCell(writes?.['last']));
    this.writes = numberCell(writes?.['n']);
  }

  since(earlier: Picture): ReadonlyMap<string, Touched> | 'all' {
    if (!(earlier instanceof SqlitePicture)) return 'all';
    const written = new Map<string, { namespace: string; id: string }[]>();
    let added = 0;
    for (const row of this.#reader.all(
      'SELECT thread_id, count(*) AS n FROM checkpoints WHERE seq > ? GROUP BY thread_id',
      [earlier.last],
    )) {
      added += numberCell(row['n']);
      written.set(textCell(row['thread_id']) ?? '', []);
    }
    if (this.count !== earlier.count + added) return 'all';
    if (this.writes > 0 || earlier.writes > 0) {
      let rows = 0;
      for (const row of this.#reader.all(
        `SELECT thread_id, namespace, checkpoint_id, count(*) AS n FROM checkpoint_writes WHERE rowid > ?
         GROUP BY thread_id, namespace, checkpoint_id`,
        [earlier.lastWrite],
      )) {
        rows += numberCell(row['n']);
        const thread = textCell(row['thread_id']) ?? '';
        const namespace = namespaceOfText(textCell(row['namespace']) ?? '');
        const points = written.get(thread) ?? [];
        points.push({ namespace, id: textCell(row['checkpoint_id']) ?? '' });
        written.set(thread, points);
      }
      if (this.writes !== earlier.writes + rows) return 'all';
    }
    const last = Number(earlier.last);
    const isNew: NonNullable<Touched>['isNew'] = (points, index) => points.positionOf(index) > last;
    return new Map([...written].map(([thread, points]) => [thread, { isNew, written: points }]));
  }
}
