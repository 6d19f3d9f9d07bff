// Cells as cursors: which encoding the `type` column names, and what cannot be read here.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue, opaqueValue } from '../../values/open.ts';
import { pickleAsMsgpack } from './pickle-shown.ts';
import { pickledClass, readPickle } from './pickle.ts';
import type { SqlValue } from '../backend.ts';

const encoder = new TextEncoder();

/** The exact bytes of a cell: text as UTF-8, numbers as they print, NULL as nothing. */
export function bytesOf(value: SqlValue | undefined): Uint8Array {
  if (value === null || value === undefined) return new Uint8Array();
  if (value instanceof Uint8Array) return value;
  return encoder.encode(String(value));
}

export function storageOf(value: SqlValue): 'null' | 'integer' | 'real' | 'text' | 'blob' {
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return 'blob';
  if (typeof value === 'bigint') return 'integer';
  return typeof value === 'number' ? 'real' : 'text';
}

export function textOf(value: SqlValue | undefined): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return String(value);
}

/** msgpack bin of raw bytes, so that a bare `bytes` cell is a value like any other. */
function bin(bytes: Uint8Array): Uint8Array {
  const n = bytes.length;
  const header =
    n < 0x100
      ? [0xc4, n]
      : n < 0x1_0000
        ? [0xc5, n >>> 8, n & 0xff]
        : [0xc6, n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff];
  const out = new Uint8Array(header.length + n);
  out.set(header);
  out.set(bytes, header.length);
  return out;
}

/** The cipher of an encrypted cell (`msgpack+aes`), null for one that is not. */
export function cipherOf(type: string): string | null {
  const plus = type.indexOf('+');
  return plus < 0 ? null : type.slice(plus + 1);
}

/** The type that a cell has when it is decrypted. */
export function innerType(type: string): string {
  const plus = type.indexOf('+');
  return plus < 0 ? type : type.slice(0, plus);
}

/** Why a cell of this type cannot be read without running code or a key; null for the types that we read. */
export function unreadableType(type: string): string | null {
  const cipher = cipherOf(type);
  if (cipher !== null) return `it is encrypted (${cipher}), and Forkpoint has no key that opens it`;
  if (type === '') return 'it has no type';
  if (!['msgpack', 'json', 'null', 'bytes', 'bytearray', 'pickle'].includes(type))
    return `its type \`${type}\` is not known`;
  return null;
}

/** The value of a cell. Throws `corrupt` where the bytes are not of the type that the row names. */
export function openCell(type: string, value: SqlValue | undefined): Cursor {
  const bytes = bytesOf(value);
  switch (type) {
    case 'msgpack':
      return openValue('msgpack', bytes);
    case 'json':
      return openValue('json', bytes);
    case 'null':
      return openValue('msgpack', Uint8Array.of(0xc0));
    case 'bytes':
    case 'bytearray':
      return openValue('msgpack', bin(bytes));
    case 'pickle':
      return openPickle(bytes);
    default:
      return opaqueValue(cipherOf(type) ?? type, bytes);
  }
}

/**
 * A pickle as far as it is plain data: its opcodes are followed, nothing is constructed. One that is an object as a whole, or that
 * cannot be shown in full, is an opaque value that names its class.
 */
function openPickle(bytes: Uint8Array): Cursor {
  const value = readPickle(bytes);
  const className = pickledClass(value);
  const shown = className === null ? pickleAsMsgpack(value, bytes.length) : null;
  return shown === null ? opaqueValue('pickle', bytes, className) : openValue('msgpack', shown);
}

const damaged = 'damaged ';

/** As `openCell`, but a damaged cell is an opaque value that says so: one of many must not hide the others. */
export function openCellOrDamaged(type: string, value: SqlValue | undefined): Cursor {
  try {
    return openCell(type, value);
  } catch (error) {
    if (!(error instanceof ForkpointError) || error.code !== 'corrupt') throw error;
    return damagedCell(type, value);
  }
}

/** The bytes of a cell that does not hold what it should. */
export function damagedCell(type: string, value: SqlValue | undefined): Cursor {
  return opaqueValue(damaged + type, bytesOf(value));
}

/** Whether `openCellOrDamaged` found the cell damaged. */
export function isDamaged(cursor: Cursor): boolean {
  return cursor.kind === 'opaque' && cursor.opaqueEncoding?.startsWith(damaged) === true;
}

/** The body of an object that a serializer wrote as data; other values as they are. */
export function bodyOf(cursor: Cursor): Cursor {
  let at = cursor;
  while (at.kind === 'object') at = at.child(0);
  return at;
}

/** Ordinals from a value through nested objects down to its body. */
export function objectDepth(value: Cursor): number[] {
  const steps: number[] = [];
  for (let at = value; at.kind === 'object'; at = at.child(0)) steps.push(0);
  return steps;
}

/** Text of a string member, null where it is none. */
export function stringMember(map: Cursor | null, key: string): string | null {
  const value = map?.get(key) ?? null;
  return value?.kind === 'string' && value.isUnicode() ? value.text() : null;
}

/** Texts of the keys of a map, in stored order; keys that are no text are left out. */
export function keysOf(map: Cursor | null): string[] {
  const keys: string[] = [];
  if (map?.kind !== 'map') return keys;
  for (let i = 0; i < map.count; i++) {
    const key = map.key(i);
    if (key.kind === 'string' && key.isUnicode()) keys.push(key.text());
  }
  return keys;
}
