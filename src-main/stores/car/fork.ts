// Forking and editing a run, by the measured experiments. CAR can only wait at an approval gate, so every fork is a run that waits at
// one: the gate of the head; for an earlier point the gate that came next, or the point's own if it is a gate that was answered. For
// those the results are cut, and what the cut stages wrote is taken out of the state ("rewind": CAR resumes such a file as it does a
// genuine one). The run id is set in the name and inside: a copy that keeps the old one overwrites the original when it waits again.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import { applyEdits } from '../../values/splice.ts';
import type { BackendReader, ChangeSet, RelyingReader, UndoGuard } from '../backend.ts';
import type { EditRequest, ForkRequest, PlanContext, StorePlan } from '../store.ts';
import { openState, stateAfter } from './deltas.ts';
import { fileOf, type RunFiles, type RunFolder } from './folder.ts';
import { badRunId } from './names.ts';
import { cutProblem, newFile, type Changes } from './new-file.ts';
import { claimOf, differingId, limitProblem, refusalOf } from './pending.ts';
import { RunPoints } from './points.ts';
import { resumeCode } from './resume.ts';
import { gateOf, gateProblem, readRun, textOf, visitLimit, type RunView } from './run-file.ts';

/** Code of the second change that follows when `goal` is edited: CAR takes the goal from the workflow. */
export const goalFollows = 'goal_follows';

/** What the planner asks of an open store. */
export interface ForkGround {
  readonly folder: RunFolder;
  find(key: ForkRequest['key']): { readonly files: RunFiles; readonly points: RunPoints; readonly index: PointIndex };
}

/** Where a fork of a point waits. */
interface Place {
  readonly gate: string;
  /** Results that stand before it. */
  readonly kept: number;
}

/** Where a fork of this point would wait; a sentence where CAR could wait nowhere. */
export function placeOf(points: RunPoints, run: RunView, index: PointIndex): Place | { readonly unable: string } {
  const waits = (at: PointIndex): boolean => gateOf(run, points.ids[at] ?? '') !== null;
  if (index === points.gate) return { gate: run.pausedStage ?? '', kept: points.gate };
  const problem = cutProblem(run);
  if (problem !== null) return { unable: `The run cannot be put back to an earlier gate: ${problem}.` };
  // The gate that came next has exactly this point's state.
  if (waits(index + 1)) return { gate: points.ids[index + 1]!, kept: index + 1 };
  if (waits(index)) return { gate: points.ids[index]!, kept: index };
  const before = points.ids.slice(0, index).findLastIndex((_, i) => waits(i));
  const after = points.ids.findIndex((_, i) => i > index && waits(i));
  const others = [before, after].filter((i) => i >= 0).map((i) => `\`${points.keyAt(i)}\``);
  return {
    unable: `CAR can only wait at an approval gate, and after \`${points.ids[index]}\` it went on to \`${points.ids[index + 1]}\`, which is none. Fork a gate instead: ${others.join(' or ')}.`,
  };
}

/** Reads a run's file as relied on. Throws `moved` where it is gone, `corrupt` where it cannot be read. */
function readRelied(folder: RunFolder, files: RunFiles, relying: RelyingReader<BackendReader>): RunView {
  const { path } = fileOf(files);
  if (relying.relyOnFile(`the run ${shownName(files.stem)}`, path) === null) {
    throw new ForkpointError(
      'moved',
      `\`${path}\` is not there any more: the run was claimed, finished or removed. Nothing was changed.`,
      'List the threads again.',
    );
  }
  const reading = readRun(folder.reader.read(path));
  const problem = reading.ok ? reading.run.refused : reading.reason;
  if (reading.ok && problem === null) return reading.run;
  throw new ForkpointError(
    'corrupt',
    `\`${path}\` cannot be forked or edited: CAR 0.60.0 cannot read it (${problem}). Nothing was changed.`,
    'Look at its raw bytes; mend a copy by hand.',
  );
}

