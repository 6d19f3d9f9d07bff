// Where Forkpoint keeps what is its own (operation log, undo bundles, uploads): never beside the user's store.

import { homedir, platform } from 'node:os';
import { join } from 'node:path';

/** `$FORKPOINT_DATA`, else the platform's folder for a user's application data. */
export function defaultDataFolder(env: NodeJS.ProcessEnv = process.env, system = platform(), home = homedir()): string {
  const own = env['FORKPOINT_DATA'];
  if (own !== undefined && own !== '') return own;
  if (system === 'darwin') return join(home, 'Library', 'Application Support', 'Forkpoint');
  if (system === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'Forkpoint');
  const xdg = env['XDG_DATA_HOME'];
  return join(xdg === undefined || xdg === '' ? join(home, '.local', 'share') : xdg, 'forkpoint');
}
