// Rows in SQLite: one row for each run and super step, saved again in place. Listings read indexes and the columns beside the states.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { SqliteReader, SqlRow, SqlValue } from '../backend.ts';
import { foreignTables, numberCell, rawParts, textCell } from '../records/cells.ts';
import type { Picture, RecordSource, Touched } from '../records/source.ts';
import type { RawPart, ThreadSummary } from '../store.ts';
import { partsOf, threadOf } from './ids.ts';
import {
  checkpointTable,
  interruptTable,
  isoTime,
  ownTables,
  readRow,
  recordTable,
  rowSelection,
  stepText,
  tableOf,
  type RowView,
} from './rows.ts';
import { SqlPoints } from './sql-points.ts';

/** Threads given to the caller at once. */
const batchSize = 500;
/** Milliseconds that one page of a listing should take; the time stands behind the state in a row, so its size tells. */
const pageMillis = 8;
/** Stores up to so many rows and bytes of states are compared run by run when they changed. */
const comparedRows = 50_000;
const comparedBytes = 64 << 20;

/** How many rows the next page should have, after one took so long. */
class PageSize {
  rows = 64;

  took(millis: number): void {
    const factor = Math.min(2, Math.max(0.25, pageMillis / Math.max(millis, 0.1)));
    this.rows = Math.min(4096, Math.max(1, Math.round(this.rows * factor)));
  }
}

export class SqlSource implements RecordSource<SqlPoints> {
  readonly reader: SqliteReader;
  readonly #token: () => string;
  /** Points with the version of the store that they were read at. */
  readonly #readAt = new WeakMap<SqlPoints, string>();

  constructor(reader: SqliteReader, token: () => string) {
    this.reader = reader;
    this.#token = token;
  }

