// What the window keeps its host informed of (its actions, for menus; the stores it opened), and what it does when a menu is used.

import type { MenuAction } from '../shared/contract/desktop.ts';
import { ForkpointError } from '../shared/model/errors.ts';
import { allActions, onActionsChanged, possibleActions } from './actions/action.ts';
import { performAction } from './actions/keyboard.ts';
import { useLineageState } from './features/lineage/lineage-state.ts';
import type { Host, NativeMenus } from './host/host.ts';
import { useMessages } from './state/messages.ts';
import { useOperation } from './state/operation.ts';
import { storeCan, useSession } from './state/session.ts';
import { useView } from './state/view.ts';

/** Returns the stop function. */
export function keepHostInformed(host: Host): () => void {
  const stops = [keepRecent(host), keepUnsaved(), ...(host.menus === null ? [] : [keepMenus(host.menus)])];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Closing or reloading while typed edits would be lost: the host asks first (a browser's own question, a dialog on the desktop). */
function keepUnsaved(): () => void {
  const ask = (event: BeforeUnloadEvent): void => {
    if (useOperation.getState().unsaved) event.preventDefault();
  };
  window.addEventListener('beforeunload', ask);
  return () => window.removeEventListener('beforeunload', ask);
}

function keepRecent(host: Host): () => void {
  const told = new Set<string>();
  return useSession.subscribe(({ stores }) => {
    for (const { info } of stores) {
      if (told.has(info.path)) continue;
      told.add(info.path);
      host.noteOpened(info.path);
    }
  });
}

/** A menu is drawn at most five times a second, however fast a person steps. */
const menuMillis = 200;

function keepMenus(menus: NativeMenus): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let offered = '';
  const offer = (): void => {
    timer = null;
    const actions = allActions()
      .filter((a) => a.hidden !== true)
      .map(({ id, label, group, shortcut, when }): MenuAction => ({
        id,
        label,
        group,
        shortcut: shortcut?.[0] ?? null,
        enabled: when?.() ?? true,
      }));
    const text = JSON.stringify(actions);
    if (text === offered) return;
    offered = text;
    menus.offer(actions);
  };
  const schedule = (): void => {
    timer ??= setTimeout(offer, menuMillis);
  };
  schedule();
  const stops = [
    onActionsChanged(schedule),
    useView.subscribe(schedule),
    useSession.subscribe(schedule),
    useOperation.subscribe(schedule),
    useLineageState.subscribe(schedule),
    menus.onChosen((id) => {
      // What the menu showed may be past by now, and a dialog keeps what lies under it out of reach.
      if (document.querySelector('[data-modal-open]') !== null) return;
      const action = possibleActions().find((a) => a.id === id);
      if (action !== undefined) performAction(action);
    }),
  ];
  return () => {
    if (timer !== null) clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

/** A thread document that came from outside is imported into the store that is shown; the sheet shows what it would do. */
export function importDocument(file: File): void {
  const { store } = useView.getState();
  if (store !== null && storeCan('import')) {
    useOperation.getState().open({ operation: 'import', store, file });
    return;
  }
  useMessages
    .getState()
    .sayError(
      new ForkpointError(
        'unable',
        `“${file.name}” is an exported thread, and no store that it could be imported into is shown.`,
        'Open the store first, then open the document again.',
      ),
    );
}
