// What LangGraph answered of its stores, in the common shape: from the golden files.

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Status } from '../../../../shared/model/status.ts';
import {
  pointQuestions,
  type Answers,
  type Expected,
  type PointAnswer,
  type Question,
  type QuestionAnswer,
  type Silent,
  type TaskAnswer,
  type ThreadAnswer,
} from '../../testing/answer.ts';
import { disagreement, goldenOf, isEmptyDefault, type GoldenPoint, type GoldenThread } from './golden.ts';
import { keys } from './stores.ts';

/**
 * Ended threads of format versions before 3, whose last node nothing was ever seen to follow: LangGraph knows from the graph that
 * it was the last one, the store does not tell.
 */
const cannotTell = new Set([
  'py-2024-08-20.sqlite fanout',
  'py-2024-08-20.sqlite tt',
  'py-2025-03-27.sqlite fanout',
  'py-2025-03-27.sqlite tt',
  'legacy-v1.sqlite v1-fanout',
  'legacy-v1.sqlite v1-tt',
]);

const reasons = {
  unfound:
    'LangGraph reads a graph that runs inside a tool with the channels of the root graph: only its rows are right',
  head: 'of the head of a sub-graph, the latest of the thread tells; its history leaves out what stands there',
  old: 'LangGraph of today does not tell it of this version',
  ended: 'the graph tells that the last node was the last, the store of this version does not',
  recovered: 'LangGraph goes on showing the error of a step that has been made good since',
  fault: 'LangGraph fails at it',
  command: 'the history of LangGraph applies what a command has written to the stored values',
};

/** By hand: points whose stored values LangGraph does not show. */
const appliedInHistory = new Set(['1f1e829f-89b6-65a1-8002-a600cef40e80']);

/** The values that LangGraph shows: of each channel of the graph, or the result of a functional workflow. */
const valuesOf =
  (point: GoldenPoint): Expected =>
  (root) => {
    const result = root.get('__end__');
    if (result !== null) return disagreement(point.values, result, 'result');
    for (const [channel, value] of Object.entries(point.values)) {
      const stored = root.get(channel);
      // A channel that nothing was written to is not stored; LangGraph shows what an empty one of its kind holds.
      if (stored === null && isEmptyDefault(value)) continue;
      const problem =
        stored === null
          ? `${channel}: not stored, expected ${JSON.stringify(value)}`
          : disagreement(value, stored, channel);
      if (problem !== null) return problem;
    }
    return null;
  };

// LangGraph of today gives tasks of older versions other ids than they were stored under: there the name must do (a null).
const tasksOf = (point: GoldenPoint): TaskAnswer[] =>
  point.tasks.map(({ id, name, error }) => ({ id, name, failed: error !== null }));

const questionsOf = (point: GoldenPoint): QuestionAnswer[] =>
  point.tasks.flatMap((task) =>
    task.interrupts.map(({ id, value }) => ({
      id,
      task: task.id,
      value: (stored) => disagreement(value, stored, 'question'),
    })),
  );

function statusOf(point: GoldenPoint): Status {
  if (point.tasks.some((task) => task.interrupts.length > 0)) return 'interrupted';
  if (point.tasks.some((task) => task.error !== null)) return 'failed';
  return point.next.length === 0 ? 'terminal' : 'idle';
}

/** The latest states of the sub-graphs that the latest of a thread is in. */
const statesBelow = (point: GoldenPoint): GoldenPoint[] =>
  point.tasks.flatMap(({ state }) => (state === null ? [] : [state, ...statesBelow(state)]));

/** A point, but for the questions that stay without an answer. */
function pointOf(point: GoldenPoint, namespace: string, silent: Silent): PointAnswer {
  const told: { -readonly [Name in keyof PointAnswer]: PointAnswer[Name] } = {
    id: point.id,
    namespace,
    parent: point.parent ?? null,
    state: valuesOf(point),
    next: point.next,
    tasks: tasksOf(point),
    questions: questionsOf(point),
    status: statusOf(point),
    silent,
  };
  for (const question of pointQuestions) if (silent[question] !== undefined) delete told[question];
  return told;
}

