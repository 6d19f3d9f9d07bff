import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cursor } from './cursor.ts';
import type { Dialect } from './edit.ts';
import { openValue } from './open.ts';
import { atOrdinals, throughObjects } from './path.ts';
import { compose, insertAt, keyBytesOf, removeAt, replaceAt, setMember, setMembers } from './splice.ts';
import { decodeTagged, encodeTagged } from './tagged.ts';
import { allPlaces, jsonText, msgpackBytes, snapshotOf } from './testing/documents.ts';

const json = (text: string): Cursor => openValue('json', Buffer.from(text));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A random document with one of its places. */
interface Spot {
  readonly root: Cursor;
  readonly ordinals: number[];
}

const spotIn = (root: Cursor): fc.Arbitrary<Spot> =>
  fc.constantFrom(...allPlaces(root)).map((ordinals) => ({ root, ordinals }));
const spots = fc.oneof(
  jsonText.chain((source) => spotIn(json(source))),
  msgpackBytes.chain((bytes) => spotIn(openValue('msgpack', bytes))),
);

const dialectOf = (root: Cursor): Dialect => (root.encoding === 'json' ? 'json-python' : 'msgpack');
const isPrefix = (a: readonly number[], b: readonly number[]): boolean => a.every((n, i) => b[i] === n);

/** Every slice that an edit at `place` must leave alone, by place. */
function untouched(root: Cursor, place: readonly number[]): Map<string, string> {
  const slices = new Map<string, string>();
  for (const other of allPlaces(root)) {
    if (isPrefix(other, place) || isPrefix(place, other)) continue;
    slices.set(other.join(), hex(atOrdinals(root, other).slice()));
  }
  return slices;
}

