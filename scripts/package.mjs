// `npm run package`: the application of this machine, unpacked, in release/. `-- --release` makes the installers, with Electron's fuses.
// Further arguments go to electron-builder. Nothing is ever published from here.

import './require-node.mjs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { buildIfStale, root } = await import('./build-if-stale.mjs');
buildIfStale();
const asked = process.argv.slice(2);
const release = asked.includes('--release');
const args = release
  ? ['--config', join('src-main', 'hosts', 'electron', 'resources', 'release.yml')]
  : ['--config', 'electron-builder.yml', '--dir'];
const builder = fileURLToPath(import.meta.resolve('electron-builder/cli.js'));
const result = spawnSync(
  process.execPath,
  [builder, ...args, '--publish', 'never', ...asked.filter((a) => a !== '--release')],
  { cwd: root, stdio: 'inherit' },
);
if (result.status !== 0)
  console.error('The package was not made; the lines above say why. Electron itself is downloaded for it once.');
process.exit(result.status ?? 1);
