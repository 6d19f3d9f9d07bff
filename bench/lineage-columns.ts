// P3: the lineage of a long thread as columns, laid out, in a process that has done nothing before.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { atMost, median } from './support/bench.ts';
import type { Bench } from './support/bench.ts';
import { longThread } from './support/stores.ts';

const child = fileURLToPath(new URL('./support/lineage-child.ts', import.meta.url));

function inProcess(mode: 'columns' | 'select', path: string): number[] {
  const result = spawnSync(process.execPath, [child, mode, path], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr);
  const times: unknown = JSON.parse(result.stdout);
  if (!Array.isArray(times)) throw new Error(`the process said ${result.stdout}`);
  return times.map(Number);
}

export const bench: Bench = {
  id: 'P3',
  title: 'Lineage columns and layout, cold process',
  async run(context) {
    const store = longThread(context);
    const work: number[] = [];
    const columns: number[] = [];
    const select: number[] = [];
    for (let round = 0; round < 7; round++) {
      const [read = 0, laidOut = 0] = inProcess('columns', store.path);
      columns.push(read);
      work.push(read + laidOut);
      select.push(inProcess('select', store.path)[0] ?? 0);
    }
    return [
      atMost(2, {
        what: 'columns and layout',
        work: median(work),
        reference: median(select),
        of: 'SELECT of id and parent',
        note: `${store.sizes}; columns alone ${median(columns).toFixed(0)} ms`,
      }),
    ];
  },
};
