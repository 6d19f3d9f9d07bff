// Plans for SQLite: rows of the journal and of the checkpoints, columns equal to what the JSON says. Texts are always bound as text:
// a record stored as BLOB cannot be loaded.

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
import { removedRows, type RowsOf } from '../records/removed-rows.ts';
import { hostTablesStay } from '../whole-thread.ts';
import { badRunId } from './names.ts';
import type { CheckpointPlace, RecordPlace } from './points.ts';
import { openText, readCheckpoint, type CheckpointView, type Reading, type RecordView } from './record.ts';
import { renamedText, type Naming } from './restamp.ts';
import { checkpointTable, hasTable, journalTable, ownTables, readRow } from './sqlite-source.ts';
import type { NewRun, OwnedByRun, PlanWriter, Removal } from './write.ts';
import { runExists } from './write-files.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const largestInteger = 2n ** 63n - 1n;

export class SqlitePlanWriter implements PlanWriter {
  readonly backend = 'sqlite';
  readonly #reader: SqliteReader;
  readonly #relying: RelyingReader<BackendReader>;

  constructor(reader: SqliteReader, relying: RelyingReader<BackendReader>) {
    this.#reader = reader;
    this.#relying = relying;
  }

  warnings(source: string | null): readonly Warning[] {
    const warnings: Warning[] = [];
    const triggers = this.#reader.triggers().filter((t) => ownTables.has(t.table));
    if (triggers.length > 0) {
      const names = triggers.map((t) => `\`${t.name}\``).join(', ');
      warnings.push({
        code: 'triggers',
        message: `This file has triggers of its own on the tables of clawdia (${names}): other tables may change too, and undo does not take that back.`,
        remedy: null,
      });
    }
    const foreign = this.#reader.tables().filter((t) => !ownTables.has(t.name) && !t.name.startsWith('sqlite_'));
    if (source !== null && foreign.length > 0) {
      warnings.push({
        code: 'foreign_tables',
        message: `This file also holds tables of its host (${foreign.map((t) => `\`${t.name}\``).join(', ')}): what they know of the run is not copied.`,
        remedy: null,
      });
    }
    return warnings;
  }

  records(describe: string, places: readonly RecordPlace[]): readonly Reading<RecordView>[] {
    if (places.length === 0) return [];
    const rows = this.#relying.relyOnRows(
      describe,
      `SELECT rowid AS position, run_id, journal_seq, record_id, CAST(record_json AS BLOB) AS json, typeof(record_json) AS type
       FROM ${journalTable} WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY rowid`,
      [JSON.stringify(places.map((place) => place.position))],
    );
    const byPosition = new Map(rows.map((row) => [Number(row['position']), row] as const));
    return places.map((place) => {
      const row = byPosition.get(place.position);
      if (row === undefined || row['run_id'] !== place.run) throw removed(`Record ${place.seq}`, place.run);
      return readRow(row, place);
    });
  }

  checkpoints(describe: string, places: readonly CheckpointPlace[]): readonly Reading<CheckpointView>[] {
    if (places.length === 0) return [];
    const rows = this.#relying.relyOnRows(
      describe,
      `SELECT rowid AS position, run_id, CAST(checkpoint_json AS BLOB) AS json
       FROM ${checkpointTable} WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY rowid`,
      [JSON.stringify(places.map((place) => place.position))],
    );
    const byPosition = new Map(rows.map((row) => [Number(row['position']), row] as const));
    return places.map((place) => {
      const json = byPosition.get(place.position)?.['json'];
      if (!(json instanceof Uint8Array)) throw removed(`Checkpoint ${shownName(place.id)}`, place.run);
      return readCheckpoint(json);
    });
  }

  expectNewRun(run: string): void {
    const bad = badRunId(run);
    if (bad !== null) {
      throw new ForkpointError(
        'bad_value',
        `A run cannot have this id: ${bad}. Nothing was changed.`,
        'Choose another id.',
      );
    }
    for (const table of [journalTable, checkpointTable]) {
      if (!hasTable(this.#reader, table)) continue;
      const rows = this.#relying.relyOnRows(
        `that run ${shownName(run)} does not exist`,
        `SELECT 1 AS taken FROM ${table} WHERE run_id = ? LIMIT 1`,
        [run],
      );
      if (rows.length > 0) throw runExists(run);
    }
  }

  heldContent(id: string): Uint8Array | null {
    return this.#held(`content ${shownName(id)}`, 'content', 'bytes', id);
  }

  heldArguments(ref: string): Uint8Array | null {
    return this.#held(`the arguments ${shownName(ref)}`, 'provider_arguments', 'CAST(raw_arguments AS BLOB)', ref);
  }

  #held(describe: string, table: string, column: string, id: string): Uint8Array | null {
    if (!hasTable(this.#reader, table)) return null;
    const [row] = this.#relying.relyOnRows(describe, `SELECT ${column} AS held FROM ${table} WHERE content_ref = ?`, [
      id,
    ]);
    const held = row?.['held'];
    return held instanceof Uint8Array ? held : row === undefined ? null : new Uint8Array();
  }

  namedBeside(id: string): boolean {
    if (!hasTable(this.#reader, 'agent_pool_records')) return false;
    const row = this.#reader.get(
      'SELECT 1 AS named FROM agent_pool_records WHERE instr(CAST(payload_json AS TEXT), ?) > 0 LIMIT 1',
      [id],
    );
    return row !== null;
  }

  removeRun(run: string, owned: OwnedByRun, becomes: Naming | null): Removal {
    const name = shownName(run);
    const changes: SqliteChange[] = [];
    const remove = (table: string, rest: Omit<RowsOf, 'table'>): void => {
      const found = this.#reader.tables().find((one) => one.name === table);
      if (found !== undefined) changes.push(...removedRows(this.#relying, { ...rest, table: found }));
    };
    const ofRun = { where: 'run_id = ?', params: [run] };
    const keyOf = (column: string) => ({
      more: [column],
      keyOf: (row: SqlRow) => formatKey({ thread: run, namespace: '', id: String(row[column]), nth: 0 }),
    });
    remove(journalTable, { ...ofRun, describe: `the records of run ${name}`, ...keyOf('record_id') });
    remove(checkpointTable, { ...ofRun, describe: `the checkpoints of run ${name}`, ...keyOf('checkpoint_id') });
    if (becomes === null) remove('tool_execution_records', { ...ofRun, describe: `the tool calls of run ${name}` });
    else changes.push(...this.#movedCalls(becomes));
    if (owned.contents.length > 0) {
      const ofRefs = {
        where: 'content_ref IN (SELECT value FROM json_each(?))',
        params: [JSON.stringify(owned.contents)],
      };
      remove('content', { ...ofRefs, describe: `the contents of run ${name}` });
      remove('provider_arguments', { ...ofRefs, describe: `the arguments that run ${name} was given` });
      // Whether another run refers to them is known of the records that are there now.
      for (const table of [journalTable, checkpointTable]) {
        if (!hasTable(this.#reader, table)) continue;
        this.#relying.relyOnRows(
          'what other runs refer to',
          `SELECT count(*) AS n, max(rowid) AS last FROM ${table} WHERE run_id <> ?`,
          [run],
        );
      }
    }
    const foreign = foreignTables(this.#reader, new Set([...ownTables, 'sqlite_sequence']));
    return {
      changes: { backend: 'sqlite', changes, guards: this.#guardsOf(run) },
      warnings: [...this.warnings(null), ...hostTablesStay(foreign, 'run')],
    };
  }

  /** The tool calls of a run that gets another id: in its column and inside the record. */
  #movedCalls(naming: Naming): SqliteChange[] {
    const table = 'tool_execution_records';
    if (!hasTable(this.#reader, table)) return [];
    const rows = this.#relying.relyOnRows(
      `the tool calls of run ${shownName(naming.from)}`,
      `SELECT tool_call_id, journal_seq, CAST(record_json AS BLOB) AS json FROM ${table} WHERE run_id = ? ORDER BY rowid`,
      [naming.from],
    );
    return rows.map(({ tool_call_id, journal_seq, json }) => {
      const root = json instanceof Uint8Array ? openText(json) : { reason: 'it is not stored as text.' };
      if ('reason' in root) {
        throw new ForkpointError(
          'corrupt',
          `A tool call of this run cannot be read: ${root.reason} Nothing was changed.`,
        );
      }
      const text = renamedText(root, naming);
      return {
        kind: 'update',
        table,
        identity: { run_id: naming.from, tool_call_id: tool_call_id ?? null, journal_seq: journal_seq ?? null },
        set: { run_id: naming.to, record_json: textOfCell(text) },
        bytes: text.length,
      };
    });
  }

  laidOut(checkpoint: Uint8Array): Uint8Array {
    return checkpoint;
  }

  newRun(made: NewRun): ChangeSet {
    const { run } = made;
    const changes: SqliteChange[] = [];
    const add = (table: string, row: SqlRow, key: string | null): void => {
      if (!hasTable(this.#reader, table)) throw noTable(table);
      changes.push({ kind: 'insert', table, row, key });
    };
    for (const { id, ref, bytes } of made.contents) {
      if (!hasTable(this.#reader, 'content')) continue;
      const row = { content_ref: id, content_json: textOfCell(ref), bytes, byte_len: BigInt(bytes.length) };
      add('content', row, null);
    }
    for (const { ref, raw, provider, call, tool } of made.provided) {
      if (!hasTable(this.#reader, 'provider_arguments')) continue;
      const row = { content_ref: ref, provider_ref: provider, call_id: call, canonical_tool_name: tool };
      add('provider_arguments', { ...row, raw_arguments: textOfCell(raw) }, null);
    }
    const ids = new Set<string>();
    for (const { id, covers, text, key } of made.checkpoints) {
      if (ids.has(id)) {
        throw new ForkpointError(
          'unable',
          `Two checkpoints of this run have the id ${shownName(id)}; a SQLite store holds one of them. Nothing was changed.`,
          'Use a file tree.',
        );
      }
      ids.add(id);
      const row = {
        run_id: run,
        checkpoint_id: id,
        latest_journal_seq: numberOf(covers),
        checkpoint_json: textOfCell(text),
      };
      add(checkpointTable, row, key);
    }
    for (const { seq, id, text, key } of made.records) {
      const row = { run_id: run, journal_seq: numberOf(seq), record_id: id, record_json: textOfCell(text) };
      add(journalTable, row, key);
    }
    return { backend: 'sqlite', changes, guards: this.#guardsOf(run) };
  }

  /** Undo must find that nobody went on from what we wrote. */
  #guardsOf(run: string): readonly UndoGuard[] {
    return [journalTable, checkpointTable]
      .filter((table) => hasTable(this.#reader, table))
      .map((table) => ({
        kind: 'rows',
        describe: `the ${table === journalTable ? 'records' : 'checkpoints'} of run ${shownName(run)}`,
        sql: `SELECT count(*) AS n, max(rowid) AS last FROM ${table} WHERE run_id = ?`,
        params: [run],
      }));
  }
}

function numberOf(seq: string): bigint {
  const number = BigInt(seq);
  if (number <= largestInteger) return number;
  throw new ForkpointError(
    'unable',
    `The number ${seq} is larger than SQLite holds. Nothing was changed.`,
    'Import it into a file tree.',
  );
}

function noTable(table: string): ForkpointError {
  return new ForkpointError(
    'unable',
    `This database has no table \`${table}\`: its host never opened that store of clawdia. Nothing was changed.`,
    'Open the database once with `SqliteStoreBundle::open`, which makes its tables.',
  );
}

function removed(what: string, run: string): ForkpointError {
  return new ForkpointError(
    'moved',
    `${what} of run ${shownName(run)} was removed meanwhile. Nothing was changed.`,
    'Reload the run.',
  );
}

function textOfCell(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ForkpointError(
      'corrupt',
      'A record of this run holds bytes that are not valid UTF-8; it cannot be copied. Nothing was changed.',
    );
  }
}
