// The points of one run: a point per stage result with the state it left, in the order in which they ran, then the gate at which the
// run waits. A stage that a loop visits again is a point again. CAR stores no parents; the order of the results is all there is.

import { formatKey, type CheckpointKey } from '../../../shared/model/key.ts';
import { linkKinds, stringColumn, unknownStep, type Lineage, type PointIndex } from '../../../shared/model/lineage.ts';
import type { Cursor } from '../../values/cursor.ts';
import { hasEdge, textOf, type RunReading, type RunView } from './run-file.ts';

export const reasons = {
  order: 'CAR stores no parents: stage results stand in the order in which the stages ran.',
  noEdge:
    'CAR stores no parents: stage results stand in the order in which the stages ran. No edge of the stored workflow leads here from that stage.',
} as const;
const reasonList = ['', reasons.order, reasons.noEdge] as const;

/** Ids of points that the file gives no name. */
export const unnamed = 'unnamed';
export const unreadable = 'damaged';

export class RunPoints {
  readonly thread: string;
  readonly reading: RunReading;
  readonly ids: readonly string[];
  /** Visit of a stage, counted from 1, where it is not its first; 0 for the first. A gate keeps it when it has been answered. */
  readonly nths: readonly number[];
  readonly sizes: readonly number[];
  readonly #reasons: readonly number[];
  readonly #find: ReadonlyMap<string, PointIndex>;

  /** @param size of the file, in bytes */
  constructor(thread: string, reading: RunReading, size: number) {
    this.thread = thread;
    this.reading = reading;
    const run = reading.ok ? reading.run : null;
    const ids: string[] = [];
    const sizes: number[] = [];
    for (let i = 0; i < (run?.results?.count ?? 0); i += 1) {
      const result = run!.results!.child(i);
      ids.push(textOf(result.kind === 'map' ? result.get('stage_id') : null) ?? unnamed);
      sizes.push(result.end - result.start);
    }
    sizes.push(size - sizes.reduce((sum, bytes) => sum + bytes, 0));
    ids.push(run === null ? unreadable : (run.pausedStage ?? unnamed));
    const visits = new Map<string, number>();
    const find = new Map<string, PointIndex>();
    this.nths = ids.map((id, i) => {
      const visit = (visits.get(id) ?? 0) + 1;
      visits.set(id, visit);
      const nth = visit === 1 ? 0 : visit;
      find.set(`${nth}#${id}`, i);
      return nth;
    });
    this.ids = ids;
    this.sizes = sizes;
    this.#find = find;
    const known = new Map<string, number>();
    this.#reasons = ids.map((id, i) => {
      const from = ids[i - 1];
      if (run === null || from === undefined) return 0;
      const pair = `${from}\u0000${id}`;
      if (!known.has(pair)) known.set(pair, hasEdge(run, from, id) ? 1 : 2);
      return known.get(pair)!;
    });
  }

  get count(): number {
    return this.ids.length;
  }

  /** The point of the gate, which stands last. */
  get gate(): PointIndex {
    return this.ids.length - 1;
  }

  /** What CAR would load; -1 where it is not even JSON. */
  get head(): PointIndex {
    return this.reading.ok ? this.gate : -1;
  }

  find(id: string, nth: number): PointIndex {
    return this.#find.get(`${nth}#${id}`) ?? -1;
  }

  keyAt(index: PointIndex): CheckpointKey {
    return formatKey({ thread: this.thread, namespace: '', id: this.ids[index] ?? '', nth: this.nths[index] ?? 0 });
  }

  reasonOf(index: PointIndex): string {
    return reasonList[this.#reasons[index] ?? 0] ?? '';
  }

  /** Which visit of the run a point is; CAR counts them, so only where the count agrees. */
  stepOf(index: PointIndex): number | null {
    const { reading } = this;
    return reading.ok && reading.run.iterations === this.count ? index + 1 : null;
  }

  toLineage(): Lineage {
    const { count, reading } = this;
    const created = reading.ok && reading.run.createdAt !== null ? Date.parse(reading.run.createdAt) : Number.NaN;
    const inferred = linkKinds.indexOf('inferred');
    return {
      thread: this.thread,
      count,
      ids: stringColumn(this.ids),
      nth: Uint32Array.from(this.nths),
      parent: Int32Array.from(this.ids, (_, i) => i - 1),
      link: Uint8Array.from(this.ids, (_, i) => (i === 0 ? 0 : inferred)),
      reason: Uint32Array.from(this.#reasons),
      reasons: [...reasonList],
      namespace: new Uint32Array(count),
      namespaces: [''],
      host: new Int32Array(count).fill(-1),
      // Stage results carry no time; the file tells when the run began to wait.
      time: Float64Array.from(this.ids, (_, i) => (i === this.gate ? created : Number.NaN)),
      step: Int32Array.from(this.ids, (_, i) => this.stepOf(i) ?? unknownStep),
      bytes: Float64Array.from(this.sizes),
      heads: new Int32Array([this.head]),
    };
  }
}

/** The result that a point stands for; null for the gate. */
export function resultAt(run: RunView, index: PointIndex): Cursor | null {
  const { results } = run;
  return results !== null && index < results.count ? results.child(index) : null;
}
