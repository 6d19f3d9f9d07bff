// What was just done, said once in a `status` region: "Forked to order-7-fork-1. Undo". Errors of a gesture are said here too.

import { create } from 'zustand';
import { asForkpointError } from '../../shared/model/errors.ts';

export interface Message {
  readonly id: number;
  readonly kind: 'done' | 'error';
  readonly text: string;
  readonly hint: string | null;
  /** The one thing that can follow, as "Undo". */
  readonly action: { readonly label: string; readonly perform: () => void } | null;
}

interface Messages {
  readonly messages: readonly Message[];
  readonly say: (text: string, action?: Message['action']) => void;
  readonly sayError: (thrown: unknown) => void;
  readonly dismiss: (id: number) => void;
}

let nextId = 1;

export const useMessages = create<Messages>()((set) => {
  const add = (message: Omit<Message, 'id'>): void =>
    set((s) => ({ messages: [...s.messages.slice(-2), { ...message, id: nextId++ }] }));
  return {
    messages: [],
    say: (text, action = null) => add({ kind: 'done', text, hint: null, action }),
    sayError: (thrown) => {
      const error = asForkpointError(thrown);
      if (error.code !== 'cancelled') add({ kind: 'error', text: error.message, hint: error.hint, action: null });
    },
    dismiss: (id) => set((s) => ({ messages: s.messages.filter((m) => m.id !== id) })),
  };
});
