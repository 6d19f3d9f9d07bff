// Builds what is older than its sources: the window (dist/web), the Electron host (dist/electron) and the terminal (dist/cli.js).

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** A hash over names, sizes and times of everything the build reads. */
function fingerprint() {
  const hash = createHash('sha256');
  const visit = (/** @type {string} */ path) => {
    const stat = statSync(path);
    if (stat.isDirectory()) {
      for (const name of readdirSync(path).sort()) if (name !== 'node_modules') visit(join(path, name));
    } else {
      hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
    }
  };
  for (const name of ['shared', 'src-main', 'src-renderer', 'vite.config.ts', 'package.json']) {
    if (existsSync(join(root, name))) visit(join(root, name));
  }
  return hash.digest('hex');
}

/** @param {{ force?: boolean }} [options] */
export function buildIfStale(options = {}) {
  const stamp = join(root, 'dist', '.stamp');
  const wanted = fingerprint();
  if (options.force !== true && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error('Building Forkpoint…');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const result = spawnSync(process.execPath, [vite, 'build', '--app', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    // also when a test runner (which sets another) builds: what is built is what is shipped
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if (result.status !== 0) {
    console.error('The build failed; the lines above say where. Nothing was started.');
    process.exit(1);
  }
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stamp, wanted);
}
