import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scaleOf, windowAt } from './fixed-rows.ts';

const height = 400;
const rowHeight = 24;

describe('rows of one height', () => {
  it('scroll one to one while the browser can lay them out', () => {
    expect(scaleOf(1000 * rowHeight, height)).toEqual({ space: 24_000, scale: 1 });
    expect(scaleOf(0, height)).toEqual({ space: 0, scale: 1 });
    expect(scaleOf(100, height)).toEqual({ space: 100, scale: 1 });
  });

  it('reach both ends in any number, in a space that browsers take', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000_000 }), (count) => {
        const total = count * rowHeight;
        const { space, scale } = scaleOf(total, height);
        expect(space).toBeLessThanOrEqual(8_000_000);
        expect(windowAt(0, height, count, rowHeight).from).toBe(0);
        // The lowest that the browser scrolls to stands for the last row.
        const lowest = Math.max(0, space - height) * scale;
        expect(windowAt(Math.round(lowest), height, count, rowHeight).to).toBe(count);
        expect(lowest).toBeCloseTo(Math.max(0, total - height), 0);
      }),
    );
  });

  it('draw what is in view and a little more, never what is not there', () => {
    fc.assert(
      fc.property(fc.nat(5_000_000), fc.double({ min: 0, max: 1, noNaN: true }), (count, part) => {
        const top = part * Math.max(0, count * rowHeight - height);
        const { from, to } = windowAt(top, height, count, rowHeight);
        expect(from).toBeLessThanOrEqual(Math.floor(top / rowHeight));
        expect(to).toBeGreaterThanOrEqual(Math.min(count, Math.ceil((top + height) / rowHeight)));
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThanOrEqual(count);
        expect(to - from).toBeLessThanOrEqual(height / rowHeight + 20);
      }),
    );
  });
});
