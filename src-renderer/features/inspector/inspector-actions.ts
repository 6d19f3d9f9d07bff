// What can be done in the inspector, as actions: tabs, find, copy, edit, fork, the patch.

import type { ServiceClient } from '../../../shared/contract/service.ts';
import { parseKey } from '../../../shared/model/key.ts';
import type { Action } from '../../actions/action.ts';
import type { Host } from '../../host/host.ts';
import { useMessages } from '../../state/messages.ts';
import { storeCan, storeKeeps } from '../../state/session.ts';
import { useView, type Tab } from '../../state/view.ts';
import { editValue, forkFrom } from '../operations/start.ts';
import { stateFocus, useStatePane } from './state/state-pane.ts';

const selected = (): { store: string; checkpoint: string } | null => {
  const { store, checkpoint } = useView.getState();
  return store === null || checkpoint === null ? null : { store, checkpoint };
};
const hasSelected = (): boolean => selected() !== null;

/** A file name that every system takes. */
export const fileNameOf = (text: string): string =>
  text.replace(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 80) || 'forkpoint';

const encoder = new TextEncoder();

async function* once(text: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield encoder.encode(text);
}

async function patchText(client: ServiceClient): Promise<string | null> {
  const at = selected();
  if (at === null) return null;
  const { patch } = await client.call('diff.patch', {
    store: at.store,
    before: useView.getState().compared,
    after: at.checkpoint,
  });
  return patch;
}

export async function savePatch(client: ServiceClient, host: Host): Promise<void> {
  try {
    const patch = await patchText(client);
    const at = selected();
    if (patch === null || at === null) return;
    const parts = parseKey(at.checkpoint);
    const name = `${fileNameOf(`${parts?.thread ?? 'thread'}-${(parts?.id ?? '').slice(-8)}`)}.patch.json`;
    if (await host.save(name, 'application/json-patch+json', once(patch))) {
      useMessages.getState().say(`Saved ${name}.`);
    }
  } catch (thrown) {
    useMessages.getState().sayError(thrown);
  }
}

export async function copyPatch(client: ServiceClient, host: Host): Promise<void> {
  try {
    const patch = await patchText(client);
    if (patch === null) return;
    await host.copy(patch);
    useMessages.getState().say('Copied the patch.');
  } catch (thrown) {
    useMessages.getState().sayError(thrown);
  }
}

/** Edits the value that has the focus in the tree; without one the first that is small enough, so that E always leads somewhere. */
export async function editFocused(client: ServiceClient): Promise<void> {
  const at = selected();
  if (at === null) return;
  const path =
    useView.getState().path ?? (stateFocus.current?.key === at.checkpoint ? stateFocus.current.node.path : null);
  if (path !== null && path !== '') return editValue(at.store, at.checkpoint, path);
  try {
    const answer = await client.call('state.children', {
      store: at.store,
      key: at.checkpoint,
      applied: false,
      path: [],
      from: 0,
      count: 200,
    });
    const first =
      answer.children.find((c) => c.path !== null && c.bytes < 1_000_000 && !c.label.startsWith('__')) ?? null;
    if (first?.path != null) editValue(at.store, at.checkpoint, first.path);
    else forkFrom(at.store, at.checkpoint);
  } catch (thrown) {
    useMessages.getState().sayError(thrown);
  }
}

export function inspectorActions(client: ServiceClient, host: Host): readonly Action[] {
  const view = useView.getState();
  const tab = (id: Tab, label: string, key: string, when = hasSelected): Action => ({
    id: `inspector.${id}`,
    label: `Show ${label}`,
    group: 'View',
    shortcut: [key],
    when,
    perform: () => view.showTab(id),
  });
  const onState = (): boolean => hasSelected() && useView.getState().tab === 'state';
  return [
    tab('state', 'State', '1'),
    tab('diff', 'Diff', '2'),
    tab('pending', 'Pending', '3'),
    tab('raw', 'Raw', '5'),
    tab('records', 'Records', '6', () => hasSelected() && storeKeeps('records')),
    {
      id: 'inspector.find',
      label: 'Find in this state',
      group: 'State',
      shortcut: ['Mod+f', '/'],
      when: hasSelected,
      perform: () => {
        view.showTab('state');
        useStatePane.setState({ finding: true });
        document.querySelector<HTMLInputElement>('.find-bar input')?.select();
      },
    },
    {
      id: 'inspector.applied',
      label: 'Show the state with or without finished writes',
      group: 'State',
      when: onState,
      perform: () => view.showApplied(!useView.getState().applied),
    },
    {
      id: 'inspector.edit',
      label: 'Edit state',
      group: 'Change',
      shortcut: ['e'],
      when: () => hasSelected() && storeCan('edit'),
      perform: () => editFocused(client),
    },
    {
      id: 'inspector.fork',
      label: 'Fork from here',
      group: 'Change',
      shortcut: ['f'],
      when: () => hasSelected() && storeCan('fork'),
      perform: () => {
        const at = selected();
        if (at !== null) forkFrom(at.store, at.checkpoint);
      },
    },
    {
      id: 'inspector.patch',
      label: 'Export the difference as a patch',
      group: 'State',
      when: hasSelected,
      perform: () => savePatch(client, host),
    },
    {
      id: 'inspector.copy-patch',
      label: 'Copy the difference as a patch',
      group: 'State',
      when: hasSelected,
      perform: () => copyPatch(client, host),
    },
  ];
}
