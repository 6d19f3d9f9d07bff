// What the window asks of its host beside the service: a few native comforts. Features ask for the comfort, never "am I in Electron".

import { createContext, useContext } from 'react';
import type { MenuAction } from '../../shared/contract/desktop.ts';
import type { ServiceClient } from '../../shared/contract/service.ts';

/** Menus outside of the page. */
export interface NativeMenus {
  /** All actions of the window, whenever they changed. */
  readonly offer: (actions: readonly MenuAction[]) => void;
  /** The id of the action that was chosen. Returns the stop function. */
  onChosen(listener: (id: string) => void): () => void;
}

export interface Host {
  /** Connects to the service; a client outlives restarts of the service and says so by `onConnection`. */
  readonly connect: () => Promise<ServiceClient>;
  /** Lets the person choose a store; null when the host has no chooser (then it offers none), resolves to null when cancelled. */
  readonly chooseStore: ((kind: 'file' | 'folder') => Promise<string | null>) | null;
  /** The path of a dropped file or folder; null where pages are not told (the web host). */
  readonly pathOfDrop: ((file: File) => string | null) | null;
  /** Saves a file that the person asked for. Resolves to false when they cancelled. */
  readonly save: (name: string, type: string, chunks: AsyncIterable<Uint8Array<ArrayBuffer>>) => Promise<boolean>;
  readonly copy: (text: string) => Promise<void>;
  /** Addresses that the system hands over after the start (deep links, second instances). Returns the stop function. */
  onOpen(listener: (request: string) => void): () => void;
  /** Thread documents that the system hands over. Returns the stop function. */
  onDocument(listener: (file: File) => void): () => void;
  /** Null where the host has no menus of its own. */
  readonly menus: NativeMenus | null;
  /** Said of every store that was opened, for hosts that remember recent ones. */
  readonly noteOpened: (path: string) => void;
  /** The address of a view for another person or place. */
  readonly linkOf: (query: string) => string;
}

export const HostContext = createContext<Host | null>(null);

export function useHost(): Host {
  const host = useContext(HostContext);
  if (host === null) throw new Error('useHost outside of HostContext');
  return host;
}
