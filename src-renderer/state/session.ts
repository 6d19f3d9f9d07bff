// What is open: the host's facts, the stores, and what went wrong while opening. Opening and restoring an address happen here.

import { create } from 'zustand';
import { emptyAddress, parseOpenRequest } from '../../shared/address/address.ts';
import type { Address } from '../../shared/address/address.ts';
import type { Result } from '../../shared/contract/methods.ts';
import type { ServiceClient } from '../../shared/contract/service.ts';
import { asForkpointError } from '../../shared/model/errors.ts';
import type { ForkpointError } from '../../shared/model/errors.ts';
import type { FormatInfo, StoreInfo } from '../../shared/model/shapes.ts';
import { useMessages } from './messages.ts';
import { useView } from './view.ts';

export interface OpenStore {
  readonly store: string;
  readonly info: StoreInfo;
}

interface Session {
  /** False until the first answer: then the window knows whether it is empty. */
  readonly ready: boolean;
  readonly host: Result<'host.info'> | null;
  readonly stores: readonly OpenStore[];
  readonly formats: readonly FormatInfo[];
  /** Path that is being opened, and why the last one could not be. */
  readonly opening: string | null;
  readonly failure: { readonly path: string | null; readonly error: ForkpointError } | null;
  /** Stores that were deleted or replaced while open: id → sentence. */
  readonly gone: ReadonlyMap<string, string>;
}

export const useSession = create<Session>()(() => ({
  ready: false,
  host: null,
  stores: [],
  formats: [],
  opening: null,
  failure: null,
  gone: new Map(),
}));

export const useOpenStore = (): OpenStore | null => {
  const id = useView((v) => v.store);
  return useSession((s) => s.stores.find((o) => o.store === id) ?? null);
};

/** Whether the open store can do `operation` now (see `StoreInfo.capabilities`), for actions. */
export function storeCan(operation: string): boolean {
  const id = useView.getState().store;
  const open = useSession.getState().stores.find((o) => o.store === id);
  return open !== undefined && open.info.writable && open.info.capabilities.includes(operation);
}

/** Whether the open store has something to read, whatever may be written (`records`). */
export function storeKeeps(what: string): boolean {
  const id = useView.getState().store;
  return (
    useSession
      .getState()
      .stores.find((o) => o.store === id)
      ?.info.capabilities.includes(what) ?? false
  );
}

/** First contact: what the host is and what is open already; then the view of `fragment`. */
export async function beginSession(client: ServiceClient, fragment: string): Promise<void> {
  try {
    const [host, stores, formats] = await Promise.all([
      client.call('host.info', {}),
      client.call('stores.list', {}),
      client.call('formats.list', {}),
    ]);
    useSession.setState({ host, stores, formats, failure: null });
    await goTo(client, fragment === '' || fragment === '#' ? emptyAddress : parseOpenRequest(asLink(fragment)));
  } catch (thrown) {
    useSession.setState({ failure: { path: null, error: asForkpointError(thrown) } });
  } finally {
    useSession.setState({ ready: true });
  }
}

const asLink = (fragment: string): string => `forkpoint://view?${fragment.replace(/^#/, '')}`;

/** Reads a fragment; a damaged one is said and changes nothing. */
export const goToFragment = (client: ServiceClient, fragment: string): Promise<void> =>
  goToRequest(client, asLink(fragment));

/** A deep link, a path, or an argument of a second instance. */
export async function goToRequest(client: ServiceClient, request: string): Promise<void> {
  try {
    await goTo(client, parseOpenRequest(request));
  } catch (thrown) {
    useSession.setState({ failure: { path: null, error: asForkpointError(thrown) } });
  }
}

async function goTo(client: ServiceClient, address: Address): Promise<void> {
  const { stores } = useSession.getState();
  const open =
    address.store === null ? (stores[0] ?? null) : (stores.find((o) => o.info.path === address.store) ?? null);
  const { store: path, ...rest } = address;
  if (open !== null) useView.getState().restore({ ...rest, store: open.store });
  else if (path !== null) {
    const opened = await openStore(client, path);
    if (opened !== null) useView.getState().restore({ ...rest, store: opened.store });
  }
}

/** Opens a path and shows it; a failure becomes a screen, never a rejection. */
export async function openStore(client: ServiceClient, path: string): Promise<OpenStore | null> {
  useSession.setState({ opening: path, failure: null });
  try {
    const opened = await client.call('stores.open', { path });
    useSession.setState((s) => {
      const gone = new Map(s.gone);
      gone.delete(opened.store);
      return { stores: [...s.stores.filter((o) => o.store !== opened.store), opened], gone };
    });
    useView.getState().showStore(opened.store);
    return opened;
  } catch (thrown) {
    // What is open stays on screen; only an empty window becomes the screen of the failure.
    if (useView.getState().store === null) useSession.setState({ failure: { path, error: asForkpointError(thrown) } });
    else useMessages.getState().sayError(thrown);
    return null;
  } finally {
    useSession.setState({ opening: null });
  }
}

/** Facts of the stores again, after one has changed or the service came back. Ids may have changed with the service: paths tell. */
export async function refreshStores(client: ServiceClient): Promise<void> {
  const before = useSession.getState().stores;
  const stores = await client.call('stores.list', {});
  useSession.setState({ stores });
  const shown = before.find((o) => o.store === useView.getState().store);
  if (shown === undefined || stores.some((o) => o.store === shown.store && o.info.path === shown.info.path)) return;
  const again = stores.find((o) => o.info.path === shown.info.path) ?? (await openStore(client, shown.info.path));
  if (again !== null) {
    const { thread, checkpoint, compared, tab, path, applied, search, status } = useView.getState();
    useView
      .getState()
      .restore({ store: again.store, thread, checkpoint, compared, tab, path, applied, search, status });
  }
}

export async function closeStore(client: ServiceClient, store: string): Promise<void> {
  await client.call('stores.close', { store });
  useSession.setState((s) => ({ stores: s.stores.filter((o) => o.store !== store) }));
  if (useView.getState().store === store) useView.getState().showStore(useSession.getState().stores[0]?.store ?? null);
}
