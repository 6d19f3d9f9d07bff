// Large states: a long chat with documents beside it, and what usually happens to one in a step.

import { seeded } from '../../src-main/stores/testing/seeded.ts';
import { prose } from './prose.ts';

export interface Message {
  readonly id: string;
  readonly role: string;
  readonly content: string;
}

export interface ChatState {
  readonly messages: readonly Message[];
  readonly documents: readonly { readonly name: string; readonly text: string }[];
  readonly budget: number;
}

/** Of about `bytes`: four fifths chat in messages of 1 kB, one fifth in 20 documents. */
export function chatState(bytes: number, seed: number): ChatState {
  const random = seeded(seed);
  const count = Math.max(40, Math.round((bytes * 0.8) / 1080));
  return {
    messages: Array.from({ length: count }, (_, n) => message(random, n)),
    documents: Array.from({ length: 20 }, (_, n) => ({
      name: `document-${n}.txt`,
      text: prose(random, Math.round(bytes / 100)),
    })),
    budget: 240.5,
  };
}

function message(random: () => number, n: number): Message {
  return { id: `m-${n}`, role: n % 2 === 0 ? 'user' : 'assistant', content: prose(random, 1000) };
}

export interface Change {
  readonly name: string;
  readonly after: ChatState;
  /** The smallest RFC 6902 patch that a person could write for it. */
  readonly smallestPatch: readonly object[];
}

/** The three changes of the target. */
export function changesOf(before: ChatState): readonly Change[] {
  const { messages } = before;
  const fresh = message(seeded(77), messages.length);
  const middle = messages.length >> 1;
  const edited = { ...(messages[middle] ?? fresh), content: prose(seeded(78), 1000) };
  return [
    {
      name: 'one message appended',
      after: { ...before, messages: [...messages, fresh] },
      smallestPatch: [{ op: 'add', path: '/messages/-', value: fresh }],
    },
    {
      name: 'one message edited',
      after: { ...before, messages: messages.with(middle, edited) },
      smallestPatch: [{ op: 'replace', path: `/messages/${middle}/content`, value: edited.content }],
    },
    {
      name: '20 trimmed, 1 appended',
      after: { ...before, messages: [...messages.slice(20), fresh] },
      smallestPatch: [
        ...Array.from({ length: 20 }, () => ({ op: 'remove', path: '/messages/0' })),
        { op: 'add', path: '/messages/-', value: fresh },
      ],
    },
  ];
}
