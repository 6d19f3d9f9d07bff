// Stores that the frameworks gave no answer for, and what is told of a point beyond the golden answers: expected by hand.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { langgraphSqlite } from './format.ts';
import { copyOf, fixtures, lineageOf, openBackend, openStore } from './testing/stores.ts';
import { makeStore, run } from './testing/make.ts';
import type { MadePoint } from './testing/make.ts';
import { LangGraphSqliteStore } from './store.ts';
import { openSqlite } from '../sqlite/backend.ts';
import { encodeTagged } from '../../values/tagged.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import type { StateView } from '../store.ts';

const at = (thread: string, id: string, namespace = ''): CheckpointKey => formatKey({ thread, namespace, id, nth: 0 });
const rowsOf = (store: LangGraphSqliteStore, thread: string): readonly Checkpoint[] => {
  const lineage = lineageOf(store, thread);
  return store.checkpoints(
    lineage,
    Array.from({ length: lineage.count }, (_, i) => i),
  );
};
const tagged = (view: StateView): unknown => (view.root === null ? null : JSON.parse(encodeTagged(view.root)));
function made(points: readonly MadePoint[]): LangGraphSqliteStore {
  const store = langgraphSqlite.open(openSqlite(makeStore(points)));
  if (!(store instanceof LangGraphSqliteStore)) throw new TypeError('not a LangGraph store');
  return store;
}

describe('rows of a run', () => {
  it('say which node ran, what is next, and what stopped it', () => {
    const rows = rowsOf(openStore('langgraph-py/py-agent.sqlite'), 'agent-pending');
    expect(rows.map((r) => [r.source, r.step, r.node.join(), r.next.join(), r.status, r.note])).toEqual([
      ['input', -1, '', '__start__', 'idle', null],
      ['loop', 0, '__start__', 'model', 'idle', null],
      ['loop', 1, 'model', 'tools', 'idle', null],
      ['loop', 2, 'tools', 'model', 'idle', null],
      ['loop', 3, 'model', 'tools', 'interrupted', expect.stringContaining('Send this mail?')],
    ]);
  });

  it('say a question without quotes, and name the tools of a request for approval', () => {
    const notes = (path: string, thread: string): unknown[] =>
      rowsOf(openStore(path), thread).flatMap((r) => (r.status === 'interrupted' ? [r.note] : []));
    expect(notes('sample/support-agent.sqlite', 'order-48213').at(-1)).toBe('approve refund of 240.50?');
    expect(notes('langgraph-current/deep-hitl.sqlite', 'main-waiting')).toContain('approve write_file, write_file?');
    for (const asked of ['a?', { q: 1, text: 'a?' }, { x: { y: 'a?' } }, [{ prompt: ' a?\n' }]]) {
      const write = { task: 'x', channel: '__interrupt__', value: [{ id: 'i', value: asked }] };
      const store = made([
        { id: 'p', values: { 'branch:to:n': null }, versions: { 'branch:to:n': 1 }, writes: [write] },
      ]);
      expect(rowsOf(store, 't')).toMatchObject([{ status: 'interrupted', note: 'a?' }]);
    }
  });

  it('keep an answered question at the point where it was asked', () => {
    const rows = rowsOf(openStore('langgraph-js/agent.sqlite'), 'agent-resumed');
    expect(rows.filter((r) => r.status === 'interrupted').map((r) => r.step)).toEqual([3]);
    expect(rows.at(-1)?.status).toBe('terminal');
  });

  it('name the error of a failed step, and forget it once results stand', () => {
    const store = openStore('langgraph-py/py-errors.sqlite');
    expect(rowsOf(store, 'failed').at(-1)).toMatchObject({
      status: 'failed',
      note: "ValueError('boom: upstream 503')",
      next: ['bad'],
    });
    expect(rowsOf(store, 'failed-then-ok').map((r) => r.status)).toEqual(['idle', 'idle', 'idle', 'terminal']);
    expect(rowsOf(store, 'breakpoint').at(-1)).toMatchObject({ status: 'idle', next: ['q'], note: null });
  });

  it('name the agent whose graph made them', () => {
    const rows = rowsOf(openStore('langgraph-current/deep-hitl.sqlite'), 'two-subagents-waiting');
    const agents = new Set(rows.map((r) => `${r.namespace === '' ? 'root' : 'below'} ${r.agent}`));
    expect(agents).toEqual(new Set(['root deep', 'below researcher', 'below coder']));
    expect(rowsOf(openStore('langgraph-py/py-timetravel.sqlite'), 'tt').every((r) => !('agent' in r))).toBe(true);
  });

  it('do not take a sub-graph that handed over for a waiting one', () => {
    const rows = rowsOf(openStore('langgraph-current/extras.sqlite'), 'plain').filter((r) => r.namespace !== '');
    expect(rows.at(-1)).toMatchObject({ status: 'terminal', next: ['jump'] });
  });

  it('show a question of a sub-graph in both places', () => {
    const rows = rowsOf(openStore('langgraph-py/py-subgraph.sqlite'), 'sub-pending');
    expect(rows.filter((r) => r.status === 'interrupted').map((r) => r.namespace.split(':')[0])).toEqual(['', 'child']);
  });

  it('name several nodes of one step once each', () => {
    const rows = rowsOf(openStore('langgraph-js/fanout.sqlite'), 'fanout');
    expect(rows.map((r) => [...r.node].sort().join())).toContain('go_left,go_right,write');
  });
});

