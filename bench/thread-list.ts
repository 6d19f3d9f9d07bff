// P1, P2: all threads with their counts and latest times, against bare SQL and against the framework's own listing.

import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';
import Database from 'better-sqlite3';
import { newestFirst } from '../src-main/service/thread-list.ts';
import { openStore } from '../src-main/stores/registry.ts';
import type { Store, ThreadSummary } from '../src-main/stores/store.ts';
import { atMost, faster, interleaved, millis } from './support/bench.ts';
import type { Bench, BenchContext } from './support/bench.ts';
import { manyThreads } from './support/stores.ts';

/** Reads only the index of the primary key: a test of the store holds the same statement to that. */
const bareSql = 'SELECT thread_id, COUNT(*), MAX(checkpoint_id) FROM checkpoints GROUP BY thread_id ORDER BY thread_id';

function listed(store: Store): number {
  const all: ThreadSummary[] = [];
  for (const batch of store.threads()) all.push(...batch);
  all.sort(newestFirst);
  return all.length;
}

function openedAndListed(path: string): number {
  const store = openStore(path, { readOnly: true });
  const count = listed(store);
  store.backend.close();
  return count;
}

export const againstSql: Bench = {
  id: 'P1',
  title: 'Thread list with counts and latest times',
  async run(context) {
    const store = manyThreads(context);
    const opened = openStore(store.path, { readOnly: true });
    const db = new Database(store.path, { readonly: true });
    const select = db.prepare(bareSql).raw();
    if (listed(opened) !== store.threads || select.all().length !== store.threads) throw new Error('the lists differ');
    const [work = 0, reference = 0, withOpening = 0] = await interleaved(
      15,
      () => listed(opened),
      () => select.all(),
      () => openedAndListed(store.path),
    );
    db.close();
    opened.backend.close();
    return [
      atMost(1.5, {
        what: 'listed and sorted',
        work,
        reference,
        of: 'one SELECT over the primary-key index',
        note: `${store.sizes}; both on an open connection, with opening and recognizing the store ${withOpening.toFixed(0)} ms`,
      }),
    ];
  },
};

/** The saver reads every row of its answer at once; more than this would ask for gigabytes. */
const asked = 2_000;

export const againstSaver: Bench = {
  id: 'P2',
  title: "Thread list against the framework's own saver",
  async run(context: BenchContext) {
    const store = manyThreads(context);
    const rows = Math.min(asked, store.checkpoints);
    const [work = 0] = await interleaved(5, () => openedAndListed(store.path));
    const saver = SqliteSaver.fromConnString(store.path);
    let seen = 0;
    const took = await millis(async () => {
      for await (const tuple of saver.list({ configurable: {} }, { limit: rows })) {
        if (tuple.checkpoint.id !== '') seen++;
      }
    });
    saver.db.close();
    if (seen !== rows) throw new Error(`the saver listed ${seen} of ${rows} checkpoints`);
    return [
      faster(100, {
        what: 'the whole list',
        work,
        reference: (took / rows) * store.checkpoints,
        of: 'SqliteSaver.list()',
        note: `${store.sizes}; the saver was timed on the newest ${rows} checkpoints (${took.toFixed(0)} ms) and stands here for all`,
      }),
    ];
  },
};
