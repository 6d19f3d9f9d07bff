// `npm run interop -- <name|all> [--record]`: builds and runs the programs that let the real frameworks carry on from what we wrote.

import './require-node.mjs';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const { root } = await import('./build-if-stale.mjs');
const folder = join(root, 'interop');
const names = readdirSync(folder).filter((n) => existsSync(join(folder, n, 'run.ts')));
const asked = process.argv[2];
if (asked === undefined || (asked !== 'all' && !names.includes(asked))) {
  console.error(`Name one of: ${[...names, 'all'].join(', ')}.`);
  process.exit(2);
}
let failed = 0;
for (const name of asked === 'all' ? names : [asked]) {
  console.log(`── interop ${name}`);
  const result = spawnSync(process.execPath, [join(folder, name, 'run.ts'), ...process.argv.slice(3)], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.status !== 0) failed++;
}
writeDocument();
process.exit(failed === 0 ? 0 : 1);

/** docs/interop.md, from the last report of every program. */
function writeDocument() {
  const parts = [
    '# What the frameworks say',
    '',
    'Each program makes a store with the real framework, forks and edits it with our terminal as a user would, and lets the framework carry on. `npm run interop -- <name|all>` runs them and writes this page. LangGraph.js is asked in every `npm test` (`interop/langgraph-js/`).',
  ];
  for (const name of names) {
    const file = join(folder, name, 'report.json');
    if (!existsSync(file)) continue;
    const report = JSON.parse(readFileSync(file, 'utf8'));
    const versions = Object.entries(report.versions).map(([p, v]) => `${p} ${v}`);
    const passed = report.checks.filter((/** @type {{ ok: boolean }} */ c) => c.ok).length;
    parts.push('', `## ${name}`, '', `${versions.join(', ')}. ${passed} of ${report.checks.length} checks hold.`, '');
    for (const check of report.checks) parts.push(`- ${check.ok ? '✓' : '**✗**'} ${check.name}`);
  }
  writeFileSync(join(root, 'docs', 'interop.md'), `${parts.join('\n')}\n`);
}