describe('states that cannot be read', () => {
  it('are data for a pickle, with its objects named and none made', () => {
    const store = openStore('langgraph-py/py-pickle.sqlite');
    const head = rowsOf(store, 't').at(-1);
    expect(head).toMatchObject({ status: 'terminal', step: 1 });
    const view = store.state(at('t', head?.id ?? ''));
    expect(view.notes.join()).toMatch(/pickle/);
    expect(tagged(view)).toEqual({
      n: 1,
      f: { $object: { class: 'builtins.complex', via: 'args', value: [1, 2] } },
    });
    expect(store.describe().notes.join()).toMatch(/pickle/i);
    const write = store.pending(at('t', head?.parent === null ? '' : (rowsOf(store, 't').at(-2)?.id ?? ''))).tasks[0];
    expect(write?.writes.map((w) => [w.channel, w.value?.kind, w.value?.opaqueClass])).toEqual([
      ['f', 'opaque', 'builtins.complex'],
    ]);
  });

  it('are opaque for encrypted cells, while what is not encrypted is shown', () => {
    const store = langgraphSqlite.open(openBackend('langgraph-py/py-encrypted.sqlite'));
    if (!(store instanceof LangGraphSqliteStore)) throw new TypeError('not a LangGraph store');
    expect(store.sealed()).toEqual({ cipher: 'aes', open: false });
    const rows = rowsOf(store, 't');
    expect(rows.map((r) => [r.step, r.source, r.status])).toEqual([
      [-1, 'input', 'unknown'],
      [0, 'loop', 'unknown'],
      [1, 'loop', 'unknown'],
      [2, 'loop', 'unknown'],
    ]);
    const key = at('t', rows.at(-1)?.id ?? '');
    expect(store.state(key).root?.opaqueEncoding).toBe('aes');
    expect(store.pending(at('t', rows.at(-2)?.id ?? '')).tasks.flatMap((t) => t.writes.map((w) => w.channel))).toEqual([
      'n',
    ]);
    expect(() => store.unlock('6543210987654321')).toThrow(/does not open/);
    expect(() => store.unlock('short')).toThrow(/16, 24 or 32/);
    store.unlock('1234567890123456');
    expect(store.sealed()).toEqual({ cipher: 'aes', open: true });
    expect(tagged(store.state(key))).toEqual({ n: 20 });
    expect(store.raw(key).find((part) => part.where === 'checkpoints.type')?.bytes).toEqual(
      new TextEncoder().encode('msgpack+aes'),
    );
  });

  it('are named damaged for the JSON string that a bigint leaves behind', () => {
    const store = openStore('langgraph-js/corrupt-bigint.sqlite');
    const head = rowsOf(store, 'bigint').at(-1);
    expect(head?.status).toBe('unknown');
    const view = store.state(at('bigint', head?.id ?? ''));
    expect([view.root?.kind, view.root?.opaqueEncoding]).toEqual(['opaque', 'damaged json']);
    expect(new TextDecoder().decode(view.root?.payload())).toMatch(/unable to serialize/);
    expect(view.notes.join()).toMatch(/bigint/);
    expect(store.pending(at('bigint', head?.id ?? '')).resumable).toBe(false);
  });
});

describe('other stores', () => {
  it('sees checkpoints that are only in the WAL', () => {
    const store = openStore('langgraph-js/live-wal/live.sqlite');
    expect(rowsOf(store, 'live')).toHaveLength(12);
  });

  it('reads v4 rows of July 2025, which have no updated_channels', () => {
    const store = openStore('langgraph-py/legacy/py-2025-07-20.sqlite');
    expect(rowsOf(store, 'agent-pending').at(-1)).toMatchObject({ status: 'interrupted', next: ['tools'] });
    const plan = store.plan(
      {
        operation: 'edit',
        key: at('tt', rowsOf(store, 'tt')[2]?.id ?? ''),
        edits: [{ op: 'set', path: 'n', value: '3' }],
        leave: [],
      },
      {
        draw: { now: () => Date.UTC(2026, 11, 1), random: (n) => new Uint8Array(n) },
        relying: store.backend.relying(),
      },
    );
    const [change] = plan.changes.changes;
    expect(
      JSON.stringify(
        change !== undefined && 'row' in change
          ? Buffer.from(change.row['checkpoint'] as Uint8Array).toString('latin1')
          : '',
      ),
    ).not.toContain('updated_channels');
  });
});

