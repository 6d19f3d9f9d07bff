// The key of an encrypted store: from the environment or given by a person, kept in memory, and found nowhere else.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RpcClient } from '../../shared/contract/rpc/client.ts';
import { inProcessPair } from '../../shared/contract/rpc/in-process.ts';
import { serveConnection } from '../../shared/contract/rpc/server.ts';
import { runForkpoint, type Ran } from '../hosts/cli/testing/run.ts';
import type { Workplace } from '../operations/testing/genuine-store.ts';
import { workplace } from '../operations/testing/genuine-store.ts';
import { Service } from './service.ts';

const key = '1234567890123456';
const variable = 'LANGGRAPH_AES_KEY';
let place: Workplace;
let service: Service;
let client: RpcClient;
let path = '';

beforeEach(() => {
  delete process.env[variable];
  place = workplace();
  path = place.copy('langgraph-py/py-encrypted.sqlite');
  service = new Service({ version: '1', readOnly: false, dataFolder: place.dataFolder });
  const [near, far] = inProcessPair();
  serveConnection(far, service);
  client = new RpcClient(() => Promise.resolve(near), { checkResults: true, retryMillis: [] });
});
afterEach(() => {
  delete process.env[variable];
  delete process.env['FORKPOINT_DATA'];
  client.close();
  service.close();
  place.done();
});

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => statSync(name).isFile());
}

const run = (...args: string[]): Promise<Ran> => runForkpoint(args);

it('is asked for, refused if it does not fit, and opens what was closed', async () => {
  const { store, info } = await client.call('stores.open', { path });
  expect(info.sealed).toEqual({ cipher: 'aes', open: false, variable });
  await expect(client.call('stores.unlock', { store, key: '6543210987654321' })).rejects.toMatchObject({
    code: 'bad_value',
    message: expect.not.stringContaining('6543210987654321'),
  });
  expect(await client.call('thread.get', { store, thread: 't' })).toMatchObject({
    status: 'unknown',
    refused: expect.stringContaining('encrypted'),
  });
  const events: unknown[] = [];
  client.on('store.changed', (event) => events.push(event));
  const opened = await client.call('stores.unlock', { store, key });
  expect(opened.info.sealed).toEqual({ cipher: 'aes', open: true, variable });
  expect(events).toEqual([{ store, threads: 'all' }]);
  expect((await client.call('stores.list', {}))[0]?.info.sealed?.open).toBe(true);
  // What was known of its threads was known without the key.
  expect(await client.call('thread.get', { store, thread: 't' })).toMatchObject({ status: 'terminal', refused: null });
});

it('comes from the environment; one of another store leaves this one closed', async () => {
  process.env[variable] = 'sixteen bytes it';
  const closed = await client.call('stores.open', { path });
  expect(closed.info.sealed?.open).toBe(false);
  await client.call('stores.close', { store: closed.store });
  process.env[variable] = key;
  expect((await client.call('stores.open', { path })).info.sealed?.open).toBe(true);
});

it('is named to the terminal by its variable, and stands in no file afterwards', async () => {
  process.env['FORKPOINT_DATA'] = place.dataFolder;
  const state = ['show', path, 't', '--path', '', '--json'];
  expect((await run(...state)).out).toContain('$opaque');
  expect(await run(...state, '--key-env', 'NOT_SET_HERE')).toMatchObject({
    code: 2,
    out: expect.stringContaining('usage'),
  });
  process.env['THE_KEY'] = key;
  expect(await run(...state, '--key-env', 'THE_KEY')).toMatchObject({ code: 0, out: '{"n":20}\n' });
  const edit = await run('edit', path, 't', 'head~1', '--set', 'n=7', '--key-env', 'THE_KEY', '--commit');
  expect(edit).toMatchObject({ code: 0, err: '' });
  expect((await run(...state, '--key-env', 'THE_KEY')).out).toBe('{"n":7,"branch:to:b":null}\n');
  process.env['THE_KEY'] = 'another of 16 by';
  expect(await run(...state, '--key-env', 'THE_KEY')).toMatchObject({
    code: 2,
    err: expect.stringContaining('does not open'),
  });
  delete process.env['THE_KEY'];
  const written = files(place.dataFolder);
  expect(written.length).toBeGreaterThan(0);
  for (const file of [...written, path]) expect(readFileSync(file).includes(key), file).toBe(false);
});
