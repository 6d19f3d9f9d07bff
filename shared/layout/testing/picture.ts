// Lineages as text pictures, for fixtures and for reading results:
//
//     a─b─c─d      main
//         └─e─f    fork-1
//         └╌s─t    research:1     a sub-graph that ran under c, in the namespace named behind it
//
// `─` is an explicit link, `┄` an inferred one, `╌` hangs a sub-graph under its host; a line that begins with a name is a root.
// `└` (or `├`) leaves the point above that starts in the same column. `*` behind a point makes it its namespace's head.

import { linkKinds, stringColumn, unknownStep } from '../../model/lineage.ts';
import type { Lineage } from '../../model/lineage.ts';
import type { Scene } from '../scene.ts';

interface Drawn {
  readonly id: string;
  readonly column: number;
  readonly row: number;
  readonly parent: string | null;
  readonly host: string | null;
  readonly inferred: boolean;
  readonly namespace: string;
  readonly head: boolean;
}

/** Reads a picture. Points stand in the order of their columns (then rows), or in the order given, which must put parents first. */
export function lineageOf(picture: string, order?: readonly string[]): Lineage {
  const points: Drawn[] = [];
  picture.split('\n').forEach((line, row) => {
    const found = /^(?<lead>[\s│]*)(?<body>\S+)(?:\s+(?<name>\S.*))?$/u.exec(line.trimEnd());
    if (found?.groups === undefined) return;
    const { lead = '', body = '', name = '' } = found.groups;
    const hangs = body.startsWith('└╌') || body.startsWith('├╌');
    const namespace = hangs
      ? name.trim()
      : (points.findLast((p) => p.column === lead.length && p.row < row && /^[└├]/u.test(body))?.namespace ?? '');
    let before: string | null = null;
    let link = '';
    let column = lead.length;
    for (const part of body.split(/([└├─┄╌]+)/u).filter((p) => p !== '')) {
      if (/^[└├─┄╌]/u.test(part)) {
        if (/^[└├]/u.test(part)) before = points.findLast((p) => p.column === column && p.row < row)?.id ?? null;
        if (/^[└├]/u.test(part) && before === null)
          throw new Error(`nothing stands above column ${column} of line ${row + 1}`);
        link = part;
      } else {
        const id = part.replace(/\*$/u, '');
        const hosted = link.includes('╌');
        points.push({
          id,
          column,
          row,
          parent: hosted ? null : before,
          host: hosted ? before : null,
          inferred: link.includes('┄'),
          namespace,
          head: part.endsWith('*'),
        });
        before = id;
      }
      column += part.length;
    }
  });
  if (order === undefined) points.sort((p, q) => p.column - q.column || p.row - q.row);
  else points.sort((p, q) => order.indexOf(p.id) - order.indexOf(q.id));
  return fromPoints(points);
}

function fromPoints(points: readonly Drawn[]): Lineage {
  const count = points.length;
  const at = new Map(points.map((p, i) => [p.id, i]));
  if (at.size !== count) throw new Error('a name stands twice in the picture');
  const index = (id: string | null): number => (id === null ? -1 : (at.get(id) ?? -1));
  const namespaces = ['', ...new Set(points.map((p) => p.namespace).filter((n) => n !== ''))];
  const parent = Int32Array.from(points, (p) => index(p.parent));
  parent.forEach((p, i) => {
    if (p >= i) throw new Error(`${points[i]?.id ?? ''} stands before its parent`);
  });
  const heads = new Int32Array(namespaces.length).fill(-1);
  points.forEach((p, i) => {
    if (p.head) heads[namespaces.indexOf(p.namespace)] = i;
  });
  return {
    thread: 'picture',
    count,
    ids: stringColumn(points.map((p) => p.id)),
    nth: new Uint32Array(count),
    parent,
    link: Uint8Array.from(points, (p) =>
      linkKinds.indexOf(p.parent === null ? 'root' : p.inferred ? 'inferred' : 'explicit'),
    ),
    reason: new Uint32Array(count),
    reasons: [''],
    namespace: Uint32Array.from(points, (p) => namespaces.indexOf(p.namespace)),
    namespaces,
    host: Int32Array.from(points, (p) => index(p.host)),
    time: Float64Array.from(points, (_, i) => 1_700_000_000_000 + i * 1000),
    step: new Int32Array(count).fill(unknownStep),
    bytes: new Float64Array(count).fill(Number.NaN),
    heads,
  };
}

/** Prints a scene lane by lane: points by name, folded ones as `(n)`, each lane's branches named behind their tips. */
export function picture(scene: Scene, nameOf: (point: number) => string): string {
  const { branches } = scene.branches;
  const places = [...new Set(scene.left)].sort((p, q) => p - q);
  const widest = Math.max(1, ...Array.from(scene.first, (p, k) => label(scene, k, nameOf, p).length));
  const columnOf = (item: number): number => places.indexOf(scene.left[item] ?? 0) * (widest + 1);
  const lines = Array.from({ length: scene.lanes }, () => ({ cells: [] as string[], names: [] as string[] }));
  const set = (lane: number, column: number, text: string): void => {
    const cells = lines[lane]?.cells;
    if (cells === undefined) return;
    while (cells.length < column + text.length) cells.push(' ');
    Array.from(text).forEach((c, i) => {
      cells[column + i] = c;
    });
  };
  const lane = (item: number): number => scene.laneOf[scene.branch[item] ?? 0] ?? 0;
  for (let k = 0; k < scene.count; k++) {
    const from = scene.before[k] ?? -1;
    if (from < 0 || from === k) continue;
    const sub = branches[scene.branch[k] ?? 0]?.run === scene.branch[k] && lane(from) !== lane(k);
    const begin = columnOf(from) + (lane(from) === lane(k) ? 1 : 0);
    set(lane(k), begin, (sub ? '╌' : '─').repeat(Math.max(0, columnOf(k) - begin)));
    if (lane(from) !== lane(k)) set(lane(k), columnOf(from), '└');
  }
  for (let k = 0; k < scene.count; k++) {
    const branch = branches[scene.branch[k] ?? 0];
    set(lane(k), columnOf(k), label(scene, k, nameOf, scene.first[k] ?? 0));
    if (branch !== undefined && scene.last[k] === branch.tip) lines[lane(k)]?.names.push(branch.name);
  }
  const width = Math.max(0, ...lines.map((l) => l.cells.length));
  return lines.map((l) => `${l.cells.join('').padEnd(width)}  ${l.names.join(', ')}`.trimEnd()).join('\n');
}

function label(scene: Scene, item: number, nameOf: (point: number) => string, point: number): string {
  return (scene.size[item] ?? 1) > 1 ? `(${scene.size[item] ?? 0})` : nameOf(point);
}