describe('pending', () => {
  it('gives the code that answers', () => {
    const store = openStore('langgraph-py/py-agent.sqlite');
    const { head } = store.threadDetail('agent-pending');
    const pending = store.pending(head ?? at('', ''));
    expect(pending).toMatchObject({ status: 'interrupted', next: ['tools'], resumable: true });
    expect(pending.resume?.code).toBe(
      'graph.invoke(Command(resume=answer), {"configurable": {"thread_id": "agent-pending"}})',
    );
    expect(pending.tasks.map((t) => [t.name, t.interrupts.length])).toEqual([['tools', 1]]);
  });

  it('asks for a map of answers when several wait', () => {
    const store = openStore('langgraph-current/mapreduce.sqlite');
    const pending = store.pending(store.threadDetail('two-ask').head ?? at('', ''));
    expect(pending.resume?.code).toMatch(
      /^graph\.invoke\(Command\(resume=\{"[0-9a-f]{32}": answer, "[0-9a-f]{32}": answer\}\)/,
    );
    expect(pending.tasks.filter((t) => t.argument !== null).length).toBeGreaterThan(2);
  });

  it('addresses a point that is not the head by its id', () => {
    const store = openStore('langgraph-js/timetravel.sqlite');
    expect(store.pending(at('tt', '1f1e58b1-3919-6980-8001-76db14e24717')).resume?.code).toBe(
      'await graph.invoke(null, { configurable: { thread_id: "tt", checkpoint_id: "1f1e58b1-3919-6980-8001-76db14e24717" } })',
    );
  });

  it('gives the call that a reviewer has changed beside the one that was sent', () => {
    const store = openStore('langgraph-current/agent-hitl.sqlite');
    const [task] = store.pending(at('edited', '1f1e5b08-44df-6501-8005-1c89072ddca4')).tasks;
    expect(task?.name).toBe('tools');
    expect(task?.argument === null || task === undefined ? '' : encodeTagged(task.argument)).not.toContain('"1F"');
    expect(task?.edited?.get('args')?.get('seat')?.text()).toBe('1F');
    const others = store.pending(at('edited', '1f1e5b08-44e3-65fd-8006-dcf41d0f02a9')).tasks;
    expect(others.every((t) => t.edited === null || t.edited === undefined)).toBe(true);
    store.backend.close();
  });

  it('names an answer that no task has used', () => {
    const path = copyOf(join(fixtures, 'langgraph-py/py-agent.sqlite'));
    run(
      path,
      `INSERT INTO writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, value)
       SELECT thread_id, '', MAX(checkpoint_id), '00000000-0000-0000-0000-000000000000', -4, '__resume__', 'msgpack', x'C3'
       FROM checkpoints WHERE thread_id = 'agent-pending' AND checkpoint_ns = ''`,
    );
    const store = langgraphSqlite.open(openSqlite(path));
    const { head } = store.threadDetail('agent-pending');
    const pending = store.pending(head ?? at('', ''));
    expect(pending.status).toBe('interrupted');
    expect(pending.reason).toContain('An answer is stored that no task has used up');
    const answer = pending.tasks.find((t) => t.id === null)?.writes[0];
    expect([answer?.channel, answer?.value?.bool()]).toEqual(['__resume__', true]);
    store.backend.close();
  });

  it('accepts a schema beside the question', () => {
    const store = openStore('langgraph-current/extras.sqlite');
    const pending = store.pending(store.threadDetail('typed-waiting').head ?? at('', ''));
    expect(pending.tasks[0]?.interrupts[0]?.schema?.get('required')?.count).toBe(1);
  });
});

describe('the applied state', () => {
  const id = (n: number): string => `1f1e58b1-39${n}0-6000-800${n}-000000000000`;
  /** A node `a` that loops, writing to channels that take their writes in different ways. */
  const step = (
    n: number,
    values: Record<string, unknown>,
    writes: readonly (readonly [string, unknown])[],
  ): MadePoint => ({
    id: id(n),
    parent: n === 0 ? null : id(n - 1),
    values: { ...values, 'branch:to:a': null },
    versions: { 'branch:to:a': n + 2 },
    seen: { a: { 'branch:to:a': n + 1 } },
    metadata: { source: 'loop', step: n, parents: {} },
    writes: writes.map(([channel, value]) => ({ task: 'task-of-a', channel, value })),
  });

  it('infers from the steps before how a channel takes its writes', () => {
    const store = made([
      step(0, { last: 1, sum: 1, list: ['x'], map: { a: 1 }, text: 'a' }, [
        ['last', 2],
        ['sum', 2],
        ['list', ['y']],
        ['map', { b: 2 }],
        ['text', 'b'],
      ]),
      step(1, { last: 2, sum: 3, list: ['x', 'y'], map: { a: 1, b: 2 }, text: 'ab' }, [
        ['last', 5],
        ['sum', 5],
        ['list', ['z']],
        ['map', { a: 9 }],
        ['text', 'c'],
      ]),
    ]);
    const view = store.state(at('t', id(1)), true);
    expect(tagged(view)).toEqual({
      last: 5,
      sum: 8,
      list: ['x', 'y', 'z'],
      map: { a: 9, b: 2 },
      text: 'abc',
      'branch:to:a': null,
    });
    expect(view.notes).toEqual([]);
    expect(view.provenance.get('sum')).toBe('derived');
    expect(tagged(store.state(at('t', id(1))))).toMatchObject({ last: 2, sum: 3 });
  });

  it('says so when the history does not tell', () => {
    const store = made([step(0, { n: 1 }, [['n', 2]])]);
    const view = store.state(at('t', id(0)), true);
    expect(tagged(view)).toMatchObject({ n: 2 });
    expect(view.notes.join()).toMatch(/`n`.*does not tell.*last write replaces/);
  });

  it('leaves a value as stored when no known reducer fits', () => {
    const store = made([step(0, { n: 1 }, [['n', 2]]), step(1, { n: 100 }, [['n', 3]])]);
    const view = store.state(at('t', id(1)), true);
    expect(tagged(view)).toMatchObject({ n: 100 });
    expect(view.notes.join()).toMatch(/none that Forkpoint knows/);
    expect(view.provenance.get('n')).toBe('stored');
  });

  it('applies what a command wrote', () => {
    const point = step(0, { list: ['x'] }, []);
    const store = made([
      {
        ...point,
        writes: [
          { task: '00000000-0000-0000-0000-000000000000', channel: 'list', value: ['cmd'] },
          { task: '00000000-0000-0000-0000-000000000000', channel: '__resume__', value: 1, idx: -4 },
        ],
      },
    ]);
    expect(store.pending(at('t', id(0))).reason).toMatch(/command has written/);
    expect(store.state(at('t', id(0)), true).provenance.get('list')).toBe('derived');
  });

  it('takes away what lasts one step, where an earlier step shows that it does', () => {
    const task = '11111111-1111-1111-1111-111111111111';
    const id = (n: number): string => `1f1e5894-000${n}-6000-8000-000000000000`;
    const point = (n: number, values: Record<string, unknown>): MadePoint => ({
      id: id(n),
      parent: n === 0 ? null : id(n - 1),
      values: { ...values, 'branch:to:a': null },
      versions: { kept: 1, once: n + 1, topic: n + 1, fresh: 1, 'branch:to:a': n + 1 },
      seen: { a: { 'branch:to:a': n } },
      metadata: { source: 'loop', step: n, parents: {} },
      writes: [
        { task, channel: 'n', value: n },
        { task, channel: 'branch:to:a', value: null },
      ],
    });
    const path = makeStore([
      point(0, { kept: 1, once: 'x', topic: ['x'], n: 0 }),
      point(1, { kept: 1, topic: [], n: 1 }),
      point(2, { kept: 1, once: 'y', topic: ['y'], fresh: 1, n: 2 }),
    ]);
    const store = langgraphSqlite.open(openSqlite(path));
    const view = store.state(formatKey({ thread: 't', namespace: '', id: id(2), nth: 0 }), true);
    const shown = view.root === null ? null : (JSON.parse(encodeTagged(view.root)) as unknown);
    expect(shown).toMatchObject({ kept: 1, topic: [], fresh: 1 });
    expect(shown).not.toHaveProperty('once');
    expect(view.notes.join()).toMatch(/`once` lasts one step.*taken away.*`topic` lasts one step.*emptied/);
    store.backend.close();
  });

  it('takes an Overwrite as the value', () => {
    const store = made([step(0, { list: ['x'] }, [['list', { __overwrite__: ['new'] }]])]);
    expect(tagged(store.state(at('t', id(0)), true))).toMatchObject({ list: ['new'] });
  });
});
