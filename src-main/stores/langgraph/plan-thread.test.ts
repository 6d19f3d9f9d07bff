// Forks into a new thread as data, and what is said of what they leave behind.

import { describe, expect, it } from 'vitest';
import { lineageOf, openStore } from './testing/stores.ts';
import type { LangGraphSqliteStore } from './store.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import {
  keyAt,
  headOf,
  planned,
  changesOf,
  insertedRow,
  refusal,
  picture,
  applied,
  editSets,
} from './testing/plans.ts';

describe('fork into a new thread', () => {
  it('copies the branch and its writes, the head without its writes', () => {
    const store = openStore('langgraph-js/timetravel.sqlite');
    const plan = planned(store, {
      key: keyAt('tt', '1f1e58b1-3919-6980-8001-76db14e24717'),
      target: { kind: 'thread', thread: 'new' },
    });
    expect(picture(plan)).toEqual([
      'copy checkpoints 390f-6d41-ffff → new',
      'copy checkpoints 3914-6b60-8000 → new',
      'copy checkpoints 3919-6980-8001 → new',
      'copy writes 390f-6d41-ffff 28f2d6ea 0→ new',
      'copy writes 390f-6d41-ffff 28f2d6ea 1→ new',
      'copy writes 3914-6b60-8000 c66727c7 0→ new',
      'copy writes 3914-6b60-8000 c66727c7 1→ new',
      'copy writes 3914-6b60-8000 c66727c7 2→ new',
    ]);
    expect(plan.target).toEqual({ thread: 'new', id: '1f1e58b1-3919-6980-8001-76db14e24717' });
    expect(plan.resume?.code).toBe('await graph.invoke(null, { configurable: { thread_id: "new" } })');
  });

  it('puts an edit on top as a child of the copy', () => {
    const store = openStore('langgraph-js/timetravel.sqlite');
    const plan = planned(store, {
      key: keyAt('tt', '1f1e58b1-3919-6980-8001-76db14e24717'),
      target: { kind: 'thread', thread: 'new' },
      edits: editSets('n', '5'),
    });
    const row = insertedRow(plan);
    expect(row['thread_id']).toBe('new');
    expect(row['parent_checkpoint_id']).toBe('1f1e58b1-3919-6980-8001-76db14e24717');
    expect(plan.target?.id).toBe(row['checkpoint_id']);
  });

  it('keeps an open question, sub-graph rows included, and reads back the same', () => {
    const store = openStore('langgraph-py/py-subgraph.sqlite');
    const head = headOf(store, 'sub-pending');
    const plan = applied(store, { key: head, target: { kind: 'thread', thread: 'clone "ü"' }, pending: 'keep' });
    const copy = store.threadDetail('clone "ü"');
    const source = store.threadDetail('sub-pending');
    expect(copy.status).toBe('interrupted');
    expect(copy.namespaces).toEqual(source.namespaces);
    expect(plan.resume?.code).toBe(
      'graph.invoke(Command(resume=answer), {"configurable": {"thread_id": "clone \\"ü\\""}})',
    );
    const before = store.pending(keyAt('sub-pending', plan.target?.id ?? ''));
    const after = store.pending(keyAt('clone "ü"', plan.target?.id ?? ''));
    expect(after.tasks.map((t) => [t.id, t.name, t.interrupts.map((i) => i.id)])).toEqual(
      before.tasks.map((t) => [t.id, t.name, t.interrupts.map((i) => i.id)]),
    );
    const lineage = lineageOf(store, 'clone "ü"');
    expect(lineage.count).toBe(lineageOf(store, 'sub-pending').count);
  });

  it('leaves the sub-graphs of the head behind when its writes are dropped, and says that the question is', () => {
    const store = openStore('langgraph-py/py-subgraph.sqlite');
    const plan = planned(store, { key: headOf(store, 'sub-pending'), target: { kind: 'thread', thread: 'x' } });
    expect(changesOf(plan).every((c) => c.kind === 'copy' && c.identity['checkpoint_ns'] === '')).toBe(true);
    expect(plan.warnings.map((w) => w.code)).toEqual(['question_dropped']);
    expect(plan.warnings[0]?.remedy).toMatch(/keep/);
  });

  it('copies all columns, task_path included wherever it stands', () => {
    for (const path of ['langgraph-current/migrated.sqlite', 'langgraph-current/extras.sqlite']) {
      const store = openStore(path);
      const [first] = [...store.threads()].flat();
      const plan = planned(store, { key: headOf(store, first?.thread ?? ''), target: { kind: 'thread', thread: 'x' } });
      const writes = changesOf(plan).filter((c) => c.table === 'writes');
      expect(writes.length).toBeGreaterThan(0);
      expect(writes.every((c) => c.kind === 'copy' && c.columns.includes('task_path') && c.columns.length === 9)).toBe(
        true,
      );
    }
  });

  it('refuses a thread that exists', () => {
    const store = openStore('langgraph-py/py-agent.sqlite');
    expect(
      refusal(() =>
        planned(store, { key: headOf(store, 'agent-pending'), target: { kind: 'thread', thread: 'agent-resumed' } }),
      ).code,
    ).toBe('exists');
  });
});

describe('what a fork leaves behind', () => {
  const stepOne = (store: LangGraphSqliteStore, thread: string): CheckpointKey => {
    const lineage = lineageOf(store, thread);
    const rows = store.checkpoints(
      lineage,
      Array.from({ length: lineage.count }, (_, i) => i),
    );
    const at = rows.findIndex((r) => r.namespace === '' && r.step === 1);
    if (at < 0) throw new Error('no step 1');
    return store.keyAt(lineage, at);
  };

  it('names the new checkpoint where a sub-graph that keeps its state is ahead', () => {
    const store = openStore('langgraph-more/stateful.sqlite');
    const plan = planned(store, { key: stepOne(store, 's-done') });
    expect(plan.warnings.map((w) => w.code)).toEqual(['becomes_head', 'subgraph_ahead']);
    expect(plan.warnings[1]?.message).toContain('`mid`, `mid|inner`');
    expect(plan.resume?.code).toContain(`"checkpoint_id": "${plan.target?.id}"`);
    const elsewhere = planned(store, { key: stepOne(store, 's-done'), target: { kind: 'thread', thread: 'new' } });
    expect(elsewhere.warnings).toEqual([]);
    expect(elsewhere.resume?.code).not.toContain('checkpoint_id');
    store.backend.close();
  });

  it('says what a command had written', () => {
    const store = openStore('langgraph-more/commands.sqlite');
    const lineage = lineageOf(store, 'cupd');
    const keys = Array.from({ length: lineage.count }, (_, i) => store.keyAt(lineage, i));
    const key = keys.find((k) => store.pending(k).tasks.some((t) => t.id === null)) ?? headOf(store, 'cupd');
    expect(planned(store, { key }).warnings.find((w) => w.code === 'command_dropped')?.message).toContain('`n`');
    const kept = planned(store, { key, target: { kind: 'thread', thread: 'new' }, pending: 'keep' });
    expect(kept.warnings.map((w) => w.code)).not.toContain('command_dropped');
    store.backend.close();
  });

  it('says that a channel is new', () => {
    const store = openStore('langgraph-more/stateful.sqlite');
    const key = stepOne(store, 's-done');
    const set = (name: string) => planned(store, { key, edits: [{ op: 'set', path: name, value: '1' }] });
    expect(set('typo').warnings.map((w) => w.code)).toContain('new_channel');
    expect(set('v').warnings.map((w) => w.code)).not.toContain('new_channel');
    store.backend.close();
  });
});
