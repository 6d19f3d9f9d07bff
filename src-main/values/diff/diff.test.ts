import { createRequire } from 'node:module';
import { Encoder } from '@msgpack/msgpack';
import fc from 'fast-check';
import fastJsonPatch, { type Operation as FastOperation } from 'fast-json-patch';
import * as jsondiffpatch from 'jsondiffpatch';
import * as jsonpatchFormatter from 'jsondiffpatch/formatters/jsonpatch';
import microdiff from 'microdiff';
import * as rfc6902 from 'rfc6902';
import { describe, expect, test } from 'vitest';
import type { Cursor } from '../cursor.ts';
import { openValue } from '../open.ts';
import { encodeTagged } from '../tagged.ts';
import { diffValues, equalChannels, summarize } from './diff.ts';
import { toPatch } from './patch.ts';
import { applyPatch, parseJson, type JsonValue } from './testing/apply.ts';

const json = (value: unknown): Cursor => openValue('json', Buffer.from(JSON.stringify(value)));
const encoder = new Encoder({ forceIntegerToFloat: false });
const msgpack = (value: unknown): Cursor => openValue('msgpack', encoder.encode(value));
const tagged = (cursor: Cursor): JsonValue => parseJson(encodeTagged(cursor));

/** Values close to states: maps, lists of items with and without ids, odd keys. */
const key = fc.oneof(
  fc.constantFrom('a', 'b', 'id', 'x/y', 'm~n', '', '__proto__', 'constructor', '$bytes', 'content'),
  fc.string({ maxLength: 3, unit: 'grapheme' }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom('', 'x', 'long text '.repeat(6)),
    tie('list'),
    tie('map'),
    tie('items'),
  ),
  list: fc.array(tie('value'), { maxLength: 6 }),
  map: fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  items: fc.uniqueArray(fc.record({ id: fc.constantFrom('i1', 'i2', 'i3', 'i4', 'i5', 'i6'), v: tie('value') }), {
    selector: (i) => (i as { id: string }).id,
    maxLength: 6,
  }),
}));

/** A second value that is often a small change of the first. */
const pair = fc.oneof(
  fc.tuple(value, value),
  fc.tuple(value, fc.infiniteStream(fc.nat(99))).map(([v, random]): [unknown, unknown] => {
    const next = (): number => Number(random.next().value ?? 0);
    return [v, changed(JSON.parse(JSON.stringify(v)), next)];
  }),
);

function changed(v: unknown, next: () => number): unknown {
  if (Array.isArray(v)) {
    const out = [...(v as unknown[])];
    switch (next() % 5) {
      case 0:
        out.splice(next() % (out.length + 1), 0, { id: `n${next()}`, v: next() });
        break;
      case 1:
        out.splice(next() % Math.max(out.length, 1), 1);
        break;
      case 2:
        if (out.length > 1) out.push(...out.splice(0, 1));
        break;
      default:
        if (out.length > 0) {
          const i = next() % out.length;
          out[i] = changed(out[i], next);
        }
    }
    return out;
  }
  if (v !== null && typeof v === 'object') {
    const entries = Object.entries(v);
    if (next() % 3 === 0 || entries.length === 0) return Object.fromEntries([...entries, [`k${next() % 4}`, next()]]);
    const i = next() % entries.length;
    return Object.fromEntries(entries.map(([k, w], at) => (at === i ? [k, changed(w, next)] : [k, w])));
  }
  return next();
}

