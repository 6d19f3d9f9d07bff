// Plans for SQLite: what they relied on, and rows. Existing rows are copied inside SQLite with a few columns replaced, so that
// columns of the host keep their values; `seq` is never given, the highest is always the latest.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type {
  ChangeSet,
  RelyingReader,
  BackendReader,
  SqliteChange,
  SqliteReader,
  SqlRow,
  SqlTable,
  UndoGuard,
} from '../backend.ts';
import { formatKey } from '../../../shared/model/key.ts';
import { bytesCell, foreignTables, numberCell, textCell } from '../records/cells.ts';
import { removedRows } from '../records/removed-rows.ts';
import { hostTablesStay } from '../whole-thread.ts';
import { namespaceOfText, namespaceText } from './namespace.ts';
import type { RecordView } from './record.ts';
import type { LedgerEntry, Place } from './source.ts';
import { hasLedgerTable, ledgerColumns, ledgerEntry, ownTables } from './sqlite-source.ts';
import type { NewLedgerRow, NewRecord, PlanWriter, Removal } from './write.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class SqlitePlanWriter implements PlanWriter {
  readonly hasLedger: boolean;
  readonly #reader: SqliteReader;
  readonly #relying: RelyingReader<BackendReader>;

  constructor(reader: SqliteReader, relying: RelyingReader<BackendReader>) {
    this.#reader = reader;
    this.#relying = relying;
    this.hasLedger = hasLedgerTable(reader);
  }

  warnings(newThread: boolean): readonly Warning[] {
    const warnings: Warning[] = [];
    const triggers = this.#reader.triggers().filter((t) => ownTables.has(t.table));
    if (triggers.length > 0) {
      const names = triggers.map((t) => `\`${t.name}\``).join(', ');
      warnings.push({
        code: 'triggers',
        message: `This file has triggers of its own on the checkpoint tables (${names}): other tables may change too, and undo does not take that back.`,
        remedy: null,
      });
    }
    const foreign = foreignTables(this.#reader, ownTables);
    if (newThread && foreign.length > 0) {
      warnings.push({
        code: 'foreign_tables',
        message: `This file also holds tables of its host (${foreign.join(', ')}): what they know of the thread is not copied.`,
        remedy: null,
      });
    }
    return warnings;
  }

  texts(describe: string, places: readonly Place[]): readonly Uint8Array[] {
    const rows = this.#relying.relyOnRows(
      describe,
      `SELECT seq, thread_id, checkpoint_id, parent_checkpoint_id, namespace, CAST(record AS BLOB) AS record
       FROM checkpoints WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq`,
      [JSON.stringify(places.map((place) => place.position))],
    );
    const texts = new Map(rows.map((row) => [numberCell(row['seq']), bytesCell(row['record'])]));
    return places.map((place) => {
      const text = texts.get(place.position);
      if (text === undefined) {
        throw new ForkpointError(
          'moved',
          `\`${place.id}\` was removed meanwhile. Nothing was changed.`,
          'Reload the thread.',
        );
      }
      return text;
    });
  }

  ledger(thread: string, places: readonly Place[]): readonly LedgerEntry[] {
    if (!this.hasLedger) return [];
    const wanted = new Set(places.map((place) => place.id));
    return this.#relying
      .relyOnRows(
        `what the tasks of thread \`${thread}\` have left`,
        `SELECT ${ledgerColumns} FROM checkpoint_writes
         WHERE thread_id = ? AND checkpoint_id IN (SELECT value FROM json_each(?)) ORDER BY rowid`,
        [thread, JSON.stringify([...wanted])],
      )
      .map(ledgerEntry);
  }

  expectNewThread(thread: string): void {
    if (!thread.isWellFormed()) {
      throw new ForkpointError(
        'bad_value',
        'This id is not valid Unicode text. Nothing was changed.',
        'Choose another id.',
      );
    }
    const taken = (table: string) =>
      this.#relying.relyOnRows(
        `that thread \`${thread}\` does not exist`,
        `SELECT 1 AS taken FROM ${table} WHERE thread_id = ? LIMIT 1`,
        [thread],
      ).length > 0;
    if (taken('checkpoints') || (this.hasLedger && taken('checkpoint_writes'))) throw threadExists(thread);
  }

  removeThread(thread: string): Removal {
    const seen = new Map<string, number>();
    const ofThread = { where: 'thread_id = ?', params: [thread] };
    const changes = removedRows(this.#relying, {
      ...ofThread,
      table: this.#table('checkpoints'),
      describe: `the points of thread \`${thread}\``,
      more: ['namespace', 'checkpoint_id'],
      keyOf: (row) => {
        const namespace = namespaceOfText(textCell(row['namespace']) ?? '');
        const id = textCell(row['checkpoint_id']) ?? '';
        const nth = (seen.get(`${namespace}\u0000${id}`) ?? 0) + 1;
        seen.set(`${namespace}\u0000${id}`, nth);
        return formatKey({ thread, namespace, id, nth: nth === 1 ? 0 : nth });
      },
    });
    if (this.hasLedger) {
      const describe = `the write ledger of thread \`${thread}\``;
      changes.push(...removedRows(this.#relying, { ...ofThread, table: this.#table('checkpoint_writes'), describe }));
    }
    return {
      changes: { backend: 'sqlite', changes, guards: this.#guards(thread) },
      warnings: [...this.warnings(false), ...hostTablesStay(foreignTables(this.#reader, ownTables), 'thread')],
    };
  }

  #table(name: string): SqlTable {
    const table = this.#reader.tables().find((one) => one.name === name);
    if (table !== undefined) return table;
    throw new ForkpointError('moved', `The table \`${name}\` is not in the store any more. Nothing was changed.`);
  }

  newThread(thread: string, records: readonly NewRecord[], ledger: readonly NewLedgerRow[]): ChangeSet {
    return { backend: 'sqlite', changes: this.#changes(thread, records, ledger), guards: this.#guards(thread) };
  }

  append(thread: string, records: readonly NewRecord[], ledger: readonly NewLedgerRow[], last: number): ChangeSet {
    const [row] = this.#relying.relyOnRows(
      `the latest point of thread \`${thread}\``,
      'SELECT seq, checkpoint_id FROM checkpoints WHERE thread_id = ? ORDER BY seq DESC LIMIT 1',
      [thread],
    );
    if (numberCell(row?.['seq']) !== last) throw movedOn(thread);
    return { backend: 'sqlite', changes: this.#changes(thread, records, ledger), guards: this.#guards(thread) };
  }

  /** Undo must find that nobody went on from what we wrote. */
  #guards(thread: string): readonly UndoGuard[] {
    const guards: UndoGuard[] = [
      {
        kind: 'rows',
        describe: `the points of thread \`${thread}\``,
        sql: 'SELECT count(*) AS n, max(seq) AS last FROM checkpoints WHERE thread_id = ?',
        params: [thread],
      },
    ];
    if (this.hasLedger) {
      guards.push({
        kind: 'rows',
        describe: `the write ledger of thread \`${thread}\``,
        sql: 'SELECT count(*) AS n, max(rowid) AS last FROM checkpoint_writes WHERE thread_id = ?',
        params: [thread],
      });
    }
    return guards;
  }

  #changes(thread: string, records: readonly NewRecord[], ledger: readonly NewLedgerRow[]): SqliteChange[] {
    const columns = this.#reader
      .tables()
      .find((table) => table.name === 'checkpoints')!
      .columns.map((column) => column.name)
      .filter((name) => name !== 'seq');
    return [
      ...records.map((made) => recordChange(thread, made, columns)),
      ...ledger.map((row) => ledgerChange(thread, row)),
    ];
  }
}

export function threadExists(thread: string): ForkpointError {
  return new ForkpointError(
    'exists',
    `Thread \`${thread}\` already exists in this store. Nothing was changed.`,
    'Choose another id for the new thread.',
  );
}

export function movedOn(thread: string): ForkpointError {
  return new ForkpointError(
    'moved',
    `The store has moved: thread \`${thread}\` went on while this was planned. Nothing was changed.`,
    'Look at the thread as it is now, and plan again.',
  );
}

function textOfRecord(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ForkpointError(
      'corrupt',
      'A record of this thread holds bytes that are not valid UTF-8; it cannot be copied. Nothing was changed.',
    );
  }
}

/** What the framework projects from a record into columns. */
function projected(thread: string, record: RecordView, text: Uint8Array): SqlRow {
  return {
    thread_id: thread,
    checkpoint_id: record.id,
    parent_checkpoint_id: record.parent,
    run_id: record.run,
    namespace: namespaceText(record.namespace),
    next_nodes: namespaceText(record.nextNodes),
    source: record.source ?? 'loop',
    step: BigInt(record.step ?? 0),
    has_interrupts: record.interrupts.length > 0 ? 1n : 0n,
    record: textOfRecord(text),
  };
}

function recordChange(thread: string, made: NewRecord, columns: readonly string[]): SqliteChange {
  const { basis, record, text, key } = made;
  if (basis === null) {
    return { kind: 'insert', table: 'checkpoints', row: projected(thread, record, text), bytes: text.length, key };
  }
  return {
    kind: 'copy',
    table: 'checkpoints',
    columns,
    identity: { seq: BigInt(basis.position) },
    set: projected(thread, record, text),
    bytes: text.length,
    key,
  };
}

function ledgerChange(thread: string, made: NewLedgerRow): SqliteChange {
  const { from, write } = made;
  const payload = write.payload === null ? 'null' : textOfRecord(write.payload.slice());
  const row: SqlRow = {
    thread_id: thread,
    namespace: made.namespaceText,
    checkpoint_id: made.id,
    task_id: write.task,
    idx: BigInt(write.idx),
    node: write.node,
    channel: write.channel,
    payload,
  };
  if (from === null) return { kind: 'insert', table: 'checkpoint_writes', row };
  return {
    kind: 'copy',
    table: 'checkpoint_writes',
    columns: Object.keys(row),
    identity: {
      thread_id: from.thread,
      namespace: from.namespaceText,
      checkpoint_id: from.id,
      task_id: write.task,
      idx: BigInt(write.idx),
    },
    set: { thread_id: thread, checkpoint_id: made.id },
    bytes: from.bytes,
  };
}
