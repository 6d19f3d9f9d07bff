import { formatKey } from '../../../shared/model/key.ts';
import { describe, expect, it } from 'vitest';
import { langgraphSqlite } from './format.ts';
import { lineageOf, openStore } from './testing/stores.ts';
import { addPoints, makeStore, run } from './testing/make.ts';
import type { MadePoint } from './testing/make.ts';
import { firstThreadsSql, moreThreadsSql } from './threads.ts';
import { LangGraphSqliteStore } from './store.ts';
import { openSqlite } from '../sqlite/backend.ts';
import { linkKinds, stringAt } from '../../../shared/model/lineage.ts';
import type { Lineage } from '../../../shared/model/lineage.ts';

function open(path: string): LangGraphSqliteStore {
  const store = langgraphSqlite.open(openSqlite(path));
  if (!(store instanceof LangGraphSqliteStore)) throw new TypeError('not a LangGraph store');
  return store;
}

/** `id ← parent` per row, with the namespace, the link if it is not explicit, and the host. */
function picture(lineage: Lineage): string[] {
  return Array.from({ length: lineage.count }, (_, i) => {
    const parent = lineage.parent[i] ?? -1;
    const host = lineage.host[i] ?? -1;
    const kind = linkKinds[lineage.link[i] ?? 0];
    const reason = lineage.reasons[lineage.reason[i] ?? 0];
    const namespace = lineage.namespaces[lineage.namespace[i] ?? 0];
    return [
      namespace === '' ? '' : `[${namespace}] `,
      stringAt(lineage.ids, i),
      parent >= 0 ? ` ← ${stringAt(lineage.ids, parent)}` : kind === 'missing' ? ` ← ?${reason}` : '',
      host >= 0 ? ` under ${stringAt(lineage.ids, host)}` : '',
    ].join('');
  });
}

const chain = (...ids: string[]): MadePoint[] => ids.map((id, i) => ({ id, parent: ids[i - 1] ?? null }));

describe('lineage', () => {
  it('holds a fork tree in the order it was written', () => {
    const store = open(makeStore([...chain('a', 'b', 'c'), { id: 'd', parent: 'b' }]));
    const lineage = lineageOf(store, 't');
    expect(picture(lineage)).toEqual(['a', 'b ← a', 'c ← b', 'd ← b']);
    expect([...lineage.heads]).toEqual([3]);
  });

  it('puts parents first whatever the order of the rows', () => {
    const store = open(makeStore([{ id: 'c', parent: 'b' }, { id: 'b', parent: 'a' }, { id: 'a' }]));
    const lineage = lineageOf(store, 't');
    expect(picture(lineage)).toEqual(['a', 'b ← a', 'c ← b']);
    expect([...lineage.parent].every((p, i) => p < i)).toBe(true);
  });

  it('breaks circles and names missing parents', () => {
    const store = open(
      makeStore([
        { id: 'a', parent: 'b' },
        { id: 'b', parent: 'a' },
        { id: 's', parent: 's' },
        { id: 'x', parent: 'gone' },
      ]),
    );
    expect(picture(lineageOf(store, 't'))).toEqual(['b ← ?a', 'a ← b', 's ← ?s', 'x ← ?gone']);
  });

  it('takes any text for ids, threads and namespaces', () => {
    const odd = ['../..', '', '研究', "'; DROP TABLE checkpoints; --", 'a/b#1', 'line\nbreak', 'nul\u0000in'];
    const store = open(makeStore(odd.map((id) => ({ id, thread: id, namespace: id }))));
    expect(
      [...store.threads()]
        .flat()
        .map((t) => t.thread)
        .sort(),
    ).toEqual([...odd].sort());
    for (const id of odd) {
      const lineage = lineageOf(store, id);
      expect(lineage.count).toBe(1);
      const key = store.keyAt(lineage, 0);
      expect(store.indexOf(lineage, key)).toBe(0);
      expect(store.raw(key).length).toBeGreaterThan(6);
    }
  });

  it('reads only what is new when it is continued', () => {
    const path = makeStore(chain('a', 'b'));
    const store = open(path);
    const first = lineageOf(store, 't');
    expect(lineageOf(store, 't', first)).toBe(first);
    addPoints(path, [
      { id: 'c', parent: 'b' },
      { id: 'other', thread: 'u' },
    ]);
    const second = lineageOf(store, 't', first);
    expect(picture(second)).toEqual(['a', 'b ← a', 'c ← b']);
    expect(picture(lineageOf(store, 't'))).toEqual(picture(second));
  });

  it('reads anew when rows were taken away, or a missing parent turned up', () => {
    const path = makeStore([...chain('a', 'b'), { id: 'x', parent: 'late' }]);
    const store = open(path);
    const first = lineageOf(store, 't');
    addPoints(path, [{ id: 'late' }]);
    const second = lineageOf(store, 't', first);
    expect(picture(second)).toEqual(['a', 'b ← a', 'late', 'x ← late']);
    run(path, "DELETE FROM checkpoints WHERE checkpoint_id = 'b'");
    expect(picture(lineageOf(store, 't', second))).toEqual(['a', 'late', 'x ← late']);
  });

  it('shows under which checkpoint a sub-graph ran, per run of a stateful one', () => {
    const under = (root: string): NonNullable<MadePoint['metadata']> => ({
      source: 'loop',
      step: 0,
      parents: { '': root },
    });
    const store = open(
      makeStore([
        ...chain('a', 'c', 'e'),
        { id: 'a1', namespace: 'memo', metadata: under('a') },
        { id: 'a2', parent: 'a1', namespace: 'memo', metadata: under('a') },
        { id: 'c1', parent: 'a2', namespace: 'memo', metadata: under('c') },
        { id: 'c2', namespace: 'child:task', metadata: under('c') },
        { id: 'c3', parent: 'c2', namespace: 'child:task', metadata: under('c') },
      ]),
    );
    expect(picture(lineageOf(store, 't'))).toEqual([
      'a',
      'c ← a',
      'e ← c',
      '[memo] a1 under a',
      '[memo] a2 ← a1',
      '[memo] c1 ← a2 under c',
      '[child:task] c2 under c',
      '[child:task] c3 ← c2',
    ]);
  });

  it('finds the hosts of genuine sub-graphs', () => {
    const store = openStore('langgraph-py/py-subgraph.sqlite');
    const lineage = lineageOf(store, 'sub-resumed');
    const hosts = [...lineage.host].flatMap((h, i) =>
      h < 0 ? [] : [[lineage.namespaces[lineage.namespace[i] ?? 0]?.split(':')[0], lineage.step[h]]],
    );
    expect(hosts).toEqual([
      ['child', 1],
      ['memo', 2],
    ]);
  });
});

