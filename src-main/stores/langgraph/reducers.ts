// How writes combine with a channel's value. Reducers are code of the user's graph and are not stored, so a few common ones are
// emulated on slices and each is held against what the thread itself shows: value before + writes → value after.

import { bodyOf, objectDepth, stringMember } from './cells.ts';
import { sameBytes } from './next.ts';
import { openValue } from '../../values/open.ts';
import { replaceAt, setMember } from '../../values/splice.ts';
import { ByteWriter } from '../../values/byte-writer.ts';
import { writeArrayHeader, writeFloat64, writeInteger, writeString } from '../../values/msgpack/write.ts';
import type { Cursor, Encoding } from '../../values/cursor.ts';
import type { Dialect } from '../../values/edit.ts';

export interface Reducer {
  readonly name: string;
  /** Said in notes: "… taken to be added to the list". */
  readonly describe: string;
  /** The value after the writes, null where this reducer cannot take them. */
  apply(before: Cursor | null, writes: readonly Cursor[], dialect: Dialect): Uint8Array | null;
  /** True if the stored value after the step can be what `apply` gave. */
  agrees(expected: Uint8Array, after: Cursor): boolean;
}

export const encodingOf = (dialect: Dialect): Encoding => (dialect === 'msgpack' ? 'msgpack' : 'json');
const exactly = (expected: Uint8Array, after: Cursor): boolean => sameBytes(expected, after.slice());

/** A list in the dialect from items that are already in its encoding. */
export function listOf(items: readonly Uint8Array[], dialect: Dialect): Uint8Array {
  const w = new ByteWriter();
  if (dialect === 'msgpack') writeArrayHeader(w, items.length);
  else w.text('[');
  items.forEach((item, i) => {
    if (dialect !== 'msgpack' && i > 0) w.text(dialect === 'json-python' ? ', ' : ',');
    w.bytes(item);
  });
  if (dialect !== 'msgpack') w.text(']');
  return w.done();
}

const items = (list: Cursor): Cursor[] => Array.from({ length: list.count }, (_, i) => list.child(i));
const absent = (value: Cursor | null): value is null => value === null || value.kind === 'null';

const last: Reducer = {
  name: 'last',
  describe: 'the last write replaces the value',
  apply: (_before, writes) => writes.at(-1)?.slice() ?? null,
  agrees: exactly,
};

export const append: Reducer = {
  name: 'append',
  describe: 'writes are added to the list',
  apply(before, writes, dialect) {
    if (!absent(before) && before.kind !== 'list') return null;
    const all = absent(before) ? [] : items(before);
    let lists = !absent(before);
    for (const write of writes) {
      if (write.kind === 'list') {
        lists = true;
        all.push(...items(write));
      } else all.push(write);
    }
    return lists
      ? listOf(
          all.map((c) => c.slice()),
          dialect,
        )
      : null;
  },
  agrees: exactly,
};

// ── Messages ──

export interface MessageSlice {
  readonly id: string | null;
  readonly remove: boolean;
  readonly slice: Uint8Array;
}

/** The fields of a chat message as either library stores it, null for anything else. */
export function messageFields(value: Cursor): Cursor | null {
  if (value.kind === 'object') {
    const body = bodyOf(value);
    return body.kind === 'map' && stringMember(body, 'type') !== null && body.get('content') !== null ? body : null;
  }
  if (value.kind !== 'map' || value.get('lc') === null) return null;
  const kwargs = value.get('kwargs');
  const path = value.get('id');
  if (kwargs?.kind !== 'map' || path?.kind !== 'list' || path.count === 0) return null;
  const name = path.child(path.count - 1);
  return name.kind === 'string' && name.isUnicode() && /Message(Chunk)?$/.test(name.text()) ? kwargs : null;
}

export function messageSlice(value: Cursor): MessageSlice | null {
  const fields = messageFields(value);
  if (fields === null) return null;
  const path = value.kind === 'map' ? value.get('id') : null;
  const name = path === null ? null : path.child(path.count - 1).text();
  return {
    id: stringMember(fields, 'id'),
    remove: name === 'RemoveMessage' || (value.kind === 'object' && stringMember(fields, 'type') === 'remove'),
    slice: value.slice(),
  };
}

/** What add_messages makes a message of: a text, `(role, content)`, `{role, content}`. The message itself is not in the store. */
export function unmadeMessage(value: Cursor): MessageSlice | null {
  const pair = value.kind === 'list' && value.count === 2 && items(value).every((i) => i.kind === 'string');
  const map =
    value.kind === 'map' &&
    value.get('content') !== null &&
    (stringMember(value, 'role') ?? stringMember(value, 'type')) !== null;
  if (value.kind !== 'string' && !pair && !map) return null;
  return { id: map ? stringMember(value, 'id') : null, remove: false, slice: value.slice() };
}

