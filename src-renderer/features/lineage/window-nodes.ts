// From the window of a scene to the few nodes that React Flow is given. Nodes are kept by id, so that what did not change is not drawn
// again; each has its size and handles, without which every node would be mounted once to be measured.

import { Position } from '@xyflow/react';
import type { NodeHandle } from '@xyflow/react';
import type { CSSProperties } from 'react';
import { stringAt, unknownStep } from '../../../shared/model/lineage.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { CardData, CardNode } from './cards.tsx';
import { pillBox } from './draw.ts';
import type { PointRow } from './lineage-state.ts';
import { cardHeight, cardWidth, firstPiece, itemKinds, laneY } from '../../../shared/layout/scene.ts';
import type { Box, ItemIndex, Scene } from '../../../shared/layout/scene.ts';
import { spokenName } from './selected.ts';
import { counted } from '../../ui/format.ts';

/**
 * Cards that are elements, and treeitems in all. Measured: 150 elements pan smoothly, 300 halve the frame rate; a card is four. What is
 * beyond stands on the canvas and looks the same.
 */
export const mostCards = 24;
export const mostSpoken = 56;

/** The items that become elements: all of the window, or those nearest to its middle where there are too many. */
export function chooseItems(
  scene: Scene,
  items: readonly ItemIndex[],
  box: Box,
  always: readonly ItemIndex[],
): ItemIndex[] {
  if (items.length <= mostCards) return [...items];
  const mx = (box.left + box.right) / 2;
  const my = (box.top + box.bottom) / 2;
  const away = (k: ItemIndex): number => {
    const dx = (scene.left[k] ?? 0) + cardWidth / 2 - mx;
    const dy = laneY(scene.laneOf[scene.branch[k] ?? 0] ?? 0) + cardHeight / 2 - my;
    return always.includes(k) ? -1 : dx * dx + dy * dy;
  };
  return [...items].sort((p, q) => away(p) - away(q)).slice(0, mostCards);
}

export interface NodeFacts {
  readonly scene: Scene;
  readonly rows: ReadonlyMap<PointIndex, PointRow>;
  readonly current: ReadonlySet<number>;
  readonly selected: PointIndex;
  readonly compared: PointIndex;
}

/** What a treeitem says: level is the nesting of branches, position counts along its branch. */
export function spokenFacts(
  facts: NodeFacts,
  point: PointIndex,
): Record<string, string | number | boolean | undefined> {
  const b = facts.scene.branches;
  const at = b.branchOf[point] ?? 0;
  const branch = b.branches[at];
  const start = branch?.start ?? point;
  return {
    id: `point-${point}`,
    role: 'treeitem',
    'aria-label': pointName(facts, point),
    'aria-level': levelOf(facts.scene, at),
    'aria-setsize': branch?.size ?? 1,
    'aria-posinset': (b.depth[point] ?? 0) - (b.depth[start] ?? 0) + 1,
    'aria-selected': point === facts.selected,
    'aria-current': point === facts.compared ? 'true' : undefined,
    'aria-roledescription': undefined,
  };
}

function pointName(facts: NodeFacts, point: PointIndex): string {
  const row = facts.rows.get(point);
  if (row !== undefined) return spokenName(row.checkpoint);
  const { lineage } = facts.scene.branches;
  const step = lineage.step[point] ?? unknownStep;
  return `step ${step === unknownStep ? '–' : step}, –, unknown, ${stringAt(lineage.ids, point).slice(-8)}`;
}

function levelOf(scene: Scene, branch: number): number {
  const b = scene.branches;
  let level = 1;
  for (let at = branch; level < 100; level++) {
    const from = b.branches[at]?.from ?? -1;
    if (from < 0) break;
    at = b.branchOf[from] ?? -1;
  }
  return level;
}

const hueOf = (data: CardData): CSSProperties =>
  ({ '--c': data.hue < 0 ? 'var(--line2)' : `var(--b${data.hue}${data.current ? '' : 'd'})` }) as CSSProperties;

