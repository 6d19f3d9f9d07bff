// Lineage columns of a thread over all its namespaces: parents before children, in the order the rows were written.
//
// Read from ids, parents and row headers only; the one exception is the first row of each run of a sub-graph, whose metadata
// names the checkpoint that it ran under.

import { textOf } from './cells.ts';
import { DatedId } from './ids.ts';
import { compareTexts, IdOrder, joined, noParent, Texts, ThreadRows } from './lineage-rows.ts';
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
    namespace = namespaces.names[rows.namespaces[rows.count - 1] ?? 0] ?? '';
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
  /** Null where no parent had to be looked for. */
  readonly byId: IdOrder | null;
}

/** Finds parents that are not the row before. Returns whether rows `from … to - 1` stand where they belong. */
function findParents(rows: ThreadRows, byId: IdOrder | null, parents: Int32Array, from: number, to: number): boolean {
  const { rowids, namespaces, others } = rows;
  let inOrder = true;
  for (let i = from; i < to; i++) {
    if (i > 0 && rowids[i - 1]! > rowids[i]!) inOrder = false;
    const other = rows.otherAt(i);
    if (other < 0 || byId === null) continue;
    parents[i] = byId.find(namespaces[i]!, others, other);
    if (parents[i]! >= i) inOrder = false;
  }
  return inOrder;
}

/** A row whose parents run in a circle is put where it is met first. */
function* inTreeOrder(rows: ThreadRows, namespaces: Namespaces): Generator<number, TreeOrder, void> {
  const n = rows.count;
  const { rowids } = rows;
  const byId =
    rows.others.count === 0 ? null : new IdOrder(rows.ids, rows.namespaces, n, namespaces.names.length, rows.sorted);
  yield n;
  const parents = rows.parents.slice(0, n);
  let inOrder = true;
  for (let from = 0; from < n; from += batchColumns) {
    if (!findParents(rows, byId, parents, from, Math.min(n, from + batchColumns))) inOrder = false;
    yield n;
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

/** Everything that the points of a lineage are made from. */
interface Building {
  readonly previous: Lineage | null;
  readonly rows: ThreadRows;
  readonly tree: TreeOrder;
  /** Where each row stands now. */
  readonly places: Int32Array;
  /** As yet without reasons. */
  readonly lineage: Lineage;
  readonly reasonOf: (text: string) => number;
}

/** Links, times and steps of the points `from … to - 1`. */
function buildPoints({ previous, rows, tree, places, lineage, reasonOf }: Building, from: number, to: number): void {
  const { ids, namespace, parent, link, reason, time, step } = lineage;
  const { order, parents } = tree;
  const first = previous?.count ?? 0;
  const id = new DatedId();
  for (let i = from; i < to; i++) {
    const row = order[i - first]!;
    if (rows.parents[row] === noParent) {
      link[i] = links.root;
    } else {
      const own = parents[row]!;
      const other = rows.otherAt(row);
      let at = own >= 0 ? places[own]! : -1;
      if (own < 0 && previous !== null) at = find(previous, namespace[i]!, rows.others, other);
      // A parent that stands behind its child closes a circle: it is as good as missing.
      if (at >= 0 && at < i) {
        link[i] = links.explicit;
        parent[i] = at;
      } else {
        link[i] = links.missing;
        reason[i] = reasonOf(other < 0 ? rows.ids.at(own) : rows.others.at(other));
      }
    }
    if (id.read(ids.bytes, ids.offsets[i]!, ids.offsets[i + 1]!)) {
      const at = parent[i]!;
      time[i] = id.time;
      step[i] = wholeStep(id.step, at < 0 ? unknownStep : step[at]!);
    } else {
      time[i] = Number.NaN;
      step[i] = unknownStep;
    }
  }
}

/** The framework's latest of each namespace: its greatest id. */
function findHeads({ previous, rows, places, lineage }: Building): void {
  const { ids, namespace, heads } = lineage;
  if (previous === null && rows.sorted) {
    for (let row = 0; row < rows.count; row++) heads[rows.namespaces[row]!] = places[row]!;
    return;
  }
  if (previous !== null) heads.set(previous.heads);
  for (let i = previous?.count ?? 0; i < lineage.count; i++) {
    const ns = namespace[i]!;
    const head = heads[ns]!;
    if (head < 0 || compareTexts(ids, i, ids, head) > 0) heads[ns] = i;
  }
}

/** `rows` in tree order behind those of `previous`. Hosts are filled in by `readHosts`. */
function* build(
  thread: string,
  previous: Lineage | null,
  rows: ThreadRows,
  tree: TreeOrder,
  namespaces: Namespaces,
): Generator<number, Lineage, void> {
  const { order } = tree;
  const from = previous?.count ?? 0;
  const count = from + rows.count;
  const grown = <T extends Int32Array | Uint32Array | Uint8Array | Float64Array>(column: T, old: T | undefined): T => {
    if (old !== undefined) column.set(old);
    return column;
  };
  const namespace = grown(new Uint32Array(count), previous?.namespace);
  const bytes = grown(new Float64Array(count), previous?.bytes);
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
  const lineage: Lineage = {
    thread,
    count,
    ids,
    nth: new Uint32Array(count),
    parent: grown(new Int32Array(count).fill(-1), previous?.parent),
    link: grown(new Uint8Array(count), previous?.link),
    reason: grown(new Uint32Array(count), previous?.reason),
    reasons,
    namespace,
    namespaces: namespaces.names,
    host: new Int32Array(count).fill(-1),
    time: grown(new Float64Array(count), previous?.time),
    step: grown(new Int32Array(count), previous?.step),
    bytes,
    heads: new Int32Array(namespaces.names.length).fill(-1),
  };
  const reasonOf = (text: string): number => {
    const known = reasonIndex.get(text) ?? reasons.push(text) - 1;
    reasonIndex.set(text, known);
    return known;
  };
  const building = { previous, rows, tree, places, lineage, reasonOf };
  for (let at = from; at < count; at += batchColumns) {
    buildPoints(building, at, Math.min(count, at + batchColumns));
    yield count;
  }
  findHeads(building);
  if (previous === null && inPlace && tree.byId !== null) idOrders.set(lineage, tree.byId);
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
  let lastRowid = base === null ? 0 : (origin?.lastRowid ?? 0);
  for (let i = 0; i < rows.count; i++) lastRowid = Math.max(lastRowid, rows.rowids[i]!);
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
