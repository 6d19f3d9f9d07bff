// Forking a run at a point, by the measured experiments: the journal up to that point under a new run id, and never past the record
// that ends a run, behind which nothing may be written. Two forks, chosen by what becomes of the pending work:
//
// keep  for inspection and for a host that resumes by itself: record ids stay, a checkpoint record stands at the end and says what is
//       open. The SDK's `run_text` refuses it, since it wants its own records from 1.
// drop  for running again with `run_text`: every id that the runtime made is re-stamped for the new run, and the journal holds no
//       checkpoint record. Known records are not written again, but the model is called and tools are executed again.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey, type CheckpointKey } from '../../../shared/model/key.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { Draw, EditRequest, ForkRequest, PendingChoice, StorePlan } from '../store.ts';
import { textOf } from './decode.ts';
import { intentOf, type Effect, type RunFacts } from './effects.ts';
import { checkpointRecordText, checkpointText, prefixHash, type PendingEffect } from './new-checkpoint.ts';
import { writerOf } from './origin.ts';
import type { RunPoints } from './points.ts';
import { compareSeq, readRecord, type CheckpointView, type Reading, type RecordView } from './record.ts';
import { renamedText, restampedId, type Naming } from './restamp.ts';
import { namesOf, resumeCode, startId } from './resume.ts';
import type { NewRecord, NewSavedCheckpoint, PlanWriter } from './write.ts';

const largest = 2n ** 64n - 1n;

/** What the planner asks of an open store. */
export interface ForkGround {
  find(key: CheckpointKey): { readonly points: RunPoints; readonly index: number };
  factsOf(points: RunPoints): RunFacts;
}

export const noState =
  'clawdia checkpoints hold no state: a run is its journal of records, and what was said lies in content that the host keeps.';

/** The two forks that clawdia has: the planner takes them from `ForkRequest.pending`. */
export const pendingChoice: PendingChoice = {
  keep: 'A fork for inspection and for a host that resumes by itself: its checkpoint says what is open',
  drop: 'A fork that the SDK can run, with ids of its own: the model is called and tools are executed again',
  always: true,
};

/** How to go on instead, for who asks for what this format cannot do. */
const instead = 'Fork it into a new run, and give that one other input or other tools.';

export function planFork(
  ground: ForkGround,
  request: ForkRequest | EditRequest,
  writer: PlanWriter,
  draw: Draw,
): StorePlan {
  if (request.operation === 'edit' || request.edits.length > 0) {
    throw new ForkpointError('unable', `There is nothing to edit here. ${noState} Nothing was changed.`, instead);
  }
  if (request.target.kind === 'in-place') {
    throw new ForkpointError(
      'unable',
      'A run cannot be forked in place: its journal only grows, and cutting it would destroy what happened. Nothing was changed.',
      'Fork it into a new run.',
    );
  }
  const { points, index } = ground.find(request.key);
  const target = request.target.thread;
  writer.expectNewRun(target);
  const facts = ground.factsOf(points);
  const asked = points.recordsUpTo[index] ?? 0;
  const warnings: Warning[] = [];
  const count = Math.min(asked, facts.sealedAt);
  const places = points.records.slice(0, count);
  const last = places.at(-1);
  if (last === undefined) {
    throw new ForkpointError(
      'unable',
      'There is no record before this point that a fork could begin with. Nothing was changed.',
      'Fork a later point.',
    );
  }
  if (count < asked) warnings.push(cutWarning(points, facts, asked));
  if (index === points.head && asked < points.records.length && asked === count)
    warnings.push(behindWarning(points, asked));

  const views = writer
    .records(`the records of run ${shownName(points.run)} up to ${last.seq}`, places)
    .map((reading, i) => readable(reading, places[i]!.seq));
  const again = request.pending === 'drop';
  const kept = again ? views.filter((view) => view.kind !== 'checkpoint' && view.kind !== 'recovery') : views;
  const naming: Naming = {
    from: points.run,
    to: target,
    restamp: again,
    shift: again ? shiftOf(points.run, kept) : 0n,
  };
  const texts = kept.map((view) => renamedText(view.root, naming));
  const seqOf = (seq: string) => String(BigInt(seq) - naming.shift);
  const keyOf = (id: string) => formatKey({ thread: target, namespace: '', id, nth: 0 });
  const records: NewRecord[] = kept.map((view, i) => {
    const id = restampedId(view.id, naming);
    return { seq: seqOf(view.seq), id, text: texts[i]!, key: keyOf(id) };
  });
  const end = kept.at(-1);
  if (end === undefined) throw notOfRuntime('it holds records of a host only');

  const saved = savedBefore(points, compareSeq(last.seq, end.seq) > 0 ? last.seq : end.seq, writer);
  const checkpoints: NewSavedCheckpoint[] = saved.map((view) => {
    const id = restampedId(view.id, naming);
    return { id, covers: seqOf(view.covers), text: renamedText(view.root, naming), key: keyOf(id) };
  });
  const covers = seqOf(end.seq);
  const open = facts.openAt(count);
  const made = newCheckpoint({ target, source: points.run, end, covers, saved, checkpoints, texts, naming, draw });
  const pending = open.map((effect) => pendingOf(effect, readable(readingAt(views, effect), last.seq), naming));
  const approvals = open.flatMap((effect) => (effect.request === null ? [] : [effect.request]));
  const checkpoint = { ...made, effects: pending, approvals };
  const text = checkpointText(checkpoint);
  checkpoints.push({ id: checkpoint.id, covers, text: writer.laidOut(text), key: keyOf(checkpoint.id) });
  if (!again) records.push(checkpointRecord(checkpoint, covers, end, records, keyOf));

  const resume = resumeCode(namesOf(target, again ? firstOf(texts) : null, writer.backend));
  return {
    changes: writer.newRun({ run: target, records, checkpoints, contents: [], provided: [] }),
    warnings: [...warnings, again ? runsAgain(views, open) : hostOnly(open), ...writer.warnings(points.run)],
    target: { thread: target, id: checkpoint.id },
    resume,
    edited: null,
    follows: [],
  };
}

