// Draws a lineage on a canvas: edges always; below reading zoom also lanes, marks and names. One function of what is seen.

import { linkKinds } from '../../../shared/model/lineage.ts';
import { statusMark } from '../../../shared/model/status.ts';
import type { Status } from '../../../shared/model/status.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import { clockTime } from '../../ui/format.ts';
import type { Colours } from './palette-colours.ts';
import { cardHeight, cardWidth, itemKinds, itemsIn, laneY, pillWidth } from '../../../shared/layout/scene.ts';
import type { Box, ItemIndex, Scene } from '../../../shared/layout/scene.ts';

export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** From this zoom on, cards are read; below it they are strokes and marks. */
export const readingZoom = 0.6;

/** At this zoom 200,000 unfolded steps fit a window. */
export const leastZoom = 0.00002;

/** From this zoom on, the strokes of single steps carry their names. */
export const namingZoom = 0.3;

export interface CardText {
  readonly name: string;
  readonly step: string;
  readonly line: string;
  readonly status: Status | null;
}

export interface Drawing {
  readonly scene: Scene;
  readonly camera: Camera;
  readonly width: number;
  readonly height: number;
  readonly colours: Colours;
  /** Branches in full strength. */
  readonly current: ReadonlySet<number>;
  /** Items that stand there as elements; the others of the window are drawn here. */
  readonly asElements: ReadonlySet<ItemIndex>;
  readonly statusOf: (point: PointIndex) => Status | null;
  readonly textOf: (item: ItemIndex) => CardText;
  readonly selected: PointIndex;
  readonly compared: PointIndex;
  readonly axis: 'step' | 'time';
}

export function boxOf(camera: Camera, width: number, height: number, margin = 0): Box {
  return {
    left: (-camera.x - margin) / camera.zoom,
    top: (-camera.y - margin) / camera.zoom,
    right: (width - camera.x + margin) / camera.zoom,
    bottom: (height - camera.y + margin) / camera.zoom,
  };
}

const middle = cardHeight / 2;
const inferred = linkKinds.indexOf('inferred');

export function draw(canvas: CanvasRenderingContext2D, d: Drawing): void {
  const { scene, camera } = d;
  canvas.clearRect(0, 0, d.width, d.height);
  const box = boxOf(camera, d.width, d.height, 8);
  if (camera.zoom >= readingZoom) {
    drawEdges(canvas, d, itemsIn(scene, { ...box, left: box.left - 400, right: box.right + 400 }));
    for (const item of itemsIn(scene, box)) if (!d.asElements.has(item)) drawPlainCard(canvas, d, item);
    drawLongForks(canvas, d, box);
  } else {
    // Where lanes are closer than a line is wide, the lanes lie on top of the ways to them.
    drawLongForks(canvas, d, box);
    drawFar(canvas, d, box);
  }
  if (d.axis === 'time') drawRuler(canvas, d, box);
}

const sx = (d: Drawing, x: number): number => x * d.camera.zoom + d.camera.x;
const sy = (d: Drawing, y: number): number => y * d.camera.zoom + d.camera.y;

function strokeOf(d: Drawing, branch: number): string {
  const hue = d.scene.branches.branches[branch]?.hue ?? -1;
  if (hue < 0) return d.current.has(branch) ? d.colours.of.dim : d.colours.of.line2;
  return (d.current.has(branch) ? d.colours.branch[hue] : d.colours.branchDim[hue]) ?? d.colours.of.line2;
}

const itemLane = (scene: Scene, item: ItemIndex): number => scene.laneOf[scene.branch[item] ?? 0] ?? 0;

function drawEdges(canvas: CanvasRenderingContext2D, d: Drawing, items: readonly ItemIndex[]): void {
  const { scene } = d;
  canvas.lineWidth = Math.max(1.5, 2 * Math.min(1, d.camera.zoom));
  for (const item of items) {
    const from = scene.before[item] ?? -1;
    if (from < 0 || from === item) continue;
    const branch = scene.branch[item] ?? 0;
    const lane = itemLane(scene, item);
    const fromLane = itemLane(scene, from);
    // An edge between lanes may be longer than the window knows of: those are drawn once per branch.
    if (lane !== fromLane) continue;
    const point = scene.first[item] ?? 0;
    canvas.strokeStyle = strokeOf(d, branch);
    canvas.setLineDash(scene.branches.lineage.link[point] === inferred ? [4, 4] : []);
    const y = sy(d, laneY(lane) + middle);
    canvas.beginPath();
    canvas.moveTo(sx(d, endOf(scene, from)), y);
    canvas.lineTo(sx(d, startOf(scene, item)), y);
    canvas.stroke();
  }
  canvas.setLineDash([]);
}

