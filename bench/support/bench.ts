// What a benchmark is, and how its figures are taken: medians, in one run with their reference, on data that the bench made.

import { arch, cpus, platform, release, totalmem } from 'node:os';

export interface Figure {
  readonly what: string;
  /** Median of the product's work. */
  readonly work: number;
  readonly unit: string;
  /** Median of the reference on the same data in the same run; null for figures that stand beside an absolute target. */
  readonly reference: number | null;
  readonly referenceName: string;
  /** Compared with the target: `work / reference`, or `reference / work` where faster is larger, or `work` alone. */
  readonly value: number;
  readonly target: string;
  readonly met: boolean;
  /** Sizes, spread, anything that must be known to read the figure. */
  readonly note: string;
}

export interface BenchContext {
  /** 1 is the size of the targets; a laptop may run a tenth. */
  readonly scale: number;
  /** Where made data lives between runs. */
  readonly folder: string;
}

export interface Bench {
  readonly id: string;
  readonly title: string;
  run(context: BenchContext): Promise<readonly Figure[]>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Milliseconds of one call. */
export async function millis(work: () => unknown): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** Runs the alternatives in turn, so that a slow moment of the machine meets all of them; medians in the order given. */
export async function interleaved(rounds: number, ...works: readonly (() => unknown)[]): Promise<number[]> {
  const times: number[][] = works.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, work] of works.entries()) times[i]?.push(await millis(work));
  }
  return times.map(median);
}

type Asked = Pick<Figure, 'what' | 'note'> & { readonly work: number; readonly unit?: string };

/** At most `limit` times the reference. */
export function atMost(limit: number, asked: Asked & { readonly reference: number; readonly of: string }): Figure {
  const value = asked.work / asked.reference;
  return {
    what: asked.what,
    work: asked.work,
    unit: asked.unit ?? 'ms',
    reference: asked.reference,
    referenceName: asked.of,
    value,
    target: `≤ ${limit} ×`,
    met: value <= limit,
    note: asked.note,
  };
}

/** At least `limit` times as fast as the reference. */
export function faster(limit: number, asked: Asked & { readonly reference: number; readonly of: string }): Figure {
  const value = asked.reference / asked.work;
  return { ...atMost(limit, asked), value, target: `≥ ${limit} × faster`, met: value >= limit };
}

/** Beside an absolute figure. */
export function within(limit: number, asked: Asked): Figure {
  return {
    what: asked.what,
    work: asked.work,
    unit: asked.unit ?? 'ms',
    reference: null,
    referenceName: '',
    value: asked.work,
    target: `≤ ${limit} ${asked.unit ?? 'ms'}`,
    met: asked.work <= limit,
    note: asked.note,
  };
}

export function show(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Bytes in the largest unit that leaves at least one before the point. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${show(value)} ${units[unit] ?? ''}`;
}

export function machine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model.trim() ?? 'unknown'}, ${size(totalmem())}, ${platform()} ${release()} ${arch()}, Node ${process.versions.node}`;
}

export function line(figure: Figure): string {
  const beside =
    figure.reference === null
      ? ''
      : ` · ${figure.referenceName} ${show(figure.reference)} ${figure.unit} · ${show(figure.value)} ×`;
  const verdict = figure.met ? 'met' : 'MISSED';
  return `   ${figure.what}: ${show(figure.work)} ${figure.unit}${beside} · target ${figure.target}: ${verdict}${figure.note === '' ? '' : `  (${figure.note})`}`;
}
