import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cursor } from './cursor.ts';
import { opaqueValue, openValue } from './open.ts';
import { atOrdinals, logicalPathOf } from './path.ts';
import { findText } from './search.ts';
import { decodeTagged } from './tagged.ts';
import { allPlaces, jsonText, msgpackBytes } from './testing/documents.ts';

const json = (text: string): Cursor => openValue('json', Buffer.from(text));
const tagged = (text: string): Cursor => openValue('msgpack', decodeTagged(text, 'msgpack'));
const paths = (root: Cursor, text: string, limit = 99): (string | null)[] =>
  findText(root, text, limit).places.map((p) => logicalPathOf(root, p));

const state =
  '{"messages":[{"content":"Refund the ORDER"},{"content":"étude\\n \\"quoted\\" a/b"}],"order_id":1234,"list":["x",{"order":null}]}';

test('keys, texts and numbers, letter case aside, in stored order', () => {
  for (const root of [json(state), tagged(state)]) {
    expect(paths(root, 'order')).toEqual(['messages[0].content', 'order_id', 'list[1].order']);
    expect(paths(root, 'REFUND')).toEqual(['messages[0].content']);
    expect(paths(root, '234')).toEqual(['order_id']);
    expect(paths(root, 'ÉTUDE')).toEqual(['messages[1].content']);
    expect(paths(root, '"quoted" a/b')).toEqual(['messages[1].content']);
    expect(paths(root, '\n "')).toEqual(['messages[1].content']);
    expect(paths(root, 'nowhere')).toEqual([]);
    expect(paths(root, '')).toEqual([]);
    expect(paths(root, '.*')).toEqual([]);
  }
  expect(paths(json('{"a":"\\u0041bc","b":"\\u00e9\\u006e"}'), 'abc')).toEqual(['a']);
  expect(paths(json('{"a":"\\u0041bc","b":"\\u00e9\\u006e"}'), 'én')).toEqual(['b']);
});

test('class names of objects', () => {
  const root = tagged(
    '[{"$object":{"class":"langchain_core.messages.ai.AIMessage","via":"json","value":{"x":"y"}}},{"$set":["b"]}]',
  );
  expect(findText(root, 'aimess', 9).places).toEqual([[0]]);
  expect(findText(root, 'core.messages', 9).places).toEqual([[0]]);
  expect(findText(root, 'y', 9).places).toEqual([[0, 0, 0]]);
});

test('a limit says that there is more', () => {
  expect(findText(json('["a","a","a"]'), 'a', 2)).toEqual({ places: [[0], [1]], more: true });
  expect(findText(json('["a","a"]'), 'a', 2)).toEqual({ places: [[0], [1]], more: false });
  expect(findText(json('"a"'), 'a', 2)).toEqual({ places: [[]], more: false });
  expect(findText(opaqueValue('pickle', Buffer.from('abc')), 'a', 2)).toEqual({ places: [], more: false });
});

test('finds what a walk over every place finds', () => {
  const check = (root: Cursor, text: string): void => {
    const pattern = new RegExp(text.replace(/[^\w ]/g, '\\$&'), 'i');
    const hit = (c: Cursor): boolean => {
      if (c.kind === 'string') return c.isUnicode() && pattern.test(c.text());
      if (c.kind === 'integer' || c.kind === 'float') return pattern.test(c.lexeme());
      const name = c.object?.className ?? '';
      return (
        c.object !== null &&
        [name.slice(0, Math.max(0, name.lastIndexOf('.'))), name.slice(name.lastIndexOf('.') + 1)].some((n) =>
          pattern.test(n),
        )
      );
    };
    const naive = allPlaces(root)
      .filter((place) => {
        const parent = place.length === 0 ? null : atOrdinals(root, place.slice(0, -1));
        return hit(atOrdinals(root, place)) || (parent?.kind === 'map' && hit(parent.key(place.at(-1) ?? 0)));
      })
      .map((p) => p.join());
    expect(
      findText(root, text, Infinity)
        .places.map((p) => p.join())
        .toSorted(),
    ).toEqual(naive.toSorted());
  };
  const needles = fc.constantFrom(
    'a',
    'B',
    'content',
    '1',
    '-',
    'e',
    'é',
    '"',
    '\\',
    'long \\',
    '{[',
    '😀',
    '$set',
    'A\n',
    'model',
  );
  fc.assert(
    fc.property(jsonText, needles, (source, needle) => check(json(source), needle)),
    { numRuns: 400 },
  );
  fc.assert(
    fc.property(msgpackBytes, needles, (bytes, needle) => check(openValue('msgpack', bytes), needle)),
    { numRuns: 400 },
  );
});
