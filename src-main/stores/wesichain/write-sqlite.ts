// Plans for SQLite: what they relied on, and rows. Existing rows are copied inside SQLite with a few columns replaced, so that columns
// of the host keep their values. Texts are always bound as text: a state stored as BLOB ends the process of whoever loads it.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type {
  BackendReader,
  ChangeSet,
  RelyingReader,
  SqliteChange,
  SqliteReader,
  SqlRow,
  UndoGuard,
} from '../backend.ts';
import { formatKey } from '../../../shared/model/key.ts';
import { foreignTables } from '../records/cells.ts';
import { movedRows, removedRows } from '../records/removed-rows.ts';
import { hostTablesStay } from '../whole-thread.ts';
import { stringText, wrapperText } from './new-record.ts';
import { eraNoQueue, type RecordReading, type RecordView } from './record.ts';
import type { Place } from './source.ts';
import {
  columnsOf,
  hasQueueColumn,
  ownTables,
  projections,
  projectedRows,
  readRow,
  recordColumns,
  seqValue,
} from './sqlite-source.ts';
import { threadExists } from './write-files.ts';
import type { NewRecord, PlanWriter, Removal } from './write.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const largestInteger = 2n ** 63n - 1n;

export class SqlitePlanWriter implements PlanWriter {
  readonly #reader: SqliteReader;
  readonly #relying: RelyingReader<BackendReader>;
  readonly #queued: boolean;

  constructor(reader: SqliteReader, relying: RelyingReader<BackendReader>) {
    this.#reader = reader;
    this.#relying = relying;
    this.#queued = hasQueueColumn(reader);
  }

  warnings(source: string | null): readonly Warning[] {
    const warnings: Warning[] = [];
    const triggers = this.#reader.triggers().filter((t) => ownTables.has(t.table));
    if (triggers.length > 0) {
      const names = triggers.map((t) => `\`${t.name}\``).join(', ');
      warnings.push({
        code: 'triggers',
        message: `This file has triggers of its own on the tables of wesichain (${names}): other tables may change too, and undo does not take that back.`,
        remedy: null,
      });
    }
    if (source === null) return warnings;
    if (projectedRows(this.#reader, source) > 0) {
      warnings.push({
        code: 'projections',
        message:
          'The rows of `sessions` and `messages` that wesichain derived from this thread are not copied; with projections on, the next checkpoint writes them again.',
        remedy: null,
      });
    }
    const foreign = foreignTables(this.#reader, ownTables);
    if (foreign.length > 0) {
      warnings.push({
        code: 'foreign_tables',
        message: `This file also holds tables of its host (${foreign.join(', ')}): what they know of the thread is not copied.`,
        remedy: null,
      });
    }
    return warnings;
  }

  read(describe: string, place: Place): RecordReading {
    const [row] = this.#relying.relyOnRows(
      describe,
      `SELECT ${recordColumns(this.#queued)} FROM checkpoints WHERE thread_id = ? AND seq = ?`,
      [place.thread, seqValue(place.seq)],
    );
    if (row === undefined) throw removed(place);
    return readRow(row);
  }

  /** Without the states: rows are copied inside SQLite, and the framework never changes one. */
  relyOn(describe: string, places: readonly Place[]): void {
    const rows = this.#relying.relyOnRows(
      describe,
      `SELECT rowid AS position, seq, created_at, node, step, octet_length(state_json) AS bytes
       FROM checkpoints WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY rowid`,
      [JSON.stringify(places.map((place) => place.position))],
    );
    if (rows.length !== places.length && places[0] !== undefined) throw removed(places[0]);
  }

