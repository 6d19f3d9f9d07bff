// The rows of a thread as they are read for its lineage: ids, parents and row headers only, a page at a time.

import { textOf } from './cells.ts';
import { ThreadRows } from './lineage-rows.ts';
import type { SqliteReader } from '../backend.ts';

/** Rows read between two pauses of the generator. */
const batchRows = 4_000;
/** The namespace is left out where it is the one that is given: nearly always, and a text less for every row. */
const columns =
  'rowid, NULLIF(checkpoint_ns, ?), checkpoint_id, parent_checkpoint_id, COALESCE(length(checkpoint), 0) + COALESCE(length(metadata), 0)';

type ScannedRow = readonly (null | number | string | Uint8Array)[];

const cellText = (value: null | number | string | Uint8Array | undefined): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : textOf(value);

/** Names of namespaces by number, the root first. */
export class Namespaces {
  readonly names: string[];
  readonly #numbers: Map<string, number>;
  #last = 0;

  constructor(names: readonly string[]) {
    this.names = [...names];
    this.#numbers = new Map(names.map((name, i) => [name, i]));
  }

  number(name: string): number {
    if (this.names[this.#last] === name) return this.#last;
    this.#last = this.#numbers.get(name) ?? this.names.push(name) - 1;
    this.#numbers.set(name, this.#last);
    return this.#last;
  }
}

function addPage(rows: ThreadRows, page: readonly ScannedRow[], namespaces: Namespaces, given: string): void {
  const usual = namespaces.number(given);
  rows.beginPage(page.length);
  for (let i = 0; i < page.length; i++) {
    const row = page[i]!;
    const namespace = row[1] ?? null;
    const parent = row[3] ?? null;
    const bytes = row[4];
    rows.add(
      Number(row[0]),
      namespace === null ? usual : namespaces.number(cellText(namespace)),
      cellText(row[2]),
      parent === null ? null : cellText(parent),
      typeof bytes === 'number' ? bytes : Number.NaN,
    );
  }
  rows.endPage();
}

/** All rows of a thread by the primary key, a page at a time. */
export function* scanThread(
  reader: SqliteReader,
  thread: string,
  namespaces: Namespaces,
): Generator<number, ThreadRows, void> {
  const rows = new ThreadRows();
  let namespace: string | null = null;
  let id: string | number | null | Uint8Array = null;
  for (;;) {
    const given: string = namespace ?? '';
    const after: string = namespace === null ? '' : 'AND (checkpoint_ns, checkpoint_id) > (?, ?)';
    const page: ScannedRow[] = reader.allArrays(
      `SELECT ${columns} FROM checkpoints WHERE thread_id = ? ${after} ORDER BY checkpoint_ns, checkpoint_id LIMIT ${batchRows}`,
      namespace === null ? [given, thread] : [given, thread, namespace, id],
    );
    addPage(rows, page, namespaces, given);
    yield rows.count;
    const last = page.at(-1);
    if (page.length < batchRows || last === undefined) return rows;
    namespace = namespaces.names[rows.namespaces[rows.count - 1] ?? 0] ?? '';
    id = last[2] ?? null;
  }
}

/** Rows of a thread that were written after a row number. The `+` keeps SQLite on the row numbers: it must not walk the thread. */
export function scanAfter(reader: SqliteReader, thread: string, rowid: number, namespaces: Namespaces): ThreadRows {
  const rows = new ThreadRows();
  const sql = `SELECT ${columns} FROM checkpoints WHERE rowid > ? AND +thread_id = ? ORDER BY rowid`;
  addPage(rows, reader.allArrays(sql, ['', BigInt(rowid), thread]), namespaces, '');
  return rows;
}
