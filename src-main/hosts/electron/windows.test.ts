// The window: how it is confined, and where it appears.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Real from 'electron';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { pageUrl } from './protocol.ts';
import { calls, callsOf, settings, stage } from './testing/electron-fake.ts';
import type { BrowserWindow } from './testing/electron-fake.ts';
import { boundsFor } from './window-bounds.ts';
import { denyPermissions, openWindow } from './windows.ts';

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-windows-'));
const files = { preload: '/app/dist/electron/preload.cjs', place: join(folder, 'window.json') };
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  calls.length = 0;
  stage.windows.length = 0;
  settings.button = 0;
  rmSync(files.place, { force: true });
});

function open(): BrowserWindow {
  openWindow(files);
  const window = stage.windows.at(-1);
  if (window === undefined) throw new Error('no window was made');
  return window;
}
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('is sandboxed, isolated, without Node, and shows our page through our preload', () => {
  const { options } = open();
  expect(options.webPreferences).toMatchObject({
    preload: files.preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    webviewTag: false,
    navigateOnDragDrop: false,
  });
  expect(callsOf('window.loadURL')).toEqual([[pageUrl]]);
});

it('is shown once there is something to see, on the page’s own ground', () => {
  settings.dark = true;
  const window = open();
  settings.dark = false;
  expect(window.options).toMatchObject({ show: false, backgroundColor: '#14161a' });
  const css = readFileSync(new URL('../../../src-renderer/styles/tokens.css', import.meta.url), 'utf8');
  expect(css).toContain(`--bg: light-dark(${String(open().options.backgroundColor)}, #14161a)`);
  expect(callsOf('window.show')).toEqual([]);
  window.emit('ready-to-show');
  expect(callsOf('window.show')).toHaveLength(1);
});

describe('leads nowhere else', () => {
  it.each(['will-navigate', 'will-redirect', 'will-frame-navigate'])('%s', (event) => {
    const { webContents } = open();
    const stopped = (url: string): boolean => {
      let prevented = false;
      webContents.emit(event, { url, preventDefault: () => (prevented = true) });
      return prevented;
    };
    expect(stopped(`${pageUrl}#v=1`)).toBe(false);
    for (const url of ['https://example.org/', 'file:///etc/passwd', 'app://forkpoint/x.html', 'data:text/html,x']) {
      expect(stopped(url)).toBe(true);
    }
  });

  it('no window, and only https outside, after asking', async () => {
    const { webContents } = open();
    const ask = (url: string): unknown => webContents.openHandler?.({ url } as Real.HandlerDetails);
    for (const url of ['http://example.org/', 'file:///etc/passwd', 'javascript:alert(1)', 'https://a:b@c.org/', '?']) {
      expect(ask(url)).toEqual({ action: 'deny' });
    }
    await soon();
    expect(callsOf('dialog.showMessageBox')).toEqual([]);
    settings.button = 1;
    expect(ask('https://example.org/a')).toEqual({ action: 'deny' });
    await soon();
    expect(callsOf('dialog.showMessageBox')).toEqual([[expect.objectContaining({ detail: 'https://example.org/a' })]]);
    expect(callsOf('shell.openExternal')).toEqual([]);
    settings.button = 0;
    ask('https://example.org/a');
    await soon();
    expect(callsOf('shell.openExternal')).toEqual([['https://example.org/a']]);
  });
});

it('may write text to the clipboard and nothing else', () => {
  denyPermissions();
  const page = { getURL: () => pageUrl };
  const asked = (permission: string, url = pageUrl): boolean => {
    let answer = false;
    stage.permissionRequest?.({ getURL: () => url }, permission, (yes) => (answer = yes));
    return answer;
  };
  expect(asked('clipboard-sanitized-write')).toBe(true);
  expect(asked('clipboard-sanitized-write', 'https://example.org/')).toBe(false);
  for (const p of ['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'fileSystem', 'usb']) {
    expect(asked(p)).toBe(false);
    expect(stage.permissionCheck?.(page, p)).toBe(false);
  }
  expect(stage.permissionCheck?.(page, 'clipboard-sanitized-write')).toBe(true);
  expect(stage.permissionCheck?.(null, 'clipboard-sanitized-write')).toBe(false);
});

describe('its place', () => {
  it('is remembered when it closes', () => {
    const first = open();
    first.bounds = { x: 40, y: 50, width: 900, height: 800 };
    first.maximized = true;
    first.emit('close');
    const second = open();
    expect(second.options).toMatchObject({ x: 40, y: 50, width: 900, height: 800 });
    expect(second.maximized).toBe(true);
  });
  it.each(['{', '{"x":"1"}', '[]', '{"x":1e9,"y":0,"width":10,"height":10,"maximized":false}'])(
    'is forgotten when its file is damaged: %s',
    (text) => {
      writeFileSync(files.place, text);
      expect(open().options).toMatchObject({ width: 1440, height: 940 });
      expect(existsSync(files.place)).toBe(true);
    },
  );
  const one = [{ x: 0, y: 25, width: 1920, height: 1055 }];
  it.each([
    ['on the screen', { x: 100, y: 100, width: 1000, height: 700 }, { x: 100, y: 100, width: 1000, height: 700 }],
    ['half off the side', { x: 1700, y: 100, width: 1000, height: 700 }, { x: 1700, y: 100, width: 1000, height: 700 }],
    ['on a screen that is gone', { x: 2500, y: 100, width: 1000, height: 700 }, { width: 1000, height: 700 }],
    ['above the screen', { x: 100, y: -300, width: 1000, height: 700 }, { width: 1000, height: 700 }],
    ['too small', { x: 0, y: 25, width: 10, height: 10 }, { x: 0, y: 25, width: 640, height: 480 }],
  ])('%s', (_name, place, bounds) => {
    expect(boundsFor({ ...place, maximized: false }, one)).toEqual(bounds);
  });
});

it('whose page crashed is loaded again or closed, as the person says', async () => {
  const window = open();
  window.webContents.emit('render-process-gone', {}, { reason: 'crashed' });
  await soon();
  expect(callsOf('webContents.reload')).toHaveLength(1);
  settings.button = 1;
  window.webContents.emit('render-process-gone', {}, { reason: 'oom' });
  await soon();
  expect(window.destroyed).toBe(true);
});

it('asks before typed edits are lost', () => {
  const { webContents } = open();
  const leaves = (button: number): boolean => {
    settings.button = button;
    let left = false;
    webContents.emit('will-prevent-unload', { preventDefault: () => (left = true) });
    return left;
  };
  expect(leaves(1)).toBe(false);
  expect(leaves(0)).toBe(true);
  expect(callsOf('dialog.showMessageBoxSync')[0]).toEqual([expect.objectContaining({ defaultId: 1, cancelId: 1 })]);
});
