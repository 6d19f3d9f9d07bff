// Lineage columns of a thread over all its namespaces: parents before children, in the order the rows were written.
//
// Read from ids, parents and row headers only; the one exception is the first row of each run of a sub-graph, whose metadata
// names the checkpoint that it ran under.

import { textOf } from './cells.ts';
import { stepOf, timeOf } from './ids.ts';
import { openMetadata } from './point.ts';
import type { RowReader } from './rows.ts';
import { linkKinds, stringAt, stringColumn } from '../../../shared/model/lineage.ts';
import type { Lineage, LinkKind, PointIndex } from '../../../shared/model/lineage.ts';
import { formatKey, parseKey } from '../../../shared/model/key.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { SqliteReader } from '../backend.ts';

/** Rows read between two pauses of the generator. */
const batchRows = 4_000;

interface ScannedRow {
  readonly rowid: number;
  readonly namespace: string;
  readonly id: string;
  readonly parent: string | null;
  readonly bytes: number;
}

const columns =
  'rowid, checkpoint_ns, checkpoint_id, parent_checkpoint_id, COALESCE(length(checkpoint), 0) + COALESCE(length(metadata), 0)';

function scanned(row: readonly (null | number | string | Uint8Array)[]): ScannedRow {
  const [rowid, namespace, id, parent, bytes] = row;
  return {
    rowid: Number(rowid),
    namespace: cellText(namespace),
    id: cellText(id),
    parent: parent === null || parent === undefined ? null : cellText(parent),
    bytes: typeof bytes === 'number' ? bytes : Number.NaN,
  };
}

const cellText = (value: null | number | string | Uint8Array | undefined): string =>
  typeof value === 'number' ? String(value) : textOf(value);

/** All rows of a thread by the primary key, a page at a time. */
function* scanThread(reader: SqliteReader, thread: string): Generator<ScannedRow[], void, void> {
  let last: ScannedRow | null = null;
  for (;;) {
    const after: string = last === null ? '' : 'AND (checkpoint_ns, checkpoint_id) > (?, ?)';
    const page: ScannedRow[] = [];
    const rows = reader.iterateArrays(
      `SELECT ${columns} FROM checkpoints WHERE thread_id = ? ${after} ORDER BY checkpoint_ns, checkpoint_id LIMIT ${batchRows}`,
      last === null ? [thread] : [thread, last.namespace, last.id],
    );
    for (const row of rows) page.push(scanned(row));
    yield page;
    last = page.at(-1) ?? null;
    if (page.length < batchRows || last === null) return;
  }
}

/** Rows of a thread that were written after a row number. The `+` keeps SQLite on the row numbers: it must not walk the thread. */
function scanAfter(reader: SqliteReader, thread: string, rowid: number): ScannedRow[] {
  const rows: ScannedRow[] = [];
  const found = reader.iterateArrays(
    `SELECT ${columns} FROM checkpoints WHERE rowid > ? AND +thread_id = ? ORDER BY rowid`,
    [BigInt(rowid), thread],
  );
  for (const row of found) rows.push(scanned(row));
  return rows;
}

/** What a lineage was read from, so that an append reads only what is new. */
interface Origin {
  readonly rows: readonly ScannedRow[];
  readonly lastRowid: number;
  readonly hostOf: Hosts;
}
const origins = new WeakMap<Lineage, Origin>();
const placesOf = new WeakMap<Lineage, Places<PointIndex>>();

interface Place {
  readonly namespace: string;
  readonly id: string;
}
/** Where the first row of each run of a sub-graph ran; null where its metadata does not tell. */
type Hosts = ReadonlyMap<ScannedRow, Place | null>;

/** Positions by namespace and id; two levels, so that no joined text is made for every row. */
class Places<T> {
  readonly #namespaces = new Map<string, Map<string, T>>();

  get(namespace: string, id: string): T | undefined {
    return this.#namespaces.get(namespace)?.get(id);
  }

  set(namespace: string, id: string, value: T): void {
    const ids = this.#namespaces.get(namespace);
    if (ids === undefined) this.#namespaces.set(namespace, new Map([[id, value]]));
    else ids.set(id, value);
  }
}

/** Rows so that parents stand before children; a row whose parents run in a circle is put where it is met first. */
function* inTreeOrder(rows: readonly ScannedRow[]): Generator<number, ScannedRow[], void> {
  const byPlace = new Places<ScannedRow>();
  for (const [i, row] of rows.entries()) {
    byPlace.set(row.namespace, row.id, row);
    if (i % batchRows === batchRows - 1) yield rows.length;
  }
  const done = new Set<ScannedRow>();
  const order: ScannedRow[] = [];
  for (const [i, row] of rows.entries()) {
    if (i % batchRows === batchRows - 1) yield rows.length;
    // Nearly always the parent is placed already: no chain to climb.
    const chain: ScannedRow[] = [];
    const onChain = new Set<ScannedRow>();
    let at: ScannedRow | undefined = row;
    while (at !== undefined && !done.has(at) && !onChain.has(at)) {
      chain.push(at);
      onChain.add(at);
      at = at.parent === null ? undefined : byPlace.get(at.namespace, at.parent);
    }
    for (const next of chain.toReversed()) {
      done.add(next);
      order.push(next);
    }
  }
  return order;
}

