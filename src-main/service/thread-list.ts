// The threads of one open store: summaries listed in the background, details read behind them, newest first.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Result } from '../../shared/contract/methods.ts';
import type { Thread } from '../../shared/model/shapes.ts';
import type { Status } from '../../shared/model/status.ts';
import { asForkpointError } from '../../shared/model/errors.ts';
import type { Store, ThreadDetail, ThreadSummary } from '../stores/store.ts';
import { Pace } from './pace.ts';

export type ListQuery = {
  readonly search: string;
  readonly status: Status | null;
  readonly from: number;
  readonly count: number;
};

/** Milliseconds between two `threads.progress` events. */
const progressMillis = 150;
/** Milliseconds that a call may spend on details of the rows that it shows; the rest is read in the background. */
const visibleMillis = 12;
/** The detail of a thread of so many checkpoints takes longer than a list may: it is read last, after the window's first questions. */
const longThread = 50_000;
const longThreadMillis = 1500;
/** Of a store that reads every point for a detail: longer threads are read in the background only. */
const shortThread = 1000;
/** After reading details that a change had made stale, the next such reading waits so many times what it took. */
const staleShare = 30;
/** … and at most so many milliseconds. */
const longestStale = 5000;

export class ThreadList {
  readonly #store: Store;
  readonly #isShown: boolean;
  readonly #onProgress: (listed: number, complete: boolean) => void;
  readonly #summaries = new Map<string, ThreadSummary>();
  readonly #details = new Map<string, ThreadDetail>();
  /** Threads that changed since their detail was read; it stays on screen until it is read again. */
  readonly #stale = new Set<string>();
  /** Threads whose detail is being read in batches: a change during it leaves them stale. */
  readonly #reading = new Set<string>();
  /** How often a thread was touched, and how often it had been when the detail that is kept was begun. */
  readonly #touches = new Map<string, number>();
  readonly #detailTouches = new Map<string, number>();
  #staleFrom = 0;
  #timer: NodeJS.Timeout | null = null;
  readonly #counts = new Map<Status, number>();
  /** Newest first; null when it must be sorted again. */
  #sorted: readonly ThreadSummary[] | null = null;
  #complete = false;
  #error: unknown = null;
  #listing = false;
  #again = false;
  readonly #abort = new AbortController();
  #lastProgress = 0;
  #working: Promise<void> = Promise.resolve();

  /** `isShown`: a window shows it, so that details out of sight can wait; else somebody waits for all of it. */
  constructor(store: Store, onProgress: (listed: number, complete: boolean) => void, isShown = false) {
    this.#store = store;
    this.#onProgress = onProgress;
    this.#isShown = isShown;
  }

  /**
   * Lists everything anew; what is known stays visible until then. While a listing runs, one more is noted to follow it: a store that
   * another process writes to without pause would else never be listed to its end.
   */
  start(): void {
    if (this.#listing) {
      this.#again = true;
      return;
    }
    this.#error = null;
    this.#working = this.#run(this.#abort.signal);
  }

