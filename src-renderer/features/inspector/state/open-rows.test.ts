import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockAt, closeAt, closedRoot, indexOfPath, openAt, openNodeAt, rowAt } from './open-rows.ts';
import type { OpenNode } from './open-rows.ts';

/** The rows as a picture: ordinals by depth, `~` for the slots of a block. */
function picture(root: OpenNode): string[] {
  return Array.from({ length: root.rows }, (_, i) => {
    const row = rowAt(root, i);
    return (
      '·'.repeat(row.path.length - 1) + (row.slot < 0 ? String(row.path.at(-1)) : `${row.path.at(-1)}~${row.slot}`)
    );
  });
}

describe('rows of an opened tree', () => {
  it('draws what is opened between its siblings', () => {
    let root = openAt(closedRoot, [], 3);
    root = openAt(root, [1], 2);
    root = openAt(root, [1, 0], 1);
    root = blockAt(root, [2], 2);
    expect(picture(root)).toEqual(['0', '1', '·0', '··0', '·1', '2', '2~0', '2~1']);
    expect(picture(closeAt(root, [1]))).toEqual(['0', '1', '2', '2~0', '2~1']);
  });

  it('reaches the end of a list of a million without having built it', () => {
    let root = openAt(closedRoot, [], 2);
    root = openAt(root, [0], 1_000_000);
    expect(root.rows).toBe(1_000_002);
    expect(rowAt(root, 1_000_000)).toEqual({ path: [0, 999_999], slot: -1, siblings: 1_000_000 });
    expect(rowAt(root, 1_000_001).path).toEqual([1]);
    root = openAt(root, [0, 999_999], 3);
    expect(rowAt(root, 1_000_003).path).toEqual([0, 999_999, 2]);
  });

  it('opens nothing below something closed', () => {
    const root = openAt(closedRoot, [], 3);
    expect(openAt(root, [1, 0], 4)).toBe(root);
    expect(indexOfPath(root, [1, 0])).toBe(-1);
  });

  it('keeps what was open inside when a place is opened again', () => {
    let root = openAt(closedRoot, [], 2);
    root = openAt(openAt(root, [0], 2), [0, 1], 5);
    root = openAt(root, [0], 3);
    expect(openNodeAt(root, [0, 1])?.children).toBe(5);
  });

  it('finds every row by its path and every path by its row', () => {
    const step = fc.record({
      path: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
      size: fc.nat(6),
      block: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        let root = openAt(closedRoot, [], 6);
        for (const { path, size, block } of steps) root = block ? blockAt(root, path, size) : openAt(root, path, size);
        for (let i = 0; i < root.rows; i++) {
          const row = rowAt(root, i);
          if (row.slot < 0) expect(indexOfPath(root, row.path)).toBe(i);
          else expect(indexOfPath(root, row.path)).toBe(i - 1 - row.slot);
        }
      }),
    );
  });
});
