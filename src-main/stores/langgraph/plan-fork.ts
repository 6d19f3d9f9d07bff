// Forks: a new row in the same thread, or the branch up to a point copied into a new thread, with or without an edit on top.
//
// Checkpoint ids and task ids do not depend on the thread, so a new thread gets the rows as they are. A row that is new gets a
// new id, and with it new task ids: finished or waiting tasks of the source do not carry over to it.

import { textOf } from './cells.ts';
import { neighbourWarnings } from './describe.ts';
import { newRowRefusal, olderWarnings } from './fork-refusal.ts';
import { resumeCode } from './pending.ts';
import { newRow } from './plan-new-row.ts';
import { editValues } from './plan-row.ts';
import type { EditedValues } from './plan-row.ts';
import { situationWarnings, sourceOf } from './plan-source.ts';
import type { PlanSource, Source } from './plan-source.ts';
import { intoNewThread } from './plan-thread.ts';
import { hostTaskOf } from './status.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { UndoGuard } from '../backend.ts';
import type { ForkRequest, PlanContext, StorePlan } from '../store.ts';

/** Sub-graphs that keep their state between runs (their namespace names no task) and have rows newer than the point. */
function statefulAhead(source: Source, context: PlanContext): string[] {
  const rows = context.relying.relyOnRows(
    'the sub-graphs that keep their state between runs',
    `SELECT DISTINCT checkpoint_ns AS ns FROM checkpoints WHERE thread_id = ? AND checkpoint_ns > '' AND checkpoint_id > ? ORDER BY ns`,
    [source.point.row.thread, source.point.row.id],
  );
  return rows.map((r) => textOf(r['ns'])).filter((ns) => !(ns.split('|').at(-1) ?? '').includes(':'));
}

function inPlace(
  own: PlanSource,
  request: ForkRequest,
  source: Source,
  edited: EditedValues | null,
  context: PlanContext,
): StorePlan {
  const { thread, namespace } = source.point.row;
  const row = newRow(own, source, request, thread, edited, source.writes, context);
  const warnings = [...row.warnings, ...situationWarnings(source, edited, false)];
  const finished = (source.tasks.planned ?? []).some((t) => t.finished);
  if (request.pending === 'keep' && finished) {
    warnings.push({
      code: 'pending_dropped',
      message:
        'A new checkpoint in the same thread gives its tasks new ids, so what the finished tasks of this step have written does not count for it: they run again.',
      remedy: 'Fork into a new thread to keep them.',
    });
  }
  if (namespace === '') {
    warnings.push({
      code: 'becomes_head',
      message:
        'LangGraph takes the newest checkpoint of a thread for its head: the thread goes on from here, and its other branch only by checkpoint id.',
      remedy: 'Fork into a new thread to leave the head where it is.',
    });
  } else if (namespace.includes(':') && hostTaskOf(own.read, source.point) === 'finished') {
    warnings.push({
      code: 'not_resumed',
      message: 'The task that this sub-graph ran in has finished: LangGraph will not go on from the new checkpoint.',
      remedy: 'Fork the checkpoint of the parent graph before that task.',
    });
  }
  const ahead = namespace === '' ? statefulAhead(source, context) : [];
  if (ahead.length > 0) {
    const names = ahead.map((n) => `\`${n}\``).join(', ');
    warnings.push({
      code: 'subgraph_ahead',
      message: `The sub-graph ${names} keeps its state from run to run, and has run since this checkpoint: going on by the thread alone finds it in its newest state. Named by its id, LangGraph takes the sub-graph back as well${row.under ? '' : ', here by one step too many: to where it stood at the parent of this checkpoint'}.`,
      remedy: row.under
        ? 'Go on with the code that is given after the commit, which names the new checkpoint; or fork into a new thread.'
        : 'Fork into a new thread.',
    });
  }
  const guards: UndoGuard[] = [
    {
      kind: 'rows',
      describe: `checkpoints that thread ${shownName(thread)} has written since`,
      sql: 'SELECT checkpoint_ns, checkpoint_id FROM checkpoints WHERE thread_id = ? AND checkpoint_id > ? ORDER BY checkpoint_ns, checkpoint_id',
      params: [thread, row.id],
    },
    {
      kind: 'rows',
      describe: 'what has been written at the new checkpoint',
      sql: 'SELECT task_id, idx FROM writes WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ? ORDER BY task_id, idx',
      params: [thread, namespace, row.id],
    },
  ];
  return {
    changes: { backend: 'sqlite', changes: [row.change], guards },
    warnings: [...warnings, ...neighbourWarnings(own.reader, false)],
    target: { thread, id: row.id },
    resume: resumeCode(source.point.dialect, thread, ahead.length > 0 ? row.id : null, []),
    edited: edited === null ? null : { before: edited.before, after: edited.after },
    follows: edited?.follows ?? [],
  };
}

/** Plans a fork or an edit of one point. Throws `unable`, `exists`, `not_found`, `bad_value` with the reason. */
export function planFork(own: PlanSource, request: ForkRequest, context: PlanContext): StorePlan {
  const source = sourceOf(own, context, request.key);
  const refusal = request.target.kind === 'in-place' || request.edits.length > 0 ? newRowRefusal(source.point) : null;
  if (refusal !== null) throw refusal;
  const edited = editValues(source.point, source.shown?.root ?? null, request.edits, request.leave);
  const plan =
    request.target.kind === 'in-place'
      ? inPlace(own, request, source, edited, context)
      : intoNewThread(own, request, request.target.thread, source, edited, context);
  return { ...plan, warnings: [...(edited?.warnings ?? []), ...olderWarnings(source.point), ...plan.warnings] };
}
