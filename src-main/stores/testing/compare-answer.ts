// Holds an opened store to what the framework answers of it, through the Store interface only; and to what every store promises
// whatever its format: keys, orders and counts that agree with each other.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey, type CheckpointKey } from '../../../shared/model/key.ts';
import { stringAt, type Lineage } from '../../../shared/model/lineage.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import type { Store, TaskView } from '../store.ts';
import type {
  Expected,
  PointAnswer,
  PointQuestion,
  Question,
  QuestionAnswer,
  Silent,
  StoreAnswer,
  TaskAnswer,
  ThreadAnswer,
  ThreadQuestion,
} from './answer.ts';
import { drained } from './opened.ts';

export interface Comparison {
  /** What does not agree; empty where all does. */
  readonly problems: readonly string[];
  /** Points that were compared. */
  readonly points: number;
}

const sorted = (texts: Iterable<string>): string[] => [...texts].sort();
const listed = (texts: Iterable<string>): string => JSON.stringify(sorted(texts));

export function compareStore(store: Store, answer: StoreAnswer): Comparison {
  const seen = new Comparing(store, answer.silent);
  const summaries = drained(store.threads()).batches.flat();
  const ours = listed(summaries.map((one) => one.thread));
  const theirs = listed(answer.threads.map((one) => one.thread));
  if (ours !== theirs) seen.say('threads', `${ours}, expected ${theirs}`);
  for (const summary of summaries) {
    const again = store.threadSummary(summary.thread);
    if (JSON.stringify(again) !== JSON.stringify(summary))
      seen.say(summary.thread, 'listed and asked for: not the same');
    const thread = answer.threads.find((one) => one.thread === summary.thread);
    if (thread !== undefined) seen.thread(thread, summary.checkpoints);
  }
  for (const none of ['no such thread', '..', 'a/b/c', '\0'])
    if (store.threadSummary(none) !== null && !answer.threads.some((one) => one.thread === none))
      seen.say(none, 'a thread that does not exist has a summary');
  const total = summaries.reduce((sum, one) => sum + one.checkpoints, 0);
  if (seen.points !== total) seen.say('points', `${seen.points} were compared, the store lists ${total}`);
  return seen;
}

class Comparing implements Comparison {
  readonly problems: string[] = [];
  points = 0;
  readonly #store: Store;
  readonly #silent: Silent;

  constructor(store: Store, silent: Silent) {
    this.#store = store;
    this.#silent = silent;
  }

  say(where: string, what: string): void {
    this.problems.push(`${where}: ${what}`);
  }