/** Where a pill is drawn within its place; its edges reach to it from both sides. */
export function pillBox(scene: Scene, item: ItemIndex): { readonly left: number; readonly width: number } {
  return { left: scene.pillLeft[item] ?? 0, width: pillWidth };
}

const startOf = (scene: Scene, item: ItemIndex): number =>
  scene.kind[item] === itemKinds.fold ? pillBox(scene, item).left : (scene.left[item] ?? 0);
function endOf(scene: Scene, item: ItemIndex): number {
  if (scene.kind[item] !== itemKinds.fold) return (scene.left[item] ?? 0) + cardWidth;
  const pill = pillBox(scene, item);
  return pill.left + pill.width;
}

/** Where a branch leaves another lane: out of the card's right middle, into the left middle, turning just before it. */
function drawLongForks(canvas: CanvasRenderingContext2D, d: Drawing, box: Box): void {
  const { scene } = d;
  const near = d.camera.zoom >= readingZoom;
  canvas.lineWidth = near ? 2 * Math.min(1, d.camera.zoom) : 1.5;
  const { branches } = scene.branches;
  // Branches that leave the same point share the way down: the current one is drawn last, on top.
  const order = branches.map((_, b) => b).sort((p, q) => Number(d.current.has(p)) - Number(d.current.has(q)));
  for (const b of order) {
    const branch = branches[b];
    if (branch === undefined || branch.from < 0) continue;
    const item = scene.itemOf[branch.start] ?? -1;
    const from = scene.itemOf[branch.from] ?? -1;
    if (item < 0 || from < 0 || item === from || (scene.branch[item] ?? -1) !== b) continue;
    const lane = itemLane(scene, item);
    const fromLane = itemLane(scene, from);
    const top = laneY(Math.min(lane, fromLane));
    const bottom = laneY(Math.max(lane, fromLane)) + cardHeight;
    const x1 = endOf(scene, from);
    const x2 = startOf(scene, item);
    if (bottom < box.top || top > box.bottom || Math.max(x1, x2) < box.left || Math.min(x1, x2) > box.right) continue;
    const ax = sx(d, x1);
    const ay = sy(d, laneY(fromLane) + middle);
    const bx = sx(d, x2);
    const by = sy(d, laneY(lane) + middle);
    canvas.strokeStyle = strokeOf(d, b);
    canvas.setLineDash(branch.run === b || scene.branches.lineage.link[branch.start] === inferred ? [4, 4] : []);
    canvas.beginPath();
    canvas.moveTo(ax, ay);
    // Down in the gap right after the card, where no card of another lane can stand; then along the branch's own lane.
    const turn = Math.min(34 * d.camera.zoom, Math.max(4, bx - ax));
    const corner = Math.min(turn / 2, Math.abs(by - ay) / 2);
    const down = by > ay ? 1 : -1;
    const mx = ax + turn / 2;
    canvas.arcTo(mx, ay, mx, ay + down * corner, corner);
    canvas.arcTo(mx, by, mx + corner, by, corner);
    canvas.lineTo(bx, by);
    canvas.stroke();
  }
  canvas.setLineDash([]);
}

