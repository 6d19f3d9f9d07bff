import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestRows } from './digest.ts';
import { KnownCells } from './known-cells.ts';

const large = (fill: number, length = 5000): Uint8Array => new Uint8Array(length).fill(fill);

test('cells that are known give the digest that they give alone', () => {
  const cell = fc.oneof(
    fc.constant(null),
    fc.bigInt(),
    fc.double({ noNaN: true }),
    fc.string(),
    fc.uint8Array({ maxLength: 40 }),
    fc.integer({ min: 0, max: 3 }).map((fill) => large(fill)),
    fc.integer({ min: 4094, max: 4098 }).map((length) => large(1, length)),
  );
  const rows = fc.array(fc.record({ a: cell, b: cell }), { maxLength: 20 });
  fc.assert(
    fc.property(rows, rows, (first, second) => {
      const known = new KnownCells();
      digestRows(first, known);
      expect(digestRows(second, known)).toEqual(digestRows(second));
    }),
  );
});

test('a large cell that differs in one byte, in its length or in its kind has another digest', () => {
  const known = new KnownCells();
  const last = large(1);
  last[4999] = 2;
  const text = 'x'.repeat(5000);
  const cells = [large(1), last, large(1, 5001), text, Buffer.from(text), Buffer.from('x'.repeat(32))];
  const digests = cells.map((a) => digestRows([{ a }], known).digest);
  expect(new Set(digests).size).toBe(cells.length);
  // A cell is not taken for its own hash.
  const hash = known.hashOf(large(1));
  expect(digestRows([{ a: hash }], known).digest).not.toBe(digests[0]);
});

test('more large cells of one length than are remembered', () => {
  const known = new KnownCells();
  const rows = Array.from({ length: 30 }, (_, i) => ({ a: large(i) }));
  expect(digestRows(rows, known)).toEqual(digestRows(rows));
  expect(digestRows(rows, known)).toEqual(digestRows(rows));
});
