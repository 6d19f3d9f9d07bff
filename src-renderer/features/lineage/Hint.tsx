// One line about the point under the pointer: what it is, which branches contain it, why its link is only inferred.

import type { ReactNode } from 'react';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import { exactTime } from '../../ui/format.ts';
import { branchContains } from '../../../shared/layout/branches.ts';
import { useLineageState } from './lineage-state.ts';
import type { Scene } from '../../../shared/layout/scene.ts';
import { stepName } from './selected.ts';

const namedBranches = 3;

export function Hint(props: { readonly scene: Scene; readonly point: PointIndex }): ReactNode {
  const { scene, point } = props;
  const row = useLineageState((s) => s.rows.get(point));
  if (point < 0) return null;
  const b = scene.branches;
  const { lineage } = b;
  // A sub-graph hangs under the point, it does not contain it: only branches of the same line are named.
  const run = b.branches[b.branchOf[point] ?? -1]?.run ?? -1;
  const names = b.branches.flatMap((branch, i) =>
    branch.run === run && branchContains(b, i, point) ? [branch.name] : [],
  );
  const time = lineage.time[point] ?? Number.NaN;
  const reason = lineage.reasons[lineage.reason[point] ?? 0] ?? '';
  const more = names.length - namedBranches;
  return (
    <div className={`lineage-hint ellipsis ${scene.options.axis === 'time' ? 'lineage-hint-time' : ''}`}>
      <b>{row === undefined ? 'step –' : stepName(row.checkpoint)}</b> in {names.slice(0, namedBranches).join(', ')}
      {more > 0 && ` and ${more} more`}
      {!Number.isNaN(time) && ` · ${exactTime(time)}`}
      {reason !== '' && ` · parent inferred: ${reason}`}
    </div>
  );
}
