// One suite for every way that messages travel: MessagePort (structured clone, another thread's queue), WebSocket, in process.

import type { AddressInfo } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ForkpointError } from '../../model/errors.ts';
import type { Transport } from '../transport.ts';
import { RpcClient } from './client.ts';
import { decodeMessage, encodeMessage } from './codec.ts';
import { inProcessPair } from './in-process.ts';
import { messagePortTransport } from './message-port.ts';
import type { CallContext, Endpoint } from './messages.ts';
import { serveConnection } from './server.ts';
import { webSocketTransport } from './websocket.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Link {
  /** The client's end and the service's. */
  readonly ends: readonly [Transport, Transport];
  /** Ends the service's side as a crash would: without a word. */
  readonly kill: () => void;
  /** Sends to the client something that is no message, below the transport; null where there is nothing below. */
  readonly garbage: (() => void) | null;
}

const kinds: Readonly<Record<string, () => Promise<Link>>> = {
  'in process': () => {
    const ends = inProcessPair();
    return Promise.resolve({ ends, kill: () => ends[1].close(), garbage: null });
  },
  MessagePort: () => {
    const { port1, port2 } = new MessageChannel();
    closers.push(() => port1.close());
    const ends = [messagePortTransport(port1), messagePortTransport(port2)] as const;
    return Promise.resolve({ ends, kill: () => port2.close(), garbage: () => port2.postMessage('not a frame') });
  },
  WebSocket: async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 64 << 20 });
    closers.push(() => server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const accepted = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
    const ws = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { maxPayload: 64 << 20 });
    const [far] = await Promise.all([accepted, new Promise((resolve) => ws.once('open', resolve))]);
    closers.push(() => ws.terminate());
    const ends = [webSocketTransport(ws), webSocketTransport(far)] as const;
    return { ends, kill: () => far.terminate(), garbage: () => far.send(Buffer.from([9, 9, 9])) };
  },
};

/** A service of the test's own: methods by name, events by hand. */
class FakeEndpoint implements Endpoint {
  readonly methods: Record<string, (params: unknown, context: CallContext) => unknown> = {};
  readonly listeners = new Map<string, (payload: unknown) => void>();

