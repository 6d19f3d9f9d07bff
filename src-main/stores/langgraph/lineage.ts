// Lineage columns of a thread over all its namespaces: parents before children, in the order the rows were written.
//
// Read from ids, parents and row headers only; the one exception is the first row of each run of a sub-graph, whose metadata
// names the checkpoint that it ran under.

import { textOf } from './cells.ts';
import { isUuidV6At, stepAt, timeAt } from './ids.ts';
import { compareTexts, IdOrder, joined, Texts, ThreadRows } from './lineage-rows.ts';
import { openMetadata } from './point.ts';
import type { RowReader } from './rows.ts';
import { linkKinds, stringAt, stringColumn, unknownStep } from '../../../shared/model/lineage.ts';
import type { Lineage, PointIndex, StringColumn } from '../../../shared/model/lineage.ts';
import { formatKey, parseKey } from '../../../shared/model/key.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { SqliteReader } from '../backend.ts';

/** Rows read between two pauses of the generator. */
const batchRows = 4_000;
/** Rows that are only counted with between two pauses. */
const batchColumns = 32_768;

/** The namespace is left out where it is the one that is given: nearly always, and a text less for every row. */
const columns =
  'rowid, NULLIF(checkpoint_ns, ?), checkpoint_id, parent_checkpoint_id, COALESCE(length(checkpoint), 0) + COALESCE(length(metadata), 0)';

type ScannedRow = readonly (null | number | string | Uint8Array)[];

const cellText = (value: null | number | string | Uint8Array | undefined): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : textOf(value);

/** Names of namespaces by number, the root first. */
class Namespaces {
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
  const ids: string[] = [];
  const parents: string[] = [];
  for (let i = 0; i < page.length; i++) {
    const row = page[i]!;
    const parent = row[3];
    const bytes = row[4];
    rows.rowids.push(Number(row[0]));
    const namespace = row[1] ?? null;
    rows.namespaces.push(namespace === null ? usual : namespaces.number(cellText(namespace)));
    ids.push(cellText(row[2]));
    const none = parent === null || parent === undefined;
    parents.push(none ? '' : cellText(parent));
    rows.hasParent.push(!none);
    rows.sizes.push(typeof bytes === 'number' ? bytes : Number.NaN);
  }
  rows.ids.addAll(ids);
  rows.parents.addAll(parents);
}

/** All rows of a thread by the primary key, a page at a time. */
function* scanThread(
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
    namespace = namespaces.names[rows.namespaces.at(-1) ?? 0] ?? '';
    id = last[2] ?? null;
  }
}

/** Rows of a thread that were written after a row number. The `+` keeps SQLite on the row numbers: it must not walk the thread. */
function scanAfter(reader: SqliteReader, thread: string, rowid: number, namespaces: Namespaces): ThreadRows {
  const rows = new ThreadRows();
  const sql = `SELECT ${columns} FROM checkpoints WHERE rowid > ? AND +thread_id = ? ORDER BY rowid`;
  addPage(rows, reader.allArrays(sql, ['', BigInt(rowid), thread]), namespaces, '');
  return rows;
}

/** What a lineage was read from, so that an append reads only what is new. */
interface Origin {
  readonly lastRowid: number;
  readonly hostOf: Hosts;
}
const origins = new WeakMap<Lineage, Origin>();
const idOrders = new WeakMap<Lineage, IdOrder>();

interface Place {
  readonly namespace: string;
  readonly id: string;
}
/** Where the first row of each run of a sub-graph ran; null where its metadata does not tell. */
type Hosts = ReadonlyMap<PointIndex, Place | null>;

interface TreeOrder {
  /** Rows so that parents stand before children, else in the order they were written. */
  readonly order: Int32Array;
  /** Row of each row's parent, -1 where it is not among these rows. */
  readonly parents: Int32Array;
  readonly byId: IdOrder;
}

