// The client's side: typed calls with cancellation, subscriptions that outlive a lost connection, and a word when it is lost or back.

import { ForkpointError } from '../../model/errors.ts';
import type { EventName, EventOf, MethodName, Params, Result } from '../methods.ts';
import { events, methods } from '../methods.ts';
import type { CallOptions, ServiceClient } from '../service.ts';
import type { Transport } from '../transport.ts';
import type { ClientMessage } from './messages.ts';
import { ServerMessage } from './messages.ts';

export interface RpcClientOptions {
  /** Waits between attempts to connect again, in milliseconds, the last one repeated; empty: a lost connection stays lost. */
  readonly retryMillis?: readonly number[];
  /** Checks results against their schemas as well: for development and tests, since states may be large. */
  readonly checkResults?: boolean;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: ForkpointError): void;
  readonly method: MethodName;
  readonly onProgress: ((progress: EventOf<'call.progress'>) => void) | undefined;
}

const defaultRetry = [250, 500, 1000, 2000, 5000] as const;

export class RpcClient implements ServiceClient {
  readonly #connect: () => Promise<Transport>;
  readonly #retry: readonly number[];
  readonly #checkResults: boolean;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<EventName, Set<(payload: unknown) => void>>();
  readonly #connectionListeners = new Set<(s: { connected: boolean; reason: string | null }) => void>();
  #transport: Promise<Transport>;
  #nextId = 1;
  #closed = false;
  #timer: unknown = null;

  constructor(connect: () => Promise<Transport>, options: RpcClientOptions = {}) {
    this.#connect = connect;
    this.#retry = options.retryMillis ?? defaultRetry;
    this.#checkResults = options.checkResults ?? false;
    this.#transport = this.#attempt(0);
  }

  async call<M extends MethodName>(method: M, params: Params<M>, options: CallOptions = {}): Promise<Result<M>> {
    const { signal, onProgress } = options;
    const cancelled = (): ForkpointError => new ForkpointError('cancelled', 'The call was cancelled.');
    if (this.#closed) throw new ForkpointError('io', 'The connection was closed.');
    if (isAborted(signal)) throw cancelled();
    const transport = await this.#transport;
    if (isAborted(signal)) throw cancelled();
    const id = this.#nextId++;
    return await new Promise<Result<M>>((resolve, reject) => {
      const onAbort = (): void => {
        if (!this.#pending.delete(id)) return;
        transport.send({ t: 'cancel', id } satisfies ClientMessage).catch(() => undefined);
        reject(cancelled());
      };
      const settle = (): void => signal?.removeEventListener('abort', onAbort);
      this.#pending.set(id, {
        method,
        onProgress,
        resolve: (value) => {
          settle();
          // The service answers by the same map of methods; development and tests check it (see `checkResults`).
          resolve(value as Result<M>);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      const message = { t: 'call', id, method, params, progress: onProgress !== undefined } satisfies ClientMessage;
      transport.send(message).catch((error: unknown) => {
        const pending = this.#pending.get(id);
        this.#pending.delete(id);
        pending?.reject(error instanceof ForkpointError ? error : lost(String(error)));
      });
    });
  }

  on<E extends EventName>(event: E, listener: (payload: EventOf<E>) => void): () => void {
    let set = this.#listeners.get(event);
    if (set === undefined) {
      set = new Set();
      this.#listeners.set(event, set);
      this.#tell({ t: 'subscribe', event });
    }
    const checked = (payload: unknown): void => {
      const parsed = events[event].safeParse(payload);
      if (parsed.success) listener(parsed.data as EventOf<E>);
    };
    set.add(checked);
    return () => {
      set.delete(checked);
      if (set.size > 0 || this.#listeners.get(event) !== set) return;
      this.#listeners.delete(event);
      this.#tell({ t: 'unsubscribe', event });
    };
  }

  onConnection(listener: (state: { readonly connected: boolean; readonly reason: string | null }) => void): () => void {
    this.#connectionListeners.add(listener);
    return () => this.#connectionListeners.delete(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#transport.then(
      (t) => t.close(),
      () => undefined,
    );
    this.#rejectAll('The connection was closed.');
  }

  #attempt(attempt: number): Promise<Transport> {
    const connecting = this.#connect().then((transport) => {
      if (this.#closed) {
        transport.close();
        throw new ForkpointError('io', 'The connection was closed.');
      }
      transport.onMessage((message) => this.#receive(message, transport));
      transport.onClose((reason) => this.#lose(reason));
      for (const event of this.#listeners.keys()) {
        transport.send({ t: 'subscribe', event } satisfies ClientMessage).catch(() => undefined);
      }
      this.#announce(true, null);
      return transport;
    });
    connecting.catch((error: unknown) => {
      if (this.#closed) return;
      this.#announce(false, error instanceof Error ? error.message : String(error));
      this.#again(attempt);
    });
    return connecting;
  }

  #again(attempt: number): void {
    const wait = this.#retry[Math.min(attempt, this.#retry.length - 1)];
    if (wait === undefined || this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#closed) this.#transport = this.#attempt(attempt + 1);
    }, wait);
  }

  #lose(reason: string): void {
    if (this.#closed) return;
    // Until it is back, calls fail at once instead of waiting for nobody.
    this.#transport = Promise.reject(lost(reason));
    this.#transport.catch(() => undefined);
    this.#rejectAll(reason);
    this.#announce(false, reason);
    this.#again(0);
  }

  #rejectAll(reason: string): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const p of pending) p.reject(lost(reason));
  }

  #announce(connected: boolean, reason: string | null): void {
    for (const listener of this.#connectionListeners) listener({ connected, reason });
  }

  #tell(message: ClientMessage): void {
    // A connection that is not there yet subscribes when it comes.
    this.#transport.then(
      (t) => t.send(message).catch(() => undefined),
      () => undefined,
    );
  }

  #receive(raw: unknown, transport: Transport): void {
    const parsed = ServerMessage.safeParse(raw);
    if (!parsed.success) {
      transport.close();
      this.#lose('The service sent something that this version does not understand.');
      return;
    }
    const message = parsed.data;
    switch (message.t) {
      case 'result':
      case 'error': {
        const pending = this.#pending.get(message.id);
        if (pending === undefined) return;
        this.#pending.delete(message.id);
        if (message.t === 'error') return pending.reject(ForkpointError.fromShape(message.error));
        if (this.#checkResults && !methods[pending.method].result.safeParse(message.value).success) {
          return pending.reject(
            new ForkpointError('internal', `The answer to ${pending.method} has not the agreed shape.`),
          );
        }
        return pending.resolve(message.value);
      }
      case 'event': {
        if (message.event === 'call.progress') {
          const progress = events['call.progress'].safeParse(message.payload);
          if (progress.success) this.#pending.get(progress.data.call)?.onProgress?.(progress.data);
        }
        if (!Object.hasOwn(events, message.event)) return;
        for (const listener of this.#listeners.get(message.event as EventName) ?? []) listener(message.payload);
        return;
      }
      case 'bye':
        this.#lose(message.error.message);
        transport.close();
        return;
    }
  }
}

/** Asked anew each time: it may change while we wait. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function lost(reason: string): ForkpointError {
  return new ForkpointError(
    'io',
    `The connection to the service was lost: ${reason} Nothing in your store was harmed by this.`,
    'Try again.',
  );
}
