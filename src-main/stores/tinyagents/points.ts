// The points of one thread in insertion order, and how they hang together. All link rules look backwards only, so an append
// extends what is there. Identity is the place in the store: ids repeat in stores of releases before 1.6.
//
// Parent of a record = the nearest earlier record of its namespace with the id it names. While ids are unique this is what the
// framework finds; where they repeat, the framework takes the last such record in the thread, but the nearest earlier one is the
// one that the run really came from.

import {
  linkKinds,
  stringColumn,
  unknownStep,
  type Lineage,
  type LinkKind,
  type PointIndex,
  type StringColumn,
} from '../../../shared/model/lineage.ts';
import { utf8 } from '../../values/bytes.ts';
import { embeddingNode } from './namespace.ts';
import { eraBefore16, type Era } from './record.ts';

/** What a source tells of a record without keeping its text. */
export interface PointHeader {
  /** Row number, or byte offset of the line. */
  readonly position: number;
  readonly bytes: number;
  readonly id: string;
  readonly parent: string | null;
  readonly namespace: string;
  readonly next: readonly string[];
  readonly step: number | null;
}

/** What is read of a record without parent that is not the first of its line, to tell a resume from a new run. */
export interface RootFacts {
  readonly era: Era;
  readonly source: string | null;
  readonly step: number | null;
  /** Nodes that ran; of a point where nothing finished, the nodes that were tried. */
  readonly tried: readonly string[];
}

const resumedLatest =
  'tinyagents before 1.6 stored no parent after a resume; the node that ran here was pending at this point, the latest before it.';
const resumedOlder =
  'tinyagents before 1.6 stored no parent after a resume; this is the latest earlier point where the node that ran here was pending.';
const newRun = 'A new run of the thread: no earlier point had the node pending that ran here.';

/** Releases before 1.6 number their points `ckpt-<n>`; later ones put the start time of the process in between. */
const oldId = /^ckpt-\d+$/;

const codeOf = (kind: LinkKind) => linkKinds.indexOf(kind);
const [rootLink, explicitLink, inferredLink, missingLink] = [
  codeOf('root'),
  codeOf('explicit'),
  codeOf('inferred'),
  codeOf('missing'),
];

export class ThreadPoints {
  readonly thread: string;
  readonly positions: number[] = [];
  readonly sizes: number[] = [];
  readonly ids: string[] = [];
  readonly parents: number[] = [];
  readonly nexts: (readonly string[])[] = [];
  readonly #nth: number[] = [];
  readonly #links: number[] = [];
  readonly #reasonOf: number[] = [];
  readonly #reasons: string[] = [''];
  readonly #reasonIndex = new Map<string, number>([['', 0]]);
  readonly #namespaceOf: number[] = [];
  readonly #namespaces: string[] = [''];
  readonly #namespaceIndex = new Map<string, number>([['', 0]]);
  readonly #steps: number[] = [];
  readonly #hosts: number[] = [];
  readonly #heads: number[] = [-1];
  /** Namespace and id to the indices that have them, in order. */
  readonly #places = new Map<string, number[]>();
  /** Namespace and node to the last point where that node was pending. */
  readonly #lastPending = new Map<string, number>();

  constructor(thread: string) {
    this.thread = thread;
  }

  get count(): number {
    return this.ids.length;
  }

  /** Adds the next record. `facts` is asked for only where the record alone does not tell how it hangs together. */
  add(header: PointHeader, facts: () => RootFacts | null): void {
    const index = this.count;
    const namespace = this.#internNamespace(header.namespace);
    const places = this.#placesOf(header.namespace, header.id);
    const first = this.#heads[namespace] === -1;

    let parent = -1;
    let link = rootLink;
    let reason = '';
    let host = -1;
    if (header.parent !== null) {
      parent = this.#lastBefore(header.namespace, header.parent);
      link = parent < 0 ? missingLink : explicitLink;
      if (parent < 0) reason = header.parent;
    } else {
      if (header.namespace !== '') host = this.#hostOf(header.namespace);
      if (!first && oldId.test(header.id)) [parent, link, reason] = this.#inferred(header, namespace, facts());
    }

    places.push(index);
    this.positions.push(header.position);
    this.sizes.push(header.bytes);
    this.ids.push(header.id);
    this.parents.push(parent);
    this.nexts.push(header.next);
    this.#nth.push(places.length === 1 ? 0 : places.length);
    this.#links.push(link);
    this.#reasonOf.push(this.#internReason(reason));
    this.#namespaceOf.push(namespace);
    this.#steps.push(header.step ?? unknownStep);
    this.#hosts.push(host);
    this.#heads[namespace] = index;
    for (const node of header.next) this.#lastPending.set(`${header.namespace}\u0000${node}`, index);
  }

  #inferred(header: PointHeader, namespace: number, facts: RootFacts | null): [number, number, string] {
    const [node] = facts?.tried ?? [];
    if (facts === null || node === undefined || facts.era !== eraBefore16) return [-1, rootLink, ''];
    if ((facts.source ?? 'loop') !== 'loop' || facts.step !== 1) return [-1, rootLink, ''];
    const candidate = this.#lastPending.get(`${header.namespace}\u0000${node}`) ?? -1;
    if (candidate < 0 || !facts.tried.every((n) => this.nexts[candidate]!.includes(n))) return [-1, rootLink, newRun];
    return [candidate, inferredLink, candidate === this.#heads[namespace] ? resumedLatest : resumedOlder];
  }