function classOf(type: 'point' | 'fold' | 'subgraph', data: CardData): string {
  if (type === 'fold') return 'pill';
  const names = ['card'];
  if (type === 'subgraph') names.push('card-subgraph');
  if (data.selected) names.push('card-selected');
  if (data.letter === 'B') names.push('card-compared');
  if (!data.current) names.push('card-off');
  return names.join(' ');
}

const handles = (width: number, height: number): NodeHandle[] => [
  { type: 'target', position: Position.Left, x: 0, y: height / 2, width: 1, height: 1 },
  { type: 'source', position: Position.Right, x: width, y: height / 2, width: 1, height: 1 },
];

/** Between a tip and its branch's name: beyond the turn of a sub-graph's edge where one leaves here. */
const labelRoom = (hosts: boolean): number => (hosts ? 42 : 14);

export class NodeCache {
  #nodes = new Map<string, { readonly mark: string; readonly node: CardNode }>();

  /** The nodes for these items, and the names of the branches whose tips are among them. */
  build(facts: NodeFacts, items: readonly ItemIndex[]): CardNode[] {
    const { scene } = facts;
    const b = scene.branches;
    const made: CardNode[] = [];
    const kept = new Map<string, { readonly mark: string; readonly node: CardNode }>();
    const put = (id: string, mark: string, make: () => CardNode): void => {
      const known = this.#nodes.get(id);
      const entry = known?.mark === mark ? known : { mark, node: make() };
      kept.set(id, entry);
      made.push(entry.node);
    };
    for (const item of items) {
      const kind = scene.kind[item] ?? 0;
      const branchIndex = scene.branch[item] ?? 0;
      const branch = b.branches[branchIndex];
      const point = scene.first[item] ?? 0;
      const last = scene.last[item] ?? 0;
      const y = laneY(scene.laneOf[branchIndex] ?? 0);
      const compared = point === facts.compared;
      const data: CardData = {
        point,
        last,
        size: scene.size[item] ?? 1,
        piece: kind === itemKinds.fold ? firstPiece(scene, item) : 1,
        hue: branch?.hue ?? 0,
        current: facts.current.has(branchIndex),
        selected: point === facts.selected,
        letter: facts.compared < 0 ? null : compared ? 'B' : point === facts.selected ? 'A' : null,
        name: branch?.name ?? '',
        head: b.isHead[last] === 1,
      };
      const type = kind === itemKinds.fold ? 'fold' : kind === itemKinds.subgraph ? 'subgraph' : 'point';
      const place =
        kind === itemKinds.fold
          ? { x: pillBox(scene, item).left, y: y + 10, width: pillBox(scene, item).width, height: 24 }
          : { x: scene.left[item] ?? 0, y, width: cardWidth, height: cardHeight };
      const spoken =
        kind === itemKinds.point
          ? spokenFacts(facts, point)
          : {
              role: 'treeitem',
              'aria-label': `${counted(data.size, 'step')} folded${type === 'subgraph' ? `, sub-graph ${data.name}` : ''}`,
              'aria-expanded': false,
              'aria-roledescription': undefined,
            };
      const mark = JSON.stringify([data, place, spoken]);
      put(`${type}${point}`, mark, () => ({
        id: `${type}${point}`,
        type,
        position: { x: place.x, y: place.y },
        width: place.width,
        height: place.height,
        handles: handles(place.width, place.height),
        data,
        className: classOf(type, data),
        style: hueOf(data),
        domAttributes: spoken,
      }));
      if (kind === itemKinds.point && branch !== undefined && branch.tip === point) {
        const label = { ...data, selected: false, letter: null };
        const x = place.x + cardWidth + labelRoom(b.hosts[point] === 1);
        put(`branch${branchIndex}`, JSON.stringify([label, x, y]), () => ({
          id: `branch${branchIndex}`,
          type: 'branch',
          position: { x, y: y + 12 },
          width: 96,
          height: 20,
          handles: handles(96, 20),
          data: label,
          className: 'branch-label',
          style: { color: label.hue < 0 ? 'var(--dim)' : `var(--b${label.hue})` },
          domAttributes: { 'aria-hidden': true },
        }));
      }
    }
    this.#nodes = kept;
    return made;
  }
}
