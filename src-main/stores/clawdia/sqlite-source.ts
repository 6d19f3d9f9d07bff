// Runs in SQLite: `run_journal_records` ordered by its column `journal_seq`, and `checkpoints`, whose column `latest_journal_seq`
// holds what a checkpoint covers. Columns decide about place and order, the JSON about everything else. Which tables there are depends
// on the stores that the host has opened.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { SqliteReader, SqlRow, SqlValue } from '../backend.ts';
import { bytesCell, numberCell, rawParts, textCell } from '../records/cells.ts';
import type { RawPart, ThreadSummary } from '../store.ts';
import { eventRecord, namesRun, toolRecord } from './beside.ts';
import { u64Of } from './decode.ts';
import { factOf, RunFacts, unreadFact, type RecordFact } from './effects.ts';
import { RunPoints, type CheckpointPlace, type Place, type RecordPlace } from './points.ts';
import {
  compareSeq,
  era,
  openText,
  readCheckpoint,
  viewOf,
  type CheckpointView,
  type Reading,
  type RecordView,
} from './record.ts';
import type { BesideRecord, Picture, RunSource, StoredContent } from './source.ts';

export const journalTable = 'run_journal_records';
export const checkpointTable = 'checkpoints';

const journalColumns = ['run_id', 'journal_seq', 'record_id', 'record_json'];
const checkpointColumns = ['run_id', 'checkpoint_id', 'latest_journal_seq', 'checkpoint_json'];

export const ownTables: ReadonlySet<string> = new Set([
  journalTable,
  checkpointTable,
  'content',
  'event_archive_frames',
  'provider_arguments',
  'tool_execution_records',
  'agent_pool_records',
  'agent_pool_event_seq',
]);

/** Rows per statement. */
const headPage = 1000;
const factPage = 200;
const batchSize = 500;
/** Runs whose facts are kept. */
const keptRuns = 16;

/** Whether a table is there, with clawdia's columns and row numbers. */
export function hasTable(reader: SqliteReader, name: string): boolean {
  const table = reader.tables().find((t) => t.name === name);
  if (table === undefined || table.withoutRowid) return false;
  const wanted = name === journalTable ? journalColumns : name === checkpointTable ? checkpointColumns : [];
  const names = new Set(table.columns.map((column) => column.name));
  return wanted.every((column) => names.has(column));
}

export class SqliteRunSource implements RunSource {
  readonly #reader: SqliteReader;
  readonly #facts = new Map<string, Map<string, RecordFact>>();

  constructor(reader: SqliteReader) {
    this.#reader = reader;
  }

  #has(name: string): boolean {
    return hasTable(this.#reader, name);
  }

  // ── Which runs there are ─────────────────────────────────────────────────────────────────────────────────────────

