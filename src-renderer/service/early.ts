// The window's first questions, asked while the code that draws it is still being loaded. The features ask the same questions when
// they appear, and find the answers under way; nothing else of them knows.

import { emptyAddress, parseOpenRequest } from '../../shared/address/address.ts';
import type { Address } from '../../shared/address/address.ts';
import { nextKnown } from '../../shared/contract/lineage-reading.ts';
import type { KnownLineage } from '../../shared/contract/lineage-page.ts';
import type { EventName, EventOf, MethodName, Params, Result } from '../../shared/contract/methods.ts';
import type { CallOptions, ServiceClient } from '../../shared/contract/service.ts';
import { ForkpointError } from '../../shared/model/errors.ts';

/** The first page of the thread list. */
export const firstThreads = 100;
/** The first rows of a list or map of the state. */
export const firstChildren = 100;

/** What nobody has asked for by then belongs to a view that was left. */
const keptMillis = 10_000;

interface Early {
  readonly method: MethodName;
  readonly answer: Promise<unknown>;
  readonly abort: AbortController;
}

/** Each early answer is given to the one who asks next, and to nobody once the store has changed. */
export class EarlyClient implements ServiceClient {
  readonly #client: ServiceClient;
  readonly #answers = new Map<string, Early>();
  readonly #stops: (() => void)[];
  #isOver = false;

  constructor(client: ServiceClient) {
    this.#client = client;
    const forget = (): void => this.#answers.clear();
    this.#stops = [
      client.on('store.changed', forget),
      client.on('store.gone', forget),
      client.on('threads.progress', () => this.#forgetLists()),
      client.onConnection(({ connected }) => {
        if (!connected) forget();
      }),
    ];
    setTimeout(() => {
      this.#isOver = true;
      for (const stop of this.#stops.splice(0)) stop();
      forget();
    }, keptMillis);
  }

  /** Asks now for what somebody will ask for. */
  async early<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const abort = new AbortController();
    const answer = this.#client.call(method, params, { signal: abort.signal });
    // Who takes it hears of a failure; if nobody does, it was not needed.
    answer.catch(() => undefined);
    if (!this.#isOver) this.#answers.set(nameOf(method, params), { method, answer, abort });
    return await answer;
  }

  async call<M extends MethodName>(method: M, params: Params<M>, options: CallOptions = {}): Promise<Result<M>> {
    const name = this.#answers.size === 0 ? '' : nameOf(method, params);
    const found = this.#answers.get(name);
    if (found === undefined) return await this.#client.call(method, params, options);
    this.#answers.delete(name);
    const { signal } = options;
    return await new Promise<Result<M>>((resolve, reject) => {
      const onAbort = (): void => {
        found.abort.abort();
        reject(new ForkpointError('cancelled', 'The call was cancelled.'));
      };
      if (signal?.aborted === true) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      found.answer
        // The name holds the method, and with it the type of the answer.
        .then((value) => resolve(value as Result<M>), reject)
        .finally(() => signal?.removeEventListener('abort', onAbort));
    });
  }

  on<E extends EventName>(event: E, listener: (payload: EventOf<E>) => void): () => void {
    return this.#client.on(event, listener);
  }

  onConnection(listener: (state: { readonly connected: boolean; readonly reason: string | null }) => void): () => void {
    return this.#client.onConnection(listener);
  }

  close(): void {
    this.#client.close();
  }

  #forgetLists(): void {
    for (const [name, { method }] of this.#answers) if (listing.has(method)) this.#answers.delete(name);
  }
}

/** What the progress of a listing makes old. */
const listing: ReadonlySet<MethodName> = new Set<MethodName>(['threads.list', 'stores.list']);

const nameOf = (method: string, params: object): string =>
  JSON.stringify([method, Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1))]);

/** What the window at `fragment` asks for first, each as soon as it can be asked. Never rejects: the features say what goes wrong. */
export async function askFirstQuestions(client: EarlyClient, fragment: string): Promise<void> {
  try {
    await Promise.all([client.early('host.info', {}), client.early('formats.list', {}), askOfStore(client, fragment)]);
  } catch {
    // Asked again, and then said on screen.
  }
}

async function askOfStore(client: EarlyClient, fragment: string): Promise<void> {
  const stores = await client.early('stores.list', {});
  const address = addressOf(fragment);
  const open = address.store === null ? stores[0] : stores.find(({ info }) => info.path === address.store);
  if (open === undefined) return;
  const { store } = open;
  const { search, status } = address;
  const threads = client.early('threads.list', { store, search, status, from: 0, count: firstThreads });
  const thread = address.thread ?? (await threads).rows[0]?.thread;
  if (thread === undefined) return;
  await Promise.all([askOfLineage(client, store, thread), askOfState(client, store, thread, address, threads)]);
}

async function askOfLineage(client: EarlyClient, store: string, thread: string): Promise<void> {
  let known: KnownLineage | null = null;
  do known = nextKnown(await client.early('lineage.page', { store, thread, known }));
  while (known !== null);
}

/** Before the cards ask what each checkpoint did: for that whole states are compared, and what is shown first is this one. */
async function askOfState(
  client: EarlyClient,
  store: string,
  thread: string,
  { tab, checkpoint, applied }: Address,
  threads: Promise<Result<'threads.list'>>,
): Promise<void> {
  if (tab !== 'state') return;
  const key = checkpoint ?? (await threads).rows.find((row) => row.thread === thread)?.detail?.head;
  if (key == null) return;
  await client.early('state.children', { store, key, applied, path: [], from: 0, count: firstChildren });
}

function addressOf(fragment: string): Address {
  const query = fragment.replace(/^#/, '');
  return query === '' ? emptyAddress : parseOpenRequest(`forkpoint://view?${query}`);
}
