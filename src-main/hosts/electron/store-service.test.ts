// The service's entry as a process of its own: it serves, dies in the middle of a call, and a new one serves.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RpcClient } from '../../../shared/contract/rpc/client.ts';
import type { Transport } from '../../../shared/contract/transport.ts';
import { startServiceChild } from './testing/service-child.ts';
import type { ServiceChild } from './testing/service-child.ts';

const entry = fileURLToPath(new URL('./store-service.ts', import.meta.url));
const fixture = fileURLToPath(new URL('../../../fixtures/sample/support-agent.sqlite', import.meta.url));

let folder: string;
let store: string;
const children: ServiceChild[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forkpoint-service-'));
  store = join(folder, 'store.sqlite');
  copyFileSync(fixture, store);
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill();
    await child.ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

function start(): ServiceChild {
  const child = startServiceChild(entry, { dataFolder: join(folder, 'data'), sample: store });
  children.push(child);
  return child;
}

/** A process that never answers: stopped between two turns of its loop. */
const stop = (pid: number): void => void process.kill(pid, 'SIGSTOP');

it('serves the contract over its port', async () => {
  const child = start();
  const client = new RpcClient(() => Promise.resolve(child.transport), { checkResults: true, retryMillis: [] });
  expect(await client.call('host.info', {})).toMatchObject({ version: '1.2.3', readOnly: false, sample: store });
  const opened = await client.call('stores.open', { path: store });
  expect(opened.info.path).toBe(store);
  const listing = { store: opened.store, search: '', status: null, from: 0, count: 10 } as const;
  expect((await client.call('threads.list', listing)).rows.length).toBe(5);
  client.close();
});

it('killed in the middle of a call: the call fails with a sentence, the next service serves the same store', async () => {
  const first = start();
  const connections: Transport[] = [first.transport];
  const states: boolean[] = [];
  const client = new RpcClient(
    () => {
      const next = connections.shift();
      return next === undefined ? Promise.reject(new Error('not there yet')) : Promise.resolve(next);
    },
    { checkResults: true, retryMillis: [20] },
  );
  client.onConnection(({ connected }) => states.push(connected));
  const { store: id } = await client.call('stores.open', { path: store });

  stop(first.pid);
  const pending = client.call('threads.list', { store: id, search: '', status: null, from: 0, count: 10 });
  const failure = expect(pending).rejects.toMatchObject({ code: 'io', message: expect.stringMatching(/lost.*harmed/) });
  first.kill();
  expect(await first.ended).toBe('SIGKILL');
  await failure;
  expect(states.at(-1)).toBe(false);

  const second = start();
  connections.push(second.transport);
  for (let i = 0; i < 200 && states.at(-1) !== true; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  const again = await client.call('stores.open', { path: store });
  const listing = { store: again.store, search: '', status: null, from: 0, count: 10 } as const;
  expect((await client.call('threads.list', listing)).rows.length).toBe(5);
  client.close();
});

it('ends when it is told to, with nothing left of what it was given', async () => {
  const child = start();
  const client = new RpcClient(() => Promise.resolve(child.transport), { retryMillis: [] });
  await client.call('stores.open', { path: store });
  child.close();
  expect(await child.ended).toBe(0);
  expect(child.said()).toBe('');
  client.close();
});

it('says what it is when it is started by hand', () => {
  const done = spawnSync(process.execPath, [entry], { encoding: 'utf8' });
  expect(done.status).toBe(2);
  expect(done.stderr).toContain('started by the window itself');
});