/** Records that nothing of this run exists. Throws `bad_value` or `exists`. */
export function expectNewRun(folder: RunFolder, id: string, relying: RelyingReader<BackendReader>): void {
  const bad = badRunId(id);
  if (bad !== null) throw new ForkpointError('bad_value', `${bad} Nothing was changed.`, 'Choose another id.');
  for (const suffix of ['.json', '.inflight']) {
    const path = folder.pathOf(`${id}${suffix}`);
    if (relying.relyOnFile(`that \`${path}\` does not exist`, path) === null) continue;
    throw new ForkpointError(
      'exists',
      `\`${path}\` exists already. Nothing was changed.`,
      'Choose another id for the new run.',
    );
  }
}

const claimPath = (folder: RunFolder, id: string): string => folder.pathOf(`${id}.inflight`);

/** A claim of what we wrote: undo may then no longer take it away. */
export function claimGuard(folder: RunFolder, id: string): Extract<UndoGuard, { kind: 'file' }> {
  return {
    kind: 'file',
    describe: `run ${shownName(id)} has been claimed by a resume`,
    path: claimPath(folder, id),
  };
}

export function newRunFile(folder: RunFolder, id: string, content: Uint8Array, key: string): ChangeSet {
  const path = folder.pathOf(`${id}.json`);
  return {
    backend: 'files',
    changes: [{ kind: 'new-file', path, content: [content], bytes: content.length, key }],
    guards: [claimGuard(folder, id)],
  };
}

export function planFork(ground: ForkGround, request: ForkRequest | EditRequest, context: PlanContext): StorePlan {
  if (request.operation === 'edit' && request.edits.length === 0) {
    throw new ForkpointError('bad_value', 'There is nothing to edit.', 'Give at least one edit.');
  }
  const { folder } = ground;
  const { relying, draw } = context;
  const { files, index } = ground.find(request.key);
  const { stem } = files;
  const target = request.operation === 'fork' && request.target.kind === 'thread' ? request.target.thread : null;
  const claim = claimOf(files);
  if (target === null && claim !== null) {
    throw new ForkpointError(
      'claimed',
      `${claim} Nothing was changed.`,
      'Fork into a new run, or wait until the claim is gone.',
    );
  }
  if (target === null) relying.relyOnFile('that nothing claims the run', claimPath(folder, stem));
  else expectNewRun(folder, target, relying);

  const run = readRelied(folder, files, relying);
  const points = new RunPoints(stem, { ok: true, run }, run.root.source.length);
  const place = placeOf(points, run, index);
  if ('unable' in place) {
    throw new ForkpointError('unable', `${place.unable} Nothing was changed.`, 'See the points with `log`.');
  }
  const made = makeFile(run, points, index, place, request, target === null ? null : { id: target, now: draw.now() });
  const thread = target ?? stem;
  const again = rereadOf(thread, made.bytes);
  const key = again.points.keyAt(again.points.gate);
  return {
    changes: target === null ? rewritten(folder, files, made.bytes, key) : newRunFile(folder, target, made.bytes, key),
    warnings: [
      ...made.warnings,
      ...placeWarnings(run, points, index, place, target === null),
      ...runWarnings(again.run, files, claim, target),
    ],
    target: { thread, id: place.gate },
    resume: gateProblem(again.run) === null ? resumeCode(thread, gateOf(again.run, place.gate)) : null,
    edited: made.edited,
    follows: made.follows,
  };
}

function rewritten(folder: RunFolder, files: RunFiles, content: Uint8Array, key: string): ChangeSet {
  const { path } = fileOf(files);
  return {
    backend: 'files',
    // The name is CAR's lock: whoever resumes the run meanwhile finds it claimed.
    changes: [
      { kind: 'rewrite', path, content: [content], bytes: content.length, key, claim: claimPath(folder, files.stem) },
    ],
    guards: [claimGuard(folder, files.stem)],
  };
}

/** What we are about to write, read as CAR would read it: nothing that it refuses is ever written. */
function rereadOf(thread: string, bytes: Uint8Array): { readonly run: RunView; readonly points: RunPoints } {
  const reading = readRun(bytes);
  const problem = reading.ok ? reading.run.refused : reading.reason;
  if (reading.ok && problem === null) {
    return { run: reading.run, points: new RunPoints(thread, reading, bytes.length) };
  }
  throw new ForkpointError(
    'bad_value',
    `With this edit CAR could not read the run any more: ${problem}. Nothing was changed.`,
    'Give another value.',
  );
}

