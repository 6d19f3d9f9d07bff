// Forks of older versions and of encrypted cells, and tables from before August 2024. What LangGraph 1.2.22 made of such forks (the
// edited value, the same next, the run carried on) was seen when these were written: the plans here are what it was given.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CellKey } from './cell-key.ts';
import { bytesOf } from './cells.ts';
import { langgraphSqlite } from './format.ts';
import { LangGraphSqliteStore } from './store.ts';
import { makeStore, run } from './testing/make.ts';
import { copyOf, fixtures, keys, lineageOf, openBackend, openStore } from './testing/stores.ts';
import { openSqlite } from '../sqlite/backend.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import { openValue } from '../../values/open.ts';
import { encodeTagged } from '../../values/tagged.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { SqlRow } from '../backend.ts';
import type { ForkRequest, StorePlan } from '../store.ts';

const draw = { now: () => Date.UTC(2026, 11, 1), random: (n: number) => new Uint8Array(n).fill(0xab) };

function opened(path: string): LangGraphSqliteStore {
  const store = langgraphSqlite.open(openSqlite(path));
  if (!(store instanceof LangGraphSqliteStore)) throw new TypeError('not a LangGraph store');
  return store;
}

/** Key of the nth newest checkpoint of a thread. */
function newest(store: LangGraphSqliteStore, thread: string, n = 0): CheckpointKey {
  const lineage = lineageOf(store, thread);
  return store.keyAt(lineage, lineage.count - 1 - n);
}

function fork(store: LangGraphSqliteStore, key: CheckpointKey, asked: Partial<ForkRequest> = {}): StorePlan {
  return store.plan(
    { operation: 'fork', key, edits: [], target: { kind: 'in-place' }, pending: 'drop', leave: [], ...asked },
    { draw, relying: store.backend.relying() },
  );
}

function refusal(ask: () => unknown): string {
  try {
    ask();
  } catch (thrown) {
    if (thrown instanceof ForkpointError) return `${thrown.code}: ${thrown.message} ${thrown.hint}`;
    throw thrown;
  }
  throw new Error('was not refused');
}

function inserted(plan: StorePlan): SqlRow {
  const changes = plan.changes.backend === 'sqlite' ? plan.changes.changes : [];
  const rows = changes.flatMap((change) => (change.kind === 'insert' ? [change.row] : []));
  expect(rows).toHaveLength(1);
  return rows[0] ?? {};
}
const tagged = (cursor: Cursor | null | undefined): unknown => (cursor ? JSON.parse(encodeTagged(cursor)) : null);
const copiesOnly = (plan: StorePlan): boolean => plan.changes.changes.every((change) => change.kind === 'copy');
const codes = (plan: StorePlan): string[] => plan.warnings.map((warning) => warning.code);

describe('forks of older versions', () => {
  it('keep the version, what was sent, and every channel that was not edited', () => {
    const store = openStore('langgraph-py/legacy/py-2025-03-27.sqlite');
    const key = newest(store, 'fanout', 2);
    const row = inserted(fork(store, key, { edits: [{ op: 'set', path: 'topics', value: '["Z"]' }] }));
    const cell = openValue('msgpack', bytesOf(row['checkpoint']));
    const source = openValue('msgpack', store.raw(key).find((p) => p.where === 'checkpoints.checkpoint')!.bytes);
    expect([row['type'], tagged(cell.get('v')), tagged(cell.get('channel_values'))]).toEqual([
      'msgpack',
      2,
      { topics: ['Z'], plan: 'plan' },
    ]);
    expect(cell.get('pending_sends')?.slice()).toEqual(source.get('pending_sends')?.slice());
    expect(cell.get('channel_versions')?.get('plan')?.slice()).toEqual(
      source.get('channel_versions')?.get('plan')?.slice(),
    );
    expect(new TextDecoder().decode(bytesOf(row['metadata']))).toBe(
      '{"source": "update", "writes": null, "thread_id": "fanout", "step": 2, "parents": {}}',
    );
  });

  it('apply what tasks wrote, without the names by which nodes say that they ran', () => {
    const store = openStore('langgraph-py/legacy/py-2025-03-27.sqlite');
    const view = store.state(newest(store, 'fanout', 2), true);
    expect(tagged(view.root)).toEqual({ topics: ['A', 'B'], plan: 'plan', jokes: ['joke A', 'joke B'] });
  });

  it('write the JSON of 2024 as Python writes it', () => {
    const store = openStore('langgraph-py/legacy/py-2024-08-20.sqlite');
    const row = inserted(fork(store, newest(store, 'tt', 1), { edits: [{ op: 'set', path: 'n', value: '8' }] }));
    const text = new TextDecoder().decode(bytesOf(row['checkpoint']));
    expect(row['type']).toBe('json');
    expect(text).toMatch(/"channel_values": \{"n": 8, "a": "a"\}/);
    expect(text).toMatch(/"n": "00000000000000000000000000000005\.\d\.\d+"/);
    const sent = fork(store, newest(store, 'fanout', 2));
    expect(codes(sent)).toContain('older_sends');
  });

  it('of LangGraph.js before 0.4 are copies only', () => {
    const store = openStore('langgraph-js/legacy-v1.sqlite');
    const key = newest(store, 'v1-tt');
    expect(refusal(() => fork(store, key))).toMatch(/^unable: .*LangGraph\.js before 0\.4.*new thread without an edit/);
    const copy = fork(store, key, { target: { kind: 'thread', thread: 'x' } });
    expect([copiesOnly(copy), codes(copy)]).toEqual([true, ['older_version']]);
  });
});

