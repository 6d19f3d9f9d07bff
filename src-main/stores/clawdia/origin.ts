// Where a run came from. A child's own journal names the members of its pool only; which of them started it, the parent's journal
// tells. A fork of ours names its source in the `writer_id` of its checkpoint, the one member that the SDK leaves to whoever saves.

import { shownName } from '../../../shared/model/shown-name.ts';
import type { Cursor } from '../../values/cursor.ts';
import { textOf } from './decode.ts';
import type { RunFacts } from './effects.ts';
import type { Origin, RunPoints } from './points.ts';
import type { RecordView } from './record.ts';

const forkMark = 'forkpoint:';

/** `writer_id` of a fork's checkpoint. */
export function writerOf(sourceRun: string, seq: string): string {
  return `${forkMark}${sourceRun}@${seq}`;
}

function forkedFrom(writer: string | null): Origin | null {
  if (writer === null || !writer.startsWith(forkMark)) return null;
  const at = writer.lastIndexOf('@');
  const run = writer.slice(forkMark.length, at);
  const seq = writer.slice(at + 1);
  if (at < forkMark.length || !/^\d+$/.test(seq)) return null;
  return { run, reason: `Forked by Forkpoint from run ${shownName(run)} at record ${seq}, as its checkpoint says.` };
}

/** Members of a pool that are looked at. */
const mostCandidates = 64;

export interface Runs {
  pointsIfAny(run: string): RunPoints | null;
  factsOf(points: RunPoints): RunFacts;
  recordAt(points: RunPoints, n: number): RecordView | null;
}

export function originOf(runs: Runs, points: RunPoints): Origin | null {
  // Children of a fork's source are not its own, so its own mark goes first; the latest one is of the last fork.
  const fork = points.checkpoints.map((place) => forkedFrom(place.writer)).findLast((origin) => origin !== null);
  if (fork !== undefined) return fork;
  const first = runs.recordAt(points, 0);
  for (const candidate of candidatesOf(first?.payload ?? null, points.run)) {
    const other = runs.pointsIfAny(candidate);
    if (other === null || !runs.factsOf(other).children.has(points.run)) continue;
    return {
      run: candidate,
      reason: `Run ${shownName(candidate)} started this run as its child, as its journal says.`,
    };
  }
  return null;
}

function candidatesOf(payload: Cursor | null, run: string): string[] {
  const names = new Set<string>();
  const add = (name: string | null): void => {
    if (name !== null && name !== run) names.add(name);
  };
  const members = payload?.get('member_run_ids') ?? null;
  if (members?.kind === 'list') for (let i = 0; i < members.count; i += 1) add(textOf(members.child(i)));
  add(textOf(payload?.get('parent_run_id') ?? null));
  add(textOf(payload?.get('record')?.get('parent_run_id') ?? null));
  return [...names].slice(0, mostCandidates);
}
