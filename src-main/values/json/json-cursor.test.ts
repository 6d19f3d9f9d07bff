import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cursor } from '../cursor.ts';
import { openValue } from '../open.ts';
import { jsonText } from '../testing/documents.ts';

const open = (text: string): Cursor => openValue('json', Buffer.from(text));

/** What JSON.parse would give, read through cursors. */
function toPlain(cursor: Cursor): unknown {
  switch (cursor.kind) {
    case 'null':
      return null;
    case 'boolean':
      return cursor.bool();
    case 'integer':
    case 'float':
      return cursor.approximate();
    case 'string':
      return cursor.isUnicode() ? cursor.text() : JSON.parse(Buffer.from(cursor.slice()).toString());
    case 'list':
      return Array.from({ length: cursor.count }, (_, i) => toPlain(cursor.child(i)));
    case 'map': {
      const entries = Array.from({ length: cursor.count }, (_, i): [string, unknown] => [
        String(toPlain(cursor.key(i))),
        toPlain(cursor.child(i)),
      ]);
      // Object.fromEntries defines `__proto__` as a plain member, as JSON.parse does.
      return Object.fromEntries(entries);
    }
    case 'bytes':
    case 'object':
    case 'ext':
    case 'opaque':
      throw new Error(`${cursor.kind} in JSON`);
  }
}

describe('cursor over JSON', () => {
  test('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        fc.pre(!/NaN|Infinity/.test(text));
        expect(toPlain(open(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('numbers stay their lexeme', () => {
    for (const lexeme of ['1.0', '-0', '1e400', '9007199254740993', '18446744073709551616', '1E+2', '0.10']) {
      expect(open(lexeme).lexeme()).toBe(lexeme);
    }
    expect(['1', '-0', '123', '1.0', '1e2', '1E2', 'NaN', '-Infinity'].map((t) => open(t).kind)).toEqual([
      'integer',
      'integer',
      'integer',
      'float',
      'float',
      'float',
      'float',
      'float',
    ]);
    expect(open('-Infinity').approximate()).toBe(-Infinity);
  });

  test('repeated and special names are plain entries; the last one is meant', () => {
    const map = open('{"a":1,"__proto__":2,"constructor":3,"a":4,"\\u0061":5}');
    expect(map.count).toBe(5);
    expect(map.get('a')?.lexeme()).toBe('5');
    expect(map.get('__proto__')?.lexeme()).toBe('2');
    expect(map.get('constructor')?.lexeme()).toBe('3');
    expect(map.get('toString')).toBeNull();
    expect(map.ordinalOf('b')).toBe(-1);
  });

  test('large maps find every key, escaped ones and the last of repeated ones too', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `k${i % 2000}`);
    const map = open(`{${names.map((n, i) => `${i % 3 === 0 ? `"\\u006b${n.slice(1)}"` : `"${n}"`}:${i}`).join(',')}}`);
    for (let i = 0; i < 2000; i++) expect(map.ordinalOf(`k${i}`)).toBe(names.lastIndexOf(`k${i}`));
    expect(map.ordinalOf('k2000')).toBe(-1);
    expect(map.ordinalOf('\ud800')).toBe(-1);
  });

  test('strings: escapes, lone surrogates, bytes that are not UTF-8', () => {
    expect(open('"\\ud83d\\ude00\\n\\/"').text()).toBe('😀\n/');
    const lone = open('"a\\ud800"');
    expect(lone.isUnicode()).toBe(false);
    expect(Buffer.from(lone.payload()).toString()).toBe('a\\ud800');
    expect(() => lone.text()).toThrow(/not valid Unicode/);
    const bad = openValue('json', Buffer.from([0x22, 0xff, 0x22]));
    expect(bad.isUnicode()).toBe(false);
    expect([...bad.payload()]).toEqual([0xff]);
  });

  test('long strings with quotes and backslashes at every distance', () => {
    for (let n = 0; n < 140; n++) {
      for (const tail of ['', '\\\\', '\\"', '\\\\\\"', '\\\\\\\\']) {
        const list = open(`["${'x'.repeat(n)}${tail}","y"]`);
        expect(list.count).toBe(2);
        expect(list.child(1).text()).toBe('y');
      }
    }
  });

  test('a slice is a view of exactly the value', () => {
    const root = open(' { "a" : [ 1 , {"b":2} ] } ');
    const b = root.get('a')?.child(1);
    expect(Buffer.from(b?.slice() ?? []).toString()).toBe('{"b":2}');
    expect(b?.slice().buffer).toBe(root.source.buffer);
  });

  test('depth of 10,000 and a string of 50 MB', () => {
    let at = open(`${'[{"a":'.repeat(5000)}1${'}]'.repeat(5000)}`);
    let depth = 0;
    for (; at.count > 0; depth++) at = at.child(0);
    expect([depth, at.lexeme()]).toEqual([10_000, '1']);
    const long = open(`{"s":"${'x'.repeat(50_000_000)}","t":1}`);
    expect(long.get('t')?.lexeme()).toBe('1');
    expect(long.get('s')?.text().length).toBe(50_000_000);
  });

  test('children outside the count are RangeErrors', () => {
    for (const bad of [-1, 1, 0.5, NaN]) expect(() => open('[1]').child(bad)).toThrow(RangeError);
    expect(() => open('{"a":1}').key(1)).toThrow(RangeError);
    expect(() => open('[1]').key(0)).toThrow(TypeError);
    expect(() => open('1').child(0)).toThrow(RangeError);
  });
});
