// Long work in one thread with calls waiting: it stops to breathe, and it hears when nobody wants it any more.

import { ForkpointError } from '../../shared/model/errors.ts';

/** Milliseconds of the service's thread that work may take before others get their turn. */
const turn = 15;

export class Pace {
  readonly #signal: AbortSignal | null;
  #since = performance.now();

  constructor(signal: AbortSignal | null) {
    this.#signal = signal;
  }

  /** To be called between small pieces of work. Throws `cancelled` once the call was cancelled. */
  async breathe(): Promise<void> {
    this.check();
    if (performance.now() - this.#since < turn) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
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