/** A card or pill that no element stands for, since there would be too many; it looks the same. */
function drawPlainCard(canvas: CanvasRenderingContext2D, d: Drawing, item: ItemIndex): void {
  const { scene, colours } = d;
  const z = d.camera.zoom;
  const pill = scene.kind[item] === itemKinds.fold;
  const place = pill ? pillBox(scene, item) : { left: scene.left[item] ?? 0, width: cardWidth };
  const text = d.textOf(item);
  const current = d.current.has(scene.branch[item] ?? 0);
  canvas.save();
  canvas.translate(sx(d, place.left), sy(d, laneY(itemLane(scene, item))));
  canvas.scale(z, z);
  canvas.lineWidth = 1;
  canvas.strokeStyle = colours.of.line2;
  canvas.textBaseline = 'middle';
  canvas.beginPath();
  if (pill) {
    canvas.roundRect(0.5, 10.5, place.width - 1, 23, 12);
    canvas.fillStyle = colours.of.bg;
    canvas.fill();
    canvas.setLineDash([3, 3]);
    canvas.stroke();
    canvas.fillStyle = colours.of.dim;
    canvas.font = `11.5px 'Inter Variable', sans-serif`;
    const fitted = clip(canvas, text.name, place.width - 22);
    canvas.fillText(fitted, (place.width - canvas.measureText(fitted).width) / 2, 22.5);
  } else {
    canvas.roundRect(0.5, 0.5, cardWidth - 1, cardHeight - 1, 7);
    canvas.fillStyle = colours.of.panel;
    canvas.fill();
    if (scene.kind[item] === itemKinds.subgraph) canvas.setLineDash([3, 3]);
    canvas.stroke();
    canvas.fillStyle = strokeOf(d, scene.branch[item] ?? 0);
    canvas.fillRect(-1, 7, 3, cardHeight - 14);
    canvas.fillStyle = colours.of.faint;
    canvas.font = `11px 'Inter Variable', sans-serif`;
    const stepWidth = canvas.measureText(text.step).width;
    canvas.fillText(text.step, cardWidth - 9 - stepWidth, 14);
    canvas.fillStyle =
      text.status !== null ? colours.of[statusColour[text.status]] : current ? colours.of.dim : colours.of.faint;
    canvas.fillText(clip(canvas, text.line, cardWidth - 20), 11, 31.5);
    canvas.fillStyle = current ? colours.of.text : colours.of.dim;
    canvas.font = `550 12.5px 'Inter Variable', sans-serif`;
    canvas.fillText(clip(canvas, text.name, cardWidth - 26 - stepWidth), 11, 14);
  }
  canvas.restore();
}

function drawFar(canvas: CanvasRenderingContext2D, d: Drawing, box: Box): void {
  const { scene, colours } = d;
  const { branches } = scene.branches;
  const z = d.camera.zoom;
  const thick = Math.max(1, Math.min(3, cardHeight * z * 0.28));
  // The current ones on top, then the upper lanes: at far zoom all of them may fall on the same pixels.
  const order = branches.map((_, b) => b).reverse();
  order.sort((p, q) => Number(d.current.has(p)) - Number(d.current.has(q)));
  for (const b of order) {
    const branch = branches[b];
    if (branch === undefined) continue;
    const lane = scene.laneOf[b] ?? 0;
    const y = laneY(lane);
    if (y + cardHeight < box.top || y > box.bottom) continue;
    const first = scene.itemOf[branch.start] ?? 0;
    if ((scene.branch[first] ?? -1) !== b) continue;
    const left = scene.left[first] ?? 0;
    const right = scene.right[scene.itemOf[branch.tip] ?? 0] ?? 0;
    if (right < box.left || left > box.right) continue;
    const x1 = Math.max(-10, sx(d, left));
    const x2 = Math.min(d.width + 10, sx(d, right));
    canvas.fillStyle = strokeOf(d, b);
    canvas.fillRect(x1, sy(d, y + middle) - thick / 2, Math.max(2, x2 - x1), thick);
  }
  // Single steps where there is room to tell them apart.
  if ((cardWidth + 34) * z >= 9) {
    const dot = Math.max(2, Math.min(5, 14 * z));
    for (const item of itemsIn(scene, box)) {
      const x = sx(d, scene.left[item] ?? 0);
      const y = sy(d, laneY(itemLane(scene, item)) + middle);
      const width = ((scene.right[item] ?? 0) - (scene.left[item] ?? 0)) * z;
      if (scene.kind[item] === itemKinds.point) {
        const h = cardHeight * z * 0.72;
        canvas.beginPath();
        canvas.roundRect(x, y - h / 2, width, h, Math.min(4, dot));
        canvas.fillStyle = colours.of.panel;
        canvas.fill();
        canvas.lineWidth = 1;
        canvas.strokeStyle = strokeOf(d, scene.branch[item] ?? 0);
        canvas.stroke();
        if (z >= namingZoom) {
          const text = d.textOf(item);
          canvas.fillStyle = d.current.has(scene.branch[item] ?? 0) ? colours.of.text : colours.of.dim;
          canvas.font = `500 11px 'Inter Variable', sans-serif`;
          canvas.textBaseline = 'middle';
          canvas.fillText(clip(canvas, text.name, width - 10), x + 5, y + 0.5);
        }
      }
    }
  }
  // Marks and names at the tips, in screen pixels; the lanes must be far enough apart for them.
  const spacing = laneY(1) * z;
  canvas.textBaseline = 'middle';
  for (let b = 0; b < branches.length; b++) {
    const branch = branches[b];
    if (branch === undefined) continue;
    const y = laneY(scene.laneOf[b] ?? 0);
    if (y + cardHeight < box.top || y > box.bottom) continue;
    const item = scene.itemOf[branch.tip] ?? 0;
    if ((scene.branch[item] ?? -1) !== b) continue;
    const right = scene.right[item] ?? 0;
    if (right < box.left || right > box.right) continue;
    const x = sx(d, right);
    const cy = sy(d, y + middle);
    const status = d.statusOf(branch.tip);
    let after = x + 6;
    if (status !== null && spacing >= 9) {
      canvas.fillStyle = colours.of[statusColour[status]];
      canvas.font = `${Math.min(13, Math.max(9, spacing * 0.7))}px 'Inter Variable', sans-serif`;
      canvas.fillText(statusMark[status], after, cy + 0.5);
      after += 16;
    }
    if (spacing >= 13 && branch.hue >= 0) {
      canvas.fillStyle = d.current.has(b) ? (colours.branch[branch.hue] ?? colours.of.dim) : colours.of.dim;
      canvas.font = `600 11px 'Inter Variable', sans-serif`;
      canvas.fillText(branch.name, after, cy + 0.5);
    }
  }
  for (const [point, dashed] of [
    [d.compared, true],
    [d.selected, false],
  ] as const) {
    const item = point < 0 ? -1 : (scene.itemOf[point] ?? -1);
    if (item < 0) continue;
    const x = sx(d, scene.left[item] ?? 0);
    const y = sy(d, laneY(itemLane(scene, item)) + middle);
    const w = Math.max(8, ((scene.right[item] ?? 0) - (scene.left[item] ?? 0)) * z);
    const h = Math.max(12, cardHeight * z * 0.72);
    canvas.beginPath();
    canvas.roundRect(x - 2, y - h / 2 - 2, w + 4, h + 4, 5);
    canvas.lineWidth = 2;
    canvas.setLineDash(dashed ? [4, 3] : []);
    canvas.strokeStyle = colours.of.accent;
    canvas.stroke();
    canvas.setLineDash([]);
  }
}

