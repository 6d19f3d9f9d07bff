// `npm run bench [-- --scale 0.1] [-- P1 P6 …]`: the benchmarks of docs/performance.md, each in a process of its own.

import './require-node.mjs';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { buildIfStale, root } = await import('./build-if-stale.mjs');
const { line, machine } = await import('../bench/support/bench.ts');

const all = ['P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P9', 'P10', 'P11', 'P12', 'P13', 'F1', 'F2'];
const inBrowser = new Set(['P4', 'P5', 'P9', 'P10', 'P12', 'P13']);
const { values, positionals } = parseArgs({
  options: { scale: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const scale = Number(values.scale);
const asked = positionals.length === 0 ? all : positionals.map((id) => id.toUpperCase());
const unknown = asked.filter((id) => !all.includes(id));
if (!(scale > 0) || unknown.length > 0) {
  console.error(`Usage: npm run bench [-- --scale 0.1] [${all.join(' ')}]`);
  process.exit(2);
}

const folder = join(root, 'bench', 'data');
mkdirSync(folder, { recursive: true });
const results = join(folder, 'results.jsonl');
rmSync(results, { force: true });
if (asked.some((id) => inBrowser.has(id))) buildIfStale();
console.log(`${machine()}; scale ${scale}`);
let broken = 0;
for (const id of asked) {
  const run = spawnSync(process.execPath, [join(root, 'bench', 'run.ts'), id, String(scale), folder, results], {
    cwd: root,
    stdio: 'inherit',
  });
  if (run.status !== 0) broken++;
}

console.log('\n── All');
let met = 0;
let missed = 0;
const measured = existsSync(results) ? readFileSync(results, 'utf8').trim().split('\n') : [];
for (const text of measured) {
  const { id, figures } = JSON.parse(text);
  for (const figure of figures) {
    console.log(`${id.padEnd(4)}${line(figure).slice(2)}`);
    if (figure.met) met++;
    else missed++;
  }
}
console.log(`\n${met} met, ${missed} missed${broken > 0 ? `, ${broken} did not run to the end` : ''}`);
// A missed target is a figure to look at, not a failure of the run.
process.exit(broken === 0 ? 0 : 1);
