import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runEnd, wordsOf } from './string-run.ts';

const byte = fc.oneof(
  fc.constantFrom(0x20, 0x21, 0x22, 0x23, 0x5c, 0x5d, 0x5b, 0x1f, 0x00, 0x80, 0xff, 0xa2, 0xdc),
  fc.nat(255),
);
const plain = fc.constantFrom(0x20, 0x21, 0x23, 0x5b, 0x5d, 0x61, 0x80, 0xa2, 0xdc, 0xff);
const bytes = fc
  .tuple(fc.array(plain, { maxLength: 90 }), fc.array(byte, { maxLength: 8 }), fc.array(plain, { maxLength: 60 }))
  .map((parts) => parts.flat());

test('the end of a run is that of a look at every byte, wherever the buffer lies in memory', () => {
  fc.assert(
    fc.property(bytes, fc.nat(3), fc.nat(20), fc.nat(5), (content, offset, at, short) => {
      const b = new Uint8Array(new ArrayBuffer(content.length + 8), offset, content.length);
      b.set(content);
      const end = Math.max(0, b.length - short);
      const from = Math.min(at, end);
      const found = content.findIndex((c, i) => i >= from && i < end && (c < 0x20 || c === 0x22 || c === 0x5c));
      expect(runEnd(b, wordsOf(b), from, end)).toBe(found < 0 ? end : found);
    }),
    { numRuns: 5000 },
  );
});
