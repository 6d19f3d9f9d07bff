import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cursor } from './cursor.ts';
import { openValue } from './open.ts';
import { atOrdinals, logicalPathOf, ordinalsOf, parsePath, pointerOf, resolvePath, splitAssignment } from './path.ts';
import { decodeTagged, encodeTagged } from './tagged.ts';
import { allPlaces, jsonText, msgpackBytes } from './testing/documents.ts';

const json = (text: string): Cursor => openValue('json', Buffer.from(text));
const tagged = (text: string): Cursor => openValue('msgpack', decodeTagged(text, 'msgpack'));
const at = (root: Cursor, path: string): string | null => {
  const found = resolvePath(root, path);
  return found === null ? null : encodeTagged(found);
};

describe('the grammar of paths', () => {
  test('dotted', () => {
    expect(parsePath('a.0[0]["x.y"][-1]')).toEqual([
      { kind: 'key', key: 'a' },
      { kind: 'key', key: '0' },
      { kind: 'index', index: '0' },
      { kind: 'key', key: 'x.y' },
      { kind: 'index', index: '-1' },
    ]);
    expect(parsePath('[""]')).toEqual([{ kind: 'key', key: '' }]);
    expect(parsePath('["/x"]')).toEqual([{ kind: 'key', key: '/x' }]);
    expect(parsePath('["]=\\"[\\u0041"].b')).toEqual([
      { kind: 'key', key: ']="[A' },
      { kind: 'key', key: 'b' },
    ]);
    expect(parsePath('branch:to:x y/z')).toEqual([{ kind: 'key', key: 'branch:to:x y/z' }]);
  });

  test('JSON Pointer', () => {
    expect(parsePath('')).toEqual([]);
    expect(parsePath('/')).toEqual([{ kind: 'token', token: '' }]);
    expect(parsePath('/a~1b/~01/0')).toEqual(['a/b', '~1', '0'].map((token) => ({ kind: 'token', token })));
  });

  test.each([
    '.',
    '.a',
    'a.',
    'a..b',
    'a[',
    'a[x]',
    'a["x]',
    'a["x"',
    'a["\\x"]',
    'a[0]b',
    'a[1.5]',
    'a=b',
    '/~',
    '/a~2',
    'a[]',
  ])('refuses %j', (text) => {
    expect(() => parsePath(text)).toThrow(expect.objectContaining({ code: 'bad_value' }));
  });

  test('path and value are parted at the first = outside brackets and quotes', () => {
    const split = (text: string): unknown => {
      const parts = splitAssignment(text);
      return parts === null ? null : [parts.path, parts.value];
    };
    expect(split('a=1')).toEqual(['a', '1']);
    expect(split('a.b={"x":"=","y":[1]}')).toEqual(['a.b', '{"x":"=","y":[1]}']);
    expect(split('a["x=y"][0]=b=c')).toEqual(['a["x=y"][0]', 'b=c']);
    expect(split('a["]\\"="]=1')).toEqual(['a["]\\"="]', '1']);
    expect(split('/a/b=1')).toEqual(['/a/b', '1']);
    expect(split('/a[b=1')).toEqual(['/a[b', '1']);
    expect(split('=1')).toEqual(['', '1']);
    expect(split('a')).toBeNull();
  });
});

