// The wiring of main, from the first line to the end of the program, with Electron's fake.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MenuItemConstructorOptions } from 'electron';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { emptyAddress, formatLink } from '../../../shared/address/address.ts';
import { channels } from './channels.ts';
import { calls, callsOf, settings, stage } from './testing/electron-fake.ts';
import type { BrowserWindow } from './testing/electron-fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-main-'));
const sample = join(folder, 'sample', 'support-agent.sqlite');
const before = { argv: process.argv, data: process.env['FORKPOINT_DATA'] };

beforeAll(async () => {
  process.env['FORKPOINT_DATA'] = folder;
  process.argv = ['/opt/Forkpoint/forkpoint', '--ozone-platform=x11'];
  await import('./main.ts');
});
afterAll(() => {
  process.argv = before.argv;
  if (before.data === undefined) delete process.env['FORKPOINT_DATA'];
  else process.env['FORKPOINT_DATA'] = before.data;
  for (const s of stage.services) for (const port of s.ports) port.close();
  for (const w of stage.windows) for (const port of w.webContents.ports) port.close();
  rmSync(folder, { recursive: true, force: true });
});

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const window = (): BrowserWindow => {
  const found = stage.windows.at(-1);
  if (found === undefined) throw new Error('there is no window');
  return found;
};
const say = (channel: string, ...args: unknown[]): void => {
  const { webContents } = window();
  stage.send(channel, { sender: webContents, senderFrame: webContents.mainFrame }, ...args);
};
const told = (channel: string): unknown[] =>
  window()
    .webContents.sent.filter(([c]) => c === channel)
    .map(([, payload]) => payload);
const linkTo = (store: string): string => formatLink({ ...emptyAddress, store, tab: 'diff' });

it('settles what must be settled before ready, and opens nothing yet', () => {
  const names = calls.map(([name]) => name);
  expect(names).toEqual([
    'app.enableSandbox',
    'app.setName',
    'app.setPath',
    'protocol.registerSchemesAsPrivileged',
    'app.requestSingleInstanceLock',
  ]);
  expect(callsOf('app.setPath')).toEqual([['userData', join(folder, 'desktop')]]);
  expect(stage.windows).toHaveLength(0);
  expect(stage.services).toHaveLength(0);
});

it('ready: one service, one window; the service is told where things are', async () => {
  // A Mac may hand over a link before that.
  const event = { preventDefault: vi.fn<() => void>() };
  stage.emitApp('open-url', event, linkTo('/runs/early.sqlite'));
  expect(event.preventDefault).toHaveBeenCalledOnce();
  await stage.ready();
  expect(stage.windows).toHaveLength(1);
  expect(stage.services).toHaveLength(1);
  const [service] = stage.services;
  expect(service?.entry).toMatch(/dist[\\/]electron[\\/]store-service\.js$/);
  expect(JSON.parse(service?.args[0] ?? '')).toEqual({ version: expect.any(String), dataFolder: folder, sample });
  expect(window().options.webPreferences?.preload).toMatch(/dist[\\/]electron[\\/]preload\.cjs$/);
  expect(stage.protocolHandlers.has('app')).toBe(true);
  expect(stage.permissionRequest).not.toBeNull();
  // A checkout claims no links.
  expect(callsOf('app.setAsDefaultProtocolClient')).toEqual([]);
});

it('what came before the window waited for it; a link to an unknown store is asked about', async () => {
  expect(told(channels.open)).toEqual([]);
  say(channels.ready);
  await soon();
  expect(callsOf('dialog.showMessageBox')).toEqual([
    [expect.objectContaining({ detail: expect.stringContaining('/runs/early.sqlite') })],
  ]);
  expect(told(channels.open)).toEqual([linkTo('/runs/early.sqlite')]);
});

it('gives a port to the window and its other end to the service', () => {
  stage.services[0]?.emit('spawn');
  say(channels.requestPort);
  expect(told(channels.port)).toEqual([null]);
  expect(window().webContents.ports).toHaveLength(1);
  expect(stage.services[0]?.told).toEqual(['connect']);
});

it('a second instance hands its requests over and the window comes forward', async () => {
  calls.length = 0;
  window().minimized = true;
  stage.emitApp('second-instance', {}, [], '/', { requests: ['/runs/b.sqlite', '/runs/a.sqlite'] });
  await soon();
  expect(told(channels.open).slice(-2)).toEqual(['/runs/b.sqlite', '/runs/a.sqlite']);
  expect(window().minimized).toBe(false);
  expect(callsOf('window.focus')).toHaveLength(1);
  stage.emitApp('second-instance', {}, [], '/', { requests: 'nonsense' });
  expect(stage.windows).toHaveLength(1);
});