  /**
   * The point of the embedding graph at which this sub-graph's node was pending: under it the sub-graph ran. The embedding graph is
   * looked for where the namespace says; a sub-graph within a sub-graph does not say (`inner` of `outer` is just `inner`), so then in all.
   */
  #hostOf(namespace: string): number {
    const cut = namespace.lastIndexOf('/');
    const node = embeddingNode(namespace);
    const above = this.#lastPending.get(`${cut < 0 ? '' : namespace.slice(0, cut)}\u0000${node}`);
    if (above !== undefined) return above;
    const elsewhere = this.#namespaces.map((other) =>
      other === namespace ? -1 : (this.#lastPending.get(`${other}\u0000${node}`) ?? -1),
    );
    return Math.max(...elsewhere);
  }

  #placesOf(namespace: string, id: string): number[] {
    const key = `${namespace}\u0000${id}`;
    let places = this.#places.get(key);
    if (places === undefined) this.#places.set(key, (places = []));
    return places;
  }

  #lastBefore(namespace: string, id: string): number {
    return this.#places.get(`${namespace}\u0000${id}`)?.at(-1) ?? -1;
  }

  #internReason(reason: string): number {
    let index = this.#reasonIndex.get(reason);
    if (index === undefined) this.#reasonIndex.set(reason, (index = this.#reasons.push(reason) - 1));
    return index;
  }

  #internNamespace(namespace: string): number {
    let index = this.#namespaceIndex.get(namespace);
    if (index === undefined) {
      this.#namespaceIndex.set(namespace, (index = this.#namespaces.push(namespace) - 1));
      this.#heads.push(-1);
    }
    return index;
  }

  /** Index of a point by its key's parts, -1 if there is none. `nth` counts occurrences: 0 the first, 2 the second, and so on. */
  find(namespace: string, id: string, nth: number): PointIndex {
    return this.#places.get(`${namespace}\u0000${id}`)?.[nth === 0 ? 0 : nth - 1] ?? -1;
  }

  /** All points with an id in a namespace, in order. */
  occurrences(namespace: string, id: string): readonly PointIndex[] {
    return this.#places.get(`${namespace}\u0000${id}`) ?? [];
  }

  nthOf(index: PointIndex): number {
    return this.#nth[index] ?? 0;
  }

  namespaceOf(index: PointIndex): string {
    return this.#namespaces[this.#namespaceOf[index] ?? 0] ?? '';
  }

  linkOf(index: PointIndex): LinkKind {
    return linkKinds[this.#links[index] ?? 0] ?? 'root';
  }

  reasonOf(index: PointIndex): string {
    return this.#reasons[this.#reasonOf[index] ?? 0] ?? '';
  }

  /** Namespaces that have points, the root first if it does. */
  namespaces(): readonly string[] {
    return this.#namespaces.filter((_, i) => this.#heads[i] !== -1);
  }

  /** The framework's latest: the last record of the namespace. */
  headOf(namespace: string): PointIndex {
    const index = this.#namespaceIndex.get(namespace);
    return index === undefined ? -1 : (this.#heads[index] ?? -1);
  }

  /** The point and what leads to it, oldest first; stops where a parent is missing. */
  ancestry(index: PointIndex): readonly PointIndex[] {
    const chain: PointIndex[] = [];
    for (let at = index; at >= 0; at = this.parents[at] ?? -1) chain.push(at);
    return chain.reverse();
  }

  /** Ends of branches in the root namespace (in all of them where the root has no points). */
  leaves(): number {
    const root = this.#heads[0] === -1 ? null : 0;
    const counted = (i: number) => root === null || this.#namespaceOf[i] === root;
    const isParent = new Uint8Array(this.count);
    for (const parent of this.parents) if (parent >= 0) isParent[parent] = 1;
    let leaves = 0;
    for (let i = 0; i < this.count; i += 1) if (counted(i) && isParent[i] === 0) leaves += 1;
    return leaves;
  }

  toLineage(): Lineage {
    return {
      thread: this.thread,
      count: this.count,
      ids: idColumn(this.ids),
      nth: new Uint32Array(this.#nth),
      parent: new Int32Array(this.parents),
      link: new Uint8Array(this.#links),
      reason: new Uint32Array(this.#reasonOf),
      reasons: [...this.#reasons],
      namespace: new Uint32Array(this.#namespaceOf),
      namespaces: [...this.#namespaces],
      host: new Int32Array(this.#hosts),
      time: new Float64Array(this.count).fill(Number.NaN),
      step: new Int32Array(this.#steps),
      bytes: new Float64Array(this.sizes),
      heads: new Int32Array(this.#heads),
    };
  }
}

/** Ids are ASCII in practice; then one native call encodes all of them, and lengths in characters are lengths in bytes. */
function idColumn(ids: readonly string[]): StringColumn {
  const joined = ids.join('');
  const bytes = utf8(joined);
  if (bytes.length !== joined.length) return stringColumn(ids);
  const offsets = new Uint32Array(ids.length + 1);
  let end = 0;
  for (let i = 0; i < ids.length; i += 1) {
    end += ids[i]!.length;
    offsets[i + 1] = end;
  }
  return { offsets, bytes };
}
