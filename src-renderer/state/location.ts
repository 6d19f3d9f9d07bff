// Keeps the page's fragment and the view the same: a reload and a copied address lead back to the same place.

import { formatQuery } from '../../shared/address/address.ts';
import type { ServiceClient } from '../../shared/contract/service.ts';
import { goToFragment, useSession } from './session.ts';
import { useView } from './view.ts';

/** The view as an address's query; the open store by its path. */
export function viewQuery(): string {
  const { store, thread, checkpoint, compared, tab, path, applied, search, status } = useView.getState();
  const open = useSession.getState().stores.find((o) => o.store === store);
  return formatQuery({
    store: open?.info.path ?? null,
    thread,
    checkpoint,
    compared,
    tab,
    path,
    applied,
    search,
    status,
  });
}

/** Writes the fragment a moment after the view changed (a held arrow key would hit the browser's limit), reads it on back and forward. */
export function keepLocation(client: ServiceClient): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let place = placeOf();
  const write = (): void => {
    timer = null;
    if (!useSession.getState().ready || useView.getState().store === null) return;
    const fragment = `#${viewQuery()}`;
    const last = place;
    place = placeOf();
    if (location.hash === fragment) return;
    // Another store or thread is a place to come back to; a step along a branch is not.
    if (place === last || last.endsWith('\n')) history.replaceState(null, '', fragment);
    else history.pushState(null, '', fragment);
  };
  const schedule = (): void => {
    if (timer === null) timer = setTimeout(write, 150);
  };
  const onPop = (): void => {
    void goToFragment(client, location.hash).then(() => {
      place = placeOf();
    });
  };
  const stops = [useView.subscribe(schedule), useSession.subscribe(schedule)];
  window.addEventListener('popstate', onPop);
  return () => {
    if (timer !== null) clearTimeout(timer);
    for (const stop of stops) stop();
    window.removeEventListener('popstate', onPop);
  };
}

function placeOf(): string {
  const { store, thread } = useView.getState();
  return `${store ?? ''}\n${thread ?? ''}`;
}
