import { createRequire } from 'node:module';
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Cursor } from '../cursor.ts';
import { openValue } from '../open.ts';
import { encodeTagged } from '../tagged.ts';
import { extBytes, listBytes, mapBytes, msgpackBytes, objectOf, snapshotOf, textBytes } from '../testing/documents.ts';

const open = (bytes: Uint8Array | number[]): Cursor => openValue('msgpack', Uint8Array.from(bytes));

function failure(bytes: Uint8Array | number[]): string {
  try {
    open(bytes);
  } catch (error) {
    if (!(error instanceof ForkpointError)) throw error;
    expect(error.code).toBe('corrupt');
    expect(error.message).toMatch(/at byte \d+\. Nothing was changed\.$/);
    return error.message;
  }
  throw new Error('accepted');
}

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
      return cursor.text();
    case 'bytes':
      return Uint8Array.from(cursor.payload());
    case 'list':
      return Array.from({ length: cursor.count }, (_, i) => toPlain(cursor.child(i)));
    case 'map':
      return Object.fromEntries(
        Array.from({ length: cursor.count }, (_, i): [string, unknown] => [
          cursor.key(i).text(),
          toPlain(cursor.child(i)),
        ]),
      );
    case 'object':
    case 'ext':
    case 'opaque':
      throw new Error(`${cursor.kind} is not in the safe subset`);
  }
}