function readable<V extends { readonly refused: string | null }>(reading: Reading<V>, seq: string): V {
  if (reading.ok) {
    if (reading.view.refused === null) return reading.view;
    throw unreadable(seq, reading.view.refused);
  }
  throw unreadable(seq, reading.reason);
}

function unreadable(seq: string, why: string): ForkpointError {
  return new ForkpointError(
    'corrupt',
    `Record ${seq} cannot be copied, and clawdia could not read a fork that holds it: ${why.replace(/\.$/, '')}. Nothing was changed.`,
    'Fork a point before it.',
  );
}

function readingAt(views: readonly RecordView[], effect: Effect): Reading<RecordView> {
  const view = views[effect.opened];
  return view === undefined ? { ok: false, reason: 'it is gone' } : { ok: true, view };
}

function firstOf(texts: readonly Uint8Array[]): RecordView | null {
  const [first] = texts;
  const reading = first === undefined ? null : readRecord(first);
  return reading?.ok === true ? reading.view : null;
}

/** Saved checkpoints that cover nothing behind `seq`. */
function savedBefore(points: RunPoints, seq: string, writer: PlanWriter): readonly CheckpointView[] {
  const places = points.checkpoints.filter((place) => compareSeq(place.seq, seq) <= 0);
  const readings = writer.checkpoints(`the checkpoints of run ${shownName(points.run)} up to ${seq}`, places);
  return readings.map((reading, i) => readable(reading, places[i]!.seq));
}

/**
 * What is taken from every sequence number so that the run begins at 1, where the runtime of a new process begins to count. Throws
 * `unable` for journals that the runtime could not go on behind.
 */
function shiftOf(run: string, views: readonly RecordView[]): bigint {
  const [first] = views;
  if (first === undefined || first.id !== startId(run)) {
    throw notOfRuntime('its first record is not the one that the runtime begins a run with');
  }
  const start = BigInt(first.seq);
  if (views.some((view, i) => BigInt(view.seq) !== start + BigInt(i))) {
    throw notOfRuntime('other runs or the host wrote between its records, and the runtime would count other numbers');
  }
  const shift = start - 1n;
  if (shift !== 0n && views.some((view) => view.kind === 'hook')) {
    throw notOfRuntime(
      'it is not the first run of its process, and its hooks are named by numbers that would be others',
    );
  }
  return shift;
}

function notOfRuntime(why: string): ForkpointError {
  return new ForkpointError(
    'unable',
    `This run cannot be run again with the SDK's runtime: ${why}. Nothing was changed.`,
    'Keep its pending work (`--pending keep`): that is a fork for inspection and for a host that resumes by itself.',
  );
}

interface Making {
  readonly target: string;
  readonly source: string;
  readonly end: RecordView;
  readonly covers: string;
  readonly saved: readonly CheckpointView[];
  readonly checkpoints: readonly NewSavedCheckpoint[];
  readonly texts: readonly Uint8Array[];
  readonly naming: Naming;
  readonly draw: Draw;
}

