// Actions of the window as a whole: copy what is selected, share the view, undo the last operation, open and close stores.

import type { ServiceClient } from '../shared/contract/service.ts';
import { parseKey } from '../shared/model/key.ts';
import type { Action } from './actions/action.ts';
import type { Host } from './host/host.ts';
import { viewQuery } from './state/location.ts';
import { useMessages } from './state/messages.ts';
import { useOperation } from './state/operation.ts';
import { closeStore, openStore, useSession } from './state/session.ts';
import { useView } from './state/view.ts';

const hasCheckpoint = (): boolean => useView.getState().checkpoint !== null;
const nothingMarked = (): boolean => (window.getSelection()?.toString() ?? '') === '';

export function windowActions(client: ServiceClient, host: Host): readonly Action[] {
  const { say } = useMessages.getState();
  const choose = host.chooseStore;
  const opener = (kind: 'file' | 'folder'): Action => ({
    id: `store.open.${kind}`,
    label: kind === 'file' ? 'Open a store file…' : 'Open a store folder…',
    group: 'Store',
    ...(kind === 'file' ? { shortcut: ['Mod+o'] } : {}),
    when: () => choose !== null,
    perform: async () => {
      const path = (await choose?.(kind)) ?? null;
      if (path !== null) await openStore(client, path);
    },
  });
  return [
    {
      id: 'checkpoint.copyId',
      label: 'Copy the checkpoint’s id',
      group: 'Go',
      shortcut: ['Mod+c'],
      when: () => hasCheckpoint() && nothingMarked(),
      perform: async () => {
        const id = parseKey(useView.getState().checkpoint ?? '')?.id;
        if (id === undefined) return;
        await host.copy(id);
        say('Copied the id of this checkpoint.');
      },
    },
    {
      id: 'view.copyLink',
      label: 'Copy a link to this view',
      group: 'View',
      when: () => useView.getState().store !== null,
      perform: async () => {
        await host.copy(host.linkOf(viewQuery()));
        say('Copied a link to this view.');
      },
    },
    {
      id: 'operation.undo',
      label: 'Undo the last operation…',
      group: 'Change',
      shortcut: ['Mod+z'],
      when: () => useView.getState().store !== null && useSession.getState().host?.readOnly !== true,
      perform: () => {
        const { store } = useView.getState();
        if (store !== null) useOperation.getState().open({ operation: 'undo', store, operationId: null });
      },
    },
    opener('file'),
    opener('folder'),
    {
      id: 'store.sample',
      label: 'Open the sample store',
      group: 'Store',
      when: () => {
        const { host: facts, stores } = useSession.getState();
        return facts?.sample != null && stores.every((o) => o.info.path !== facts.sample);
      },
      perform: async () => {
        const sample = useSession.getState().host?.sample ?? null;
        if (sample !== null) await openStore(client, sample);
      },
    },
    {
      id: 'store.next',
      label: 'Show the next open store',
      group: 'Store',
      when: () => useSession.getState().stores.length > 1,
      perform: () => {
        const { stores } = useSession.getState();
        const at = stores.findIndex((o) => o.store === useView.getState().store);
        useView.getState().showStore(stores[(at + 1) % stores.length]?.store ?? null);
      },
    },
    {
      id: 'store.close',
      label: 'Close this store',
      group: 'Store',
      when: () => useView.getState().store !== null,
      perform: async () => {
        const { store } = useView.getState();
        if (store !== null) await closeStore(client, store);
      },
    },
  ];
}
