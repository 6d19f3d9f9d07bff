import { describe, expect, it } from 'vitest';
import type { Operation } from '../../../shared/model/shapes.ts';
import { newestFirst } from './log-order.ts';

const operation = (operationId: string, time: string): Operation => ({
  operationId,
  time,
  operation: 'fork',
  thread: null,
  counts: { insert: 1, update: 0, delete: 0, bytes: 1 },
  undone: false,
  undoable: true,
  reason: null,
});

describe('the order of the log', () => {
  it('is newest first, whichever way it comes', () => {
    const log = [
      operation('a', '2026-01-01T00:00:00.000Z'),
      operation('b', '2026-01-01T00:00:01.000Z'),
      operation('c', '2026-01-01T00:00:01.000Z'),
    ];
    expect(newestFirst(log).map((o) => o.operationId)).toEqual(['c', 'b', 'a']);
    expect(newestFirst([...log].reverse()).map((o) => o.operationId)).toEqual(['c', 'b', 'a']);
    expect(newestFirst([])).toEqual([]);
  });
});
