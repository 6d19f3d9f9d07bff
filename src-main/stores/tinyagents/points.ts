// How the points of one thread hang together. All link rules look backwards only, so an append extends what is there. Ids repeat in
// stores of releases before 1.6.
//
// Parent of a record = the nearest earlier record of its namespace with the id it names. While ids are unique this is what the
// framework finds; where they repeat, the framework takes the last such record in the thread, but the nearest earlier one is the
// one that the run really came from.

import type { LinkKind, PointIndex } from '../../../shared/model/lineage.ts';
import { RecordPoints } from '../records/points.ts';
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
  /** Milliseconds since 1970; null where the store does not say, or only inside the record. */
  readonly time: number | null;
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

export class ThreadPoints extends RecordPoints {
  readonly #nexts: (readonly string[])[] = [];
  /** Lists of names that were met, so that equal ones are kept once. */
  readonly #lists = new Map<string, readonly string[]>();
  #lastNames: readonly string[] = [];
  /** By namespace and node: the last point where that node was pending. */
  readonly #lastPending = new Map<string, Map<string, number>>();

  /** Adds the next record. `facts` is asked for only where the record alone does not tell how it hangs together. */
  add(header: PointHeader, facts: () => RootFacts | null): void {
    const first = this.headOf(header.namespace) === -1;
    let parent = -1;
    let link: LinkKind = 'root';
    let reason = '';
    let host = -1;
    if (header.parent !== null) {
      parent = this.lastOf(header.namespace, header.parent);
      link = parent < 0 ? 'missing' : 'explicit';
      if (parent < 0) reason = header.parent;
    } else {
      if (header.namespace !== '') host = this.#hostOf(header.namespace);
      if (!first && oldId.test(header.id)) [parent, link, reason] = this.#inferred(header, facts());
    }
    const { position, bytes, id, namespace, step } = header;
    const index = this.push({
      position,
      bytes,
      id,
      namespace,
      parent,
      link,
      reason,
      host,
      time: header.time ?? Number.NaN,
      step,
    });
    this.#nexts.push(this.#interned(header.next));
    if (header.next.length === 0) return;
    let pending = this.#lastPending.get(namespace);
    if (pending === undefined) this.#lastPending.set(namespace, (pending = new Map()));
    for (const node of header.next) pending.set(node, index);
  }

  #interned(names: readonly string[]): readonly string[] {
    if (names === this.#lastNames) return names;
    const text = names.join('\u0000');
    let known = this.#lists.get(text);
    if (known?.length !== names.length) this.#lists.set(text, (known = names));
    this.#lastNames = known;
    return known;
  }

  #inferred(header: PointHeader, facts: RootFacts | null): [number, LinkKind, string] {
    const [node] = facts?.tried ?? [];
    if (facts === null || node === undefined || facts.era !== eraBefore16) return [-1, 'root', ''];
    if ((facts.source ?? 'loop') !== 'loop' || facts.step !== 1) return [-1, 'root', ''];
    const candidate = this.#lastPending.get(header.namespace)?.get(node) ?? -1;
    const next = this.nextOf(candidate);
    if (candidate < 0 || !facts.tried.every((n) => next.includes(n))) return [-1, 'root', newRun];
    return [candidate, 'inferred', candidate === this.headOf(header.namespace) ? resumedLatest : resumedOlder];
  }

  /**
   * The point of the embedding graph at which this sub-graph's node was pending: under it the sub-graph ran. The embedding graph is
   * looked for where the namespace says; a sub-graph within a sub-graph does not say (`inner` of `outer` is just `inner`), so then in all.
   */
  #hostOf(namespace: string): number {
    const cut = namespace.lastIndexOf('/');
    const node = embeddingNode(namespace);
    const above = this.#lastPending.get(cut < 0 ? '' : namespace.slice(0, cut))?.get(node);
    if (above !== undefined) return above;
    const elsewhere = this.namespaceNames.map((other) =>
      other === namespace ? -1 : (this.#lastPending.get(other)?.get(node) ?? -1),
    );
    return Math.max(-1, ...elsewhere);
  }

  /** Nodes that were pending at a point, as the store's own column or member says. */
  nextOf(index: PointIndex): readonly string[] {
    return this.#nexts[index] ?? [];
  }
}
