// A fixed sample of `npm run fuzz` over every genuine store: cuts, flips, holes, hostile values, odd names.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fixtureStores } from './testing/fixture-stores.ts';
import { fuzzStore } from './testing/fuzz.ts';

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-fuzz-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(fixtureStores())('$path', ({ path }) => {
  // Half of the cases cut, half do the rest.
  test('damaged, says a sentence or shows what is left', { timeout: 30_000 }, async () => {
    expect(await fuzzStore(path, folder, 197, 203)).toEqual([]);
  });
});
