// The sample store: copied to the user's data folder before it is opened, so that the shipped one never changes.

import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** Path of the user's copy, made on first use. An existing copy keeps what the user did with it. */
export function sampleStore(bundled: string, dataFolder: string): string {
  const folder = join(dataFolder, 'sample');
  const copy = join(folder, 'support-agent.sqlite');
  if (existsSync(copy)) return copy;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const staged = `${copy}.${process.pid}`;
  copyFileSync(bundled, staged);
  renameSync(staged, copy);
  return copy;
}
