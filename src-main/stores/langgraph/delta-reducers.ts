// How a delta channel's updates make its value: many steps' updates in one go, as LangGraph itself replays them.
//
// The two that deepagents and LangGraph ship (messages, files) are told by what the updates look like; a graph's own reducer is told
// by holding the common ones against the snapshots that the thread has stored.

import { bodyOf } from './cells.ts';
import { sameBytes } from './next.ts';
import { append, encodingOf, listOf, messageSlice, overwritten, reducers, unmadeMessage } from './reducers.ts';
import type { MessageSlice, Reducer } from './reducers.ts';
import { ByteWriter } from '../../values/byte-writer.ts';
import { writeMapHeader } from '../../values/msgpack/write.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Dialect } from '../../values/edit.ts';

const items = (list: Cursor): Cursor[] => Array.from({ length: list.count }, (_, i) => list.child(i));
const absent = (value: Cursor | null): value is null => value === null || value.kind === 'null';

const isMessage = (value: Cursor): boolean => messageSlice(value) !== null;

const removeAll = '__remove_all__';

/** Messages: added, replaced by id; RemoveMessage takes one away if it is there, `__remove_all__` all before it. */
const messages: Reducer = {
  name: 'messages',
  describe: 'messages are added, or replaced by their id',
  apply(before, writes, dialect) {
    const given = [...(absent(before) ? [] : [before]), ...writes].flatMap((v) => (v.kind === 'list' ? items(v) : [v]));
    // Texts alone are a list of texts.
    if (given.length > 0 && !given.some(isMessage)) return null;
    const kept: (MessageSlice | null)[] = [];
    const places = new Map<string, number>();
    const put = (message: MessageSlice): void => {
      if (message.id !== null) places.set(message.id, kept.length);
      kept.push(message);
    };
    if (!absent(before)) {
      if (before.kind !== 'list') return null;
      for (const item of items(before)) {
        const message = messageSlice(item) ?? unmadeMessage(item);
        if (message === null) return null;
        put(message);
      }
    }
    for (const item of writes.flatMap((w) => (w.kind === 'list' ? items(w) : [w]))) {
      const message = messageSlice(item) ?? unmadeMessage(item);
      if (message === null) return null;
      const at = message.id === null ? undefined : places.get(message.id);
      if (message.remove && message.id === removeAll) {
        kept.length = 0;
        places.clear();
      } else if (message.remove) {
        if (at !== undefined) kept[at] = null;
        places.delete(message.id ?? '');
      } else if (at !== undefined) kept[at] = message;
      else put(message);
    }
    return listOf(
      kept.flatMap((m) => (m === null ? [] : [m.slice])),
      dialect,
    );
  },
  agrees: (expected, after) => sameBytes(expected, after.slice()),
};

/** Maps merged member by member; a member of null is taken away where `removes`. */
function mergeOf(name: string, describe: string, removes: boolean): Reducer {
  return {
    name,
    describe,
    apply(before, writes, dialect) {
      const members = new Map<string, { readonly key: Uint8Array; readonly value: Uint8Array }>();
      for (const map of absent(before) ? writes : [before, ...writes]) {
        if (map.kind !== 'map') return null;
        for (let i = 0; i < map.count; i++) {
          const key = map.key(i).slice();
          const name = Buffer.from(key).toString('latin1');
          const value = map.child(i);
          if (removes && map !== before && value.kind === 'null') members.delete(name);
          else members.set(name, { key, value: value.slice() });
        }
      }
      return mapOf([...members.values()], dialect);
    },
    agrees: (expected, after) => sameBytes(expected, after.slice()),
  };
}

function mapOf(
  members: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[],
  dialect: Dialect,
): Uint8Array {
  const w = new ByteWriter();
  if (dialect === 'msgpack') writeMapHeader(w, members.length);
  else w.text('{');
  members.forEach(({ key, value }, i) => {
    if (dialect !== 'msgpack' && i > 0) w.text(',');
    w.bytes(key);
    if (dialect !== 'msgpack') w.text(':');
    w.bytes(value);
  });
  if (dialect !== 'msgpack') w.text('}');
  return w.done();
}

const files = mergeOf('files', 'updates are merged into the map, a null takes a member away', true);
const merge = mergeOf('merge', 'updates are merged into the map', false);

/** Most telling first. */
const candidates: readonly Reducer[] = [
  messages,
  append,
  files,
  merge,
  ...reducers.filter((r) => !['messages', 'append', 'merge'].includes(r.name)),
];

/** Updates after the last `Overwrite`, and what it made the value (null: an empty value of the channel's type). */
function afterReset(
  before: Cursor | null,
  updates: readonly Cursor[],
): { base: Cursor | null; rest: readonly Cursor[] } {
  const at = updates.findLastIndex((w) => overwritten(w) !== null);
  const update = updates[at];
  if (update === undefined) return { base: before, rest: updates };
  const value = overwritten(update);
  return { base: absent(value) ? null : value, rest: updates.slice(at + 1) };
}