describe('forks of encrypted cells', () => {
  it('are sealed with the key, under a nonce of their own', () => {
    const store = openStore('langgraph-py/py-encrypted.sqlite');
    const row = inserted(fork(store, newest(store, 't', 1), { edits: [{ op: 'set', path: 'n', value: '7' }] }));
    expect(row['type']).toBe('msgpack+aes');
    const sealed = bytesOf(row['checkpoint']);
    expect(Buffer.from(sealed.subarray(0, 16)).toString('hex')).toBe('ab'.repeat(16));
    const cell = new CellKey(keys.get('langgraph-py/py-encrypted.sqlite') ?? '').open(sealed);
    expect(cell === null ? null : tagged(openValue('msgpack', cell).get('channel_values'))).toEqual({
      n: 7,
      'branch:to:b': null,
    });
  });

  it('are copies only without the key', () => {
    const store = langgraphSqlite.open(openBackend('langgraph-py/py-encrypted.sqlite'));
    if (!(store instanceof LangGraphSqliteStore)) throw new TypeError('not a LangGraph store');
    const key = newest(store, 't');
    expect(refusal(() => fork(store, key))).toMatch(/^unable: .*encrypted \(aes\).*new thread without an edit/);
    expect(copiesOnly(fork(store, key, { target: { kind: 'thread', thread: 'x' }, pending: 'keep' }))).toBe(true);
    expect([...store.exportRecords('t')].map((r) => r.kind)).toEqual([
      ...Array<string>(4).fill('checkpoints'),
      ...Array<string>(5).fill('writes'),
    ]);
  });
});

