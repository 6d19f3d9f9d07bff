import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Lineage } from '../model/lineage.ts';
import { stringAt } from '../model/lineage.ts';
import { branchesOf } from './branches.ts';
import type { Scene, SceneOptions } from './scene.ts';
import {
  buildScene,
  cardWidth,
  columnGap,
  firstPiece,
  foldOver,
  itemKinds,
  itemsIn,
  laneY,
  pillWidth,
} from './scene.ts';
import { lineageOf, picture } from './testing/picture.ts';
import { randomLineage, truncated } from './testing/random-lineage.ts';

const open: SceneOptions = { axis: 'step', opened: new Set(), unfoldAll: true };
const draw = (lineage: Lineage, options = open): string =>
  picture(buildScene(branchesOf(lineage), options), (p) => stringAt(lineage.ids, p));

const options = fc.record({
  axis: fc.constantFrom('step' as const, 'time' as const),
  unfoldAll: fc.boolean(),
  opened: fc.constant(new Set<number>()),
});

const laneOf = (s: Scene, item: number): number => s.laneOf[s.branch[item] ?? 0] ?? 0;
/** Where something is drawn: pills are smaller than their place. */
function box(s: Scene, item: number): { left: number; right: number; lane: number } {
  const pill = s.kind[item] === itemKinds.fold;
  const left = (pill ? s.pillLeft[item] : s.left[item]) ?? 0;
  return { left, right: left + (pill ? pillWidth : cardWidth), lane: laneOf(s, item) };
}
const items = (s: Scene): number[] => Array.from({ length: s.count }, (_, k) => k);

describe('pictures', () => {
  test('a fork runs below what it left', () => {
    const text = ['a─b─c─d  main', '    └─e  fork-1'].join('\n');
    expect(draw(lineageOf(text))).toBe(text);
  });

  test('a sub-graph hangs dashed under its host', () => {
    const lineage = lineageOf(['a─b─c─d', '  └╌s─t  research:7f'].join('\n'));
    expect(lineage.namespaces).toEqual(['', 'research:7f']);
    expect(draw(lineage)).toBe(['a─b─c─d  main', '  └╌s─t  research'].join('\n'));
  });

  test('several roots, and a fork of a fork', () => {
    expect(draw(lineageOf(['a─b─c', '  └─d─e', '    └─f', 'r─s'].join('\n')))).toBe(
      ['a─b─c    main', 'r─s      line 2', '  └─d─e  fork-1', '    └─f  fork-2'].join('\n'),
    );
  });
});

