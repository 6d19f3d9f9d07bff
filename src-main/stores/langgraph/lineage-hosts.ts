// Where a sub-graph ran: the first row of each of its runs names, in its metadata, the checkpoint that it ran under.

import { openMetadata } from './point.ts';
import type { RowReader } from './rows.ts';
import { stringAt } from '../../../shared/model/lineage.ts';
import type { Lineage, PointIndex } from '../../../shared/model/lineage.ts';

interface Place {
  readonly namespace: string;
  readonly id: string;
}
/** Where the first row of each run of a sub-graph ran; null where its metadata does not tell. */
export type Hosts = ReadonlyMap<PointIndex, Place | null>;

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

/** Hosts of all rows that begin a run, read from their metadata unless they are known already. */
export function* readHosts(read: RowReader, lineage: Lineage, known: Hosts): Generator<number, Hosts, void> {
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
  return hosts;
}