interface Made {
  readonly bytes: Uint8Array;
  readonly warnings: readonly Warning[];
  readonly edited: StorePlan['edited'];
  readonly follows: StorePlan['follows'];
}

function makeFile(
  run: RunView,
  points: RunPoints,
  index: PointIndex,
  place: Place,
  request: ForkRequest | EditRequest,
  fresh: { readonly id: string; readonly now: number } | null,
): Made {
  const rewinds = place.kept < points.gate;
  const derived = rewinds ? stateAfter(run, place.kept) : null;
  const basis = derived === null ? run.state! : openState(derived);
  const edited = request.edits.length === 0 ? null : applyEdits(basis, request.edits, 'json-serde');
  const after = edited === null ? basis : openValue('json', edited.bytes);
  const warnings: Warning[] = [...(edited?.warnings ?? []), ...ineffective(run, place, basis, after)];
  const follows: { code: string; message: string }[] = [];
  let goal: string | null | undefined;
  if (after.kind === 'map' && !sameMember(basis, after, 'goal')) {
    const message = 'CAR takes the goal from the workflow, so `workflow.goal` is set as well.';
    follows.push({ code: goalFollows, message });
    if (request.leave.includes(goalFollows)) {
      warnings.push({
        code: 'goal_ignored',
        message: 'CAR puts `workflow.goal` over the `goal` of the state when it resumes: this edit has no effect.',
        remedy: null,
      });
    } else goal = goalOf(after);
  }
  if (derived !== null && derived.lost.length > 0) {
    warnings.push({
      code: 'values_lost',
      message: `What ${derived.lost.map((name) => shownName(name)).join(', ')} held at this gate was written over by a later stage and is not known any more: it is left out.`,
      remedy: 'Set it with an edit.',
    });
  }
  const changes: Changes = {
    ...(fresh === null ? {} : { runId: fresh.id, createdAt: fresh.now }),
    ...(rewinds || edited !== null ? { state: after.slice() } : {}),
    ...(rewinds ? { rewind: { gate: place.gate, kept: place.kept } } : {}),
    ...(goal === undefined ? {} : { goal }),
  };
  const shown = index === points.gate ? run.state! : shownState(run, index);
  const changed = rewinds ? index + 1 !== place.kept || edited !== null : edited !== null;
  return {
    bytes: newFile(run, changes),
    warnings,
    edited: changed && shown !== null ? { before: shown, after } : null,
    follows,
  };
}

function shownState(run: RunView, index: PointIndex): Cursor | null {
  const derived = stateAfter(run, index + 1);
  return derived === null ? null : openState(derived);
}

function sameMember(before: Cursor, after: Cursor, name: string): boolean {
  const [a, b] = [before.get(name), after.get(name)];
  return a === null || b === null ? a === b : Buffer.compare(a.slice(), b.slice()) === 0;
}

/** Throws `bad_value` for a goal that is no text. */
function goalOf(state: Cursor): string | null {
  const value = state.get('goal');
  if (value === null || value.kind === 'null') return null;
  const text = textOf(value);
  if (text !== null) return text;
  throw new ForkpointError('bad_value', 'The goal of a CAR workflow is a text. Nothing was changed.', 'Give a text.');
}

/** Edited members that the answer to the gate writes over. */
function ineffective(run: RunView, place: Place, before: Cursor, after: Cursor): Warning[] {
  if (after.kind !== 'map') return [];
  const key = gateOf(run, place.gate)?.outputKey ?? null;
  const names: string[] = [];
  for (let i = 0; i < after.count; i += 1) {
    const name = textOf(after.key(i));
    if (name === null || key === null || sameMember(before, after, name)) continue;
    const slots = [`stage.${place.gate}.succeeded`, `stage.${place.gate}.answer`];
    if (name === key || name.startsWith(`${key}.`) || slots.includes(name)) names.push(name);
  }
  if (names.length === 0) return [];
  return [
    {
      code: 'answer_overwrites',
      message: `CAR writes the answer to the gate \`${place.gate}\` over ${names.map((name) => shownName(name)).join(', ')} when the run is resumed.`,
      remedy: 'Give the value as the answer instead.',
    },
  ];
}

