// How a run stands at a point, and what would happen next: open effects found in its records, and what a checkpoint itself lists.

import { shownName } from '../../../shared/model/shown-name.ts';
import type { Status } from '../../../shared/model/status.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { PendingView, ResumeCode, TaskView } from '../store.ts';
import { textOf } from './decode.ts';
import { statusOfLoop, type Effect, type RunFacts } from './effects.ts';
import type { RunPoints } from './points.ts';
import type { CheckpointView, RecordView } from './record.ts';

/** A point with what was read of it. */
export interface PointView {
  readonly points: RunPoints;
  readonly index: number;
  readonly facts: RunFacts;
  readonly record: RecordView | null;
  readonly checkpoint: CheckpointView | null;
}

/** Whether the journal goes on behind the record that a checkpoint covers, other than by telling of checkpoints. */
function goesOn({ points, index, facts }: PointView): boolean {
  const covered = points.recordsUpTo[index] ?? 0;
  return facts.records.slice(covered, points.extentOf(index)).some((record) => record.kind !== 'checkpoint');
}

/** The status that the run would have if this point were its head. */
export function statusOf(view: PointView): Status {
  const { points, index, facts, checkpoint } = view;
  const extent = points.extentOf(index);
  const place = points.places[index];
  if (place?.kind === 'record') return view.record === null ? 'unknown' : facts.statusAt(extent);
  if (checkpoint === null) return 'unknown';
  if (facts.isSealedAt(extent) || goesOn(view)) return facts.statusAt(extent);
  const told = statusOfLoop(checkpoint.loop);
  if (told !== null) return told;
  if ((checkpoint.root.get('pending_approvals')?.count ?? 0) > 0) return 'interrupted';
  return extent === 0 ? 'idle' : facts.statusAt(extent);
}

/** What is open, by the name that a person calls it. */
export function nextOf(view: PointView): string[] {
  return view.facts.openAt(view.points.extentOf(view.index)).map((effect) => effect.name);
}

/** Reads what an effect was given: the record of its intent, and the arguments behind its content references. */
export interface EffectSource {
  recordOf(effect: Effect): RecordView | null;
  argumentsOf(record: RecordView): Cursor | null;
}

export function pendingOf(
  view: PointView,
  source: EffectSource,
  refused: string | null,
  resume: ResumeCode,
): PendingView {
  const { points, index, facts, checkpoint } = view;
  const extent = points.extentOf(index);
  const status = statusOf(view);
  const open = facts.openAt(extent);
  const tasks = open.map((effect) => taskOf(effect, source));
  if (checkpoint !== null && !goesOn(view)) tasks.push(...listedTasks(checkpoint, facts, extent, open));
  const isEnd = extent === points.records.length;
  const sealed = facts.isSealedAt(extent) || status === 'terminal' || status === 'failed';
  const resumable = isEnd && !sealed && refused === null;
  return {
    status,
    next: nextOf(view),
    tasks,
    resumable,
    reason: reasonOf(view, open, isEnd, refused),
    resume: resumable ? resume : null,
  };
}

function taskOf(effect: Effect, source: EffectSource): TaskView {
  const record = source.recordOf(effect);
  const asks = effect.kind === 'approval_dispatch';
  const value = record?.payload ?? null;
  return {
    id: effect.request ?? effect.effect,
    name: effect.name,
    error: null,
    interrupts: asks ? [{ id: effect.request, value, schema: null }] : [],
    writes: [],
    argument: record === null ? null : source.argumentsOf(record),
  };
}

/** What a checkpoint lists as pending and no record of the run shows as open. */
function listedTasks(checkpoint: CheckpointView, facts: RunFacts, extent: number, open: readonly Effect[]): TaskView[] {
  const tasks: TaskView[] = [];
  const known = new Set(open.flatMap((effect) => [effect.effect, effect.request ?? effect.effect]));
  // What the journal gives a result for behind the checkpoint is not pending any more.
  for (const effect of facts.effects) {
    if (effect.closed < extent) for (const id of [effect.effect, effect.request]) if (id !== null) known.add(id);
  }
  const base = { error: null, writes: [], argument: null };
  const effects = checkpoint.root.get('pending_side_effects');
  for (let i = 0; i < (effects?.count ?? 0); i += 1) {
    const listed = effects!.child(i);
    const id = textOf(listed.get('effect_id'));
    if (id === null || known.has(id)) continue;
    tasks.push({ ...base, id, name: id, interrupts: [], argument: listed });
  }
  const approvals = checkpoint.root.get('pending_approvals');
  for (let i = 0; i < (approvals?.count ?? 0); i += 1) {
    const id = textOf(approvals!.child(i));
    if (id === null || known.has(id)) continue;
    tasks.push({ ...base, id, name: id, interrupts: [{ id, value: approvals!.child(i), schema: null }] });
  }
  return tasks;
}

