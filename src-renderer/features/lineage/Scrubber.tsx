// The way through the branch as a slider: step back, play, step on; ticks where branches leave and where runs stopped.

import { Pause, Play, SkipBack, SkipForward } from 'lucide-react';
import { useMemo } from 'react';
import type { CSSProperties, ReactNode } from 'react';
import { unknownStep } from '../../../shared/model/lineage.ts';
import { useView } from '../../state/view.ts';
import { Button } from '../../ui/controls.tsx';
import { count } from '../../ui/format.ts';
import { placeOnPath, step, togglePlaying } from './actions.ts';
import { selectPoint, useLineageState } from './lineage-state.ts';
import type { PointRow } from './lineage-state.ts';
import './scrubber.css';

/** More ticks than this would be a bar. */
const mostTicks = 160;

export function Scrubber(): ReactNode {
  useView((v) => v.checkpoint);
  const branches = useLineageState((s) => s.branches);
  const path = useLineageState((s) => s.path);
  const playing = useLineageState((s) => s.playing);
  const followed = useLineageState((s) => s.followed);
  const { place } = placeOnPath();
  const point = path[Math.max(0, place)] ?? 0;
  const tip = path.at(-1) ?? 0;
  const row = useLineageState((s) => s.rows.get(point));
  const tipRow = useLineageState((s) => s.rows.get(tip));
  const ticks = useMemo(() => {
    if (branches === null) return [];
    const found: { readonly at: number; readonly kind: string }[] = [];
    path.forEach((point, at) => {
      if ((branches.children[point] ?? 0) > 1) found.push({ at, kind: 'fork' });
      else if (path.length <= mostTicks) found.push({ at, kind: 'step' });
    });
    const forks = found.filter((t) => t.kind === 'fork');
    return forks.length > mostTicks ? [] : found;
  }, [branches, path]);

  const branch = branches?.branches[followed];
  if (branches === null || branch === undefined || path.length === 0) return <div className="scrubber" />;
  // The row knows better than the column, which holds only what is free to read.
  const stepOf = (p: number, row: PointRow | undefined): string | null => {
    const s = row?.checkpoint.step ?? branches.lineage.step[p] ?? unknownStep;
    return s === unknownStep ? null : count(s).replace('-', '−');
  };
  const here = stepOf(point, row);
  const end = stepOf(tip, tipRow);
  // Where the store counts no steps, the place on the branch is counted.
  const of =
    here === null || end === null
      ? `checkpoint ${count(Math.max(0, place) + 1)} of ${count(path.length)} on `
      : `step ${here} of ${end} on `;
  const at = (i: number): string => `${path.length < 2 ? 0 : (100 * i) / (path.length - 1)}%`;
  return (
    <div className="scrubber">
      <div className="scrubber-buttons">
        <Button
          look="quiet"
          icon
          aria-label="Previous step"
          title="Previous step (←)"
          disabled={place <= 0}
          onClick={() => step(-1)}
        >
          <SkipBack size={14} />
        </Button>
        <Button
          look="quiet"
          icon
          aria-label={playing ? 'Pause' : 'Play'}
          title={playing ? 'Pause (Space)' : 'Play (Space)'}
          disabled={path.length < 2}
          onClick={togglePlaying}
        >
          {playing ? <Pause size={14} /> : <Play size={14} />}
        </Button>
        <Button
          look="quiet"
          icon
          aria-label="Next step"
          title="Next step (→)"
          disabled={place >= path.length - 1}
          onClick={() => step(1)}
        >
          <SkipForward size={14} />
        </Button>
      </div>
      <div
        className="scrubber-track"
        style={{ '--c': branch.hue < 0 ? 'var(--dim)' : `var(--b${branch.hue})` } as CSSProperties}
      >
        <span className="scrubber-bar" aria-hidden="true" />
        <span className="scrubber-done" aria-hidden="true" style={{ width: at(Math.max(0, place)) }} />
        {ticks.map((t) => (
          <span
            key={`${t.kind} ${t.at}`}
            className={`scrubber-tick scrubber-tick-${t.kind}`}
            aria-hidden="true"
            style={{ left: at(t.at) }}
          />
        ))}
        <input
          type="range"
          min={0}
          max={path.length - 1}
          value={Math.max(0, place)}
          aria-label="Step on this branch"
          aria-valuetext={`${of}${branch.name}`}
          onChange={(event) => selectPoint(path[Number(event.target.value)] ?? -1)}
        />
      </div>
      <span className="scrubber-place dim">
        {of}
        <b style={{ color: branch.hue < 0 ? 'var(--dim)' : `var(--b${branch.hue})` }}>{branch.name}</b>
      </span>
    </div>
  );
}
