// Deleting a run: its rows, its step records, and what the interrupt registry and the outbox hold of it. A question that a person has
// claimed is being worked on: such a run is refused.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { SqliteChange } from '../backend.ts';
import { numberCell, textCell } from '../records/cells.ts';
import { movedRows, removedRows } from '../records/removed-rows.ts';
import type { DeleteRequest, PlanContext, StorePlan } from '../store.ts';
import { noSuchThread, removalPlan } from '../whole-thread.ts';
import { newParts, partsOf, threadOf } from './ids.ts';
import { forkPrefix } from './labels.ts';
import { checkpointTable, interruptTable, outboxTable, recordTable, stepText, tableOf } from './rows.ts';
import { guardOf, storeWarnings } from './sql-fork.ts';
import type { SqlSource } from './sql-source.ts';

export function planSqlDelete(source: SqlSource, { thread, into }: DeleteRequest, context: PlanContext): StorePlan {
  const parts = partsOf(thread);
  if (parts === null || !source.hasRun(...parts)) throw noSuchThread(thread);
  const [workflow, run] = parts;
  const name = shownName(thread);
  const has = (table: string): boolean => tableOf(source.reader, table) !== null;
  if (has(interruptTable)) refuseClaimed(thread, parts, context);
  const ofRun = { where: 'workflow_id = ? AND run_id = ?', params: [workflow, run] };
  const ofQuestions = { where: 'workflow = ? AND run = ?', params: [workflow, run] };
  const changes: SqliteChange[] = [];
  const remove = (table: string, rest: Omit<Parameters<typeof removedRows>[1], 'table'>): number => {
    const found = tableOf(source.reader, table);
    const rows = found === null ? [] : removedRows(context.relying, { ...rest, table: found });
    changes.push(...rows);
    return rows.length;
  };
  remove(checkpointTable, {
    ...ofRun,
    describe: `the rows of run ${name}`,
    more: ['super_step'],
    keyOf: (row) => formatKey({ thread, namespace: '', id: stepText(row['super_step']), nth: 0 }),
  });
  remove(recordTable, { ...ofRun, describe: `the step records of run ${name}` });
  const goes = into === null;
  const unsent = goes && has(outboxTable) && has(interruptTable) ? unsentOf(parts, context) : 0;
  if (goes && has(interruptTable)) {
    remove(outboxTable, {
      ...ofQuestions,
      where: `interrupt_id IN (SELECT interrupt_id FROM ${interruptTable} WHERE ${ofQuestions.where})`,
      describe: `the outbox of run ${name}`,
    });
  }
  const questions = tableOf(source.reader, interruptTable);
  if (questions !== null) {
    const describe = `the questions of run ${name}`;
    const rows = removedRows(context.relying, { ...ofQuestions, table: questions, describe });
    const to = goes ? null : newParts(into, 'run', workflow);
    // The outbox names questions, and they keep their ids.
    changes.push(...(to === null ? rows : movedRows(rows, { workflow: to[0], run: to[1] })));
  }
  const guards = [guardOf(workflow, run)];
  return removalPlan({ backend: 'sqlite', changes, guards }, [
    ...unsentWarning(unsent),
    ...forksStay(source, parts),
    ...storeWarnings(source),
  ]);
}

function refuseClaimed(thread: string, parts: readonly [string, string], { relying }: PlanContext): void {
  const claimed = relying.relyOnRows(
    `whether a question of run ${shownName(thread)} is claimed`,
    `SELECT interrupt_id, assignee FROM ${interruptTable} WHERE workflow = ? AND run = ? AND status = 'Claimed' ORDER BY interrupt_id`,
    parts,
  );
  const [first] = claimed;
  if (first === undefined) return;
  const who = textCell(first['assignee']);
  throw new ForkpointError(
    'claimed',
    `A question of run ${shownName(thread)} is claimed${who === null ? '' : ` by ${shownName(who)}`}, who may answer it in this moment. Nothing was changed.`,
    'Have it answered or given back first.',
  );
}

function unsentOf(parts: readonly [string, string], { relying }: PlanContext): number {
  const [row] = relying.relyOnRows(
    'what the outbox has not sent yet',
    `SELECT count(*) AS n FROM ${outboxTable} WHERE committed = 0 AND interrupt_id IN (SELECT interrupt_id FROM ${interruptTable} WHERE workflow = ? AND run = ?)`,
    parts,
  );
  return numberCell(row?.['n']);
}

function unsentWarning(unsent: number): Warning[] {
  if (unsent === 0) return [];
  return [
    {
      code: 'unsent',
      message: `The outbox holds ${unsent === 1 ? 'a message' : `${unsent} messages`} of this run that ${unsent === 1 ? 'was' : 'were'} not sent yet, and will not be.`,
      remedy: null,
    },
  ];
}

function forksStay(source: SqlSource, [workflow, run]: readonly [string, string]): Warning[] {
  const forks = source.reader.all(
    `SELECT DISTINCT run_id FROM ${checkpointTable} WHERE workflow_id = ? AND label = ? AND run_id <> ? ORDER BY run_id`,
    [workflow, `${forkPrefix}${run}`, run],
  );
  if (forks.length === 0) return [];
  const names = forks.map((row) => shownName(threadOf(workflow, textCell(row['run_id']) ?? ''))).join(', ');
  return [
    {
      code: 'forks_stay',
      message: `${names} ${forks.length === 1 ? 'was' : 'were'} forked from this run and can go on without it; where ${forks.length === 1 ? 'it comes' : 'they come'} from is told by a label that leads nowhere then.`,
      remedy: null,
    },
  ];
}