const statusColour = {
  idle: 'idle',
  interrupted: 'waiting',
  failed: 'failed',
  terminal: 'finished',
  armed: 'armed',
  in_flight: 'running',
  orphaned: 'orphaned',
  unknown: 'idle',
} as const satisfies Record<Status, string>;

function clip(canvas: CanvasRenderingContext2D, text: string, width: number): string {
  if (canvas.measureText(text).width <= width) return text;
  let fits = text;
  while (fits.length > 0 && canvas.measureText(`${fits}…`).width > width) fits = fits.slice(0, -1);
  return fits === '' ? '' : `${fits}…`;
}

/**
 * Clock times along the foot, no closer than they can be read; of the way to the selected branch only, since cards are wider than the
 * time between them and another branch may stand further right at an earlier time.
 */
function drawRuler(canvas: CanvasRenderingContext2D, d: Drawing, box: Box): void {
  const { scene, colours } = d;
  canvas.fillStyle = colours.of.bg;
  canvas.fillRect(0, d.height - 20, d.width, 20);
  canvas.font = `11px 'Inter Variable', sans-serif`;
  canvas.textBaseline = 'middle';
  const shown = itemsIn(scene, { ...box, top: 0, bottom: scene.height })
    .filter(
      (item) => d.current.has(scene.branch[item] ?? 0) && scene.branches.branches[scene.branch[item] ?? 0]?.run === -1,
    )
    .sort((p, q) => (scene.left[p] ?? 0) - (scene.left[q] ?? 0));
  let free = -Infinity;
  let latest = -Infinity;
  for (const item of shown) {
    const x = sx(d, scene.left[item] ?? 0);
    const time = scene.branches.lineage.time[scene.first[item] ?? 0] ?? Number.NaN;
    if (x < free || x > d.width - 290 || Number.isNaN(time) || time < latest) continue;
    latest = time;
    canvas.fillStyle = colours.of.line2;
    canvas.fillRect(Math.round(x), d.height - 20, 1, 5);
    canvas.fillStyle = colours.of.faint;
    canvas.fillText(clockTime(time).slice(0, 8), x + 5, d.height - 9);
    free = x + 96;
  }
}