  *threads(): Generator<readonly ThreadSummary[], void, void> {
    const runs = new Map<string, { points: number; last: number }>();
    for (const table of [journalTable, checkpointTable]) {
      if (!this.#has(table)) continue;
      let after: string | null = null;
      for (;;) {
        const rows: SqlRow[] = this.#reader.all(
          `SELECT run_id, count(*) AS n, max(rowid) AS last FROM ${table}
           ${after === null ? '' : 'WHERE run_id > ?'} GROUP BY run_id ORDER BY run_id LIMIT ${headPage}`,
          after === null ? [] : [after],
        );
        for (const row of rows) {
          const run = textCell(row['run_id']);
          if (run === null) continue;
          after = run;
          const known = runs.get(run);
          const last = table === journalTable ? numberCell(row['last']) : 0;
          if (known === undefined) runs.set(run, { points: numberCell(row['n']), last });
          else known.points += numberCell(row['n']);
        }
        if (rows.length < headPage) break;
        yield [];
      }
    }
    const all = [...runs].sort(([, a], [, b]) => b.last - a.last);
    for (let from = 0; from < all.length; from += batchSize) {
      yield all.slice(from, from + batchSize).map(([run, { points }]) => this.#summaryOf(run, points));
    }
  }

  summary(run: string): ThreadSummary | null {
    let points = 0;
    for (const table of [journalTable, checkpointTable]) {
      if (!this.#has(table)) continue;
      points += numberCell(this.#reader.get(`SELECT count(*) AS n FROM ${table} WHERE run_id = ?`, [run])?.['n']);
    }
    return points === 0 ? null : this.#summaryOf(run, points);
  }

  /** Rows carry no time: the runtime's own timestamps are counters. */
  #summaryOf(run: string, checkpoints: number): ThreadSummary {
    return { thread: run, parts: null, checkpoints, updatedAt: null };
  }

  // ── One run ──────────────────────────────────────────────────────────────────────────────────────────────────────

  *points(run: string): Generator<number, RunPoints | null, void> {
    const records: RecordPlace[] = [];
    if (this.#has(journalTable)) {
      let after: SqlValue = null;
      for (;;) {
        const rows: SqlRow[] = this.#reader.all(
          `SELECT rowid AS position, journal_seq, record_id, octet_length(record_json) AS bytes FROM ${journalTable}
           WHERE run_id = ? ${after === null ? '' : 'AND journal_seq > ?'} ORDER BY journal_seq LIMIT ${headPage}`,
          after === null ? [run] : [run, after],
        );
        for (const row of rows) {
          after = row['journal_seq'] ?? null;
          records.push({
            kind: 'record',
            run,
            id: String(row['record_id']),
            seq: String(row['journal_seq']),
            position: numberCell(row['position']),
            bytes: numberCell(row['bytes']),
          });
        }
        if (rows.length < headPage) break;
        yield records.length;
      }
    }
    const { checkpoints, latest } = this.#checkpoints(run);
    if (records.length + checkpoints.length === 0) return null;
    return new RunPoints(run, records, checkpoints, latest);
  }

  #checkpoints(run: string): {
    readonly checkpoints: readonly CheckpointPlace[];
    readonly latest: CheckpointPlace | null;
  } {
    if (!this.#has(checkpointTable)) return { checkpoints: [], latest: null };
    const found: { place: CheckpointPlace; seq: string }[] = [];
    const rows = this.#reader.all(
      `SELECT rowid AS position, checkpoint_id, latest_journal_seq, CAST(checkpoint_json AS BLOB) AS json
       FROM ${checkpointTable} WHERE run_id = ? ORDER BY latest_journal_seq, rowid`,
      [run],
    );
    for (const row of rows) {
      const json = bytesCell(row['json']);
      const reading = readCheckpoint(json);
      const view = reading.ok ? reading.view : null;
      const place: CheckpointPlace = {
        kind: 'checkpoint',
        run,
        id: String(row['checkpoint_id']),
        seq: String(row['latest_journal_seq']),
        position: numberCell(row['position']),
        path: '',
        bytes: json.length,
        created: view?.created ?? '0',
        writer: view?.writer ?? null,
      };
      found.push({ place, seq: view?.seq ?? '0' });
    }
    found.sort(
      (a, b) =>
        compareSeq(a.place.seq, b.place.seq) ||
        compareSeq(a.seq, b.seq) ||
        compareSeq(a.place.created, b.place.created),
    );
    // The framework's own statement, with another column: ties are whatever SQLite gives, so it is asked the same way.
    const head = this.#reader.get(
      `SELECT rowid AS position FROM ${checkpointTable} WHERE run_id = ? ORDER BY latest_journal_seq DESC LIMIT 1`,
      [run],
    );
    const checkpoints = found.map(({ place }) => place);
    const latest = checkpoints.find((place) => place.position === numberCell(head?.['position'])) ?? null;
    return { checkpoints, latest };
  }

  /** Kept by row, id and size: journals are only ever appended to. */
  *facts(points: RunPoints): Generator<number, RunFacts, void> {
    const { run } = points;
    const kept = this.#facts.get(run) ?? new Map<string, RecordFact>();
    this.#facts.delete(run);
    this.#facts.set(run, kept);
    for (const old of this.#facts.keys()) {
      if (this.#facts.size <= keptRuns) break;
      this.#facts.delete(old);
    }
    const keyOf = (place: RecordPlace) => `${place.position}:${place.bytes}:${place.seq}:${place.id}`;
    const missing = points.records.filter((place) => !kept.has(keyOf(place)));
    for (let from = 0; from < missing.length; from += factPage) {
      const page = missing.slice(from, from + factPage);
      const rows = this.#reader.all(
        `SELECT rowid AS position, CAST(record_json AS BLOB) AS json, typeof(record_json) AS type FROM ${journalTable}
         WHERE rowid IN (SELECT value FROM json_each(?))`,
        [JSON.stringify(page.map((place) => place.position))],
      );
      const byPosition = new Map(rows.map((row) => [numberCell(row['position']), row] as const));
      for (const place of page) {
        const row = byPosition.get(place.position);
        const reading: Reading<RecordView> =
          row === undefined ? { ok: false, reason: 'it is gone' } : readRow(row, place);
        kept.set(keyOf(place), reading.ok ? factOf(reading.view) : unreadFact(place.id, reading.reason));
      }
      yield kept.size;
    }
    return new RunFacts(points.records.map((place) => kept.get(keyOf(place)) ?? unreadFact(place.id, 'it is gone')));
  }

  record(place: RecordPlace): Reading<RecordView> {
    const row = this.#reader.get(
      `SELECT run_id, record_id, CAST(record_json AS BLOB) AS json, typeof(record_json) AS type FROM ${journalTable} WHERE rowid = ?`,
      [BigInt(place.position)],
    );
    if (row === null || row['run_id'] !== place.run || String(row['record_id']) !== place.id) throw gone();
    return readRow(row, place);
  }

  checkpoint(place: CheckpointPlace): Reading<CheckpointView> {
    const row = this.#reader.get(
      `SELECT run_id, checkpoint_id, CAST(checkpoint_json AS BLOB) AS json, typeof(checkpoint_json) AS type FROM ${checkpointTable} WHERE rowid = ?`,
      [BigInt(place.position)],
    );
    if (row === null || row['run_id'] !== place.run || String(row['checkpoint_id']) !== place.id) throw gone();
    const reading = readCheckpoint(bytesCell(row['json']));
    return reading.ok && row['type'] !== 'text'
      ? { ok: true, view: { ...reading.view, refused: 'it is not stored as text' } }
      : reading;
  }

  raw(place: Place): readonly RawPart[] {
    const table = place.kind === 'record' ? journalTable : checkpointTable;
    const row = this.#reader.get(`SELECT * FROM ${table} WHERE rowid = ?`, [BigInt(place.position)]);
    if (row === null) throw gone();
    return rawParts(table, row);
  }

  refused(points: RunPoints, { records }: RunFacts): string | null {
    const at = records.findIndex((record) => record.refused !== null);
    if (at >= 0) {
      return `clawdia ${era} cannot read this run: record ${points.records[at]!.seq}: ${trimmed(records[at]!.refused!)}.`;
    }
    const head = points.places[points.head];
    if (head?.kind !== 'checkpoint') return null;
    const reading = this.checkpoint(head);
    const why = reading.ok ? reading.view.refused : reading.reason;
    return why === null
      ? null
      : `clawdia ${era} cannot load the latest checkpoint of this run (covers ${head.seq}): ${trimmed(why)}.`;
  }

  // ── Beside the points ────────────────────────────────────────────────────────────────────────────────────────────

  content(id: string): StoredContent | null {
    if (!this.#has('content')) return null;
    const row = this.#reader.get(
      'SELECT CAST(content_json AS BLOB) AS json, bytes FROM content WHERE content_ref = ?',
      [id],
    );
    const ref = row === null ? null : openText(bytesCell(row['json']));
    if (row === null || ref === null || 'reason' in ref) return null;
    return { ref, bytes: bytesCell(row['bytes']) };
  }

  providerArguments(ref: string): Uint8Array | null {
    if (!this.#has('provider_arguments')) return null;
    const row = this.#reader.get(
      'SELECT CAST(raw_arguments AS BLOB) AS raw FROM provider_arguments WHERE content_ref = ?',
      [ref],
    );
    return row === null ? null : bytesCell(row['raw']);
  }

  *beside(run: string): Generator<BesideRecord, void, void> {
    if (this.#has('tool_execution_records')) {
      const rows = this.#reader.all(
        'SELECT CAST(record_json AS BLOB) AS json FROM tool_execution_records WHERE run_id = ? ORDER BY journal_seq, rowid',
        [run],
      );
      for (const row of rows) {
        const value = openText(bytesCell(row['json']));
        if (!('reason' in value)) yield toolRecord(value);
      }
    }
    if (this.#has('event_archive_frames')) {
      for (const row of this.#pages('event_archive_frames', 'seq', 'frame_json')) {
        const frame = openText(bytesCell(row['json']));
        const event = 'reason' in frame ? null : eventRecord(frame, run, `archive.${String(row['seq'])}`);
        if (event !== null) yield event;
      }
    }
    if (!this.#has('agent_pool_records')) return;
    for (const row of this.#pages('agent_pool_records', 'rowid', 'payload_json', ', pool_id, seq')) {
      const content = openText(bytesCell(row['json']));
      if ('reason' in content || !namesRun(content, run)) continue;
      const id = `${textCell(row['pool_id']) ?? ''}.${String(row['seq'])}`;
      yield { id, kind: 'agent_pool', time: null, seq: u64Of(content.get('journal_seq')), content };
    }
  }

  *#pages(table: string, order: string, json: string, more = ''): Generator<SqlRow, void, void> {
    let after: SqlValue = null;
    for (;;) {
      const rows: SqlRow[] = this.#reader.all(
        `SELECT ${order} AS place, CAST(${json} AS BLOB) AS json${more === '' ? ', seq' : more} FROM ${table}
         ${after === null ? '' : `WHERE ${order} > ?`} ORDER BY ${order} LIMIT ${factPage}`,
        after === null ? [] : [after],
      );
      for (const row of rows) {
        after = row['place'] ?? null;
        yield row;
      }
      if (rows.length < factPage) return;
    }
  }

  notes(): readonly string[] {
    const foreign = this.#reader
      .tables()
      .filter((table) => !ownTables.has(table.name) && !table.name.startsWith('sqlite_'))
      .map((table) => `\`${table.name}\``);
    return foreign.length === 0
      ? []
      : [`The database also holds tables of its host, which are left alone: ${foreign.join(', ')}.`];
  }

  picture(): Picture {
    return new SqlitePicture(this.#reader);
  }
}