describe('listing', () => {
  it('is answered from the primary key alone', () => {
    const { reader } = openStore('langgraph-py/py-agent.sqlite');
    for (const [sql, params] of [
      [firstThreadsSql, [50n]],
      [moreThreadsSql, ['a', 50n]],
    ] as const) {
      const plan = reader.all(`EXPLAIN QUERY PLAN ${sql}`, params).map((r) => String(r['detail']));
      expect(plan).toHaveLength(1);
      expect(plan[0]).toMatch(/USING COVERING INDEX sqlite_autoindex_checkpoints_1/);
    }
  });

  it('lists more threads than one batch holds, each once', () => {
    const names = Array.from({ length: 130 }, (_, i) => `t${String(i).padStart(3, '0')}`);
    const store = open(makeStore(names.map((thread) => ({ id: 'a', thread }))));
    const batches = [...store.threads()];
    expect(batches.length).toBeGreaterThan(1);
    expect(batches.flat().map((t) => t.thread)).toEqual(names);
  });
});

describe('changes', () => {
  it('name the threads that were written to', () => {
    const path = makeStore([{ id: 'a' }, { id: 'a', thread: 'u' }]);
    const store = open(path);
    const { token, threads } = store.changesSince(null);
    expect(threads).toBe('all');
    expect(store.changesSince(token)).toEqual({ token, threads: [] });
    addPoints(path, [{ id: 'b', thread: 'u', parent: 'a' }]);
    const added = store.changesSince(token);
    expect(added.threads).toEqual(['u']);
    const key = (thread: string, id: string): string => formatKey({ thread, namespace: '', id, nth: 0 });
    // The new one and its parent: nothing else can look different now.
    expect(added.points).toEqual([key('u', 'b'), key('u', 'a')]);
    run(path, "INSERT INTO writes VALUES ('t', '', 'a', 'k', 0, 'x', 'json', '1')");
    const wrote = store.changesSince(added.token);
    expect(wrote.threads).toEqual(['t']);
    expect(wrote.points).toEqual([key('t', 'a')]);
    run(path, "DELETE FROM checkpoints WHERE thread_id = 'u' AND checkpoint_id = 'a'");
    expect(store.changesSince(wrote.token).threads).toBe('all');
  });
});
