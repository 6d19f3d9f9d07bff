// Where Forkpoint keeps what is its own, for hosts that must say so before a service runs.

import { defaultDataFolder } from '../operations/data-folder.ts';

export function dataFolder(): string {
  return defaultDataFolder();
}
