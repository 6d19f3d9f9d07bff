// Where the camera goes: fit the branch, fit the selection, overview; keep the selected card in sight and in place.

import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from 'react';
import type { RefObject } from 'react';
import { useView } from '../../state/view.ts';

import { leastZoom, readingZoom } from './draw.ts';
import type { Camera } from './draw.ts';
import { minimapSize } from './Minimap.tsx';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import { cardHeight, cardWidth, itemKinds, laneY } from '../../../shared/layout/scene.ts';
import type { Box, Scene } from '../../../shared/layout/scene.ts';

export interface CameraActions {
  readonly fitBranch: () => void;
  readonly fitSelection: () => void;
  readonly overview: () => void;
  readonly zoomBy: (factor: number) => void;
  readonly centre: (x: number, y: number) => void;
  readonly ready: () => void;
}

/** The person asked for another axis, or for all runs folded or unfolded; not: one run was opened. */
const isPlacedAnew = (last: Scene, scene: Scene): boolean =>
  last.branches === scene.branches &&
  (last.options.axis !== scene.options.axis ||
    last.options.unfoldAll !== scene.options.unfoldAll ||
    scene.options.opened.size < last.options.opened.size);

/** How long the camera takes to get somewhere. */
export const motionMillis = 120;

/** Room around the tree: for a branch's name to the right. */
const inset = { left: 36, top: 26, right: 130, bottom: 28 };

