// A pair of transports inside one process (the terminal, tests). Messages pass by reference: neither end changes what it got.

import { ForkpointError } from '../../model/errors.ts';
import type { Transport, WireMessage } from '../transport.ts';

/** Messages that may lie undelivered before `send` waits. */
const window = 64;

class End implements Transport {
  peer: End | null = null;
  #listener: ((message: WireMessage) => void) | null = null;
  #closeListener: ((reason: string) => void) | null = null;
  #closed: string | null = null;
  readonly #queue: WireMessage[] = [];
  #delivering = false;
  readonly #waiting: (() => void)[] = [];

  send(message: WireMessage): Promise<void> {
    const peer = this.peer;
    if (this.#closed !== null || peer === null) {
      return Promise.reject(new ForkpointError('io', this.#closed ?? 'The connection is closed.'));
    }
    peer.#queue.push(message);
    peer.#deliver();
    if (peer.#queue.length < window) return Promise.resolve();
    return new Promise((resolve) => peer.#waiting.push(resolve));
  }

  onMessage(listener: (message: WireMessage) => void): void {
    this.#listener = listener;
    this.#deliver();
  }

  onClose(listener: (reason: string) => void): void {
    this.#closeListener = listener;
    const reason = this.#closed;
    if (reason !== null) queueMicrotask(() => listener(reason));
  }

  close(): void {
    this.#end('The connection was closed.');
    if (this.peer !== null) this.peer.#end('The other side closed the connection.');
  }

  #end(reason: string): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    for (const resolve of this.#waiting.splice(0)) resolve();
    const listener = this.#closeListener;
    // What was sent before the end still arrives before the news of it.
    if (listener !== null) queueMicrotask(() => listener(reason));
  }

  #deliver(): void {
    if (this.#delivering || this.#listener === null || this.#queue.length === 0) return;
    this.#delivering = true;
    queueMicrotask(() => {
      this.#delivering = false;
      const listener = this.#listener;
      const message = this.#queue.shift();
      if (this.#queue.length < window) for (const resolve of this.#waiting.splice(0)) resolve();
      this.#deliver();
      if (message !== undefined) listener?.(message);
    });
  }
}

/** Two ends of one connection. */
export function inProcessPair(): readonly [Transport, Transport] {
  const a = new End();
  const b = new End();
  a.peer = b;
  b.peer = a;
  return [a, b];
}
