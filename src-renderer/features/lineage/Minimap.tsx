// The whole tree in a corner: drawn once per picture into a bitmap, the window's frame on top; drag the frame to move.

import { useCallback, useEffect, useImperativeHandle, useRef } from 'react';
import type { PointerEvent, ReactNode, Ref } from 'react';
import type { Colours } from './palette-colours.ts';
import { boxOf } from './draw.ts';
import type { Camera } from './draw.ts';
import { cardHeight, laneY } from '../../../shared/layout/scene.ts';
import type { Scene } from '../../../shared/layout/scene.ts';

const margin = 8;

export interface MapSize {
  readonly width: number;
  readonly height: number;
}

/** Nothing where all of the tree fits the pane anyway, or where the map would take the room of the cards; small in a small pane. */
export function minimapSize(scene: Scene, pane: MapSize): MapSize | null {
  const room = { width: scene.width + 160, height: scene.height + 48 };
  if (pane.height < 200 || pane.width < 420 || (room.width <= pane.width && room.height <= pane.height)) return null;
  return pane.height < 320 || pane.width < 900 ? { width: 132, height: 52 } : { width: 190, height: 74 };
}

export interface MinimapHandle {
  /** Redraws the frame. */
  show(camera: Camera, paneWidth: number, paneHeight: number): void;
}

export function Minimap(props: {
  readonly scene: Scene;
  readonly size: MapSize;
  readonly colours: Colours;
  readonly current: ReadonlySet<number>;
  /** World place that shall be in the middle. */
  readonly onGo: (x: number, y: number) => void;
  readonly handle: Ref<MinimapHandle>;
}): ReactNode {
  const { scene, colours, current, onGo, handle } = props;
  const { width, height } = props.size;
  const canvas = useRef<HTMLCanvasElement>(null);
  const bitmap = useRef<HTMLCanvasElement | null>(null);
  const last = useRef<{ camera: Camera; w: number; h: number } | null>(null);
  const scaleX = (width - 2 * margin) / Math.max(1, scene.width);
  // A tree of few lanes is not stretched to the corner's height.
  const scaleY = Math.min(12 / laneY(1), (height - 2 * margin) / Math.max(1, scene.height));

  const paint = useCallback((): void => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element == null || context == null || bitmap.current === null) return;
    const ratio = devicePixelRatio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.drawImage(bitmap.current, 0, 0, width, height);
    if (last.current === null) return;
    const { camera, w, h } = last.current;
    const box = boxOf(camera, w, h);
    const x1 = Math.max(2, margin + box.left * scaleX);
    const x2 = Math.min(width - 2, margin + box.right * scaleX);
    const y1 = Math.max(2, margin + box.top * scaleY);
    const y2 = Math.min(height - 2, margin + box.bottom * scaleY);
    if (x2 <= x1 || y2 <= y1) return;
    context.strokeStyle = colours.of.accent;
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(x1 + 0.5, y1 + 0.5, Math.max(4, x2 - x1 - 1), Math.max(4, y2 - y1 - 1), 3);
    context.stroke();
  }, [colours, scaleX, scaleY, width, height]);

  useEffect(() => {
    const ratio = devicePixelRatio;
    const made = document.createElement('canvas');
    made.width = width * ratio;
    made.height = height * ratio;
    const context = made.getContext('2d');
    if (context === null) return;
    context.scale(ratio, ratio);
    const { branches } = scene.branches;
    const thick = Math.max(1, Math.min(2, laneY(1) * scaleY * 0.5));
    const y = (b: number): number => margin + (laneY(scene.laneOf[b] ?? 0) + cardHeight / 2) * scaleY;
    branches.forEach((branch, b) => {
      const first = scene.itemOf[branch.start] ?? 0;
      if ((scene.branch[first] ?? -1) !== b) return;
      const x1 = margin + (scene.left[first] ?? 0) * scaleX;
      const x2 = margin + (scene.right[scene.itemOf[branch.tip] ?? 0] ?? 0) * scaleX;
      const hues = current.has(b) ? colours.branch : colours.branchDim;
      context.fillStyle = branch.hue < 0 ? colours.of.line2 : (hues[branch.hue] ?? colours.of.line2);
      if (branch.from >= 0) {
        const fromItem = scene.itemOf[branch.from] ?? 0;
        const top = y(scene.branch[fromItem] ?? 0);
        context.fillRect(x1, Math.min(top, y(b)), 1, Math.abs(y(b) - top));
      }
      context.fillRect(x1, y(b) - thick / 2, Math.max(1, x2 - x1), thick);
    });
    bitmap.current = made;
    paint();
  }, [scene, colours, current, scaleX, scaleY, width, height, paint]);

  useImperativeHandle(
    handle,
    () => ({
      show(camera, w, h) {
        last.current = { camera, w, h };
        paint();
      },
    }),
    [paint],
  );

  const go = (event: PointerEvent<HTMLCanvasElement>): void => {
    const rect = event.currentTarget.getBoundingClientRect();
    onGo((event.clientX - rect.left - margin) / scaleX, (event.clientY - rect.top - margin) / scaleY);
  };
  return (
    <canvas
      ref={canvas}
      className="minimap"
      aria-hidden="true"
      style={{ width, height }}
      width={width * devicePixelRatio}
      height={height * devicePixelRatio}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) go(event);
      }}
    />
  );
}
