// Chat messages in the shapes that frameworks store, each as a small literal, and things that only look like one.

import { describe, expect, it } from 'vitest';
import type { Cursor } from '../values/cursor.ts';
import { openValue } from '../values/open.ts';
import { atOrdinals } from '../values/path.ts';
import { decodeTagged } from '../values/tagged.ts';
import { isConversation, messageLabel, messagesOf } from './messages.ts';

const json = (value: unknown): Cursor => openValue('json', new TextEncoder().encode(JSON.stringify(value)));
const packed = (tagged: string): Cursor => openValue('msgpack', decodeTagged(tagged, 'msgpack'));

const human = { type: 'human', content: 'Hi', id: 'h1' };
const shapes: Readonly<Record<string, { list: Cursor; role: string; text: string; id: string | null }>> = {
  'LangChain objects in msgpack': {
    list: packed(
      '[{"$object":{"class":"langchain_core.messages.human.HumanMessage","via":"json","value":{"content":"Hi","type":"human","id":"h1"}}}]',
    ),
    role: 'human',
    text: 'Hi',
    id: 'h1',
  },
  'chunks of LangChain': {
    list: packed(
      '[{"$object":{"class":"langchain_core.messages.ai.AIMessageChunk","via":"json","value":{"content":"Hi"}}}]',
    ),
    role: 'ai',
    text: 'Hi',
    id: null,
  },
  'LangChain.js constructors': {
    list: json([
      {
        lc: 1,
        type: 'constructor',
        id: ['langchain_core', 'messages', 'HumanMessage'],
        kwargs: { content: 'Hi', id: 'h1' },
      },
    ]),
    role: 'human',
    text: 'Hi',
    id: 'h1',
  },
  'LangChain maps': { list: json([human]), role: 'human', text: 'Hi', id: 'h1' },
  'role and content': { list: json([{ role: 'user', content: 'Hi' }]), role: 'user', text: 'Hi', id: null },
  'content parts': {
    list: json([{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }]),
    role: 'user',
    text: 'Hi',
    id: null,
  },
  'Rust variants': { list: json([{ User: { content: 'Hi' } }]), role: 'User', text: 'Hi', id: null },
  'Rust variants of text': { list: json([{ System: 'Hi' }]), role: 'System', text: 'Hi', id: null },
};

describe.each(Object.entries(shapes))('%s', (_, { list, role, text, id }) => {
  it('are a conversation, with a path to the text', () => {
    expect(isConversation(list)).toBe(true);
    expect(messageLabel(list.child(0))).toEqual({ role, id });
    const [message] = messagesOf(list, 0, 10);
    expect(message).toMatchObject({ ordinal: 0, role, text, chars: text.length, id });
    expect(atOrdinals(list.child(0), message?.textPath ?? [99]).text()).toBe(text);
  });
});

it('reads tool calls of every style', () => {
  const args = { q: 'x' };
  const list = json([
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"q":"x"}' } }],
    },
    { type: 'ai', content: '', tool_calls: [{ id: 'b', name: 'g', args }] },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'T' },
        { type: 'tool_use', id: 'c', name: 'h', input: args },
      ],
    },
    { role: 'tool', content: 'r', tool_call_id: 'c', status: 'error', name: 'h' },
  ]);
  const messages = messagesOf(list, 0, 10);
  expect(messages.map((m) => m.toolCalls)).toEqual([
    [{ id: 'a', name: 'f', args: '{"q":"x"}' }],
    [{ id: 'b', name: 'g', args: '{"q":"x"}' }],
    [{ id: 'c', name: 'h', args: '{"q":"x"}' }],
    [],
  ]);
  expect(messages[2]).toMatchObject({ text: 'T', textPath: null });
  expect(messages[3]).toMatchObject({ toolCallId: 'c', status: 'error', name: 'h' });
});

it('cuts long texts and tells their length; shows other parts by kind', () => {
  const long = 'é'.repeat(5000);
  const list = json([
    { role: 'user', content: long },
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'data:x' } },
        { type: 'text', text: 'see' },
      ],
    },
  ]);
  const [a, b] = messagesOf(list, 0, 2);
  expect([a?.text.length, a?.chars]).toEqual([4000, 5000]);
  expect(b?.text).toBe('[image_url]\nsee');
});

it('gives windows', () => {
  const list = json(Array.from({ length: 50 }, (_, i) => ({ role: 'user', content: `${i}` })));
  expect(messagesOf(list, 48, 10).map((m) => [m.ordinal, m.text])).toEqual([
    [48, '48'],
    [49, '49'],
  ]);
  expect(messagesOf(list, 60, 10)).toEqual([]);
});

it('keeps a foreign value within a conversation visible', () => {
  const list = json([human, { other: 1 }, human]);
  expect(isConversation(list)).toBe(true);
  expect(messagesOf(list, 1, 1)).toMatchObject([{ role: '?', text: '{"other":1}', textPath: null }]);
});

it('does not take other data for messages', () => {
  for (const value of [
    [],
    {},
    [1],
    ['a'],
    [{ role: 5, content: 'x' }],
    [{ type: 'text', content: 'x' }],
    [{ content: 'x' }],
    [{ role: 'admin' }],
    [{ lc: 1, id: [], kwargs: {} }],
  ]) {
    expect(isConversation(json(value))).toBe(false);
  }
  expect(messageLabel(json({ constructor: 1 }))).toBeNull();
  expect(messageLabel(packed('{"$object":{"class":"a.Other","via":"json","value":{"content":"x"}}}'))).toBeNull();
});
