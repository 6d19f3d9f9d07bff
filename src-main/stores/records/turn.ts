// How long a stretch of reading may take before the caller gets a chance to stop.

const millis = 8;
/** To ask the clock for every line costs as much as to read a short one. */
const bytesBetween = 32 * 1024;

/** One stretch of work over many lines. */
export class Turn {
  readonly #since = performance.now();
  #bytes = 0;

  /** Whether the time is up, after a line of so many bytes. */
  isOver(bytes: number): boolean {
    this.#bytes += bytes;
    if (this.#bytes < bytesBetween) return false;
    this.#bytes = 0;
    return performance.now() - this.#since > millis;
  }
}
