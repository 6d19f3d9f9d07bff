// Forking and editing a point, by the measured experiments. Into a new thread: the records up to the point, numbered from 1, only
// their thread rewritten; with an edit, one more record behind them: the point again, with another state. In place: that one record
// behind the thread's end; it becomes the latest because it is last. The queue is always kept: an empty one would start the graph
// at its entry. Prefixes are cut by `seq`, never by step (the framework's in-memory fork does that, and takes records of branches).

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { Status } from '../../../shared/model/status.ts';
import { openValue } from '../../values/open.ts';
import type { Cursor } from '../../values/cursor.ts';
import { applyEdits } from '../../values/splice.ts';
import type { EditRequest, ForkRequest, StorePlan } from '../store.ts';
import { numbersFrom } from './new-record.ts';
import { isOutOfSteps, stepLimit } from './pending.ts';
import type { ThreadPoints } from './points.ts';
import type { RecordReading, RecordView } from './record.ts';
import { resumeCode } from './resume.ts';
import { placeAt, type WesichainSource } from './source.ts';
import type { NewRecord, PlanWriter } from './write.ts';

/** What the planner asks of an open store. */
export interface ForkGround {
  readonly source: WesichainSource;
  find(key: ForkRequest['key']): { readonly points: ThreadPoints; readonly index: PointIndex };
  statusAt(points: ThreadPoints, index: PointIndex): Status;
}

export function planFork(ground: ForkGround, request: ForkRequest | EditRequest, writer: PlanWriter): StorePlan {
  if (request.operation === 'edit' && request.edits.length === 0) {
    throw new ForkpointError('bad_value', 'There is nothing to edit.', 'Give at least one edit.');
  }
  const { points, index } = ground.find(request.key);
  const target = request.operation === 'fork' && request.target.kind === 'thread' ? request.target.thread : null;
  const trouble = ground.source.trouble(points.thread);
  if (target === null && trouble.noAppend !== null) {
    throw new ForkpointError(
      'unable',
      `Nothing may be appended to this thread: ${trouble.noAppend} Nothing was changed.`,
      'Fork into a new thread: that copies the whole records of this thread only.',
    );
  }
  if (target !== null) writer.expectNewThread(target);
  const place = placeAt(points, index);
  const source = readable(writer.read(`record ${place.seq} that is forked`, place), place.seq);
  const edited = editState(source, request);
  const thread = target ?? points.thread;

  const warnings = [
    ...edited.warnings,
    ...loadWarnings(edited, target === null),
    ...writer.accepts([source]),
    ...pointWarnings(source, ground.statusAt(points, index)),
    ...writer.warnings(target === null ? null : points.thread),
  ];
  if (ground.statusAt(points, points.count - 1) === 'idle') {
    warnings.push({
      code: 'may_be_running',
      message:
        'Nothing in the store tells whether a run of this thread is still going on. If one saves in the moment of the commit, wesichain does not wait for the lock: that step is lost, or both give the same number.',
      remedy: 'Commit when no run is going on.',
    });
  }
  if (target !== null && trouble.refused !== null) {
    warnings.push({
      code: 'source_damaged',
      message: `The thread that is forked cannot be loaded as it is (${trouble.refused}) The fork holds only its own whole records.`,
      remedy: null,
    });
  }

  const records: NewRecord[] = [];
  const prefix = Array.from({ length: index + 1 }, (_, i) => placeAt(points, i)).filter(
    ({ position }) => !trouble.unreadable.has(position),
  );
  const keyOf = (seq: string) => formatKey({ thread, namespace: '', id: seq, nth: 0 });
  if (target !== null) {
    writer.relyOn(`the records that lead to ${place.seq}`, prefix);
    numbersFrom(prefix.length, 1n).forEach((seq, i) => {
      // The last is written as text in any case: where a hand stored it otherwise, the framework could not load the fork.
      const record = i === prefix.length - 1 ? source : null;
      records.push({ seq, key: keyOf(seq), basis: prefix[i]!, record, data: null });
    });
  }
  if (target === null || edited.data !== null) {
    const seq = String(target === null ? writer.nextSeq(points.thread) : BigInt(prefix.length + 1));
    records.push({ seq, key: keyOf(seq), basis: place, record: source, data: edited.data });
  }
  return {
    changes: target === null ? writer.append(thread, records[0]!) : writer.newThread(thread, records),
    warnings,
    target: { thread, id: records.at(-1)!.seq },
    resume: resumeCode(thread),
    edited: edited.sides,
    follows: [],
  };
}