describe('the way to a place', () => {
  const state = json('{"messages":[{"content":"a"},{"content":"b"}],"a.b":1,"0":2,"":3,"n":4,"n":5,"-":6,"/x":7}');

  test('keys, indexes, negative indexes', () => {
    expect(at(state, 'messages[1].content')).toBe('"b"');
    expect(at(state, '/messages/1/content')).toBe('"b"');
    expect(at(state, 'messages[-1].content')).toBe('"b"');
    expect(at(state, 'messages[-3]')).toBeNull();
    expect(at(state, 'messages[2]')).toBeNull();
    expect(at(state, '/messages/-1')).toBeNull();
    expect(at(state, '/messages/01')).toBeNull();
    expect(at(state, '/messages/-')).toBeNull();
    expect(at(state, 'messages.0')).toBeNull();
    expect(at(state, 'messages["0"]')).toBeNull();
    expect(at(state, '')).toBe(encodeTagged(state));
  });

  test('odd keys', () => {
    expect(at(state, '["a.b"]')).toBe('1');
    expect(at(state, '/a.b')).toBe('1');
    expect(at(state, '0')).toBe('2');
    expect(at(state, '[0]')).toBeNull();
    expect(at(state, '[""]')).toBe('3');
    expect(at(state, '/')).toBe('3');
    expect(at(state, '/-')).toBe('6');
    expect(at(state, '["/x"]')).toBe('7');
    expect(at(state, '/~1x')).toBe('7');
    expect(at(state, 'toString')).toBeNull();
  });

  test('of a repeated key the last is meant; the first is reached through the tagged form', () => {
    expect(at(state, 'n')).toBe('5');
    const twice = json('{"n":4,"n":5}');
    expect(at(twice, '/$map/0/1')).toBe('4');
    expect(at(twice, '/$map/0/0')).toBeNull();
    expect(at(twice, '/$map/2/1')).toBeNull();
    expect(logicalPathOf(twice, [0])).toBeNull();
    expect(logicalPathOf(twice, [1])).toBe('n');
  });

  test('objects are passed through without naming them, and named where that leads further', () => {
    const root = tagged(
      '{"m":[{"$object":{"class":"a.AI","via":"json","value":{"content":"x","value":9}}}],"s":{"$set":[1,{"$tuple":[2,3]}]},"k":{"$map":[[1,"one"],[true,"yes"],["t","t"]]}}',
    );
    expect(at(root, 'm[0].content')).toBe('"x"');
    expect(at(root, '/m/0/content')).toBe('"x"');
    expect(at(root, '/m/0/$object/value/content')).toBe('"x"');
    expect(at(root, '/m/0/$object/value')).toBe('{"content":"x","value":9}');
    expect(at(root, '/m/0/value')).toBe('9');
    expect(at(root, 's[1][0]')).toBe('2');
    expect(at(root, 's[-1][-1]')).toBe('3');
    expect(at(root, '/s/$set/1/$tuple/1')).toBe('3');
    expect(at(root, '/s/$set/1/1')).toBe('3');
    expect(at(root, '/s/$tuple/0')).toBeNull();
    expect(at(root, 'k[1]')).toBe('"one"');
    expect(at(root, '/k/$map/1/1')).toBe('"yes"');
    expect(at(root, 'k.t')).toBe('"t"');
    expect(at(root, 'm[0]')).toContain('$object');
    expect(logicalPathOf(root, [2, 0])).toBe('k[1]');
    expect(logicalPathOf(root, [2, 1])).toBeNull();
    expect(logicalPathOf(root, [0, 0, 0])).toBeNull();
    expect(logicalPathOf(root, [0, 0, 0, 0])).toBe('m[0].content');
    expect(pointerOf(root, [0, 0, 0, 0])).toBe('/m/0/$object/value/content');
    expect(pointerOf(root, [1, 0, 1, 0, 1])).toBe('/s/$set/1/$tuple/1');
  });

  test('the logical reading goes before the tagged one', () => {
    const root = json('{"x":{"$map":[["a",1]],"other":0},"y":{"$map":[["never",[0,[7,8]]]]}}');
    expect(at(root, '/x/$map/0/1')).toBe('1');
    // y is a one-member object: its own member is reached by name first, its tagged form only where that leads nowhere.
    expect(at(root, '/y/$map/0/1')).toBe('[0,[7,8]]');
    expect(at(root, '/y/$map/0/1/$map')).toBeNull();
  });

  test('integer keys keep all 64 bits', () => {
    const root = tagged('{"$map":[[18446744073709551615,"max"],[-5,"neg"],[5,"five"]]}');
    expect(at(root, '[18446744073709551615]')).toBe('"max"');
    expect(at(root, '[-5]')).toBe('"neg"');
    expect(at(root, '[-1]')).toBeNull();
    expect(at(root, '/5')).toBeNull();
  });

  test('places that are not there', () => {
    expect(() => atOrdinals(state, [99])).toThrow(expect.objectContaining({ code: 'not_found' }));
    expect(() => atOrdinals(state, [1, 0])).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  test('tags that spell like keys cost no more than a walk', () => {
    const deep = json(`${'{"$map":[[0,'.repeat(300)}1${']]}'.repeat(300)}`);
    expect(ordinalsOf(deep, `${'/$map/0/1'.repeat(300)}/nowhere`)).toBeNull();
  });

  test('every place is reached by its own path and by its pointer', () => {
    const check = (root: Cursor): void => {
      const document: unknown = JSON.parse(encodeTagged(root));
      for (const ordinals of allPlaces(root)) {
        const path = logicalPathOf(root, ordinals);
        if (path !== null) expect(ordinalsOf(root, path)).toEqual(ordinals);
        // The pointer must lead to this value's own encoding within the tagged document.
        let value: unknown = document;
        for (const part of parsePath(pointerOf(root, ordinals))) {
          if (part.kind !== 'token') throw new Error('a pointer has tokens');
          value = Object.entries(value as object).find(([k]) => k === part.token)?.[1];
        }
        expect(value).toEqual(JSON.parse(encodeTagged(atOrdinals(root, ordinals))));
      }
    };
    fc.assert(
      fc.property(jsonText, (text) => check(json(text))),
      { numRuns: 150 },
    );
    fc.assert(
      fc.property(msgpackBytes, (bytes) => check(openValue('msgpack', bytes))),
      { numRuns: 150 },
    );
  });
});
