// The key of an encrypted store, from the environment. It goes into the open store's memory and nowhere else: not into a log, a plan,
// an address or a message.

import { ForkpointError } from '../../shared/model/errors.ts';
import { takesKey, type Store } from '../stores/store.ts';

/**
 * Gives an encrypted store its key. `variable` names the environment variable; null takes the framework's own, which may hold the
 * key of another store: then this one stays closed, and says so. Throws `usage` where the named variable is not set, `bad_value`
 * where the key in it does not fit.
 */
export function giveKey(store: Store, variable: string | null): void {
  if (!takesKey(store)) return;
  const key = process.env[variable ?? store.keyVariable];
  if (variable !== null && (key === undefined || key === '')) {
    throw new ForkpointError(
      'usage',
      `The environment variable ${variable} is not set, so there is no key in it; nothing was changed.`,
      'Set it for this command only, so that the key does not stay in the history of the shell.',
    );
  }
  if (key === undefined || key === '' || store.sealed() === null) return;
  try {
    store.unlock(key);
  } catch (error) {
    if (variable !== null || !(error instanceof ForkpointError)) throw error;
  }
}