const untold = (why: string, ...questions: readonly Question[]): Silent =>
  Object.fromEntries(questions.map((question) => [question, why]));

/** What LangGraph does not tell of a point in the history of a graph. */
function silentAt(point: GoldenPoint, ended: boolean): Silent {
  const status = statusOf(point);
  return {
    ...(point.parent === undefined ? untold(reasons.old, 'parent') : {}),
    ...(appliedInHistory.has(point.id) ? untold(reasons.command, 'state') : {}),
    ...(status === 'failed' ? untold(reasons.recovered, 'status') : {}),
    ...(status === 'terminal' && ended ? untold(reasons.ended, 'status') : {}),
    ...(point.fault === null ? {} : untold(reasons.fault, 'state', 'next', 'tasks', 'questions', 'status')),
  };
}

/** Points of a sub-graph. `latest`: its own state as the latest of the thread has it, null where that tells nothing of it. */
function pointsBelow(
  namespace: string,
  history: readonly GoldenPoint[],
  found: boolean,
  latest: readonly GoldenPoint[],
): PointAnswer[] {
  return history.toReversed().map((point) => {
    const silent = silentAt(point, false);
    if (!found) {
      const rows = untold(reasons.unfound, 'next', 'tasks', 'questions', 'status');
      return pointOf(point, namespace, { ...silent, ...rows });
    }
    if (point !== history[0]) return pointOf(point, namespace, silent);
    const head = latest.find((one) => one.namespace === namespace && one.id === point.id);
    const untoldHere = untold(reasons.head, 'questions', 'status', ...(head === undefined ? (['next'] as const) : []));
    return pointOf({ ...point, next: head?.next ?? [] }, namespace, { ...silent, ...untoldHere });
  });
}

function threadOf(golden: GoldenThread, store: string): ThreadAnswer {
  const { thread, latest } = golden;
  const ended = cannotTell.has(`${store} ${thread}`);
  const status = ended ? 'unknown' : statusOf(latest);
  // The history shows the stored state of the head; the latest says what stands there to run, and what is asked.
  const root = golden.history.toReversed().map((point) => {
    if (point.id !== latest.id || latest.fault !== null) return pointOf(point, '', silentAt(point, ended));
    const { status: _, ...silent } = silentAt(point, ended);
    const { next, tasks } = latest;
    return { ...pointOf({ ...point, next, tasks }, '', silent), status } satisfies PointAnswer;
  });
  const below = statesBelow(latest);
  const points = [...golden.namespaces].flatMap(([namespace, history]) =>
    pointsBelow(namespace, history, !golden.unfound.includes(namespace), below),
  );
  return {
    thread,
    points: [...root, ...points],
    head: root.findIndex((point) => point.id === latest.id),
    ...(latest.fault === null
      ? { latest: valuesOf(latest), threadStatus: status }
      : { silent: untold(reasons.fault, 'latest', 'threadStatus') }),
    refused: latest.fault !== null,
  };
}

/** The golden file of a store: its own, or that of its folder; null if there is none. */
export function goldenFileOf(genuine: string): string | null {
  const own = genuine.replace(/(?:\.sqlite)?$/, '.golden.json');
  return [own, `${own}.gz`, join(dirname(genuine), 'golden.json')].find((one) => existsSync(one)) ?? null;
}

export const langgraphAnswers: Answers = (path, genuine) => {
  const file = goldenFileOf(genuine);
  if (file === null) return null;
  const threads = goldenOf(file, basename(genuine)).map((thread) => threadOf(thread, basename(genuine)));
  if (threads.length === 0) return null;
  const key = keys.get(path);
  return { threads, silent: {}, ...(key === undefined ? {} : { key }) };
};