/** Updates that can be copied into a value: in its own encoding, and readable. */
const usable = (updates: readonly Cursor[], dialect: Dialect): boolean =>
  updates.every((u) => u.encoding === encodingOf(dialect) && u.kind !== 'opaque');

/** The value after the updates of any number of steps. Null where this reducer cannot take them, or there is nothing to take. */
export function replay(
  reducer: Reducer,
  before: Cursor | null,
  updates: readonly Cursor[],
  dialect: Dialect,
): Uint8Array | null {
  const { base, rest } = afterReset(before, updates);
  if (rest.length === 0) return base?.slice() ?? null;
  return usable(rest, dialect) ? reducer.apply(base, rest, dialect) : null;
}

/** Updates of one step: an `Overwrite` among them is the value, whatever else the step wrote. */
export function step(
  reducer: Reducer,
  before: Cursor | null,
  updates: readonly Cursor[],
  dialect: Dialect,
): Uint8Array | null {
  if (!usable(updates, dialect)) return null;
  const value = updates.map(overwritten).find((v) => v !== null);
  if (value !== undefined && !absent(value)) return value.slice();
  return reducer.apply(value === undefined ? before : null, value === undefined ? updates : [], dialect);
}

/** A step of the thread that stored the value it led to: what it began from, and the updates in between. */
export interface Evidence {
  readonly before: Cursor | null;
  readonly updates: readonly Cursor[];
  readonly after: Cursor;
}

export interface Choice {
  readonly reducer: Reducer;
  /** False: another reducer would fit as well, and give another value. */
  readonly certain: boolean;
}

const isFile = (value: Cursor): boolean => {
  const body = bodyOf(value);
  return body.kind === 'map' && body.get('content') !== null && body.get('modified_at') !== null;
};

/** The reducers whose look alone tells them: lists of messages, maps of files. */
function byLook(before: Cursor | null, updates: readonly Cursor[]): Reducer | null {
  const all = absent(before) ? updates : [before, ...updates];
  const listed = all.flatMap((v) => (v.kind === 'list' ? items(v) : [v]));
  if (listed.length > 0 && listed.every(isMessage)) return messages;
  const members = all.flatMap((v) => (v.kind === 'map' ? items(v) : []));
  const filed = members.filter((m) => m.kind !== 'null');
  return all.every((v) => v.kind === 'map') && filed.length > 0 && filed.every(isFile) ? files : null;
}

/** Maps (or objects that hold one or a list, such as sets) no two of which have a member in common. */
function isDisjoint(values: readonly Cursor[]): boolean {
  const seen = new Set<string>();
  return values.every((value) => {
    const body = bodyOf(value);
    if (body.kind !== 'map' && body === value) return false;
    return Array.from({ length: body.count }, (_, i) => (body.kind === 'map' ? body.key(i) : body.child(i))).every(
      (key) => {
        const name = Buffer.from(key.slice()).toString('latin1');
        return !seen.has(name) && seen.add(name).size > 0;
      },
    );
  });
}

/**
 * Which reducer a channel has. `evidence` is asked for only where the look of the updates does not tell. Null where none that we know
 * can be it, or nothing shows which of several that differ.
 */
export function chooseReducer(
  before: Cursor | null,
  updates: readonly Cursor[],
  dialect: Dialect,
  evidence: () => Iterable<Evidence>,
): Choice | null {
  const { base, rest } = afterReset(before, updates);
  if (!usable(rest, dialect)) return null;
  const look = byLook(base, rest);
  if (look !== null) return { reducer: look, certain: true };
  // Whatever the reducer, nothing was added.
  const nothing = rest.every((u) => (u.kind === 'list' || u.kind === 'map') && u.count === 0);
  let left = candidates.filter((c) => c.apply(base, rest, dialect) !== null);
  let told = false;
  for (const sample of evidence()) {
    const fitting = left.filter((c) => {
      const expected = replay(c, sample.before, sample.updates, dialect);
      return expected !== null && c.agrees(expected, sample.after);
    });
    left = fitting;
    told = true;
  }
  const [first] = left;
  if (first === undefined) return null;
  const results = new Set(left.map((c) => Buffer.from(c.apply(base, rest, dialect) ?? []).toString('latin1')));
  if (told || nothing) return { reducer: first, certain: results.size === 1 };
  // Without any evidence only lists are put together, and maps and sets whose members nothing was written to twice: of numbers, texts
  // and members the last may count as well as the sum.
  const all = absent(base) ? rest : [base, ...rest];
  return rest.every((u) => u.kind === 'list') || isDisjoint(all) ? { reducer: first, certain: false } : null;
}
