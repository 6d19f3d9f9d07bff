// `npm run interop -- <name|all>`: builds and runs the programs that let the real frameworks carry on from what we wrote.

import './require-node.mjs';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
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
  const result = spawnSync(process.execPath, [join(folder, name, 'run.ts')], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