describe('tables from before August 2024', () => {
  const cell = (n: number): string =>
    JSON.stringify({
      v: 1,
      ts: `2024-06-01T00:00:0${n}+00:00`,
      channel_values: { n, a: 'a' },
      channel_versions: { n: n + 1, a: n + 1 },
      versions_seen: { a: { __start__: 1 } },
    });
  const rows = `
    INSERT INTO checkpoints (thread_id, thread_ts, parent_ts, checkpoint, metadata) VALUES
      ('t', '2024-06-01T00:00:01+00:00', NULL, '${cell(1)}', '{"source":"input","step":-1}'),
      ('t', '2024-06-01T00:00:02+00:00', '2024-06-01T00:00:01+00:00', CAST('${cell(2)}' AS BLOB), '{"source":"loop","step":0}'),
      ('p', '2024-06-01T00:00:03+00:00', NULL, x'80047d8c01764b01738c0e6368616e6e656c5f76616c7565737d8c016e4b0573732e', NULL);`;

  it('are read, and never written', () => {
    const path = makeStore(
      [],
      `CREATE TABLE checkpoints (thread_id TEXT NOT NULL, thread_ts TEXT NOT NULL, parent_ts TEXT, checkpoint BLOB, metadata BLOB, PRIMARY KEY (thread_id, thread_ts));
       CREATE TABLE writes (thread_id TEXT NOT NULL, thread_ts TEXT NOT NULL, task_id TEXT NOT NULL, idx INTEGER NOT NULL, channel TEXT NOT NULL, value BLOB, PRIMARY KEY (thread_id, thread_ts, task_id, idx));
       INSERT INTO writes VALUES ('t', '2024-06-01T00:00:02+00:00', 'task', 0, 'n', '3');
       ${rows}`,
    );
    const store = opened(path);
    expect(langgraphSqlite.detect(openSqlite(path).reader)).toEqual({ verdict: 'yes', eras: ['before-2024-08'] });
    expect([...store.threads()].flat().map((t) => [t.thread, t.checkpoints])).toEqual([
      ['p', 1],
      ['t', 2],
    ]);
    const lineage = lineageOf(store, 't');
    const points = store.checkpoints(lineage, [0, 1]);
    expect(points.map((p) => [p.id, p.parent === null, p.step, p.source])).toEqual([
      ['2024-06-01T00:00:01+00:00', true, -1, 'input'],
      ['2024-06-01T00:00:02+00:00', false, 0, 'loop'],
    ]);
    expect(points.map((p) => p.time)).toEqual(['2024-06-01T00:00:01+00:00', '2024-06-01T00:00:02+00:00']);
    const key = points[1]!.key as CheckpointKey;
    expect(tagged(store.state(key).root)).toEqual({ n: 2, a: 'a' });
    expect(store.raw(key).map((part) => part.where)).toEqual([
      'checkpoints.thread_id',
      'checkpoints.thread_ts',
      'checkpoints.parent_ts',
      'checkpoints.checkpoint',
      'checkpoints.metadata',
      'writes[0].thread_id',
      'writes[0].thread_ts',
      'writes[0].task_id',
      'writes[0].idx',
      'writes[0].channel',
      'writes[0].value',
    ]);
    expect(tagged(store.state(store.keyAt(lineageOf(store, 'p'), 0)).root)).toEqual({ n: 5 });
    expect(refusal(() => fork(store, key))).toMatch(/^unable: .*before August 2024.*nothing is written/);
    expect(() => [...store.exportRecords('t')]).toThrow(/before August 2024/);
    const about = store.describe();
    expect(about.capabilities).toEqual(['info', 'threads', 'log', 'show', 'pending', 'diff', 'operations', 'live']);
    const { token } = store.changesSince(null);
    run(
      path,
      `INSERT INTO checkpoints VALUES ('t', '2024-06-01T00:00:04+00:00', '2024-06-01T00:00:02+00:00', '${cell(4)}', NULL)`,
    );
    expect(store.changesSince(token)).toMatchObject({ threads: ['t'] });
    expect(lineageOf(store, 't', lineage).count).toBe(3);
  });

  it('of one row a thread are read', () => {
    const store = opened(
      makeStore(
        [],
        `CREATE TABLE checkpoints (thread_id TEXT PRIMARY KEY, checkpoint BLOB);
         INSERT INTO checkpoints VALUES ('t', '${cell(1)}')`,
      ),
    );
    const key = formatKey({ thread: 't', namespace: '', id: 'only', nth: 0 });
    expect(tagged(store.state(key).root)).toEqual({ n: 1, a: 'a' });
    expect(store.raw(key).map((part) => part.where)).toEqual(['checkpoints.thread_id', 'checkpoints.checkpoint']);
    expect(store.pending(key).tasks).toEqual([]);
  });

  it('of JavaScript are read', () => {
    const store = opened(
      makeStore(
        [],
        `CREATE TABLE checkpoints (thread_id TEXT NOT NULL, checkpoint_id TEXT NOT NULL, parent_id TEXT, checkpoint BLOB, metadata BLOB, PRIMARY KEY (thread_id, checkpoint_id));
         INSERT INTO checkpoints VALUES ('t', 'a', NULL, '${cell(1)}', '{"step":1}'), ('t', 'b', 'a', '${cell(2)}', '{"step":2}')`,
      ),
    );
    expect(store.describe().framework).toBe('LangGraph.js');
    const lineage = lineageOf(store, 't');
    expect([...lineage.parent]).toEqual([-1, 0]);
  });
});

describe('tasks that only their rows tell of', () => {
  it('failed, where nothing names the node', () => {
    const path = copyOf(join(fixtures, 'langgraph-more/older-tasks.sqlite'));
    run(path, "DELETE FROM checkpoints WHERE thread_id = 'sub-failed' AND checkpoint_ns <> ''");
    const store = opened(path);
    const pending = store.pending(newest(store, 'sub-failed'));
    expect([pending.status, pending.next]).toEqual(['failed', []]);
    expect(pending.reason).toBe("ZeroDivisionError('division by zero')");
    expect(store.threadDetail('sub-failed').status).toBe('failed');
    store.backend.close();
  });

  it('asked, where the entrypoint and its call have the same question and neither has a name', () => {
    const question = { channel: '__interrupt__', idx: -3, value: [{ value: 'go on?', id: 'q' }] };
    const store = opened(
      makeStore([
        {
          id: '1ef00000-0000-6000-bfff-000000000001',
          values: { __start__: 4 },
          versions: { __start__: 1 },
          metadata: { source: 'input', step: -1, parents: {} },
          writes: [
            { task: 'a', channel: '__return__', value: 1 },
            { task: 'b', ...question },
            { task: 'c', ...question },
          ],
        },
      ]),
    );
    const pending = store.pending(newest(store, 't'));
    expect([pending.status, pending.next, pending.reason]).toEqual(['interrupted', ['__start__'], 'go on?']);
    expect(pending.tasks.map((t) => [t.id, t.name, t.interrupts.length])).toEqual([
      [null, '__start__', 1],
      ['a', null, 0],
      ['c', null, 0],
    ]);
    store.backend.close();
  });
});
