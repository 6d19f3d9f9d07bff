// Planners as data: the exact rows of forks and edits in place, and what they refuse.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf, keysOf, textOf } from './cells.ts';
import { timeOf, ticksOf } from './ids.ts';
import { run } from './testing/make.ts';
import { lineageOf, openStore } from './testing/stores.ts';
import type { LangGraphSqliteStore } from './store.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import { openValue } from '../../values/open.ts';
import { resolvePath } from '../../values/path.ts';
import type { StorePlan } from '../store.ts';
import {
  now,
  draw,
  keyAt,
  headOf,
  planned,
  changesOf,
  insertedRow,
  cellOf,
  tagged,
  refusal,
  applied,
  editSets,
} from './testing/plans.ts';

describe('edit in place, Python', () => {
  const store = openStore('langgraph-py/py-timetravel.sqlite');
  const source = '1f1e5894-7cfb-6913-8001-5c769d2c9d6f';
  const plan = planned(store, { key: keyAt('tt', source), edits: editSets('n', '41') });
  const row = insertedRow(plan);
  const cell = cellOf(row);
  const before = openValue(
    'msgpack',
    bytesOf(store.raw(keyAt('tt', source)).find((p) => p.where === 'checkpoints.checkpoint')?.bytes),
  );

  it('adds one child row of the source, with an id of now above every id', () => {
    expect(changesOf(plan)).toHaveLength(1);
    expect(row['thread_id']).toBe('tt');
    expect(row['checkpoint_ns']).toBe('');
    expect(row['parent_checkpoint_id']).toBe(source);
    expect(row['type']).toBe('msgpack');
    expect(row['checkpoint_id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-6[0-9a-f]{3}-8002-abababababab$/);
    expect(timeOf(textOf(row['checkpoint_id']))).toBe(now);
    expect(plan.target).toEqual({ thread: 'tt', id: row['checkpoint_id'] });
  });

  it('changes id, ts, the edited channel, its version and updated_channels; every other slice is byte-equal', () => {
    expect(keysOf(cell)).toEqual(keysOf(before));
    const changed = keysOf(cell).filter(
      (k) => !Buffer.from(cell.get(k)?.slice() ?? []).equals(Buffer.from(before.get(k)?.slice() ?? [])),
    );
    expect(changed.sort()).toEqual(['channel_values', 'channel_versions', 'id', 'ts', 'updated_channels']);
    expect(tagged(cell.get('id'))).toBe(row['checkpoint_id']);
    expect(tagged(cell.get('ts'))).toBe('2026-12-01T12:00:00.250000+00:00');
    expect(tagged(cell.get('updated_channels'))).toBeNull();
    expect(tagged(cell.get('channel_values'))).toEqual({ n: 41, trail: ['a'], 'branch:to:b': null });
    const versions = cell.get('channel_versions');
    const old = before.get('channel_versions');
    expect(tagged(versions?.get('n') ?? null)).toMatch(/^0{31}4\.0\.\d{14,}$/);
    for (const channel of keysOf(old).filter((c) => c !== 'n')) {
      expect(versions?.get(channel)?.slice()).toEqual(old?.get(channel)?.slice());
    }
  });

  it('splices source and step into the metadata in its own style', () => {
    expect(new TextDecoder().decode(bytesOf(row['metadata']))).toBe('{"source": "update", "step": 2, "parents": {}}');
  });

  it('says how to go on, and that the head moves', () => {
    expect(plan.resume).toEqual({
      language: 'python',
      code: 'graph.invoke(None, {"configurable": {"thread_id": "tt"}})',
    });
    expect(plan.warnings.map((w) => w.code)).toEqual(['becomes_head']);
    expect(tagged(plan.edited?.before ?? null)).toEqual({ n: 2, trail: ['a'], 'branch:to:b': null });
  });

  it('runs the same node next', () => {
    const own = openStore('langgraph-py/py-timetravel.sqlite');
    const done = applied(own, { key: keyAt('tt', source), edits: editSets('n', '41') });
    expect(headOf(own, 'tt')).toBe(keyAt('tt', done.target?.id ?? ''));
    const pending = own.pending(keyAt('tt', done.target?.id ?? ''));
    expect(pending.next).toEqual(['b']);
    expect(pending.status).toBe('idle');
  });
});

describe('undo', () => {
  const bundle = (): string => join(mkdtempSync(join(tmpdir(), 'forkpoint-bundle-')), 'bundle');
  function forked(): { store: LangGraphSqliteStore; path: string; plan: StorePlan } {
    const store = openStore('langgraph-py/py-agent.sqlite');
    const relying = store.backend.relying();
    const plan = store.plan(
      {
        operation: 'fork',
        key: headOf(store, 'agent-pending'),
        edits: editSets('budget', '9'),
        target: { kind: 'thread', thread: 'new' },
        pending: 'drop',
        leave: [],
      },
      { draw, relying },
    );
    const path = bundle();
    store.backend.apply(plan.changes, relying.relied, path);
    return { store, path, plan };
  }

  it('takes a fork back', () => {
    const { store, path } = forked();
    const { changes, relied } = store.backend.undo(path);
    store.backend.apply(changes, relied, bundle());
    expect(store.threadSummary('new')).toBeNull();
    store.backend.close();
  });

  it('is refused once the thread has run on', () => {
    const { store, path, plan } = forked();
    const id = plan.target?.id ?? '';
    run(
      store.reader.path,
      `INSERT INTO writes (thread_id, checkpoint_id, task_id, idx, channel) VALUES ('new', '${id}', 'task', 0, 'n')`,
    );
    expect(
      refusal(() => {
        const { changes, relied } = store.backend.undo(path);
        store.backend.apply(changes, relied, bundle());
      }).code,
    ).toBe('moved');
    store.backend.close();
  });
});

describe('edit in place, JavaScript', () => {
  const store = openStore('langgraph-js/timetravel.sqlite');
  const source = '1f1e58b1-3919-6980-8001-76db14e24717';

  it('writes compact JSON, integer versions and no updated_channels', () => {
    const row = insertedRow(planned(store, { key: keyAt('tt', source), edits: editSets('n', '41') }));
    const id = textOf(row['checkpoint_id']);
    expect(id).toMatch(/-8002-abababababab$/);
    expect(new TextDecoder().decode(bytesOf(row['checkpoint']))).toBe(
      `{"v":4,"id":"${id}","ts":"2026-12-01T12:00:00.250Z","channel_values":{"n":41,"trail":["a"],"__pregel_tasks":[],"branch:to:b":null},"channel_versions":{"__start__":2,"n":4,"branch:to:a":3,"trail":3,"branch:to:b":3},"versions_seen":{"__input__":{},"__start__":{"__start__":1},"a":{"branch:to:a":2}}}`,
    );
    expect(new TextDecoder().decode(bytesOf(row['metadata']))).toBe('{"source":"update","step":2,"parents":{}}');
  });

  it('copies without an edit as a fork row', () => {
    const row = insertedRow(planned(store, { key: keyAt('tt', source) }));
    expect(new TextDecoder().decode(bytesOf(row['metadata']))).toBe('{"source":"fork","step":2,"parents":{}}');
    expect(new TextDecoder().decode(bytesOf(row['checkpoint']))).toContain(
      '"channel_versions":{"__start__":2,"n":3,"branch:to:a":3,"trail":3,"branch:to:b":3}',
    );
  });

  it('says that nothing will run after the end', () => {
    expect(planned(store, { key: headOf(store, 'tt') }).warnings.map((w) => w.code)).toContain('nothing_to_run');
  });
});

describe('sub-graphs', () => {
  const store = openStore('langgraph-py/py-subgraph.sqlite');
  const namespace = 'child:a0b46388-3330-ffba-df52-3670501cbff5';
  const id = '1f1e5894-7cb9-6ec5-8001-0809568e65f9';

  it('are edited in place, in their own namespace', () => {
    const plan = planned(store, { key: keyAt('sub-pending', id, namespace), edits: editSets('y', '99') });
    const row = insertedRow(plan);
    expect(row['checkpoint_ns']).toBe(namespace);
    expect(textOf(row['checkpoint_id']) > id).toBe(true);
    expect(new TextDecoder().decode(bytesOf(row['metadata']))).toContain(
      '"parents": {"": "1f1e5894-7ca5-690b-8001-fd31e5d42cca"}',
    );
    expect(plan.warnings.map((w) => w.code)).not.toContain('not_resumed');
  });

  it('cannot start a thread', () => {
    const error = refusal(() =>
      planned(store, { key: keyAt('sub-pending', id, namespace), target: { kind: 'thread', thread: 'x' } }),
    );
    expect(error.code).toBe('unable');
    expect(error.message).toMatch(/sub-graph/);
  });
});

describe('ids', () => {
  it('stand above every id of the thread when the clock is behind, with a warning', () => {
    const store = openStore('langgraph-py/py-timetravel.sqlite');
    const plan = planned(store, { key: headOf(store, 'tt') }, { ...draw, now: () => Date.UTC(2020, 0, 1) });
    const newest =
      [...Array(lineageOf(store, 'tt').count).keys()]
        .map((i) => store.keyAt(lineageOf(store, 'tt'), i))
        .sort()
        .at(-1) ?? '';
    expect(keyAt('tt', plan.target?.id ?? '') > newest).toBe(true);
    expect(ticksOf(plan.target?.id ?? '')).toBe((ticksOf(newest.split('/').at(-1) ?? '') ?? 0n) + 1n);
    expect(plan.warnings.map((w) => w.code)).toContain('clock_behind');
  });
});

describe('tool calls that live twice', () => {
  const store = openStore('langgraph-current/agent-hitl.sqlite');
  /** A checkpoint with a pending Send that carries a call of its last AI message. */
  function pendingCall(): { key: CheckpointKey; path: string; call: string; thread: string } {
    for (const { thread } of [...store.threads()].flat()) {
      const lineage = lineageOf(store, thread);
      for (let i = 0; i < lineage.count; i++) {
        const key = store.keyAt(lineage, i);
        const { root } = store.state(key);
        const sends = root?.get('__pregel_tasks') ?? null;
        const messages = root?.get('messages') ?? null;
        if (sends === null || sends.count === 0 || messages === null) continue;
        for (let m = messages.count - 1; m >= 0; m--) {
          const calls = messages.child(m).kind === 'object' ? messages.child(m).child(0).get('tool_calls') : null;
          if (calls !== null && calls.count > 0 && root !== null) {
            return {
              key,
              path: `messages[${m}].tool_calls[0].args`,
              call: calls.child(0).get('id')?.text() ?? '',
              thread,
            };
          }
        }
      }
    }
    throw new Error('no pending Send in the fixture');
  }
  const found = pendingCall();
  const edits = editSets(found.path, '{"edited": true}');

  it('are edited in the Send too', () => {
    const plan = planned(store, { key: found.key, edits });
    expect(plan.follows.map((f) => f.code)).toEqual(['send_follows']);
    const values = cellOf(insertedRow(plan)).get('channel_values');
    expect(tagged(resolvePath(values ?? cellOf(insertedRow(plan)), '__pregel_tasks[0][1]'))).toMatchObject([
      { id: found.call, args: { edited: true } },
    ]);
    const versions = cellOf(insertedRow(plan)).get('channel_versions');
    expect(tagged(versions?.get('__pregel_tasks') ?? null)).toBe(tagged(versions?.get('messages') ?? null));
  });

  it('are left alone on request, with a warning', () => {
    const plan = planned(store, { key: found.key, edits, leave: ['send_follows'] });
    expect(plan.follows.map((f) => f.code)).toEqual(['send_follows']);
    expect(plan.warnings.map((w) => w.code)).toContain('send_left');
    const values = cellOf(insertedRow(plan)).get('channel_values');
    expect(JSON.stringify(tagged(values?.get('__pregel_tasks') ?? null))).not.toContain('edited');
  });
});

describe('refusals', () => {
  it('states that cannot be read', () => {
    const store = openStore('langgraph-js/corrupt-bigint.sqlite');
    expect(refusal(() => planned(store, { key: headOf(store, 'bigint') })).code).toBe('unable');
    const pickle = openStore('langgraph-py/py-pickle.sqlite');
    expect(refusal(() => planned(pickle, { key: headOf(pickle, 't') })).message).toMatch(/pickle/);
    const fork = planned(pickle, { key: headOf(pickle, 't'), target: { kind: 'thread', thread: 'x' } });
    expect(fork.changes.changes.every((change) => change.kind === 'copy')).toBe(true);
  });

  it('points that are not there', () => {
    const store = openStore('langgraph-py/py-agent.sqlite');
    expect(refusal(() => planned(store, { key: keyAt('agent-pending', 'nope') })).code).toBe('not_found');
    expect(
      refusal(() => planned(store, { key: formatKey({ thread: 't', namespace: '', id: 'x', nth: 2 }) })).code,
    ).toBe('not_found');
  });

  it('warns of triggers and of tables that the fork does not copy', () => {
    const store = openStore('langgraph-current/mixed.sqlite');
    const plan = planned(store, { key: headOf(store, 't-1'), target: { kind: 'thread', thread: 'x' } });
    expect(plan.warnings.map((w) => w.code)).toEqual(expect.arrayContaining(['triggers', 'foreign_tables']));
    expect(store.describe().notes.join(' ')).toMatch(/app_trg/);
  });
});
