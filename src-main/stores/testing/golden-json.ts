// Golden files, read as the product reads states: by digits, so that 1.0 is not 1 and nothing is rounded.

import { existsSync, readFileSync } from 'node:fs';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import type { Expected } from './answer.ts';

/** The whole file, null if there is none. */
export function goldenFile(path: string): Cursor | null {
  return existsSync(path) ? openValue('json', readFileSync(path)) : null;
}

/** Items of a list member, or of the list itself; none where there is no list. */
export function itemsOf(from: Cursor | null, name?: string): Cursor[] {
  const list = name === undefined ? from : (from?.get(name) ?? null);
  if (list?.kind !== 'list') return [];
  return Array.from({ length: list.count }, (_, i) => list.child(i));
}

/** A text member; null where it is null or missing. A number is given by its digits. */
export function textIn(from: Cursor | null, name: string): string | null {
  const value = from?.get(name) ?? null;
  if (value === null || value.kind === 'null') return null;
  return value.kind === 'string' ? value.text() : value.lexeme();
}

export const textsIn = (from: Cursor | null, name: string): string[] => itemsOf(from, name).map((item) => item.text());

/** A member that must be there. */
export function memberOf(from: Cursor, name: string): Cursor {
  const value = from.get(name);
  if (value === null) throw new Error(`the golden file has no ${name}`);
  return value;
}

/** Whether a member is there and not null. */
export const has = (from: Cursor, name: string): boolean => (from.get(name)?.kind ?? 'null') !== 'null';

/** Holds a stored value to one in a golden file: the same kinds and digits; members of a map in any order. */
export const same =
  (golden: Cursor): Expected =>
  (stored) =>
    difference(golden, stored, '');

const brief = (value: Cursor): string => Buffer.from(value.slice()).toString('utf8').slice(0, 80);

function difference(golden: Cursor, stored: Cursor, at: string): string | null {
  const token = golden.count === 1 && stored.kind === 'float' ? textIn(golden, '$float') : null;
  // Python's tokens, which are no JSON.
  if (token !== null) return token === stored.lexeme() ? null : `${at}: ${stored.lexeme()}, expected ${token}`;
  const differs = `${at === '' ? 'the value' : at}: ${brief(stored)}, expected ${brief(golden)}`;
  if (golden.kind !== stored.kind) return differs;
  switch (golden.kind) {
    case 'boolean':
      return golden.bool() === stored.bool() ? null : differs;
    case 'integer':
      return golden.lexeme() === stored.lexeme() ? null : differs;
    case 'float':
      // Writers spell a float in different ways (`1e+300`, `1e300`); the number is the same or it is not.
      return Object.is(Number(golden.lexeme()), Number(stored.lexeme())) ? null : differs;
    case 'string':
      return golden.text() === stored.text() ? null : differs;
    case 'list':
      if (golden.count !== stored.count) return differs;
      for (let i = 0; i < golden.count; i++) {
        const inner = difference(golden.child(i), stored.child(i), `${at}[${i}]`);
        if (inner !== null) return inner;
      }
      return null;
    case 'map':
      if (golden.count !== stored.count) return differs;
      for (let i = 0; i < golden.count; i++) {
        const name = golden.key(i).text();
        const other = stored.get(name);
        const inner = other === null ? `${at}.${name}: missing` : difference(golden.child(i), other, `${at}.${name}`);
        if (inner !== null) return inner;
      }
      return null;
    case 'null':
      return null;
    case 'bytes':
    case 'object':
    case 'ext':
    case 'opaque':
      return `${differs}: JSON has no ${golden.kind}`;
  }
}
