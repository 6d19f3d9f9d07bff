// The service: every method of the contract over open stores, as plain Node. Hosts carry its messages; it knows none of them.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { MethodName, Params, Result } from '../../shared/contract/methods.ts';
import { methods } from '../../shared/contract/methods.ts';
import type { CallContext, Endpoint } from '../../shared/contract/rpc/messages.ts';
import { ForkpointError } from '../../shared/model/errors.ts';
import { Operations } from '../operations/operations.ts';
import { formats, openStore } from '../stores/registry.ts';
import type { Draw } from '../stores/store.ts';
import { EventSource } from './events.ts';
import type { Handlers } from './handlers/handlers.ts';
import { diffHandlers } from './handlers/diff.ts';
import { operationHandlers } from './handlers/operations.ts';
import { pointHandlers } from './handlers/point.ts';
import { recordHandlers } from './handlers/records.ts';
import { stateHandlers } from './handlers/state.ts';
import { storeHandlers } from './handlers/stores.ts';
import { threadHandlers } from './handlers/threads.ts';
import { transferHandlers } from './handlers/transfer.ts';
import type { OpenStore } from './open-store.ts';
import type { StoreOpener } from './open-stores.ts';
import { OpenStores } from './open-stores.ts';
import { Uploads } from './uploads.ts';

export interface ServiceOptions {
  readonly version: string;
  readonly readOnly: boolean;
  /** Operation log, undo bundles, uploads. */
  readonly dataFolder: string;
  /** Path of the bundled sample store, null where there is none. */
  readonly sample?: string | null;
  /** Whether a (real) path may be opened; any by default. */
  readonly mayOpen?: (path: string) => boolean;
  /** Follow changes by other processes; true by default. */
  readonly live?: boolean;
  readonly opener?: StoreOpener;
  readonly draw?: Draw;
}

/** The machine's clock and randomness. */
export const systemDraw: Draw = { now: () => Date.now(), random: (n) => new Uint8Array(randomBytes(n)) };

export class Service implements Endpoint {
  readonly stores: OpenStores;
  readonly operations: Operations;
  readonly #events = new EventSource();
  readonly #uploads: Uploads;
  readonly #handlers: Handlers;

  constructor(options: ServiceOptions) {
    const opener = options.opener ?? { formats, open: openStore };
    this.operations = new Operations({ dataFolder: options.dataFolder, draw: options.draw ?? systemDraw });
    this.stores = new OpenStores({
      opener,
      operations: this.operations,
      events: this.#events,
      readOnly: options.readOnly,
      mayOpen: options.mayOpen ?? (() => true),
      live: options.live ?? true,
    });
    this.#uploads = new Uploads(join(options.dataFolder, 'uploads'));
    const about = { version: options.version, readOnly: options.readOnly, sample: options.sample ?? null };
    this.#handlers = {
      ...storeHandlers(this.stores, opener, about),
      ...threadHandlers(this.stores),
      ...stateHandlers(this.stores),
      ...pointHandlers(this.stores),
      ...recordHandlers(this.stores),
      ...diffHandlers(this.stores),
      ...operationHandlers(this.stores, this.operations, this.#uploads, options.readOnly),
      ...transferHandlers(this.stores, this.#uploads),
    };
  }

  /** Opens a path as `stores.open` does, for hosts that are given paths at their start. */
  openPath(path: string): OpenStore {
    return this.stores.open(path);
  }

  async call(method: string, params: unknown, context: CallContext): Promise<unknown> {
    if (!isMethod(method)) {
      throw new ForkpointError(
        'usage',
        `This version of Forkpoint has no method ${JSON.stringify(method)}.`,
        'Load the window again.',
      );
    }
    return await this.#run(method, params, context);
  }

  async #run<M extends MethodName>(method: M, params: unknown, context: CallContext): Promise<Result<M>> {
    const parsed = z.safeParse(methods[method].params, params);
    if (!parsed.success) {
      throw new ForkpointError('usage', `${method} was called wrongly: ${z.prettifyError(parsed.error)}`);
    }
    // The compiler does not tie one method's schema to its own handler; the map of handlers is typed method by method.
    return await this.#handlers[method](parsed.data as Params<M>, context);
  }

  subscribe(event: string, listener: (payload: unknown) => void): (() => void) | null {
    return this.#events.on(event, listener);
  }

  close(): void {
    this.stores.closeAll();
    this.#uploads.close();
  }
}

function isMethod(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}