/** A row's JSON under the place that its columns give it. */
export function readRow(row: SqlRow, place: RecordPlace): Reading<RecordView> {
  const root = openText(bytesCell(row['json']));
  if ('reason' in root) return { ok: false, reason: root.reason };
  const view = viewOf(root, place);
  return { ok: true, view: row['type'] === 'text' ? view : { ...view, refused: 'it is not stored as text' } };
}

function trimmed(reason: string): string {
  return reason.replace(/\.$/, '');
}

function gone(): ForkpointError {
  return new ForkpointError('not_found', 'This point is no longer in the store.', 'Reload the run.');
}

interface TableMark {
  readonly last: bigint;
  readonly count: number;
  readonly lastRow: string;
}

/** Highest row and count of the two tables: journals are only appended to, a saved checkpoint is a new row. */
class SqlitePicture implements Picture {
  readonly #reader: SqliteReader;
  readonly journal: TableMark;
  readonly checkpoints: TableMark;
  /** Rows of the tables beside them. */
  readonly others: string;

  constructor(reader: SqliteReader) {
    this.#reader = reader;
    this.journal = this.#mark(journalTable, 'record_id');
    this.checkpoints = this.#mark(checkpointTable, 'checkpoint_id');
    this.others = [...ownTables]
      .filter((name) => name !== journalTable && name !== checkpointTable && hasTable(reader, name))
      .map((name) => `${name} ${numberCell(reader.get(`SELECT max(rowid) AS last FROM ${name}`)?.['last'])}`)
      .join(' ');
  }

