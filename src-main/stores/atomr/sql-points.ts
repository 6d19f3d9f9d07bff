// The rows of one run in the order of their super steps, and how they hang together. A row is saved again and again under its step, so
// nothing here outlives a change of the run. atomr stores no parents; only a fork's first row names the run that it was made from.

import type { LinkKind } from '../../../shared/model/lineage.ts';
import { RecordPoints } from '../records/points.ts';
import { threadOf } from './ids.ts';
import { isPause, readLabel } from './labels.ts';

export interface RowHeader {
  /** Row number. */
  readonly position: number;
  readonly step: string;
  /** Null where the super step is no integer. */
  readonly stepNumber: number | null;
  readonly label: string | null;
  /** Milliseconds since 1970, NaN where they are no integer. */
  readonly time: number;
  readonly bytes: number;
}

export const reasons = {
  follows: 'atomr stores no parents. This is the row of the next super step of the same run.',
  gap: 'atomr stores no parents. The super steps between have no row: a `Goto` went past them, or their rows were removed.',
  begun:
    'The first row of this run, although its super step is not the first: the run was made by hand, or rows were removed.',
  paused:
    'The first row of this run, although its super step is not the first. A fork that pauses again where it was made loses the label that named its origin.',
  seed: 'The state that a sub-graph was called with.',
} as const;

const staleReason = (step: string) =>
  `Left over from an earlier pass: super step ${step} was saved again after this row, as after a \`Goto\` back. It came from what stood there before.`;

export class SqlPoints extends RecordPoints {
  readonly workflow: string;
  readonly run: string;
  readonly #labels: (string | null)[] = [];
  readonly #stale: boolean[] = [];
  /** Why atomr cannot list this run; null if it can. */
  unlistable: string | null = null;
  /** The latest time so far, and the row that has it. */
  #latest = { time: Number.NEGATIVE_INFINITY, step: '', index: 0 };

  constructor(workflow: string, run: string) {
    super(threadOf(workflow, run));
    this.workflow = workflow;
    this.run = run;
  }

  /** `hasRun`: whether a run of this workflow has rows in the store. */
  add(row: RowHeader, hasRun: (run: string) => boolean): void {
    const before = this.count - 1;
    const stale = row.time < this.#latest.time;
    const [link, reason] = before < 0 ? this.#first(row, hasRun) : this.#next(row, before, stale);
    if (row.stepNumber === null || Number.isNaN(row.time)) {
      this.unlistable ??= `a number of the row of super step ${row.step} is not stored as an integer (mismatched types)`;
    }
    this.push({
      position: row.position,
      bytes: row.bytes,
      id: row.step,
      namespace: '',
      parent: before,
      link,
      reason,
      host: -1,
      time: row.time,
      step: row.stepNumber,
    });
    this.#labels.push(row.label);
    this.#stale.push(stale);
    if (row.time > this.#latest.time) this.#latest = { time: row.time, step: row.step, index: before + 1 };
  }

  #first(row: RowHeader, hasRun: (run: string) => boolean): [LinkKind, string] {
    const label = readLabel(row.label);
    if (label.kind === 'fork') {
      const origin = threadOf(this.workflow, label.run);
      // A run cannot have been made from itself; whoever wrote that by hand meant something else.
      if (label.run === this.run) return ['root', reasons.begun];
      return hasRun(label.run) ? ['other_thread', origin] : ['missing', `${origin} at super step ${row.step}`];
    }
    if (label.kind === 'seed') return ['root', reasons.seed];
    const isFirst = row.stepNumber !== null && row.stepNumber >= 0 && row.stepNumber <= 1;
    if (isFirst) return ['root', ''];
    return ['root', isPause(label) ? reasons.paused : reasons.begun];
  }

  #next(row: RowHeader, before: number, stale: boolean): [LinkKind, string] {
    if (stale) return ['inferred', staleReason(this.#latest.step)];
    const gap = (row.stepNumber ?? Number.NaN) - Number(this.idOf(before));
    return ['inferred', gap === 1 ? reasons.follows : reasons.gap];
  }

  labelOf(index: number): string | null {
    return this.#labels[index] ?? null;
  }

  /** The row with the latest time. */
  lastSaved(): number {
    return this.#latest.index;
  }

  /** Whether a lower super step was saved after this row. */
  isStale(index: number): boolean {
    return this.#stale[index] ?? false;
  }
}