/** A row whose parents run in a circle is put where it is met first. */
function* inTreeOrder(rows: ThreadRows, namespaces: Namespaces): Generator<number, TreeOrder, void> {
  const n = rows.count;
  const { rowids, hasParent, namespaces: within, ids, parents: parentIds } = rows;
  const byId = new IdOrder(ids, within, n, namespaces.names.length);
  yield n;
  const parents = new Int32Array(n).fill(-1);
  let inOrder = true;
  for (let i = 0; i < n; i++) {
    if (i > 0 && rowids[i - 1]! > rowids[i]!) inOrder = false;
    if (hasParent[i] === true) {
      // Nearly always the parent is the row before: nothing to look up.
      const before = i > 0 && within[i - 1] === within[i] && compareTexts(ids, i - 1, parentIds, i) === 0;
      parents[i] = before ? i - 1 : byId.find(within[i]!, parentIds, i);
      if (parents[i]! >= i) inOrder = false;
    }
    if (i % batchColumns === batchColumns - 1) yield n;
  }
  const written = new Int32Array(n);
  for (let i = 0; i < n; i++) written[i] = i;
  if (inOrder) return { order: written, parents, byId };

  written.sort((a, b) => rowids[a]! - rowids[b]!);
  yield n;
  const order = new Int32Array(n);
  let placed = 0;
  const met = new Uint8Array(n);
  const chain: number[] = [];
  for (let k = 0; k < n; k++) {
    for (let at = written[k]!; at >= 0 && met[at] === 0; at = parents[at]!) {
      chain.push(at);
      met[at] = 1;
    }
    while (chain.length > 0) order[placed++] = chain.pop()!;
    if (k % batchColumns === batchColumns - 1) yield n;
  }
  return { order, parents, byId };
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
function firstRows(points: readonly PointIndex[], ids: readonly string[], container: readonly string[]): PointIndex[] {
  const sorted = points.map((point, i) => ({ point, id: ids[i] ?? '' }));
  sorted.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const firsts: PointIndex[] = [];
  let bracket = -2;
  for (const { point, id } of sorted) {
    let low = 0;
    let high = container.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((container[middle] ?? '') < id) low = middle + 1;
      else high = middle;
    }
    if (low - 1 !== bracket || firsts.length === 0) firsts.push(point);
    bracket = low - 1;
  }
  return firsts;
}

const hasTask = (namespace: string): boolean => (namespace.split('|').at(-1) ?? '').includes(':');

/** The checkpoint that a sub-graph's row ran under, as a place; null if its metadata does not tell. */
function hostPlace(read: RowReader, thread: string, of: string, id: string): Place | null {
  const parents = openMetadata(read.metadata(thread, of, id))?.get('parents') ?? null;
  if (parents?.kind !== 'map') return null;
  let best: Place | null = null;
  for (let i = 0; i < parents.count; i++) {
    const key = parents.key(i);
    const value = parents.child(i);
    if (key.kind !== 'string' || value.kind !== 'string' || !key.isUnicode() || !value.isUnicode()) continue;
    const namespace = key.text();
    // A second call within one task is `child:<task>|1`: its parents may name the namespace itself.
    if (namespace === of) continue;
    if (best === null || namespace.length > best.namespace.length) best = { namespace, id: value.text() };
  }
  return best;
}

const links = {
  root: linkKinds.indexOf('root'),
  explicit: linkKinds.indexOf('explicit'),
  missing: linkKinds.indexOf('missing'),
} as const;

