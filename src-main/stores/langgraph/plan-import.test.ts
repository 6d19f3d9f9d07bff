// Threads carried from one store into another, row by row.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lineageOf, openStore } from './testing/stores.ts';
import type { LangGraphSqliteStore } from './store.ts';
import type { ForkpointError } from '../../../shared/model/errors.ts';
import type { ThreadRecord } from '../store.ts';
import { draw, refusal } from './testing/plans.ts';

describe('export and import', () => {
  const documentOf = (store: LangGraphSqliteStore, thread: string, dialect: string) => ({
    format: 'langgraph',
    framework: 'LangGraph',
    dialect,
    thread,
    records: [...store.exportRecords(thread)] as readonly ThreadRecord[],
  });

  it.each([
    ['langgraph-py/py-subgraph.sqlite', 'sub-pending', 'langgraph-current/extras.sqlite', 'python'],
    ['langgraph-current/extras.sqlite', 'typed-waiting', 'langgraph-py/py-agent.sqlite', 'python'],
    ['langgraph-current/migrated.sqlite', 'chat', 'langgraph-current/migrated.sqlite', 'python'],
    ['langgraph-js/fanout.sqlite', 'fanout', 'langgraph-js/agent.sqlite', 'js'],
  ])('carries %s %s into %s byte for byte', (from, thread, into, dialect) => {
    const source = openStore(from);
    const target = openStore(into);
    const relying = target.backend.relying();
    const plan = target.plan(
      { operation: 'import', document: documentOf(source, thread, dialect), thread: 'imported' },
      { draw, relying },
    );
    target.backend.apply(
      plan.changes,
      relying.relied,
      join(mkdtempSync(join(tmpdir(), 'forkpoint-bundle-')), 'bundle'),
    );
    const before = lineageOf(source, thread);
    const after = lineageOf(target, 'imported');
    expect(after.count).toBe(before.count);
    for (let i = 0; i < before.count; i++) {
      const bytes = (store: LangGraphSqliteStore, lineage: typeof before): string[] =>
        store
          .raw(store.keyAt(lineage, i))
          .filter((p) => /\.(checkpoint|metadata|parent_checkpoint_id|type|task_id|idx|channel|value)$/.test(p.where))
          .map((p) => `${p.where.replace(/\[\d+\]/, '')} ${p.storage} ${Buffer.from(p.bytes).toString('hex')}`)
          // Without `task_path` the writes of a point come in another order.
          .sort();
      expect(bytes(target, after)).toEqual(bytes(source, before));
    }
    expect(target.threadDetail('imported').status).toBe(source.threadDetail(thread).status);
  });

  it('says how to carry on from a head that waits for an answer, and from one that does not', () => {
    const python = openStore('langgraph-py/py-agent.sqlite');
    const code = (thread: string): string | undefined =>
      python.plan(
        { operation: 'import', document: documentOf(python, thread, 'python'), thread: 'x' },
        { draw, relying: python.backend.relying() },
      ).resume?.code;
    expect(code('agent-pending')).toBe('graph.invoke(Command(resume=answer), {"configurable": {"thread_id": "x"}})');
    expect(code('agent-resumed')).toBe('graph.invoke(None, {"configurable": {"thread_id": "x"}})');
  });

  it('refuses the other dialect, another format and a thread that exists', () => {
    const js = openStore('langgraph-js/fanout.sqlite');
    const python = openStore('langgraph-py/py-agent.sqlite');
    const document = documentOf(js, 'fanout', 'js');
    const refused = (request: Parameters<LangGraphSqliteStore['plan']>[0]): ForkpointError =>
      refusal(() => python.plan(request, { draw, relying: python.backend.relying() }));
    expect(refused({ operation: 'import', document, thread: 'x' }).code).toBe('unable');
    expect(refused({ operation: 'import', document: { ...document, format: 'tinyagents' }, thread: 'x' }).code).toBe(
      'unable',
    );
    expect(
      refused({ operation: 'import', document: documentOf(python, 'agent-pending', 'python'), thread: 'agent-resumed' })
        .code,
    ).toBe('exists');
    expect(
      refused({ operation: 'import', document: { ...document, dialect: 'python', records: [] }, thread: 'x' }).code,
    ).toBe('bad_value');
  });
});
