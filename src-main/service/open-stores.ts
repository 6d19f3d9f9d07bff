// The stores that are open, by id: opening a path twice gives the same one, and a host may refuse paths.

import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { ForkpointError } from '../../shared/model/errors.ts';
import type { CheckpointKey } from '../../shared/model/key.ts';
import { parseKey } from '../../shared/model/key.ts';
import type { Operations } from '../operations/operations.ts';
import type { Format, Store } from '../stores/store.ts';
import type { EventSource } from './events.ts';
import { OpenStore } from './open-store.ts';
import { giveKey } from './store-key.ts';

/** How paths become stores; tests give their own. */
export interface StoreOpener {
  readonly formats: readonly Format[];
  open(path: string, options: { readonly readOnly: boolean }): Store;
}

export interface OpenStoresOptions {
  readonly opener: StoreOpener;
  readonly operations: Operations;
  readonly events: EventSource;
  readonly readOnly: boolean;
  /** Given the real path. */
  readonly mayOpen: (path: string) => boolean;
  /** False: changes by other processes are not followed. */
  readonly live: boolean;
}

export class OpenStores {
  readonly #options: OpenStoresOptions;
  readonly #open = new Map<string, OpenStore>();

  constructor(options: OpenStoresOptions) {
    this.#options = options;
  }

  open(path: string): OpenStore {
    const real = realPath(path);
    if (!this.#options.mayOpen(real)) {
      throw new ForkpointError(
        'unable',
        `${path} was not named when this program was started, so it is not opened from here.`,
        'Start the program again with this path.',
      );
    }
    const known = this.#known(real);
    if (known !== null) return known;
    const store = this.#options.opener.open(real, { readOnly: this.#options.readOnly });
    try {
      // A folder that holds one store opens as that store, which may be open already.
      const same = this.#known(store.backend.path);
      if (same !== null) {
        store.backend.close();
        return same;
      }
      giveKey(store, null);
      if (!this.#options.readOnly) this.#options.operations.recoverAll(store);
      const id = idOf(store.backend.path);
      const opened = new OpenStore(id, store, this.#options.events, this.#options.live);
      this.#open.set(id, opened);
      return opened;
    } catch (error) {
      store.backend.close();
      throw error;
    }
  }

  /** The open store at a path; one that is gone makes room for what is there now. */
  #known(path: string): OpenStore | null {
    const id = idOf(path);
    const known = this.#open.get(id);
    if (known === undefined) return null;
    if (known.gone === null) return known;
    this.close(id);
    return null;
  }

  /** Throws `not_found` for what is not open, and for what is no longer there. */
  get(id: string): OpenStore {
    const store = this.#open.get(id);
    if (store === undefined) {
      throw new ForkpointError('not_found', 'This store is not open.', 'Open it again.');
    }
    if (store.gone !== null) throw new ForkpointError('not_found', store.gone, 'Open it again once it is back.');
    return store;
  }

  list(): readonly OpenStore[] {
    return [...this.#open.values()];
  }

  close(id: string): void {
    const store = this.#open.get(id);
    this.#open.delete(id);
    store?.close();
  }

  closeAll(): void {
    for (const id of this.#open.keys()) this.close(id);
  }
}

/** The same for a path in every run, so that addresses of views stay good. */
function idOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12);
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    // What is missing is refused, with its own sentence, by the one who opens.
    return resolve(path);
  }
}

/** A key that came over the wire. Throws `not_found`: no such key can exist. */
export function checkpointKey(text: string): CheckpointKey {
  if (parseKey(text) === null)
    throw new ForkpointError('not_found', `${JSON.stringify(text)} is not the key of a checkpoint.`);
  return text as CheckpointKey;
}
