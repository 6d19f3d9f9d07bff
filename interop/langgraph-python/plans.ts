// What a plan for a thread of LangGraph says of going on from it.

import { member } from '../harness.ts';

/** The checkpoint that the code of a plan names; null where the thread itself goes on from it. */
export const namedCheckpoint = (plan: unknown): string | null =>
  /"checkpoint_id": "([^"]+)"/.exec(String(member(plan, 'resume', 'code')))?.[1] ?? null;