function readable(reading: RecordReading, seq: string): RecordView {
  if (reading.ok && reading.record.state !== null) return reading.record;
  throw new ForkpointError(
    'corrupt',
    `Record ${seq} cannot be forked: ${reading.ok ? (reading.record.refused ?? 'it holds no state') : reading.reason}. Nothing was changed.`,
    'Fork another point.',
  );
}

interface EditedState {
  readonly data: Uint8Array | null;
  readonly warnings: readonly Warning[];
  readonly sides: { readonly before: Cursor; readonly after: Cursor } | null;
}

function editState(record: RecordView, request: ForkRequest | EditRequest): EditedState {
  const before = record.state;
  if (request.edits.length === 0 || before === null) return { data: null, warnings: [], sides: null };
  const { bytes, warnings } = applyEdits(before, request.edits, 'json-serde');
  const after = openValue('json', bytes);
  return { data: bytes, warnings: [...warnings, ...memberWarnings(before, after)], sides: { before, after } };
}

function namesOf(map: Cursor): ReadonlySet<string> {
  const names = new Set<string>();
  for (let i = 0; i < map.count; i += 1) {
    const name = map.key(i);
    if (name.kind === 'string' && name.isUnicode()) names.add(name.text());
  }
  return names;
}

/** The graph's state is a Rust type: what it does not know is dropped, what it misses makes the record unreadable. */
function memberWarnings(before: Cursor, after: Cursor): Warning[] {
  if (before.kind !== 'map' || after.kind !== 'map') return [];
  const [had, has] = [namesOf(before), namesOf(after)];
  const added = [...has].filter((name) => !had.has(name)).map((name) => `\`${name}\``);
  const gone = [...had].filter((name) => !has.has(name)).map((name) => `\`${name}\``);
  const warnings: Warning[] = [];
  if (added.length > 0) {
    warnings.push({
      code: 'new_member',
      message: `${added.join(', ')} was not part of the state: if the graph's state type has no such field, the next checkpoint drops it.`,
      remedy: null,
    });
  }
  if (gone.length > 0) {
    warnings.push({
      code: 'removed_member',
      message: `${gone.join(', ')} is gone from the state: if the graph's state type needs it, wesichain cannot load the thread.`,
      remedy: 'Set it to an empty value instead.',
    });
  }
  return warnings;
}

/** Codes of edits after which the state type may not take the record. */
const risky = new Set(['type_change', 'number_kind', 'removed_member']);

function loadWarnings(edited: EditedState, inPlace: boolean): Warning[] {
  if (!edited.warnings.some((warning) => risky.has(warning.code))) return [];
  return [
    {
      code: 'may_not_load',
      message: `If the graph's state type does not take this edit, ${inPlace ? 'every later load of this thread fails' : 'the new thread cannot be loaded'}: a \`null\` or \`1.0\` where it wants a text or an integer is enough.`,
      remedy: inPlace ? 'Fork into a new thread, or undo.' : null,
    },
  ];
}

function pointWarnings(record: RecordView, status: Status): Warning[] {
  const warnings: Warning[] = [];
  if (status === 'terminal') {
    warnings.push({
      code: 'terminal',
      message:
        'Nothing is left to run at this point: `auto_resume` starts the graph at its entry node with this state, and `resume()` does nothing and reports success.',
      remedy: 'Fork an earlier point to run on from there.',
    });
  }
  if (status === 'unknown') {
    warnings.push({
      code: 'unknown_queue',
      message:
        'wesichain 0.1.0 kept no queue: what was left to run at this point is not known, and a resume cannot continue it.',
      remedy: null,
    });
  }
  if (status === 'interrupted') {
    warnings.push({
      code: 'interrupts_again',
      message: `A graph that was built with an interrupt before \`${record.node ?? ''}\` stops here again, with one more record each time; an interrupt given in the options of a run does not.`,
      remedy: 'Resume with a graph that is built without this interrupt.',
    });
  }
  if (isOutOfSteps(record)) {
    warnings.push({
      code: 'step_limit',
      message: `The run counts on from step ${record.step}: the default limit of ${stepLimit} steps leaves none ("Max steps exceeded").`,
      remedy: 'Raise `max_steps` in the options.',
    });
  }
  if ((record.queue?.length ?? 0) > 1) {
    warnings.push({
      code: 'join_cycle',
      message:
        'Several branches are open here. A node in which they meet is started once per branch, and with default options its second start ends the run ("Cycle detected").',
      remedy: 'Set `cycle_detection: Some(false)` in the options.',
    });
  }
  return warnings;
}
