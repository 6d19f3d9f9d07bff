// How points hang together, as pictures: `id<parent` in insertion order, and what became of each.

import { describe, expect, it } from 'vitest';
import { stringAt } from '../../../shared/model/lineage.ts';
import { ThreadPoints, type RootFacts } from './points.ts';
import { eraBefore16 } from './record.ts';

interface Given {
  readonly id: string;
  readonly parent?: string;
  readonly namespace?: string;
  readonly next?: readonly string[];
  readonly ran?: readonly string[];
  readonly step?: number;
  readonly source?: string;
}

function pointsOf(given: readonly Given[]): ThreadPoints {
  const points = new ThreadPoints('t');
  given.forEach((g, i) => {
    points.add(
      {
        position: i,
        bytes: 1,
        id: g.id,
        parent: g.parent ?? null,
        namespace: g.namespace ?? '',
        next: g.next ?? [],
        step: g.step ?? 1,
        time: null,
      },
      (): RootFacts => ({ era: eraBefore16, source: g.source ?? 'loop', step: g.step ?? 1, tried: g.ran ?? [] }),
    );
  });
  return points;
}

/** `index:id ← parent index (kind)` per point. */
function picture(points: ThreadPoints): string[] {
  const lineage = points.toLineage();
  return Array.from({ length: points.count }, (_, i) => {
    const at = lineage.parent[i]!;
    expect(at).toBeLessThan(i);
    return `${i}:${points.idOf(i)}${at < 0 ? '' : ` ← ${at}`} ${points.linkOf(i)}`;
  });
}

describe('links', () => {
  it('takes the nearest earlier record of an id that repeats', () => {
    const points = pointsOf([
      { id: 'ckpt-2' },
      { id: 'ckpt-3', parent: 'ckpt-2' },
      { id: 'ckpt-2' },
      { id: 'ckpt-3', parent: 'ckpt-2' },
    ]);
    expect(picture(points)).toEqual([
      '0:ckpt-2 root',
      '1:ckpt-3 ← 0 explicit',
      '2:ckpt-2 root',
      '3:ckpt-3 ← 2 explicit',
    ]);
    expect([0, 1, 2, 3].map((i) => points.nthOf(i))).toEqual([0, 0, 2, 2]);
    expect(points.find('', 'ckpt-2', 2)).toBe(2);
    expect(points.find('', 'ckpt-2', 0)).toBe(0);
    expect(points.find('', 'ckpt-2', 3)).toBe(-1);
  });

  it('links neither to itself, nor to a later record, nor to one of another namespace', () => {
    const points = pointsOf([
      { id: 'a', parent: 'a' },
      { id: 'b', parent: 'c' },
      { id: 'c', parent: 'x' },
      { id: 'x', namespace: 'child' },
    ]);
    expect(picture(points)).toEqual(['0:a missing', '1:b missing', '2:c missing', '3:x root']);
    expect(points.reasonOf(1)).toBe('c');
  });

  it('infers the point a resume of an old release came from, and says how sure that is', () => {
    const points = pointsOf([
      { id: 'ckpt-1', next: ['review'] },
      { id: 'ckpt-2', parent: 'ckpt-1', next: ['review'] },
      { id: 'ckpt-5', ran: ['review'], next: ['publish'] },
      { id: 'ckpt-6', parent: 'ckpt-5', next: [] },
      { id: 'ckpt-9', ran: ['review'], next: ['publish'] },
      { id: 'ckpt-10', ran: ['plan'], next: ['review'] },
      { id: 'ckpt-11', ran: ['publish'], source: 'fork' },
    ]);
    expect(picture(points)).toEqual([
      '0:ckpt-1 root',
      '1:ckpt-2 ← 0 explicit',
      '2:ckpt-5 ← 1 inferred',
      '3:ckpt-6 ← 2 explicit',
      '4:ckpt-9 ← 1 inferred',
      '5:ckpt-10 root',
      '6:ckpt-11 root',
    ]);
    expect(points.reasonOf(2)).toContain('the latest before it');
    expect(points.reasonOf(4)).toContain('latest earlier point');
    expect(points.reasonOf(5)).toContain('A new run');
  });

  it('infers nothing where ids tell a later release', () => {
    const points = pointsOf([
      { id: 'ckpt-17-1', next: ['review'] },
      { id: 'ckpt-17-9', ran: ['review'] },
    ]);
    expect(picture(points)).toEqual(['0:ckpt-17-1 root', '1:ckpt-17-9 root']);
  });

  it('hangs a sub-graph’s first point under the point where its node was pending', () => {
    const points = pointsOf([
      { id: 'a', next: ['child'] },
      { id: 'b', namespace: 'child', next: ['in/ner'] },
      { id: 'c', namespace: 'child/in%2Fner' },
      { id: 'd', parent: 'a', next: [] },
    ]);
    const lineage = points.toLineage();
    expect([...lineage.host]).toEqual([-1, 0, 1, -1]);
    expect(lineage.namespaces.map((n, i) => `${n}:${stringAt(lineage.ids, lineage.heads[i]!)}`)).toEqual([
      ':d',
      'child:b',
      'child/in%2Fner:c',
    ]);
    expect(points.leaves()).toBe(1);
    expect(points.ancestry(3)).toEqual([0, 3]);
  });

  it('finds the host of a sub-graph within a sub-graph, which is named by its own node only', () => {
    const points = pointsOf([
      { id: 'a', next: ['outer'] },
      { id: 'b', namespace: 'outer', next: ['inner'] },
      { id: 'c', namespace: 'inner', next: ['review'] },
      { id: 'd', namespace: 'lost' },
    ]);
    expect([...points.toLineage().host]).toEqual([-1, 0, 1, -1]);
  });
});