function placeWarnings(run: RunView, points: RunPoints, index: PointIndex, place: Place, inPlace: boolean): Warning[] {
  const warnings: Warning[] = [];
  if (index < points.gate && place.kept === index) {
    warnings.push({
      code: 'asked_again',
      message: `CAR can only wait before a gate: the run waits at \`${place.gate}\` again, without the answer that it was given.`,
      remedy: null,
    });
  }
  const cut = points.ids.slice(place.kept, points.gate);
  const worked = cut.filter((id) => gateOf(run, id) === null);
  if (worked.length > 0) {
    warnings.push({
      code: 'runs_again',
      message: `${listed(worked)} ran after this gate already; what they did outside of the state stays done and is done again when the new answer leads there.`,
      remedy: null,
    });
  }
  const seen = cut.filter((id) => isDedup(run, id));
  if (seen.length > 0) {
    warnings.push({
      code: 'seen_already',
      message: `${listed(seen)} keeps what it has seen in a file of its own: when it runs again, it finds nothing new.`,
      remedy: 'Take the entries out of the seen-set first.',
    });
  }
  if (inPlace && cut.length > 0) {
    warnings.push({
      code: 'history_cut',
      message: `The results of ${listed(cut)} are cut off this run: CAR keeps no other copy of them.`,
      remedy: 'Fork into a new run to keep both; undo brings them back.',
    });
  }
  return warnings;
}

function isDedup(run: RunView, id: string): boolean {
  const stages = run.workflow?.get('stages');
  for (let i = 0; i < (stages?.count ?? 0); i += 1) {
    const stage = stages!.child(i);
    if (textOf(stage.get('id')) === id) return textOf(stage.get('step')?.get('type') ?? null) === 'dedup';
  }
  return false;
}

const listed = (ids: readonly string[]): string => [...new Set(ids)].map((id) => shownName(id)).join(', ');

function runWarnings(run: RunView, files: RunFiles, claim: string | null, target: string | null): Warning[] {
  const warnings: Warning[] = [];
  if (target !== null) {
    warnings.push(
      claim === null
        ? {
            code: 'both_wait',
            message: `Run ${shownName(files.stem)} goes on waiting at its gate as well: if both are answered, the stages behind the gate run twice.`,
            remedy: 'Answer one of them.',
          }
        : {
            code: 'claimed',
            message: `${claim} The fork repeats what that resume may have done.`,
            remedy: 'Wait until the claim is gone, if the stages behind the gate act on the outside.',
          },
    );
  }
  if (target !== null && run.owner !== null) {
    warnings.push({
      code: 'owner_kept',
      message: `The run belongs to the agent ${shownName(run.owner)}, and so does the fork: sessions of other agents neither list nor resume it.`,
      remedy: null,
    });
  }
  const refusal = refusalOf(run);
  if (refusal !== null) warnings.push({ code: 'not_resumable', message: refusal, remedy: null });
  const limit = limitProblem(run, run.iterations);
  if (limit !== null) {
    warnings.push({ code: 'cycle_limit', message: limit, remedy: `Raise \`max_iterations\` (${visitLimit(run)}).` });
  }
  const differs = target === null ? differingId(files.stem, run) : null;
  if (differs !== null) warnings.push({ code: 'run_id_differs', message: differs, remedy: 'Fork into a new run.' });
  return warnings;
}

/** Key of the gate at which a run of this text waits. */
export function headKeyOf(thread: string, run: RunView): string {
  const points = new RunPoints(thread, { ok: true, run }, run.root.source.length);
  return formatKey({ thread, namespace: '', id: run.pausedStage ?? '', nth: points.nths.at(-1) ?? 0 });
}