  *threads(): Generator<readonly ThreadSummary[], void, void> {
    const all: { summary: ThreadSummary; time: bigint }[] = [];
    const page = new PageSize();
    let after: readonly [string, string] | null = null;
    for (;;) {
      const asked = page.rows;
      const since = performance.now();
      const rows: SqlRow[] = this.reader.all(
        `SELECT t.workflow_id AS workflow, t.run_id AS run, t.n AS n, c.timestamp_ms AS time FROM
           (SELECT workflow_id, run_id, count(*) AS n, max(super_step) AS last FROM ${checkpointTable}
            WHERE typeof(workflow_id) = 'text' AND typeof(run_id) = 'text'
              ${after === null ? '' : 'AND (workflow_id, run_id) > (?, ?)'}
            GROUP BY workflow_id, run_id ORDER BY workflow_id, run_id LIMIT ${asked}) AS t
         JOIN ${checkpointTable} AS c ON c.workflow_id = t.workflow_id AND c.run_id = t.run_id AND c.super_step = t.last
         ORDER BY t.workflow_id, t.run_id`,
        after ?? [],
      );
      for (const row of rows) {
        const parts = [textCell(row['workflow']) ?? '', textCell(row['run']) ?? ''] as const;
        after = parts;
        const time = row['time'];
        const known = typeof time === 'bigint' ? time : null;
        const summary = this.#summaryOf(parts, numberCell(row['n']), known);
        if (summary !== null) all.push({ summary, time: known ?? 0n });
      }
      page.took(performance.now() - since);
      if (rows.length < asked) break;
      yield [];
    }
    all.sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0));
    for (let from = 0; from < all.length; from += batchSize) {
      yield all.slice(from, from + batchSize).map((one) => one.summary);
    }
  }

  /** Null for ids that are not valid text in the file: they cannot be asked for again. */
  #summaryOf(parts: readonly [string, string], checkpoints: number, time: bigint | null): ThreadSummary | null {
    if (parts.some((part) => part.includes('\ufffd')) && this.#count(parts) === 0) return null;
    return { thread: threadOf(...parts), parts, checkpoints, updatedAt: isoTime(time) };
  }

  #count(parts: readonly [string, string]): number {
    const row = this.reader.get(
      `SELECT count(*) AS n FROM ${checkpointTable} WHERE workflow_id = ? AND run_id = ?`,
      parts,
    );
    return numberCell(row?.['n']);
  }

  summary(thread: string): ThreadSummary | null {
    const parts = partsOf(thread);
    const count = parts === null ? 0 : this.#count(parts);
    if (parts === null || count === 0) return null;
    const last = this.reader.get(
      `SELECT timestamp_ms AS time FROM ${checkpointTable} WHERE workflow_id = ? AND run_id = ?
       ORDER BY super_step DESC LIMIT 1`,
      parts,
    );
    const time = last?.['time'];
    return this.#summaryOf(parts, count, typeof time === 'bigint' ? time : null);
  }

  /** Whether a run has rows. */
  hasRun(workflow: string, run: string): boolean {
    const sql = `SELECT 1 AS one FROM ${checkpointTable} WHERE workflow_id = ? AND run_id = ? LIMIT 1`;
    return this.reader.get(sql, [workflow, run]) !== null;
  }

  *points(thread: string, previous: SqlPoints | null): Generator<number, SqlPoints, void> {
    const [workflow, run] = partsOf(thread) ?? ['', ''];
    const version = this.#token();
    if (previous !== null && this.#readAt.get(previous) === version) return previous;
    const points = new SqlPoints(workflow, run);
    if (partsOf(thread) === null) return points;
    const page = new PageSize();
    const hasRun = (other: string) => this.hasRun(workflow, other);
    let after: SqlValue | undefined;
    for (;;) {
      const asked = page.rows;
      const since = performance.now();
      const rows: SqlRow[] = this.reader.all(
        `SELECT rowid AS position, super_step, label, octet_length(values_json) AS bytes, timestamp_ms
         FROM ${checkpointTable} WHERE workflow_id = ? AND run_id = ? ${after === undefined ? '' : 'AND super_step > ?'}
         ORDER BY super_step LIMIT ${asked}`,
        after === undefined ? [workflow, run] : [workflow, run, after],
      );
      for (const row of rows) {
        after = row['super_step'] ?? null;
        const time = row['timestamp_ms'];
        points.add(
          {
            position: numberCell(row['position']),
            step: stepText(after),
            stepNumber: typeof after === 'bigint' ? Number(after) : null,
            label: textCell(row['label']),
            time: typeof time === 'bigint' ? Number(time) : Number.NaN,
            bytes: numberCell(row['bytes']),
          },
          hasRun,
        );
      }
      page.took(performance.now() - since);
      if (rows.length < asked) break;
      yield points.count;
    }
    this.#readAt.set(points, version);
    return points;
  }

  read(points: SqlPoints, index: PointIndex): RowView {
    return readRow(this.#row(points, index, rowSelection));
  }

  #row(points: SqlPoints, index: PointIndex, selection: string): SqlRow {
    const row = this.reader.get(
      `SELECT ${selection} FROM ${checkpointTable} WHERE rowid = ? AND workflow_id = ? AND run_id = ?`,
      [BigInt(points.positionOf(index)), points.workflow, points.run],
    );
    if (row !== null && stepText(row['super_step']) === points.idOf(index)) return row;
    throw new ForkpointError('not_found', 'This checkpoint is no longer in the store.', 'Reload the thread.');
  }

  raw(points: SqlPoints, index: PointIndex): readonly RawPart[] {
    const parts = rawParts(checkpointTable, this.#row(points, index, '*'));
    if (tableOf(this.reader, recordTable) === null) return parts;
    const step = this.#row(points, index, 'super_step')['super_step'] ?? null;
    const record = this.reader.get(
      `SELECT * FROM ${recordTable} WHERE workflow_id = ? AND run_id = ? AND super_step = ?`,
      [points.workflow, points.run, step],
    );
    return record === null ? parts : [...parts, ...rawParts(recordTable, record)];
  }

  /** Label of a row of another run; undefined where there is no such row. */
  labelAt(workflow: string, run: string, step: SqlValue): string | null | undefined {
    const row = this.reader.get(
      `SELECT label FROM ${checkpointTable} WHERE workflow_id = ? AND run_id = ? AND super_step = ?`,
      [workflow, run, step],
    );
    return row === null ? undefined : textCell(row['label']);
  }

  /** The highest super step that any run of a workflow has reached. */
  highestStep(workflow: string): bigint | null {
    const row = this.reader.get(
      `SELECT max(super_step) AS last FROM ${checkpointTable} WHERE workflow_id = ? AND typeof(super_step) = 'integer'`,
      [workflow],
    );
    const last = row?.['last'];
    return typeof last === 'bigint' ? last : null;
  }

  size(points: SqlPoints): number {
    return points.bytes;
  }

  notes(): readonly string[] {
    const notes: string[] = [];
    const odd = this.reader.get(
      `SELECT count(*) AS n FROM ${checkpointTable} WHERE typeof(workflow_id) <> 'text' OR typeof(run_id) <> 'text'`,
    );
    const count = numberCell(odd?.['n']);
    if (count > 0) {
      notes.push(
        `${count} row${count === 1 ? ' has an id' : 's have ids'} that are not text: atomr cannot name such a run, and they are not shown.`,
      );
    }
    if (tableOf(this.reader, recordTable) !== null) {
      const [first, ...more] = this.reader.all(
        `SELECT DISTINCT workflow_id, run_id FROM ${recordTable} AS r WHERE NOT EXISTS
           (SELECT 1 FROM ${checkpointTable} AS c WHERE c.workflow_id = r.workflow_id AND c.run_id = r.run_id) LIMIT 100`,
      );
      if (first !== undefined) {
        const name = threadOf(textCell(first['workflow_id']) ?? '', textCell(first['run_id']) ?? '');
        const others = more.length === 0 ? '' : ` and ${more.length === 99 ? 'at least 99' : more.length} more`;
        notes.push(`Step records without any checkpoint: \`${name}\`${others}. Such a run cannot be resumed.`);
      }
    }
    if (tableOf(this.reader, interruptTable) !== null) {
      const open = this.reader.get(
        `SELECT count(*) AS n FROM ${interruptTable} WHERE status NOT IN ('Resolved', 'Expired')`,
      );
      const n = numberCell(open?.['n']);
      if (n > 0) notes.push(`The interrupt registry has ${n} open ${n === 1 ? 'entry' : 'entries'}.`);
    }
    const foreign = foreignTables(this.reader, ownTables);
    if (foreign.length > 0) {
      notes.push(`The database also holds tables of its host, which are left alone: ${foreign.join(', ')}.`);
    }
    return notes;
  }

  picture(): Picture {
    return new SqlPicture(this.reader, this.#token());
  }
}

/**
 * A digest for each run. Rows are replaced in place, which no row number tells; a save always sets the time. Where reading all times
 * would take long (they stand behind the states), nothing narrower than `all` is said.
 */
class SqlPicture implements Picture {
  readonly #digests: ReadonlyMap<string, string> | null;
  readonly #version: string;

  constructor(reader: SqliteReader, version: string) {
    this.#version = version;
    const size = reader.get(`SELECT count(*) AS n, total(octet_length(values_json)) AS bytes FROM ${checkpointTable}`);
    const few = numberCell(size?.['n']) <= comparedRows && numberCell(size?.['bytes']) <= comparedBytes;
    this.#digests = few ? digestsOf(reader) : null;
  }

  since(earlier: Picture): ReadonlyMap<string, Touched> | 'all' {
    if (!(earlier instanceof SqlPicture)) return 'all';
    if (earlier.#version === this.#version) return new Map();
    const [now, then] = [this.#digests, earlier.#digests];
    if (now === null || then === null) return 'all';
    const touched = new Map<string, Touched>();
    for (const [thread, digest] of now) if (then.get(thread) !== digest) touched.set(thread, null);
    for (const thread of then.keys()) if (!now.has(thread)) return 'all';
    // Something changed that these digests do not see.
    return touched.size === 0 ? 'all' : touched;
  }
}

function digestsOf(reader: SqliteReader): ReadonlyMap<string, string> {
  const rows = reader.all(
    `SELECT workflow_id, run_id, count(*) AS n, total(super_step) AS steps, total(timestamp_ms % 1000000007) AS times,
       total(octet_length(values_json)) AS bytes, total(length(label)) AS labels, max(timestamp_ms) AS last
     FROM ${checkpointTable} WHERE typeof(workflow_id) = 'text' AND typeof(run_id) = 'text' GROUP BY workflow_id, run_id`,
  );
  return new Map(
    rows.map((row) => {
      const { workflow_id: workflow, run_id: run, ...rest } = row;
      return [threadOf(textCell(workflow) ?? '', textCell(run) ?? ''), Object.values(rest).join(' ')];
    }),
  );
}