  async call(method: string, params: unknown, context: CallContext): Promise<unknown> {
    const run = this.methods[method];
    if (run === undefined) throw new ForkpointError('usage', 'no such method');
    return await run(params, context);
  }
  subscribe(event: string, listener: (payload: unknown) => void): (() => void) | null {
    this.listeners.set(event, listener);
    return () => this.listeners.delete(event);
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
}

describe.each(Object.entries(kinds))('over %s', (kind, make) => {
  async function start(): Promise<{ client: RpcClient; endpoint: FakeEndpoint; link: Link }> {
    const link = await make();
    const endpoint = new FakeEndpoint();
    serveConnection(link.ends[1], endpoint);
    const client = new RpcClient(() => Promise.resolve(link.ends[0]), { retryMillis: [] });
    closers.push(() => client.close());
    return { client, endpoint, link };
  }

  it('answers calls, many at once, each with its own', async () => {
    const { client, endpoint } = await start();
    endpoint.methods['stores.open'] = async (params) => {
      const { path } = params as { path: string };
      await new Promise((resolve) => setTimeout(resolve, path.length % 3));
      return { store: path };
    };
    const paths = Array.from({ length: 200 }, (_, i) => 'x'.repeat(i));
    const answers = await Promise.all(paths.map((path) => client.call('stores.open', { path })));
    expect(answers.map((a) => a.store)).toEqual(paths);
  });

  it('carries typed arrays and large binaries unchanged', async () => {
    const { client, endpoint } = await start();
    const large = new Uint8Array(20 << 20);
    for (let i = 0; i < large.length; i += 4099) large[i] = i;
    const whole = new Float64Array([0, 1.5, Number.NaN, -0, 2e300, 7]);
    endpoint.methods['raw.bytes'] = () => ({
      bytes: large,
      total: 1,
      more: [new Int32Array([-1, 2]), new Uint32Array([0xffffffff]), whole.subarray(1, 5), new Uint8Array(0)],
    });
    const answer = (await client.call('raw.bytes', { store: '', key: '', part: 0, from: 0, count: 0 })) as unknown as {
      bytes: Uint8Array;
      more: unknown[];
    };
    expect(Buffer.compare(answer.bytes, large)).toBe(0);
    expect(answer.more).toEqual([
      new Int32Array([-1, 2]),
      new Uint32Array([0xffffffff]),
      new Float64Array([1.5, Number.NaN, -0, 2e300]),
      new Uint8Array(0),
    ]);
  });

  it('carries large binaries upwards', async () => {
    const { client, endpoint } = await start();
    let got = 0;
    endpoint.methods['import.upload'] = (params) => {
      got = (params as { chunk: Uint8Array }).chunk.length;
      return { document: 'd' };
    };
    await client.call('import.upload', { document: null, chunk: new Uint8Array(20 << 20), last: true });
    expect(got).toBe(20 << 20);
  });

  it('carries errors with code, sentence and hint; foreign ones become internal', async () => {
    const { client, endpoint } = await start();
    endpoint.methods['formats.list'] = () => {
      throw new ForkpointError('locked', 'Another process is writing.', 'Try again.');
    };
    endpoint.methods['stores.list'] = () => {
      throw new TypeError('oops');
    };
    await expect(client.call('formats.list', {})).rejects.toMatchObject({
      name: 'ForkpointError',
      code: 'locked',
      message: 'Another process is writing.',
      hint: 'Try again.',
    });
    await expect(client.call('stores.list', {})).rejects.toMatchObject({ code: 'internal' });
    await expect(client.call('host.info', {})).rejects.toMatchObject({ code: 'usage' });
  });

  it('cancels at both ends', async () => {
    const { client, endpoint } = await start();
    let ended = false;
    endpoint.methods['host.info'] = (_, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          ended = true;
          reject(new Error('aborted'));
        }),
      );
    const abort = new AbortController();
    const call = client.call('host.info', {}, { signal: abort.signal });
    await new Promise((resolve) => setTimeout(resolve, 20));
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    await until(() => ended);
    await expect(client.call('host.info', {}, { signal: abort.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('reports progress to the caller only', async () => {
    const { client, endpoint } = await start();
    endpoint.methods['host.info'] = async (_, context) => {
      context.progress('reading', 1, 2);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return {};
    };
    const heard: unknown[] = [];
    await Promise.all([
      client.call('host.info', {}, { onProgress: (p) => heard.push([p.text, p.done, p.total]) }),
      client.call('host.info', {}),
    ]);
    expect(heard).toEqual([['reading', 1, 2]]);
  });

  it('subscribes and unsubscribes; payloads of another shape are dropped', async () => {
    const { client, endpoint } = await start();
    const heard: unknown[] = [];
    const stop = client.on('store.changed', (payload) => heard.push(payload));
    await until(() => endpoint.listeners.has('store.changed'));
    endpoint.listeners.get('store.changed')?.({ store: 's', threads: ['a'] });
    endpoint.listeners.get('store.changed')?.({ store: 5 });
    await until(() => heard.length === 1);
    expect(heard).toEqual([{ store: 's', threads: ['a'] }]);
    stop();
    await until(() => !endpoint.listeners.has('store.changed'));
  });

  it('gathers events while the client is slow, and loses none of the threads named', async () => {
    const { client, endpoint } = await start();
    const threads = new Set<string>();
    let events = 0;
    client.on('store.changed', (payload) => {
      events++;
      if (payload.threads !== 'all') for (const thread of payload.threads) threads.add(thread);
    });
    await until(() => endpoint.listeners.has('store.changed'));
    for (let i = 0; i < 5000; i++) endpoint.listeners.get('store.changed')?.({ store: 's', threads: [`t${i}`] });
    await until(() => threads.size === 5000);
    expect(events).toBeLessThan(5000);
  });

  it('holds a sender back while the other side does not take', async () => {
    const [near, far] = (await make()).ends;
    let sent = 0;
    const sending = (async () => {
      for (let i = 0; i < 300; i++) {
        await near.send({ i, bytes: new Uint8Array(64 << 10) });
        sent++;
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 0));
    // The WebSocket's own buffers take what they can; a port and a pair have a window of their own.
    if (kind !== 'WebSocket') expect(sent).toBeLessThan(100);
    const got: number[] = [];
    far.onMessage((message) => got.push((message as { i: number }).i));
    await sending;
    await until(() => got.length === 300);
    expect(got).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  it('rejects what is pending when the service dies, and says so', async () => {
    const { client, endpoint, link } = await start();
    let aborted = false;
    endpoint.methods['host.info'] = (_, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => (aborted = true)));
    const states: boolean[] = [];
    client.onConnection((state) => states.push(state.connected));
    const call = client.call('host.info', {});
    const outcome = expect(call).rejects.toMatchObject({ code: 'io' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    link.kill();
    await outcome;
    expect(states.at(-1)).toBe(false);
    await expect(client.call('host.info', {})).rejects.toMatchObject({ code: 'io' });
    await until(() => aborted);
  });

  it('ends the calls of a client that goes away', async () => {
    const { client, endpoint } = await start();
    let aborted = false;
    endpoint.methods['host.info'] = (_, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => (aborted = true)));
    client.on('store.gone', () => undefined);
    const call = client.call('host.info', {});
    call.catch(() => undefined);
    await until(() => endpoint.listeners.size === 1);
    client.close();
    await until(() => aborted && endpoint.listeners.size === 0);
    await expect(call).rejects.toMatchObject({ code: 'io' });
  });

  it('connects again and subscribes again', async () => {
    const first = await make();
    const second = await make();
    const links = [first, second];
    const endpoint = new FakeEndpoint();
    endpoint.methods['stores.list'] = () => [];
    const client = new RpcClient(
      () => {
        const link = links.shift();
        if (link === undefined) return Promise.reject(new ForkpointError('io', 'no more'));
        serveConnection(link.ends[1], endpoint);
        return Promise.resolve(link.ends[0]);
      },
      { retryMillis: [5] },
    );
    closers.push(() => client.close());
    const heard: unknown[] = [];
    client.on('store.gone', (payload) => heard.push(payload));
    await until(() => endpoint.listeners.size === 1);
    const states: boolean[] = [];
    client.onConnection((state) => states.push(state.connected));
    first.kill();
    await until(() => states.at(-1) === true);
    expect(await client.call('stores.list', {})).toEqual([]);
    await until(() => endpoint.listeners.size === 1);
    endpoint.listeners.get('store.gone')?.({ store: 's', message: 'm' });
    await until(() => heard.length === 1);
  });

  it.each([null, 5, 'call', {}, { t: 'call' }, { t: 'call', id: 1.5, method: 'x', params: {}, progress: false }, []])(
    'ends a connection that speaks another language: %j',
    async (message) => {
      const link = await make();
      serveConnection(link.ends[1], new FakeEndpoint());
      const said: unknown[] = [];
      let closed = false;
      link.ends[0].onMessage((m) => said.push(m));
      link.ends[0].onClose(() => (closed = true));
      await link.ends[0].send(message);
      await until(() => closed);
      expect(said).toMatchObject([{ t: 'bye', error: { code: 'usage' } }]);
    },
  );

  it('survives garbage below the protocol as a lost connection', async () => {
    const { client, endpoint, link } = await start();
    if (link.garbage === null) return;
    endpoint.methods['host.info'] = () => new Promise(() => undefined);
    const call = client.call('host.info', {});
    const outcome = expect(call).rejects.toMatchObject({ code: 'io' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    link.garbage();
    await outcome;
  });

  it('refuses to send what is not plain data, and says so to the caller', async () => {
    if (kind === 'in process') return;
    const { client, endpoint } = await start();
    endpoint.methods['host.info'] = () => ({ run: () => undefined });
    await expect(client.call('host.info', {})).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('the codec', () => {
  const binary = fc.oneof(fc.uint8Array(), fc.int32Array(), fc.uint32Array(), fc.float64Array());
  const { message } = fc.letrec((tie) => ({
    message: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
      binary,
      fc.array(tie('message')),
      fc.dictionary(
        fc.oneof(fc.string(), fc.constant('__proto__'), fc.constant('m'), fc.constant('b')),
        tie('message'),
      ),
    ),
  }));

  it('gives back every message', () => {
    fc.assert(
      fc.property(message, (m) => {
        expect(decodeMessage(encodeMessage(m))).toEqual(m);
      }),
    );
  });

  it('reads from any offset', () => {
    const frame = encodeMessage({ a: new Float64Array([1, 2]) });
    const shifted = new Uint8Array(frame.length + 3);
    shifted.set(frame, 3);
    expect(decodeMessage(shifted.subarray(3))).toEqual({ a: new Float64Array([1, 2]) });
  });

  it('throws io, and nothing else, on any other bytes', () => {
    const frame = encodeMessage({ a: new Uint8Array([1, 2, 3]), b: [new Int32Array(2)] });
    fc.assert(
      fc.property(fc.nat(frame.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const damaged = cut ? frame.slice(0, at) : frame.slice();
        if (!cut) damaged[at] = byte;
        try {
          decodeMessage(damaged);
        } catch (error) {
          expect(error).toMatchObject({ code: 'io' });
        }
      }),
    );
  });

  it('puts binaries nowhere but over a null of the message', () => {
    const forge = (header: unknown): Uint8Array => {
      const text = new TextEncoder().encode(JSON.stringify(header));
      const frame = new Uint8Array(((4 + text.length + 7) & ~7) + 8);
      new DataView(frame.buffer).setUint32(0, text.length, true);
      frame.set(text, 4);
      return frame;
    };
    for (const path of [
      ['__proto__'],
      ['constructor', 'prototype'],
      ['a', 'x'],
      ['b'],
      [0],
      ['a', 0, 'y'],
      [-1],
      [{}],
    ]) {
      expect(() => decodeMessage(forge({ m: { a: [1], b: 'text' }, b: [[path, 'u8', 8]] }))).toThrow(ForkpointError);
    }
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  });
});
