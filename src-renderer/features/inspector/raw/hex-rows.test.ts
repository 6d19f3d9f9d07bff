import { describe, expect, it } from 'vitest';
import { hexRow, rowsOf } from './hex-rows.ts';

describe('hex rows', () => {
  it('shows offset, cells and text, and stops at the end', () => {
    const row = hexRow(new TextEncoder().encode('Hé!\n'), 2);
    expect(row.offset).toBe('00000020');
    expect(row.hex.slice(0, 6)).toEqual(['48', 'c3', 'a9', '21', '0a', '']);
    expect(row.hex).toHaveLength(16);
    expect(row.text).toBe('H··!·');
    expect([rowsOf(0), rowsOf(16), rowsOf(17)]).toEqual([0, 1, 2]);
  });
});
