// The lineage: React Flow for pan, zoom and the cards in the window; a canvas below for edges and everything at far zoom.
// The same elements are the tree that assistive technology reads.

import { ReactFlow } from '@xyflow/react';
import type { ReactFlowInstance } from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { MouseEvent as ReactMouseEvent, ReactNode } from 'react';
import { useView } from '../../state/view.ts';
import { Button, EmptyState, ProgressLine } from '../../ui/controls.tsx';
import { counted } from '../../ui/format.ts';
import { branchLine } from '../../../shared/layout/branches.ts';
import { cardLine, foldNames, nodeTypes, stepText } from './cards.tsx';
import type { CardNode } from './cards.tsx';
import { boxOf, draw, leastZoom, namingZoom, readingZoom } from './draw.ts';
import type { Camera, CardText } from './draw.ts';
import { Hint } from './Hint.tsx';
import { comparePoint, openFold, pointOf, selectPoint, selectedPoint, useLineageState } from './lineage-state.ts';
import type { PointRow } from './lineage-state.ts';
import { Minimap, minimapSize } from './Minimap.tsx';
import type { MinimapHandle } from './Minimap.tsx';
import { useColours } from './palette-colours.ts';
import { foldOver, itemKinds, itemsIn, laneY } from '../../../shared/layout/scene.ts';
import type { ItemIndex, Scene } from '../../../shared/layout/scene.ts';
import { nodeName } from './selected.ts';
import { Refused } from './Refused.tsx';
import { Tools } from './Tools.tsx';
import { motionMillis, useCameraActions } from './use-camera.ts';
import { useLineage } from './use-lineage.ts';
import { NodeCache, chooseItems, mostSpoken, spokenFacts } from './window-nodes.ts';
import './lineage.css';

/** The window is asked for again when the camera moved this far; it is wider than the pane by as much on each side. */
const requery = 160;

/** Names on strokes that are read at a time: a wide window of a wide tree at the zoom where they begin. */
const mostNamed = 240;

const calm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

