// The parts of the service that keep things: caches by weight, lineages shared by those who ask, search in pieces.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lineage } from '../../shared/model/lineage.ts';
import { stringColumn } from '../../shared/model/lineage.ts';
import type { Store } from '../stores/store.ts';
import { openValue } from '../values/open.ts';
import { findText } from '../values/search.ts';
import { findPlaces } from './find-places.ts';
import { Lineages } from './lineages.ts';
import { WeightedCache } from './weighted-cache.ts';

const never = new AbortController().signal;

describe('a weighted cache', () => {
  it('never holds more than its limit, except for one value alone', () => {
    const operations = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(12), fc.boolean()));
    fc.assert(
      fc.property(operations, (list) => {
        const cache = new WeightedCache<number>(10);
        for (const [key, weight, read] of list) {
          if (read) cache.get(key);
          else {
            cache.set(key, weight, weight);
            expect(cache.get(key)).toBe(weight);
          }
          const held = [...cache.keys()].reduce((sum, k) => sum + (cache.get(k) ?? 0), 0);
          expect(cache.weight).toBe(held);
          expect(held <= 10 || [...cache.keys()].length === 1 || weight > 10).toBe(true);
        }
      }),
    );
  });

  it('gives up what was not used longest', () => {
    const cache = new WeightedCache<string>(2);
    cache.set('a', 'A', 1);
    cache.set('b', 'B', 1);
    cache.get('a');
    cache.set('c', 'C', 1);
    expect([...cache.keys()]).toEqual(['a', 'c']);
  });
});

function lineage(thread: string, count: number): Lineage {
  return {
    thread,
    count,
    ids: stringColumn([]),
    reasons: [''],
    namespaces: [''],
    heads: new Int32Array([count - 1]),
    nth: new Uint32Array(count),
    parent: new Int32Array(count),
    link: new Uint8Array(count),
    reason: new Uint32Array(count),
    namespace: new Uint32Array(count),
    host: new Int32Array(count),
    time: new Float64Array(count),
    step: new Int32Array(count),
    bytes: new Float64Array(count),
  };
}

/** A store of one growing thread that counts how it is read. */
function countingStore(steps: number): { store: Store; reads: (Lineage | undefined)[]; pulled: () => number } {
  const reads: (Lineage | undefined)[] = [];
  let pulled = 0;
  const store = {
    *lineage(thread: string, previous?: Lineage): Generator<number, Lineage, void> {
      reads.push(previous);
      for (let i = 0; i < steps; i++) {
        pulled++;
        const until = performance.now() + 2;
        while (performance.now() < until);
        yield i;
      }
      return lineage(thread, (previous?.count ?? 0) + steps);
    },
  } as Partial<Store> as Store;
  return { store, reads, pulled: () => pulled };
}

describe('lineages', () => {
  it('are read once for all who ask at the same time, and kept', async () => {
    const { store, reads } = countingStore(20);
    const lineages = new Lineages(store);
    const [a, b] = await Promise.all([lineages.get('t', never), lineages.get('t', never)]);
    expect(a).toBe(b);
    expect(await lineages.get('t', never)).toBe(a);
    expect(reads).toEqual([undefined]);
    expect(lineages.given('t')).toBe(a);
  });

  it('are extended after an append, and read anew after an unknown change', async () => {
    const { store, reads } = countingStore(1);
    const lineages = new Lineages(store);
    const first = await lineages.get('t', never);
    lineages.touch(['t']);
    expect(lineages.given('t')).toBe(first);
    const second = await lineages.get('t', never);
    expect(second.count).toBe(2);
    lineages.touch('all');
    await lineages.get('t', never);
    expect(reads).toEqual([undefined, first, undefined]);
  });

  it('are read ahead with pauses, and at once when somebody asks', async () => {
    const { store, reads, pulled } = countingStore(30);
    const lineages = new Lineages(store);
    const ahead = lineages.get('t', never, undefined, true);
    let turns = 0;
    while (pulled() < 5) {
      turns++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Each batch takes 2 ms here, and others have their turn between any two of them.
    expect(turns).toBeGreaterThanOrEqual(4);
    const counted: number[] = [];
    const asked = await lineages.get('t', never, (points) => counted.push(points));
    expect(await ahead).toBe(asked);
    expect(reads).toHaveLength(1);
    expect(counted.length).toBeGreaterThan(10);
  });

  it('keep the line of their points as long as these are only added to', async () => {
    const { store } = countingStore(3);
    const lineages = new Lineages(store);
    const first = await lineages.get('t', never);
    lineages.touch(['t']);
    const grown = await lineages.get('t', never);
    expect(grown.count).toBe(6);
    expect(lineages.lineOf(grown)).toBe(lineages.lineOf(first));
    // Read anew it has fewer points than were given: another line.
    lineages.touch('all');
    const shorter = await lineages.get('t', never);
    expect(shorter.count).toBe(3);
    expect(lineages.lineOf(shorter)).not.toBe(lineages.lineOf(first));
  });

  it('stop being read when nobody wants them, and only then', async () => {
    const { store, pulled } = countingStore(100);
    const lineages = new Lineages(store);
    const [one, two] = [new AbortController(), new AbortController()];
    const a = lineages.get('t', one.signal);
    const b = lineages.get('t', two.signal);
    one.abort();
    await expect(a).rejects.toMatchObject({ code: 'cancelled' });
    expect((await b).count).toBe(100);
    lineages.touch('all');
    const before = pulled();
    const c = lineages.get('t', two.signal);
    two.abort();
    await expect(c).rejects.toMatchObject({ code: 'cancelled' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(pulled() - before).toBeLessThan(100);
    expect((await lineages.get('t', never)).count).toBe(100);
  });
});

describe('searching in pieces', () => {
  it('finds what searching at once finds, in a large state', async () => {
    const state = {
      needle: 'x'.repeat(10),
      list: Array.from({ length: 3000 }, (_, i) => ({
        id: i,
        text: `${'lorem '.repeat(100)}${i % 700 === 0 ? 'Needle' : ''}`,
      })),
      inner: { aNeedleKey: 'needle', deep: [[['no', 'NEEDLE']]] },
    };
    const root = openValue('json', new TextEncoder().encode(JSON.stringify(state)));
    expect(root.end - root.start).toBeGreaterThan(1 << 20);
    for (const limit of [1, 3, 5, 1000]) {
      expect(await findPlaces(root, 'needle', limit, never)).toEqual(findText(root, 'needle', limit));
    }
    expect(await findPlaces(root, 'absent', 5, never)).toEqual({ places: [], more: false });
    expect(await findPlaces(root, '', 5, never)).toEqual({ places: [], more: false });
  });

  it('ends when it is cancelled', async () => {
    const root = openValue('json', new TextEncoder().encode('[1]'));
    const abort = new AbortController();
    abort.abort();
    await expect(findPlaces(root, '1', 5, abort.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });
});
