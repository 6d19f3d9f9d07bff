// Every fixture store of these layouts against what the framework's own reading API answered for it.

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRouting } from './next.ts';
import { disagreement, goldenOf, isEmptyDefault } from './testing/golden.ts';
import type { GoldenPoint, GoldenThread } from './testing/golden.ts';
import { fixtures, lineageOf, openStore, storesIn } from './testing/stores.ts';
import { keysOf } from './cells.ts';
import type { LangGraphSqliteStore } from './store.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import type { PendingView, StateView } from '../store.ts';

interface Case {
  readonly store: string;
  readonly golden: string;
  readonly name: string;
}

/** Stores whose reading is tested in reading.test.ts: the framework has no answer for them. */
const elsewhere = new Set([
  // LangGraph's history applies a command's writes to the stored values; plan.test.ts forks it.
  'langgraph-more/commands.sqlite',
  'langgraph-js/corrupt-bigint.sqlite',
  'langgraph-js/live-wal/live.sqlite',
]);

const cases: Case[] = ['langgraph-py', 'langgraph-js', 'langgraph-current', 'langgraph-more']
  .flatMap(storesIn)
  .filter((s) => !elsewhere.has(s))
  .map((store) => {
    const name = store.split('/').at(-1) ?? '';
    const own = store.replace('.sqlite', '.golden.json');
    const golden = existsSync(join(fixtures, own)) ? own : `${store.slice(0, store.lastIndexOf('/'))}/golden.json`;
    return { store, golden, name };
  });

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

const sorted = (names: readonly string[]): string[] => [...names].sort();

/** Compares values of state channels; returns the problems found. */
function valueProblems(golden: GoldenPoint, view: StateView, where: string): string[] {
  const problems: string[] = [];
  // A functional workflow's values are its last result.
  const result = view.root?.get('__end__') ?? null;
  if (result !== null) {
    const problem = disagreement(golden.values, result, `${where} result`);
    return problem === null ? [] : [problem];
  }
  for (const [channel, value] of Object.entries(golden.values)) {
    const stored = view.root?.get(channel) ?? null;
    if (stored === null) {
      // A channel that nothing was written to is not stored; LangGraph shows what an empty one of its kind holds.
      if (!isEmptyDefault(value)) problems.push(`${where} ${channel}: not stored, expected ${JSON.stringify(value)}`);
      continue;
    }
    const problem = disagreement(value, stored, `${where} ${channel}`);
    if (problem !== null) problems.push(problem);
  }
  return problems;
}

/** Tasks by id, with their questions and errors. */
function taskProblems(golden: GoldenPoint, pending: PendingView, where: string, questions = true): string[] {
  const problems: string[] = [];
  for (const task of golden.tasks) {
    // LangGraph of today gives tasks of older versions other ids than they were stored under: there the name must do.
    const found = pending.tasks.find((t) => (task.id === null ? t.name === task.name : t.id === task.id));
    if (found === undefined) {
      problems.push(
        `${where}: no task ${task.name} ${task.id}; have ${pending.tasks.map((t) => `${t.name} ${t.id}`).join(', ')}`,
      );
      continue;
    }
    if (found.name !== task.name) problems.push(`${where}: task ${task.id} is ${found.name}, expected ${task.name}`);
    if ((found.error === null) !== (task.error === null))
      problems.push(`${where}: error of ${task.name}: ${JSON.stringify(task.error)}`);
    if (!questions) continue;
    const ids = found.interrupts.map((i) => i.id);
    if (JSON.stringify(ids) !== JSON.stringify(task.interrupts.map((i) => i.id)))
      problems.push(
        `${where}: interrupts of ${task.name}: ${ids.join()} expected ${task.interrupts.map((i) => i.id).join()}`,
      );
    task.interrupts.forEach((interrupt, i) => {
      const value = found.interrupts[i]?.value ?? null;
      const problem =
        value === null ? `${where}: no question` : disagreement(interrupt.value, value, `${where} question`);
      if (problem !== null) problems.push(problem);
      const schema = found.interrupts[i]?.schema ?? null;
      if ((schema === null) !== (interrupt.schema === null)) problems.push(`${where}: schema of ${task.name}`);
    });
  }
  return problems;
}

function rowsOf(store: LangGraphSqliteStore, thread: string): Checkpoint[] {
  const lineage = lineageOf(store, thread);
  return [
    ...store.checkpoints(
      lineage,
      Array.from({ length: lineage.count }, (_, i) => i),
    ),
  ];
}

