// `npm start [-- <store>…]`: builds what is stale and opens the desktop window, or the browser where Electron cannot run.

import './require-node.mjs';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const { buildIfStale, root } = await import('./build-if-stale.mjs');
const stores = process.argv.slice(2);

/** Where npm was called: relative store paths are meant from there. */
const from = process.env['INIT_CWD'] ?? process.cwd();
const absolute = stores.map((s) => (s.startsWith('-') ? s : resolve(from, s)));

/** Path of Electron's binary, fetched at first run; or the sentence that says why there is none. Never by `require('electron')`, which waits for ever offline. */
function electronBinary() {
  const folder = join(root, 'node_modules', 'electron');
  const installed = () => {
    const pathFile = join(folder, 'path.txt');
    if (!existsSync(pathFile)) return null;
    const binary = join(process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist'), readFileSync(pathFile, 'utf8'));
    return existsSync(binary) ? binary : null;
  };
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    return { binary: null, reason: 'there is no display' };
  }
  if (installed() === null) {
    console.error('Fetching Electron (once)…');
    spawnSync(process.execPath, [join(folder, 'install.js')], { stdio: 'ignore', timeout: 10_000 });
  }
  const binary = installed();
  return binary === null ? { binary, reason: "Electron's binary is not here and could not be fetched within 10 s" } : { binary, reason: null };
}

buildIfStale();
const { binary, reason } = electronBinary();
if (binary !== null) {
  const child = spawn(binary, [join(root, 'dist', 'electron', 'main.js'), ...absolute], { stdio: 'inherit' });
  child.on('exit', (code) => process.exit(code ?? 1));
} else {
  console.error(`No desktop window (${reason}); opening Forkpoint in the browser instead.`);
  process.argv.splice(2, process.argv.length, 'serve', '--open', ...absolute);
  await import('../src-main/start/cli.ts');
}