export function useCameraActions(given: {
  readonly scene: Scene | null;
  readonly size: { readonly width: number; readonly height: number };
  readonly camera: RefObject<Camera>;
  readonly current: ReadonlySet<number>;
  readonly selected: PointIndex;
  readonly goTo: (camera: Camera, animated: boolean) => void;
}): CameraActions {
  const latest = useRef(given);
  useLayoutEffect(() => {
    latest.current = given;
  });
  const store = useView((v) => v.store);
  const thread = useView((v) => v.thread);
  const shownFor = useRef<string | null>(null);
  const isReady = useRef(false);
  const aim = useRef({ camera: given.camera.current, until: 0 });

  const fit = useCallback((box: Box, least: number, most: number): Camera | null => {
    const { size } = latest.current;
    if (size.width === 0) return null;
    const w = Math.max(80, size.width - inset.left - inset.right);
    const h = Math.max(60, size.height - inset.top - inset.bottom);
    const zoom = Math.max(
      least,
      Math.min(most, w / Math.max(1, box.right - box.left), h / Math.max(1, box.bottom - box.top)),
    );
    const tall = (box.bottom - box.top) * zoom > h;
    return {
      zoom,
      x: inset.left - box.left * zoom,
      y: inset.top + (tall ? 0 : Math.min(40, (h - (box.bottom - box.top) * zoom) / 2)) - box.top * zoom,
    };
  }, []);

  /** Moves `camera` as little as needed for the point's card to be in sight. */
  const reveal = useCallback((from: Camera, point: PointIndex): Camera => {
    const { scene, size } = latest.current;
    const item = scene === null || point < 0 ? -1 : (scene.itemOf[point] ?? -1);
    if (scene === null || item < 0) return from;
    const { zoom } = from;
    const left = (scene.left[item] ?? 0) * zoom + from.x;
    const top = laneY(scene.laneOf[scene.branch[item] ?? 0] ?? 0) * zoom + from.y;
    const right = left + cardWidth * zoom;
    const bottom = top + cardHeight * zoom;
    const shift = (low: number, high: number, least: number, most: number): number =>
      high > most ? most - high : low < least ? least - low : 0;
    // A neighbour on each side stays visible, so that the next step never surprises.
    const side = Math.min(200 * zoom, size.width / 4);
    return {
      zoom,
      // The root has no step before it to keep in sight.
      x: from.x + shift(left, right, Math.min(side, (scene.left[item] ?? 0) * zoom + inset.left), size.width - side),
      // Above the minimap, where there is one.
      y: from.y + shift(top, bottom, inset.top, size.height - ((minimapSize(scene, size)?.height ?? 0) + inset.bottom)),
    };
  }, []);

  const branchBox = useCallback((): Box | null => {
    const { scene, current } = latest.current;
    if (scene === null) return null;
    const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
    for (const b of current) {
      const branch = scene.branches.branches[b];
      if (branch === undefined) continue;
      const top = laneY(scene.laneOf[b] ?? 0);
      box.left = Math.min(box.left, scene.left[scene.itemOf[branch.start] ?? 0] ?? 0);
      box.right = Math.max(box.right, scene.right[scene.itemOf[branch.tip] ?? 0] ?? 0);
      box.top = Math.min(box.top, top);
      box.bottom = Math.max(box.bottom, top + cardHeight);
    }
    return box.right < box.left ? null : box;
  }, []);

  const actions = useMemo((): CameraActions => {
    const fitsAt = (zoom: number): boolean => {
      const { scene, size } = latest.current;
      return scene !== null && scene.width * zoom <= size.width - inset.left - inset.right;
    };
    const start = (): void => {
      const { scene, size, selected, goTo } = latest.current;
      const key = JSON.stringify([store, thread]);
      if (!isReady.current || scene === null || size.width === 0 || shownFor.current === key) return;
      if (scene.branches.lineage.thread !== thread) return;
      shownFor.current = key;
      const whole = { left: 0, top: 0, right: scene.width, bottom: scene.height };
      // Whole if it can be read so; else in full size at the selected step, not smaller and still cut.
      const all = fitsAt(0.8) ? fit(whole, 0.8, 1) : fit(whole, 1, 1);
      if (all !== null) goTo(reveal(all, selected), false);
    };
    return {
      ready: () => {
        isReady.current = true;
        start();
      },
      fitBranch: () => {
        const box = branchBox();
        const next = box === null ? null : fit(box, leastZoom, 1);
        if (next !== null) latest.current.goTo(next, true);
      },
      fitSelection: () => {
        const { scene, size, selected, goTo } = latest.current;
        const item = scene === null || selected < 0 ? -1 : (scene.itemOf[selected] ?? -1);
        if (scene === null || item < 0) return;
        const x = (scene.left[item] ?? 0) + cardWidth / 2;
        const y = laneY(scene.laneOf[scene.branch[item] ?? 0] ?? 0) + cardHeight / 2;
        goTo({ zoom: 1, x: size.width / 2 - x, y: size.height / 2 - y }, true);
      },
      overview: () => {
        const { scene, goTo } = latest.current;
        if (scene === null) return;
        const next = fit({ left: 0, top: 0, right: scene.width, bottom: scene.height }, leastZoom, 1);
        if (next !== null) goTo(next, true);
      },
      zoomBy: (factor) => {
        const { camera, size, goTo } = latest.current;
        // From where the last zoom is still going to, or keys pressed quickly would be half lost.
        const { x, y, zoom } = performance.now() < aim.current.until ? aim.current.camera : camera.current;
        const next = Math.max(leastZoom, Math.min(2, zoom * factor));
        const cx = size.width / 2;
        const cy = size.height / 2;
        const to = { zoom: next, x: cx - ((cx - x) * next) / zoom, y: cy - ((cy - y) * next) / zoom };
        aim.current = { camera: to, until: performance.now() + motionMillis };
        goTo(to, true);
      },
      centre: (x, y) => {
        const { camera, size, goTo } = latest.current;
        const { zoom } = camera.current;
        goTo({ zoom, x: size.width / 2 - x * zoom, y: size.height / 2 - y * zoom }, false);
      },
    };
  }, [store, thread, fit, reveal, branchBox]);

  const { scene, size, selected } = given;
  useEffect(() => {
    // Without a scene React Flow is unmounted; the next one says itself when it is ready.
    if (scene === null) isReady.current = false;
    else if (isReady.current && size.width > 0) actions.ready();
  }, [actions, scene, size.width]);

  // A new picture of the same thread: the selected card stays where it is on the screen. A new selection is brought into sight.
  const before = useRef<{ readonly scene: Scene; readonly selected: PointIndex } | null>(null);
  useEffect(() => {
    const last = before.current;
    before.current = scene === null ? null : { scene, selected };
    if (scene === null || selected < 0 || shownFor.current !== JSON.stringify([store, thread])) return;
    if (last === null || last.scene.branches.lineage.thread !== scene.branches.lineage.thread) return;
    const { camera, goTo } = latest.current;
    let next = camera.current;
    // A run that was opened by hand unfolds from where its pill was; else the selected card is the fixed point.
    const openedByHand =
      last.selected === selected && last.scene.kind[last.scene.itemOf[selected] ?? 0] === itemKinds.point
        ? ([...scene.options.opened].find((point) => !last.scene.options.opened.has(point)) ?? -1)
        : -1;
    const anchor = openedByHand >= 0 ? openedByHand : selected;
    const old = last.scene.itemOf[anchor] ?? -1;
    const now = scene.itemOf[anchor] ?? -1;
    if (last.scene !== scene && old >= 0 && now >= 0) {
      const x = (last.scene.left[old] ?? 0) * next.zoom + next.x;
      const inSight = x > -cardWidth && x < size.width;
      if (inSight) {
        const lane = (s: Scene, i: number): number => laneY(s.laneOf[s.branch[i] ?? 0] ?? 0);
        next = {
          zoom: next.zoom,
          x: next.x + ((last.scene.left[old] ?? 0) - (scene.left[now] ?? 0)) * next.zoom,
          y: next.y + (lane(last.scene, old) - lane(scene, now)) * next.zoom,
        };
        goTo(next, false);
      }
    }
    // Placed by another axis, or folded: what was seen as a whole is seen as a whole again.
    if (isPlacedAnew(last.scene, scene) && camera.current.zoom < readingZoom) {
      actions.overview();
      return;
    }
    if (openedByHand >= 0) return;
    if (last.selected !== selected || (last.scene !== scene && last.scene.branches === scene.branches)) {
      const revealed = reveal(next, selected);
      if (revealed.x !== next.x || revealed.y !== next.y) goTo(revealed, true);
    }
  }, [scene, selected, size.width, store, thread, reveal, actions]);

  return actions;
}
