// Run as a process of its own: LangGraph.js' own saver, putting checkpoints and writes as fast as it can until its input ends.

import { setImmediate as breathe } from 'node:timers/promises';
import { emptyCheckpoint, uuid6 } from '@langchain/langgraph-checkpoint';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';

const [path] = process.argv.slice(2);
if (path === undefined) process.exit(2);
const saver = SqliteSaver.fromConnString(path);
const input = process.stdin.resume();

let parent: string | undefined;
let count = 0;
while (!input.readableEnded) {
  const id = uuid6(count);
  const at = { configurable: { thread_id: 'busy', checkpoint_ns: '', checkpoint_id: parent } };
  const checkpoint = { ...emptyCheckpoint(), id, channel_values: { n: count, text: 'x'.repeat(2_000) } };
  const put = await saver.put(at, checkpoint, { source: 'loop', step: count, parents: {} });
  await saver.putWrites(put, [['n', count]], `00000000-0000-0000-0000-${String(count).padStart(12, '0')}`);
  parent = id;
  count += 1;
  if (count === 1) process.stdout.write('ready\n');
  await breathe();
}
process.stdout.write(`${count}\n`);
process.exit(0);
