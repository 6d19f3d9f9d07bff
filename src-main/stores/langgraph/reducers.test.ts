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
