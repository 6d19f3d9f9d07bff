// The window's way to the service over ports that main hands out, when the service dies before, during and after.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DesktopBridge } from '../../shared/contract/desktop.ts';
import { RpcClient } from '../../shared/contract/rpc/client.ts';
import { messagePortTransport } from '../../shared/contract/rpc/message-port.ts';
import { serveConnection } from '../../shared/contract/rpc/server.ts';
import { portConnector } from './desktop.ts';

type Heard = { source: unknown; data: unknown; ports: readonly MessagePort[] };

/** The page, main and the service in one: ports are given when main feels like it. */
class Desk {
  readonly far: MessagePort[] = [];
  asked = 0;
  serving = true;
  hear: (event: Heard) => void = () => undefined;
  gone: (sentence: string) => void = () => undefined;
  readonly page = {
    addEventListener: (_type: 'message', listener: (event: Heard) => void) => {
      this.hear = listener;
    },
  };
  readonly bridge: DesktopBridge<File> = {
    chooseStore: () => Promise.resolve(null),
    pathOfDrop: () => null,
    onOpen: () => () => undefined,
    onDocument: () => () => undefined,
    requestPort: () => {
      this.asked++;
      if (this.serving) this.give();
    },
    onServiceGone: (listener) => {
      this.gone = listener;
      return () => undefined;
    },
    offerActions: () => undefined,
    onAction: () => () => undefined,
    noteOpened: () => undefined,
  };
  give(source: unknown = this.page): void {
    const { port1, port2 } = new MessageChannel();
    this.far.push(port1);
    serveConnection(messagePortTransport(port1), {
      call: (method) =>
        method === 'stores.list' ? Promise.resolve([]) : new Promise((resolve) => void setTimeout(resolve, 60_000)),
      subscribe: () => null,
    });
    this.hear({ source, data: 'fp:port', ports: [port2] });
  }
}

let desk: Desk;
let client: RpcClient;
const states: { readonly connected: boolean; readonly reason: string | null }[] = [];
beforeEach(() => {
  desk = new Desk();
  states.length = 0;
  client = new RpcClient(portConnector(desk.bridge, desk.page), { retryMillis: [5] });
  client.onConnection((state) => states.push(state));
});
afterEach(() => {
  client.close();
  for (const port of desk.far) port.close();
});

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
}

it('asks for a port and speaks over it; a port from elsewhere is not one', async () => {
  expect(await client.call('stores.list', {})).toEqual([]);
  expect(desk.asked).toBe(1);
  desk.serving = false;
  const other = new Desk();
  const connect = portConnector(other.bridge, other.page);
  other.serving = false;
  let connected = false;
  const connecting = connect().then((transport) => {
    connected = true;
    return transport;
  });
  other.give('a frame');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(connected).toBe(false);
  other.give();
  (await connecting).close();
});

describe('the service ends', () => {
  it('while a call runs: the call fails with main’s sentence, and the next service answers', async () => {
    await client.call('stores.list', {});
    const pending = expect(client.call('formats.list', {})).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('It stopped (code 9).'),
    });
    desk.serving = false;
    desk.gone('It stopped (code 9).');
    await pending;
    expect(states.at(-1)).toEqual({ connected: false, reason: 'It stopped (code 9).' });
    await until(() => desk.asked === 2);
    desk.give();
    await until(() => states.at(-1)?.connected === true);
    expect(await client.call('stores.list', {})).toEqual([]);
  });

  it('and the port is noticed first: the sentence is shown all the same', async () => {
    await client.call('stores.list', {});
    desk.serving = false;
    desk.far[0]?.close();
    await until(() => states.at(-1)?.connected === false);
    desk.gone('It stopped (code 9).');
    await until(() => states.at(-1)?.reason === 'It stopped (code 9).');
    await until(() => desk.asked >= 2);
    desk.give();
    await until(() => states.at(-1)?.connected === true);
  });
});
