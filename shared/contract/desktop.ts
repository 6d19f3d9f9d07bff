// What the desktop's preload gives to the window as `window.forkpoint`, and what the window says about its actions, so that the
// application's menus are drawn from the same list as its palette. Everything crossing here is plain data.

import * as z from 'zod/mini';

/** An action as a menu shows it. */
export const MenuAction = z.object({
  /** Stable name, as `lineage.next`; given back when the person chooses it. */
  id: z.string().check(z.minLength(1), z.maxLength(100)),
  label: z.string().check(z.minLength(1), z.maxLength(200)),
  group: z.enum(['Go', 'View', 'Lineage', 'State', 'Change', 'Store', 'Help']),
  /** In the window's notation: `Mod+k`, `Shift+ArrowLeft`, `e`; null where there is none. */
  shortcut: z.nullable(z.string().check(z.maxLength(40))),
  /** Whether it can be done now. */
  enabled: z.boolean(),
});
export type MenuAction = z.infer<typeof MenuAction>;
export const MenuActions = z.array(MenuAction).check(z.maxLength(500));

/** A thread document that the system asked to open: its name and its bytes. */
export interface OpenedDocument {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** `Dropped` is the DOM's File, which this layer does not know. */
export interface DesktopBridge<Dropped> {
  readonly chooseStore: (kind: 'file' | 'folder') => Promise<string | null>;
  readonly pathOfDrop: (file: Dropped) => string | null;
  /** Paths and links that the system hands over. Listening says that the window is ready for those that wait. Returns the stop function. */
  onOpen(listener: (request: string) => void): () => void;
  /** Thread documents that the system hands over. */
  onDocument(listener: (document: OpenedDocument) => void): () => void;
  /** Asks main for a new pair of ports; the window's one arrives as the message `fp:port`. */
  readonly requestPort: () => void;
  /** The service ended, with the sentence for people; a port to its successor is to be had by `requestPort`. */
  onServiceGone(listener: (sentence: string) => void): () => void;
  /** The window's actions, whenever they changed. */
  readonly offerActions: (actions: readonly MenuAction[]) => void;
  /** The id of an action that was chosen in a menu. */
  onAction(listener: (id: string) => void): () => void;
  /** A store was opened: it becomes a recent one. */
  readonly noteOpened: (path: string) => void;
}
