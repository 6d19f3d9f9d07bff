// Chat messages of the usual shapes, recognised in a state and read for the conversation view.
//
// Shapes: LangChain objects in msgpack (class `HumanMessage` …), LangChain.js constructors in JSON (`{"lc":1,"type":"constructor",
// "id":[…,"HumanMessage"],"kwargs":{…}}`), maps with `role` and `content` (OpenAI, tinyagents, wesichain), maps with LangChain's
// `type` and `content`, and Rust's one-member maps (`{"User":{"content":…}}`). Content is a text or a list of parts.
// Everything is shown as stored; a role is the framework's own word. Nothing here is rendered or run.

import type { MessageView } from '../../shared/contract/methods.ts';
import type { Cursor } from '../values/cursor.ts';
import { throughObjects } from '../values/path.ts';
import { encodeTagged } from '../values/tagged.ts';

/** Characters of a text that the view carries; `chars` tells the whole length. */
const maxText = 4000;
const maxArgs = 4000;

interface Message {
  readonly role: string;
  readonly body: Cursor;
  /** Ordinals from the message to its body. */
  readonly way: readonly number[];
}

const classRoles: Readonly<Record<string, string>> = {
  HumanMessage: 'human',
  AIMessage: 'ai',
  SystemMessage: 'system',
  ToolMessage: 'tool',
  FunctionMessage: 'function',
  ChatMessage: 'chat',
  RemoveMessage: 'remove',
};
const typeRoles = new Set([
  'human',
  'ai',
  'system',
  'tool',
  'function',
  'chat',
  'remove',
  'user',
  'assistant',
  'developer',
]);
const variantRoles = new Set(['User', 'Human', 'Assistant', 'Ai', 'AI', 'System', 'Tool']);

function roleOfClass(name: string): string | null {
  const plain = name.slice(name.lastIndexOf('.') + 1).replace(/Chunk$/, '');
  return Object.hasOwn(classRoles, plain) ? (classRoles[plain] ?? null) : null;
}

function stringOf(cursor: Cursor | null): string | null {
  return cursor !== null && cursor.kind === 'string' && cursor.isUnicode() ? cursor.text() : null;
}

/** The message at a cursor, null if it is none of the known shapes. Reads a handful of members only. */
function recognise(cursor: Cursor): Message | null {
  if (cursor.kind === 'object') {
    const inner = throughObjects(cursor);
    const role = roleOfClass(cursor.object?.className ?? '');
    if (role === null || inner.cursor.kind !== 'map') return null;
    return { role: stringOf(inner.cursor.get('role')) ?? role, body: inner.cursor, way: inner.ordinals };
  }
  if (cursor.kind !== 'map' || cursor.count === 0) return null;
  return constructorMessage(cursor) ?? plainMessage(cursor) ?? variantMessage(cursor);
}

function constructorMessage(cursor: Cursor): Message | null {
  const id = cursor.get('id');
  const kwargs = cursor.ordinalOf('kwargs');
  if (cursor.get('lc') === null || id?.kind !== 'list' || id.count === 0 || kwargs < 0) return null;
  const role = roleOfClass(stringOf(id.child(id.count - 1)) ?? '');
  const body = cursor.child(kwargs);
  return role === null || body.kind !== 'map'
    ? null
    : { role: stringOf(body.get('role')) ?? role, body, way: [kwargs] };
}

function plainMessage(cursor: Cursor): Message | null {
  const hasBody = cursor.ordinalOf('content') >= 0 || cursor.ordinalOf('tool_calls') >= 0;
  if (!hasBody) return null;
  const role = stringOf(cursor.get('role'));
  if (role !== null) return { role, body: cursor, way: [] };
  const type = stringOf(cursor.get('type'));
  return type !== null && typeRoles.has(type) ? { role: type, body: cursor, way: [] } : null;
}

function variantMessage(cursor: Cursor): Message | null {
  if (cursor.count !== 1) return null;
  const name = stringOf(cursor.key(0));
  const body = cursor.child(0);
  if (name === null || !variantRoles.has(name)) return null;
  const isBody = body.kind === 'string' || (body.kind === 'map' && body.ordinalOf('content') >= 0);
  return isBody ? { role: name, body, way: [0] } : null;
}

/** Role and id for labels; null if it is no message. */
export function messageLabel(cursor: Cursor): { role: string; id: string | null } | null {
  const message = recognise(cursor);
  return message === null ? null : { role: message.role, id: member(message.body, 'id') };
}

/** True for a list whose every item, as far as a look at both ends tells, is a chat message. */
export function isConversation(cursor: Cursor): boolean {
  const { cursor: list } = throughObjects(cursor);
  if (list.kind !== 'list' || list.count === 0) return false;
  return recognise(list.child(0)) !== null && recognise(list.child(list.count - 1)) !== null;
}

