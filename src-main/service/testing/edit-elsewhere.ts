// Run as a process of its own by the live tests: commits an edit to a store that the tests have open.

import { Operations } from '../../operations/operations.ts';
import { countingDraw, headOf } from '../../operations/testing/genuine-store.ts';
import { openStore } from '../../stores/registry.ts';

const [path, dataFolder, thread] = process.argv.slice(2);
if (path === undefined || dataFolder === undefined || thread === undefined) process.exit(2);
const store = openStore(path);
new Operations({ dataFolder, draw: countingDraw() }).commit(
  store,
  { operation: 'edit', key: headOf(store, thread), edits: [{ op: 'set', path: 'budget', value: '77' }], leave: [] },
  null,
);
store.backend.close();
