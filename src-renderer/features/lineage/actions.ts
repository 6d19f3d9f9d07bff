// Moving through the tree, as actions: the keyboard, the palette and the scrubber's buttons use these.

import { registerActions } from '../../actions/action.ts';
import type { Action } from '../../actions/action.ts';
import { useView } from '../../state/view.ts';
import {
  comparePoint,
  follow,
  headPoint,
  openFold,
  selectPoint,
  selectedPoint,
  useLineageState,
} from './lineage-state.ts';
import { foldOver } from '../../../shared/layout/scene.ts';
import { hostOf, hostedRuns, neighbour, placeOn } from './walk.ts';

/** Place of the selected point on the followed branch, and the branch's points. */
export function placeOnPath(): { readonly path: Int32Array; readonly place: number } {
  const { branches, path } = useLineageState.getState();
  const point = selectedPoint();
  return { path, place: branches === null || point < 0 ? -1 : placeOn(branches, path, point) };
}

/** Moves along the followed branch; false at its end. */
export function step(by: number): boolean {
  const { path, place } = placeOnPath();
  const next = path[place + by];
  if (place < 0 || next === undefined) return false;
  selectPoint(next);
  return true;
}

/** Down from a step goes into the sub-graph that ran under it, up leads out again; else to the branch below or above. */
function toBranch(by: 1 | -1): void {
  const { branches, scene } = useLineageState.getState();
  const point = selectedPoint();
  if (branches === null || scene === null || point < 0) return;
  const host = hostOf(branches, point);
  const runs = hostedRuns(branches, host >= 0 ? host : point);
  const own = branches.branches[branches.branches[branches.branchOf[point] ?? -1]?.run ?? -1]?.start ?? -1;
  const within = neighbour(branches, (b) => scene.laneOf[b] ?? 0, point, by);
  const across = runs[host >= 0 ? runs.indexOf(own) + by : by === 1 ? 0 : -1];
  const next = host < 0 ? (across ?? within) : within >= 0 ? within : (across ?? (by === -1 ? host : -1));
  if (next < 0) return;
  const fold = foldOver(scene, next);
  if (fold >= 0) openFold(fold);
  follow(branches.branchOf[next] ?? -1);
  selectPoint(next);
}

let timer: ReturnType<typeof setInterval> | null = null;
const playMillis = 700;

export function togglePlaying(): void {
  if (timer !== null) {
    clearInterval(timer);
    timer = null;
    useLineageState.setState({ playing: false });
    return;
  }
  const { path, place } = placeOnPath();
  // At the end, playing begins again at the root.
  if (place === path.length - 1 && path[0] !== undefined) selectPoint(path[0]);
  useLineageState.setState({ playing: true });
  timer = setInterval(() => {
    if (!useLineageState.getState().playing || !step(1)) togglePlaying();
  }, playMillis);
}

const some = (): boolean => selectedPoint() >= 0;
const first = (): void => selectPoint(useLineageState.getState().path[0] ?? -1);
const last = (): void => selectPoint(useLineageState.getState().path.at(-1) ?? -1);

const actions: readonly Action[] = [
  {
    id: 'lineage.previous',
    label: 'Previous step',
    group: 'Go',
    shortcut: ['ArrowLeft'],
    when: some,
    perform: () => void step(-1),
  },
  {
    id: 'lineage.next',
    label: 'Next step',
    group: 'Go',
    shortcut: ['ArrowRight'],
    when: some,
    perform: () => void step(1),
  },
  {
    id: 'lineage.first',
    label: 'First step of the branch',
    group: 'Go',
    shortcut: ['Shift+ArrowLeft'],
    when: some,
    perform: first,
  },
  {
    id: 'lineage.last',
    label: 'Last step of the branch',
    group: 'Go',
    shortcut: ['Shift+ArrowRight'],
    when: some,
    perform: last,
  },
  {
    id: 'lineage.above',
    label: 'Branch above',
    group: 'Go',
    shortcut: ['ArrowUp'],
    when: some,
    perform: () => toBranch(-1),
  },
  {
    id: 'lineage.below',
    label: 'Branch below',
    group: 'Go',
    shortcut: ['ArrowDown'],
    when: some,
    perform: () => toBranch(1),
  },
  { id: 'lineage.root', label: 'Root of the thread', group: 'Go', shortcut: ['Home'], when: some, perform: first },
  {
    id: 'lineage.head',
    label: 'Head of the thread',
    group: 'Go',
    shortcut: ['End'],
    when: some,
    perform: () => selectPoint(headPoint()),
  },
  {
    id: 'lineage.play',
    label: 'Play or pause through the steps',
    group: 'Go',
    shortcut: ['Space'],
    when: some,
    perform: togglePlaying,
  },
  {
    id: 'lineage.compareParent',
    label: 'Compare with the step before',
    group: 'Lineage',
    when: () => placeOnPath().place > 0,
    perform: () => {
      const { path, place } = placeOnPath();
      comparePoint(path[place - 1] ?? -1);
    },
  },
  {
    id: 'lineage.swap',
    label: 'Swap A and B',
    group: 'Lineage',
    shortcut: ['x'],
    when: () => useView.getState().compared !== null,
    perform: () => useView.getState().swapCompared(),
  },
  {
    id: 'lineage.endCompare',
    label: 'End the comparison',
    group: 'Lineage',
    shortcut: ['Escape'],
    when: () => useView.getState().compared !== null,
    perform: () => useView.getState().compare(null),
  },
];

export const registerLineageActions = (): (() => void) => registerActions('lineage', actions);
