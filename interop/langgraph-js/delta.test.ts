// LangGraph.js carries on a thread with delta channels: every point of two turns is forked, and goes on as the run itself did, through
// another turn; an edit of a rebuilt channel stands. (Its own time travel would count in the updates of the branch that is left.)

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AIMessage, HumanMessage, type BaseMessage } from '@langchain/core/messages';
import {
  Annotation,
  DeltaChannel,
  END,
  START,
  StateGraph,
  messagesDeltaReducer,
  type Messages,
} from '@langchain/langgraph';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runForkpoint } from '../../src-main/hosts/cli/testing/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-langgraph-js-delta-'));
const original = join(folder, 'original.sqlite');
let copies = 0;

const Talk = Annotation.Root({
  messages: () => new DeltaChannel<BaseMessage[], Messages>(messagesDeltaReducer, { snapshotFrequency: 4 }),
  log: () =>
    new DeltaChannel<string[], string[]>((state, writes) => [...state, ...writes.flat()], { snapshotFrequency: 50 }),
  rounds: Annotation<number>,
});
type State = { messages: BaseMessage[]; log: string[]; rounds: number | undefined };

function graphOf(saver: SqliteSaver) {
  return new StateGraph(Talk)
    .addNode('think', (state: State) => {
      const n = (state.rounds ?? 0) + 1;
      const content = `${n} after ${state.messages.length} and ${state.log.join()}`;
      return { rounds: n, messages: [new AIMessage({ id: `ai-${n}`, content })], log: [`think ${n}`] };
    })
    .addNode('check', (state: State) => ({ log: [`check ${state.rounds} of ${state.messages.length}`] }))
    .addEdge(START, 'think')
    .addEdge('think', 'check')
    .addEdge('check', END)
    .compile({ checkpointer: saver });
}
type Graph = ReturnType<typeof graphOf>;

async function using<T>(path: string, use: (graph: Graph) => Promise<T>): Promise<T> {
  const saver = SqliteSaver.fromConnString(path);
  try {
    return await use(graphOf(saver));
  } finally {
    saver.db.close();
  }
}
const at = (thread: string, id?: string) => ({
  configurable: { thread_id: thread, ...(id === undefined ? {} : { checkpoint_id: id }) },
});
const turn = (text: string) => ({ messages: [new HumanMessage({ id: `h-${text}`, content: text })] });
const plain = (values: unknown): unknown => {
  const { messages = [], log, rounds } = values as Partial<State>;
  return { messages: messages.map((m) => [m.id, m.content]), log, rounds };
};

beforeAll(async () => {
  process.env['FORKPOINT_DATA'] = join(folder, 'data');
  await using(original, async (graph) => {
    await graph.invoke(turn('one'), at('talk'));
    await graph.invoke(turn('two'), at('talk'));
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function copy(): string {
  const path = join(folder, `${copies++}.sqlite`);
  copyFileSync(original, path);
  return path;
}

async function committed(...args: string[]): Promise<string> {
  const { code, out: text } = await runForkpoint([...args, '--commit', '--json']);
  expect({ code, text }).toMatchObject({ code: 0 });
  return (JSON.parse(text) as { target: { thread: string } }).target.thread;
}

/** What the thread holds at its end, to which it goes on first if it is not there, and after one more turn. */
async function carriedOn(path: string, thread: string): Promise<unknown> {
  return using(path, async (graph) => {
    if ((await graph.getState(at(thread))).next.length > 0) await graph.invoke(null, at(thread));
    const ended = plain((await graph.getState(at(thread))).values);
    await graph.invoke(turn('three'), at(thread));
    return [ended, plain((await graph.getState(at(thread))).values)];
  });
}

test('forks of every point go on as the run did, in place and in a new thread', async () => {
  const history = await using(original, async (graph) => {
    const points = [];
    for await (const p of graph.getStateHistory(at('talk'))) points.push(p);
    return points;
  });
  const before = history.map((p) => plain(p.values));
  // The end of each turn, as the run itself came to it; then one turn more.
  const afterOne = copy();
  const ends = history.filter((p) => p.next.length === 0);
  expect(ends).toHaveLength(2);
  const second = await carriedOn(afterOne, 'talk');
  for (const point of history.filter((p) => p.next.length > 0)) {
    const id = String(point.config.configurable?.['checkpoint_id']);
    const end = ends.findLast((e) => (e.metadata?.step ?? 0) > (point.metadata?.step ?? 0));
    const path = copy();
    await committed('fork', path, 'talk', id, '--in-place');
    const inPlace = await carriedOn(path, 'talk');
    const aside = copy();
    const away = await carriedOn(aside, await committed('fork', aside, 'talk', id, '--pending', 'drop'));
    expect(away).toEqual(inPlace);
    const [ended, later] = inPlace as [unknown, { messages: unknown[]; log: string[] }];
    expect(ended).toEqual(plain(end?.values));
    expect(later.messages).toHaveLength((ended as { messages: unknown[] }).messages.length + 2);
    expect(later.log).toHaveLength((ended as { log: unknown[] }).log.length + 2);
    if (end === ends[0]) expect(inPlace).toEqual(second);
    // The branch that was left is read as before.
    const left = await using(path, async (graph) =>
      Promise.all(
        history.map(async (p) =>
          plain((await graph.getState(at('talk', String(p.config.configurable?.['checkpoint_id'])))).values),
        ),
      ),
    );
    expect(left).toEqual(before);
  }
});

test('an edit of rebuilt channels stands through later turns', async () => {
  const path = copy();
  const thread = await committed(
    'fork',
    path,
    'talk',
    '--set',
    'messages[0].kwargs.content="changed my mind"',
    '--append',
    'log="by hand"',
  );
  const [ended, later] = (await carriedOn(path, thread)) as {
    messages: [string, string][];
    log: string[];
  }[];
  expect(ended?.messages[0]?.[1]).toBe('changed my mind');
  expect(ended?.log.at(-1)).toBe('by hand');
  expect(later?.messages[0]?.[1]).toBe('changed my mind');
  expect(later?.log).toContain('by hand');
});
