import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cursor } from './cursor.ts';
import type { Dialect } from './edit.ts';
import { opaqueValue, openValue } from './open.ts';
import { decodeTagged, encodeTagged } from './tagged.ts';
import { jsonText, msgpackBytes } from './testing/documents.ts';

const json = (text: string): Cursor => openValue('json', Buffer.from(text));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const packed = (text: string): string => hex(decodeTagged(text, 'msgpack'));
const written = (text: string, dialect: Dialect): string => Buffer.from(decodeTagged(text, dialect)).toString();

describe('encode', () => {
  test('JSON stays plain JSON with its lexemes; what it cannot say is tagged', () => {
    const same = [
      '{"a":1.0,"b":[1e400,-0,9007199254740993,""],"c":{"__proto__":{},"lc":1}}',
      '{"$a":1,"$b":2}',
      '[]',
      '{}',
    ];
    for (const text of same) expect(encodeTagged(json(text))).toBe(text);
    expect(encodeTagged(json('{ "a" : [ NaN , -Infinity ] , "é" : "\\u0041\\/" }'))).toBe(
      '{"a":[{"$float":"NaN"},{"$float":"-Infinity"}],"é":"A/"}',
    );
    expect(encodeTagged(json('{"a":1,"a":2}'))).toBe('{"$map":[["a",1],["a",2]]}');
    expect(encodeTagged(json('{"$foo":1}'))).toBe('{"$map":[["$foo",1]]}');
    expect(encodeTagged(json('{"$set":[1]}'))).toBe('{"$map":[["$set",[1]]]}');
    expect(encodeTagged(json('["x\\ud800"]'))).toBe(`[{"$text":"${Buffer.from('x\\ud800').toString('base64')}"}]`);
    expect(encodeTagged(json('{"\\udc00":1}'))).toBe(
      `{"$map":[[{"$text":"${Buffer.from('\\udc00').toString('base64')}"},1]]}`,
    );
  });

  test('opaque cells', () => {
    expect(encodeTagged(opaqueValue('pickle', Buffer.from([1, 2, 3])))).toBe(
      '{"$opaque":{"encoding":"pickle","bytes":3,"data":"AQID"}}',
    );
  });

  test('indentation is that of JSON.stringify', () => {
    fc.assert(
      fc.property(jsonText, fc.constantFrom(1, 2, 4), (text, indent) => {
        const root = json(text);
        const compact = encodeTagged(root);
        fc.pre(!/[0-9]/.test(compact) || JSON.stringify(JSON.parse(compact)) === compact);
        expect(encodeTagged(root, { indent })).toBe(JSON.stringify(JSON.parse(compact), null, indent));
      }),
      { numRuns: 200 },
    );
  });

  test('a limit cuts the text, and the rest is not read', () => {
    expect(encodeTagged(json('[1,2,3]'), { limit: 7 })).toBe('[1,2,3]');
    expect(encodeTagged(json('[1,2,3]'), { limit: 4 })).toBe('[1,2…');
    expect(encodeTagged(json('"😀😀"'), { limit: 2 })).toBe('"\ufffd…');
    const long = 'é'.repeat(20_000_000);
    const root = json(`["${long}"]`);
    expect(encodeTagged(root, { limit: 5 })).toBe('["ééé…');
    expect(encodeTagged(root, { limit: 8, indent: 2 })).toBe('[\n  "ééé…');
    const packed = openValue('msgpack', decodeTagged(`["${long}",{"$bytes":"${'A'.repeat(40_000)}"}]`, 'msgpack'));
    expect(encodeTagged(packed, { limit: 5 })).toBe('["ééé…');
    expect(encodeTagged(packed.child(1), { limit: 14 })).toBe('{"$bytes":"AAA…');
    expect(encodeTagged(opaqueValue('pickle', Buffer.alloc(1000)), { limit: 14 })).toBe('{"$opaque":"AA…');
  });
});

