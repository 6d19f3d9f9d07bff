// Everything that main hears from a window and says to it. Each message is believed only if it comes from the main frame of one of
// our own windows while that shows our own page, and only in its agreed shape.

import { ipcMain } from 'electron';
import type { BrowserWindow, MessagePortMain, WebContents, WebFrameMain } from 'electron';
import * as z from 'zod/mini';
import { MenuActions } from '../../../shared/contract/desktop.ts';
import type { MenuAction, OpenedDocument } from '../../../shared/contract/desktop.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { channels } from './channels.ts';
import { isOwnPage } from './protocol.ts';

/** What main does for a window. */
export interface WindowRequests {
  chooseStore(sender: WebContents, kind: 'file' | 'folder'): Promise<string | null>;
  requestPort(sender: WebContents): void;
  ready(sender: WebContents): void;
  actions(sender: WebContents, actions: readonly MenuAction[]): void;
  opened(sender: WebContents, path: string): void;
}

interface Sent {
  readonly sender: WebContents;
  readonly senderFrame: WebFrameMain | null;
}

/** A frame that was removed meanwhile, a sub-frame, a foreign page and a foreign window are all strangers. */
export function isTrusted(event: Sent, isOurs: (contents: WebContents) => boolean): boolean {
  const { sender, senderFrame } = event;
  return senderFrame !== null && senderFrame === sender.mainFrame && isOurs(sender) && isOwnPage(senderFrame.url);
}

const Kind = z.enum(['file', 'folder']);
const Path = z.string().check(z.minLength(1), z.maxLength(32_768));

/** Listens on every channel, for the life of the program. */
export function listenToWindows(isOurs: (contents: WebContents) => boolean, requests: WindowRequests): void {
  const refused = (channel: string): ForkpointError =>
    new ForkpointError('usage', `A message on ${channel} was refused: it did not come from Forkpoint’s own window.`);

  /** A message without an answer: what is refused is only logged, there is nobody to tell. */
  const on = (channel: string, take: (sender: WebContents, payload: unknown) => void): void => {
    ipcMain.on(channel, (event, payload: unknown) => {
      if (isTrusted(event, isOurs)) take(event.sender, payload);
      else console.error(refused(channel).message);
    });
  };
  const parsed = <T>(channel: string, schema: z.ZodMiniType<T>, payload: unknown): T => {
    const result = schema.safeParse(payload);
    if (result.success) return result.data;
    throw new ForkpointError('usage', `A message on ${channel} has not the agreed shape.`);
  };
  const tried = (take: () => void): void => {
    try {
      take();
    } catch (thrown) {
      console.error(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };

  ipcMain.handle(channels.chooseStore, async (event, kind: unknown) => {
    if (!isTrusted(event, isOurs)) throw refused(channels.chooseStore);
    return await requests.chooseStore(event.sender, parsed(channels.chooseStore, Kind, kind));
  });
  on(channels.requestPort, (sender) => requests.requestPort(sender));
  on(channels.ready, (sender) => requests.ready(sender));
  on(channels.actions, (sender, payload) =>
    tried(() => requests.actions(sender, parsed(channels.actions, MenuActions, payload))),
  );
  on(channels.opened, (sender, payload) =>
    tried(() => requests.opened(sender, parsed(channels.opened, Path, payload))),
  );
}

/** What main says; nothing is said to a window that is closing. */
const say = (window: BrowserWindow, channel: string, payload: unknown): void => {
  if (!window.isDestroyed()) window.webContents.send(channel, payload);
};

export const tell = {
  open: (window: BrowserWindow, request: string): void => say(window, channels.open, request),
  document: (window: BrowserWindow, document: OpenedDocument): void => say(window, channels.document, document),
  action: (window: BrowserWindow, id: string): void => say(window, channels.action, id),
  serviceGone: (window: BrowserWindow, sentence: string): void => say(window, channels.serviceGone, sentence),
  port(contents: WebContents, port: MessagePortMain): void {
    if (contents.isDestroyed()) port.close();
    else contents.postMessage(channels.port, null, [port]);
  },
};