/** Everything of the fork's checkpoint but what is pending. It is the greatest by the order in which clawdia compares them. */
function newCheckpoint({ target, source, end, covers, saved, checkpoints, texts, naming, draw }: Making) {
  const top = saved.reduce((most, view) => (BigInt(view.seq) > most ? BigInt(view.seq) : most), 0n);
  const latest = saved.reduce((most, view) => (BigInt(view.created) > most ? BigInt(view.created) : most), 0n);
  const seq = top < largest ? top + 1n : largest;
  const now = BigInt(Math.max(0, Math.floor(draw.now())));
  // Only where the numbers are used up does the time decide.
  const created = top < largest || now > latest ? now : latest < largest ? latest + 1n : latest;
  const taken = new Set(checkpoints.map((checkpoint) => checkpoint.id));
  const base = `checkpoint.forkpoint.${covers}`;
  let id = base;
  for (let n = 2; taken.has(id); n += 1) id = `${base}.${n}`;
  const turn = textOf(end.root.get('turn_id'));
  return {
    id,
    run: target,
    seq: String(seq),
    covers,
    created: String(created),
    loop: 'WaitingForResume',
    turn: turn === null ? null : restampedId(turn, naming),
    fingerprint: textOf(end.root.get('runtime_package_fingerprint')) ?? '',
    stateHash: prefixHash(texts),
    writer: writerOf(source, end.seq),
  };
}

function pendingOf(effect: Effect, record: RecordView, naming: Naming): PendingEffect {
  const intent = intentOf(record, effect.effect);
  return {
    effect: restampedId(effect.effect, naming),
    intentRecord: restampedId(record.id, naming),
    idempotencyKey: restamped(textOf(intent?.get('idempotency_key') ?? null), naming),
    dedupeKey: restamped(textOf(intent?.get('dedupe_key') ?? null), naming),
  };
}

const restamped = (id: string | null, naming: Naming) => (id === null ? null : restampedId(id, naming));

function checkpointRecord(
  checkpoint: Parameters<typeof checkpointRecordText>[0],
  covers: string,
  end: RecordView,
  records: readonly NewRecord[],
  keyOf: (id: string) => CheckpointKey,
): NewRecord {
  if (BigInt(covers) >= largest) {
    throw new ForkpointError(
      'unable',
      `No record can stand behind number ${covers}. Nothing was changed.`,
      'Fork an earlier point.',
    );
  }
  const seq = String(BigInt(covers) + 1n);
  const taken = new Set(records.map((record) => record.id));
  const base = `journal.forkpoint.checkpoint.${seq}`;
  let id = base;
  for (let n = 2; taken.has(id); n += 1) id = `${base}.${n}`;
  const agent = textOf(end.root.get('agent_id')) ?? '';
  const redactionPolicy = textOf(end.root.get('redaction_policy_id')) ?? '';
  return { seq, id, text: checkpointRecordText(checkpoint, { id, seq, agent, redactionPolicy }), key: keyOf(id) };
}

// ── Warnings ───────────────────────────────────────────────────────────────────────────────────────────────────────

function cutWarning(points: RunPoints, facts: RunFacts, asked: number): Warning {
  const end = points.records[facts.sealedAt]!;
  return {
    code: 'terminal',
    message: `The run ends at record ${end.seq}, and nothing may follow such a record: the fork holds the ${facts.sealedAt} of these ${asked} records that stand before it.`,
    remedy: 'Fork an earlier point to change what happens before the end.',
  };
}

function behindWarning(points: RunPoints, asked: number): Warning {
  const left = points.records.length - asked;
  return {
    code: 'behind_head',
    message: `The journal goes on behind this checkpoint: ${left} record${left === 1 ? ' is' : 's are'} not copied.`,
    remedy: `Fork record ${points.records.at(-1)!.id} to have all of it.`,
  };
}

function runsAgain(views: readonly RecordView[], open: readonly Effect[]): Warning {
  const tools = new Set<string>();
  for (const view of views) {
    const tool = view.type === 'tool' ? textOf(view.payload?.get('canonical_tool_name') ?? null) : null;
    if (tool !== null) tools.add(tool);
  }
  for (const effect of open) tools.add(effect.name);
  const names = [...tools].map((tool) => `\`${tool}\``).join(', ');
  return {
    code: 'effects_run_again',
    message: `\`run_text\` goes through the run from its beginning: the model is called again, and tools are executed again although their results stand in the copied records${names === '' ? '' : ` (${names})`}. What it records again under a known id is not written. It needs the same package, session and turn.`,
    remedy:
      'Give it tools that may be executed twice, or keep the pending work (`--pending keep`) and resume by your own host.',
  };
}

function hostOnly(open: readonly Effect[]): Warning {
  const pending = open.map((effect) => `\`${effect.name}\``).join(', ');
  return {
    code: 'host_resume',
    message: `This fork is for inspection and for a host that resumes by itself: its checkpoint says what is open${pending === '' ? '' : ` (${pending})`}. The SDK's \`run_text\` refuses it ("journal_seq must be strictly increasing").`,
    remedy: 'To run it with `run_text`, drop the pending work (`--pending drop`).',
  };
}
