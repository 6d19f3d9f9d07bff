// Lineage columns of a thread over all its namespaces: parents before children, in the order the rows were written.
//
// Read from ids, parents and row headers only; the one exception is the first row of each run of a sub-graph, whose metadata
// names the checkpoint that it ran under.

import { DatedId } from './ids.ts';
import { compareTexts, IdOrder, joined, noParent, Texts, type ThreadRows } from './lineage-rows.ts';
import { readHosts } from './lineage-hosts.ts';
import type { Hosts } from './lineage-hosts.ts';
import { Namespaces, scanAfter, scanThread } from './lineage-scan.ts';
import type { RowReader } from './rows.ts';
import { linkKinds, stringAt, stringColumn, unknownStep } from '../../../shared/model/lineage.ts';
import type { Lineage, PointIndex, StringColumn } from '../../../shared/model/lineage.ts';
import { formatKey, parseKey } from '../../../shared/model/key.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { SqliteReader } from '../backend.ts';

/** Rows that are only counted with between two pauses. */
const batchColumns = 32_768;

/** What a lineage was read from, so that an append reads only what is new. */
interface Origin {
  readonly lastRowid: number;
  readonly hostOf: Hosts;
}
const origins = new WeakMap<Lineage, Origin>();
const idOrders = new WeakMap<Lineage, IdOrder>();

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
  for (const [point, under] of hostOf) {
    if (under !== null) lineage.host[point] = findId(lineage, under.namespace, under.id);
  }
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