describe('splicing', () => {
  test('the same value spliced in is the identity', () => {
    fc.assert(
      fc.property(spots, ({ root, ordinals }) => {
        expect(hex(replaceAt(root, ordinals, atOrdinals(root, ordinals).slice()))).toBe(hex(root.slice()));
      }),
      { numRuns: 500 },
    );
  });

  test('a new value reads back, every other slice is equal, and what was not enclosing is copied', () => {
    const values = [
      '0',
      '"a longer text than most of those here, to make headers grow"',
      '[[1,2],{"k":null}]',
      `"${'x'.repeat(70_000)}"`,
    ];
    fc.assert(
      fc.property(spots, fc.constantFrom(...values), ({ root, ordinals }, value) => {
        // An object whose content no longer fits turns into a plain extension; the edit layer refuses that.
        fc.pre(!ordinals.some((_, i) => atOrdinals(root, ordinals.slice(0, i)).kind === 'object'));
        const bytes = decodeTagged(value, dialectOf(root));
        const after = openValue(root.encoding, replaceAt(root, ordinals, bytes));
        expect(hex(atOrdinals(after, ordinals).slice())).toBe(hex(bytes));
        for (const [place, slice] of untouched(root, ordinals)) {
          expect(hex(atOrdinals(after, place.split(',').map(Number)).slice())).toBe(slice);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('inside objects the lengths of every enclosing extension follow', () => {
    fc.assert(
      fc.property(spots, fc.nat(70_000), ({ root, ordinals }, length) => {
        const place = atOrdinals(root, ordinals);
        fc.pre(place.kind === 'string' && place.isUnicode());
        // dtype and order of a numpy array are part of its shape.
        fc.pre(!ordinals.some((_, i) => atOrdinals(root, ordinals.slice(0, i)).object?.via === 'numpy'));
        const bytes = decodeTagged(JSON.stringify('x'.repeat(length)), dialectOf(root));
        const after = openValue(root.encoding, replaceAt(root, ordinals, bytes));
        for (const [other, slice] of untouched(root, ordinals)) {
          expect(hex(atOrdinals(after, other.split(',').map(Number)).slice())).toBe(slice);
        }
        expect(atOrdinals(after, ordinals).text()).toHaveLength(length);
      }),
      { numRuns: 300 },
    );
  });

  test('removing leaves the other entries as they were', () => {
    fc.assert(
      fc.property(spots, ({ root, ordinals }) => {
        const parent = ordinals.slice(0, -1);
        const last = ordinals.at(-1);
        fc.pre(last !== undefined && ['list', 'map'].includes(atOrdinals(root, parent).kind));
        fc.pre(!parent.some((_, i) => atOrdinals(root, parent.slice(0, i)).kind === 'object'));
        const container = atOrdinals(root, parent);
        const after = atOrdinals(openValue(root.encoding, removeAt(root, ordinals)), parent);
        const kept = Array.from({ length: container.count }, (_, i) => i).filter((i) => i !== last);
        expect(after.count).toBe(kept.length);
        kept.forEach((from, to) => {
          expect(hex(after.child(to).slice())).toBe(hex(container.child(from).slice()));
          if (container.kind === 'map') expect(hex(after.key(to).slice())).toBe(hex(container.key(from).slice()));
        });
      }),
      { numRuns: 500 },
    );
  });

  test('inserting puts the entry there; removing it again gives the same values', () => {
    fc.assert(
      fc.property(spots, fc.double({ min: 0, max: 1, noNaN: true }), ({ root, ordinals }, where) => {
        const container = atOrdinals(root, ordinals);
        fc.pre(container.kind === 'list' || container.kind === 'map');
        fc.pre(!ordinals.some((_, i) => atOrdinals(root, ordinals.slice(0, i)).kind === 'object'));
        const index = Math.round(where * container.count);
        const dialect = dialectOf(root);
        const value = decodeTagged('{"new":[1]}', dialect);
        const key = container.kind === 'map' ? keyBytesOf('fresh', dialect) : undefined;
        const after = openValue(root.encoding, insertAt(root, ordinals, index, value, key));
        expect(hex(atOrdinals(after, [...ordinals, index]).slice())).toBe(hex(value));
        if (key !== undefined) expect(hex(atOrdinals(after, ordinals).key(index).slice())).toBe(hex(key));
        expect(encodeTagged(openValue(root.encoding, removeAt(after, [...ordinals, index])))).toBe(encodeTagged(root));
      }),
      { numRuns: 500 },
    );
  });

  test('msgpack headers grow and shrink at every border, through nested extensions', () => {
    for (const [before, after] of [
      [15, 16],
      [65_535, 65_536],
    ] as const) {
      let wrapped: Buffer = Buffer.from(decodeTagged(`[${Array(before).fill('0').join()}]`, 'msgpack'));
      for (let i = 0; i < 3; i++) wrapped = snapshotOf(wrapped);
      const root = openValue('msgpack', wrapped);
      const grown = openValue('msgpack', insertAt(root, [0, 0, 0], before, Buffer.from([1])));
      expect(atOrdinals(grown, [0, 0, 0]).count).toBe(after);
      expect(hex(removeAt(grown, [0, 0, 0, before]))).toBe(hex(wrapped));
    }
    for (let n = 0; n < 300; n++) {
      let one: Buffer = snapshotOf(Buffer.from(decodeTagged(JSON.stringify('x'.repeat(n)), 'msgpack')));
      one = snapshotOf(one);
      const bytes = replaceAt(
        openValue('msgpack', one),
        [0, 0],
        decodeTagged(JSON.stringify('x'.repeat(n + 1)), 'msgpack'),
      );
      const want = snapshotOf(snapshotOf(Buffer.from(decodeTagged(JSON.stringify('x'.repeat(n + 1)), 'msgpack'))));
      expect(hex(bytes)).toBe(hex(want));
    }
  });

  test('JSON keeps the spacing of its neighbours', () => {
    const five = Buffer.from('5');
    const list = (source: string, index: number): string => text(insertAt(json(source), [], index, five));
    expect(list('[1,2]', 2)).toBe('[1,2,5]');
    expect(list('[1, 2]', 2)).toBe('[1, 2, 5]');
    expect(list('[1, 2]', 0)).toBe('[5, 1, 2]');
    expect(list('[\n  1,\n  2\n]', 1)).toBe('[\n  1,\n  5,\n  2\n]');
    expect(list('[]', 0)).toBe('[5]');
    expect(text(insertAt(json('{"a": 1}'), [], 1, five, Buffer.from('"b"')))).toBe('{"a": 1, "b": 5}');
    expect(text(insertAt(json('{"a":1}'), [], 1, five, Buffer.from('"b"')))).toBe('{"a":1,"b":5}');
    expect(text(insertAt(json('{"a": {}, "b": []}'), [0], 0, five, Buffer.from('"k"')))).toBe(
      '{"a": {"k": 5}, "b": []}',
    );
    expect(text(insertAt(json('{"a": [1]}'), [0], 1, five))).toBe('{"a": [1, 5]}');
    expect(text(removeAt(json('{"a": 1, "b": 2, "c": 3}'), [1]))).toBe('{"a": 1, "c": 3}');
    expect(text(removeAt(json('{"a": 1, "b": 2}'), [0]))).toBe('{"b": 2}');
    expect(text(removeAt(json('[ 1 ]'), [0]))).toBe('[  ]');
  });

  test('a cursor inside a larger record is a root of its own', () => {
    const record = json('{"id":1,"state":{"n":1},"z":0}');
    const state = record.get('state');
    if (state === null) throw new Error('there');
    const edited = replaceAt(state, [0], Buffer.from('2'));
    expect(text(edited)).toBe('{"n":2}');
    expect(text(replaceAt(record, [1], edited))).toBe('{"id":1,"state":{"n":2},"z":0}');
  });

  test('setMembers gives what setMember gives one after the other', () => {
    const object = decodeTagged('{"$object":{"class":"a.B","via":"json","value":{"x":1}}}', 'msgpack');
    const roots: readonly [Cursor, Dialect][] = [
      [json('{"a": 1, "b": [2], "a": 3}'), 'json-python'],
      [json('{}'), 'json-python'],
      [json('{"b":{"c":1}}'), 'json-js'],
      [openValue('msgpack', decodeTagged('{"a": 1, "b": "x"}', 'msgpack')), 'msgpack'],
      [openValue('msgpack', object), 'msgpack'],
    ];
    const keys = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'x'), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...roots), keys, ([root, dialect], names) => {
        const members = names.map((name, i) => [name, decodeTagged(`[${i}]`, dialect)] as const);
        let one = root;
        // Those that are there first, as they are replaced in one go.
        const there = (name: string): number => (throughObjects(root).cursor.ordinalOf(name) >= 0 ? 0 : 1);
        const ordered = members.toSorted(([a], [b]) => there(a) - there(b));
        for (const [name, bytes] of ordered) one = openValue(root.encoding, setMember(one, name, bytes, dialect));
        expect(hex(setMembers(root, members, dialect))).toBe(hex(one.slice()));
      }),
    );
  });

  test('setMember replaces the last of a repeated key, or adds at the end', () => {
    expect(text(setMember(json('{"a":1,"a":2}'), 'a', Buffer.from('3'), 'json-js'))).toBe('{"a":1,"a":3}');
    expect(text(setMember(json('{}'), 'a', Buffer.from('3'), 'json-python'))).toBe('{"a": 3}');
    expect(text(setMember(json('{}'), 'a"', Buffer.from('3'), 'json-serde'))).toBe('{"a\\"":3}');
    expect(text(setMember(json('{"x": 1}'), 'a', Buffer.from('3'), 'json-python'))).toBe('{"x": 1, "a": 3}');
    expect(hex(setMember(openValue('msgpack', Buffer.from([0x80])), 'a', Buffer.from([3]), 'msgpack'))).toBe(
      '81a16103',
    );
    const object = decodeTagged('{"$object":{"class":"a.B","via":"json","value":{"x":1}}}', 'msgpack');
    const after = setMember(openValue('msgpack', object), 'y', Buffer.from([2]), 'msgpack');
    expect(encodeTagged(openValue('msgpack', after))).toBe(
      '{"$object":{"class":"a.B","via":"json","value":{"x":1,"y":2}}}',
    );
  });

  test('compose writes what the dialect would have written', () => {
    const entries = [
      ['a', Buffer.from('1')],
      ['__proto__', Buffer.from('[]')],
    ] as const;
    expect(text(compose('json-python', entries))).toBe('{"a": 1, "__proto__": []}');
    expect(text(compose('json-js', entries))).toBe('{"a":1,"__proto__":[]}');
    expect(text(compose('json-js', []))).toBe('{}');
    const many = Array.from({ length: 20 }, (_, i) => [`k${i}`, Buffer.from([i])] as const);
    const map = openValue('msgpack', compose('msgpack', many));
    expect([map.count, map.get('k19')?.lexeme()]).toEqual([20, '19']);
  });

  test('an object is not a list: its body cannot be removed', () => {
    const root = openValue('msgpack', snapshotOf(Buffer.from([1])));
    expect(() => removeAt(root, [0])).toThrow(expect.objectContaining({ code: 'bad_value' }));
    expect(() => removeAt(root, [])).toThrow(expect.objectContaining({ code: 'bad_value' }));
  });
});
