// The tables that LangGraph wrote before August 2024, read as if they were the current ones. Nothing is ever written to them:
// no LangGraph of today reads such a file.
//
// Python: `checkpoints(thread_id, checkpoint)`, one row a thread (February 2024); then `(thread_id, thread_ts, checkpoint)` with
// `parent_ts` and `metadata` added, and a table `writes` from July on. JavaScript: `(thread_id, checkpoint_id, parent_id,
// checkpoint, metadata)`. Cells have no type: they are pickles or JSON, told by their first and last bytes as LangGraph told them.

import type { SqliteReader, SqlRow, SqlTable, SqlTrigger, SqlValue } from '../backend.ts';

export interface OlderLayout {
  /** The two tables with the columns that a statement may name. */
  readonly seenAs: { readonly checkpoints: SqlTable; readonly writes: SqlTable };
  /** What stands before every statement: the old tables under the current names. */
  readonly prefix: string;
  /** For each column that is really stored, its name in the file. */
  readonly storedNames: ReadonlyMap<string, string>;
}

export const olderUnable =
  'This store has the tables of LangGraph before August 2024: they are read, and nothing is written to them. No LangGraph of today reads them either.';

/** Told as `JsonPlusSerializerCompat` did: what begins and ends like a pickle is one. */
const typeOf = (column: string): string =>
  `CASE WHEN ${column} IS NULL THEN 'null' WHEN substr(CAST(${column} AS BLOB), 1, 1) = x'80' AND substr(CAST(${column} AS BLOB), -1) = x'2e' THEN 'pickle' ELSE 'json' END`;

const column = (name: string, pk = 0): SqlTable['columns'][number] => ({ name, type: '', pk, notNull: false });

/** The layout of tables from before August 2024, null for any others. */
export function olderLayoutOf(checkpoints: SqlTable, writes: SqlTable | null): OlderLayout | null {
  const names = new Set(checkpoints.columns.map((c) => c.name));
  if (!names.has('thread_id') || !names.has('checkpoint') || names.has('checkpoint_ns')) return null;
  const id = names.has('thread_ts') ? 'thread_ts' : names.has('parent_id') ? 'checkpoint_id' : null;
  if (id === null && checkpoints.columns.length !== 2) return null;
  const parent = names.has('parent_ts') ? 'parent_ts' : names.has('parent_id') ? 'parent_id' : null;
  const metadata = names.has('metadata') ? 'metadata' : null;
  const writeNames = new Set(writes?.columns.map((c) => c.name));
  const wrote =
    id !== null && ['thread_id', id, 'task_id', 'idx', 'channel', 'value'].every((name) => writeNames.has(name));
  const points = `SELECT rowid AS rowid, thread_id AS thread_id, '' AS checkpoint_ns, ${id ?? "'only'"} AS checkpoint_id, ${parent ?? 'NULL'} AS parent_checkpoint_id, ${typeOf('checkpoint')} AS type, checkpoint AS checkpoint, ${metadata ?? 'NULL'} AS metadata FROM main.checkpoints`;
  const rows = wrote
    ? `SELECT rowid AS rowid, thread_id AS thread_id, '' AS checkpoint_ns, ${id} AS checkpoint_id, task_id AS task_id, idx AS idx, channel AS channel, ${typeOf('value')} AS type, value AS value FROM main.writes`
    : `SELECT 0 AS rowid, '' AS thread_id, '' AS checkpoint_ns, '' AS checkpoint_id, '' AS task_id, 0 AS idx, '' AS channel, '' AS type, NULL AS value WHERE 0`;
  const table = (name: string, columns: readonly SqlTable['columns'][number][]): SqlTable => ({
    name,
    columns,
    sql: '',
    withoutRowid: false,
  });
  const stored = (name: string | null, as: string): [string, string][] => (name === null ? [] : [[as, name]]);
  const storedNames = new Map([
    ['thread_id', 'thread_id'],
    ...stored(id, 'checkpoint_id'),
    ...stored(parent, 'parent_checkpoint_id'),
    ['checkpoint', 'checkpoint'],
    ...stored(metadata, 'metadata'),
    ...['task_id', 'idx', 'channel', 'value'].map((name): [string, string] => [name, name]),
  ]);
  const point = ['thread_id', 'checkpoint_id', 'parent_checkpoint_id', 'checkpoint', 'metadata'];
  return {
    seenAs: {
      checkpoints: table(
        'checkpoints',
        point.filter((name) => storedNames.has(name)).map((name) => column(name)),
      ),
      writes: table(
        'writes',
        ['thread_id', 'checkpoint_id', 'task_id', 'idx', 'channel', 'value'].map((name) => column(name)),
      ),
    },
    prefix: `WITH checkpoints AS (${points}), writes AS (${rows}) `,
    storedNames,
  };
}

/** A table that keeps one row a thread and namespace cannot be shown as a history. */
export function shallowReason(columns: ReadonlySet<string>): string | null {
  if (columns.has('checkpoint_id') || !columns.has('checkpoint_ns')) return null;
  return 'This is a shallow LangGraph store: it keeps only the newest checkpoint of a thread, so there is no history to show or to fork. Nothing was changed.';
}

/** Reads the old tables with statements written for the current ones: common table expressions take their names. */
export class OlderReader implements SqliteReader {
  readonly kind = 'sqlite';
  readonly path: string;
  readonly #reader: SqliteReader;
  readonly #layout: OlderLayout;

  constructor(reader: SqliteReader, layout: OlderLayout) {
    this.path = reader.path;
    this.#reader = reader;
    this.#layout = layout;
  }

  tables(): readonly SqlTable[] {
    return this.#reader.tables();
  }

  triggers(): readonly SqlTrigger[] {
    return this.#reader.triggers();
  }

  all(sql: string, params: readonly SqlValue[] = []): SqlRow[] {
    return this.#reader.all(this.#layout.prefix + sql, params);
  }

  get(sql: string, params: readonly SqlValue[] = []): SqlRow | null {
    return this.#reader.get(this.#layout.prefix + sql, params);
  }

  iterate(sql: string, params: readonly SqlValue[] = []): IterableIterator<SqlRow> {
    return this.#reader.iterate(this.#layout.prefix + sql, params);
  }

  allArrays(sql: string, params: readonly SqlValue[] = []): (readonly (null | number | string | Uint8Array)[])[] {
    return this.#reader.allArrays(this.#layout.prefix + sql, params);
  }

  iterateArrays(
    sql: string,
    params: readonly SqlValue[] = [],
  ): IterableIterator<readonly (null | number | string | Uint8Array)[]> {
    return this.#reader.iterateArrays(this.#layout.prefix + sql, params);
  }
}