describe('decode', () => {
  test('msgpack as the framework writes it', () => {
    expect(packed('1')).toBe('01');
    expect(packed('1.0')).toBe('cb3ff0000000000000');
    expect(packed('[128,256,65536,4294967296,-32,-33,-129,-32769,-2147483649]')).toBe(
      '99cc80cd0100ce00010000cf0000000100000000e0d0dfd1ff7fd2ffff7fffd3ffffffff7fffffff',
    );
    expect(packed('[18446744073709551615,-9223372036854775808]')).toBe('92cfffffffffffffffffd38000000000000000');
    expect(packed('{"a":null,"b":true}')).toBe('82a161c0a162c3');
    expect(packed('{"$bytes":"AQID"}')).toBe('c403010203');
    expect(packed('{"$float":"NaN"}')).toBe('cb7ff8000000000000');
    expect(packed('{"$float":{"bits":"3fc00000"}}')).toBe('ca3fc00000');
    expect(packed('{"$text":"/w=="}')).toBe('a1ff');
    expect(packed('{"$map":[[1,2],[[3],4]]}')).toBe('820102910304');
    expect(packed('{"$ext":{"code":-1,"data":"AAAAAA=="}}')).toBe('d6ff00000000');
    expect(packed('{"$set":[1]}')).toBe('d80093a86275696c74696e73a37365749101');
    expect(decodeTagged(`"${'x'.repeat(32)}"`, 'msgpack')[0]).toBe(0xd9);
    expect(decodeTagged(`[${'1,'.repeat(15)}1]`, 'msgpack')[0]).toBe(0xdc);
  });

  test('JSON in the spelling of each writer', () => {
    const text = '{ "a" : [ 1.0 , "é\\n\\u0001/" ] , "b" : {} }';
    expect(written(text, 'json-serde')).toBe('{"a":[1.0,"é\\n\\u0001/"],"b":{}}');
    expect(written(text, 'json-js')).toBe('{"a":[1.0,"é\\n\\u0001/"],"b":{}}');
    expect(written(text, 'json-python')).toBe('{"a": [1.0, "é\\n\\u0001/"], "b": {}}');
    expect(written('{"$float":"NaN"}', 'json-python')).toBe('NaN');
    expect(written('{"$map":[["a",1],["a",2]]}', 'json-js')).toBe('{"a":1,"a":2}');
    expect(written(`{"$text":"${Buffer.from('\\ud800').toString('base64')}"}`, 'json-js')).toBe('"\\ud800"');
  });

  const wrongEverywhere = [
    'word',
    "'a'",
    '',
    '{"a":1,}',
    'NaN',
    '[Infinity]',
    '{"a":1,"a":2}',
    '"\\ud800"',
    '{"\\ud800":1,"b":1}',
    '{"$foo":1}',
    '{"$":1}',
    '{"$bytes":5}',
    '{"$text":5}',
    '{"$text":"*"}',
    '{"$float":"nan"}',
    '{"$float":1}',
    '{"$float":{"bits":"zz"}}',
    '{"$float":{"bits":"3fc0"}}',
    '{"$map":{}}',
    '{"$map":[1]}',
    '{"$map":[[1]]}',
    '{"$map":[["a",1,2]]}',
    '{"$opaque":{"encoding":"pickle","bytes":0,"data":""}}',
    '\ud800',
  ];
  const wrongInMsgpack = [
    '18446744073709551616',
    '-9223372036854775809',
    `1${'0'.repeat(1000)}`,
    '-0',
    '1e400',
    '{"$bytes":"AQI"}',
    '{"$bytes":"AQI*"}',
    '{"$ext":{"code":128,"data":""}}',
    '{"$ext":{"code":1.0,"data":""}}',
    '{"$ext":{"code":1}}',
    '{"$ext":{"code":1,"data":"","x":1}}',
    '{"$ext":5}',
    '{"$set":1}',
    '{"$tuple":{}}',
    '{"$datetime":"tomorrow"}',
    '{"$uuid":"x"}',
    '{"$decimal":1.5}',
    '{"$decimal":"one"}',
    '{"$object":1}',
    '{"$object":{"class":"a.B","via":"value"}}',
    '{"$object":{"class":"a.B","via":"magic","value":1}}',
    '{"$object":{"class":"B","via":"value","value":1}}',
    '{"$object":{"class":"a.B","via":"args","value":1}}',
    '{"$object":{"class":"a.B","via":"kwargs","value":[]}}',
    '{"$object":{"class":"a.B","via":"json","value":[]}}',
    '{"$object":{"class":"a.B","via":"method","value":1}}',
    '{"$object":{"class":"a.B","via":"value","method":"m","value":1}}',
    '{"$object":{"class":"a.B","via":"numpy","value":[]}}',
    '{"$object":{"class":"","via":"numpy","value":[]}}',
    '{"$object":{"class":"a.B","via":"value","value":1,"extra":1}}',
    '{"$object":{"class":5,"via":"value","value":1}}',
  ];
  const wrongInJson = [
    '{"$bytes":""}',
    '{"$ext":{"code":1,"data":""}}',
    '{"$set":[]}',
    '{"$object":{"class":"a.B","via":"value","value":1}}',
    '{"$float":{"bits":"3fc00000"}}',
    '{"$map":[[1,2]]}',
    '{"$text":"Ig=="}',
    '{"$uuid":"00000000000000000000000000000000"}',
  ];

  test.each(wrongEverywhere)('refuses %j', (text) => {
    for (const dialect of ['msgpack', 'json-js', 'json-serde', 'json-python'] as const) {
      expect(() => decodeTagged(text, dialect)).toThrow(expect.objectContaining({ code: 'bad_value' }));
    }
  });

  test.each(wrongInMsgpack)('refuses %j in msgpack', (text) => {
    expect(() => decodeTagged(text, 'msgpack')).toThrow(expect.objectContaining({ code: 'bad_value' }));
  });

  test.each(wrongInJson)('refuses %j in JSON', (text) => {
    expect(() => decodeTagged(text, 'json-js')).toThrow(expect.objectContaining({ code: 'bad_value' }));
  });

  test('a bare word comes with a hint about quotes', () => {
    expect(() => decodeTagged('hello', 'msgpack')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('quotes') }),
    );
  });

  test('what serde_json would refuse to read is not written for it', () => {
    for (const text of [
      '1e400',
      '[-1E999]',
      `1${'0'.repeat(400)}`,
      `{"$text":"${Buffer.from('\\ud800').toString('base64')}"}`,
      '{"$text":"/w=="}',
    ]) {
      expect(() => decodeTagged(text, 'json-serde')).toThrow(expect.objectContaining({ code: 'bad_value' }));
      expect(decodeTagged(text, 'json-js').length).toBeGreaterThan(0);
    }
  });

  test('non-finite floats have no form in the JSON of JavaScript and Rust', () => {
    for (const dialect of ['json-js', 'json-serde'] as const) {
      expect(() => decodeTagged('[{"$float":"NaN"}]', dialect)).toThrow(expect.objectContaining({ code: 'bad_value' }));
    }
  });
});

