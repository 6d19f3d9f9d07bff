// A process of its own: LangGraph's own saver writes one thread, step by step or as fast as it can.

import { createInterface } from 'node:readline';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';
import { seeded } from '../../src-main/stores/testing/seeded.ts';
import { prose } from './prose.ts';
import { idAt } from './stores.ts';

const saver = SqliteSaver.fromConnString(process.argv[2] ?? '');
const random = seeded(10);
const text = prose(random, 60_000);
let parent: string | null = null;
let millis = Date.UTC(2026, 10, 2);

async function put(step: number): Promise<void> {
  millis += 50;
  const id = idAt(millis, step, random, 'js');
  const checkpoint = {
    v: 4,
    id,
    ts: new Date(millis).toISOString(),
    channel_values: { plan: `step ${step}`, text },
    channel_versions: { plan: step + 2 },
    versions_seen: {},
  };
  const config = {
    configurable: { thread_id: 'live', checkpoint_ns: '', ...(parent === null ? {} : { checkpoint_id: parent }) },
  };
  const written = await saver.put(config, checkpoint, { source: 'loop', step, parents: {} });
  await saver.putWrites(written, [['plan', 'next']], 'b1946ac9-2bc4-5d23-8c1f-000000000000');
  parent = id;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [command, first, limit] = line.split(' ');
  if (command === 'put') {
    await put(Number(first));
    console.log(Date.now());
  } else {
    const begun = performance.now();
    let count = 0;
    while (performance.now() - begun < Number(limit)) await put(Number(first) + count++);
    console.log(count);
  }
}
