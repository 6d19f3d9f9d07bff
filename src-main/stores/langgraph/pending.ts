// What would happen next at a checkpoint: its tasks with questions, errors and results, and how the user's code carries on.

import { isDamaged, openCellOrDamaged, stringMember } from './cells.ts';
import { callsIn } from './follow-sends.ts';
import { isRouting } from './next.ts';
import { asks, verdictOf } from './status.ts';
import type { Situation } from './status.ts';
import type { WriterDialect } from './ids.ts';
import type { Point } from './point.ts';
import type { WriteRow } from './rows.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { PendingView, ResumeCode, TaskView } from '../store.ts';

/** A text as a literal of the language. JSON's escapes are valid in both; U+2028/9 are escaped for JavaScript's sake, changes of
 * direction for the reader's. */
function literal(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Code that goes on from a thread's head, or from a checkpoint by id (which LangGraph takes as time travel). */
export function resumeCode(
  dialect: WriterDialect,
  thread: string,
  id: string | null,
  questions: readonly (string | null)[],
): ResumeCode {
  const named = questions.filter((q) => q !== null);
  const several = questions.length > 1 && named.length === questions.length;
  const entries = several ? named.map((q) => `${literal(q)}: answer`).join(', ') : '';
  if (dialect === 'python') {
    const at = id === null ? '' : `, "checkpoint_id": ${literal(id)}`;
    const input = questions.length === 0 ? 'None' : `Command(resume=${several ? `{${entries}}` : 'answer'})`;
    return {
      language: 'python',
      code: `graph.invoke(${input}, {"configurable": {"thread_id": ${literal(thread)}${at}}})`,
    };
  }
  const at = id === null ? '' : `, checkpoint_id: ${literal(id)}`;
  const input = questions.length === 0 ? 'null' : `new Command({ resume: ${several ? `{ ${entries} }` : 'answer'} })`;
  return {
    language: 'javascript',
    code: `await graph.invoke(${input}, { configurable: { thread_id: ${literal(thread)}${at} } })`,
  };
}

const views = (rows: readonly WriteRow[]): TaskView['writes'] =>
  rows
    .filter((r) => !['__error__', '__interrupt__'].includes(r.channel))
    .map((r) => ({ channel: r.channel, value: openCellOrDamaged(r.type, r.value) }));

/** Channels of writes that no reader can read: LangGraph loads all writes of a checkpoint, and fails on one. */
export function damagedWrites(rows: readonly WriteRow[]): string[] {
  const channels = rows.filter((r) => isDamaged(openCellOrDamaged(r.type, r.value))).map((r) => r.channel);
  return [...new Set(channels)];
}

/**
 * The call that a reviewer has put in the place of a sent one. The human-in-the-loop middleware keeps it in a channel of its own, by
 * call id; the message and the Send keep the call as the model made it.
 */
function editedCall(point: Point, argument: Cursor | null): Cursor | null {
  const edits = point.values?.get('hitl_edited_tool_calls') ?? null;
  if (argument === null || edits?.kind !== 'map' || edits.count === 0) return null;
  const calls = callsIn(argument, []).map(({ call }) => edits.get(stringMember(call, 'id') ?? ''));
  return calls.find((call) => call !== null) ?? null;
}

export function pendingOf(situation: Situation): PendingView {
  const { point, tasks, isHead, host } = situation;
  const verdict = verdictOf(situation);
  const planned = tasks.planned ?? [];
  const taskViews: TaskView[] = planned.map((task) => ({
    id: task.id,
    name: task.name,
    error: task.error,
    // At the head a question that was answered and led to results is done with; before it, it tells why the run stopped.
    interrupts: asks(task, isHead) ? task.interrupts : [],
    writes: views(task.rows),
    argument: task.next.argument,
    edited: editedCall(point, task.next.argument),
  }));
  for (const group of tasks.others) {
    const error = group.rows.find((r) => r.channel === '__error__');
    taskViews.push({
      id: group.id,
      name: group.path.kind === 'pull' || group.path.kind === 'handler' ? group.path.node : null,
      error: error === undefined ? null : openCellOrDamaged(error.type, error.value),
      interrupts: [],
      writes: views(group.rows),
      argument: null,
    });
  }
  if (tasks.unowned.length > 0) {
    taskViews.push({ id: null, name: null, error: null, interrupts: [], writes: views(tasks.unowned), argument: null });
  }
  const leftBehind = host === 'finished' && isHead;
  const open = planned.filter((t) => asks(t, isHead));
  const damaged = damagedWrites(situation.writes);
  const resumable =
    point.problem === null && tasks.planned !== null && planned.length > 0 && !leftBehind && damaged.length === 0;
  // A sub-graph goes on through its root: its own checkpoints cannot be addressed by the thread alone.
  const root = point.row.namespace === '';
  return {
    status: verdict.status,
    next: verdict.next,
    tasks: taskViews,
    resumable,
    reason: reasonOf(situation, verdict.note, damaged),
    resume:
      resumable && root
        ? resumeCode(
            point.dialect,
            point.row.thread,
            isHead ? null : point.row.id,
            isHead ? open.map((t) => t.interrupts[0]?.id ?? null) : [],
          )
        : null,
  };
}

function reasonOf(situation: Situation, note: string | null, damaged: readonly string[]): string | null {
  const { tasks, isHead } = situation;
  const stuck =
    isHead && tasks.unowned.some((r) => r.channel === '__resume__') && (tasks.planned ?? []).some((t) => asks(t, true));
  const more: string[] = note === null ? [] : [note];
  if (damaged.length > 0) {
    more.push(
      `What has been written to ${damaged.map((c) => `\`${c}\``).join(', ')} is damaged: LangGraph cannot load this checkpoint with it.`,
    );
  }
  if (stuck) {
    more.push('An answer is stored that no task has used up: a plain invoke gives it to the next question.');
  }
  const planned = tasks.planned ?? [];
  if (isHead && planned.length > 0 && planned.every((t) => t.finished)) {
    more.push('All tasks of this step have finished, but its checkpoint was not written: going on writes it.');
  }
  if (tasks.unowned.some((r) => r.channel !== '__resume__' && !isRouting(r.channel))) {
    more.push('A command has written to this checkpoint since it was stored.');
  }
  return more.length === 0 ? null : more.join(' ');
}