describe('every scene', () => {
  test('shows every point once, children right of their parents, the trunk on top, forks below', () => {
    fc.assert(
      fc.property(randomLineage, options, (lineage, o) => {
        const b = branchesOf(lineage);
        const s = buildScene(b, o);
        const seen = items(s).reduce((sum, k) => sum + (s.size[k] ?? 0), 0);
        expect(seen).toBe(lineage.count);
        expect(s.itemOf.every((k) => k >= 0)).toBe(true);
        if (lineage.count > 0) expect(s.laneOf[b.branchOf[0] ?? 0]).toBe(0);
        for (const k of items(s)) {
          const from = s.before[k] ?? -1;
          if (from < 0 || from === k) continue;
          expect(box(s, k).left).toBeGreaterThanOrEqual(box(s, from).right + columnGap - 8.001);
          if (s.branch[k] !== s.branch[from]) expect(laneOf(s, k)).toBeGreaterThan(laneOf(s, from));
          else expect(laneOf(s, k)).toBe(laneOf(s, from));
        }
      }),
      { numRuns: 400 },
    );
  });

  test('nothing overlaps in a lane, and no line crosses a card', () => {
    fc.assert(
      fc.property(randomLineage, options, (lineage, o) => {
        const s = buildScene(branchesOf(lineage), o);
        const all = items(s);
        expectClear(s, all);
      }),
      { numRuns: 400 },
    );
  });

  test('answers what is in a box', () => {
    fc.assert(
      fc.property(
        randomLineage,
        options,
        fc.tuple(fc.nat(3000), fc.nat(600), fc.nat(1500), fc.nat(400)),
        (lineage, o, [x, y, w, h]) => {
          const s = buildScene(branchesOf(lineage), o);
          const view = { left: x, top: y, right: x + w, bottom: y + h };
          const expected = items(s).filter((k) => {
            const top = laneY(laneOf(s, k));
            return (
              (s.right[k] ?? 0) >= view.left &&
              (s.left[k] ?? 0) <= view.right &&
              top + 44 >= view.top &&
              top <= view.bottom
            );
          });
          expect(itemsIn(s, view).toSorted((p, q) => p - q)).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function expectClear(s: Scene, all: readonly number[]): void {
  for (const k of all) {
    const me = box(s, k);
    for (const other of all) {
      if (other <= k) continue;
      const it = box(s, other);
      if (it.lane === me.lane && it.left < me.right && it.right > me.left)
        expect.fail(`items ${k} and ${other} overlap`);
    }
    const from = s.before[k] ?? -1;
    if (from < 0 || from === k) continue;
    const start = box(s, from);
    // as `draw.ts` draws it: down in the middle of the gap, then along the own lane
    const down = start.right + columnGap / 2;
    const [top, bottom] = [Math.min(start.lane, me.lane), Math.max(start.lane, me.lane)];
    for (const other of all) {
      const it = box(s, other);
      if (start.lane !== me.lane && it.lane >= top && it.lane <= bottom && it.left <= down && it.right >= down)
        expect.fail(`the line to ${k} runs down through ${other}`);
      if (it.lane === me.lane && other !== k && other !== from) {
        if (it.left < me.left && it.right > (start.lane === me.lane ? start.right : down))
          expect.fail(`the line to ${k} runs along through ${other}`);
      }
    }
  }
}

describe('folds', () => {
  const line = (length: number): Lineage =>
    lineageOf(Array.from({ length }, (_, i) => `p${String(i).padStart(4, '0')}`).join('─'));
  const folds = (s: Scene): [number, number][] =>
    items(s).flatMap((k): [number, number][] =>
      s.kind[k] === itemKinds.fold ? [[s.first[k] ?? -1, s.last[k] ?? -1]] : [],
    );
  const folded = (length: number, opened: readonly number[]): Scene =>
    buildScene(branchesOf(line(length)), { axis: 'step', opened: new Set(opened), unfoldAll: false });

  test('a run of any length is one pill, and opens at most a hundred steps at a time', () => {
    const s = folded(1000, []);
    expect(folds(s)).toEqual([[1, 998]]);
    expect(firstPiece(s, s.itemOf[1] ?? -1)).toBe(99);
    expect(foldOver(s, 450)).toBe(400);
    expect(foldOver(s, 50)).toBe(1);
    const middle = folded(1000, [400]);
    expect(folds(middle)).toEqual([
      [1, 399],
      [500, 998],
    ]);
    expect(foldOver(middle, 450)).toBe(-1);
    expect(foldOver(middle, 998)).toBe(900);
    expect(folds(folded(1000, [1]))).toEqual([[100, 998]]);
    expect(folds(folded(1000, [1, 100, 900]))).toEqual([[200, 899]]);
  });

  test('a run that grows keeps what was opened of it', () => {
    expect(folds(folded(1003, [400]))).toEqual([
      [1, 399],
      [500, 1001],
    ]);
  });
});

describe('appended points', () => {
  test('move no branch that did not grow, and nothing overlaps after', () => {
    fc.assert(
      fc.property(randomLineage, fc.nat(30), options, (lineage, cut, o) => {
        const part = truncated(lineage, Math.max(0, lineage.count - cut));
        const before = buildScene(branchesOf(part), o);
        const after = buildScene(branchesOf(lineage), o, before);
        before.branches.branches.forEach((one, i) => {
          const now = after.branches.branches[i];
          expect(now?.name).toBe(one.name);
          expect(now?.hue).toBe(one.hue);
          const folded = one.run >= 0 && !o.unfoldAll;
          if (now?.tip === one.tip && !folded) expect(after.laneOf[i]).toBe(before.laneOf[i]);
        });
        expectClear(after, items(after));
      }),
      { numRuns: 400 },
    );
  });

  test('to the head keep every point where it was, unfolded by step', () => {
    fc.assert(
      fc.property(randomLineage, fc.nat(10), (lineage, more) => {
        fc.pre(lineage.count > 0);
        const grown = appendedToHead(lineage, more);
        const before = buildScene(branchesOf(lineage), open);
        const after = buildScene(branchesOf(grown), open, before);
        for (let i = 0; i < lineage.count; i++) {
          const [a, b] = [before.itemOf[i] ?? 0, after.itemOf[i] ?? 0];
          expect([after.left[b], laneOf(after, b)]).toEqual([before.left[a], laneOf(before, a)]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function appendedToHead(lineage: Lineage, more: number): Lineage {
  const head = lineage.heads[0] ?? 0;
  const count = lineage.count + more;
  const grow = <T extends Int32Array | Uint32Array | Uint8Array | Float64Array>(
    column: T,
    make: (length: number) => T,
  ): T => {
    const out = make(count);
    out.set(column);
    return out;
  };
  const int = (n: number): Int32Array<ArrayBuffer> => new Int32Array(n);
  const parent = grow(lineage.parent, int);
  const host = grow(lineage.host, int).fill(-1, lineage.count);
  for (let i = lineage.count; i < count; i++) parent[i] = i === lineage.count ? head : i - 1;
  const offsets = new Uint32Array(count + 1).fill(lineage.ids.bytes.length);
  offsets.set(lineage.ids.offsets);
  return {
    ...lineage,
    count,
    ids: { offsets, bytes: lineage.ids.bytes },
    parent,
    host,
    nth: grow(lineage.nth, (n) => new Uint32Array(n)),
    link: grow(lineage.link, (n) => new Uint8Array(n)),
    reason: grow(lineage.reason, (n) => new Uint32Array(n)),
    namespace: grow(lineage.namespace, (n) => new Uint32Array(n)),
    time: grow(lineage.time, (n) => new Float64Array(n)),
    step: grow(lineage.step, int),
    bytes: grow(lineage.bytes, (n) => new Float64Array(n)),
    heads: Int32Array.from(lineage.heads, (h, i) => (i === 0 ? count - 1 : h)),
  };
}