export function LineagePane(): ReactNode {
  const thread = useView((v) => v.thread);
  const checkpoint = useView((v) => v.checkpoint);
  const comparedKey = useView((v) => v.compared);
  const reading = useLineage();
  const { want } = reading;
  const scene = useLineageState((s) => s.scene);
  const rows = useLineageState((s) => s.rows);
  const error = useLineageState((s) => s.error);
  const loading = useLineageState((s) => s.loading);
  const axis = useLineageState((s) => s.axis);
  const followed = useLineageState((s) => s.followed);
  const path = useLineageState((s) => s.path);
  const colours = useColours();

  const pane = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const map = useRef<MinimapHandle>(null);
  const flow = useRef<ReactFlowInstance<CardNode> | null>(null);
  const camera = useRef<Camera>({ x: 40, y: 70, zoom: 1 });
  const asked = useRef<Camera>(camera.current);
  const cache = useRef(new NodeCache());
  const [size, setSize] = useState({ width: 0, height: 0 });
  /** Grows when the window must be asked for again. */
  const [moved, setMoved] = useState(0);
  const [hovered, setHovered] = useState(-1);

  const selected = useMemo(() => (scene === null || checkpoint === null ? -1 : selectedPoint()), [scene, checkpoint]);
  const compared = useMemo(
    () => (scene === null ? -1 : pointOf(scene.branches.lineage, comparedKey)),
    [scene, comparedKey],
  );
  const current = useMemo(() => {
    if (scene === null) return new Set<number>();
    const own = selected >= 0 ? (scene.branches.branchOf[selected] ?? -1) : 0;
    return branchLine(scene.branches, followed >= 0 && followed < scene.branches.branches.length ? followed : own);
  }, [scene, selected, followed]);

  // What is in the window.
  const near = camera.current.zoom >= readingZoom;
  const { items, nodes, spoken } = useMemo(() => {
    if (scene === null || size.width === 0) return { items: new Set<ItemIndex>(), nodes: [], spoken: [] };
    const box = boxOf(camera.current, size.width, size.height, requery);
    const chosen = near
      ? chooseItems(
          scene,
          itemsIn(scene, box),
          box,
          [selected, compared].map((point) => scene.itemOf[point] ?? -1),
        )
      : [];
    const facts = { scene, rows, current, selected, compared };
    const built = cache.current.build(facts, chosen);
    const inCards = new Set<ItemIndex>(chosen);
    const others: number[] = [];
    const { count } = scene.branches.lineage;
    const room = mostSpoken - built.length;
    const from = Math.max(0, selected);
    for (let away = 0; away < count && others.length < room; away++) {
      for (const point of away === 0 ? [from] : [from + away, from - away]) {
        if (point < 0 || point >= count || others.length >= room) continue;
        const item = scene.itemOf[point] ?? -1;
        if (!inCards.has(item) || scene.kind[item] !== itemKinds.point) others.push(point);
      }
    }
    return { items: inCards, nodes: built, spoken: others.sort((p, q) => p - q) };
    // `moved` stands for the camera, which is a ref because it changes with every frame of a gesture.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [scene, rows, current, selected, compared, size, moved, near]);

  useEffect(() => {
    if (scene === null) return;
    const wanted: number[] = [];
    for (const item of items) {
      const first = scene.first[item] ?? 0;
      const last = scene.last[item] ?? 0;
      wanted.push(first);
      if (first !== last) wanted.push(last);
      if (scene.kind[item] === itemKinds.fold) wanted.push(scene.branches.next[first] ?? first);
    }
    if (selected >= 0) wanted.push(selected);
    if (path.length > 0) wanted.push(path.at(-1) ?? 0);
    if (compared >= 0) wanted.push(compared);
    if (near) {
      const box = boxOf(camera.current, size.width, size.height, requery);
      for (const item of itemsIn(scene, box)) if (!items.has(item)) wanted.push(scene.first[item] ?? 0);
    } else {
      const box = boxOf(camera.current, size.width, size.height);
      for (const branch of scene.branches.branches) {
        if (wanted.length > 240) break;
        const item = scene.itemOf[branch.tip] ?? 0;
        const y = laneY(scene.laneOf[scene.branch[item] ?? 0] ?? 0);
        if (y > box.top && y < box.bottom && (scene.right[item] ?? 0) < box.right) wanted.push(branch.tip);
      }
      // The strokes carry names: those of the window are read, the middle of it first.
      if (camera.current.zoom >= namingZoom) {
        const named = itemsIn(scene, box).filter((item) => scene.kind[item] === itemKinds.point);
        const middle = (box.left + box.right) / 2;
        const away = (item: ItemIndex): number => Math.abs((scene.left[item] ?? 0) - middle);
        for (const item of named.sort((p, q) => away(p) - away(q)).slice(0, mostNamed))
          wanted.push(scene.first[item] ?? 0);
      }
    }
    want([...wanted, ...spoken]);
    // `moved`: see above.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [scene, items, spoken, selected, compared, near, size, path, want, moved]);

  const paint = useCallback((): void => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element == null || context == null || scene === null || size.width === 0) return;
    const ratio = devicePixelRatio;
    if (element.width !== Math.round(size.width * ratio) || element.height !== Math.round(size.height * ratio)) {
      element.width = Math.round(size.width * ratio);
      element.height = Math.round(size.height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(context, {
      scene,
      camera: camera.current,
      width: size.width,
      height: size.height,
      colours,
      current,
      asElements: items,
      statusOf: (point) => rows.get(point)?.checkpoint.status ?? null,
      textOf: (item) => textOf(scene, rows, item),
      selected,
      compared,
      axis,
    });
    map.current?.show(camera.current, size.width, size.height);
  }, [scene, size, colours, current, items, rows, selected, compared, axis]);
  useLayoutEffect(paint, [paint]);

  const onMove = useCallback(
    (next: Camera): void => {
      camera.current = next;
      const last = asked.current;
      const far = Math.abs(next.x - last.x) > requery / 2 || Math.abs(next.y - last.y) > requery / 2;
      if (far || next.zoom !== last.zoom) {
        asked.current = next;
        setMoved((n) => n + 1);
      }
      paint();
    },
    [paint],
  );

  const goTo = useCallback((next: Camera, animated: boolean): void => {
    const motion = animated && !calm() ? { duration: motionMillis } : {};
    void flow.current?.setViewport(next, motion);
  }, []);

  const cameraActions = useCameraActions({ scene, size, camera, current, selected, goTo });

  useEffect(() => {
    const element = pane.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const mapSize = scene === null ? null : minimapSize(scene, size);
  // A map that has just appeared has not been told where the window is.
  const hasMap = mapSize !== null;
  useEffect(() => {
    if (hasMap) map.current?.show(camera.current, size.width, size.height);
  }, [hasMap, size]);

  const isDrawn = scene !== null && scene.count > 0;
  // React Flow calls itself an application, which would hide the tree's items from the tree around it.
  useLayoutEffect(() => {
    const wrapper = pane.current?.querySelector('.react-flow');
    if (isDrawn) wrapper?.setAttribute('role', 'presentation');
  }, [isDrawn]);

  const click = (point: number, event: { readonly ctrlKey: boolean; readonly metaKey: boolean }): void => {
    if (event.ctrlKey || event.metaKey) comparePoint(point);
    else selectPoint(point);
  };
  const pointUnder = (event: ReactMouseEvent | MouseEvent): number => {
    const rect = pane.current?.getBoundingClientRect();
    if (scene === null || rect === undefined) return -1;
    const { x, y, zoom } = camera.current;
    const wx = (event.clientX - rect.left - x) / zoom;
    const wy = (event.clientY - rect.top - y) / zoom;
    const slack = 6 / zoom;
    const hit = itemsIn(scene, { left: wx - slack, right: wx + slack, top: wy - slack, bottom: wy + slack });
    const best = hit.sort((p, q) => Math.abs((scene.left[p] ?? 0) - wx) - Math.abs((scene.left[q] ?? 0) - wx))[0];
    return best === undefined ? -1 : (scene.first[best] ?? -1);
  };

  return (
    <div className="lineage">
      {scene === null || scene.count === 0 ? (
        <div className="lineage-tools" />
      ) : (
        <Tools scene={scene} camera={cameraActions} />
      )}
      <Refused />
      <div className="lineage-view" ref={pane}>
        <canvas ref={canvas} className="lineage-edges" aria-hidden="true" />
        <div
          className="lineage-tree"
          role="tree"
          aria-label="Lineage"
          tabIndex={0}
          aria-activedescendant={selected >= 0 ? `point-${selected}` : undefined}
        >
          {scene !== null && scene.count > 0 && (
            <ReactFlow<CardNode>
              nodes={nodes}
              edges={[]}
              nodeTypes={nodeTypes}
              defaultViewport={camera.current}
              minZoom={leastZoom}
              maxZoom={2}
              nodesDraggable={false}
              nodesConnectable={false}
              nodesFocusable={false}
              edgesFocusable={false}
              elementsSelectable={false}
              translateExtent={extentOf(scene, camera.current.zoom, size)}
              panOnScroll
              zoomOnDoubleClick={false}
              disableKeyboardA11y
              deleteKeyCode={null}
              selectionKeyCode={null}
              multiSelectionKeyCode={null}
              panActivationKeyCode={null}
              zoomActivationKeyCode={null}
              proOptions={{ hideAttribution: true }}
              onInit={(instance) => {
                flow.current = instance;
                cameraActions.ready();
              }}
              onMove={(_, next) => onMove(next)}
              onNodeClick={(event, node) => {
                if (node.type === 'point') click(node.data.point, event);
                else if (node.type !== 'branch') openFold(foldOver(scene, node.data.point));
              }}
              onNodeMouseEnter={(_, node) => setHovered(node.type === 'point' ? node.data.point : -1)}
              onNodeMouseLeave={() => setHovered(-1)}
              onPaneClick={(event) => {
                const point = near && items.size > 0 ? plainPoint(pointUnder(event)) : pointUnder(event);
                if (point >= 0) click(point, event);
              }}
              onPaneMouseMove={(event) => {
                // Moves over a card bubble up to here; at reading zoom the cards say it themselves.
                const point = pointUnder(event);
                if (!near) setHovered(point);
                else if (plainPoint(point) >= 0) setHovered(point);
              }}
              onPaneMouseLeave={() => setHovered(-1)}
            />
          )}
          {/* Steps that no card stands for now: read and activated by assistive technology, one pixel each along the foot of the pane. */}
          {scene !== null &&
            spoken.map((point, i) => (
              <div
                key={point}
                className="point-spoken"
                {...spokenFacts({ scene, rows, current, selected, compared }, point)}
                style={{ left: i * 2 }}
                onClick={(event) => click(point, event)}
              />
            ))}
        </div>
        {scene !== null && scene.count > 0 && (
          <>
            {mapSize !== null && (
              <Minimap
                handle={map}
                scene={scene}
                size={mapSize}
                colours={colours}
                current={current}
                onGo={cameraActions.centre}
              />
            )}
            <Hint scene={scene} point={hovered} />
          </>
        )}
      </div>
      <ProgressLine active={reading.slow} text={reading.progress} onCancel={reading.cancel} />
      {thread === null && !loading && (
        <EmptyState small title="No thread is selected">
          Choose one on the left; its checkpoints appear here as a tree.
        </EmptyState>
      )}
      {error !== null && scene === null && (
        <EmptyState
          small
          alert
          title="The lineage of this thread cannot be read"
          action={<Button onClick={reading.retry}>Read again</Button>}
        >
          {error.message} {error.hint}
        </EmptyState>
      )}
      {scene !== null && scene.count === 0 && (
        <EmptyState small title="This thread has no checkpoint">
          The store names the thread and holds no checkpoint of it. It may have been pruned.
        </EmptyState>
      )}
    </div>
  );

  /** At reading zoom the pane's cards that are not elements may be clicked; empty ground deselects nothing. */
  function plainPoint(point: number): number {
    const item = scene === null || point < 0 ? -1 : (scene.itemOf[point] ?? -1);
    return item >= 0 && !items.has(item) ? point : -1;
  }
}

/** A gesture cannot lose the tree: a fifth of the pane always shows some of it. */
function extentOf(
  scene: Scene,
  zoom: number,
  size: { readonly width: number; readonly height: number },
): [[number, number], [number, number]] {
  const x = (0.8 * size.width) / zoom;
  const y = (0.8 * size.height) / zoom;
  return [
    [-x, -y],
    [scene.width + x, scene.height + y],
  ];
}

function textOf(scene: Scene, rows: ReadonlyMap<number, PointRow>, item: ItemIndex): CardText {
  const first = scene.first[item] ?? 0;
  const last = scene.last[item] ?? 0;
  const size = counted(scene.size[item] ?? 1, 'step');
  const plain = { step: '', line: '', status: null };
  if (scene.kind[item] === itemKinds.fold) {
    const names = foldNames({ branches: scene.branches, rows }, first, last);
    return { ...plain, name: names === '' ? size : `${size} · ${names}` };
  }
  if (scene.kind[item] === itemKinds.subgraph) {
    const name = scene.branches.branches[scene.branch[item] ?? 0]?.name ?? '';
    return { ...plain, name, step: 'sub-graph', line: size };
  }
  const row = rows.get(first);
  if (row === undefined) return { ...plain, name: '…' };
  const line = cardLine(row);
  return {
    name: nodeName(row.checkpoint),
    step: stepText(row),
    line: line.text,
    status: line.status,
  };
}
