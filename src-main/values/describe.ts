// One line about a value, for rows of the tree and for lists. Reads no more of the value than the line shows.

import type { ValueNode } from '../../shared/model/value-node.ts';
import { asBuffer } from './bytes.ts';
import type { Cursor } from './cursor.ts';

/** Longest line of a row. */
const rowText = 200;
/** Keys that the shape of a map names. */
const shownKeys = 4;

interface Line {
  readonly text: string;
  readonly cut: boolean;
}

function whole(text: string, max: number): Line {
  if (text.length <= max) return { text, cut: false };
  return { text: `${text.slice(0, Math.max(0, max - 1)).toWellFormed()}…`, cut: true };
}

function counted(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** The beginning of a string as a JSON string on one line; a long one is decoded only as far as it is shown. */
function stringLine(cursor: Cursor, max: number): Line {
  const payload = cursor.payload();
  // Four bytes of UTF-8 or twelve of escapes per shown character are enough for any text.
  const enough = max * 12;
  if (payload.length <= enough) {
    if (!cursor.isUnicode())
      return { text: whole(`not Unicode, ${counted(payload.length, 'byte', 'bytes')}`, max).text, cut: true };
    const json = JSON.stringify(cursor.text());
    if (json.length <= max) return { text: json, cut: false };
    return { text: `${json.slice(0, Math.max(0, max - 2)).toWellFormed()}…"`, cut: true };
  }
  const head = asBuffer(payload).toString('utf8', 0, enough);
  const json = cursor.encoding === 'json' ? `"${head}` : JSON.stringify(head);
  return { text: `${json.slice(0, Math.max(0, max - 2)).toWellFormed()}…"`, cut: true };
}

function keyLabel(key: Cursor, max: number): string {
  if (key.kind === 'string' && key.isUnicode()) return whole(key.text(), max).text;
  // Keys may nest in msgpack; they are not opened here.
  return key.count > 0 ? `(${key.kind})` : line(key, max).text;
}

function mapLine(cursor: Cursor, max: number): Line {
  const { count } = cursor;
  if (count === 0) return { text: '{}', cut: false };
  const keys: string[] = [];
  for (let i = 0; i < Math.min(count, shownKeys); i++) {
    const label = keyLabel(cursor.key(i), 24);
    // oxlint-disable-next-line no-control-regex -- a key may hold line breaks; the line may not
    keys.push(/[\u0000-\u001f\u007f\u2028\u2029]/.test(label) ? JSON.stringify(label) : label);
  }
  if (count > shownKeys) keys.push(`… ${count} in all`);
  return { text: whole(`{${keys.join(', ')}}`, max).text, cut: true };
}

function objectName(cursor: Cursor): string {
  const tag = cursor.object;
  if (tag === null) return cursor.kind;
  if (tag.short !== null) return tag.short;
  if (tag.className !== '') return tag.className.slice(tag.className.lastIndexOf('.') + 1);
  return tag.via;
}

function line(cursor: Cursor, max: number): Line {
  switch (cursor.kind) {
    case 'null':
      return { text: 'null', cut: false };
    case 'boolean':
      return { text: String(cursor.bool()), cut: false };
    case 'integer':
    case 'float':
      return whole(cursor.lexeme(), max);
    case 'string':
      return stringLine(cursor, max);
    case 'bytes': {
      const data = asBuffer(cursor.payload());
      const shown = data.toString('hex', 0, 16);
      return {
        text: whole(`${counted(data.length, 'byte', 'bytes')} ${shown}${data.length > 16 ? '…' : ''}`, max).text,
        cut: data.length > 16,
      };
    }
    case 'list':
      if (cursor.count === 0) return { text: '[]', cut: false };
      return { text: whole(counted(cursor.count, 'item', 'items'), max).text, cut: true };
    case 'map':
      return mapLine(cursor, max);
    case 'object': {
      const name = objectName(cursor);
      // Objects within objects are named one deep only, so that hostile nesting costs nothing.
      const body = cursor.child(0);
      const inner =
        body.kind === 'object' ? { text: objectName(body), cut: true } : line(body, Math.max(8, max - name.length - 1));
      return { text: whole(`${name} ${inner.text}`, max).text, cut: inner.cut };
    }
    case 'ext':
      return whole(`extension ${cursor.extCode}, ${counted(cursor.payload().length, 'byte', 'bytes')}`, max);
    case 'opaque':
      return whole(`${tagOf(cursor)}, ${counted(cursor.end - cursor.start, 'byte', 'bytes')}`, max);
  }
}

/** A value on one line of at most `max` characters: scalars as tagged JSON writes them, containers by their shape. */
export function shortText(cursor: Cursor, max: number): string {
  return line(cursor, max).text;
}

function tagOf(cursor: Cursor): string | null {
  if (cursor.object !== null) return objectName(cursor);
  if (cursor.kind === 'ext') return `ext ${cursor.extCode}`;
  if (cursor.kind !== 'opaque') return null;
  return cursor.opaqueClass === null ? cursor.opaqueEncoding : `${cursor.opaqueEncoding} ${cursor.opaqueClass}`;
}

/** Row of a value that has no parent here (the root of a state); `label` names it. */
export function describeValue(cursor: Cursor, ordinal: number, label: string, path: string | null): ValueNode {
  const { text, cut } = line(cursor, rowText);
  return {
    ordinal,
    label,
    path,
    kind: cursor.kind,
    tag: tagOf(cursor),
    short: text,
    cut,
    children: cursor.count,
    bytes: cursor.end - cursor.start,
  };
}

/** Row of a child. `path` is the child's own logical path (`logicalPathOf`), null where none can name it. */
export function describeChild(parent: Cursor, ordinal: number, path: string | null): ValueNode {
  const label =
    parent.kind === 'map'
      ? keyLabel(parent.key(ordinal), rowText)
      : parent.kind === 'object'
        ? 'value'
        : String(ordinal);
  return describeValue(parent.child(ordinal), ordinal, label, path);
}