describe('applied, the patch gives after', () => {
  test('10,000 random pairs, JSON; and nothing for equal values', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const [x, y] = [json(a), json(b)];
        expect(applyPatch(tagged(x), toPatch(diffValues(x, y)))).toEqual(tagged(y));
        expect(diffValues(x, json(a)).changes).toEqual([]);
      }),
      { numRuns: 10_000 },
    );
  });

  test('msgpack, and across encodings', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        for (const [x, y] of [
          [msgpack(a), msgpack(b)],
          [json(a), msgpack(b)],
        ] as const) {
          expect(applyPatch(tagged(x), toPatch(diffValues(x, y)))).toEqual(tagged(y));
        }
        expect(diffValues(json(a), msgpack(a)).changes).toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });

  test('two libraries agree on what JSON.parse carries', () => {
    const plain = (v: unknown): boolean =>
      !JSON.stringify(v).includes('__proto__') &&
      !JSON.stringify(v).includes('"$') &&
      !JSON.stringify(v).includes('constructor');
    fc.assert(
      fc.property(pair, ([a, b]) => {
        fc.pre(plain(a) && plain(b));
        const patch = toPatch(diffValues(json(a), json(b)));
        const byFast = fastJsonPatch.applyPatch(
          structuredClone({ root: a }),
          (JSON.parse(patch) as FastOperation[]).map(underRoot),
        ).newDocument;
        expect(byFast).toEqual({ root: b });
        const target = { root: structuredClone(a) };
        const errors = rfc6902.applyPatch(target, (JSON.parse(patch) as rfc6902.Operation[]).map(underRoot));
        expect(errors.filter((e) => e !== null)).toEqual([]);
        expect(target).toEqual({ root: b });
      }),
      { numRuns: 3000 },
    );
  });

  test('documents of json-patch-test-suite', () => {
    const require = createRequire(import.meta.url);
    const cases = [
      ...(require('json-patch-test-suite/spec_tests.json') as unknown[]),
      ...(require('json-patch-test-suite/tests.json') as unknown[]),
    ] as { doc?: unknown; expected?: unknown; disabled?: boolean }[];
    let seen = 0;
    for (const { doc, expected } of cases) {
      if (doc === undefined || expected === undefined) continue;
      seen++;
      const [x, y] = [json(doc), json(expected)];
      expect(applyPatch(tagged(x), toPatch(diffValues(x, y)))).toEqual(tagged(y));
    }
    expect(seen).toBeGreaterThan(60);
  });
});

/** A patch for a document, as one for `{root: document}`: the libraries differ at the root itself. */
function underRoot<T extends { path: string }>(operation: T): T {
  const moved = { ...operation, path: `/root${operation.path}` };
  return 'from' in operation && typeof operation.from === 'string'
    ? { ...moved, from: `/root${operation.from}` }
    : moved;
}

test('never more than a tenth larger than the smallest correct patch of the libraries', () => {
  const differ = jsondiffpatch.create({ objectHash: (o: object) => ('id' in o ? String(o.id) : JSON.stringify(o)) });
  let compared = 0;
  fc.assert(
    fc.property(pair, ([a, b]) => {
      fc.pre(
        a !== null &&
          b !== null &&
          typeof a === 'object' &&
          typeof b === 'object' &&
          Array.isArray(a) === Array.isArray(b),
      );
      // where tagged JSON spells a map differently, the libraries diff another document
      fc.pre(!JSON.stringify([a, b]).includes('"$'));
      const ours = toPatch(diffValues(json(a), json(b))).length;
      const goal = tagged(json(b));
      for (const theirs of [byMicrodiff(a, b), byJsondiffpatch(differ, a, b)]) {
        if (theirs === null) continue;
        let correct = false;
        try {
          correct =
            JSON.stringify(sorted(applyPatch(parseJson(JSON.stringify(a)), theirs))) === JSON.stringify(sorted(goal));
        } catch {
          // not a correct patch: no rival
        }
        if (correct) {
          compared++;
          expect(ours, `${JSON.stringify(a)} → ${JSON.stringify(b)}: ${theirs}`).toBeLessThanOrEqual(
            Math.max(theirs.length * 1.1, theirs.length + 2),
          );
        }
      }
    }),
    { numRuns: 3000 },
  );
  expect(compared).toBeGreaterThan(1000);
});

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((k) => [k, sorted(value[k] ?? null)]),
  );
}