  /** Notes that a question has an answer, or that it has none without a reason. */
  #isAnswered(where: string, question: Question, answer: unknown, silent: Silent | undefined): boolean {
    const reason = silent?.[question] ?? this.#silent[question];
    if (answer === undefined) {
      if (reason === undefined) this.say(where, `the answer says nothing of ${question}, and not why`);
      return false;
    }
    if (reason !== undefined) this.say(where, `${question} has an answer, and is said to have none`);
    return true;
  }

  #value(where: string, expected: Expected | null, stored: ReturnType<Store['metadata']>): void {
    if (expected === null || stored === null) {
      if (expected !== stored)
        this.say(where, stored === null ? 'nothing, expected a value' : 'a value, expected none');
      return;
    }
    const problem = expected(stored);
    if (problem !== null) this.say(where, problem);
  }

  thread(answer: ThreadAnswer, checkpoints: number): void {
    const store = this.#store;
    const where = JSON.stringify(answer.thread);
    const lineage = drained(store.lineage(answer.thread)).result;
    const rows = store.checkpoints(
      lineage,
      Array.from({ length: lineage.count }, (_, i) => i),
    );
    if (lineage.count !== checkpoints) this.say(where, `${lineage.count} points, its summary says ${checkpoints}`);
    if (new Set(rows.map((row) => row.key)).size !== rows.length) this.say(where, 'a key stands twice');
    const at = this.#paired(where, answer, rows);
    rows.forEach((row, i) => this.#lines(`${where} ${row.id}`, lineage, row, i));
    at.forEach((index, i) => {
      const row = rows[index];
      const point = answer.points[i];
      if (row === undefined || point === undefined) return;
      this.points += 1;
      const keyed = { ...row, key: store.keyAt(lineage, index) };
      this.#point(`${where} ${point.namespace} ${point.id}`, point, keyed, rows);
    });
    this.#head(where, answer, rows, at);
  }

  /** The index of each answered point in the lineage: by order within its namespace, for ids may repeat. */
  #paired(where: string, answer: ThreadAnswer, rows: readonly Checkpoint[]): number[] {
    const spaces = new Set([...rows.map((row) => row.namespace), ...answer.points.map((point) => point.namespace)]);
    const at: number[] = answer.points.map(() => -1);
    for (const space of spaces) {
      const ours = rows.flatMap((row, i) => (row.namespace === space ? [i] : []));
      const theirs = answer.points.flatMap((point, i) => (point.namespace === space ? [i] : []));
      const ids = JSON.stringify(ours.map((i) => rows[i]?.id));
      const expected = JSON.stringify(theirs.map((i) => answer.points[i]?.id));
      if (ids !== expected) this.say(`${where} ${space}`, `points ${ids}, expected ${expected}`);
      else theirs.forEach((i, n) => (at[i] = ours[n] ?? -1));
    }
    return at;
  }

  /** What the columns promise. */
  #lines(where: string, lineage: Lineage, row: Checkpoint, i: number): void {
    const store = this.#store;
    const key = store.keyAt(lineage, i);
    if (key !== row.key) this.say(where, `key ${key} in the columns, ${row.key} in the row`);
    if (store.indexOf(lineage, key) !== i) this.say(where, 'its key leads to another point');
    if (stringAt(lineage.ids, i) !== row.id) this.say(where, 'its id in the columns is another');
    const parent = lineage.parent[i] ?? -1;
    if (parent >= i) this.say(where, 'its parent stands behind it');
    if (row.parent !== null && row.parent !== (parent < 0 ? null : store.keyAt(lineage, parent)))
      this.say(where, 'its parent in the columns is another');
    if (row.parentKind === 'inferred' && (row.parentReason ?? '') === '') this.say(where, 'inferred without a reason');
    if (store.raw(key).length === 0) this.say(where, 'no stored bytes');
  }

  #point(
    where: string,
    answer: PointAnswer,
    row: Checkpoint & { key: CheckpointKey },
    rows: readonly Checkpoint[],
  ): void {
    const store = this.#store;
    const asked = (question: PointQuestion): boolean =>
      this.#isAnswered(where, question, answer[question], answer.silent);

    const explicit = row.parentKind === 'explicit';
    if (!asked('parent')) {
      if (explicit && row.parent !== null)
        this.say(where, 'a parent that the framework does not tell is shown as stored');
    } else if (answer.parent === null) {
      if (explicit && row.parent !== null) this.say(where, `stored parent ${row.parent}, expected none`);
    } else {
      const shown = row.parent === null ? row.missingParent : (rows.find((one) => one.key === row.parent)?.id ?? null);
      if (shown !== answer.parent || row.parentKind === 'inferred')
        this.say(where, `${row.parentKind ?? 'no'} parent ${shown}, expected ${answer.parent}`);
    }
    if (asked('state') && answer.state !== undefined)
      this.#value(`${where} state`, answer.state, store.state(row.key).root);
    if (answer.record !== undefined) this.#value(`${where} record`, answer.record, store.metadata(row.key));

    const pending = store.pending(row.key);
    if (listed(pending.next) !== listed(row.next)) this.say(where, 'next in the log and in pending are not the same');
    if (pending.status !== row.status) this.say(where, `${row.status} in the log, ${pending.status} in pending`);
    if (asked('next') && listed(row.next) !== listed(answer.next ?? []))
      this.say(where, `next ${listed(row.next)}, expected ${listed(answer.next ?? [])}`);
    if (asked('tasks')) this.#tasks(where, answer.tasks ?? [], pending.tasks);
    if (asked('questions')) this.#questions(where, answer.questions ?? [], pending.tasks);
    if (asked('status') && row.status !== answer.status) this.say(where, `${row.status}, expected ${answer.status}`);
  }

  #tasks(where: string, answers: readonly TaskAnswer[], tasks: readonly TaskView[]): void {
    for (const answer of answers) {
      const at = `${where} task ${answer.name}`;
      const task = tasks.find((one) => (answer.id === null ? one.name === answer.name : one.id === answer.id));
      if (task === undefined) {
        this.say(at, `missing; have ${tasks.map((one) => `${one.name} ${one.id}`).join(', ')}`);
        continue;
      }
      if (task.name !== answer.name) this.say(at, `is called ${task.name}`);
      if (answer.failed !== null && (task.error !== null) !== answer.failed)
        this.say(at, answer.failed ? 'has no error' : 'has an error');
    }
    const names = new Set(answers.map((one) => one.name));
    // What a task has written stands in the store, whether the framework shows the task or not.
    for (const { name, writes } of tasks)
      if (name !== null && !names.has(name) && writes.length === 0)
        this.say(where, `task ${name}, which the framework does not have`);
  }

  #questions(where: string, answers: readonly QuestionAnswer[], tasks: readonly TaskView[]): void {
    const asked = tasks.flatMap((task) => task.interrupts.map((one) => ({ ...one, task: task.id })));
    const ids = listed(asked.map((one) => one.id ?? ''));
    const expected = listed(answers.map((one) => one.id ?? ''));
    if (ids !== expected) this.say(where, `questions ${ids}, expected ${expected}`);
    for (const { id, task, value } of answers) {
      const found = asked.filter((one) => one.id === id && (task === null || one.task === task));
      // Questions without an id may have several of the kind at one point: one of them is this.
      const problems = found.map((one) => (one.value === null ? 'a question without its text' : value(one.value)));
      if (!problems.includes(null)) this.say(where, `question ${id} of task ${task}: ${problems[0] ?? 'missing'}`);
    }
  }

  #head(where: string, answer: ThreadAnswer, rows: readonly Checkpoint[], at: readonly number[]): void {
    const store = this.#store;
    const asked = (question: ThreadQuestion): boolean =>
      this.#isAnswered(where, question, answer[question], answer.silent);
    const detail = store.threadDetail(answer.thread);
    for (const { namespace } of answer.points)
      if (!detail.namespaces.includes(namespace)) this.say(where, `namespace ${namespace} is not named`);
    if ((detail.refused !== null) !== answer.refused)
      this.say(where, answer.refused ? 'the framework fails here, which is not said' : `refused: ${detail.refused}`);
    if (asked('head')) {
      const head = answer.head == null ? null : (rows[at[answer.head] ?? -1]?.key ?? 'a point that is missing');
      if (detail.head !== head) this.say(where, `head ${detail.head}, expected ${head}`);
    }
    if (asked('latest') && detail.head !== null)
      this.#value(`${where} latest`, answer.latest ?? null, store.state(detail.head, true).root);
    if (asked('threadStatus') && detail.status !== answer.threadStatus)
      this.say(where, `${detail.status}, expected ${answer.threadStatus}`);
    const missing = formatKey({ thread: answer.thread, namespace: '', id: 'no such point', nth: 0 });
    for (const ask of ['state', 'metadata', 'pending', 'raw'] as const) {
      const said = saidBy(() => store[ask](missing));
      if (said !== 'not_found') this.say(where, `${ask} of a point that does not exist: ${said}`);
    }
  }
}

/** The code of the error that a question ends in. */
function saidBy(ask: () => unknown): string {
  try {
    ask();
    return 'an answer';
  } catch (thrown) {
    return thrown instanceof ForkpointError ? thrown.code : 'an error without a sentence';
  }
}
