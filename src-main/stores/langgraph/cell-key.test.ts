// AES-EAX against cells that pycryptodome wrote (nonce 00 01 … 0f).

import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { CellKey } from './cell-key.ts';

const key = new CellKey('1234567890123456');

describe('a key', () => {
  it('opens what pycryptodome sealed', () => {
    const cell = Buffer.from(
      '000102030405060708090a0b0c0d0e0f0c927e0f6215cc640f5f85beec7f565086a4f3f925a55033c6',
      'hex',
    );
    expect(Buffer.from(key.open(cell) ?? []).toString()).toBe('forkpoint');
  });

  it('of 24 and of 32 bytes', () => {
    const [medium, long] = [
      Buffer.from(
        '000102030405060708090a0b0c0d0e0fb7193db01f601fe6dd196bfdd5bb28480ea4d789021ace682970e947b60bf68835ba8e547fa7b3327e72aa3c8833662cbe',
        'hex',
      ),
      Buffer.from('000102030405060708090a0b0c0d0e0ff244e026bf60e9be0dafc0cc753a2484', 'hex'),
    ];
    expect(Buffer.from(new CellKey('123456789012345678901234').open(medium) ?? []).toString()).toBe('x'.repeat(33));
    expect(new CellKey('12345678901234567890123456789012').open(long)).toEqual(Buffer.alloc(0));
  });

  it('seals as pycryptodome does with the same nonce', () => {
    const cell = Buffer.from(
      '000102030405060708090a0b0c0d0e0f0c927e0f6215cc640f5f85beec7f565086a4f3f925a55033c6',
      'hex',
    );
    expect(Buffer.from(key.seal(Buffer.from('forkpoint'), cell.subarray(0, 16))).equals(cell)).toBe(true);
  });

  it('opens whatever it sealed, and nothing of it that was changed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.nat(),
        (plain, nonce, at) => {
          const cell = key.seal(plain, nonce);
          expect(Buffer.compare(key.open(cell) ?? Buffer.from('no'), plain)).toBe(0);
          const changed = Uint8Array.from(cell);
          const place = at % changed.length;
          changed[place] = (changed[place] ?? 0) ^ (1 + (at % 255));
          expect(key.open(changed)).toBeNull();
          expect(key.open(cell.subarray(0, at % 32))).toBeNull();
        },
      ),
      { numRuns: 200 },
    );
  });

  it('opens large cells, whose parts are gone through one after the other', () => {
    for (const size of [(1 << 20) - 1, 1 << 20, (1 << 20) + 17, 3 << 20]) {
      const plain = Buffer.alloc(size, 7);
      expect(Buffer.compare(key.open(key.seal(plain, Buffer.alloc(16, 1))) ?? Buffer.alloc(0), plain)).toBe(0);
    }
  });

  it('has 16, 24 or 32 bytes', () => {
    for (const text of ['', 'short', '12345678901234567', 'é'.repeat(7)])
      expect(() => new CellKey(text)).toThrow(/16, 24 or 32/);
    expect(() => new CellKey('é'.repeat(8))).not.toThrow();
  });
});
