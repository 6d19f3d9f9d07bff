import type { MenuItemConstructorOptions } from 'electron';
import { describe, expect, it } from 'vitest';
import { MenuActions } from '../../../shared/contract/desktop.ts';
import type { MenuAction } from '../../../shared/contract/desktop.ts';
import { acceleratorOf, menuTemplate } from './menu.ts';
import type { MenuParts } from './menu.ts';

const action = (id: string, group: MenuAction['group'], more: Partial<MenuAction> = {}): MenuAction => ({
  id,
  label: id,
  group,
  shortcut: null,
  enabled: true,
  ...more,
});
const actions = [
  action('lineage.next', 'Go', { label: 'Next step', shortcut: 'ArrowRight' }),
  action('checkpoint.copyId', 'Go', { shortcut: 'Mod+c' }),
  action('view.threads', 'View', { label: 'Hide & seek', shortcut: 'Mod+b' }),
  action('fork', 'Change', { enabled: false, shortcut: 'f' }),
  action('store.open.file', 'Store', { shortcut: 'Mod+o' }),
  action('palette.open', 'Help', { shortcut: 'Mod+k' }),
];

function draw(more: Partial<MenuParts> = {}): { menus: MenuItemConstructorOptions[]; done: unknown[] } {
  const done: unknown[] = [];
  const menus = menuTemplate({
    actions,
    recent: [],
    mac: false,
    developing: false,
    perform: (id) => done.push(['perform', id]),
    openRecent: (path) => done.push(['recent', path]),
    clearRecent: () => done.push(['clear']),
    ...more,
  });
  return { menus, done };
}
const itemsOf = (menus: readonly MenuItemConstructorOptions[], label: string): MenuItemConstructorOptions[] => {
  const found = menus.find((m) => m.label === label)?.submenu;
  return Array.isArray(found) ? found : [];
};
/** Electron gives a click an item, a window and an event; ours need none of them. */
const click = (item: MenuItemConstructorOptions | undefined): void => (item?.click as (() => void) | undefined)?.();

describe('menus', () => {
  it('are the window’s actions, in the window’s words', () => {
    expect(MenuActions.safeParse(actions).success).toBe(true);
    const { menus, done } = draw();
    expect(menus.map((m) => m.label ?? m.role)).toEqual(['Store', 'editMenu', 'Go', 'View', 'Change', 'Help']);
    expect(itemsOf(menus, 'Go')[0]).toMatchObject({ label: 'Next step', accelerator: 'Right', enabled: true });
    expect(itemsOf(menus, 'View')[0]).toMatchObject({ label: 'Hide && seek', accelerator: 'CmdOrCtrl+B' });
    expect(itemsOf(menus, 'Change')[0]).toMatchObject({ enabled: false });
    click(itemsOf(menus, 'Go')[0]);
    expect(done).toEqual([['perform', 'lineage.next']]);
  });

  it('leave the keyboard to the window', () => {
    for (const mac of [false, true]) {
      for (const menu of draw({ mac }).menus) {
        for (const item of itemsOf([menu], menu.label ?? '')) {
          if (item.accelerator !== undefined) expect(item.registerAccelerator).toBe(false);
        }
      }
    }
  });

  it('on a Mac show no key that would be taken from typing, or from an edit role', () => {
    const { menus } = draw({ mac: true });
    expect(menus[0]).toEqual({ role: 'appMenu' });
    expect(menus.at(-2)).toEqual({ role: 'windowMenu' });
    expect(itemsOf(menus, 'Go').map((i) => i.accelerator)).toEqual([undefined, undefined]);
    expect(itemsOf(menus, 'View')[0]?.accelerator).toBe('CmdOrCtrl+B');
  });

  it('offer the recent stores', () => {
    const { menus, done } = draw({ recent: ['/runs/a & b.sqlite', '/x/c'] });
    const recent = itemsOf(itemsOf(menus, 'Store'), 'Open Recent');
    expect(recent.map((i) => i.label ?? i.type)).toEqual([
      'a && b.sqlite  —  /runs/a && b.sqlite',
      'c  —  /x/c',
      'separator',
      'Clear Recent',
    ]);
    click(recent[1]);
    click(recent[3]);
    expect(done).toEqual([['recent', '/x/c'], ['clear']]);
    expect(itemsOf(draw().menus, 'Store').find((i) => i.label === 'Open Recent')?.enabled).toBe(false);
  });

  it('have developer tools only while developing, and stand before the window has spoken', () => {
    const roles = (developing: boolean): unknown[] => itemsOf(draw({ developing }).menus, 'View').map((i) => i.role);
    expect(roles(true)).toContain('toggleDevTools');
    expect(roles(false)).not.toContain('toggleDevTools');
    expect(draw({ actions: [] }).menus.map((m) => m.label ?? m.role)).toEqual(['Store', 'editMenu', 'View', 'Help']);
  });
});

it.each([
  ['Mod+k', 'CmdOrCtrl+K'],
  ['Shift+ArrowLeft', 'Shift+Left'],
  ['Space', 'Space'],
  ['Mod+Shift+z', 'CmdOrCtrl+Shift+Z'],
  ['Escape', 'Esc'],
  ['+', 'Plus'],
  ['Mod++', 'CmdOrCtrl+Plus'],
  ['?', '?'],
])('%s reads %s in Electron’s notation', (ours, theirs) => expect(acceleratorOf(ours)).toBe(theirs));
