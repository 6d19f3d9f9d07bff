// The service's side of a connection: takes calls, answers, passes events on. One per connection; knows no method by name.

import { asForkpointError, ForkpointError } from '../../model/errors.ts';
import type { Transport } from '../transport.ts';
import type { Endpoint, ServerMessage } from './messages.ts';
import { ClientMessage } from './messages.ts';

/** Calls that one connection may have running; more are refused with `busy`. */
const maxRunning = 256;

/** Returns the stop function. Everything of the connection (calls, subscriptions) ends when the transport closes. */
export function serveConnection(transport: Transport, endpoint: Endpoint): () => void {
  const running = new Map<number, AbortController>();
  const subscriptions = new Map<string, () => void>();
  let open = true;

  // Events wait here while the peer is slow, one per event and store: a slow window gets the newest news, not all of it.
  const waiting = new Map<string, { event: string; payload: unknown }>();
  let pumping = false;

  function stop(): void {
    if (!open) return;
    open = false;
    for (const abort of running.values()) abort.abort();
    for (const end of subscriptions.values()) end();
    running.clear();
    subscriptions.clear();
    waiting.clear();
  }
  async function send(message: ServerMessage): Promise<void> {
    if (open) await transport.send(message);
  }
  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    try {
      for (const [key, event] of waiting) {
        waiting.delete(key);
        await send({ t: 'event', ...event });
      }
    } catch {
      stop();
    } finally {
      pumping = false;
    }
  }
  function emit(event: string, payload: unknown): void {
    const key = `${event} ${subjectOf(payload)}`;
    const earlier = waiting.get(key);
    waiting.set(key, {
      event,
      payload: earlier === undefined ? payload : mergeEvents(event, earlier.payload, payload),
    });
    void pump();
  }

  async function run(id: number, method: string, params: unknown, wantsProgress: boolean): Promise<void> {
    const abort = new AbortController();
    running.set(id, abort);
    let answer: ServerMessage;
    try {
      const value = await endpoint.call(method, params, {
        signal: abort.signal,
        progress: (text, done, total) => {
          if (wantsProgress && running.has(id)) emit('call.progress', { call: id, text, done, total });
        },
      });
      answer = { t: 'result', id, value };
    } catch (thrown) {
      const error = abort.signal.aborted
        ? new ForkpointError('cancelled', 'The call was cancelled.')
        : asForkpointError(thrown);
      answer = { t: 'error', id, error: error.toShape() };
    }
    if (!running.delete(id)) return;
    waiting.delete(`call.progress ${id}`);
    try {
      await send(answer);
    } catch (thrown) {
      // A result that cannot be encoded is our fault, and the caller must hear of it; a lost connection ends by itself.
      const error = asForkpointError(thrown);
      if (error.code === 'internal') await send({ t: 'error', id, error: error.toShape() }).catch(stop);
      else stop();
    }
  }

  transport.onMessage((raw) => {
    if (!open) return;
    const parsed = ClientMessage.safeParse(raw);
    if (!parsed.success) {
      const error = new ForkpointError(
        'usage',
        'The connection was ended: it sent something that is not a message of this program.',
      );
      void send({ t: 'bye', error: error.toShape() })
        .catch(() => undefined)
        .finally(() => {
          stop();
          transport.close();
        });
      return;
    }
    const message = parsed.data;
    switch (message.t) {
      case 'call':
        if (running.has(message.id)) return;
        if (running.size >= maxRunning) {
          const error = new ForkpointError(
            'busy',
            'Too many calls are running on this connection.',
            'Wait for some of them.',
          );
          void send({ t: 'error', id: message.id, error: error.toShape() }).catch(stop);
          return;
        }
        void run(message.id, message.method, message.params, message.progress);
        return;
      case 'cancel':
        running.get(message.id)?.abort();
        return;
      case 'subscribe': {
        if (subscriptions.has(message.event)) return;
        const end = endpoint.subscribe(message.event, (payload) => emit(message.event, payload));
        if (end !== null) subscriptions.set(message.event, end);
        return;
      }
      case 'unsubscribe':
        subscriptions.get(message.event)?.();
        subscriptions.delete(message.event);
        return;
    }
  });
  transport.onClose(stop);
  return () => {
    stop();
    transport.close();
  };
}

function member(payload: unknown, name: string): unknown {
  return typeof payload === 'object' && payload !== null && Object.hasOwn(payload, name)
    ? (payload as Record<string, unknown>)[name]
    : undefined;
}

function subjectOf(payload: unknown): string {
  const subject = member(payload, 'store') ?? member(payload, 'call');
  return typeof subject === 'string' || typeof subject === 'number' ? String(subject) : '';
}

/** Two changes of a store are one change of all its threads that either named; of everything else the newest counts. */
function mergeEvents(event: string, earlier: unknown, later: unknown): unknown {
  if (event !== 'store.changed') return later;
  const a = member(earlier, 'threads');
  const b = member(later, 'threads');
  const threads = Array.isArray(a) && Array.isArray(b) ? [...new Set<unknown>([...a, ...b])] : 'all';
  return { ...(later as object), threads };
}
