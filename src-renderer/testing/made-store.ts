// A made store for developing the window without a service: deterministic threads and a fork tree of any size.

import { linkKinds, stringColumn, unknownStep } from '../../shared/model/lineage.ts';
import type { Lineage } from '../../shared/model/lineage.ts';
import { formatKey } from '../../shared/model/key.ts';
import type { Checkpoint, DiffSummary, Thread } from '../../shared/model/shapes.ts';
import type { Status } from '../../shared/model/status.ts';

/** Mulberry32. */
export function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const base = Date.UTC(2026, 10, 24, 12, 2, 31);
const idOf = (i: number): string =>
  `1f1e${(0x5894 + (i >> 8)).toString(16)}-7b5b-6283-8005-${(0x6301_3600 + i * 7919).toString(16).padStart(12, '0')}`;

export interface MadeThread {
  readonly columns: Lineage;
  readonly rows: readonly { readonly checkpoint: Checkpoint; readonly summary: DiffSummary[] }[];
  readonly detail: Thread;
}

interface Point {
  readonly parent: number;
  readonly step: number;
  readonly node: string;
  readonly namespace: number;
  readonly host: number;
  readonly inferred: boolean;
}

function points(count: number, seed: number): Point[] {
  const next = random(seed);
  const made: Point[] = [];
  const push = (p: Partial<Point> & { parent: number }): number => {
    const before = made[p.parent];
    const step = p.step ?? (before === undefined ? -1 : before.step + 1);
    made.push({
      step,
      node: step < 0 ? 'input' : step % 2 === 0 ? 'tools' : 'model',
      namespace: before?.namespace ?? 0,
      host: -1,
      inferred: false,
      ...p,
    });
    return made.length - 1;
  };
  // The small one is the story of the design: a main line that fails, a fork that waits, a fork of the fork, one sub-graph.
  let tip = push({ parent: -1 });
  const tips: number[] = [];
  while (made.length < count) {
    const draw = next();
    const left = count - made.length;
    const forkAt = count < 100 ? 0.06 : 0.012;
    if (draw < forkAt && made.length > 6 && left > 2) {
      tips.push(tip);
      let from = Math.max(1, made.length - 2 - Math.floor(next() * 12));
      while (made[from]?.namespace !== 0) from--;
      tip = push({ parent: from, node: 'edited' });
    } else if (draw < forkAt * 1.6 && left > 4 && made[tip]?.namespace === 0) {
      let at = push({ parent: -1, host: tip, namespace: 1, step: -1, node: 'research' });
      const long = Math.min(left - 2, 2 + Math.floor(next() * 5));
      for (let i = 0; i < long; i++) at = push({ parent: at, node: i % 2 === 0 ? 'search' : 'rank' });
    } else {
      tip = push({ parent: tip, inferred: next() < 0.01 });
    }
    if (tips.length > 0 && next() < 0.02) tip = tips.shift() ?? tip;
  }
  return made;
}

export function madeThread(thread: string, count: number, seed = 1, head: Status = 'interrupted'): MadeThread {
  const made = points(count, seed);
  const children = new Int32Array(count);
  for (const p of made) if (p.parent >= 0) children[p.parent] = (children[p.parent] ?? 0) + 1;
  const namespaces = ['', 'research:7'];
  const heads = namespaces.map((_, n) => made.findLastIndex((p) => p.namespace === n));
  const key = (i: number): string =>
    formatKey({ thread, namespace: namespaces[made[i]?.namespace ?? 0] ?? '', id: idOf(i), nth: 0 });

  let time = base;
  const next = random(seed + 7);
  const times = made.map(() => (time += 400 + Math.floor(next() * 2600)));
  const sizes = made.map((p) => 4000 + (p.step + 1) * 19_500 + Math.floor(next() * 9000));
  const status = (i: number): Status => {
    if ((children[i] ?? 0) > 0) return 'idle';
    if (i === heads[0]) return head;
    return ['failed', 'terminal', 'idle', 'interrupted'][Math.floor(next() * 4)] as Status;
  };

  const rows = made.map((p, i) => {
    const s = status(i);
    const summary: DiffSummary[] = [{ channel: 'messages', added: 1, removed: 0, changed: 0 }];
    if (p.node === 'edited') summary.splice(0, 1, { channel: 'plan', added: 0, removed: 0, changed: 1 });
    else if (i % 5 === 2) summary.push({ channel: 'orders', added: 0, removed: 0, changed: 1 });
    const checkpoint: Checkpoint = {
      key: key(i),
      id: idOf(i),
      parent: p.parent < 0 ? null : key(p.parent),
      parentKind: p.parent < 0 ? null : p.inferred ? 'inferred' : 'explicit',
      parentReason: p.inferred ? 'the run carried on in this order; the store records no parent' : null,
      missingParent: null,
      parentThread: null,
      namespace: namespaces[p.namespace] ?? '',
      step: p.step,
      source: p.step < 0 ? 'input' : 'loop',
      node: p.step < 0 ? [] : [p.node],
      time: new Date(times[i] ?? base).toISOString(),
      status: s,
      next: (children[i] ?? 0) > 0 || s === 'terminal' ? [] : ['refund'],
      bytes: sizes[i] ?? null,
      note:
        s === 'interrupted' ? 'approve refund of 240.00?' : s === 'failed' ? 'ValueError: no such order 48213' : null,
    };
    return { checkpoint, summary };
  });

  const columns: Lineage = {
    thread,
    count,
    ids: stringColumn(made.map((_, i) => idOf(i))),
    nth: new Uint32Array(count),
    parent: Int32Array.from(made, (p) => p.parent),
    link: Uint8Array.from(made, (p) => linkKinds.indexOf(p.parent < 0 ? 'root' : p.inferred ? 'inferred' : 'explicit')),
    reason: Uint32Array.from(made, (p) => (p.inferred ? 1 : 0)),
    reasons: ['', 'the run carried on in this order; the store records no parent'],
    namespace: Uint32Array.from(made, (p) => p.namespace),
    namespaces,
    host: Int32Array.from(made, (p) => p.host),
    time: Float64Array.from(times),
    step: Int32Array.from(made, (p) => p.step ?? unknownStep),
    bytes: Float64Array.from(sizes),
    heads: Int32Array.from(heads),
  };
  const detail: Thread = {
    thread,
    parts: null,
    namespaces,
    checkpoints: count,
    branches: children.filter((n) => n === 0).length,
    head: key(heads[0] ?? 0),
    status: head,
    refused: null,
    updatedAt: new Date(times.at(-1) ?? base).toISOString(),
    bytes: sizes.reduce((a, b) => a + b, 0),
  };
  return { columns, rows, detail };
}
