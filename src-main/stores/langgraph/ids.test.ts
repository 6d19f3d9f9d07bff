import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DatedId, isoTimeOf, isUuidV6, makeId, stepOf, ticksAt, ticksOf, timeOf, timestampText } from './ids.ts';
import { unknownStep } from '../../../shared/model/lineage.ts';

describe('checkpoint ids', () => {
  it.each([
    ['1f1e5894-7cfb-6913-8001-5c769d2c9d6f', 1, '2026-11-21T08:55:20.327175Z'],
    ['1f1e5894-7b7a-6544-8003-551907c2f808', 3, '2026-11-21T08:55:20.169453Z'],
    ['1f1e5894-7c9d-6570-bfff-ff567fc6c058', -1, '2026-11-21T08:55:20.288728Z'],
    ['1f1e58b1-354b-6791-ffff-b6137a2bb3f0', -1, '2026-11-21T09:08:11.273013Z'],
  ])('tell time and step of %s', (id, step, time) => {
    expect(stepOf(id)).toBe(step);
    expect(isoTimeOf(id)?.slice(0, 19)).toBe(time.slice(0, 19));
    expect(timeOf(id)).toBeCloseTo(Date.parse(time), -2);
  });

  it.each([
    '',
    'x',
    '12345',
    '../../etc',
    '1f1e5894-7cfb-4913-8001-5c769d2c9d6f',
    '研究',
    '1F1E5894-7CFB-6913-8001-5C769D2C9D6F',
  ])('tolerate the id %j', (id) => {
    expect(isUuidV6(id)).toBe(false);
    expect(timeOf(id)).toBeNaN();
    expect(stepOf(id)).toBe(unknownStep);
    expect(isoTimeOf(id)).toBeNull();
  });

  it('read back what was made, in the order of their times', () => {
    const time = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) });
    fc.assert(
      fc.property(
        time,
        time,
        fc.integer({ min: -1, max: 16_000 }),
        fc.constantFrom('python' as const, 'js' as const),
        (a, b, step, dialect) => {
          const one = makeId(ticksAt(a), step, new Uint8Array(6), dialect) ?? '';
          const two = makeId(ticksAt(b), step, new Uint8Array(6), dialect) ?? '';
          expect(timeOf(one)).toBe(a);
          expect(ticksOf(one)).toBe(ticksAt(a));
          expect(stepOf(one)).toBe(step);
          if (a !== b) expect(one < two).toBe(a < b);
        },
      ),
    );
  });

  it('tell the same from their bytes as from their text', () => {
    const hex = fc.constantFrom(...'0123456789abcdef'.split(''));
    const digits = (n: number) => fc.array(hex, { minLength: n, maxLength: n }).map((d) => d.join(''));
    const id = fc
      .tuple(digits(8), digits(4), digits(3), digits(4), digits(12))
      .map(([a, b, c, d, e]) => `${a}-${b}-6${c}-${d}-${e}`);
    // One character is another one: most of these are no UUID any more.
    const spoilt = fc
      .tuple(id, fc.nat(35), fc.constantFrom('-', '6', 'A', 'g', 'f', '/', ':'))
      .map(([text, at, c]) => text.slice(0, at) + c + text.slice(at + 1));
    const read = new DatedId();
    fc.assert(
      fc.property(fc.oneof(id, spoilt), fc.string({ maxLength: 5 }), (text, before) => {
        const bytes = Buffer.from(before + text);
        const start = Buffer.byteLength(before);
        expect(read.read(bytes, start, bytes.length)).toBe(isUuidV6(text));
        if (isUuidV6(text)) expect([read.time, read.step]).toEqual([timeOf(text), stepOf(text)]);
        const ticks = ticksOf(text);
        const since = ticks === null ? null : ticks - ticksAt(0);
        if (since === null || since < 0n) expect(isoTimeOf(text)).toBeNull();
        else {
          const micros = String((since % 10_000n) / 10n).padStart(3, '0');
          const millis = new Date(Number(since / 10_000n)).toISOString();
          expect(isoTimeOf(text)).toBe(millis.replace('Z', `${micros}Z`));
        }
        expect(read.read(bytes, start, bytes.length - 1)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('are not made beyond 60 bits', () => {
    expect(makeId(1n << 60n, 1, new Uint8Array(6), 'js')).toBeNull();
  });

  it('have times in the style of their writers', () => {
    expect(timestampText(0, 'js')).toBe('1970-01-01T00:00:00.000Z');
    expect(timestampText(1, 'python')).toBe('1970-01-01T00:00:00.001000+00:00');
  });
});
