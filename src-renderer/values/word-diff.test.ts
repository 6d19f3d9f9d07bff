import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldSame, wordDiff } from './word-diff.ts';
import type { Segment } from './word-diff.ts';

const draw = (segments: readonly Segment[]): string =>
  segments.map((s) => (s.kind === 'same' ? s.text : s.kind === 'del' ? `[-${s.text}-]` : `{+${s.text}+}`)).join('');

describe('word diff', () => {
  it('draws one change of several words as one', () => {
    const before = '1. look up the order  2. refund in full  3. mail the customer';
    const after = '1. look up the order  2. offer the cheaper carrier  3. mail the customer';
    expect(draw(wordDiff(before, after))).toBe(
      '1. look up the order  2. [-refund in full-]{+offer the cheaper carrier+}  3. mail the customer',
    );
  });

  it('shows unrelated texts one after the other', () => {
    expect(draw(wordDiff('240.0', '180.0'))).toBe('[-240.0-]{+180.0+}');
    expect(draw(wordDiff('', 'new'))).toBe('{+new+}');
  });

  it('loses nothing of either text', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'refund', ' ', '\n', 'é', '😀', '.'), { maxLength: 40 })
      .map((a) => a.join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const segments = wordDiff(before, after);
        const of = (skip: string): string =>
          segments
            .filter((s) => s.kind !== skip)
            .map((s) => s.text)
            .join('');
        expect(of('add')).toBe(before);
        expect(of('del')).toBe(after);
      }),
    );
  });

  it('folds long equal stretches and keeps their text', () => {
    const long = 'word '.repeat(200);
    const segments = wordDiff(`${long}old ${long}`, `${long}new ${long}`);
    const shown = foldSame(segments, 40);
    expect(shown.map((s) => s.kind)).toEqual(['gap', 'same', 'del', 'add', 'same', 'gap']);
    expect(
      shown
        .filter((s) => s.kind !== 'add')
        .map((s) => s.text)
        .join(''),
    ).toBe(`${long}old ${long}`);
  });
});