/** The namespace that contains another: the longest of the known ones that begins it, else the root. */
function containerOf(namespace: string, known: ReadonlySet<string>): string {
  const parts = namespace.split('|');
  for (let n = parts.length - 1; n > 0; n--) {
    const candidate = parts.slice(0, n).join('|');
    if (known.has(candidate)) return candidate;
  }
  return '';
}

/**
 * First rows of the runs of a sub-graph. A namespace that names its task runs once; a stateful one runs again under later
 * checkpoints of its container, whose ids are times: a new run begins wherever the container has moved on in between.
 */
function firstRows(rows: readonly ScannedRow[], container: readonly string[]): ScannedRow[] {
  const sorted = [...rows].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const firsts: ScannedRow[] = [];
  let bracket = -2;
  for (const row of sorted) {
    let low = 0;
    let high = container.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((container[middle] ?? '') < row.id) low = middle + 1;
      else high = middle;
    }
    if (low - 1 !== bracket || firsts.length === 0) firsts.push(row);
    bracket = low - 1;
  }
  return firsts;
}

const hasTask = (namespace: string): boolean => (namespace.split('|').at(-1) ?? '').includes(':');

/** The checkpoint that a sub-graph's row ran under, as a place; null if its metadata does not tell. */
function hostPlace(read: RowReader, thread: string, row: ScannedRow): Place | null {
  const parents = openMetadata(read.metadata(thread, row.namespace, row.id))?.get('parents') ?? null;
  if (parents?.kind !== 'map') return null;
  let best: Place | null = null;
  for (let i = 0; i < parents.count; i++) {
    const key = parents.key(i);
    const value = parents.child(i);
    if (key.kind !== 'string' || value.kind !== 'string' || !key.isUnicode() || !value.isUnicode()) continue;
    const namespace = key.text();
    // A second call within one task is `child:<task>|1`: its parents may name the namespace itself.
    if (namespace === row.namespace) continue;
    if (best === null || namespace.length > best.namespace.length) best = { namespace, id: value.text() };
  }
  return best;
}

function* build(thread: string, rows: readonly ScannedRow[], hostOf: Hosts): Generator<number, Lineage, void> {
  const namespaces = [''];
  const namespaceIndex = new Map<string, number>([['', 0]]);
  const reasons = [''];
  const reasonIndex = new Map<string, number>([['', 0]]);
  const reasonOf = (text: string): number => {
    const known = reasonIndex.get(text);
    if (known !== undefined) return known;
    reasons.push(text);
    reasonIndex.set(text, reasons.length - 1);
    return reasons.length - 1;
  };
  const count = rows.length;
  const places = new Places<PointIndex>();
  const parent = new Int32Array(count).fill(-1);
  const link = new Uint8Array(count);
  const reason = new Uint32Array(count);
  const namespace = new Uint32Array(count);
  const host = new Int32Array(count).fill(-1);
  const time = new Float64Array(count);
  const step = new Int32Array(count);
  const bytes = new Float64Array(count);
  const code = (kind: LinkKind): number => linkKinds.indexOf(kind);
  const headIds: string[] = [];
  const heads: number[] = [-1];
  for (const [i, row] of rows.entries()) {
    if (i % batchRows === batchRows - 1) yield count;
    let ns = namespaceIndex.get(row.namespace);
    if (ns === undefined) {
      ns = namespaces.length;
      namespaces.push(row.namespace);
      namespaceIndex.set(row.namespace, ns);
      heads.push(-1);
    }
    namespace[i] = ns;
    if (row.parent === null) {
      link[i] = code('root');
    } else {
      const at = places.get(row.namespace, row.parent);
      link[i] = code(at === undefined ? 'missing' : 'explicit');
      if (at === undefined) reason[i] = reasonOf(row.parent);
      else parent[i] = at;
    }
    places.set(row.namespace, row.id, i);
    time[i] = timeOf(row.id);
    step[i] = stepOf(row.id);
    bytes[i] = row.bytes;
    if ((heads[ns] ?? -1) < 0 || row.id > (headIds[ns] ?? '')) {
      heads[ns] = i;
      headIds[ns] = row.id;
    }
  }
  for (const [row, under] of hostOf) {
    const at = places.get(row.namespace, row.id);
    if (at !== undefined && under !== null) host[at] = places.get(under.namespace, under.id) ?? -1;
  }
  yield count;
  const lineage: Lineage = {
    thread,
    count,
    ids: stringColumn(rows.map((r) => r.id)),
    nth: new Uint32Array(count),
    parent,
    link,
    reason,
    reasons,
    namespace,
    namespaces,
    host,
    time,
    step,
    bytes,
    heads: Int32Array.from(heads),
  };
  placesOf.set(lineage, places);
  return lineage;
}