/** Messages `from … from + count - 1` of a list. Items that are no message (a foreign value in the list) have the role `?`. */
export function messagesOf(list: Cursor, from: number, count: number): MessageView[] {
  const end = Math.min(list.count, from + count);
  const views: MessageView[] = [];
  for (let ordinal = Math.max(0, from); ordinal < end; ordinal++) views.push(messageAt(list.child(ordinal), ordinal));
  return views;
}

function messageAt(cursor: Cursor, ordinal: number): MessageView {
  const message = recognise(cursor);
  if (message === null) {
    const text = encodeTagged(cursor, { limit: maxText });
    return {
      ordinal,
      role: '?',
      id: null,
      name: null,
      text,
      chars: text.length,
      textPath: null,
      toolCalls: [],
      toolCallId: null,
      status: null,
    };
  }
  const { body, way, role } = message;
  const content = contentOf(body);
  return {
    ordinal,
    role,
    id: member(body, 'id'),
    name: member(body, 'name'),
    text: content.text.slice(0, maxText),
    chars: content.text.length,
    textPath: content.way === null ? null : [...way, ...content.way],
    toolCalls: toolCallsOf(body),
    toolCallId: member(body, 'tool_call_id'),
    status: member(body, 'status'),
  };
}

function member(body: Cursor, key: string): string | null {
  return body.kind === 'map' ? stringOf(body.get(key)) : null;
}

function contentOf(body: Cursor): { text: string; way: number[] | null } {
  if (body.kind !== 'map') return { text: textOf(body), way: body.kind === 'string' ? [] : null };
  const ordinal = body.ordinalOf('content');
  if (ordinal < 0) return { text: '', way: null };
  const content = body.child(ordinal);
  if (content.kind === 'string') return { text: textOf(content), way: [ordinal] };
  if (content.kind === 'null') return { text: '', way: null };
  if (content.kind !== 'list') return { text: textOf(content), way: null };
  const parts: string[] = [];
  let way: number[] | null = null;
  for (let i = 0; i < content.count; i++) {
    const part = content.child(i);
    const text = part.kind === 'map' ? part.ordinalOf('text') : -1;
    if (text >= 0 && part.child(text).kind === 'string') {
      parts.push(textOf(part.child(text)));
      way = content.count === 1 ? [ordinal, i, text] : null;
    } else if (part.kind === 'string') {
      parts.push(textOf(part));
      way = content.count === 1 ? [ordinal, i] : null;
    } else if (!isToolUse(part)) parts.push(partSign(part));
  }
  return { text: parts.join('\n'), way };
}

function textOf(cursor: Cursor): string {
  return stringOf(cursor) ?? encodeTagged(cursor, { limit: maxText });
}

/** Tool calls within the content (Anthropic) are shown as calls, not as text. */
function isToolUse(part: Cursor): boolean {
  return part.kind === 'map' && member(part, 'type') === 'tool_use';
}

/** Images and other parts by their kind; the state tree shows them whole. */
function partSign(part: Cursor): string {
  const type = part.kind === 'map' ? member(part, 'type') : null;
  return type === null ? encodeTagged(part, { limit: 200 }) : `[${type}]`;
}

function toolCallsOf(body: Cursor): MessageView['toolCalls'] {
  if (body.kind !== 'map') return [];
  const calls: MessageView['toolCalls'] = [];
  const listed = body.get('tool_calls') ?? body.get('additional_kwargs')?.get('tool_calls') ?? null;
  if (listed?.kind === 'list') {
    for (let i = 0; i < listed.count; i++) {
      const call = throughObjects(listed.child(i)).cursor;
      if (call.kind !== 'map') continue;
      // OpenAI keeps name and arguments one level down, the arguments as JSON text.
      const fn = call.get('function');
      const holder = fn?.kind === 'map' ? fn : call;
      const args = holder.get('args') ?? holder.get('arguments') ?? holder.get('input');
      calls.push({ id: member(call, 'id'), name: member(holder, 'name') ?? '?', args: argsText(args) });
    }
  }
  const content = body.get('content');
  if (calls.length === 0 && content?.kind === 'list') {
    for (let i = 0; i < content.count; i++) {
      const part = content.child(i);
      if (!isToolUse(part)) continue;
      calls.push({ id: member(part, 'id'), name: member(part, 'name') ?? '?', args: argsText(part.get('input')) });
    }
  }
  return calls;
}

function argsText(args: Cursor | null): string {
  if (args === null) return '';
  const text = stringOf(args);
  if (text === null) return encodeTagged(args, { limit: maxArgs });
  return text.length > maxArgs ? `${text.slice(0, maxArgs)}…` : text;
}
