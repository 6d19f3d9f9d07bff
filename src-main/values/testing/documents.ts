// Random documents for property tests: stored bytes of every form that the two readers accept, canonical or not.

import fc from 'fast-check';
import type { Cursor } from '../cursor.ts';

// ── JSON ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const space = fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n  ');

const number = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((d) => (Object.is(d, -0) ? '-0' : String(d))),
  fc.constantFrom(
    '1.0',
    '-0',
    '-0.0',
    '1e400',
    '1E+2',
    '0.10',
    '12345678901234567890.5',
    'NaN',
    'Infinity',
    '-Infinity',
  ),
);

const stringPiece = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }).map((s) => JSON.stringify(s).slice(1, -1)),
  fc.constantFrom(
    '\\u0041',
    '\\/',
    '\\"',
    '\\\\',
    '\\ud83d\\ude00',
    '\\ud800',
    '\\udc00x',
    '\\n',
    'é',
    '😀',
    '{[:,',
    ']}',
  ),
);
const stringText = fc.array(stringPiece, { maxLength: 4 }).map((pieces) => `"${pieces.join('')}"`);
const longString = fc.nat(200).map((n) => `"${'long \\\\'.repeat(n)}"`);
const keyText = fc.oneof(
  { weight: 3, arbitrary: stringText },
  {
    weight: 2,
    arbitrary: fc.constantFrom('"a"', '"b"', '"a"', '"__proto__"', '"constructor"', '"$set"', '"0"', '""', '"a.b"'),
  },
);

/** Text of any JSON document, Python's bare tokens included, white space anywhere. */
export const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false'),
    number,
    stringText,
    longString,
    fc
      .array(fc.tuple(space, tie('value'), space), { maxLength: 5 })
      .map((items) => `[${items.length === 0 ? ' ' : items.map((i) => i.join('')).join(',')}]`),
    fc
      .array(fc.tuple(space, keyText, space, space, tie('value'), space), { maxLength: 5 })
      .map((entries) => `{${entries.map(([a, k, b, c, v, d]) => `${a}${k}${b}:${c}${v}${d}`).join(',')}}`),
  ),
})).value;

// ── msgpack ────────────────────────────────────────────────────────────────────────────────────────────────────────

function be(value: number, width: number): number[] {
  return Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** (width - 1 - i)) % 256);
}

/** A header with the length in the narrowest form or in any wider one. */
function lengthHeader(
  n: number,
  wider: number,
  forms: readonly [limit: number, type: number, width: number][],
): number[] {
  const fitting = forms.filter(([limit]) => n < limit);
  const form = fitting[Math.min(wider, fitting.length - 1)];
  if (form === undefined) throw new RangeError('too long for a test');
  return form[2] === 0 ? [form[1] | n] : [form[1], ...be(n, form[2])];
}

const wider = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) });

function stringBytes(data: Uint8Array, w: number): Buffer {
  return Buffer.from([
    ...lengthHeader(data.length, w, [
      [32, 0xa0, 0],
      [0x100, 0xd9, 1],
      [0x1_0000, 0xda, 2],
      [2 ** 32, 0xdb, 4],
    ]),
    ...data,
  ]);
}

function extBytes(code: number, data: Uint8Array, w: number): Buffer {
  const fix = new Map([
    [1, 0xd4],
    [2, 0xd5],
    [4, 0xd6],
    [8, 0xd7],
    [16, 0xd8],
  ]).get(data.length);
  if (fix !== undefined && w === 0) return Buffer.from([fix, code & 0xff, ...data]);
  const header = lengthHeader(data.length, w, [
    [0x100, 0xc7, 1],
    [0x1_0000, 0xc8, 2],
    [2 ** 32, 0xc9, 4],
  ]);
  return Buffer.from([...header, code & 0xff, ...data]);
}

function listBytes(items: readonly Uint8Array[], w: number): Buffer {
  const header = lengthHeader(items.length, w, [
    [16, 0x90, 0],
    [0x1_0000, 0xdc, 2],
    [2 ** 32, 0xdd, 4],
  ]);
  return Buffer.concat([Buffer.from(header), ...items]);
}

function mapBytes(entries: readonly (readonly [Uint8Array, Uint8Array])[], w: number): Buffer {
  const header = lengthHeader(entries.length, w, [
    [16, 0x80, 0],
    [0x1_0000, 0xde, 2],
    [2 ** 32, 0xdf, 4],
  ]);
  return Buffer.concat([Buffer.from(header), ...entries.flat()]);
}

const text = (s: string): Buffer => stringBytes(Buffer.from(s), 0);

