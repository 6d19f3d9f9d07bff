import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ValueNode } from '../../shared/model/value-node.ts';
import type { Cursor } from './cursor.ts';
import { describeChild, describeValue, shortText } from './describe.ts';
import { opaqueValue, openValue } from './open.ts';
import { atOrdinals } from './path.ts';
import { decodeTagged } from './tagged.ts';
import { allPlaces, jsonText, listBytes, mapBytes, msgpackBytes } from './testing/documents.ts';

const tagged = (text: string): Cursor => openValue('msgpack', decodeTagged(text, 'msgpack'));
const short = (text: string, max = 60): string => shortText(tagged(text), max);

test('one line for every kind', () => {
  expect(
    [
      'null',
      'true',
      '5',
      '1.0',
      '"a\\nb"',
      '{"$bytes":"AQID"}',
      '[]',
      '[1,2]',
      '[1]',
      '{}',
      '{"a":1,"b":2}',
      '{"a":1,"b":2,"c":3,"d":4,"e":5}',
      '{"$set":[1,2]}',
      '{"$datetime":"2026-01-02T03:04:05"}',
      '{"$object":{"class":"m.ai.AIMessage","via":"json","value":{"content":"x"}}}',
      '{"$ext":{"code":-1,"data":"AAAAAA=="}}',
      '{"$text":"/w=="}',
      '{"$map":[[1,2],[[1],3]]}',
    ].map((text) => short(text)),
  ).toEqual([
    'null',
    'true',
    '5',
    '1.0',
    '"a\\nb"',
    '3 bytes 010203',
    '[]',
    '2 items',
    '1 item',
    '{}',
    '{a, b}',
    '{a, b, c, d, … 5 in all}',
    'set 2 items',
    'datetime "2026-01-02T03:04:05"',
    'AIMessage {content}',
    'extension -1, 4 bytes',
    'not Unicode, 1 byte',
    '{1, (list)}',
  ]);
  expect(shortText(opaqueValue('pickle', Buffer.from([1, 2])), 60)).toBe('pickle, 2 bytes');
});

test('rows of the tree', () => {
  const root = tagged('{"n":{"$map":[[5,"x"]]},"m":{"$object":{"class":"m.AI","via":"json","value":{"content":"x"}}}}');
  expect(describeChild(root, 1, 'm')).toEqual({
    ordinal: 1,
    label: 'm',
    path: 'm',
    kind: 'object',
    tag: 'AI',
    short: 'AI {content}',
    cut: true,
    children: 1,
    bytes: 40,
  });
  expect(describeChild(root.child(0), 0, 'n[5]')).toMatchObject({
    label: '5',
    path: 'n[5]',
    short: '"x"',
    cut: false,
    children: 0,
  });
  expect(describeChild(root.child(1), 0, null)).toMatchObject({ label: 'value', path: null, kind: 'map' });
});

test('long texts are cut to the line, and not decoded to their end', () => {
  const node = describeValue(openValue('json', Buffer.from(`"${'é'.repeat(5_000_000)}"`)), 0, '', '');
  expect([node.short.length, node.cut, node.bytes]).toEqual([200, true, 10_000_002]);
  expect(shortText(openValue('json', Buffer.from(`"${'\\u00e9'.repeat(5000)}"`)), 20)).toHaveLength(20);
});

test('any value fits the schema and the line', () => {
  const check = (root: Cursor): void => {
    for (const place of allPlaces(root)) {
      const node = describeValue(atOrdinals(root, place), 0, 'x', null);
      ValueNode.parse(node);
      expect(node.short.length).toBeLessThanOrEqual(200);
      expect(node.short).not.toContain('\n');
      expect(shortText(atOrdinals(root, place), 12).length).toBeLessThanOrEqual(12);
    }
  };
  fc.assert(
    fc.property(jsonText, (text) => check(openValue('json', Buffer.from(text)))),
    { numRuns: 150 },
  );
  fc.assert(
    fc.property(msgpackBytes, (bytes) => check(openValue('msgpack', bytes))),
    { numRuns: 150 },
  );
});

test('keys nested without end cost nothing', () => {
  let key: Buffer = Buffer.from([1]);
  for (let i = 0; i < 3000; i++) key = i % 2 === 0 ? mapBytes([[key, Buffer.from([1])]], 0) : listBytes([key], 0);
  expect(shortText(openValue('msgpack', mapBytes([[key, Buffer.from([1])]], 0)), 20)).toBe('{(list)}');
});
