// Every genuine store against what its framework answers of it: ids, order, parents, states, pending work, status, latest. A store
// without an answer fails, and so does one of which fewer points were compared than it lists.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { atomrAnswers } from './atomr/testing/answers.ts';
import { carAnswers } from './car/testing/answers.ts';
import { clawdiaAnswers } from './clawdia/testing/answers.ts';
import { langgraphAnswers } from './langgraph/testing/answers.ts';
import { formats, openStore } from './registry.ts';
import { takesKey, type Store } from './store.ts';
import {
  pointQuestions,
  threadQuestions,
  type Answers,
  type PointAnswer,
  type Question,
  type StoreAnswer,
  type ThreadAnswer,
} from './testing/answer.ts';
import { compareStore } from './testing/compare-answer.ts';
import { copyStore, fixturesFolder, fixtureStores } from './testing/fixture-stores.ts';
import { tinyagentsAnswers } from './tinyagents/testing/answers.ts';
import { wesichainAnswers } from './wesichain/testing/answers.ts';

/** The translator of each format. */
const answers: Readonly<Record<string, Answers>> = {
  atomr: atomrAnswers,
  car: carAnswers,
  clawdia: clawdiaAnswers,
  langgraph: langgraphAnswers,
  tinyagents: tinyagentsAnswers,
  wesichain: wesichainAnswers,
};

/** What lies in the fixtures of a framework and holds no store that can be opened. */
const noStores: Readonly<Record<string, string>> = {
  'atomr/redis': 'a dump to load into a Redis server, for a backend that there is not yet',
  'tinyagents/v211-neighbours': 'the session database of tinyagents, which holds no checkpoints',
  'wesichain/file-session': 'conversations of wesichain-session, which are no checkpoints',
};

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-golden-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const stores = fixtureStores();

function answerOf(path: string, format: string | null): StoreAnswer {
  const answer = answers[format ?? '']?.(path, join(fixturesFolder, path)) ?? null;
  if (answer === null) throw new Error(`nothing says what ${format ?? 'its framework'} answers of ${path}`);
  return answer;
}

function opened<T>(path: string, answer: StoreAnswer, look: (store: Store) => T): T {
  const store = openStore(copyStore(path, join(folder, path)), { readOnly: true });
  try {
    if (answer.key !== undefined && takesKey(store)) store.unlock(answer.key);
    return look(store);
  } finally {
    store.backend.close();
    rmSync(join(folder, path, '..'), { recursive: true, force: true });
  }
}

it('holds every format to its framework', () => {
  expect(Object.keys(answers).sort()).toEqual([...new Set(formats.map((one) => one.format))].sort());
  const [kinds, seen] = [formats, stores].map((list) => new Set(list.map((one) => one.format)));
  expect(seen).toEqual(kinds);
});

it('knows what lies there and is no store', () => {
  const frameworks = readdirSync(fixturesFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const places = frameworks.flatMap(({ name: framework }) =>
    readdirSync(join(fixturesFolder, framework))
      .filter((name) => !/\.(?:json|gz|md)$|-(?:wal|shm)$/.test(name))
      .map((name) => `${framework}/${name}`),
  );
  const empty = places.filter((place) => !stores.some(({ path }) => path === place || path.startsWith(`${place}/`)));
  expect(empty.sort()).toEqual(Object.keys(noStores).sort());
});

describe.each(stores)('$path', ({ path, format }) => {
  it('is read as the framework reads it', () => {
    const answer = answerOf(path, format);
    const { problems, points } = opened(path, answer, (store) => compareStore(store, answer));
    expect(problems).toEqual([]);
    expect(points).toBeGreaterThan(0);
  });
});

/** Answers that are not those of the framework, one for each question. */
const wrong: Readonly<Record<Question, Partial<PointAnswer & ThreadAnswer>>> = {
  parent: { parent: 'nobody' },
  state: { state: () => 'another state' },
  next: { next: ['nowhere'] },
  tasks: { tasks: [{ id: 'nobody', name: 'nobody', failed: false }] },
  questions: { questions: [{ id: 'nobody', task: null, value: () => null }] },
  status: { status: 'orphaned' },
  head: { head: -1 },
  latest: { latest: () => 'another state' },
  threadStatus: { threadStatus: 'orphaned' },
};

const withThread = (answer: StoreAnswer, thread: ThreadAnswer, changed: ThreadAnswer): StoreAnswer => ({
  ...answer,
  threads: answer.threads.map((one) => (one === thread ? changed : one)),
});

/** The answer to a store, wrong in one thing each, and what that is. */
function* spoiled(answer: StoreAnswer): Generator<{ readonly what: string; readonly answer: StoreAnswer }> {
  yield { what: 'a thread less', answer: { ...answer, threads: answer.threads.slice(1) } };
  const thread = answer.threads[0];
  if (thread === undefined) return;
  const { points } = thread;
  yield { what: 'a point less', answer: withThread(answer, thread, { ...thread, points: points.slice(1) }) };
  yield { what: 'refused', answer: withThread(answer, thread, { ...thread, refused: !thread.refused }) };
  for (const question of threadQuestions) {
    const told = answer.threads.find((one) => one[question] !== undefined);
    if (told === undefined) continue;
    yield { what: question, answer: withThread(answer, told, { ...told, ...wrong[question] }) };
    const { [question]: _, ...untold } = told;
    yield { what: `${question} untold`, answer: withThread(answer, told, untold) };
  }
  for (const question of pointQuestions) {
    for (const told of answer.threads) {
      const at = told.points.findIndex((one) => one[question] !== undefined);
      const point = told.points[at];
      if (point === undefined) continue;
      const { [question]: _, ...untold } = point;
      for (const [what, changed] of [
        [question, { ...point, ...wrong[question] }],
        [`${question} untold`, untold],
      ] as const)
        yield { what, answer: withThread(answer, told, { ...told, points: told.points.with(at, changed) }) };
      break;
    }
  }
}

describe.each(Object.keys(answers))('a wrong answer to a store of %s', (format) => {
  it('is told, whatever is wrong in it', () => {
    const path = stores.find((one) => one.format === format)?.path ?? '';
    const answer = answerOf(path, format);
    opened(path, answer, (store) => {
      const unnoticed = [...spoiled(answer)].filter((one) => compareStore(store, one.answer).problems.length === 0);
      expect(unnoticed.map((one) => one.what)).toEqual([]);
    });
  });
});
