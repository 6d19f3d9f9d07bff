import { expect, it } from 'vitest';
import { KeptRows, keptFrom } from './kept-rows.ts';
import type { CheckpointRow } from './rows.ts';

function counting(): { kept: KeptRows; commit: () => void; read: (id: string, bytes: number) => number } {
  let version = 0;
  let reads = 0;
  const kept = new KeptRows(() => String(version));
  const rowOf = (id: string, bytes: number): CheckpointRow => ({
    thread: 't',
    namespace: '',
    id,
    parent: null,
    type: 'json',
    checkpoint: new Uint8Array(bytes),
    metadata: null,
    sealed: null,
    around: null,
  });
  return {
    kept,
    commit: () => (version += 1),
    read: (id, bytes) => {
      const before = reads;
      kept.read(id, () => {
        reads += 1;
        return rowOf(id, bytes);
      });
      return reads - before;
    },
  };
}

it('keeps large rows until anybody commits, and small ones never', () => {
  const { commit, read } = counting();
  expect([read('small', 10), read('small', 10)]).toEqual([1, 1]);
  expect([read('large', keptFrom), read('large', keptFrom)]).toEqual([1, 0]);
  commit();
  expect([read('large', keptFrom), read('large', keptFrom)]).toEqual([1, 0]);
});

it('gives up what was used longest ago, and keeps one that is larger than its room', () => {
  const { read } = counting();
  for (const id of ['a', 'b']) read(id, 12 << 20);
  read('a', 12 << 20);
  read('c', 12 << 20);
  expect([read('a', 12 << 20), read('b', 12 << 20)]).toEqual([0, 1]);
  read('huge', 40 << 20);
  expect([read('huge', 40 << 20), read('a', 12 << 20)]).toEqual([0, 1]);
});

it('keeps nothing of a row that is gone', () => {
  const { kept, read } = counting();
  expect(kept.read('x', () => null)).toBe(null);
  expect(read('x', keptFrom)).toBe(1);
});
