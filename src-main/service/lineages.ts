// Lineages of one open store: read once per thread, extended when the thread grows, bounded by points in memory.

import { randomBytes } from 'node:crypto';
import { ForkpointError } from '../../shared/model/errors.ts';
import type { Lineage } from '../../shared/model/lineage.ts';
import type { Store } from '../stores/store.ts';
import { Pace } from './pace.ts';
import { WeightedCache } from './weighted-cache.ts';

/** Points kept over all threads: about 90 bytes each, so at most some 45 MB (one thread that is larger stays alone). */
const maxPoints = 500_000;

interface Reading {
  readonly promise: Promise<Lineage>;
  readonly abort: AbortController;
  /** Who waits for it; none of them gives it up. */
  wanted: number;
  /** Read ahead: it leaves the service's thread to all others until somebody waits for it. */
  isIdle: boolean;
  readonly counting: ((points: number) => void)[];
}

export class Lineages {
  readonly #store: Store;
  readonly #cache = new WeightedCache<Lineage>(maxPoints);
  /** Threads that changed; `anew` where it is unknown how, so that what was read may not be extended. */
  readonly #stale = new Map<string, 'extend' | 'anew'>();
  /** Names the line that a lineage is of (see `shared/contract/lineage-page.ts`); never the same in two runs of the service. */
  readonly #lines = new WeakMap<Lineage, string>();
  readonly #reading = new Map<string, Reading>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The lineage that was last given for a thread, as it was then: indices of a window refer to it. */
  given(thread: string): Lineage | undefined {
    return this.#cache.get(thread);
  }

  /** The line of a lineage that was got here. */
  lineOf(lineage: Lineage): string {
    let line = this.#lines.get(lineage);
    if (line === undefined) {
      line = randomBytes(9).toString('base64url');
      this.#lines.set(lineage, line);
    }
    return line;
  }

  /**
   * As it stands now. Callers that ask at the same time share one reading, which ends when the last of them gives up. `isIdle`: nobody
   * waits for it yet.
   */
  async get(thread: string, signal: AbortSignal, onCount?: (points: number) => void, isIdle = false): Promise<Lineage> {
    if (signal.aborted) throw cancelledCall();
    const known = this.#cache.get(thread);
    if (known !== undefined && !this.#stale.has(thread)) return known;
    let reading = this.#reading.get(thread);
    if (reading === undefined) {
      const previous = this.#stale.get(thread) === 'anew' ? undefined : known;
      this.#stale.delete(thread);
      reading = this.#begin(thread, previous, isIdle);
    }
    reading.isIdle &&= isIdle;
    if (onCount !== undefined) reading.counting.push(onCount);
    const mine = reading;
    mine.wanted++;
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      mine.wanted--;
      if (mine.wanted > 0) return;
      mine.abort.abort();
      if (this.#reading.get(thread) === mine) this.#reading.delete(thread);
    };
    let onAbort = leave;
    const cancelled = new Promise<never>((_, reject) => {
      onAbort = () => {
        leave();
        reject(cancelledCall());
      };
    });
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([mine.promise, cancelled]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  touch(threads: readonly string[] | 'all'): void {
    if (threads === 'all') {
      for (const thread of [...this.#cache.keys(), ...this.#reading.keys()]) this.#stale.set(thread, 'anew');
    } else {
      for (const thread of threads) if (!this.#stale.has(thread)) this.#stale.set(thread, 'extend');
    }
  }

  /** Ends every reading; for a store that is being closed. */
  stop(): void {
    for (const reading of this.#reading.values()) reading.abort.abort();
    this.#reading.clear();
    this.#cache.clear();
  }

  #begin(thread: string, previous: Lineage | undefined, isIdle: boolean): Reading {
    const { promise, resolve, reject } = Promise.withResolvers<Lineage>();
    const reading: Reading = { promise, abort: new AbortController(), wanted: 0, isIdle, counting: [] };
    promise.catch(() => undefined);
    this.#reading.set(thread, reading);
    this.#read(thread, previous, reading)
      .then(resolve, reject)
      .finally(() => {
        if (this.#reading.get(thread) === reading) this.#reading.delete(thread);
      });
    return reading;
  }

  async #read(thread: string, previous: Lineage | undefined, reading: Reading): Promise<Lineage> {
    const { signal } = reading.abort;
    const pace = new Pace(signal);
    const idle = new Pace(signal, true);
    try {
      const generator = this.#store.lineage(thread, previous);
      for (;;) {
        const step = generator.next();
        if (step.done === true) {
          const last = this.#cache.get(thread);
          if (last !== undefined && beginsWith(step.value, last)) this.#lines.set(step.value, this.lineOf(last));
          this.#cache.set(thread, step.value, step.value.count);
          return step.value;
        }
        for (const count of reading.counting) count(step.value);
        await (reading.isIdle ? idle : pace).breathe();
      }
    } catch (error) {
      this.#stale.set(thread, 'anew');
      throw error;
    }
  }
}

/** Whether `before` is the first part of `after`, in all that belongs to its points. Compares memory: 4 ms for 200,000 points. */
function beginsWith(after: Lineage, before: Lineage): boolean {
  const n = before.count;
  if (after.count < n) return false;
  const textBytes = before.ids.offsets[n] ?? 0;
  return (
    sameFirst(after.ids.offsets, before.ids.offsets, n + 1) &&
    sameFirst(after.ids.bytes, before.ids.bytes, textBytes) &&
    columns.every((name) => sameFirst(after[name], before[name], n)) &&
    before.reasons.every((text, i) => text === after.reasons[i]) &&
    before.namespaces.every((text, i) => text === after.namespaces[i])
  );
}

const columns = ['nth', 'parent', 'link', 'reason', 'namespace', 'host', 'time', 'step', 'bytes'] as const;

type Column = Uint8Array | Int32Array | Uint32Array | Float64Array;

function sameFirst(a: Column, b: Column, count: number): boolean {
  const bytesOf = (column: Column): Buffer =>
    Buffer.from(column.buffer, column.byteOffset, Math.min(count, column.length) * column.BYTES_PER_ELEMENT);
  return bytesOf(a).equals(bytesOf(b));
}

function cancelledCall(): ForkpointError {
  return new ForkpointError('cancelled', 'The call was cancelled.');
}