describe('cursor over msgpack', () => {
  test('reads what @msgpack/msgpack reads, on values that it keeps', () => {
    const safe = fc.jsonValue({ stringUnit: 'grapheme' }).filter((v) => !JSON.stringify(v).includes('__proto__'));
    fc.assert(
      fc.property(safe, (value) => {
        const bytes = encode(value);
        expect(toPlain(open(bytes))).toEqual(decode(bytes));
      }),
      { numRuns: 300 },
    );
  });

  test('every encoding of the msgpack test suite', () => {
    interface Case extends Record<string, unknown> {
      msgpack: string[];
    }
    const groups = createRequire(import.meta.url)('msgpack-test-suite') as Record<string, Case[]>;
    let seen = 0;
    for (const cases of Object.values(groups)) {
      for (const one of cases) {
        for (const hex of one.msgpack) {
          const bytes = Buffer.from(hex.replaceAll('-', ''), 'hex');
          const cursor = open(bytes);
          seen++;
          if ('nil' in one) expect(cursor.kind).toBe('null');
          if ('bool' in one) expect(cursor.bool()).toBe(one['bool']);
          if ('bignum' in one)
            expect(BigInt(cursor.kind === 'integer' ? cursor.lexeme() : cursor.approximate())).toBe(
              BigInt(String(one['bignum'])),
            );
          else if ('number' in one) expect(cursor.approximate()).toBe(one['number']);
          if ('string' in one) expect(cursor.text()).toBe(one['string']);
          if ('binary' in one)
            expect(Buffer.from(cursor.payload()).toString('hex')).toBe(String(one['binary']).replaceAll('-', ''));
          if ('array' in one || 'map' in one) {
            const want = 'array' in one ? one['array'] : one['map'];
            expect(JSON.parse(encodeTagged(cursor))).toEqual(want);
          }
          if ('ext' in one) {
            const [code, data] = one['ext'] as [number, string];
            expect([cursor.kind, cursor.extCode]).toEqual(['ext', code]);
            expect(Buffer.from(cursor.payload()).toString('hex')).toBe(data.replaceAll('-', ''));
          }
          if ('timestamp' in one) expect([cursor.kind, cursor.extCode]).toEqual(['ext', -1]);
        }
      }
    }
    expect(seen).toBeGreaterThan(200);
  });

  test('integers of all widths, to the last digit', () => {
    expect(open([0xcf, 255, 255, 255, 255, 255, 255, 255, 255]).lexeme()).toBe('18446744073709551615');
    expect(open([0xd3, 128, 0, 0, 0, 0, 0, 0, 0]).lexeme()).toBe('-9223372036854775808');
    expect(
      [open([0x7f]), open([0xe0]), open([0xff]), open([0xd1, 0xff, 0]), open([0xcc, 5])].map((c) => c.lexeme()),
    ).toEqual(['127', '-32', '-1', '-256', '5']);
  });

  test('floats always show a point or an exponent', () => {
    const f64 = (n: number): string => {
      const b = Buffer.alloc(9, 0xcb);
      b.writeDoubleBE(n, 1);
      return open(b).lexeme();
    };
    expect([1, -0, 1e20, 1e21, 0.1, 1e-7, NaN, -Infinity].map(f64)).toEqual([
      '1.0',
      '-0.0',
      '100000000000000000000.0',
      '1e+21',
      '0.1',
      '1e-7',
      'NaN',
      '-Infinity',
    ]);
    const f32 = (n: number): string => {
      const b = Buffer.alloc(5, 0xca);
      b.writeFloatBE(n, 1);
      return open(b).lexeme();
    };
    expect([0.1, 1, 16777216, 3.4028234663852886e38].map(f32)).toEqual(['0.1', '1.0', '16777216.0', '3.4028235e+38']);
  });

  test('any keys; a string key is found by its bytes, whatever the width of its header', () => {
    const map = open(
      mapBytes(
        [
          [Buffer.from([5]), Buffer.from([1])],
          [Buffer.from([0xd9, 1, 0x61]), Buffer.from([2])],
          [Buffer.from([0xc4, 1, 0x61]), Buffer.from([3])],
          [listBytes([textBytes('a')], 0), Buffer.from([4])],
          [Buffer.from([0xa1, 0xff]), Buffer.from([5])],
        ],
        0,
      ),
    );
    expect(map.get('a')?.lexeme()).toBe('2');
    expect(map.get('5')).toBeNull();
    expect(map.key(3).child(0).text()).toBe('a');
    expect(map.key(4).isUnicode()).toBe(false);
    expect(() => map.key(4).text()).toThrow(/not valid UTF-8/);
  });

  test('objects of LangGraph, by code', () => {
    const [m, n] = [textBytes('app.state'), textBytes('T')];
    const map = mapBytes([[textBytes('x'), Buffer.from([1])]], 0);
    const list = listBytes([Buffer.from([7])], 0);
    const seen = [
      objectOf(0, [m, n, Buffer.from([7])]),
      objectOf(1, [m, n, list]),
      objectOf(2, [m, n, map]),
      objectOf(3, [m, n, Buffer.from([7]), textBytes('parse')]),
      objectOf(4, [m, n, map]),
      objectOf(5, [m, n, map, textBytes('model_validate_json')]),
      objectOf(6, [textBytes('<i4'), list, textBytes('C'), Buffer.from([0xc4, 0])]),
      snapshotOf(list),
    ].map((bytes) => encodeTagged(open(bytes)));
    expect(seen).toEqual([
      '{"$object":{"class":"app.state.T","via":"value","value":7}}',
      '{"$object":{"class":"app.state.T","via":"args","value":[7]}}',
      '{"$object":{"class":"app.state.T","via":"kwargs","value":{"x":1}}}',
      '{"$object":{"class":"app.state.T","via":"method","method":"parse","value":7}}',
      '{"$object":{"class":"app.state.T","via":"pydantic1","value":{"x":1}}}',
      '{"$object":{"class":"app.state.T","via":"json","value":{"x":1}}}',
      '{"$object":{"class":"","via":"numpy","value":["<i4",[7],"C",{"$bytes":""}]}}',
      '{"$object":{"class":"","via":"snapshot","value":[7]}}',
    ]);
  });

  test('a payload that departs from its shape stays a plain extension', () => {
    const [m, n] = [textBytes('m'), textBytes('N')];
    const odd = [
      objectOf(0, [m, n]), // too short
      objectOf(0, [m, n, m, n]), // too long
      objectOf(0, [m, textBytes('A.B'), n]), // would not split at the last dot
      objectOf(0, [m, Buffer.from([0xa1, 0xff]), n]), // not Unicode
      objectOf(0, [Buffer.from([1]), n, n]), // no module
      objectOf(1, [m, n, n]), // args is no list
      objectOf(2, [m, n, listBytes([], 0)]), // kwargs is no map
      objectOf(3, [m, n, n]), // no method
      objectOf(5, [m, n, mapBytes([], 0)]),
      objectOf(6, [m, listBytes([n], 0), textBytes('C'), Buffer.from([0xc4, 0])]), // shape of strings
      extBytes(0, Buffer.concat([listBytes([m, n, n], 0), Buffer.from([1])]), 0), // something behind
      extBytes(0, listBytes([m, n, n], 0).subarray(0, -1), 0), // cut off
      extBytes(5, Buffer.from([0xdd, 255, 255, 255, 255]), 0), // hostile count
      extBytes(7, Buffer.alloc(0), 0),
      extBytes(0, Buffer.alloc(0), 0),
      extBytes(8, listBytes([m, n, n], 0), 0), // unknown code
      extBytes(-1, Buffer.alloc(4), 0), // timestamp
    ];
    for (const bytes of odd) {
      const cursor = open(bytes);
      expect([cursor.kind, cursor.count, cursor.object]).toEqual(['ext', 0, null]);
    }
  });

  test('short tags only where they map both ways exactly', () => {
    const tagged = (parts: Buffer[], code = 0): string => encodeTagged(open(objectOf(code, parts)));
    const t = textBytes;
    expect(tagged([t('builtins'), t('set'), listBytes([Buffer.from([1])], 0)])).toBe('{"$set":[1]}');
    expect(tagged([t('builtins'), t('tuple'), listBytes([], 0)])).toBe('{"$tuple":[]}');
    expect(tagged([t('decimal'), t('Decimal'), t('1.10')])).toBe('{"$decimal":"1.10"}');
    expect(tagged([t('uuid'), t('UUID'), t('0'.repeat(32))])).toBe(`{"$uuid":"${'0'.repeat(32)}"}`);
    expect(tagged([t('datetime'), t('datetime'), t('2026-01-02T03:04:05.000006+00:00'), t('fromisoformat')], 3)).toBe(
      '{"$datetime":"2026-01-02T03:04:05.000006+00:00"}',
    );
    expect(tagged([t('uuid'), t('UUID'), t('x')])).toContain('$object');
    expect(tagged([t('builtins'), t('set'), Buffer.from([1])])).toContain('$object');
    expect(tagged([t('datetime'), t('datetime'), t('2026-01-02'), t('strptime')], 3)).toContain('"method":"strptime"');
  });

  test('hostile lengths are refused at once, without allocating', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (const type of [0xc6, 0xc9, 0xdb, 0xdd, 0xdf]) {
      expect(failure([type, 255, 255, 255, 255])).toMatch(/announced but only|cut off/);
      expect(failure([0x91, type, 255, 255, 255, 255, 1, 2, 3])).toMatch(/announced but only|cut off/);
    }
    expect(failure(Buffer.alloc(100_000, 0xdd))).toMatch(/announced/);
    expect(failure(Buffer.alloc(1_000_000, 0x91))).toMatch(/announced|cut off/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });

  test('a hostile text behind a short tag costs no more than reading it', () => {
    const t = textBytes;
    const digits = Buffer.from(`${'1'.repeat(400_000)}x`);
    const long = Buffer.concat([Buffer.from([0xdb, 0, 6, 0x1a, 0x81]), digits]);
    expect(open(objectOf(0, [t('decimal'), t('Decimal'), long])).object?.short).toBeNull();
  });

  test('garbage: reserved byte, nothing, something behind the value', () => {
    expect(failure([])).toMatch(/at byte 0/);
    expect(failure([0xc1])).toMatch(/0xc1 stands where a value belongs at byte 0/);
    expect(failure([0x92, 1, 0xc1])).toMatch(/at byte 2/);
    expect(failure([1, 2])).toMatch(/something stands behind the value at byte 1/);
  });

  test('a document cut off at any byte is corrupt', () => {
    fc.assert(
      fc.property(msgpackBytes, (bytes) => {
        fc.pre(bytes.length < 400);
        for (let n = 0; n < bytes.length; n++) failure(bytes.subarray(0, n));
      }),
      { numRuns: 60 },
    );
  });

  test('any bytes are read or refused as corrupt, and what is read can be walked and printed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        let cursor: Cursor;
        try {
          cursor = open(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'corrupt' });
          return;
        }
        JSON.parse(encodeTagged(cursor));
      }),
      { numRuns: 2000 },
    );
  });

  test('depth of 10,000: lists, and objects within objects', () => {
    let at = open(Buffer.concat([Buffer.alloc(10_000, 0x91), Buffer.from([7])]));
    for (let i = 0; i < 10_000; i++) at = at.child(0);
    expect(at.lexeme()).toBe('7');
    let nested: Buffer = Buffer.from([7]);
    for (let i = 0; i < 2000; i++) nested = snapshotOf(nested);
    let object = open(nested);
    let depth = 0;
    for (; object.kind === 'object'; depth++) object = object.child(0);
    expect([depth, object.lexeme()]).toEqual([2000, '7']);
  });
});