  #mark(table: string, id: string): TableMark {
    if (!hasTable(this.#reader, table)) return { last: 0n, count: 0, lastRow: '' };
    const row = this.#reader.get(`SELECT max(rowid) AS last, count(*) AS n FROM ${table}`);
    const last = BigInt(numberCell(row?.['last']));
    return { last, count: numberCell(row?.['n']), lastRow: this.#rowAt(table, id, last) };
  }

  #rowAt(table: string, id: string, position: bigint): string {
    const row = hasTable(this.#reader, table)
      ? this.#reader.get(`SELECT run_id, ${id} FROM ${table} WHERE rowid = ?`, [position])
      : null;
    return row === null ? '' : Object.values(row).join('\u0000');
  }

  since(earlier: Picture): readonly string[] | 'all' {
    if (!(earlier instanceof SqlitePicture)) return 'all';
    const touched = new Set<string>();
    for (const [table, id, before, now] of [
      [journalTable, 'record_id', earlier.journal, this.journal],
      [checkpointTable, 'checkpoint_id', earlier.checkpoints, this.checkpoints],
    ] as const) {
      if (this.#rowAt(table, id, before.last) !== before.lastRow) return 'all';
      if (now.last === before.last && now.count === before.count) continue;
      let added = 0;
      for (const row of this.#reader.all(`SELECT run_id, count(*) AS n FROM ${table} WHERE rowid > ? GROUP BY run_id`, [
        before.last,
      ])) {
        added += numberCell(row['n']);
        touched.add(textCell(row['run_id']) ?? '');
      }
      if (now.count !== before.count + added) return 'all';
    }
    return touched.size === 0 && this.others !== earlier.others ? 'all' : [...touched];
  }
}