  /** The same, and every detail is read again as well: what was read so far was read without the key. */
  startOver(): void {
    for (const thread of this.#summaries.keys()) this.#outdate(thread);
    this.start();
  }

  stop(): void {
    this.#abort.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Resolves when listing and details have come to an end. */
  async settled(): Promise<void> {
    await this.#working;
  }

  get count(): number {
    return this.#summaries.size;
  }

  /** The thread that the list begins with. */
  get newest(): string | null {
    return this.#newestFirst()[0]?.thread ?? null;
  }

  get checkpoints(): number {
    let total = 0;
    for (const summary of this.#summaries.values()) total += summary.checkpoints;
    return total;
  }

  /**
   * These threads changed. Their details are read again at once, except while a busy writer makes that costly: then at most a thirtieth
   * of the time goes into it. `now`: at once whatever it costs.
   */
  touch(threads: readonly string[], now = false): void {
    for (const thread of threads) {
      const summary = this.#store.threadSummary(thread);
      if (summary === null) {
        this.#forget(thread);
        this.#summaries.delete(thread);
      } else {
        this.#outdate(thread);
        this.#summaries.set(thread, summary);
      }
    }
    this.#sorted = null;
    if (now) {
      this.#staleFrom = 0;
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
    }
    if (!this.#complete || this.#timer !== null) return;
    const wait = this.#staleFrom - performance.now();
    if (wait <= 0) this.#readBehind();
    else {
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#readBehind();
      }, wait);
      this.#timer.unref();
    }
  }

  #readBehind(): void {
    const { signal } = this.#abort;
    this.#working = this.#working.then(() => this.#readDetails(signal)).catch(() => undefined);
  }

  /** One thread as it stands now. */
  async thread(thread: string, signal: AbortSignal): Promise<Thread | null> {
    const summary = this.#summaries.get(thread) ?? this.#store.threadSummary(thread);
    return summary === null ? null : joined(summary, await this.#detailInBatches(thread, new Pace(signal)));
  }

  async query(query: ListQuery, signal: AbortSignal): Promise<Result<'threads.list'>> {
    if (this.#error !== null) throw this.#error;
    const pace = new Pace(signal);
    const needle = query.search.toLowerCase();
    const sorted = this.#newestFirst();
    const matching: ThreadSummary[] = [];
    for (const [i, summary] of sorted.entries()) {
      if (i % 1024 === 0) await pace.breathe();
      if (needle !== '' && !summary.thread.toLowerCase().includes(needle)) continue;
      if (query.status !== null && this.#details.get(summary.thread)?.status !== query.status) continue;
      matching.push(summary);
    }
    const started = performance.now();
    const mostPoints = this.#store.threadDetailInBatches === undefined ? longThread : shortThread;
    const rows = matching.slice(query.from, query.from + query.count).map((summary) => {
      const isKept = !this.#stale.has(summary.thread) || started < this.#staleFrom;
      const known = isKept ? this.#details.get(summary.thread) : undefined;
      const isQuick = summary.checkpoints < mostPoints && performance.now() - started < visibleMillis;
      const detail = known ?? (isQuick ? this.#detail(summary.thread) : (this.#details.get(summary.thread) ?? null));
      return {
        thread: summary.thread,
        checkpoints: summary.checkpoints,
        updatedAt: summary.updatedAt,
        detail: detail === null ? null : joined(summary, detail),
      };
    });
    return {
      rows,
      matched: matching.length,
      total: this.#summaries.size,
      complete: this.#complete,
      statusCounts: Object.fromEntries(this.#counts),
      unread: this.#summaries.size - this.#details.size,
    };
  }

  /** Every thread with its detail, newest first: for those who want all of it (the terminal). */
  async all(signal: AbortSignal): Promise<Thread[]> {
    await this.settled();
    if (this.#error !== null) throw this.#error;
    const pace = new Pace(signal);
    const threads: Thread[] = [];
    for (const summary of this.#newestFirst()) {
      await pace.breathe();
      threads.push(joined(summary, await this.#detailInBatches(summary.thread, pace)));
    }
    return threads;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const pace = new Pace(signal);
    this.#listing = true;
    try {
      const before = new Set(this.#summaries.keys());
      for (const batch of this.#store.threads()) {
        for (const summary of batch) {
          before.delete(summary.thread);
          const known = this.#summaries.get(summary.thread);
          if (known?.checkpoints !== summary.checkpoints || known.updatedAt !== summary.updatedAt) {
            this.#forget(summary.thread);
          }
          this.#summaries.set(summary.thread, summary);
        }
        this.#sorted = null;
        this.#progress(false);
        await pace.breathe();
      }
      for (const gone of before) {
        this.#forget(gone);
        this.#summaries.delete(gone);
      }
      this.#sorted = null;
      this.#complete = true;
      this.#listing = false;
      this.#progress(true);
      if (this.#again) {
        this.#again = false;
        return await this.#run(signal);
      }
      await this.#readDetails(signal);
    } catch (error) {
      // A listing ends when its store is closed; anything else is told to whoever asks next.
      if (signal.aborted) return;
      this.#error = error;
      this.#complete = true;
      this.#progress(true);
    } finally {
      this.#listing = false;
    }
  }

  async #readDetails(signal: AbortSignal): Promise<void> {
    const pace = new Pace(signal, this.#isShown);
    const late: string[] = [];
    for (const { thread, checkpoints } of this.#newestFirst()) {
      await pace.breathe();
      if (!this.#isWanting(thread)) continue;
      if (checkpoints >= longThread && !this.#details.has(thread)) {
        late.push(thread);
        continue;
      }
      await this.#detailInBatches(thread, pace);
      this.#progress(false);
    }
    this.#progress(true);
    if (late.length === 0) return;
    await sleep(longThreadMillis, undefined, { ref: false });
    for (const thread of late) {
      await pace.breathe();
      if (this.#isWanting(thread)) await this.#detailInBatches(thread, pace);
    }
    this.#progress(true);
  }

  /** What is known of this thread, or being read, is of before a change. */
  #outdate(thread: string): void {
    if (this.#details.has(thread) || this.#reading.has(thread)) this.#stale.add(thread);
    this.#touches.set(thread, this.#touchesOf(thread) + 1);
  }

  #touchesOf(thread: string): number {
    return this.#touches.get(thread) ?? 0;
  }

  #isWanting(thread: string): boolean {
    return this.#summaries.has(thread) && (!this.#details.has(thread) || this.#stale.has(thread));
  }

  /** As it stands now. */
  #detail(thread: string): ThreadDetail {
    const known = this.#details.get(thread);
    const isStale = this.#stale.has(thread);
    if (known !== undefined && !isStale) return known;
    const began = performance.now();
    const detail = detailOf(this.#store, thread);
    this.#put(thread, detail, isStale ? performance.now() - began : null);
    return detail;
  }

  /** The same, with pauses where the store can make them. */
  async #detailInBatches(thread: string, pace: Pace): Promise<ThreadDetail> {
    if (this.#store.threadDetailInBatches === undefined) return this.#detail(thread);
    const known = this.#details.get(thread);
    const isStale = this.#stale.has(thread);
    if (known !== undefined && !isStale) return known;
    this.#reading.add(thread);
    this.#stale.delete(thread);
    const touches = this.#touchesOf(thread);
    let busy = 0;
    try {
      const reading = this.#store.threadDetailInBatches(thread);
      for (;;) {
        const began = performance.now();
        const step = nextOf(thread, reading);
        busy += performance.now() - began;
        if (step.done === true) {
          // Two may read at once; what was begun before a change must not take the place of what was begun after it.
          const newer = (this.#detailTouches.get(thread) ?? 0) > touches ? this.#details.get(thread) : undefined;
          if (newer !== undefined) return newer;
          this.#put(thread, step.value, isStale ? busy : null);
          this.#detailTouches.set(thread, touches);
          if (this.#touchesOf(thread) !== touches) this.#stale.add(thread);
          return step.value;
        }
        await pace.breathe();
      }
    } catch (error) {
      if (known !== undefined) this.#stale.add(thread);
      throw error;
    } finally {
      this.#reading.delete(thread);
    }
  }

  /** `staleTook`: milliseconds of reading, where a change had made the one before stale. */
  #put(thread: string, detail: ThreadDetail, staleTook: number | null): void {
    this.#forget(thread);
    if (staleTook !== null) {
      const ended = performance.now();
      this.#staleFrom = Math.min(Math.max(this.#staleFrom, ended) + staleTook * staleShare, ended + longestStale);
    }
    if (!this.#summaries.has(thread)) return;
    this.#details.set(thread, detail);
    this.#counts.set(detail.status, (this.#counts.get(detail.status) ?? 0) + 1);
  }

  #forget(thread: string): void {
    this.#stale.delete(thread);
    const detail = this.#details.get(thread);
    if (detail === undefined) return;
    this.#details.delete(thread);
    const left = (this.#counts.get(detail.status) ?? 1) - 1;
    if (left === 0) this.#counts.delete(detail.status);
    else this.#counts.set(detail.status, left);
  }

  #progress(now: boolean): void {
    const time = performance.now();
    if (!now && time - this.#lastProgress < progressMillis) return;
    this.#lastProgress = time;
    this.#onProgress(this.#summaries.size, this.#complete);
  }

  #newestFirst(): readonly ThreadSummary[] {
    this.#sorted ??= [...this.#summaries.values()].sort(newestFirst);
    return this.#sorted;
  }
}

/** ISO times of one store have one precision, so text order is time order; threads without a time come last. */
export function newestFirst(a: ThreadSummary, b: ThreadSummary): number {
  if (a.updatedAt !== b.updatedAt) {
    if (a.updatedAt === null) return 1;
    if (b.updatedAt === null) return -1;
    return a.updatedAt < b.updatedAt ? 1 : -1;
  }
  return a.thread < b.thread ? -1 : a.thread > b.thread ? 1 : 0;
}

/** One unreadable thread must not hide the others: its row says what is wrong with it. */
export function detailOf(store: Store, thread: string): ThreadDetail {
  try {
    return store.threadDetail(thread);
  } catch (thrown) {
    return unreadable(thread, thrown);
  }
}

function nextOf(thread: string, reading: Generator<number, ThreadDetail, void>): IteratorResult<number, ThreadDetail> {
  try {
    return reading.next();
  } catch (thrown) {
    return { done: true, value: unreadable(thread, thrown) };
  }
}

function unreadable(thread: string, thrown: unknown): ThreadDetail {
  const error = asForkpointError(thrown);
  if (error.code === 'internal') throw error;
  return { thread, namespaces: [], branches: 0, head: null, status: 'unknown', refused: error.message, bytes: null };
}

/** The public thread of a summary and its detail. */
export function joined(summary: ThreadSummary, detail: ThreadDetail): Thread {
  return {
    thread: summary.thread,
    parts: summary.parts === null ? null : [...summary.parts],
    namespaces: [...detail.namespaces],
    checkpoints: summary.checkpoints,
    branches: detail.branches,
    head: detail.head,
    status: detail.status,
    refused: detail.refused,
    updatedAt: summary.updatedAt,
    bytes: detail.bytes,
  };
}
