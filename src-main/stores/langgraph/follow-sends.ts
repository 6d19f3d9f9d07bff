// Tool calls live twice: in the AI message, and in the pending Send that runs the tool. LangGraph runs what the Send carries,
// so an edited call would run with its old arguments unless the Send is edited too.

import { bodyOf, keysOf, objectDepth, stringMember } from './cells.ts';
import { sameBytes, sendList } from './next.ts';
import { messageFields } from './reducers.ts';
import { openValue } from '../../values/open.ts';
import { replaceAt } from '../../values/splice.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Warning } from '../../../shared/model/shapes.ts';

export const sendFollows = 'send_follows';

export interface Follow {
  readonly code: string;
  readonly message: string;
}

/** Tool calls of all messages in a state's channels, by call id; the last one of an id counts. */
function toolCalls(values: Cursor): Map<string, Cursor> {
  const calls = new Map<string, Cursor>();
  for (const channel of keysOf(values)) {
    const list = values.get(channel);
    if (list?.kind !== 'list') continue;
    for (let i = 0; i < list.count; i++) {
      const stored = messageFields(list.child(i))?.get('tool_calls') ?? null;
      if (stored?.kind !== 'list') continue;
      for (let j = 0; j < stored.count; j++) {
        const call = stored.child(j);
        const id = stringMember(call, 'id');
        if (id !== null) calls.set(id, call);
      }
    }
  }
  return calls;
}

interface SentCall {
  readonly id: string;
  readonly call: Cursor;
  /** From the values to the call. */
  readonly ordinals: readonly number[];
}

const isCall = (value: Cursor): boolean =>
  value.kind === 'map' &&
  stringMember(value, 'id') !== null &&
  stringMember(value, 'name') !== null &&
  value.get('args') !== null;

/** Where a Send's argument holds a tool call: itself, in a list (`[tool_call]`), or as a member beside the state. */
export function callsIn(argument: Cursor, at: readonly number[]): { call: Cursor; ordinals: readonly number[] }[] {
  if (isCall(argument)) return [{ call: argument, ordinals: at }];
  if (argument.kind === 'list') {
    return Array.from({ length: argument.count }, (_, i) => ({ call: argument.child(i), ordinals: [...at, i] })).filter(
      (c) => isCall(c.call),
    );
  }
  for (const member of ['tool_call', 'lg_tool_call']) {
    const ordinal = argument.ordinalOf(member);
    if (ordinal >= 0 && isCall(argument.child(ordinal)))
      return [{ call: argument.child(ordinal), ordinals: [...at, ordinal] }];
  }
  return [];
}

function sentCalls(values: Cursor): SentCall[] {
  const ordinal = values.ordinalOf('__pregel_tasks');
  const list = sendList(values);
  if (ordinal < 0 || list === null) return [];
  const prefix = list.start === values.child(ordinal).start ? [ordinal] : [ordinal, 1];
  const found: SentCall[] = [];
  for (let i = 0; i < list.count; i++) {
    const send = list.child(i);
    const body = bodyOf(send);
    const at = [...prefix, i, ...(body === send ? [] : objectDepth(send))];
    const place = body.kind === 'list' ? 1 : Math.max(body.ordinalOf('args'), body.ordinalOf('arg'));
    if (place < 0 || place >= body.count) continue;
    for (const { call, ordinals } of callsIn(body.child(place), [...at, place])) {
      found.push({ id: stringMember(call, 'id') ?? '', call, ordinals });
    }
  }
  return found;
}

const members = ['name', 'args'] as const;

/** Edits pending Sends after edited tool calls, unless told to leave them alone or the Send itself was edited. */
export function followSends(
  before: Cursor,
  edited: Cursor,
  leave: readonly string[],
): { values: Cursor; follows: Follow[]; warnings: Warning[] } {
  const sentNow = sentCalls(edited);
  // Most states have no Send waiting, and their messages need not be looked through.
  if (sentNow.length === 0) return { values: edited, follows: [], warnings: [] };
  const old = toolCalls(before);
  const now = toolCalls(edited);
  const changed = new Map<string, Cursor>();
  for (const [id, call] of now) {
    const then = old.get(id);
    if (then !== undefined && !sameBytes(then.slice(), call.slice())) changed.set(id, call);
  }
  if (changed.size === 0) return { values: edited, follows: [], warnings: [] };
  const sentBefore = new Map(sentCalls(before).map((s) => [s.id, s.call]));
  const stale = sentNow.filter((sent) => {
    const then = sentBefore.get(sent.id);
    return changed.has(sent.id) && then !== undefined && sameBytes(then.slice(), sent.call.slice());
  });
  if (stale.length === 0) return { values: edited, follows: [], warnings: [] };
  const ids = stale.map((s) => `\`${s.id}\``).join(', ');
  const follows: Follow[] = [
    {
      code: sendFollows,
      message: `The tool call ${ids} also stands in the pending Send, which is what LangGraph runs: it is edited there too.`,
    },
  ];
  if (leave.includes(sendFollows)) {
    return {
      values: edited,
      follows,
      warnings: [
        {
          code: 'send_left',
          message: `The pending Send keeps the old tool call ${ids}: the tool will run with the old arguments.`,
          remedy: 'Let the Send follow the edit.',
        },
      ],
    };
  }
  let values = edited;
  for (const sent of stale) {
    const call = changed.get(sent.id);
    for (const member of members) {
      const bytes = call?.get(member)?.slice();
      const target = sentCalls(values).find((s) => s.id === sent.id && s.ordinals.join() === sent.ordinals.join());
      if (bytes === undefined || target === undefined) continue;
      const ordinal = target.call.ordinalOf(member);
      if (ordinal < 0 || sameBytes(target.call.child(ordinal).slice(), bytes)) continue;
      values = openValue(values.encoding, replaceAt(values, [...target.ordinals, ordinal], bytes));
    }
  }
  return { values, follows, warnings: [] };
}
