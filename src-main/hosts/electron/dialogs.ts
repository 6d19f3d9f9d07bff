// The native questions: which store, whether to follow a link, what to do when something stopped.

import { basename } from 'node:path';
import { dialog } from 'electron';
import type { BrowserWindow, MessageBoxOptions } from 'electron';
import type { ForkpointError } from '../../../shared/model/errors.ts';

/** Null when cancelled. A store is a file or a folder; Windows and Linux have no dialog for both. */
export async function chooseStore(window: BrowserWindow, kind: 'file' | 'folder'): Promise<string | null> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window, {
    title: kind === 'file' ? 'Open a store file' : 'Open a store folder',
    buttonLabel: 'Open',
    properties: kind === 'file' ? ['openFile', 'showHiddenFiles'] : ['openDirectory', 'showHiddenFiles'],
    // Stores have any name: everything is shown first.
    ...(kind === 'file'
      ? {
          filters: [
            { name: 'All files', extensions: ['*'] },
            { name: 'SQLite databases', extensions: ['sqlite', 'sqlite3', 'db', 'db3'] },
            { name: 'Record files', extensions: ['jsonl', 'json'] },
          ],
        }
      : {}),
  });
  return canceled ? null : (filePaths[0] ?? null);
}

/** Asks over the window if there is one; true for the first button. Escape and closing mean the second. */
async function ask(window: BrowserWindow | null, options: MessageBoxOptions): Promise<boolean> {
  const asked = { noLink: true, defaultId: 1, cancelId: 1, ...options };
  const { response } = await (window === null ? dialog.showMessageBox(asked) : dialog.showMessageBox(window, asked));
  return response === 0;
}

export const askToFollowLink = (window: BrowserWindow | null, store: string): Promise<boolean> =>
  ask(window, {
    type: 'question',
    message: `Open “${basename(store)}”?`,
    detail: `A link from outside of Forkpoint leads to this store:\n${store}\n\nOpening it only reads it.`,
    buttons: ['Open', 'Cancel'],
  });

export const askToOpenAddress = (window: BrowserWindow | null, address: string): Promise<boolean> =>
  ask(window, {
    type: 'question',
    message: 'Open this address in your browser?',
    detail: address,
    buttons: ['Open', 'Cancel'],
  });

export const askToStartAgain = (window: BrowserWindow | null, sentence: string): Promise<boolean> =>
  ask(window, {
    type: 'error',
    message: sentence,
    detail:
      'What was committed is complete, what was not is not in your store. If it happens again with the same store, please report it.',
    buttons: ['Start again', 'Quit'],
    defaultId: 0,
  });

/** Blocks, because Electron wants the answer at once. True: leave, and lose what was typed. */
export const askToLeave = (window: BrowserWindow): boolean =>
  dialog.showMessageBoxSync(window, {
    type: 'warning',
    noLink: true,
    message: 'Leave without the edits that you typed?',
    detail: 'They are not committed, and they are not kept.',
    buttons: ['Leave', 'Stay'],
    defaultId: 1,
    cancelId: 1,
  }) === 0;

export const askToLoadAgain = (window: BrowserWindow, reason: string): Promise<boolean> =>
  ask(window, {
    type: 'error',
    message: 'Forkpoint’s window stopped.',
    detail: `Nothing in your store was harmed. (${reason})`,
    buttons: ['Load again', 'Close'],
    defaultId: 0,
  });

export async function sayError(window: BrowserWindow | null, error: ForkpointError): Promise<void> {
  const options: MessageBoxOptions = {
    type: 'error',
    message: error.message,
    ...(error.hint === null ? {} : { detail: error.hint }),
    buttons: ['OK'],
  };
  await (window === null ? dialog.showMessageBox(options) : dialog.showMessageBox(window, options));
}
