import { describe, expect, it } from 'vitest';
import { messageFields, reducers } from './reducers.ts';
import { openValue } from '../../values/open.ts';
import type { Cursor } from '../../values/cursor.ts';

const json = (value: unknown): Cursor => openValue('json', new TextEncoder().encode(JSON.stringify(value)));
const message = (kind: string, id: string | null, content = ''): unknown => ({
  lc: 1,
  type: 'constructor',
  id: ['langchain_core', 'messages', kind],
  kwargs: { id, content },
});
const [add] = reducers;
const text = (bytes: Uint8Array | null | undefined): unknown =>
  bytes === null || bytes === undefined ? null : JSON.parse(new TextDecoder().decode(bytes));
const merged = (before: unknown, ...writes: unknown[]): unknown =>
  text(add?.apply(json(before), writes.map(json), 'json-js'));

describe('messages', () => {
  const human = message('HumanMessage', 'h', 'hi');
  const ai = message('AIMessage', 'a', 'one');
  const edited = message('AIMessage', 'a', 'two');

  it('are added, and replaced by id', () => {
    expect(merged([human], [ai])).toEqual([human, ai]);
    expect(merged([human, ai], edited)).toEqual([human, edited]);
  });

  it('are removed by id, or all at once', () => {
    expect(merged([human, ai], [message('RemoveMessage', 'h')])).toEqual([ai]);
    expect(merged([human, ai], [message('RemoveMessage', '__remove_all__'), edited])).toEqual([edited]);
    expect(merged([human], [message('RemoveMessage', 'unknown')])).toBeNull();
  });

  it('are not taken for anything else', () => {
    expect(merged([{ role: 'user' }], [ai])).toBeNull();
    expect(messageFields(json({ id: 'x' }))).toBeNull();
  });

  it('may have got their id when they were added', () => {
    const anonymous = message('HumanMessage', null, 'hi');
    const expected = add?.apply(json([]), [json([anonymous])], 'json-js') ?? new Uint8Array();
    expect(add?.agrees(expected, json([message('HumanMessage', 'given', 'hi')]))).toBe(true);
    expect(add?.agrees(expected, json([]))).toBe(false);
  });
});

const named = (description: string) => reducers.find((r) => r.describe.includes(description));
const applied = (description: string, before: unknown, ...writes: unknown[]): unknown =>
  text(named(description)?.apply(json(before), writes.map(json), 'json-js'));

describe('what add_messages makes messages of', () => {
  const human = message('HumanMessage', 'h', 'hi');

  it('is added as it was written, and fits the message that was made of it', () => {
    expect(merged([human], 'text')).toEqual([human, 'text']);
    const expected = add?.apply(json([human]), [json([['user', 'x'], { role: 'user', content: 'y' }])], 'json-js');
    const made = [human, message('HumanMessage', '1', 'x'), message('HumanMessage', '2', 'y')];
    expect(add?.agrees(expected ?? new Uint8Array(), json(made))).toBe(true);
    expect(add?.agrees(expected ?? new Uint8Array(), json([human, 'x', 'y']))).toBe(false);
  });

  it('is a list of texts where no message is near', () => {
    expect(merged(['a'], 'b')).toBeNull();
    expect(merged([], ['a', 'b'])).toBeNull();
  });
});

describe('numbers and sets', () => {
  it('keep the greatest or the least number', () => {
    expect(applied('greatest', 3, 5, 4)).toBe(5);
    expect(applied('least', 3, 5, 2.5)).toBe(2.5);
    expect(applied('greatest', null, 1)).toBe(1);
    expect(applied('greatest', 'a', 1)).toBeNull();
  });

  it('unite sets, whatever their order', () => {
    const set = (...of: unknown[]): unknown => ({
      lc: 2,
      type: 'constructor',
      id: ['Set'],
      method: null,
      args: [of],
      kwargs: {},
    });
    expect(applied('the set', set(1, 2), set(2, 3))).toEqual(set(1, 2, 3));
    expect(applied('the set', set(1), [2])).toBeNull();
    const union = named('the set');
    const expected = union?.apply(json(set(1)), [json(set(2))], 'json-js') ?? new Uint8Array();
    expect(union?.agrees(expected, json(set(2, 1)))).toBe(true);
    expect(union?.agrees(expected, json(set(2)))).toBe(false);
  });
});