/** add_messages: replaced by id, removed by RemoveMessage, else added at the end. */
const messages: Reducer = {
  name: 'messages',
  describe: 'messages are added, or replaced by their id',
  apply(before, writes, dialect) {
    if (!absent(before) && before.kind !== 'list') return null;
    let merged: (MessageSlice | null)[] = [];
    let made = false;
    for (const item of absent(before) ? [] : items(before)) {
      const message = messageSlice(item);
      if (message === null) return null;
      made = true;
      merged.push(message);
    }
    for (const write of writes) {
      const given = write.kind === 'list' ? items(write) : [write];
      const right = given.map((m) => messageSlice(m) ?? unmadeMessage(m));
      made ||= given.some((m) => messageFields(m) !== null);
      const gone = new Set<string>();
      const everything = right.findLastIndex((m) => m?.remove === true && m.id === '__remove_all__');
      if (everything >= 0) merged = [];
      for (const message of right.slice(everything + 1)) {
        if (message === null) return null;
        const at = message.id === null ? -1 : merged.findIndex((m) => m?.id === message.id);
        if (message.remove) {
          if (at < 0 || message.id === null) return null;
          gone.add(message.id);
        } else if (at >= 0) {
          gone.delete(message.id ?? '');
          merged[at] = message;
        } else merged.push(message);
      }
      merged = merged.filter((m) => m?.id === null || m?.id === undefined || !gone.has(m.id));
    }
    // Texts alone are a list of texts.
    if (!made && merged.length > 0) return null;
    return listOf(
      merged.map((m) => m?.slice ?? new Uint8Array()),
      dialect,
    );
  },
  agrees(expected, after) {
    if (exactly(expected, after)) return true;
    // A message that was written without an id got one when it was added, or was made of a text: that much may differ.
    const list = openValue(after.encoding, expected);
    if (after.kind !== 'list' || after.count !== list.count) return false;
    return items(list).every((item, i) => {
      const stored = after.child(i);
      if (sameBytes(item.slice(), stored.slice())) return true;
      const fields = messageFields(item);
      return messageFields(stored) !== null && (fields === null || stringMember(fields, 'id') === null);
    });
  },
};

const merge: Reducer = {
  name: 'merge',
  describe: 'writes are merged into the map',
  apply(before, writes, dialect) {
    if (!absent(before) && before.kind !== 'map') return null;
    let map: Cursor = absent(before)
      ? openValue(encodingOf(dialect), dialect === 'msgpack' ? Uint8Array.of(0x80) : new TextEncoder().encode('{}'))
      : before;
    for (const write of writes) {
      if (write.kind !== 'map') return null;
      for (let i = 0; i < write.count; i++) {
        const key = write.key(i);
        if (key.kind !== 'string' || !key.isUnicode()) return null;
        map = openValue(encodingOf(dialect), setMember(map, key.text(), write.child(i).slice(), dialect));
      }
    }
    return map.slice();
  },
  agrees: exactly,
};

const isNumber = (c: Cursor): boolean => c.kind === 'integer' || c.kind === 'float';

const sum: Reducer = {
  name: 'sum',
  describe: 'writes are added to the number',
  apply(before, writes, dialect) {
    if (!absent(before) && !isNumber(before)) return null;
    if (!writes.every(isNumber)) return null;
    const terms = absent(before) ? writes : [before, ...writes];
    const w = new ByteWriter();
    if (dialect !== 'msgpack') {
      w.text(JSON.stringify(terms.reduce((total, t) => total + t.approximate(), 0)));
      return w.done();
    }
    if (terms.every((t) => t.kind === 'integer')) {
      const total = terms.reduce((t, c) => t + BigInt(c.lexeme()), 0n);
      if (total < -(2n ** 63n) || total >= 2n ** 64n) return null;
      writeInteger(w, total);
    } else
      writeFloat64(
        w,
        terms.reduce((total, t) => total + t.approximate(), 0),
      );
    return w.done();
  },
  agrees: exactly,
};

const above = (a: Cursor, b: Cursor): boolean =>
  a.kind === 'integer' && b.kind === 'integer'
    ? BigInt(a.lexeme()) > BigInt(b.lexeme())
    : a.approximate() > b.approximate();

