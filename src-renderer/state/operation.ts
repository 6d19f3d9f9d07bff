// Which operation's sheet is open, and with what it was started. Not part of the address: a link may navigate, never begin a change.

import { create } from 'zustand';
import type { EditShape } from '../../shared/contract/methods.ts';

/** What is done with a thread as a whole. */
export type ThreadOperation = 'copy' | 'rename' | 'delete';

export type OperationStart =
  /** `edits` are those that were already typed when the sheet was opened. */
  | {
      readonly operation: 'fork' | 'edit';
      readonly store: string;
      readonly key: string;
      readonly edits: readonly EditShape[];
      /** Logical path of a value to begin editing; absent opens no editor. */
      readonly path?: string;
    }
  /** `file`: dropped or chosen; null lets the sheet ask for one. */
  | { readonly operation: 'import'; readonly store: string; readonly file: File | null }
  | { readonly operation: ThreadOperation; readonly store: string; readonly thread: string }
  /** A null id is the last operation. */
  | { readonly operation: 'undo'; readonly store: string; readonly operationId: string | null };

interface OperationState {
  readonly start: OperationStart | null;
  /** True while typed edits would be lost by closing; the window asks before it opens another sheet or unloads. */
  readonly unsaved: boolean;
  readonly open: (start: OperationStart) => void;
  readonly close: () => void;
  readonly setUnsaved: (unsaved: boolean) => void;
}

export const useOperation = create<OperationState>()((set) => ({
  start: null,
  unsaved: false,
  open: (start) => set((s) => (s.start !== null && s.unsaved ? s : { start, unsaved: false })),
  close: () => set({ start: null, unsaved: false }),
  setUnsaved: (unsaved) => set({ unsaved }),
}));
