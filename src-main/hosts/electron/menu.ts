// The application's menus, drawn from the window's own list of actions, so that menu, palette and keyboard cannot disagree.

import { basename } from 'node:path';
import type { MenuItemConstructorOptions } from 'electron';
import type { MenuAction } from '../../../shared/contract/desktop.ts';

export interface MenuParts {
  readonly actions: readonly MenuAction[];
  readonly recent: readonly string[];
  readonly mac: boolean;
  /** Offers the developer tools. */
  readonly developing: boolean;
  perform(id: string): void;
  openRecent(path: string): void;
  clearRecent(): void;
}

const separator: MenuItemConstructorOptions = { type: 'separator' };

/** What an edit role in the same menu bar answers to already; with it a text field's own undo and copy would be lost. */
const ofRoles = new Set(['Mod+z', 'Mod+c', 'Mod+x', 'Mod+v', 'Mod+a']);

const keyNames: Readonly<Record<string, string>> = {
  Mod: 'CmdOrCtrl',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  Escape: 'Esc',
  '+': 'Plus',
};

/** The window's notation (`Mod+Shift+ArrowLeft`) in Electron's (`CmdOrCtrl+Shift+Left`). */
export function acceleratorOf(shortcut: string): string {
  return shortcut
    .split(/\+(?=.)/)
    .map((part) => keyNames[part] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join('+');
}

/**
 * The keyboard belongs to the window, which knows when a text field has the focus. So shortcuts are only shown (`registerAccelerator`),
 * and on a Mac, where menus always answer to them, only those with Cmd are.
 */
function keysOf(action: MenuAction, mac: boolean): Partial<MenuItemConstructorOptions> {
  const { shortcut } = action;
  if (shortcut === null || (mac && (!shortcut.startsWith('Mod+') || ofRoles.has(shortcut)))) return {};
  return { accelerator: acceleratorOf(shortcut), registerAccelerator: false };
}

export function menuTemplate(parts: MenuParts): MenuItemConstructorOptions[] {
  const { actions, recent, mac } = parts;
  const itemsOf = (group: MenuAction['group']): MenuItemConstructorOptions[] =>
    actions
      .filter((a) => a.group === group)
      .map((a) => ({
        id: a.id,
        // An ampersand would mark a key to press.
        label: a.label.replaceAll('&', '&&'),
        enabled: a.enabled,
        click: () => parts.perform(a.id),
        ...keysOf(a, mac),
      }));
  const menu = (label: string, submenu: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    submenu.length === 0 ? [] : [{ label, submenu }];

  const recentMenu: MenuItemConstructorOptions = {
    label: 'Open Recent',
    enabled: recent.length > 0,
    submenu: [
      ...recent.map((path) => ({
        label: `${basename(path)}  —  ${path}`.replaceAll('&', '&&'),
        click: () => parts.openRecent(path),
      })),
      separator,
      { label: 'Clear Recent', click: () => parts.clearRecent() },
    ],
  };
  return [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    ...menu('Store', [
      ...itemsOf('Store'),
      separator,
      recentMenu,
      separator,
      mac ? { role: 'close' } : { role: 'quit' },
    ]),
    { role: 'editMenu' },
    ...menu('Go', itemsOf('Go')),
    ...menu('View', [
      ...itemsOf('View'),
      separator,
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      separator,
      { role: 'togglefullscreen' },
      ...(parts.developing ? [separator, { role: 'reload' } as const, { role: 'toggleDevTools' } as const] : []),
    ]),
    ...menu('Lineage', itemsOf('Lineage')),
    ...menu('State', itemsOf('State')),
    ...menu('Change', itemsOf('Change')),
    ...(mac ? [{ role: 'windowMenu' } as const] : []),
    ...menu('Help', [...itemsOf('Help'), ...(mac ? [] : [separator, { role: 'about' } as const])]),
  ];
}
