// Figures read the same everywhere.

import { describe, expect, it } from 'vitest';
import { ago, bytes, counted, elapsed, millisOf } from './format.ts';

describe('figures', () => {
  it('sizes keep two to three digits and change unit before they read 1000', () => {
    expect([0, 310, 999, 1000, 84_000, 999_499, 999_500, 1_200_000, 2_100_000_000].map(bytes)).toEqual([
      '0 B',
      '310 B',
      '999 B',
      '1.0 kB',
      '84 kB',
      '999 kB',
      '1.0 MB',
      '1.2 MB',
      '2.1 GB',
    ]);
  });

  it('counts agree with their word', () => {
    expect(counted(1, 'step')).toBe('1 step');
    expect(counted(1204, 'step')).toBe('1,204 steps');
    expect(counted(2, 'branch', 'branches')).toBe('2 branches');
  });

  it('times ago round down, and a clock that runs ahead is still "now"', () => {
    const now = Date.UTC(2026, 10, 24, 12);
    expect([0, 59, 60, 119, 3600, 86_400].map((s) => ago(now - s * 1000, now))).toEqual([
      'now',
      'now',
      '1 min',
      '1 min',
      '1 h',
      '1 d',
    ]);
    expect(ago(now + 5000, now)).toBe('now');
  });

  it('distances have a sign; no time is no time', () => {
    expect([40, 1800, -90_000].map(elapsed)).toEqual(['+40 ms', '+1.8 s', '−2 min']);
    expect(millisOf(null)).toBeNull();
    expect(millisOf('no time')).toBeNull();
  });
});
