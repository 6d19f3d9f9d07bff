// A transport over a MessagePort: the DOM's, Node's (worker_threads) and Electron's MessagePortMain, by what they have in common.
//
// A port tells neither how much lies unread at the other side nor (in older engines) that the other side is gone. So frames are
// `[0, message]`, `[1, n]` (n messages were taken: the sender may go on) and `[2]` (goodbye).

import { ForkpointError } from '../../model/errors.ts';
import type { Transport, WireMessage } from '../transport.ts';

/** The DOM's and Node's port. */
interface EventPort {
  postMessage(message: unknown): void;
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
  start(): void;
  close(): void;
}
/** Electron's MessagePortMain. */
interface EmitterPort {
  postMessage(message: unknown): void;
  on(type: string, listener: (event: { readonly data?: unknown }) => void): unknown;
  start(): void;
  close(): void;
}
export type PortLike = EventPort | EmitterPort;

/** Messages in flight before `send` waits for the peer to take some. */
const window = 64;

/**
 * `whenGone` hands a host that notices the end of the other side by itself (a process that died) the way to say so; the port's own
 * `close` may come later or not at all.
 */
export function messagePortTransport(port: PortLike, whenGone?: (end: (reason: string) => void) => void): Transport {
  let inFlight = 0;
  let untold = 0;
  let closed: string | null = null;
  let listener: ((message: WireMessage) => void) | null = null;
  let closeListener: ((reason: string) => void) | null = null;
  const backlog: WireMessage[] = [];
  const waiting: { resolve: () => void; reject: (error: ForkpointError) => void }[] = [];

  function end(reason: string): void {
    if (closed !== null) return;
    closed = reason;
    for (const w of waiting.splice(0)) w.reject(new ForkpointError('io', reason));
    closeListener?.(reason);
  }
  function take(message: WireMessage): void {
    untold++;
    if (untold >= window / 4) {
      port.postMessage([1, untold]);
      untold = 0;
    }
    listener?.(message);
  }
  function onFrame(event: { readonly data?: unknown }): void {
    if (closed !== null) return;
    const frame = event.data;
    if (Array.isArray(frame) && frame[0] === 0 && frame.length === 2) {
      if (listener === null) backlog.push(frame[1]);
      else take(frame[1]);
    } else if (Array.isArray(frame) && frame[0] === 1 && Number.isSafeInteger(frame[1])) {
      inFlight = Math.max(0, inFlight - Number(frame[1]));
      if (inFlight < window) for (const w of waiting.splice(0)) w.resolve();
    } else if (Array.isArray(frame) && frame[0] === 2) {
      port.close();
      end('The other side closed the connection.');
    } else {
      port.postMessage([2]);
      port.close();
      end('The other side sent something that is not a message of this program.');
    }
  }

  const onGone = (): void => end('The other side is gone.');
  if ('addEventListener' in port) {
    port.addEventListener('message', onFrame);
    port.addEventListener('close', onGone);
    port.addEventListener('messageerror', () => onFrame({ data: null }));
  } else {
    port.on('message', onFrame);
    port.on('close', onGone);
  }
  whenGone?.((reason) => {
    if (closed === null) port.close();
    end(reason);
  });
  port.start();

  return {
    send(message) {
      if (closed !== null) return Promise.reject(new ForkpointError('io', closed));
      try {
        port.postMessage([0, ownViews(message)]);
      } catch (cause) {
        return Promise.reject(new ForkpointError('internal', 'A message could not be sent.', null, { cause }));
      }
      inFlight++;
      if (inFlight < window) return Promise.resolve();
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    onMessage(l) {
      listener = l;
      for (const message of backlog.splice(0)) take(message);
    },
    onClose(l) {
      closeListener = l;
      const reason = closed;
      if (reason !== null) queueMicrotask(() => l(reason));
    },
    close() {
      if (closed !== null) return;
      port.postMessage([2]);
      port.close();
      end('The connection was closed.');
    },
  };
}

/** Cloning a view clones the whole buffer under it: 20 bytes of a 100 MB state would cost 100 MB. So partial views are copied first. */
function ownViews(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) {
    if (value.byteLength === value.buffer.byteLength) return value;
    return 'slice' in value && typeof value.slice === 'function' ? ownedCopy(value) : value;
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const owned = ownViews(value[i]);
      if (owned !== value[i]) return value.map(ownViews);
    }
    return value;
  }
  const entries = Object.entries(value);
  return entries.some(([, v]) => ownViews(v) !== v)
    ? Object.fromEntries(entries.map(([k, v]) => [k, ownViews(v)]))
    : value;
}

function ownedCopy(view: ArrayBufferView): ArrayBufferView {
  const bytes = new Uint8Array(view.byteLength);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  if (view instanceof Int32Array) return new Int32Array(bytes.buffer);
  if (view instanceof Uint32Array) return new Uint32Array(bytes.buffer);
  if (view instanceof Float64Array) return new Float64Array(bytes.buffer);
  return bytes;
}
