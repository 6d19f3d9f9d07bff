// The one script between main and the page, in a sandbox: it passes the port and a few typed calls, and holds no logic to attack.
// Built as a single CommonJS file that requires nothing but Electron (sandboxed preloads load nothing else).

import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { DesktopBridge } from '../../../shared/contract/desktop.ts';
import { channels } from './channels.ts';

/** What of the DOM is used here; this layer compiles without it. */
declare const window: { postMessage(message: unknown, targetOrigin: string, transfer: readonly unknown[]): void };
declare const location: { readonly origin: string };

function listen(channel: string, take: (payload: unknown) => void): () => void {
  // The event itself stays here: it would hand `ipcRenderer` to the page.
  const on = (_event: unknown, payload: unknown): void => take(payload);
  ipcRenderer.on(channel, on);
  return () => {
    ipcRenderer.removeListener(channel, on);
  };
}

const listenText = (channel: string, listener: (text: string) => void): (() => void) =>
  listen(channel, (payload) => {
    if (typeof payload === 'string') listener(payload);
  });

// A port cannot pass the bridge; it is posted to the page, which asked for it and listens.
ipcRenderer.on(channels.port, (event) => window.postMessage(channels.port, location.origin, event.ports));

const bridge: DesktopBridge<File> = {
  async chooseStore(kind) {
    const path: unknown = await ipcRenderer.invoke(channels.chooseStore, kind);
    return typeof path === 'string' ? path : null;
  },
  pathOfDrop(file) {
    const path = webUtils.getPathForFile(file);
    return path === '' ? null : path;
  },
  onOpen(listener) {
    const stop = listenText(channels.open, listener);
    ipcRenderer.send(channels.ready);
    return stop;
  },
  onDocument: (listener) =>
    listen(channels.document, (payload) => {
      if (typeof payload !== 'object' || payload === null || !('name' in payload) || !('bytes' in payload)) return;
      const { name, bytes } = payload;
      if (typeof name === 'string' && bytes instanceof Uint8Array) listener({ name, bytes: new Uint8Array(bytes) });
    }),
  requestPort: () => ipcRenderer.send(channels.requestPort),
  onServiceGone: (listener) => listenText(channels.serviceGone, listener),
  offerActions: (actions) => ipcRenderer.send(channels.actions, actions),
  onAction: (listener) => listenText(channels.action, listener),
  noteOpened: (path) => ipcRenderer.send(channels.opened, path),
};

contextBridge.exposeInMainWorld('forkpoint', bridge);