/** `max` and `min`, as Python has them: of equal ones the first stays. */
function extreme(name: string, describe: string, replaces: (next: Cursor, kept: Cursor) => boolean): Reducer {
  return {
    name,
    describe,
    apply(before, writes) {
      const terms = absent(before) ? writes : [before, ...writes];
      if (!terms.every(isNumber)) return null;
      return terms.reduce((kept, next) => (replaces(next, kept) ? next : kept)).slice();
    },
    agrees: exactly,
  };
}

const greatest = extreme('greatest', 'the greatest number is kept', above);
const least = extreme('least', 'the least number is kept', (next, kept) => above(kept, next));

/** Where a set holds its items: in the object that Python's serializer wrote, or in the `lc` record of JavaScript. */
function itemsPlace(set: Cursor): { readonly list: Cursor; readonly ordinals: readonly number[] } | null {
  if (set.kind === 'object') {
    if (!/^builtins\.(frozen)?set$/.test(set.object?.className ?? '')) return null;
    const list = bodyOf(set);
    return list.kind === 'list' ? { list, ordinals: objectDepth(set) } : null;
  }
  const args = set.kind === 'map' && set.get('lc') !== null ? set.get('args') : null;
  const path = args === null ? null : set.get('id');
  if (args?.kind !== 'list' || path?.kind !== 'list' || path.count !== 1) return null;
  const list = args.count === 1 && path.child(0).text() === 'Set' ? args.child(0) : null;
  return list?.kind === 'list' ? { list, ordinals: [set.ordinalOf('args'), 0] } : null;
}

const union: Reducer = {
  name: 'union',
  describe: 'writes are added to the set',
  apply(before, writes, dialect) {
    const sets = absent(before) ? writes : [before, ...writes];
    const all = new Map<string, Uint8Array>();
    for (const set of sets) {
      const place = itemsPlace(set);
      if (place === null) return null;
      for (const item of items(place.list)) all.set(Buffer.from(item.slice()).toString('latin1'), item.slice());
    }
    const [first] = sets;
    const place = first === undefined ? null : itemsPlace(first);
    if (first === undefined || place === null) return null;
    const whole = openValue(encodingOf(dialect), first.slice());
    return replaceAt(whole, place.ordinals, listOf([...all.values()], dialect));
  },
  agrees(expected, after) {
    const [a, b] = [itemsPlace(openValue(after.encoding, expected)), itemsPlace(after)];
    if (a === null || b === null || a.list.count !== b.list.count) return false;
    // The order of a set is of no meaning, and changes from one process to the next.
    const slices = (list: Cursor): string[] =>
      items(list)
        .map((i) => Buffer.from(i.slice()).toString('latin1'))
        .sort();
    const [left, right] = [slices(a.list), slices(b.list)];
    return left.every((item, i) => item === right[i]);
  },
};

const concatenate: Reducer = {
  name: 'concatenate',
  describe: 'writes are added to the text',
  apply(before, writes, dialect) {
    if (!absent(before) && before.kind !== 'string') return null;
    if (!writes.every((c) => c.kind === 'string')) return null;
    const payload = Buffer.concat([...(absent(before) ? [] : [before]), ...writes].map((c) => c.payload()));
    const w = new ByteWriter();
    if (dialect === 'msgpack') writeString(w, payload);
    else {
      w.text('"');
      w.bytes(payload);
      w.text('"');
    }
    return w.done();
  },
  agrees: exactly,
};

/** The value of an `Overwrite`, which replaces whatever the reducer would have made; null for other values. */
export function overwritten(write: Cursor): Cursor | null {
  if (write.kind === 'object') {
    return write.object?.className.endsWith('.Overwrite') === true ? bodyOf(write).get('value') : null;
  }
  if (write.kind !== 'map') return null;
  if (write.count === 1) return write.get('__overwrite__');
  return stringMember(write, 'type') === '__overwrite__' ? write.get('value') : null;
}

/**
 * Most telling first: where the thread's history leaves several, the first is taken and the note says so. A plain channel takes
 * one write in a step, so with several the last write is the least likely.
 */
export const likelier = (a: Reducer, b: Reducer, writes: number): number =>
  writes > 1 ? Number(a.name === last.name) - Number(b.name === last.name) : 0;

const known: readonly Reducer[] = [messages, append, union, last, merge, sum, greatest, least, concatenate];

export const reducers: readonly Reducer[] = known.map((reducer) => ({
  ...reducer,
  apply(before, writes, dialect) {
    for (const write of writes) {
      const value = overwritten(write);
      if (value !== null) return value.slice();
    }
    // A write in another encoding (a bare `bytes` cell beside JSON) is stored in a form that only the writer knows.
    if (writes.some((w) => w.encoding !== encodingOf(dialect) || w.kind === 'opaque')) return null;
    return reducer.apply(before, writes, dialect);
  },
}));
