// The points of one thread whose store keeps them as records in the order of their insertion (lines of a file, rows of a table): the
// columns of a lineage while they grow, and the finding of a point by its key. How a record hangs together with earlier ones is the
// format's to say; everything here looks backwards only, so an append extends what is there.
//
// Identity is the place in that order. Ids may repeat: the first point of an id has the plain key for good, later ones carry their
// occurrence (`#2`, `#3`). So a key never changes when another record is appended.

import { formatKey, type CheckpointKey } from '../../../shared/model/key.ts';
import { linkKinds, unknownStep, type Lineage, type LinkKind, type PointIndex } from '../../../shared/model/lineage.ts';
import { NumberColumn, TextColumn } from './columns.ts';

/** A point as the format sees it once it knows how it hangs together. */
export interface NewPoint {
  /** Row number, or byte offset of its line. */
  readonly position: number;
  readonly bytes: number;
  readonly id: string;
  readonly namespace: string;
  /** Index of an earlier point, -1 where there is none. */
  readonly parent: PointIndex;
  readonly link: LinkKind;
  /** Why the link is inferred, or the parent that is missing; else empty. */
  readonly reason: string;
  /** For the first point of a sub-graph's run: the point under which it ran; else -1. */
  readonly host: PointIndex;
  /** Milliseconds since 1970, NaN where the store does not tell. */
  readonly time: number;
  readonly step: number | null;
}

const largestStep = 0x7fff_ffff;

/** Texts by number, the empty one first. */
class Names {
  readonly names: string[] = [''];
  #listed: readonly string[] = [];
  readonly #numbers = new Map<string, number>([['', 0]]);
  #last = '';
  #lastNumber = 0;

