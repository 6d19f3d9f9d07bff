// What LangGraph answers of its stores beyond the shape that ../golden.test.ts holds them to: sources, steps and schemas.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureStores } from '../testing/fixture-stores.ts';
import { rowsOf } from '../testing/opened.ts';
import { isRouting } from './next.ts';
import { goldenFileOf } from './testing/answers.ts';
import { goldenOf, type GoldenPoint } from './testing/golden.ts';
import { fixtures, lineageOf, openStore } from './testing/stores.ts';
import { keysOf } from './cells.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';

const paths = fixtureStores().flatMap(({ path, format }) =>
  format === 'langgraph' && path.endsWith('.sqlite') ? [path] : [],
);

function rowProblems(points: readonly GoldenPoint[], rows: readonly Checkpoint[]): string[] {
  return points.flatMap(({ id, source, step }) => {
    const row = rows.find((one) => one.id === id);
    // The point that LangGraph.js keeps before a run that is saved at its end only is no step of it.
    const stub = row?.source === null && step === -2;
    return [
      ...(source === null || row?.source === source || stub ? [] : [`${id}: source ${row?.source}, not ${source}`]),
      ...(step === null || row?.step === step ? [] : [`${id}: step ${row?.step}, not ${step}`]),
    ];
  });
}

describe.each(paths)('%s', (path) => {
  it('has the sources, steps and schemas', () => {
    const store = openStore(path);
    const file = goldenFileOf(join(fixtures, path)) ?? '';
    const problems = goldenOf(file, path.split('/').at(-1) ?? '').flatMap((golden) => {
      const rows = rowsOf(store, golden.thread);
      const points = [...golden.history, ...[...golden.namespaces.values()].flat()];
      const key = formatKey({ thread: golden.thread, namespace: '', id: golden.latest.id, nth: 0 });
      const { tasks } = store.pending(key);
      const schemas = golden.latest.tasks.flatMap((task) =>
        task.interrupts.flatMap((one, i) => {
          const shown = tasks.find((other) => other.id === task.id)?.interrupts[i]?.schema ?? null;
          return (one.schema === null) === (shown === null) ? [] : [`schema of ${task.name}`];
        }),
      );
      return [...rowProblems(points, rows), ...schemas];
    });
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
