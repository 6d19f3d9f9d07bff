import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Cursor } from '../cursor.ts';
import { openValue } from '../open.ts';
import { encodeTagged } from '../tagged.ts';
import { diffValues } from './diff.ts';
import { matchLists } from './lists.ts';
import { toPatch } from './patch.ts';
import { applyPatch, parseJson } from './testing/apply.ts';

const json = (value: unknown): Cursor => openValue('json', Buffer.from(JSON.stringify(value)));
const message = (n: number): unknown => ({ id: `m${n}`, text: `message ${n}` });
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('long lists at a shift: trimmed, prepended, edited, with and without ids, with repeats', () => {
  const edit = fc.record({ at: fc.nat(99), what: fc.constantFrom('edit', 'remove', 'insert', 'swap') });
  fc.assert(
    fc.property(
      fc.constantFrom('ids', 'plain', 'repeats'),
      fc.integer({ min: 34, max: 90 }),
      fc.nat(30),
      fc.nat(30),
      fc.nat(3),
      fc.array(edit, { maxLength: 4 }),
      (style, length, trimmed, prepended, appended, edits) => {
        const item = (n: number): unknown => (style === 'ids' ? message(n) : style === 'plain' ? `item ${n}` : n % 3);
        const before = range(0, length).map(item);
        const after = [...range(-prepended, 0), ...range(Math.min(trimmed, length), length + appended)].map(item);
        for (const { at, what } of edits) {
          const i = after.length === 0 ? 0 : at % after.length;
          if (what === 'edit' && i < after.length)
            after[i] = style === 'ids' ? { ...(after[i] as object), text: 'new' } : `new ${at}`;
          else if (what === 'remove') after.splice(i, 1);
          else if (what === 'insert') after.splice(i, 0, item(1000 + at));
          else if (what === 'swap' && after.length > 1) after.push(...after.splice(i, 1));
        }
        const [x, y] = [json(before), json(after)];
        expect(applyPatch(parseJson(encodeTagged(x)), toPatch(diffValues(x, y)))).toEqual(parseJson(encodeTagged(y)));
      },
    ),
    { numRuns: 1000 },
  );
});

test('twenty trimmed and one appended is twenty removed and one added', () => {
  const match = matchLists(json(range(0, 200).map(message)), json(range(20, 201).map(message)));
  expect(match.removed).toEqual(range(0, 20));
  expect(match.added).toEqual([180]);
  expect(match.pairs).toEqual([]);
});

test('items that differ only where no sample looks are matched by content, and not each with each', () => {
  const item = (n: number): string => `${'a'.repeat(40)}${String(n).padStart(8, '0')}${'b'.repeat(80)}`;
  const before = json(range(0, 600).map(item));
  const after = json(range(0, 600).map((n) => item((n * 7) % 600)));
  const compare = vi.spyOn(Buffer.prototype, 'compare');
  const match = matchLists(before, after);
  const compared = compare.mock.calls.length;
  compare.mockRestore();
  expect([match.added, match.removed]).toEqual([[], []]);
  expect(match.pairs.every(({ equal }) => equal)).toBe(true);
  expect(compared).toBeLessThan(1200 * 20);
});
