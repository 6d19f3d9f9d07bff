// The window: sandboxed, isolated, confined to its own page, at the place where it was left.

import { BrowserWindow, nativeTheme, screen, session, shell } from 'electron';
import type { Session, WebContents } from 'electron';
import { askToLeave, askToLoadAgain, askToOpenAddress } from './dialogs.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { isOwnPage, pageUrl } from './protocol.ts';
import { boundsFor, smallest, WindowPlace } from './window-bounds.ts';
import * as z from 'zod/mini';

export interface WindowFiles {
  /** The built preload. */
  readonly preload: string;
  /** Where the window's place is remembered. */
  readonly place: string;
}

/** The page's own colours (`--bg`), so that nothing flashes before it is drawn. */
const backgrounds = { light: '#f6f7f9', dark: '#14161a' } as const;

export function openWindow(files: WindowFiles): BrowserWindow {
  const place = readJsonFile<WindowPlace | null>(files.place, z.nullable(WindowPlace), null);
  const window = new BrowserWindow({
    ...boundsFor(
      place,
      screen.getAllDisplays().map((d) => d.workArea),
    ),
    minWidth: smallest.width,
    minHeight: smallest.height,
    title: 'Forkpoint',
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? backgrounds.dark : backgrounds.light,
    webPreferences: {
      preload: files.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  if (place?.maximized === true) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', () => {
    writeJsonFile(files.place, {
      ...window.getNormalBounds(),
      maximized: window.isMaximized(),
    } satisfies WindowPlace);
  });
  // The page objects to being closed or loaded anew; preventing the objection lets it go.
  window.webContents.on('will-prevent-unload', (event) => {
    if (askToLeave(window)) event.preventDefault();
  });
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || window.isDestroyed()) return;
    void askToLoadAgain(window, reason).then((again) => {
      if (window.isDestroyed()) return;
      if (again) window.webContents.reload();
      else window.destroy();
    });
  });
  confine(window.webContents, window);
  void window.loadURL(pageUrl);
  return window;
}

/** The page cannot lead anywhere but to itself; an https address opens in the person's browser, after asking. */
export function confine(contents: WebContents, window: BrowserWindow | null): void {
  const stay = (event: { readonly url: string; preventDefault(): void }): void => {
    if (!isOwnPage(event.url)) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    if (isHttps(url)) {
      void askToOpenAddress(window, url).then((yes) => (yes ? shell.openExternal(url) : undefined));
    }
    return { action: 'deny' };
  });
}

function isHttps(url: string): boolean {
  try {
    const { protocol, username, password } = new URL(url);
    return protocol === 'https:' && username === '' && password === '';
  } catch {
    return false;
  }
}

/** Copying text (no reading of the clipboard) is the one thing that the page may do beyond drawing. */
const allowed = 'clipboard-sanitized-write';

export function denyPermissions(of: Session = session.defaultSession): void {
  of.setPermissionRequestHandler((contents, permission, answer) => {
    answer(permission === allowed && isOwnPage(contents.getURL()));
  });
  of.setPermissionCheckHandler(
    (contents, permission) => permission === allowed && contents !== null && isOwnPage(contents.getURL()),
  );
  of.setDevicePermissionHandler(() => false);
}
