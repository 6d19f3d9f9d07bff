// What wesichain answered of its stores (`golden.json`), in the common shape.

import { dirname, join } from 'node:path';
import type { Cursor } from '../../../values/cursor.ts';
import type { Answers, PointAnswer, Silent, ThreadAnswer } from '../../testing/answer.ts';
import { goldenFile, has, itemsOf, memberOf, same, textIn } from '../../testing/golden-json.ts';

const silent: Silent = {
  parent: 'wesichain stores no parents',
  questions: 'wesichain stores no questions: the state of the graph says what a person is asked',
  status: 'wesichain has no word for it; points.test.ts holds the rules that were measured',
  threadStatus: 'as for its points',
};

/** Nodes that stand in the queue, each with its path as the task's id. */
function queueOf(checkpoint: Cursor): { readonly id: string; readonly name: string; readonly failed: false }[] {
  return itemsOf(checkpoint, 'queue').map((entry) => ({
    id: entry.child(1).lexeme(),
    name: entry.child(0).text(),
    failed: false,
  }));
}

function pointOf(record: Cursor, queued: boolean): PointAnswer {
  const checkpoint = memberOf(record, 'checkpoint');
  const queue = queueOf(checkpoint);
  const why = '0.1.0 kept no queue: nothing says what runs next';
  return {
    id: memberOf(record, 'seq').lexeme(),
    namespace: '',
    state: same(memberOf(memberOf(checkpoint, 'state'), 'data')),
    ...(queued ? { next: queue.map((one) => one.name), tasks: queue } : { silent: { next: why, tasks: why } }),
  };
}

export const wesichainAnswers: Answers = (_, genuine) => {
  const golden = goldenFile(join(dirname(genuine), 'golden.json'));
  if (golden === null) return null;
  const queued = golden.get('had_queue_json')?.bool() !== false;
  const records = [
    ...itemsOf(golden, 'records'),
    ...itemsOf(golden, 'files').flatMap((file) => itemsOf(file, 'records')),
  ];
  const threads = itemsOf(golden, 'threads').map((thread): ThreadAnswer => {
    const name = textIn(thread, 'thread_id') ?? '';
    const own = records.filter(
      (record) => !has(record, 'undecodable') && textIn(memberOf(record, 'checkpoint'), 'thread_id') === name,
    );
    const loaded = memberOf(thread, 'load').get('checkpoint');
    // Of a file that several threads share, wesichain loads the last record whosever it is; we say so, and keep to the thread's own.
    const others = loaded !== null && textIn(loaded, 'thread_id') !== name;
    return {
      thread: name,
      points: own.map((record) => pointOf(record, queued)),
      head: own.length - 1,
      ...(loaded === null || others
        ? { silent: { latest: 'wesichain loads none, or that of another thread' } }
        : { latest: same(memberOf(memberOf(loaded, 'state'), 'data')) }),
      refused: loaded === null || others,
    };
  });
  return { threads, silent };
};