const pointer = (path: readonly (string | number)[]): string =>
  path.map((p) => `/${String(p).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

function byMicrodiff(a: unknown, b: unknown): string | null {
  try {
    const ops = microdiff(a as Record<string, unknown>, b as Record<string, unknown>, { cyclesFix: false });
    // removals of list items must come from the end to apply one after the other
    const removals = ops.filter((o) => o.type === 'REMOVE').toReversed();
    return JSON.stringify([
      ...ops
        .filter((o) => o.type === 'CHANGE')
        .map((o) => ({ op: 'replace', path: pointer(o.path), value: o.value as unknown })),
      ...removals.map((o) => ({ op: 'remove', path: pointer(o.path) })),
      ...ops
        .filter((o) => o.type === 'CREATE')
        .map((o) => ({ op: 'add', path: pointer(o.path), value: o.value as unknown })),
    ]);
  } catch {
    return null;
  }
}

function byJsondiffpatch(differ: jsondiffpatch.DiffPatcher, a: unknown, b: unknown): string | null {
  try {
    const delta = differ.diff(structuredClone(a), structuredClone(b));
    return delta === undefined ? '[]' : JSON.stringify(jsonpatchFormatter.format(delta));
  } catch {
    return null;
  }
}

test('reads both ways', () => {
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const [x, y] = [json(a), json(b)];
      expect(applyPatch(tagged(y), toPatch(diffValues(y, x)))).toEqual(tagged(x));
    }),
    { numRuns: 1000 },
  );
});

test('messages go together by id, and the summary counts per channel', () => {
  const m = (id: string, content: string): unknown => ({ id, type: 'ai', content });
  const before = json({ messages: [m('1', 'a'), m('2', 'b'), m('3', 'c')], plan: 'x', same: [1] });
  const after = json({ messages: [m('2', 'b'), m('3', 'changed'), m('4', 'd')], plan: 'y', same: [1], extra: [1, 2] });
  const diff = diffValues(before, after);
  expect(summarize(diff)).toEqual([
    { channel: 'messages', added: 1, removed: 1, changed: 1 },
    { channel: 'plan', added: 0, removed: 0, changed: 1 },
    { channel: 'extra', added: 2, removed: 0, changed: 0 },
  ]);
  expect(equalChannels(diff)).toBe(1);
  expect(diff.changes.map((c) => [c.op, c.beforePath, c.afterPath])).toEqual([
    ['remove', [0, 0], null],
    ['replace', [0, 2, 2], [0, 1, 2]],
    ['add', null, [0, 2]],
    ['replace', [1], [1]],
    ['add', null, [3]],
  ]);
});

test('a moved item is a move', () => {
  const before = json([
    { id: 'a', t: 'x'.repeat(80) },
    { id: 'b', t: 'y'.repeat(80) },
    { id: 'c', t: 'z'.repeat(80) },
  ]);
  const after = json([
    { id: 'c', t: 'z'.repeat(80) },
    { id: 'a', t: 'x'.repeat(80) },
    { id: 'b', t: 'y'.repeat(80) },
  ]);
  expect(toPatch(diffValues(before, after))).toBe('[{"op":"move","from":"/2","path":"/0"}]');
});

test('numbers of another kind, big integers and 1e400 are seen', () => {
  const at = (text: string): Cursor => openValue('json', Buffer.from(text));
  expect(toPatch(diffValues(at('{"a":1}'), at('{"a":1.0}')))).toBe('[{"op":"replace","path":"/a","value":1.0}]');
  expect(toPatch(diffValues(at('[9007199254740992]'), at('[9007199254740993]')))).toContain('9007199254740993');
  expect(toPatch(diffValues(at('{"a":1e400}'), at('{"a":1e401}')))).toContain('1e401');
  expect(diffValues(at('"\\u0041"'), at('"A"')).changes).toEqual([]);
});

test('against nothing, every member is added', () => {
  const after = json({ a: 1, b: [1, 2] });
  expect(summarize(diffValues(null, after))).toEqual([
    { channel: 'a', added: 1, removed: 0, changed: 0 },
    { channel: 'b', added: 2, removed: 0, changed: 0 },
  ]);
  expect(applyPatch(parseJson('{}'), toPatch(diffValues(null, after)))).toEqual(tagged(after));
});
