// What would happen next: the question of the gate at which the run waits, with the form that CAR takes from the gate's step inside the
// stored workflow (the copies at the top of the file only feed listings), and who holds the run.

import type { PointIndex } from '../../../shared/model/lineage.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Status } from '../../../shared/model/status.ts';
import type { PendingView } from '../store.ts';
import type { RunFiles } from './folder.ts';
import { resultAt, type RunPoints } from './points.ts';
import { resumeCode } from './resume.ts';
import { gateOf, gateProblem, textOf, visitLimit, type RunView } from './run-file.ts';

/** The status that the run would have if this point were its head. */
export function statusAt(points: RunPoints, files: RunFiles, index: PointIndex): Status {
  const { reading } = points;
  const isGate = index === points.gate;
  if (isGate && files.waiting === null) return 'in_flight';
  if (!reading.ok) return 'unknown';
  const { run } = reading;
  if (!isGate) return textOf(resultAt(run, index)?.get('status') ?? null) === 'failed' ? 'failed' : 'idle';
  return run.refused !== null || gateProblem(run) !== null ? 'unknown' : 'interrupted';
}

/** Why a claimed run may not be touched, with what tells so; null where nothing claims it. */
export function claimOf(files: RunFiles): string | null {
  const { stem, waiting, claimed } = files;
  if (claimed === null) return null;
  const marker = shownName(`${stem}.inflight`);
  if (waiting === null) {
    return `This run is claimed: it stands in ${marker}. A resume is going on, or the process that resumed it died; the store does not tell which. CAR puts it back with \`recover_orphaned()\` at its next start.`;
  }
  return `A marker ${marker} stands beside the run: a resume has saved it at its next gate and is about to remove the marker, or died before it could. CAR removes it with \`recover_orphaned()\` at its next start.`;
}

/** Why a resume from this gate would end before any stage has run; null if it would not. */
export function limitProblem(run: RunView, iterations: number | null): string | null {
  const limit = visitLimit(run);
  if (iterations === null || iterations < limit) return null;
  return `The run has used up its ${limit} stage visits (\`max_iterations\`): a resume that leads to another stage ends with "cycle limit reached".`;
}

export function pendingAt(points: RunPoints, files: RunFiles, index: PointIndex): PendingView {
  const status = statusAt(points, files, index);
  const { reading } = points;
  if (!reading.ok) return nothingPending(status, `This file cannot be read: ${reading.reason}.`);
  const { run } = reading;
  if (index < points.gate) {
    const next = points.ids[index + 1];
    return {
      ...nothingPending(
        status,
        'The run went on from here. CAR waits at gates only: fork this point to wait at the gate beside it again.',
      ),
      next: next === undefined ? [] : [next],
    };
  }
  const id = run.pausedStage ?? '';
  const gate = gateOf(run, id);
  const sentences: string[] = [];
  const claim = claimOf(files);
  if (claim !== null) sentences.push(claim);
  const refusal = refusalOf(run);
  if (refusal !== null) sentences.push(refusal);
  const limit = limitProblem(run, run.iterations);
  if (limit !== null) sentences.push(limit);
  if (differingId(points.thread, run) !== null) sentences.push(differingId(points.thread, run)!);
  const resumable = status === 'interrupted';
  return {
    status,
    next: run.pausedStage === null ? [] : [run.pausedStage],
    tasks: [
      {
        id: null,
        name: run.pausedStage,
        error: null,
        interrupts: gate === null ? [] : [{ id: run.pausedStage, value: gate.prompt, schema: gate.fields }],
        writes: [],
        argument: null,
      },
    ],
    resumable,
    reason: sentences.length === 0 ? null : sentences.join(' '),
    resume: resumable ? resumeCode(points.thread, gate) : null,
  };
}

function nothingPending(status: Status, reason: string): PendingView {
  return { status, next: [], tasks: [], resumable: false, reason, resume: null };
}

/** What CAR itself would say of this run; null if it would resume it. */
export function refusalOf(run: RunView): string | null {
  if (run.refused !== null) return `CAR 0.60.0 cannot read this run: ${run.refused}.`;
  const problem = gateProblem(run);
  return problem === null ? null : `CAR cannot resume this run: ${problem}.`;
}

/** A file whose name and content disagree about the run; null where they agree. */
export function differingId(thread: string, run: RunView): string | null {
  if (run.runId === null || run.runId === thread) return null;
  return `The file is named ${shownName(thread)}, but the run in it is ${shownName(run.runId)}: when it waits again, CAR saves it as ${shownName(`${run.runId}.json`)}, over whatever stands there.`;
}
