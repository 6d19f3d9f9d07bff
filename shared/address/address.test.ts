// Addresses survive the way there and back, whatever stands in them, and never do more than navigate.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { statuses } from '../model/status.ts';
import { emptyAddress, formatFragment, formatLink, parseAddress, parseOpenRequest, tabs } from './address.ts';
import type { Address } from './address.ts';

// Lone surrogates cannot be escaped in an address and do not occur in UTF-8 stores.
const text = fc.string({ unit: 'binary' });
const maybe = fc.option(text, { nil: null });
const address: fc.Arbitrary<Address> = fc.record({
  store: maybe,
  thread: maybe,
  checkpoint: maybe,
  compared: maybe,
  tab: fc.constantFrom(...tabs),
  path: maybe,
  applied: fc.boolean(),
  search: text,
  status: fc.option(fc.constantFrom(...statuses), { nil: null }),
});

describe('address', () => {
  it('comes back as it was written, as fragment and as link', () => {
    fc.assert(
      fc.property(address, (a) => {
        expect(parseAddress(formatFragment(a))).toEqual(a);
        expect(parseOpenRequest(formatLink(a))).toEqual(a);
      }),
    );
  });

  it('stays readable for an ordinary view', () => {
    const a = { ...emptyAddress, store: '/home/ada/runs.sqlite', thread: 'заказ 7', checkpoint: 'заказ 7//1f1e' };
    expect(formatFragment({ ...a, thread: 'order-7', checkpoint: 'order-7//1f1e', tab: 'diff' })).toBe(
      '#v=1&store=/home/ada/runs.sqlite&thread=order-7&at=order-7//1f1e&tab=diff',
    );
    expect(parseAddress(formatFragment(a))).toEqual(a);
  });

  it('ignores fields, tabs and statuses that it does not know', () => {
    expect(parseAddress('#v=1&tab=future&status=odd&commit=1')).toEqual(emptyAddress);
  });

  it('refuses a later version, another place, and a broken escape with a sentence', () => {
    expect(() => parseAddress('#v=2&thread=a')).toThrow(/later version/);
    expect(() => parseAddress('forkpoint://commit?v=1')).toThrow(/not a place/);
    expect(() => parseAddress('#v=1&thread=%E0%A4')).toThrow(/broken escape/);
  });

  it('takes a plain argument as a path', () => {
    expect(parseOpenRequest('./runs.sqlite').store).toBe('./runs.sqlite');
    expect(parseOpenRequest('FORKPOINT://view?v=1&thread=a').thread).toBe('a');
  });
});
