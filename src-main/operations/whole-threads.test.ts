// Whole threads of every genuine store: each operation is carried out, taken back and carried out again, and what undo gives back is every
// byte and row, mode and folder. The names of the tests are the table; an operation that a format can do and that is not in it fails.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { changingCapabilities } from '../stores/capabilities.ts';
import { formats, openStore } from '../stores/registry.ts';
import type { Store } from '../stores/store.ts';
import { copyStore, fixtureStores } from '../stores/testing/fixture-stores.ts';
import type { OperationAsk } from './operations.ts';
import { Operations } from './operations.ts';
import { countingDraw } from './testing/genuine-store.ts';
import { wholeStore } from './testing/whole-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-whole-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const listed = (store: Store): string[] => [...store.threads()].flat().map(({ thread }) => thread);

interface Row {
  readonly ask: (thread: string) => OperationAsk;
  /** What must hold of the store afterwards. */
  readonly after: (store: Store, thread: string) => void;
}

/** Operations over whole threads. Those on points have their table in `operations.test.ts`. */
const table: Readonly<Record<string, Row>> = {
  delete: {
    ask: (thread) => ({ operation: 'delete', thread }),
    after(store, thread) {
      expect(store.threadSummary(thread)).toBeNull();
      expect(listed(store)).not.toContain(thread);
    },
  },
};
const elsewhere = ['fork', 'edit', 'import'];

/** Refused, and why: everything else must succeed. */
const refused: Readonly<Record<string, string>> = {
  'atomr/host-branches/host бета-β/main': 'unable works on branch',
  'atomr/host-branches/host alpha/bench': 'unable works on branch',
  'atomr/host-branches-py/host alpha/bench': 'unable works on branch',
  'atomr/host-branches-py/host бета/main': 'unable works on branch',
  'atomr/sql-approval/store.db approval/run-refused': 'claimed is claimed by "bo"',
  'car/v021 both': 'claimed recover_orphaned',
  'car/v021 held': 'claimed recover_orphaned',
  'car/v060 claimed': 'claimed recover_orphaned',
  'car/v060 orphan-both': 'claimed recover_orphaned',
  'car/v060 refused': 'claimed recover_orphaned',
  'langgraph-js/dev-server/.langgraph_api dev-1': 'unable writes the files anew',
  'langgraph-py/dev-server/.langgraph_api agent-pending': 'unable writes the files anew',
};
test('every operation that a format can do is in a table', () => {
  const able = new Set(formats.flatMap(({ capabilities }) => capabilities));
  const known = [...Object.keys(table), ...elsewhere];
  expect(changingCapabilities.filter((name) => able.has(name)).toSorted()).toEqual(known.toSorted());
});

const stores = fixtureStores().filter(({ format }) => format !== null);

describe.each(Object.entries(table))('%s', (_, { ask, after }) => {
  test.each(stores.map(({ path }, i) => ({ path, end: i % 2 === 0 ? 0 : -1 })))('$path', ({ path, end }) => {
    const place = mkdtempSync(join(folder, 'store-'));
    const store = openStore(copyStore(path, place));
    try {
      const operations = new Operations({ dataFolder: join(place, 'data'), draw: countingDraw() });
      const threads = listed(store);
      // One of a store, from either end of its list, and those that are refused.
      const own = threads.filter((thread) => refused[`${path} ${thread}`] !== undefined);
      for (const thread of new Set([threads.at(end)!, ...own])) {
        const before = wholeStore(store);
        const why = refused[`${path} ${thread}`];
        if (why !== undefined) {
          const [code = '', ...words] = why.split(' ');
          const message = expect.stringContaining(words.join(' ')) as string;
          expect(() => operations.commit(store, ask(thread), null)).toThrow(expect.objectContaining({ code, message }));
          expect(wholeStore(store)).toEqual(before);
          continue;
        }
        operations.commit(store, ask(thread), null);
        const done = wholeStore(store);
        after(store, thread);
        operations.commitUndo(store, null, null);
        expect(wholeStore(store)).toEqual(before);
        operations.commitUndo(store, null, null);
        expect(wholeStore(store)).toEqual(done);
        operations.commitUndo(store, null, null);
      }
    } finally {
      store.backend.close();
    }
  });
});

test('what is refused is there to be refused', () => {
  for (const at of Object.keys(refused))
    expect(
      stores.some(({ path }) => at.startsWith(`${path} `)),
      at,
    ).toBe(true);
});
