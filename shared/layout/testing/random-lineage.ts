// Random lineages for properties: forks, several roots, sub-graphs (nested and forked), missing times.

import fc from 'fast-check';
import { stringColumn, unknownStep } from '../../model/lineage.ts';
import type { Lineage } from '../../model/lineage.ts';

/** Up to 90 points; most extend the newest tip, so that runs are long enough to fold. */
export const randomLineage: fc.Arbitrary<Lineage> = fc
  .array(fc.tuple(fc.nat(99), fc.nat(9999), fc.nat(99)), { maxLength: 90, size: 'max' })
  .map((choices) => {
    const parent: number[] = [];
    const host: number[] = [];
    const namespace: number[] = [];
    const namespaces = [''];
    const time: number[] = [];
    let clock = 1_700_000_000_000;
    let tip = -1;
    choices.forEach(([what, which, wait], i) => {
      const any = i === 0 ? -1 : which % i;
      clock += wait < 5 ? 3_600_000 : wait * 20;
      time.push(wait === 99 ? Number.NaN : clock);
      if (i === 0 || what >= 97) {
        parent.push(-1);
        host.push(-1);
        namespace.push(0);
      } else if (what >= 90) {
        parent.push(-1);
        host.push(any);
        namespaces.push(`sub${i}:x`);
        namespace.push(namespaces.length - 1);
      } else {
        const from = what >= 78 ? any : tip;
        parent.push(from);
        host.push(-1);
        namespace.push(namespace[from] ?? 0);
      }
      tip = i;
    });
    const heads = namespaces.map((_, n) => namespace.lastIndexOf(n));
    return columns({ parent, host, namespace, namespaces, time, heads });
  });

interface Made {
  readonly parent: readonly number[];
  readonly host: readonly number[];
  readonly namespace: readonly number[];
  readonly namespaces: readonly string[];
  readonly time: readonly number[];
  readonly heads: readonly number[];
}

function columns(made: Made): Lineage {
  const count = made.parent.length;
  return {
    thread: 'random',
    count,
    ids: stringColumn(made.parent.map((_, i) => `p${i}`)),
    nth: new Uint32Array(count),
    parent: Int32Array.from(made.parent),
    link: Uint8Array.from(made.parent, (p) => (p < 0 ? 0 : 1)),
    reason: new Uint32Array(count),
    reasons: [''],
    namespace: Uint32Array.from(made.namespace),
    namespaces: made.namespaces,
    host: Int32Array.from(made.host),
    time: Float64Array.from(made.time),
    step: new Int32Array(count).fill(unknownStep),
    bytes: new Float64Array(count).fill(Number.NaN),
    heads: Int32Array.from(made.heads),
  };
}

/** The same lineage as it was when it had `count` points. */
export function truncated(lineage: Lineage, count: number): Lineage {
  const namespace = [...lineage.namespace.subarray(0, count)];
  return columns({
    parent: [...lineage.parent.subarray(0, count)],
    host: [...lineage.host.subarray(0, count)],
    namespace,
    namespaces: lineage.namespaces,
    time: [...lineage.time.subarray(0, count)],
    heads: lineage.namespaces.map((_, n) => namespace.lastIndexOf(n)),
  });
}