  number(name: string): number {
    // Most records say what the one before said.
    if (name === this.#last) return this.#lastNumber;
    let number = this.#numbers.get(name);
    if (number === undefined) this.#numbers.set(name, (number = this.names.push(name) - 1));
    this.#last = name;
    this.#lastNumber = number;
    return number;
  }

  find(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  /** As they are now; the same list as before where none was added. */
  listed(): readonly string[] {
    if (this.#listed.length !== this.names.length) this.#listed = [...this.names];
    return this.#listed;
  }
}

export class RecordPoints {
  readonly thread: string;
  readonly #ids: string[] = [];
  readonly #idTexts = new TextColumn();
  readonly #positions = new NumberColumn((n) => new Float64Array(n));
  readonly #sizes = new NumberColumn((n) => new Float64Array(n));
  readonly #parents = new NumberColumn((n) => new Int32Array(n));
  readonly #links = new NumberColumn((n) => new Uint8Array(n));
  readonly #reasonOf = new NumberColumn((n) => new Uint32Array(n));
  readonly #namespaceOf = new NumberColumn((n) => new Uint32Array(n));
  readonly #nths = new NumberColumn((n) => new Uint32Array(n));
  readonly #hosts = new NumberColumn((n) => new Int32Array(n));
  readonly #times = new NumberColumn((n) => new Float64Array(n));
  readonly #steps = new NumberColumn((n) => new Int32Array(n));
  readonly #reasons = new Names();
  readonly #namespaces = new Names();
  /** By namespace: its last point, and how many of its points are nobody's parent. */
  readonly #heads: number[] = [-1];
  readonly #leaves: number[] = [0];
  /** 1 where a point is somebody's parent. */
  #parental = new Uint8Array(16);
  /** By namespace: id to its points, in order; one number where the id stands once, as nearly all do. */
  readonly #places: Map<string, number | number[]>[] = [new Map()];
  #bytes = 0;

  constructor(thread: string) {
    this.thread = thread;
  }

  get count(): number {
    return this.#ids.length;
  }

  /** Stored size of all points. */
  get bytes(): number {
    return this.#bytes;
  }

  protected push(point: NewPoint): PointIndex {
    const index = this.count;
    const namespace = this.#namespaces.number(point.namespace);
    if (namespace === this.#heads.length) {
      this.#heads.push(-1);
      this.#leaves.push(0);
      this.#places.push(new Map());
    }
    this.#ids.push(point.id);
    this.#idTexts.push(point.id);
    this.#positions.push(point.position);
    this.#sizes.push(point.bytes);
    this.#parents.push(point.parent);
    this.#links.push(linkKinds.indexOf(point.link));
    this.#reasonOf.push(this.#reasons.number(point.reason));
    this.#namespaceOf.push(namespace);
    this.#nths.push(this.#takePlace(namespace, point.id, index));
    this.#hosts.push(point.host);
    this.#times.push(point.time);
    this.#steps.push(point.step === null || Math.abs(point.step) > largestStep ? unknownStep : point.step);
    this.#bytes += point.bytes;
    this.#heads[namespace] = index;
    this.#leaves[namespace]! += 1;
    this.#hasChild(point.parent);
    return index;
  }

  #takePlace(namespace: number, id: string, index: number): number {
    const places = this.#places[namespace]!;
    const held = places.get(id);
    if (held === undefined) places.set(id, index);
    else if (typeof held === 'number') places.set(id, [held, index]);
    else held.push(index);
    return held === undefined ? 0 : typeof held === 'number' ? 2 : held.length;
  }

  #hasChild(parent: number): void {
    if (this.count > this.#parental.length) {
      const wider = new Uint8Array(this.#parental.length * 2);
      wider.set(this.#parental);
      this.#parental = wider;
    }
    if (parent < 0 || this.#parental[parent] === 1) return;
    this.#parental[parent] = 1;
    this.#leaves[this.#namespaceOf.at(parent) ?? 0]! -= 1;
  }

  // ── Single points ────────────────────────────────────────────────────────────────────────────────────────────────

  idOf(index: PointIndex): string {
    return this.#ids[index] ?? '';
  }

  positionOf(index: PointIndex): number {
    return this.#positions.at(index) ?? -1;
  }

  bytesOf(index: PointIndex): number {
    return this.#sizes.at(index) ?? 0;
  }

  /** Milliseconds since 1970, NaN where the store does not tell. */
  timeOf(index: PointIndex): number {
    return this.#times.at(index) ?? Number.NaN;
  }

  parentOf(index: PointIndex): PointIndex {
    return this.#parents.at(index) ?? -1;
  }

  linkOf(index: PointIndex): LinkKind {
    return linkKinds[this.#links.at(index) ?? 0] ?? 'root';
  }

  reasonOf(index: PointIndex): string {
    return this.#reasons.names[this.#reasonOf.at(index) ?? 0] ?? '';
  }

  namespaceOf(index: PointIndex): string {
    return this.#namespaces.names[this.#namespaceOf.at(index) ?? 0] ?? '';
  }

  nthOf(index: PointIndex): number {
    return this.#nths.at(index) ?? 0;
  }

  keyOf(index: PointIndex): CheckpointKey {
    return formatKey({
      thread: this.thread,
      namespace: this.namespaceOf(index),
      id: this.idOf(index),
      nth: this.nthOf(index),
    });
  }

  /** Index of a point by its key's parts, -1 if there is none. `nth` counts occurrences: 0 the first, 2 the second, and so on. */
  find(namespace: string, id: string, nth: number): PointIndex {
    return this.occurrences(namespace, id)[nth === 0 ? 0 : nth - 1] ?? -1;
  }

  /** All points with an id in a namespace, in order. */
  occurrences(namespace: string, id: string): readonly PointIndex[] {
    const number = this.#namespaces.find(namespace);
    const held = number === undefined ? undefined : this.#places[number]?.get(id);
    if (held === undefined) return [];
    return typeof held === 'number' ? [held] : held;
  }

  /** The last point with an id in a namespace, -1 if there is none. */
  lastOf(namespace: string, id: string): PointIndex {
    return this.occurrences(namespace, id).at(-1) ?? -1;
  }

  // ── The thread ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Every namespace that was ever named here, the root first, whether or not it has points. */
  get namespaceNames(): readonly string[] {
    return this.#namespaces.names;
  }

  /** Namespaces that have points, the root first if it does. */
  namespaces(): readonly string[] {
    return this.#namespaces.names.filter((_, i) => this.#heads[i] !== -1);
  }

  /** The last point of a namespace, -1 if it has none. */
  headOf(namespace: string): PointIndex {
    const number = this.#namespaces.find(namespace);
    return number === undefined ? -1 : (this.#heads[number] ?? -1);
  }

  /** The point and what leads to it, oldest first; stops where a parent is missing. */
  ancestry(index: PointIndex): readonly PointIndex[] {
    const chain: PointIndex[] = [];
    for (let at = index; at >= 0; at = this.parentOf(at)) chain.push(at);
    return chain.reverse();
  }

  /** Ends of branches in the root namespace (in all of them where the root has no points). */
  leaves(): number {
    if (this.#heads[0] !== -1) return this.#leaves[0] ?? 0;
    return this.#leaves.reduce((sum, leaves) => sum + leaves, 0);
  }

  /** As it stands now, without copying a column: what was added to it later is not in it. */
  toLineage(): Lineage {
    return {
      thread: this.thread,
      count: this.count,
      ids: this.#idTexts.view(),
      nth: this.#nths.view(),
      parent: this.#parents.view(),
      link: this.#links.view(),
      reason: this.#reasonOf.view(),
      reasons: this.#reasons.listed(),
      namespace: this.#namespaceOf.view(),
      namespaces: this.#namespaces.listed(),
      host: this.#hosts.view(),
      time: this.#times.view(),
      step: this.#steps.view(),
      bytes: this.#sizes.view(),
      heads: new Int32Array(this.#heads),
    };
  }
}
