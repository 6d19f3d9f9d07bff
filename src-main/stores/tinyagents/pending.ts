// What would happen next at a point: the tasks that would run with what they were sent, the questions asked, what finished already,
// and who the runtime would skip.

import type { Cursor } from '../../values/cursor.ts';
import type { PendingView, ResumeCode, TaskView } from '../store.ts';
import { isSwallowed, noteOfRecord, statusOfRecord } from './status.ts';
import { eraBefore16, type InterruptMember, type RecordView, type WriteMember } from './record.ts';

/** The writes that count: the ledger where it has any for this checkpoint, else those inside the record. */
export function countingWrites(record: RecordView, ledger: readonly WriteMember[]): readonly WriteMember[] {
  return ledger.length > 0 ? ledger : record.writes;
}

/** Ids of pending tasks that the runtime would skip, because a write says that they are done. If that were all, it skips none. */
export function skippedTasks(record: RecordView, writes: readonly WriteMember[]): ReadonlySet<string> {
  const done = new Set(writes.filter((w) => w.task !== '' && !w.idx.startsWith('-')).map((w) => w.task));
  const skipped = record.pending.filter((a) => a.task !== null && done.has(a.task));
  return new Set(skipped.length === record.pending.length ? [] : skipped.map((a) => a.task!));
}

export function pendingOf(record: RecordView, ledger: readonly WriteMember[], resume: ResumeCode | null): PendingView {
  const status = statusOfRecord(record);
  const writes = countingWrites(record, ledger);
  const skipped = skippedTasks(record, writes);
  const tasks: TaskView[] = [];

  // An interrupt belongs to one task: the first pending one of its node that has none yet.
  const open: InterruptMember[] = [...record.interrupts];
  let errorLeft = record.failedNode !== null;
  for (const activation of record.pending) {
    const asked = open.findIndex((i) => i.node === activation.node);
    const interrupts = asked < 0 ? [] : open.splice(asked, 1);
    const failedHere = errorLeft && activation.node === record.failedNode;
    if (failedHere) errorLeft = false;
    tasks.push({
      id: activation.task,
      name: activation.node,
      error: failedHere ? record.error : null,
      interrupts: interrupts.map(interruptView),
      writes: writes.filter((w) => activation.task !== null && w.task === activation.task).map(writeView),
      argument: activation.argument,
    });
  }
  // A question from inside a sub-graph names the inner node; it is asked through the node that embeds the sub-graph.
  if (open.length > 0 && tasks.length > 0) {
    const asking = tasks.findIndex((task) => task.interrupts.length === 0);
    const at = asking < 0 ? 0 : asking;
    const task = tasks[at]!;
    tasks[at] = { ...task, interrupts: [...task.interrupts, ...open.map(interruptView)] };
  }
  // Of a step that stopped halfway: the tasks that had finished by then.
  if (record.pending.some((a) => a.task !== null)) {
    const shown = new Set(record.pending.map((a) => a.task));
    for (const id of new Set(writes.map((w) => w.task))) {
      if (id === '' || shown.has(id)) continue;
      const own = writes.filter((w) => w.task === id);
      tasks.push({
        id,
        name: own[0]?.node ?? null,
        error: null,
        interrupts: [],
        writes: own.map(writeView),
        argument: null,
      });
    }
  }

  const inside = record.namespace.length > 0;
  return {
    status,
    next: record.pending.map((a) => a.node),
    tasks,
    resumable: record.pending.length > 0 && !inside,
    reason: reasonOf(record, skipped, inside),
    resume: record.pending.length > 0 && !inside ? resume : null,
  };
}

function reasonOf(record: RecordView, skipped: ReadonlySet<string>, inside: boolean): string | null {
  const sentences: string[] = [];
  const status = statusOfRecord(record);
  if (status === 'terminal') sentences.push('The run ended here: nothing is pending.');
  else if (status === 'failed' || status === 'interrupted' || isSwallowed(record)) {
    const note = noteOfRecord(record);
    // A question ends as it was asked; the sentences after it must not run into it.
    if (note !== null) sentences.push(/[.?!…:]$/.test(note) ? note : `${note}.`);
  }
  for (const barrier of record.barriers) {
    sentences.push(`\`${barrier.node}\` waits for all its branches; arrived so far: ${barrier.arrived.join(', ')}.`);
  }
  if (skipped.size > 0) {
    sentences.push(`Marked as done, so a resume skips: ${[...skipped].join(', ')}.`);
  }
  if (losesOnResume(record)) {
    sentences.push(
      'tinyagents before 1.6 did not store what these tasks were sent: a resume runs them without their argument.',
    );
  }
  if (inside && status !== 'terminal') {
    sentences.push('This is a point of a sub-graph: the graph is resumed at its root, which loads this one by itself.');
  }
  return sentences.length === 0 ? null : sentences.join(' ');
}

/** Releases before 1.6 kept node names only; a name that repeats was a fan-out whose arguments are gone. */
export function losesOnResume(record: RecordView): boolean {
  if (record.era !== eraBefore16) return false;
  return new Set(record.pending.map((a) => a.node)).size < record.pending.length;
}

function interruptView(member: InterruptMember): { id: string | null; value: Cursor | null; schema: null } {
  return { id: member.id, value: member.payload, schema: null };
}

function writeView(write: WriteMember): { channel: string; value: Cursor | null } {
  return { channel: write.channel === '' ? write.node : write.channel, value: write.payload };
}
