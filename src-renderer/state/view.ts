// The view: what the window shows, which is also its address. One store; features read it and never keep a second copy.
// `store` is the service's id for an open store; the address carries the path instead, because ids die with the service.

import { create } from 'zustand';
import type { Status } from '../../shared/model/status.ts';
import type { Tab } from '../../shared/address/address.ts';

export type { Tab } from '../../shared/address/address.ts';

export interface View {
  /** Id of the open store, null while none is. */
  readonly store: string | null;
  readonly thread: string | null;
  /** Key of the selected checkpoint, and of the one it is compared with (drawn as A and B). */
  readonly checkpoint: string | null;
  readonly compared: string | null;
  readonly tab: Tab;
  /** Logical path of the value that is selected in the state. */
  readonly path: string | null;
  /** The state with the writes that finished tasks have left. */
  readonly applied: boolean;
  /** Filters of the thread list. */
  readonly search: string;
  readonly status: Status | null;
}

export interface ViewActions {
  /** Shows another store and forgets what belonged to the last one. */
  readonly showStore: (store: string | null) => void;
  readonly showThread: (thread: string | null) => void;
  /** Selects a checkpoint; the compared one stays unless it is the same. */
  readonly showCheckpoint: (key: string | null) => void;
  /** Compares the selected checkpoint with `key`; null ends it. */
  readonly compare: (key: string | null) => void;
  readonly swapCompared: () => void;
  readonly showTab: (tab: Tab) => void;
  readonly showPath: (path: string | null) => void;
  readonly showApplied: (applied: boolean) => void;
  readonly filterThreads: (filter: { readonly search?: string; readonly status?: Status | null }) => void;
  /** Everything at once, from an address whose store has been opened. */
  readonly restore: (view: View) => void;
}

const empty: View = {
  store: null,
  thread: null,
  checkpoint: null,
  compared: null,
  tab: 'state',
  path: null,
  applied: false,
  search: '',
  status: null,
};

const noThread = { thread: null, checkpoint: null, compared: null, path: null } as const;

export const useView = create<View & ViewActions>()((set) => ({
  ...empty,
  showStore: (store) => set((v) => (v.store === store ? v : { ...noThread, store, search: '', status: null })),
  showThread: (thread) => set((v) => (v.thread === thread ? v : { ...noThread, thread })),
  showCheckpoint: (checkpoint) => set((v) => ({ checkpoint, compared: v.compared === checkpoint ? null : v.compared })),
  compare: (compared) =>
    set((v) => ({
      compared: compared === v.checkpoint ? null : compared,
      tab: compared === null || compared === v.checkpoint ? v.tab : 'diff',
    })),
  swapCompared: () => set((v) => (v.compared === null ? v : { checkpoint: v.compared, compared: v.checkpoint })),
  showTab: (tab) => set({ tab }),
  showPath: (path) => set({ path }),
  showApplied: (applied) => set({ applied }),
  filterThreads: (filter) => set(filter),
  restore: (view) => set(view),
}));