function pointProblems(
  store: LangGraphSqliteStore,
  thread: string,
  namespace: string,
  golden: readonly GoldenPoint[],
  rows: readonly Checkpoint[],
  trustNext: boolean,
): string[] {
  const problems: string[] = [];
  const own = rows.filter((r) => r.namespace === namespace);
  const newestFirst = own
    .map((r) => r.id)
    .sort()
    .toReversed();
  expect(newestFirst).toEqual(golden.map((g) => g.id));
  for (const point of golden) {
    const where = `${thread}/${namespace}/${point.id}`;
    const row = own.find((r) => r.id === point.id);
    if (row === undefined) continue;
    const key = formatKey({ thread, namespace, id: point.id, nth: 0 });
    const parentId = row.parent === null ? row.missingParent : (rows.find((r) => r.key === row.parent)?.id ?? null);
    if (point.parent !== undefined && parentId !== point.parent)
      problems.push(`${where}: parent ${parentId}, expected ${point.parent}`);
    if (point.source !== null && row.source !== point.source && !(row.source === null && point.step === -2))
      problems.push(`${where}: source ${row.source}, expected ${point.source}`);
    if (point.step !== null && row.step !== point.step)
      problems.push(`${where}: step ${row.step}, expected ${point.step}`);
    const view = store.state(key);
    problems.push(...valueProblems(point, view, where));
    if (!trustNext) continue;
    const pending = store.pending(key);
    if (sorted(pending.next).join() !== sorted(row.next).join())
      problems.push(`${where}: next ${row.next.join()} in the log, ${pending.next.join()} pending`);
    // At the head, the log and pending say what the latest says: next and questions that were answered are compared there.
    const head = point.id === newestFirst[0];
    if (!head && sorted(row.next).join() !== sorted(point.next).join())
      problems.push(`${where}: next ${row.next.join()}, expected ${point.next.join()}`);
    problems.push(...taskProblems(point, pending, where, !head));
  }
  return problems;
}

/** What is next at the heads of sub-graphs, as far as the latest state of the thread tells: of those whose task is not done. */
function headsBelow(thread: string, point: GoldenPoint, rows: readonly Checkpoint[]): string[] {
  return point.tasks.flatMap(({ state }) => {
    if (state === null) return [];
    const row = rows.find((r) => r.namespace === state.namespace && r.id === state.id);
    const where = `${thread}/${state.namespace} latest`;
    if (row === undefined) return [`${where}: no checkpoint ${state.id}`];
    const same = sorted(row.next).join() === sorted(state.next).join();
    return [
      ...(same ? [] : [`${where}: next ${row.next.join()}, expected ${state.next.join()}`]),
      ...headsBelow(thread, state, rows),
    ];
  });
}

function latestProblems(store: LangGraphSqliteStore, golden: GoldenThread, rows: readonly Checkpoint[]): string[] {
  const { thread, latest } = golden;
  const detail = store.threadDetail(thread);
  expect(detail.head).toBe(formatKey({ thread, namespace: '', id: latest.id, nth: 0 }));
  if (detail.head === null) return [];
  const where = `${thread} latest`;
  const problems = [
    ...valueProblems(latest, store.state(detail.head, true), where),
    ...headsBelow(thread, latest, rows),
  ];
  const pending = store.pending(detail.head);
  if (sorted(pending.next).join() !== sorted(latest.next).join())
    problems.push(`${where}: next ${pending.next.join()}, expected ${latest.next.join()}`);
  problems.push(...taskProblems(latest, pending, where));
  const waits = latest.tasks.some((t) => t.interrupts.length > 0);
  const failed = latest.tasks.some((t) => t.error !== null);
  const ended = cannotTell.has(`${basename(store.backend.path)} ${thread}`) ? 'unknown' : 'terminal';
  const status = waits ? 'interrupted' : failed ? 'failed' : latest.next.length === 0 ? ended : 'idle';
  if (detail.status !== status) problems.push(`${where}: status ${detail.status}, expected ${status}`);
  return problems;
}

describe.each(cases)('$store', ({ store: path, golden, name }) => {
  const threads = goldenOf(join(fixtures, golden), name);

  it('has a golden answer', () => {
    expect(threads.length).toBeGreaterThan(0);
    expect(threads.every((t) => t.history.length > 0)).toBe(true);
  });

  it('lists its threads', () => {
    const store = openStore(path);
    const listed = [...store.threads()].flat().map((t) => t.thread);
    expect(sorted(listed)).toEqual(sorted(threads.map((t) => t.thread)));
    store.backend.close();
  });

  it.each(threads.map((t) => [t.thread, t] as const))('reads thread %s as the framework does', (_, thread) => {
    const store = openStore(path);
    const rows = rowsOf(store, thread.thread);
    const problems = pointProblems(store, thread.thread, '', thread.history, rows, true);
    for (const [namespace, points] of thread.namespaces) {
      problems.push(
        ...pointProblems(store, thread.thread, namespace, points, rows, !thread.unfound.includes(namespace)),
      );
    }
    problems.push(...latestProblems(store, thread, rows));
    expect(problems).toEqual([]);
    store.backend.close();
  });
});

describe('channels beyond the golden answers', () => {
  it('are routing channels or hidden from the output', () => {
    const store = openStore('langgraph-py/py-agent.sqlite');
    const lineage = lineageOf(store, 'agent-pending');
    const shown = new Set(['messages', 'notes', 'budget']);
    for (let i = 0; i < lineage.count; i++) {
      const channels = keysOf(store.state(store.keyAt(lineage, i)).root);
      expect(channels.filter((c) => !shown.has(c) && !isRouting(c))).toEqual([]);
    }
    store.backend.close();
  });
});