describe('both ways', () => {
  test('msgpack: encode∘decode is the identity on tagged JSON, decode∘encode on canonical bytes', () => {
    fc.assert(
      fc.property(msgpackBytes, (bytes) => {
        const text = encodeTagged(openValue('msgpack', bytes));
        const canonical = decodeTagged(text, 'msgpack');
        expect(encodeTagged(openValue('msgpack', canonical))).toBe(text);
        expect(hex(decodeTagged(encodeTagged(openValue('msgpack', canonical)), 'msgpack'))).toBe(hex(canonical));
      }),
      { numRuns: 500 },
    );
  });

  test('JSON: the same, in every dialect', () => {
    fc.assert(
      fc.property(jsonText, fc.constantFrom<Dialect>('json-python', 'json-serde', 'json-js'), (source, dialect) => {
        fc.pre(dialect === 'json-python' || !/NaN|Infinity/.test(source));
        fc.pre(dialect !== 'json-serde' || !/1e400|\\ud/.test(source));
        const text = encodeTagged(json(source));
        const canonical = decodeTagged(text, dialect);
        expect(encodeTagged(openValue('json', canonical))).toBe(text);
        expect(Buffer.from(decodeTagged(encodeTagged(openValue('json', canonical)), dialect)).equals(canonical)).toBe(
          true,
        );
      }),
      { numRuns: 500 },
    );
  });

  test('layout of the text does not matter', () => {
    fc.assert(
      fc.property(msgpackBytes, (bytes) => {
        const root = openValue('msgpack', bytes);
        expect(hex(decodeTagged(encodeTagged(root, { indent: 2 }), 'msgpack'))).toBe(
          hex(decodeTagged(encodeTagged(root), 'msgpack')),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('depth of 10,000, lists and objects', () => {
    const lists = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const objects = `${'{"$set":['.repeat(3000)}${']}'.repeat(3000)}`;
    const maps = `${'{"$map":[[1,'.repeat(5000)}2${']]}'.repeat(5000)}`;
    for (const text of [lists, objects, maps]) {
      expect(encodeTagged(openValue('msgpack', decodeTagged(text, 'msgpack')))).toBe(text);
    }
    expect(encodeTagged(json(lists), { indent: 2 }).length).toBeGreaterThan(10_000);
  });
});