const integerBytes = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }).map((n) => Buffer.from([n])),
  fc.integer({ min: 0xe0, max: 0xff }).map((n) => Buffer.from([n])),
  fc
    .constantFrom<[number, number]>(
      [0xcc, 1],
      [0xcd, 2],
      [0xce, 4],
      [0xcf, 8],
      [0xd0, 1],
      [0xd1, 2],
      [0xd2, 4],
      [0xd3, 8],
    )
    .chain(([type, width]) =>
      fc.uint8Array({ minLength: width, maxLength: width }).map((b) => Buffer.from([type, ...b])),
    ),
);
const floatBytes = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((b) => Buffer.from([0xca, ...b])),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((b) => Buffer.from([0xcb, ...b])),
  fc.oneof(fc.double(), fc.constantFrom(1, -0, NaN, Infinity, -Infinity, 1e21)).map((d) => {
    const b = Buffer.alloc(9, 0xcb);
    b.writeDoubleBE(d, 1);
    return b;
  }),
);
const string = fc.oneof(
  fc.tuple(fc.string({ unit: 'grapheme', maxLength: 40 }), wider).map(([s, w]) => stringBytes(Buffer.from(s), w)),
  fc.tuple(fc.uint8Array({ maxLength: 40 }), wider).map(([b, w]) => stringBytes(b, w)),
);
const binary = fc.tuple(fc.uint8Array({ maxLength: 300 }), wider).map(([b, w]) =>
  Buffer.from([
    ...lengthHeader(b.length, w, [
      [0x100, 0xc4, 1],
      [0x1_0000, 0xc5, 2],
      [2 ** 32, 0xc6, 4],
    ]),
    ...b,
  ]),
);

/** Bytes of any msgpack document: every width of header, any keys, plain extensions and LangGraph's objects. */
export const msgpackBytes: fc.Arbitrary<Buffer> = fc.letrec<{
  value: Buffer;
  list: Buffer;
  map: Buffer;
  object: Buffer;
}>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(Buffer.from([0xc0]), Buffer.from([0xc2]), Buffer.from([0xc3])),
    integerBytes,
    floatBytes,
    string,
    binary,
    fc.tuple(fc.integer({ min: -128, max: 127 }), fc.uint8Array({ maxLength: 20 }), wider).map((a) => extBytes(...a)),
    tie('list'),
    tie('map'),
    tie('object'),
  ),
  list: fc.tuple(fc.array(tie('value'), { maxLength: 18 }), wider).map((a) => listBytes(...a)),
  map: fc
    .tuple(
      fc.array(
        fc.tuple(
          fc.oneof(
            { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'content', 'id', '$set', 'a.b').map(text) },
            { weight: 2, arbitrary: string },
            { weight: 1, arbitrary: tie('value') },
          ),
          tie('value'),
        ),
        { maxLength: 18 },
      ),
      wider,
    )
    .map((a) => mapBytes(...a)),
  object: fc
    .oneof(
      fc.tuple(
        fc.constant(0),
        fc.oneof(
          tie('value').map((v) => [text('app.state'), text('Color'), v]),
          tie('list').map((v) => [text('builtins'), text('set'), v]),
          tie('list').map((v) => [text('builtins'), text('tuple'), v]),
          fc.constantFrom('1.10', 'x').map((v) => [text('decimal'), text('Decimal'), text(v)]),
          fc.uuid().map((v) => [text('uuid'), text('UUID'), text(v.replaceAll('-', ''))]),
        ),
      ),
      fc.tuple(
        fc.constant(1),
        tie('list').map((v) => [text('langgraph.types'), text('Send'), v]),
      ),
      fc.tuple(
        fc.constant(2),
        tie('map').map((v) => [text('langgraph.types'), text('Interrupt'), v]),
      ),
      fc.tuple(
        fc.constant(3),
        fc
          .constantFrom('2026-01-02T03:04:05+00:00', 'soon')
          .map((v) => [text('datetime'), text('datetime'), text(v), text('fromisoformat')]),
      ),
      fc.tuple(
        fc.constant(4),
        tie('map').map((v) => [text('app'), text('Old'), v]),
      ),
      fc.tuple(
        fc.constant(5),
        fc
          .tuple(tie('map'), fc.constantFrom('model_validate_json', 'other'))
          .map(([v, m]) => [text('langchain_core.messages.ai'), text('AIMessage'), v, text(m)]),
      ),
      fc.tuple(
        fc.constant(6),
        binary.map((v) => [text('<i4'), listBytes([Buffer.from([2])], 0), text('C'), v]),
      ),
    )
    .chain(([code, parts]) => wider.map((w) => extBytes(code, listBytes(parts, 0), w))),
})).value;

export const snapshotOf = (payload: Uint8Array): Buffer => extBytes(7, payload, 0);
export const objectOf = (code: number, parts: readonly Uint8Array[]): Buffer => extBytes(code, listBytes(parts, 0), 0);
export { text as textBytes, listBytes, mapBytes, extBytes };

// ── Places ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Ordinals of every place of a document, parents first. */
export function allPlaces(root: Cursor): number[][] {
  const places: number[][] = [];
  const todo: { cursor: Cursor; ordinals: number[] }[] = [{ cursor: root, ordinals: [] }];
  for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
    places.push(next.ordinals);
    for (let i = 0; i < next.cursor.count; i++) {
      todo.push({ cursor: next.cursor.child(i), ordinals: [...next.ordinals, i] });
    }
  }
  return places;
}