/** `rows` in tree order behind those of `previous`. Hosts are filled in by `readHosts`. */
function* build(
  thread: string,
  previous: Lineage | null,
  rows: ThreadRows,
  { order, parents, byId }: TreeOrder,
  namespaces: Namespaces,
): Generator<number, Lineage, void> {
  const from = previous?.count ?? 0;
  const count = from + rows.count;
  const grown = <T extends Int32Array | Uint32Array | Uint8Array | Float64Array>(column: T, old: T | undefined): T => {
    if (old !== undefined) column.set(old);
    return column;
  };
  const namespace = grown(new Uint32Array(count), previous?.namespace);
  const bytes = grown(new Float64Array(count), previous?.bytes);
  /** Where each row stands now. */
  const places = new Int32Array(order.length);
  let inPlace = true;
  for (let k = 0; k < order.length; k++) {
    const row = order[k]!;
    inPlace &&= row === k;
    places[row] = from + k;
    namespace[from + k] = rows.namespaces[row]!;
    bytes[from + k] = rows.sizes[row]!;
  }
  let texts = rows.ids;
  if (!inPlace) {
    texts = new Texts();
    texts.addAll(Array.from(order, (row) => rows.ids.at(row)));
  }
  const added = texts.trim();
  const ids = previous === null ? added : joined(previous.ids, added);
  yield count;

  const reasons = [...(previous?.reasons ?? [''])];
  const reasonIndex = new Map<string, number>(reasons.map((text, i) => [text, i]));
  const parent = grown(new Int32Array(count).fill(-1), previous?.parent);
  const link = grown(new Uint8Array(count), previous?.link);
  const reason = grown(new Uint32Array(count), previous?.reason);
  const time = grown(new Float64Array(count), previous?.time);
  const step = grown(new Int32Array(count), previous?.step);
  const heads = new Int32Array(namespaces.names.length).fill(-1);
  if (previous !== null) heads.set(previous.heads);
  for (let i = from; i < count; i++) {
    const row = order[i - from]!;
    const ns = namespace[i]!;
    if (rows.hasParent[row] === true) {
      const own = parents[row]!;
      const at = own >= 0 ? places[own]! : previous === null ? -1 : find(previous, ns, rows.parents, row);
      // A parent that stands behind its child closes a circle: it is as good as missing.
      if (at >= 0 && at < i) {
        link[i] = links.explicit;
        parent[i] = at;
      } else {
        link[i] = links.missing;
        const text = rows.parents.at(row);
        let known = reasonIndex.get(text);
        if (known === undefined) {
          known = reasons.push(text) - 1;
          reasonIndex.set(text, known);
        }
        reason[i] = known;
      }
    } else {
      link[i] = links.root;
    }
    const [start, end] = [ids.offsets[i]!, ids.offsets[i + 1]!];
    const dated = isUuidV6At(ids.bytes, start, end);
    time[i] = dated ? timeAt(ids.bytes, start) : Number.NaN;
    const at = parent[i]!;
    step[i] = dated ? wholeStep(stepAt(ids.bytes, start), at < 0 ? unknownStep : step[at]!) : unknownStep;
    const head = heads[ns]!;
    if (head < 0 || compareTexts(ids, i, ids, head) > 0) heads[ns] = i;
    if (i % batchColumns === batchColumns - 1) yield count;
  }
  const lineage: Lineage = {
    thread,
    count,
    ids,
    nth: new Uint32Array(count),
    parent,
    link,
    reason,
    reasons,
    namespace,
    namespaces: namespaces.names,
    host: new Int32Array(count).fill(-1),
    time,
    step,
    bytes,
    heads,
  };
  if (previous === null && inPlace) idOrders.set(lineage, byId);
  return lineage;
}

/** An id holds 14 bits of its step: beyond 16,381 the parent's step tells how often they have gone round. */
function wholeStep(own: number, parent: number): number {
  return parent < 0x2000 ? own : own + 0x4000 * Math.round((parent + 1 - own) / 0x4000);
}

/** Hosts of all rows that begin a run, read from their metadata unless they are known already. */
function* readHosts(read: RowReader, lineage: Lineage, known: Hosts): Generator<number, Hosts, void> {
  const hosts = new Map<PointIndex, Place | null>();
  if (lineage.namespaces.length < 2) return hosts;
  const groups: PointIndex[][] = lineage.namespaces.map(() => []);
  lineage.namespace.forEach((ns, i) => groups[ns]?.push(i));
  const names = new Set(lineage.namespaces.filter((_, ns) => (groups[ns]?.length ?? 0) > 0));
  const idsOf = (points: readonly PointIndex[]): string[] => points.map((i) => stringAt(lineage.ids, i));
  let fresh = 0;
  for (const [ns, group] of groups.entries()) {
    const namespace = lineage.namespaces[ns] ?? '';
    if (namespace === '') continue;
    let firsts: readonly PointIndex[];
    if (hasTask(namespace)) {
      firsts = group.slice(0, 1);
    } else {
      const container = groups[lineage.namespaces.indexOf(containerOf(namespace, names))] ?? [];
      firsts = firstRows(group, idsOf(group), idsOf(container).sort());
    }
    for (const point of firsts) {
      const seen = known.get(point);
      if (seen === undefined) {
        hosts.set(point, hostPlace(read, lineage.thread, namespace, stringAt(lineage.ids, point)));
        if (++fresh % 64 === 0) yield lineage.count;
      } else hosts.set(point, seen);
    }
  }
  for (const [point, under] of hosts) {
    if (under !== null) lineage.host[point] = findId(lineage, under.namespace, under.id);
  }
  return hosts;
}