  expectNewThread(thread: string): void {
    stringText(thread);
    const rows = this.#relying.relyOnRows(
      `that thread ${shownName(thread)} does not exist`,
      'SELECT 1 AS taken FROM checkpoints WHERE thread_id = ? LIMIT 1',
      [thread],
    );
    if (rows.length > 0 || projectedRows(this.#reader, thread) > 0) throw threadExists(thread);
  }

  accepts(records: readonly RecordView[]): readonly Warning[] {
    const warnings: Warning[] = [];
    for (const record of records) {
      const numbers = [record.seq, record.step ?? '0'];
      if (numbers.every((text) => BigInt(text) <= largestInteger)) continue;
      throw new ForkpointError(
        'unable',
        `A number of record ${record.seq} is larger than SQLite holds. Nothing was changed.`,
        'Import it into a folder store.',
      );
    }
    if (!this.#queued && records.some((record) => (record.queue?.length ?? 0) > 0)) {
      throw new ForkpointError(
        'unable',
        'This database is one of wesichain 0.1.0 and has no column for a queue; what is left to run would be lost. Nothing was changed.',
        'Open it once with wesichain 0.3.0, which adds the column, or import into another store.',
      );
    }
    if (this.#queued && records.some((record) => record.era === eraNoQueue)) {
      warnings.push({
        code: 'no_queue',
        message:
          'Records of wesichain 0.1.0 have no queue; here they get an empty one, as when 0.3.0 opens their database, and look finished.',
        remedy: null,
      });
    }
    const dropped = unknownMembers(records);
    if (dropped.length > 0) {
      warnings.push({
        code: 'members_dropped',
        message: `SQLite has no columns for ${dropped.map((name) => `\`${name}\``).join(', ')} of these records; they are left out.`,
        remedy: 'Import into a folder store to keep them.',
      });
    }
    return warnings;
  }

  removeThread(thread: string, into: string | null): Removal {
    const tables = this.#reader.tables();
    const changes = ['checkpoints', ...projections].flatMap((name) => {
      const table = tables.find((one) => one.name === name);
      if (table === undefined) return [];
      const isRecord = name === 'checkpoints';
      const rows = removedRows(this.#relying, {
        table,
        describe: `the rows of thread ${shownName(thread)} in \`${name}\``,
        where: 'thread_id = ?',
        params: [thread],
        ...(isRecord ? { more: ['seq'], keyOf: (row) => keyOfSeq(thread, String(row['seq'])) } : {}),
      });
      return isRecord || into === null ? rows : movedRows(rows, { thread_id: into });
    });
    return {
      changes: { backend: 'sqlite', changes, guards: guardsOf(thread) },
      warnings: [...this.warnings(null), ...hostTablesStay(foreignTables(this.#reader, ownTables), 'thread')],
    };
  }

  newThread(thread: string, records: readonly NewRecord[]): ChangeSet {
    return { backend: 'sqlite', changes: records.map((made) => this.#change(thread, made)), guards: guardsOf(thread) };
  }

  nextSeq(thread: string): bigint {
    const [row] = this.#relying.relyOnRows(
      `the latest point of thread ${shownName(thread)}`,
      'SELECT coalesce(max(seq), 0) AS last, count(*) AS n FROM checkpoints WHERE thread_id = ?',
      [thread],
    );
    const last = row?.['last'];
    if (typeof last === 'bigint' && last < largestInteger) return last + 1n;
    throw new ForkpointError(
      'unable',
      'The last `seq` of this thread cannot be counted on from. Nothing was changed.',
      'Fork into a new thread.',
    );
  }

  append(thread: string, record: NewRecord): ChangeSet {
    return { backend: 'sqlite', changes: [this.#change(thread, record)], guards: guardsOf(thread) };
  }

  #change(thread: string, made: NewRecord): SqliteChange {
    const { basis, record, data, key } = made;
    const seq = BigInt(made.seq);
    const set: Record<string, SqlRow[string]> = { thread_id: thread, seq };
    let bytes = basis?.bytes ?? 0;
    if (record !== null) {
      const state = wrapperText(record, data);
      set['state_json'] = textOfCell(state);
      bytes = state.length;
      if (this.#queued && record.queueValue !== null) {
        const queue = record.queueValue.slice();
        set['queue_json'] = textOfCell(queue);
        bytes += queue.length;
      }
    }
    if (basis !== null) {
      const identity = { thread_id: basis.thread, seq: seqValue(basis.seq) };
      return { kind: 'copy', table: 'checkpoints', columns: columnsOf(this.#reader), identity, set, bytes, key };
    }
    const row: SqlRow = {
      ...set,
      created_at: record?.createdAt ?? null,
      node: record?.node ?? null,
      step: record?.step === null || record?.step === undefined ? null : BigInt(record.step),
    };
    return { kind: 'insert', table: 'checkpoints', row, bytes, key };
  }
}

const keyOfSeq = (thread: string, seq: string): string => formatKey({ thread, namespace: '', id: seq, nth: 0 });

const knownMembers = new Set(['seq', 'created_at', 'checkpoint', 'thread_id', 'state', 'step', 'node', 'queue']);

function unknownMembers(records: readonly RecordView[]): readonly string[] {
  const found = new Set<string>();
  for (const { line } of records) {
    for (const map of [line, line?.get('checkpoint') ?? null]) {
      if (map === null) continue;
      for (let i = 0; i < map.count; i += 1) {
        const key = map.key(i);
        const name = key.kind === 'string' && key.isUnicode() ? key.text() : '?';
        if (!knownMembers.has(name)) found.add(name);
      }
    }
  }
  return [...found];
}

/** Undo must find that nobody went on from what we wrote. */
function guardsOf(thread: string): readonly UndoGuard[] {
  return [
    {
      kind: 'rows',
      describe: `the points of thread ${shownName(thread)}`,
      sql: 'SELECT count(*) AS n, max(seq) AS last FROM checkpoints WHERE thread_id = ?',
      params: [thread],
    },
  ];
}

function removed(place: Place): ForkpointError {
  return new ForkpointError(
    'moved',
    `Record ${place.seq} of thread ${shownName(place.thread)} was removed meanwhile. Nothing was changed.`,
    'Reload the thread.',
  );
}

function textOfCell(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ForkpointError(
      'corrupt',
      'A record of this thread holds bytes that are not valid UTF-8; it cannot be copied. Nothing was changed.',
    );
  }
}
