// What tinyagents answered of its stores (`golden.json`), in the common shape.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { joinParts } from '../../../../shared/model/key.ts';
import type { Status } from '../../../../shared/model/status.ts';
import type { Cursor } from '../../../values/cursor.ts';
import { openValue } from '../../../values/open.ts';
import type { Answers, PointAnswer, QuestionAnswer, TaskAnswer, ThreadAnswer } from '../../testing/answer.ts';
import { goldenFile, has, itemsOf, memberOf, same, textIn, textsIn } from '../../testing/golden-json.ts';

const spaceOf = (record: Cursor): string => joinParts(textsIn(record, 'namespace'));

/** Records of releases before 1.6 hold no barriers. */
const isOld = (record: Cursor): boolean => record.get('barrier_arrivals') === null;

/** A pause of a sub-graph is kept by its own record from 1.6 on; before, the root's record alone has it. */
function statusOf(record: Cursor): Status {
  if (textsIn(record, 'next_nodes').length === 0) return 'terminal';
  if (has(memberOf(record, 'metadata'), 'failed_node')) return 'failed';
  if (itemsOf(record, 'interrupts').length === 0) return 'idle';
  return isOld(record) && spaceOf(record) !== '' ? 'idle' : 'interrupted';
}

/** What stands to run. */
function tasksOf(record: Cursor): TaskAnswer[] {
  const failed = textIn(record.get('metadata'), 'failed_node');
  const activations = itemsOf(record, 'pending_activations');
  const tasks =
    activations.length > 0
      ? activations.map((one) => ({ id: textIn(one, 'task_id'), name: textIn(one, 'node') ?? '' }))
      : textsIn(record, 'next_nodes').map((name) => ({ id: null, name }));
  return tasks.map((task) => {
    const alone = tasks.filter((one) => one.name === task.name).length === 1;
    return { ...task, failed: task.name === failed ? (alone ? true : null) : false };
  });
}

/** A record that leads nowhere keeps the questions of its run, and asks none. */
function questionsOf(record: Cursor): QuestionAnswer[] {
  if (textsIn(record, 'next_nodes').length === 0) return [];
  return itemsOf(record, 'interrupts').map((one) => ({
    id: textIn(one, 'id'),
    task: null,
    value: same(memberOf(one, 'payload')),
  }));
}

function pointOf(record: Cursor, listed: Cursor): PointAnswer {
  return {
    id: textIn(listed, 'checkpoint_id') ?? '',
    namespace: spaceOf(listed),
    parent: textIn(listed, 'parent_checkpoint_id'),
    state: same(memberOf(record, 'state')),
    record: same(memberOf(record, 'metadata')),
    next: textsIn(listed, 'next_nodes'),
    tasks: tasksOf(record),
    questions: questionsOf(record),
    status: statusOf(record),
  };
}

/** The records of a line file. */
function linesOf(file: string): Cursor[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => openValue('json', Buffer.from(line)));
}

/** By hand: 2.1.1 takes the file of this thread for a ledger and lists neither. Its records are read as any others. */
function hiddenThread(thread: string, store: string): ThreadAnswer {
  const points = linesOf(join(store, `${thread}.jsonl`)).map((record) => pointOf(record, record));
  return endingAt(thread, points, points.length - 1, false);
}

function endingAt(thread: string, points: readonly PointAnswer[], head: number, refused: boolean): ThreadAnswer {
  const at = points[head];
  if (at?.state === undefined || at.status === undefined) throw new Error(`no latest of ${thread}`);
  return { thread, points, head, latest: at.state, threadStatus: at.status, refused };
}

function threadOf(thread: Cursor, store: string): ThreadAnswer {
  const name = textIn(thread, 'thread_id') ?? '';
  const list = itemsOf(thread, 'list');
  const read = itemsOf(thread, 'records');
  const ids = list.map((point) => textIn(point, 'checkpoint_id'));
  // tinyagents was asked for records by id, which gives the last one of an id: those before it are taken from their line.
  const records = list.map((_, i) => {
    if (ids.lastIndexOf(ids[i] ?? null) === i) return read[i];
    return linesOf(join(store, `${name}.jsonl`))[i];
  });
  const points = list.map((point, i) => {
    const record = records[i];
    if (record === undefined) throw new Error(`no record of ${ids[i]}`);
    return pointOf(record, point);
  });
  const root = itemsOf(thread, 'namespaces').find((space) => spaceOf(space) === '') ?? null;
  const latest = memberOf(root ?? thread, 'latest');
  const fails = memberOf(thread, 'latest').kind === 'map';
  if (latest.kind !== 'string' && !fails) throw new Error(`no latest of ${name}`);
  // It cannot tell the latest of a file that is cut off; the last whole record is what its history begins with.
  const head = latest.kind === 'string' ? ids.lastIndexOf(latest.text()) : points.length - 1;
  return endingAt(name, points, head, fails);
}

export const tinyagentsAnswers: Answers = (path, genuine) => {
  const golden = goldenFile(join(dirname(genuine), 'golden.json'));
  if (golden === null) return null;
  const threads = itemsOf(golden, 'threads').map((thread) => threadOf(thread, genuine));
  if (path === 'tinyagents/v211-file-odd-ids/store') threads.push(hiddenThread('x.writes', genuine));
  return { threads, silent: {} };
};
