// Details of threads whose points must all be read for them: in batches, with others getting their turn, and never left outdated.

import { expect, it } from 'vitest';
import type { Store, ThreadDetail, ThreadSummary } from '../stores/store.ts';
import { ThreadList } from './thread-list.ts';

/** One thread whose detail takes `batches` of 2 ms; its branches count the readings. */
function slowStore(batches: number, checkpoints: number) {
  const seen = { readings: 0, longest: 0 };
  const summary = (): ThreadSummary => ({ thread: 't', parts: null, checkpoints, updatedAt: null });
  const detail = (branches: number): ThreadDetail => ({
    thread: 't',
    namespaces: [''],
    branches,
    head: null,
    status: 'idle',
    refused: null,
    bytes: null,
  });
  const store = {
    *threads() {
      yield [summary()];
    },
    threadSummary: () => summary(),
    threadDetail: () => {
      throw new Error('a long thread is read in batches');
    },
    *threadDetailInBatches(): Generator<number, ThreadDetail, void> {
      const reading = ++seen.readings;
      for (let i = 0; i < batches; i++) {
        const until = performance.now() + 2;
        while (performance.now() < until);
        yield i;
      }
      return detail(reading);
    },
  } as unknown as Store;
  return { store, seen };
}

const never = new AbortController().signal;
const all = { search: '', status: null, from: 0, count: 10 };

it('lists a thread before its detail is read, and lets others have their turn meanwhile', async () => {
  const { store } = slowStore(40, 100_000);
  const list = new ThreadList(store, () => undefined);
  list.start();
  let turns = 0;
  const counting = setInterval(() => turns++, 1);
  await new Promise((resolve) => setTimeout(resolve, 1));
  const early = await list.query(all, never);
  expect(early.rows).toMatchObject([{ thread: 't', checkpoints: 100_000, detail: null }]);
  expect(await list.thread('t', never)).toMatchObject({ branches: 1 });
  clearInterval(counting);
  expect(turns).toBeGreaterThan(2);
  list.stop();
});

it('reads a detail again that changed while it was being read', async () => {
  const { store, seen } = slowStore(20, 500);
  const list = new ThreadList(store, () => undefined);
  list.start();
  const reading = list.thread('t', never);
  while (seen.readings === 0) await new Promise((resolve) => setImmediate(resolve));
  list.touch(['t'], true);
  await reading;
  const before = seen.readings;
  expect((await list.thread('t', never))?.branches).toBeGreaterThan(1);
  expect(seen.readings).toBeGreaterThanOrEqual(before);
  list.stop();
});

it('gives up when nobody wants it any more', async () => {
  const { store } = slowStore(1000, 500);
  const list = new ThreadList(store, () => undefined);
  list.start();
  const abort = new AbortController();
  const reading = list.thread('t', abort.signal);
  setTimeout(() => abort.abort(), 20);
  await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
  list.stop();
});
