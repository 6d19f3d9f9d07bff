import { describe, expect, test } from 'vitest';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { openValue } from '../open.ts';

const accepted = [
  '0',
  '-0',
  '-1',
  '12',
  '1.5',
  '1e5',
  '1E+5',
  '1e-5',
  '0.0',
  '0e0',
  '123456789012345678901234567890',
  '1e400',
  '""',
  '"a"',
  '"\\""',
  '"\\\\"',
  '"\\/\\b\\f\\n\\r\\t"',
  '"\\u00e9"',
  '"\\uD800"',
  '"\u007f"',
  '"\u2028"',
  '"é😀"',
  'null',
  'true',
  'false',
  'NaN',
  'Infinity',
  '-Infinity',
  '[]',
  '[ ]',
  '[1]',
  '[1,2]',
  ' [ 1 , 2 ] ',
  '[[],[[]]]',
  '[NaN,-Infinity]',
  '{}',
  '{ }',
  '{"a":1}',
  '{ "a" : 1 , "a" : 2 }',
  '{"":{}}',
  '{"a":[{"b":[]}]}',
  '\t\r\n {"a":\n1}\n',
];

const rejected = [
  '',
  ' ',
  '\ufeff[]',
  '\ufeff',
  "'a'",
  'a',
  'nul',
  'nulll',
  'tru',
  'True',
  'nan',
  '+1',
  '-',
  '01',
  '-01',
  '1.',
  '.5',
  '1.e5',
  '1e',
  '1e+',
  '0x10',
  '1_000',
  '--1',
  '-NaN',
  '+Infinity',
  'Infinit',
  '-Inf',
  '"',
  '"a',
  '"\\',
  '"\\x"',
  '"\\u12"',
  '"\\u12g4"',
  '"\n"',
  '"\t"',
  '"\u0000"',
  '"\\u',
  '"a"b',
  '[',
  ']',
  '[1',
  '[1,',
  '[1,]',
  '[,1]',
  '[1 2]',
  '[1,,2]',
  '[1}',
  '[1]]',
  '[1],',
  '{',
  '}',
  '{"a"',
  '{"a":',
  '{"a":1',
  '{"a":1,',
  '{"a":1,}',
  '{,}',
  '{a:1}',
  '{1:1}',
  '{"a" 1}',
  '{"a":1 "b":2}',
  '{"a"}',
  '{"a":}',
  '{"a":1]',
  '1 2',
  '[] []',
  '// c\n1',
  '/**/1',
  '[1]#',
  '\u00a0[]',
  '\u000b[]',
  '[\u0000]',
  '{"a":1,"b"}',
];

function offsetOf(error: unknown): number {
  if (!(error instanceof ForkpointError)) throw error;
  expect(error.code).toBe('corrupt');
  return Number(/at byte (\d+)\. Nothing was changed\.$/.exec(error.message)?.[1]);
}

function failure(text: string | Uint8Array): number {
  try {
    openValue('json', Buffer.from(text));
  } catch (error) {
    return offsetOf(error);
  }
  throw new Error(`accepted ${JSON.stringify(text)}`);
}

describe('the JSON grammar', () => {
  test.each(accepted)('accepts %j', (text) => {
    const cursor = openValue('json', Buffer.from(text));
    expect(Buffer.from(cursor.slice()).toString()).toBe(text.trim());
  });

  test.each(rejected)('rejects %j', (text) => {
    const at = failure(text);
    expect(at).toBeGreaterThanOrEqual(0);
    expect(at).toBeLessThanOrEqual(Buffer.byteLength(text));
  });

  // JSON.parse knows neither Python's tokens nor our tolerance for bad UTF-8; on everything else both must agree.
  test('agrees with JSON.parse on every text of the tables', () => {
    for (const text of [...accepted, ...rejected]) {
      if (/NaN|Infinity/.test(text)) continue;
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      expect([text, parses]).toEqual([text, accepted.includes(text)]);
    }
  });

  test('names the byte where the text departs', () => {
    expect(failure('{"a": [1, 2,, 3]}')).toBe(12);
    expect(failure('["é" "b"]')).toBe(6);
    expect(failure('[1, 2')).toBe(5);
  });

  test('a document cut off at any byte is corrupt, never something else', () => {
    const text = '{"a": [1.5e-3, "x\\u00e9\\n", {"b": null, "é": true}], "c": [-Infinity, NaN, []], "d": {}}';
    const bytes = Buffer.from(text);
    for (let n = 0; n < bytes.length; n++) expect(failure(bytes.subarray(0, n))).toBeLessThanOrEqual(n);
  });

  test('any single wrong byte is either read or named as corrupt', () => {
    const bytes = Buffer.from('{"a":[1.5,"x\\n",{"b":null}],"c":[-1,true]}');
    for (let i = 0; i < bytes.length; i++) {
      for (const wrong of [0x00, 0x22, 0x2c, 0x5b, 0x5c, 0x5d, 0x7d, 0x80, 0xff, 0x30]) {
        const copy = Buffer.from(bytes);
        copy[i] = wrong;
        try {
          openValue('json', copy);
        } catch (error) {
          offsetOf(error);
        }
      }
    }
  });

  test('a million open lists neither overflow nor pass', () => {
    expect(failure('['.repeat(1_000_000))).toBe(1_000_000);
    expect(failure('{"a":'.repeat(200_000))).toBe(1_000_000);
  });
});