it('opened stores become recent ones, but for the sample; a link to them needs no question', async () => {
  calls.length = 0;
  say(channels.opened, '/runs/a.sqlite');
  say(channels.opened, sample);
  expect(callsOf('app.addRecentDocument')).toEqual([['/runs/a.sqlite']]);
  expect(JSON.parse(readFileSync(join(folder, 'desktop', 'recent.json'), 'utf8'))).toEqual(['/runs/a.sqlite']);
  stage.emitApp('open-url', { preventDefault: () => undefined }, linkTo('/runs/a.sqlite'));
  stage.emitApp('open-url', { preventDefault: () => undefined }, linkTo(sample));
  await soon();
  expect(told(channels.open).slice(-2)).toEqual([linkTo('/runs/a.sqlite'), linkTo(sample)]);
  expect(callsOf('dialog.showMessageBox')).toEqual([]);
});

it('a damaged link is said, and nothing is opened', async () => {
  calls.length = 0;
  const count = told(channels.open).length;
  stage.emitApp('open-url', { preventDefault: () => undefined }, 'forkpoint://commit?plan=1');
  await soon();
  expect(callsOf('dialog.showMessageBox')).toEqual([
    [expect.objectContaining({ type: 'error', message: expect.stringContaining('“commit”') })],
  ]);
  expect(told(channels.open)).toHaveLength(count);
});

it('an exported thread arrives as a document', async () => {
  const path = join(folder, 'order.thread.json');
  writeFileSync(path, '{}');
  stage.emitApp('open-file', { preventDefault: () => undefined }, path);
  await vi.waitFor(() => expect(told(channels.document)).toHaveLength(1));
  expect(told(channels.document)).toEqual([{ name: 'order.thread.json', bytes: new Uint8Array([123, 125]) }]);
});

it('draws its menu from the window’s actions and passes on what is chosen', () => {
  calls.length = 0;
  say(channels.actions, [{ id: 'lineage.next', label: 'Next step', group: 'Go', shortcut: null, enabled: true }]);
  const [menu] = callsOf('Menu.setApplicationMenu').at(-1) as [MenuItemConstructorOptions[]];
  const items = menu.find((m) => m.label === 'Go')?.submenu;
  const [item] = Array.isArray(items) ? items : [];
  (item?.click as (() => void) | undefined)?.();
  expect(told(channels.action)).toEqual(['lineage.next']);
});

it('asks for a store over the window', async () => {
  settings.chosen = ['/runs/chosen.sqlite'];
  const { webContents } = window();
  const event = { sender: webContents, senderFrame: webContents.mainFrame };
  expect(await stage.invoke(channels.chooseStore, event, 'file')).toBe('/runs/chosen.sqlite');
  settings.chosen = [];
  expect(await stage.invoke(channels.chooseStore, event, 'folder')).toBeNull();
});

it('a service that ends is said in the window and started again', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue(undefined);
  stage.services.at(-1)?.emit('exit', 139);
  expect(told(channels.serviceGone)).toEqual([expect.stringContaining('code 139')]);
  await soon();
  expect(stage.services).toHaveLength(2);
  log.mockRestore();
});

it('while the page loads anew, requests wait', async () => {
  const count = told(channels.open).length;
  window().webContents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: true });
  stage.emitApp('open-file', { preventDefault: () => undefined }, '/runs/c.sqlite');
  await soon();
  expect(told(channels.open)).toHaveLength(count + 1);
  window().webContents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: false });
  stage.emitApp('open-file', { preventDefault: () => undefined }, '/runs/d.sqlite');
  await soon();
  expect(told(channels.open)).toHaveLength(count + 1);
  say(channels.ready);
  await soon();
  expect(told(channels.open).at(-1)).toBe('/runs/d.sqlite');
});

it('without a window, what is asked for opens one', async () => {
  window().emit('closed');
  stage.emitApp('open-file', { preventDefault: () => undefined }, '/runs/e.sqlite');
  expect(stage.windows).toHaveLength(2);
  say(channels.ready);
  await soon();
  expect(told(channels.open)).toEqual(['/runs/e.sqlite']);
});

it('ends after its service has ended', async () => {
  calls.length = 0;
  const prevented = vi.fn<() => void>();
  stage.services.at(-1)?.emit('spawn');
  stage.emitApp('will-quit', { preventDefault: prevented });
  expect(prevented).toHaveBeenCalledOnce();
  expect(stage.services.at(-1)?.told.at(-1)).toBe('close');
  stage.services.at(-1)?.emit('exit', 0);
  await soon();
  expect(callsOf('app.quit')).toHaveLength(1);
  stage.emitApp('will-quit', { preventDefault: prevented });
  expect(prevented).toHaveBeenCalledOnce();
});
