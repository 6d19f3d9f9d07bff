// The store service in a process of its own: started, given a port for each window that asks, started again when it ends, with longer
// and longer waits. Main only introduces the two sides; what they say to each other does not pass through it.

import { MessageChannelMain, utilityProcess } from 'electron';
import type { MessagePortMain, UtilityProcess } from 'electron';

/** First message of each port; the port comes with it. */
export const connectMessage = 'connect';
/** Ends the service when what it is doing is done. */
export const closeMessage = 'close';

/** Waits before the next start, by how often it has ended soon after the last one. */
const backOffMillis = [0, 250, 1000, 3000] as const;
/** A service that ran so long is healthy: counting begins anew. */
const healthyMillis = 30_000;
const closeMillis = 3000;

export interface ServiceProcessOptions {
  /** The built entry. */
  readonly entry: string;
  /** Its one argument. */
  readonly settings: string;
  /** It ended, with a sentence for people; `again` is false when it is not started any more. */
  onGone(sentence: string, again: boolean): void;
  readonly now?: () => number;
}

export class ServiceProcess {
  readonly #options: ServiceProcessOptions;
  readonly #now: () => number;
  #child: UtilityProcess | null = null;
  #running = false;
  #closing = false;
  #startedAt = 0;
  #soonEnds = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Who asked for a port while there was nobody to connect to; by asker, because only the last request of one counts. */
  readonly #waiting = new Map<number, (port: MessagePortMain) => void>();

  constructor(options: ServiceProcessOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** After `ready`. Also the way to begin anew after the last attempt was given up. */
  start(): void {
    if (this.#child !== null || this.#closing) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#startedAt = this.#now();
    const child = utilityProcess.fork(this.#options.entry, [this.#options.settings], {
      serviceName: 'forkpoint-store',
      stdio: 'pipe',
    });
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => process.stdout.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk));
    child.once('spawn', () => {
      this.#running = true;
      for (const give of this.#waiting.values()) this.#introduce(child, give);
      this.#waiting.clear();
    });
    child.once('exit', (code) => this.#onExit(code));
  }

  /** Starts counting failures anew: the person asked for it. */
  startAgain(): void {
    this.#soonEnds = 0;
    this.start();
  }

  /** Gives a fresh port to the running service, now or when there is one again. */
  connect(asker: number, give: (port: MessagePortMain) => void): void {
    if (this.#running && this.#child !== null) this.#introduce(this.#child, give);
    else this.#waiting.set(asker, give);
  }

  /** Resolves when the process has ended: by itself, or made to after three seconds. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const timer = setTimeout(() => child.kill(), closeMillis);
    child.postMessage(closeMessage);
    await ended;
    clearTimeout(timer);
  }

  #introduce(child: UtilityProcess, give: (port: MessagePortMain) => void): void {
    const { port1, port2 } = new MessageChannelMain();
    child.postMessage(connectMessage, [port1]);
    give(port2);
  }

  #onExit(code: number): void {
    this.#child = null;
    this.#running = false;
    if (this.#closing) return;
    this.#soonEnds = this.#now() - this.#startedAt < healthyMillis ? this.#soonEnds + 1 : 1;
    const wait = backOffMillis[this.#soonEnds - 1];
    if (wait === undefined) {
      this.#soonEnds = 0;
      this.#options.onGone(
        `The store service stopped ${backOffMillis.length + 1} times in a row (last with code ${code}).`,
        false,
      );
      return;
    }
    this.#options.onGone(`The store service stopped unexpectedly (code ${code}) and is being started again.`, true);
    this.#timer = setTimeout(() => this.start(), wait);
  }
}
