import { describe, expect, it } from 'vitest';
import { keepKinds, kindProposals, otherKind } from './number-kind.ts';

describe('the kind of a number', () => {
  it('proposes the kind that stood there', () => {
    expect(kindProposals('240.0', '5')).toEqual([{ start: 0, end: 1, typed: '5', proposed: '5.0', was: '240.0' }]);
    expect(kindProposals('3', '5.0').map((p) => p.proposed)).toEqual(['5']);
    expect(kindProposals('3', '2.5')).toEqual([]);
    expect(kindProposals('1e3', '7').map((p) => p.proposed)).toEqual(['7.0']);
    expect(kindProposals('"3"', '5')).toEqual([]);
  });

  it('looks into lists and members, and only where something stood', () => {
    const original = '{"budget": 240.0, "n": 3, "list": [1.0, 2]}';
    const edited = '{"list": [4, 2.0, 9], "budget": 180, "new": 1, "n": 4}';
    const proposals = kindProposals(original, edited);
    expect(keepKinds(edited, proposals)).toBe('{"list": [4.0, 2, 9], "budget": 180.0, "new": 1, "n": 4}');
  });

  it('says nothing about text that is not JSON', () => {
    expect(kindProposals('1.0', '{')).toEqual([]);
  });

  it('knows which numbers have another kind', () => {
    expect([
      otherKind('5'),
      otherKind('5.00'),
      otherKind('5.5'),
      otherKind('-0.0'),
      otherKind('12345678901234567890.0'),
    ]).toEqual(['5.0', '5', null, null, '12345678901234567890']);
  });
});
