// A format that keeps no states (clawdia): the window shows and compares the points' records instead, and lets nobody edit them.

import { afterAll, expect, test } from 'vitest';
import { Product } from './testing/product.ts';

const product = new Product();
afterAll(() => product.close());

test('the record of a point stands where its state would', async () => {
  const path = product.place.copy('clawdia/sqlite-basic/store.db', 'clawdia.db');
  const store = await product.open(path);
  const key = 'run.text//checkpoint.run.text.2';
  const about = await product.call('state.about', { store, key, applied: false });
  expect(about).toMatchObject({
    isRecord: true,
    unforkable: null,
    notes: [expect.stringMatching(/the record of this/)],
  });
  const at = { store, key, applied: false, path: [] };
  const shown = await product.call('state.children', { ...at, from: 0, count: 3 });
  expect(shown.children.map((child) => child.path)).toEqual(['checkpoint_id', 'run_id', 'checkpoint_seq']);
  const diff = await product.call('diff.get', {
    store,
    before: 'run.text//checkpoint.run.text.1',
    after: key,
    from: 0,
    count: 50,
  });
  expect(diff.rows.length).toBeGreaterThan(3);
  const edits = [{ op: 'set', path: 'loop_state', value: '"Failed"' } as const];
  expect((await product.call('edit.check', { store, key, edits })).error?.message).toMatch(/no state/);
});
