// Runs one benchmark in this process: `node bench/run.ts <id> <scale> <folder> <results file>`. `npm run bench` calls it per id.

import { appendFileSync } from 'node:fs';
import { line } from './support/bench.ts';
import type { Bench } from './support/bench.ts';

/** Loaded when asked for, so that no benchmark runs with another's modules in its heap. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  P1: async () => (await import('./thread-list.ts')).againstSql,
  P2: async () => (await import('./thread-list.ts')).againstSaver,
  P3: async () => (await import('./lineage-columns.ts')).bench,
  P4: async () => (await import('./opening.ts')).firstRows,
  P5: async () => (await import('./pan-zoom.ts')).bench,
  P6: async () => (await import('./state-diff.ts')).bench,
  P9: async () => (await import('./large-state.ts')).bench,
  P10: async () => (await import('./live.ts')).bench,
  P11: async () => (await import('./fork-edit.ts')).bench,
  P12: async () => (await import('./opening.ts')).memory,
  F1: async () => (await import('./formats.ts')).lists,
  F2: async () => (await import('./formats.ts')).largeFile,
  P13: async () => (await import('./opening.ts')).start,
};

const [id = '', scale = '1', folder = '', results = ''] = process.argv.slice(2);
const load = benches[id];
if (load === undefined) {
  console.error(`There is no benchmark ${id}; there are ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}
const bench = await load();
console.log(`\n── ${bench.id}  ${bench.title}`);
const figures = await bench.run({ scale: Number(scale), folder });
for (const figure of figures) console.log(line(figure));
if (results !== '') appendFileSync(results, `${JSON.stringify({ id: bench.id, figures })}\n`);
process.exit(0);
