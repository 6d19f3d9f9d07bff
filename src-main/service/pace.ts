// Long work in one thread with calls waiting: it stops to breathe, and it hears when nobody wants it any more.

import { setTimeout as sleep } from 'node:timers/promises';
import { ForkpointError } from '../../shared/model/errors.ts';

/** Milliseconds of the service's thread that work may take before others get their turn. */
const turn = 8;
/** The same of work that nobody waits for, and how long it then rests: serving a file of the window alone takes six turns of others. */
const idleTurn = 4;
const idleRest = 4;

export class Pace {
  readonly #signal: AbortSignal | null;
  readonly #isIdle: boolean;
  #since = performance.now();

  /** `isIdle`: nobody waits for the work. */
  constructor(signal: AbortSignal | null, isIdle = false) {
    this.#signal = signal;
    this.#isIdle = isIdle;
  }

  /** To be called between small pieces of work. Throws `cancelled` once the call was cancelled. */
  async breathe(): Promise<void> {
    this.check();
    if (performance.now() - this.#since < (this.#isIdle ? idleTurn : turn)) return;
    if (this.#isIdle) await sleep(idleRest);
    else await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
    this.check();
  }

  check(): void {
    if (this.#signal?.aborted === true) throw new ForkpointError('cancelled', 'The call was cancelled.');
  }

  /** Milliseconds of this turn that are used up. */
  get spent(): number {
    return performance.now() - this.#since;
  }
}
