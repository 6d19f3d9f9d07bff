// The points of one run: every journal record in the order of `journal_seq`, and every saved checkpoint behind the record that it
// covers. One line, no branches: clawdia never forks a run. Head is the checkpoint that `load_latest` gives, else the last record.

import { linkKinds, stringColumn, unknownStep, type Lineage, type PointIndex } from '../../../shared/model/lineage.ts';
import { compareSeq, timeOf } from './record.ts';

export interface RecordPlace {
  readonly kind: 'record';
  readonly run: string;
  readonly id: string;
  readonly seq: string;
  /** Row number, or byte offset of its line. */
  readonly position: number;
  readonly bytes: number;
}

export interface CheckpointPlace {
  readonly kind: 'checkpoint';
  readonly run: string;
  readonly id: string;
  /** `covers_journal_seq`, by which it is placed. */
  readonly seq: string;
  /** Row number; -1 for a file. */
  readonly position: number;
  /** Its file; `''` for a row. */
  readonly path: string;
  readonly bytes: number;
  /** `created_at_millis`. */
  readonly created: string;
  /** As in `RunCheckpoint.writer_id`. */
  readonly writer: string | null;
}

export type Place = RecordPlace | CheckpointPlace;

/** The run that another came from, as its store tells. */
export interface Origin {
  readonly run: string;
  readonly reason: string;
}

const reasons = {
  order: 'clawdia records no parents: a run is one journal, and this record stands behind that one.',
  covers: '',
  behind: 'This checkpoint covers records up to here; the one it names (`covers_journal_seq`) is not in the journal.',
  together: 'Another checkpoint that covers the same record.',
} as const;

const codeOf = (kind: (typeof linkKinds)[number]) => linkKinds.indexOf(kind);
const [rootLink, explicitLink, inferredLink, otherLink] = [
  codeOf('root'),
  codeOf('explicit'),
  codeOf('inferred'),
  codeOf('other_thread'),
];

export class RunPoints {
  readonly run: string;
  readonly places: readonly Place[];
  /** How many records stand up to and including each point. */
  readonly recordsUpTo: readonly number[];
  /** Journal records only, in order. */
  readonly records: readonly RecordPlace[];
  readonly checkpoints: readonly CheckpointPlace[];
  /** Index of the head; -1 for a run without points. */
  readonly head: PointIndex;
  /** Id to its points, in order; one number where the id stands once, as nearly all do. */
  readonly #places = new Map<string, number | number[]>();
  readonly #nth: number[] = [];

  /**
   * @param records in the journal's order
   * @param checkpoints in the order in which clawdia compares them
   * @param latest what `load_latest` gives
   */
  constructor(
    run: string,
    records: readonly RecordPlace[],
    checkpoints: readonly CheckpointPlace[],
    latest: CheckpointPlace | null,
  ) {
    this.run = run;
    this.records = records;
    this.checkpoints = checkpoints;
    const places: Place[] = [];
    const recordsUpTo: number[] = [];
    let head = -1;
    let next = 0;
    const take = (place: Place, count: number): void => {
      if (place === latest) head = places.length;
      this.#nth.push(this.#takePlace(place.id, places.length));
      places.push(place);
      recordsUpTo.push(count);
    };
    records.forEach((record, i) => {
      for (; next < checkpoints.length && compareSeq(checkpoints[next]!.seq, record.seq) < 0; next += 1) {
        take(checkpoints[next]!, i);
      }
      take(record, i + 1);
    });
    for (; next < checkpoints.length; next += 1) take(checkpoints[next]!, records.length);
    this.places = places;
    this.recordsUpTo = recordsUpTo;
    this.head = head >= 0 ? head : places.length - 1;
  }

  get count(): number {
    return this.places.length;
  }

  /** The occurrence of its id that a point is. */
  #takePlace(id: string, index: number): number {
    const held = this.#places.get(id);
    if (held === undefined) this.#places.set(id, index);
    else if (typeof held === 'number') this.#places.set(id, [held, index]);
    else held.push(index);
    return held === undefined ? 0 : typeof held === 'number' ? 2 : held.length;
  }

  /** Index of a point by its key's parts, -1 if there is none. `nth` counts occurrences: 0 the first, 2 the second, and so on. */
  find(id: string, nth: number): PointIndex {
    const held = this.#places.get(id);
    const same = typeof held === 'number' ? [held] : (held ?? []);
    return same[nth === 0 ? 0 : nth - 1] ?? -1;
  }

  nthOf(index: PointIndex): number {
    return this.#nth[index] ?? 0;
  }

  /** How a point hangs on the one before it, and why. */
  linkOf(index: PointIndex): { readonly kind: 'root' | 'explicit' | 'inferred'; readonly reason: string } {
    const place = this.places[index];
    const before = this.places[index - 1];
    if (place === undefined || before === undefined) return { kind: 'root', reason: '' };
    if (place.kind === 'record') return { kind: 'inferred', reason: reasons.order };
    if (before.kind === 'checkpoint') return { kind: 'inferred', reason: reasons.together };
    return before.seq === place.seq
      ? { kind: 'explicit', reason: reasons.covers }
      : { kind: 'inferred', reason: reasons.behind };
  }

  /**
   * How many records count for a point: those up to it. For the head all of them: whoever resumes loads the latest checkpoint and
   * folds the rest of the journal behind it.
   */
  extentOf(index: PointIndex): number {
    return index === this.head ? this.records.length : (this.recordsUpTo[index] ?? 0);
  }

  toLineage(origin: Origin | null): Lineage {
    const { count, places } = this;
    const links = new Uint8Array(count);
    const reason = new Uint32Array(count);
    const texts = [''];
    const known = new Map<string, number>([['', 0]]);
    const intern = (text: string): number => {
      let at = known.get(text);
      if (at === undefined) known.set(text, (at = texts.push(text) - 1));
      return at;
    };
    for (let i = 0; i < count; i += 1) {
      const link = this.linkOf(i);
      links[i] = link.kind === 'explicit' ? explicitLink : link.kind === 'inferred' ? inferredLink : rootLink;
      reason[i] = intern(link.reason);
    }
    if (origin !== null && count > 0) {
      links[0] = otherLink;
      reason[0] = intern(origin.reason);
    }
    return {
      thread: this.run,
      count,
      ids: stringColumn(places.map((place) => place.id)),
      nth: new Uint32Array(this.#nth),
      parent: Int32Array.from({ length: count }, (_, i) => i - 1),
      link: links,
      reason,
      reasons: texts,
      namespace: new Uint32Array(count),
      namespaces: [''],
      host: new Int32Array(count).fill(-1),
      time: Float64Array.from(places, (place) => (place.kind === 'checkpoint' ? timeOf(place.created) : Number.NaN)),
      step: Int32Array.from(places, (place) => {
        const step = Number(place.seq);
        return Number.isSafeInteger(step) && Math.abs(step) < 0x7fff_ffff ? step : unknownStep;
      }),
      bytes: Float64Array.from(places, (place) => place.bytes),
      heads: new Int32Array([this.head]),
    };
  }
}