/** Why it stands as it does, on one line of the list; null when nothing needs saying. */
export function noteOf(view: PointView): string | null {
  const { record, checkpoint, facts, points, index } = view;
  const place = points.places[index];
  if (place?.kind === 'checkpoint') {
    if (checkpoint === null) return 'This checkpoint cannot be read.';
    if (checkpoint.refused !== null) return `clawdia cannot decode this checkpoint: ${checkpoint.refused}.`;
    if (checkpoint.run !== points.run) return `It names another run inside: ${shownName(checkpoint.run)}.`;
    return null;
  }
  if (record === null) return 'This record cannot be read.';
  if (record.refused !== null) return `clawdia cannot decode this record: ${record.refused}.`;
  const at = (points.recordsUpTo[index] ?? 0) - 1;
  const fact = facts.records[at];
  if (fact?.end != null) {
    const cause = fact.end.status === 'completed' ? null : facts.causeOfEnd();
    return cause === null ? `run ${fact.end.status}` : `run ${fact.end.status}: ${cause}`;
  }
  const child = fact?.children[0];
  if (child !== undefined) return `starts child run ${child}`;
  if (fact?.childEnd != null) return `child run ${fact.childEnd.run} ${fact.childEnd.status}`;
  const approval = fact?.intents.find((intent) => intent.kind === 'approval_dispatch');
  if (approval !== undefined) return `asks: ${approval.summary ?? approval.name}`;
  const result = fact?.results.find((one) => one.status !== 'completed');
  if (result !== undefined) return result.summary ?? result.status;
  if (record.type === 'checkpoint') {
    const saved = textOf(record.payload?.get('checkpoint_id') ?? null);
    const isSaved = saved === null || points.checkpoints.some((one) => one.id === saved);
    return isSaved ? null : `${saved} is not in the checkpoint store: it was pruned, or never saved there`;
  }
  return record.type === 'tool' ? textOf(record.payload?.get('canonical_tool_name') ?? null) : null;
}

function reasonOf(view: PointView, open: readonly Effect[], isEnd: boolean, refused: string | null): string | null {
  const { facts, points, index, checkpoint } = view;
  const extent = points.extentOf(index);
  const sentences: string[] = [];
  if (refused !== null) sentences.push(refused);
  if (facts.isSealedAt(extent)) {
    const end = facts.records[facts.sealedAt]!.end!;
    const cause = end.status === 'completed' ? null : facts.causeOfEnd();
    sentences.push(
      `The run ended: ${end.status}${cause === null ? '' : ` (${cause})`}. Running it again with the same id calls the model and writes nothing.`,
    );
    const replay = facts.replayAt(extent);
    if (replay.error !== null && replay.error.includes('sealed')) {
      sentences.push(
        "The SDK's `ReplayReducer` refuses the whole journal of a finished run (\"journal record appears after sealed terminal replay state\"), because the runtime writes the turn's end behind the run's: fold it up to `terminal_result` only.",
      );
    }
    return sentences.join(' ');
  }
  for (const effect of open) sentences.push(openSentence(effect));
  const replay = facts.replayAt(extent);
  if (replay.error !== null) sentences.push(`The SDK's \`ReplayReducer\` refuses this journal: ${replay.error}.`);
  else if (!replay.complete) {
    sentences.push(
      `The SDK's \`ReplayReducer\` does not allow a resume here: ${replay.unsafe.map((id) => `\`${id}\``).join(', ')} has no result.`,
    );
  } else if (open.length > 0) {
    sentences.push("The SDK's `ReplayReducer` does not see this: it folds to complete, with nothing pending.");
  }
  if (checkpoint !== null && !goesOn(view)) sentences.push(`The checkpoint says \`${checkpoint.loop}\`.`);
  else if (open.length === 0 && extent > 0) {
    sentences.push(
      'Nothing tells why the journal ends here: a run that still goes on and one whose process died leave the same.',
    );
  }
  if (!isEnd) sentences.push('The journal goes on behind this point: fork it to run on from here.');
  return sentences.length === 0 ? null : sentences.join(' ');
}

function openSentence(effect: Effect): string {
  const name = `\`${effect.name}\``;
  if (effect.kind === 'approval_dispatch') {
    return `It waits for the approval of ${name}${effect.summary === null ? '' : ` (${effect.summary})`}.`;
  }
  if (effect.kind === 'tool_execution') {
    return `The tool ${name} was begun and has no result: it still runs, or the process died in it. A resume executes it again.`;
  }
  return `${name} (${effect.kind}) was begun and has no result: it still runs, failed, or the process died in it.`;
}
