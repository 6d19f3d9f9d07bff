import { describe, expect, it } from 'vitest';
import { actionRequests, byUrgency, formFields, openTasks, questionLine, sentenceIn } from './tasks.ts';
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

describe('a form', () => {
  it('is its fields, and nothing of it is left out', () => {
    const form =
      '[{"name":"decision","label":"Decision","field_type":"options","options":["yes",2],"required":true},' +
      '{"name":"note","label":"","field_type":"text","required":false}]';
    expect(formFields(form)).toEqual([
      { name: 'decision', label: 'Decision', kind: 'options', options: ['yes', '2'], required: true },
      { name: 'note', label: null, kind: 'text', options: [], required: false },
    ]);
    expect(formFields('[{"name":"a","field_type":"text","pattern":"x"}]')).toBeNull();
    expect(formFields('{"type":"object"}')).toBeNull();
    expect(formFields('[]')).toBeNull();
  });

  it('has its question above it', () => {
    expect(sentenceIn('{"amount":250,"question":"Transfer?"}')).toBe('Transfer?');
    expect(sentenceIn('"Transfer?"')).toBeNull();
  });
});
