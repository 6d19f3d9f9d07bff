// A transport over a WebSocket: the browser's and that of `ws`, by what they have in common. Frames are those of `codec.ts`.
// The first message of a client is its token, as text; everything after it is binary.

import { ForkpointError } from '../../model/errors.ts';
import type { Transport, WireMessage } from '../transport.ts';
import { decodeMessage, encodeMessage } from './codec.ts';

export interface SocketLike {
  binaryType: string;
  /** Bytes handed to `send` and not yet on their way. */
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer> | string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
}

/** Bytes that may wait in the socket before `send` waits. */
const highWater = 4 << 20;
const pollMillis = 5;

/** Close codes of ours (4000–4999 is the range for applications). */
export const closeCodes = { token: 4401, malformed: 4400, tooMany: 4429 } as const;

/** Over a socket that is open and, where a token is asked for, accepted. */
export function webSocketTransport(socket: SocketLike): Transport {
  let closed: string | null = null;
  let listener: ((message: WireMessage) => void) | null = null;
  let closeListener: ((reason: string) => void) | null = null;
  const backlog: WireMessage[] = [];
  socket.binaryType = 'arraybuffer';

  function end(reason: string): void {
    if (closed !== null) return;
    closed = reason;
    closeListener?.(reason);
  }
  socket.addEventListener('message', ({ data }) => {
    if (closed !== null) return;
    let message: WireMessage;
    try {
      if (!(data instanceof ArrayBuffer)) throw new ForkpointError('io', 'A message of the connection is not binary.');
      message = decodeMessage(new Uint8Array(data));
    } catch {
      socket.close(closeCodes.malformed, 'malformed message');
      end('The other side sent something that is not a message of this program.');
      return;
    }
    if (listener === null) backlog.push(message);
    else listener(message);
  });
  socket.addEventListener('close', ({ reason }) =>
    end(reason === '' ? 'The other side is gone.' : `The connection ended: ${reason}.`),
  );
  socket.addEventListener('error', () => end('The connection failed.'));

  async function drained(): Promise<void> {
    while (socket.bufferedAmount > highWater) {
      if (closed !== null) throw new ForkpointError('io', closed);
      await new Promise<void>((resolve) => setTimeout(resolve, pollMillis));
    }
  }

  return {
    async send(message) {
      if (closed !== null) throw new ForkpointError('io', closed);
      socket.send(encodeMessage(message));
      if (socket.bufferedAmount > highWater) await drained();
    },
    onMessage(l) {
      listener = l;
      for (const message of backlog.splice(0)) l(message);
    },
    onClose(l) {
      closeListener = l;
      const reason = closed;
      if (reason !== null) queueMicrotask(() => l(reason));
    },
    close() {
      socket.close(1000);
      end('The connection was closed.');
    },
  };
}

/** The client's side: waits for the socket to open, gives the token, waits for the word that it was taken. Rejects with `io`. */
export function connectWebSocket(socket: SocketLike, token: string): Promise<Transport> {
  return new Promise((resolve, reject) => {
    let settled = false;
    const fail = (sentence: string): void => {
      if (settled) return;
      settled = true;
      reject(new ForkpointError('io', sentence, 'Open the address that the program printed at its start.'));
    };
    socket.addEventListener('open', () => socket.send(JSON.stringify({ token })));
    socket.addEventListener('message', ({ data }) => {
      if (settled) return;
      if (data !== 'ok') {
        socket.close(closeCodes.malformed, 'unexpected greeting');
        return fail('The other side did not answer like this program.');
      }
      settled = true;
      resolve(webSocketTransport(socket));
    });
    socket.addEventListener('close', ({ code }) =>
      fail(
        code === closeCodes.token
          ? 'The program did not accept this window: its token is not valid.'
          : 'The program cannot be reached.',
      ),
    );
    socket.addEventListener('error', () => fail('The program cannot be reached.'));
  });
}
