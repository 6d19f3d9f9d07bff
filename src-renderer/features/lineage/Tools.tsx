// The tools of the lineage, each also a command.

import { Crosshair, Maximize2, Minus, Plus, Scan } from 'lucide-react';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { registerActions } from '../../actions/action.ts';
import type { Action } from '../../actions/action.ts';
import { Button } from '../../ui/controls.tsx';
import { useLineageState } from './lineage-state.ts';
import { itemKinds } from '../../../shared/layout/scene.ts';
import type { Scene } from '../../../shared/layout/scene.ts';
import type { CameraActions } from './use-camera.ts';

const setAxis = (axis: 'step' | 'time'): void => useLineageState.setState({ axis });
const toggleFolds = (): void =>
  useLineageState.setState((s) => ({ unfoldAll: !s.unfoldAll && s.opened.size === 0, opened: new Set() }));

export function Tools(props: { readonly scene: Scene; readonly camera: CameraActions }): ReactNode {
  const { scene, camera } = props;
  const axis = useLineageState((s) => s.axis);
  const unfolded = useLineageState((s) => s.unfoldAll || s.opened.size > 0);
  const folds = unfolded || scene.kind.some((k) => k !== itemKinds.point);
  const times = scene.branches.lineage.time.some((t) => !Number.isNaN(t));

  useEffect(() => {
    const list: Action[] = [
      { id: 'lineage.fitBranch', label: 'Fit branch', group: 'Lineage', shortcut: ['b'], perform: camera.fitBranch },
      {
        id: 'lineage.fitSelection',
        label: 'Fit selection',
        group: 'Lineage',
        shortcut: ['s'],
        perform: camera.fitSelection,
      },
      { id: 'lineage.overview', label: 'Overview', group: 'Lineage', shortcut: ['o'], perform: camera.overview },
      {
        id: 'lineage.zoomIn',
        label: 'Zoom in',
        group: 'Lineage',
        shortcut: ['+', '='],
        perform: () => camera.zoomBy(1.25),
      },
      {
        id: 'lineage.zoomOut',
        label: 'Zoom out',
        group: 'Lineage',
        shortcut: ['-'],
        perform: () => camera.zoomBy(0.8),
      },
      {
        id: 'lineage.byStep',
        label: 'Place by step',
        group: 'Lineage',
        when: () => useLineageState.getState().axis !== 'step',
        perform: () => setAxis('step'),
      },
      {
        id: 'lineage.byTime',
        label: 'Place by time',
        group: 'Lineage',
        when: () => times && useLineageState.getState().axis !== 'time',
        perform: () => setAxis('time'),
      },
      {
        id: 'lineage.fold',
        label: unfolded ? 'Fold runs' : 'Unfold all runs',
        group: 'Lineage',
        when: () => folds,
        perform: toggleFolds,
      },
    ];
    return registerActions('lineage.tools', list);
  }, [camera, times, folds, unfolded]);

  return (
    <div className="lineage-tools" role="toolbar" aria-label="Lineage tools">
      <div className="lineage-group">
        <Button icon aria-label="Fit branch" title="Fit branch (B)" onClick={camera.fitBranch}>
          <Scan size={14} />
        </Button>
        <Button icon aria-label="Fit selection" title="Fit selection (S)" onClick={camera.fitSelection}>
          <Crosshair size={14} />
        </Button>
        <Button icon aria-label="Overview" title="Overview (O)" onClick={camera.overview}>
          <Maximize2 size={13} />
        </Button>
      </div>
      <div className="lineage-group">
        <Button icon aria-label="Zoom out" title="Zoom out (−)" onClick={() => camera.zoomBy(0.8)}>
          <Minus size={14} />
        </Button>
        <Button icon aria-label="Zoom in" title="Zoom in (+)" onClick={() => camera.zoomBy(1.25)}>
          <Plus size={14} />
        </Button>
      </div>
      {times && (
        <div className="lineage-group">
          <Button pressed={axis === 'step'} title="Place by step" onClick={() => setAxis('step')}>
            Step
          </Button>
          <Button
            pressed={axis === 'time'}
            title="Place by time; long waits are cut short"
            onClick={() => setAxis('time')}
          >
            Time
          </Button>
        </div>
      )}
      {folds && <Button onClick={toggleFolds}>{unfolded ? 'Fold' : 'Unfold'}</Button>}
    </div>
  );
}