/** Hosts of all rows that begin a run, read from their metadata unless they are known already. */
function* readHosts(
  read: RowReader,
  thread: string,
  rows: readonly ScannedRow[],
  known: Hosts,
): Generator<number, Hosts, void> {
  const byNamespace = new Map<string, ScannedRow[]>();
  for (const row of rows) {
    const group = byNamespace.get(row.namespace);
    if (group === undefined) byNamespace.set(row.namespace, [row]);
    else group.push(row);
  }
  const names = new Set(byNamespace.keys());
  const hosts = new Map<ScannedRow, Place | null>();
  let fresh = 0;
  for (const [namespace, group] of byNamespace) {
    if (namespace === '') continue;
    let firsts: readonly ScannedRow[];
    if (hasTask(namespace)) {
      firsts = group.slice(0, 1);
    } else {
      const container = (byNamespace.get(containerOf(namespace, names)) ?? []).map((r) => r.id).sort();
      firsts = firstRows(group, container);
    }
    for (const row of firsts) {
      const seen = known.get(row);
      if (seen === undefined) {
        hosts.set(row, hostPlace(read, thread, row));
        if (++fresh % 64 === 0) yield rows.length;
      } else hosts.set(row, seen);
    }
  }
  return hosts;
}

/** Reads (or continues) the lineage of a thread; yields the number of rows read so far. */
export function* readLineage(
  reader: SqliteReader,
  read: RowReader,
  thread: string,
  previous?: Lineage,
): Generator<number, Lineage, void> {
  const origin = previous === undefined ? undefined : origins.get(previous);
  let rows: ScannedRow[] | null = null;
  if (origin !== undefined && previous !== undefined) {
    const kept = reader.get('SELECT COUNT(*) AS n FROM checkpoints WHERE thread_id = ? AND rowid <= ?', [
      thread,
      BigInt(origin.lastRowid),
    ]);
    if (Number(kept?.['n'] ?? -1) === previous.count) {
      const added = scanAfter(reader, thread, origin.lastRowid);
      if (added.length === 0) return previous;
      // A row that turns up later as the parent of one that we have would have to stand before it.
      const wanted = new Places<true>();
      const missing = linkKinds.indexOf('missing');
      origin.rows.forEach((r, i) => {
        if (previous.link[i] === missing && r.parent !== null) wanted.set(r.namespace, r.parent, true);
      });
      if (!added.some((r) => wanted.get(r.namespace, r.id) === true)) {
        rows = [...origin.rows, ...(yield* inTreeOrder(added))];
      }
    }
  }
  if (rows === null) {
    const all: ScannedRow[] = [];
    for (const page of scanThread(reader, thread)) {
      for (const row of page) all.push(row);
      yield all.length;
    }
    all.sort((a, b) => a.rowid - b.rowid);
    rows = yield* inTreeOrder(all);
  }
  const hostOf = yield* readHosts(read, thread, rows, origin?.hostOf ?? new Map());
  const lineage = yield* build(thread, rows, hostOf);
  origins.set(lineage, {
    rows,
    lastRowid: rows.reduce((max, r) => Math.max(max, r.rowid), 0),
    hostOf,
  });
  return lineage;
}

export function keyOfPoint(lineage: Lineage, index: PointIndex): CheckpointKey {
  return formatKey({
    thread: lineage.thread,
    namespace: lineage.namespaces[lineage.namespace[index] ?? 0] ?? '',
    id: stringAt(lineage.ids, index),
    nth: lineage.nth[index] ?? 0,
  });
}

/** Position of a key in a lineage, -1 if it is not there. */
export function indexOfKey(lineage: Lineage, key: CheckpointKey): PointIndex {
  const parts = parseKey(key);
  if (parts === null || parts.thread !== lineage.thread || parts.nth !== 0) return -1;
  let places = placesOf.get(lineage);
  if (places === undefined) {
    places = new Places();
    for (let i = 0; i < lineage.count; i++) {
      places.set(lineage.namespaces[lineage.namespace[i] ?? 0] ?? '', stringAt(lineage.ids, i), i);
    }
    placesOf.set(lineage, places);
  }
  return places.get(parts.namespace, parts.id) ?? -1;
}