/** The rows to add to `previous`, null if it must be read anew. */
function addedTo(
  reader: SqliteReader,
  previous: Lineage,
  lastRowid: number,
  namespaces: Namespaces,
): ThreadRows | null {
  const kept = reader.get('SELECT COUNT(*) AS n FROM checkpoints WHERE thread_id = ? AND rowid <= ?', [
    previous.thread,
    BigInt(lastRowid),
  ]);
  if (Number(kept?.['n'] ?? -1) !== previous.count) return null;
  const added = scanAfter(reader, previous.thread, lastRowid, namespaces);
  // A row that turns up later as the parent of one that we have would have to stand before it.
  const wanted = new Set<string>();
  previous.link.forEach((link, i) => {
    if (link === links.missing) wanted.add(`${previous.namespace[i]} ${previous.reasons[previous.reason[i] ?? 0]}`);
  });
  if (wanted.size === 0) return added;
  for (let i = 0; i < added.count; i++) if (wanted.has(`${added.namespaces[i]} ${added.ids.at(i)}`)) return null;
  return added;
}

/** Reads (or continues) the lineage of a thread; yields the number of rows read so far. */
export function* readLineage(
  reader: SqliteReader,
  read: RowReader,
  thread: string,
  previous?: Lineage,
): Generator<number, Lineage, void> {
  let base: Lineage | null = previous ?? null;
  const origin = base === null ? undefined : origins.get(base);
  let namespaces = new Namespaces(base?.namespaces ?? ['']);
  let rows: ThreadRows | null = null;
  if (base !== null && origin !== undefined) rows = addedTo(reader, base, origin.lastRowid, namespaces);
  if (rows === null) {
    base = null;
    namespaces = new Namespaces(['']);
    rows = yield* scanThread(reader, thread, namespaces);
  } else if (rows.count === 0 && base !== null) return base;
  const tree = yield* inTreeOrder(rows, namespaces);
  const lineage = yield* build(thread, base, rows, tree, namespaces);
  const hostOf = yield* readHosts(read, lineage, (base === null ? undefined : origin?.hostOf) ?? new Map());
  const lastRowid = rows.rowids.reduce(
    (max, rowid) => Math.max(max, rowid),
    base === null ? 0 : (origin?.lastRowid ?? 0),
  );
  origins.set(lineage, { lastRowid, hostOf });
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

/** Position of the id that is text `index` of `texts`, -1 if it is not there. */
function find(lineage: Lineage, namespace: number, texts: StringColumn, index: number): PointIndex {
  if (namespace < 0 || namespace >= lineage.namespaces.length) return -1;
  let byId = idOrders.get(lineage);
  if (byId === undefined) {
    byId = new IdOrder(lineage.ids, lineage.namespace, lineage.count, lineage.namespaces.length);
    idOrders.set(lineage, byId);
  }
  return byId.find(namespace, texts, index);
}

const findId = (lineage: Lineage, namespace: string, id: string): PointIndex =>
  find(lineage, lineage.namespaces.indexOf(namespace), stringColumn([id]), 0);

/** Position of a key in a lineage, -1 if it is not there. */
export function indexOfKey(lineage: Lineage, key: CheckpointKey): PointIndex {
  const parts = parseKey(key);
  if (parts === null || parts.thread !== lineage.thread || parts.nth !== 0) return -1;
  return findId(lineage, parts.namespace, parts.id);
}
