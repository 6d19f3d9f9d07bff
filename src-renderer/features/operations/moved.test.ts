import { describe, expect, it } from 'vitest';
import type { PlanView } from '../../../shared/contract/methods.ts';
import { movedSentence } from './moved.ts';

const plan = (insert: number, bytes: number, codes: readonly string[] = []): PlanView => ({
  plan: {
    planId: `${insert}`,
    operation: 'fork',
    thread: 't',
    checkpoint: null,
    target: null,
    changes: [],
    counts: { insert, update: 0, delete: 0, bytes },
    warnings: codes.map((code) => ({ code, message: code, remedy: null })),
    diagnosis: null,
    resume: null,
    committed: false,
    operationId: null,
  },
  written: [],
  diff: null,
  follows: [],
});

describe('a store that moved', () => {
  it('says what the new plan does differently', () => {
    expect(movedSentence(plan(28, 1000), plan(30, 1200, ['pending_dropped']))).toContain(
      '28 → 30 rows, 1.0 kB → 1.2 kB, 1 new warning',
    );
    expect(movedSentence(plan(28, 1000), plan(28, 1000))).toContain('what would be written is the same');
  });
});
