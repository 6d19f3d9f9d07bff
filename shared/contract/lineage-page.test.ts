// Lineages in pages: put together they are what they were, appends send only what is new, and what does not fit is refused.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomLineage } from '../layout/testing/random-lineage.ts';
import { stringAt, stringColumn, unknownStep } from '../model/lineage.ts';
import type { Lineage } from '../model/lineage.ts';
import { LineagePage, pageOf } from './lineage-page.ts';
import { ReceivedLineage, readLineage } from './lineage-reading.ts';
import type { Params, Result } from './methods.ts';
import { decodeMessage, encodeMessage } from './rpc/codec.ts';
import type { ServiceClient } from './service.ts';

/** The first `n` points. */
function firstOf(whole: Lineage, n: number): Lineage {
  const ids = { offsets: whole.ids.offsets.slice(0, n + 1), bytes: whole.ids.bytes.slice(0, whole.ids.offsets[n]) };
  return {
    ...whole,
    count: n,
    ids,
    nth: whole.nth.slice(0, n),
    parent: whole.parent.slice(0, n),
    link: whole.link.slice(0, n),
    reason: whole.reason.slice(0, n),
    namespace: whole.namespace.slice(0, n),
    host: whole.host.slice(0, n).map((h) => (h < n ? h : -1)),
    time: whole.time.slice(0, n),
    step: whole.step.slice(0, n),
    bytes: whole.bytes.slice(0, n),
  };
}

/** A service of one thread, whose answers go over the wire's own codec. */
function serving(current: () => { lineage: Lineage; line: string }, most: number) {
  const pages: Result<'lineage.page'>[] = [];
  const client = {
    call: async (_method: string, params: Params<'lineage.page'>) => {
      const { lineage, line } = current();
      const page = LineagePage.parse(decodeMessage(encodeMessage(pageOf(lineage, line, params.known, most))));
      pages.push(page);
      return page;
    },
  } as Pick<ServiceClient, 'call'>;
  return { client, pages };
}

const at = { store: 's', thread: 'random' };
const anyInt = fc.oneof(fc.integer(), fc.constantFrom(0, 1, unknownStep, 0x7fff_ffff));

/** A random tree with every column at its extremes, and ids of one of three kinds. */
const anyLineage: fc.Arbitrary<Lineage> = fc
  .tuple(
    randomLineage,
    fc.array(anyInt, { minLength: 8, maxLength: 8 }),
    fc.constantFrom('uuid', 'nearly', 'text'),
    fc.array(fc.oneof(fc.double(), fc.nat(), fc.constantFrom(0xffff_ffff, Number.NaN, -1)), {
      minLength: 5,
      maxLength: 5,
    }),
  )
  .map(([lineage, ints, kind, sizes]) => {
    const n = lineage.count;
    const uuid = (i: number): string => `1f1d5e66-c37b-62e0-8258-${(i * 7919).toString(16).padStart(12, '0')}`;
    const idOf = (i: number): string =>
      kind === 'uuid'
        ? uuid(i)
        : kind === 'nearly' && i % 5 !== 4
          ? uuid(i)
          : kind === 'nearly'
            ? uuid(i).toUpperCase()
            : `п${i}`;
    return {
      ...lineage,
      ids: stringColumn(Array.from({ length: n }, (_, i) => idOf(i))),
      nth: Uint32Array.from({ length: n }, (_, i) => (i % 7 === 0 ? i : 0)),
      step: Int32Array.from({ length: n }, (_, i) => ints[i % 8]!),
      bytes: Float64Array.from({ length: n }, (_, i) => sizes[i % 5]!),
    };
  });

describe('a lineage in pages', () => {
  it('is put together as it was', async () => {
    await fc.assert(
      fc.asyncProperty(anyLineage, fc.integer({ min: 1, max: 40 }), async (lineage, most) => {
        const { client, pages } = serving(() => ({ lineage, line: 'l' }), most);
        expect(await readLineage(client, at)).toEqual(lineage);
        expect(pages.length).toBe(Math.max(1, Math.ceil(lineage.count / most)));
      }),
      { numRuns: 60 },
    );
  });

  it('that grows sends only what is new, and what was given out stays as it was', async () => {
    await fc.assert(
      fc.asyncProperty(anyLineage, fc.array(fc.nat(30), { minLength: 1, maxLength: 5 }), async (whole, growth) => {
        let n = 0;
        const { client, pages } = serving(() => ({ lineage: firstOf(whole, n), line: 'l' }), 16);
        const received = new ReceivedLineage();
        const given: [Lineage, Lineage][] = [];
        for (const more of growth) {
          n = Math.min(whole.count, n + more);
          given.push([await readLineage(client, at, received), firstOf(whole, n)]);
        }
        for (const [got, expected] of given) expect(got).toEqual(expected);
        expect(pages.reduce((sum, page) => sum + page.count, 0)).toBe(n);
      }),
      { numRuns: 60 },
    );
  });

  it('begins anew where another line took its place, also between two pages', async () => {
    const [before, after] = fc.sample(
      anyLineage.filter((l) => l.count > 40),
      { numRuns: 2, seed: 7 },
    ) as [Lineage, Lineage];
    let asked = 0;
    const { client } = serving(
      () => (asked++ < 2 ? { lineage: before, line: 'a' } : { lineage: after, line: 'b' }),
      10,
    );
    expect(await readLineage(client, at)).toEqual(after);
  });

  it('is small on the wire where points follow one another', () => {
    const n = 10_000;
    const lineage: Lineage = {
      thread: 't',
      count: n,
      ids: stringColumn(
        Array.from({ length: n }, (_, i) => `1f1d5e66-c37b-62e0-8258-${i.toString(16).padStart(12, '0')}`),
      ),
      nth: new Uint32Array(n),
      parent: Int32Array.from({ length: n }, (_, i) => i - 1),
      link: new Uint8Array(n).fill(1, 1),
      reason: new Uint32Array(n),
      reasons: [''],
      namespace: new Uint32Array(n),
      namespaces: [''],
      host: new Int32Array(n).fill(-1),
      time: new Float64Array(n),
      step: Int32Array.from({ length: n }, (_, i) => i - 1),
      bytes: new Float64Array(n).fill(900),
      heads: Int32Array.of(n - 1),
    };
    const frame = encodeMessage(pageOf(lineage, 'l', null));
    // An id, a time and a size for each point.
    expect(frame.length - n * (16 + 8 + 4)).toBeLessThan(1500);
    expect(stringAt(lineage.ids, 9)).toHaveLength(36);
  });

  it('that does not fit together is refused', () => {
    const lineage = fc.sample(
      anyLineage.filter((l) => l.count > 20),
      { numRuns: 1, seed: 3 },
    )[0]!;
    const page = pageOf(lineage, 'l', null);
    const middle = pageOf(lineage, 'l', { line: 'l', count: 5, reasons: 1, namespaces: 1 });
    expect(() => new ReceivedLineage().add(middle)).toThrow(RangeError);
    expect(() => new ReceivedLineage().add({ ...page, time: page.time.slice(1) })).toThrow(RangeError);
    const short = { runs: false, numbers: new Int32Array(3) };
    const long = { runs: true, numbers: Int32Array.of(0, 1_000_000_000) };
    for (const wrong of [short, long]) {
      expect(() => new ReceivedLineage().add({ ...page, host: wrong })).toThrow(RangeError);
      expect(() => new ReceivedLineage().add({ ...page, ids: { ...page.ids, lengths: wrong } })).toThrow(RangeError);
    }
  });
});
