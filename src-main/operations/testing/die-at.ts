// Run as a process of its own by the crash tests: forks a thread (or its head in place), and is killed by the system at the stage that it is told.

import { flushCompileCache } from 'node:module';
import { openStore } from '../../stores/registry.ts';
import { Operations } from '../operations.ts';
import { countingDraw, headOf } from './genuine-store.ts';

// A process that is killed would never keep what it compiled.
flushCompileCache();
const [path, dataFolder, thread, stage, target] = process.argv.slice(2);
if (path === undefined || dataFolder === undefined || thread === undefined || stage === undefined) process.exit(2);

const store = openStore(path);
const operations = new Operations({
  dataFolder,
  draw: countingDraw(Date.now()),
  hooks: {
    at: (reached) => {
      // No handler, no flush, no finally: as a power cut would.
      if (reached === stage) process.kill(process.pid, 'SIGKILL');
    },
  },
});
operations.commit(
  store,
  {
    operation: 'fork',
    key: headOf(store, thread),
    edits: [],
    target: target === 'in-place' ? { kind: 'in-place' } : { kind: 'thread', thread: null },
    pending: target === 'in-place' ? 'keep' : null,
    leave: [],
  },
  null,
);
