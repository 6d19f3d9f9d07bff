import { describe, expect, it } from 'vitest';
import { actionRequests, byUrgency, openTasks, questionLine } from './tasks.ts';
import type { Task } from './tasks.ts';

const task = (name: string, has: Partial<Task> = {}): Task => ({
  id: null,
  name,
  error: null,
  argument: null,
  edited: null,
  interrupts: [],
  writes: [],
  ...has,
});

describe('tasks', () => {
  it('come with what waits for a person first and what is done last', () => {
    const done = task('done', { writes: [{ channel: 'x', value: '1' }] });
    const waiting = task('waiting', { interrupts: [{ id: null, value: '"?"', schema: null }] });
    const failed = task('failed', { error: '"no"', writes: [{ channel: 'x', value: '1' }] });
    const all = [done, task('first'), failed, task('second'), waiting];
    expect(byUrgency(all).map((t) => t.name)).toEqual(['waiting', 'failed', 'first', 'second', 'done']);
    expect(openTasks(all)).toBe(4);
  });
});

describe('a question', () => {
  const approval =
    '{"action_requests":[{"name":"book","args":{"price":120.0},"description":"Tool: book\\nsure?"}],' +
    '"review_configs":[{"action_name":"book","allowed_decisions":["approve","reject"]}]}';

  it('for approval is its calls, with numbers as they are stored', () => {
    expect(actionRequests(approval)).toEqual([
      { name: 'book', args: '{"price":120.0}', description: 'Tool: book\nsure?', decisions: ['approve', 'reject'] },
    ]);
    expect(questionLine(approval)).toBe('book {"price":120.0}');
  });

  it('of any other shape is its sentence, or itself', () => {
    expect(actionRequests('{"action_requests":[{"args":{}}]}')).toBeNull();
    expect(actionRequests('{"action_requests":[]}')).toBeNull();
    expect(questionLine('"approve?"')).toBe('approve?');
    expect(questionLine('{"id":1,"question":"why?"}')).toBe('why?');
    expect(questionLine('{"please":"review"}')).toBe('{"please":"review"}');
    expect(questionLine('{"cut…')).toBe('{"cut…');
  });
});
