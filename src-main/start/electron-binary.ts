// Whether a desktop window can be opened from this installation: Electron's binary is fetched at first run, and never waited for long.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const fetchMillis = 10_000;

/** The binary, or the reason why there is none, as the end of a sentence. `require('electron')` is not asked: it waits for its download. */
export function electronBinary(
  root: string,
): { readonly binary: string } | { readonly binary: null; readonly reason: string } {
  const folder = join(root, 'node_modules', 'electron');
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    return { binary: null, reason: 'there is no display' };
  }
  // Chromium ends at once as root unless its sandbox is off, and this window shows hostile text: the sandbox stays on.
  if (process.platform === 'linux' && process.getuid?.() === 0) {
    return { binary: null, reason: 'Electron does not run as root' };
  }
  const found = installed(folder);
  if (found !== null) return { binary: found };
  if (!existsSync(join(folder, 'install.js'))) return { binary: null, reason: 'Electron is not installed here' };
  console.error('Fetching Electron (once)…');
  spawnSync(process.execPath, [join(folder, 'install.js')], { stdio: 'ignore', timeout: fetchMillis });
  const fetched = installed(folder);
  return fetched === null
    ? { binary: null, reason: "Electron's binary is not here and could not be fetched within 10 s" }
    : { binary: fetched };
}

function installed(folder: string): string | null {
  const pathFile = join(folder, 'path.txt');
  if (!existsSync(pathFile)) return null;
  const binary = join(
    process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist'),
    readFileSync(pathFile, 'utf8').trim(),
  );
  return existsSync(binary) ? binary : null;
}
