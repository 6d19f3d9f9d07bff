// Where this installation of Forkpoint lies: the same answers from a checkout's sources, from dist/cli.js and inside the desktop app.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json. */
export const installationRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(from: string): string {
  for (let at = from; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (dirname(at) === at) throw new Error('Forkpoint is not installed completely: its package.json is missing.');
  }
}

export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(installationRoot, 'package.json'), 'utf8'));
  if (
    typeof manifest === 'object' &&
    manifest !== null &&
    'version' in manifest &&
    typeof manifest.version === 'string'
  ) {
    return manifest.version;
  }
  return '0.0.0';
}

/** The built window. */
export const webFolder = join(installationRoot, 'dist', 'web');
/** The Electron main script. */
export const electronMain = join(installationRoot, 'dist', 'electron', 'main.js');
/** The sample store as it is shipped; never opened itself. */
export const bundledSample = join(installationRoot, 'fixtures', 'sample', 'support-agent.sqlite');
