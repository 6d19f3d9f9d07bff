// Status of a thread or checkpoint: the stored word, the word for people, and the mark that is drawn beside it.

import * as z from 'zod/mini';

export const statuses = [
  'idle',
  'interrupted',
  'failed',
  'terminal',
  'armed',
  'in_flight',
  'orphaned',
  'unknown',
] as const;
export const Status = z.enum(statuses);
export type Status = z.infer<typeof Status>;

/** What people and assistive technology read. */
export const statusWord: Readonly<Record<Status, string>> = {
  idle: 'idle',
  interrupted: 'waiting',
  failed: 'failed',
  terminal: 'finished',
  armed: 'armed',
  in_flight: 'running',
  orphaned: 'orphaned',
  unknown: 'unknown',
};

/** A shape beside the word, so that colour never carries the meaning alone. */
export const statusMark: Readonly<Record<Status, string>> = {
  idle: '○',
  interrupted: '◆',
  failed: '✕',
  terminal: '■',
  armed: '◇',
  in_flight: '▶',
  orphaned: '◌',
  unknown: '?',
};
