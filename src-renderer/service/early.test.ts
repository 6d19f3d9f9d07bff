// The first questions: asked once, given to the feature that asks the same, and to nobody once they may be outdated.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { MethodName } from '../../shared/contract/methods.ts';
import { fakeClient, madeStore } from '../testing/fake-client.ts';
import type { FakeClient } from '../testing/fake-client.ts';
import { EarlyClient, askFirstQuestions, firstChildren, firstThreads } from './early.ts';

let asked: MethodName[];
let inner: FakeClient;
let client: EarlyClient;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  const fake = fakeClient({ ...madeStore(50), 'state.children': () => ({ node: null, children: [], total: 3 }) }, 1);
  inner = {
    ...fake,
    call: (method, params, options) => {
      asked.push(method);
      return fake.call(method, params, options);
    },
  };
  client = new EarlyClient(inner);
});
afterEach(() => vi.useRealTimers());

async function firstQuestions(fragment: string): Promise<void> {
  const done = askFirstQuestions(client, fragment);
  await vi.advanceTimersByTimeAsync(100);
  await done;
}

const all = ['host.info', 'formats.list', 'stores.list', 'threads.list', 'lineage.page', 'state.children'];
const list = { from: 0, count: firstThreads, status: null, search: '', store: 's1' };

async function answerTo<T>(call: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(10);
  return await call;
}

it('asks down to the lineage and the state of the newest thread, and asks nothing twice', async () => {
  await firstQuestions('');
  expect(asked).toEqual(all);
  const threads = await answerTo(client.call('threads.list', list));
  const { thread } = threads.rows[0]!;
  const page = await answerTo(client.call('lineage.page', { store: 's1', thread, known: null }));
  expect([page.thread, page.total]).toEqual([thread, 12]);
  expect(asked).toHaveLength(6);
  // The second time it is a question of its own.
  await answerTo(client.call('threads.list', list));
  expect(asked).toHaveLength(7);
});

it('asks for what the address names', async () => {
  const path = encodeURIComponent('/home/ada/support-agent.sqlite');
  await firstQuestions(`#v=1&store=${path}&thread=order-48190`);
  const page = await answerTo(client.call('lineage.page', { store: 's1', thread: 'order-48190', known: null }));
  expect(page.thread).toBe('order-48190');
  expect(asked.filter((method) => method === 'lineage.page')).toHaveLength(1);
});

it('gives the state tree its first rows, of the head or of the checkpoint that the address names', async () => {
  await firstQuestions('');
  const { rows } = await answerTo(client.call('threads.list', list));
  const of = { applied: false, path: [], from: 0, count: firstChildren, store: 's1' };
  const state = await answerTo(client.call('state.children', { ...of, key: rows[0]?.detail?.head ?? '' }));
  expect(state.total).toBe(3);
  expect(asked).toHaveLength(6);
  await firstQuestions('#v=1&thread=order-48190&at=order-48190%2F%2Fc3');
  await answerTo(client.call('state.children', { ...of, key: 'order-48190//c3' }));
  expect(asked.filter((method) => method === 'state.children')).toHaveLength(2);
  await firstQuestions('#v=1&tab=diff');
  expect(asked.filter((method) => method === 'state.children')).toHaveLength(2);
});

it('asks for no thread of a store that is not open, and nothing for a damaged address', async () => {
  await firstQuestions('#v=1&store=%2Felsewhere.sqlite');
  expect(asked).not.toContain('threads.list');
  await firstQuestions('#v=99&store=');
  expect(asked).not.toContain('threads.list');
});

it('gives nothing from before a change of the store, of lists nothing from before they went on', async () => {
  await firstQuestions('');
  inner.emit('threads.progress', { store: 's1', listed: 3, complete: true });
  await answerTo(client.call('threads.list', list));
  await answerTo(client.call('host.info', {}));
  expect(asked.slice(6)).toEqual(['threads.list']);
  inner.emit('store.changed', { store: 's1', threads: 'all' });
  await answerTo(client.call('formats.list', {}));
  expect(asked.slice(6)).toEqual(['threads.list', 'formats.list']);
});

it('gives nothing that is old', async () => {
  await firstQuestions('');
  await vi.advanceTimersByTimeAsync(10_000);
  await answerTo(client.call('host.info', {}));
  expect(asked).toHaveLength(7);
});

it('cancels an early call like any other', async () => {
  const early = client.early('formats.list', {}).catch((error: unknown) => error);
  const abort = new AbortController();
  const call = client.call('formats.list', {}, { signal: abort.signal });
  abort.abort();
  await expect(call).rejects.toMatchObject({ code: 'cancelled' });
  await vi.advanceTimersByTimeAsync(10);
  expect(await early).toMatchObject({ code: 'cancelled' });
});
