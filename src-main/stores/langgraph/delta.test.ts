// Delta channels put together at every checkpoint; that the values are LangGraph's own is held by golden.test.ts.

import { describe, expect, it } from 'vitest';
import { langgraphSqlite } from './format.ts';
import { openSqlite } from '../sqlite/backend.ts';
import { formatKey, parseKey } from '../../../shared/model/key.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import { LangGraphSqliteStore } from './store.ts';
import { chain, idOf } from './testing/delta.ts';
import { addPoints, makeStore, run } from './testing/make.ts';
import type { MadePoint } from './testing/make.ts';
import { lineageOf, openStore } from './testing/stores.ts';
import { encodeTagged } from '../../values/tagged.ts';

const stores = [
  'langgraph-current/deep-hitl.sqlite',
  'langgraph-current/delta-forks.sqlite',
  'langgraph-js/delta.sqlite',
];

function opened(path: string): LangGraphSqliteStore {
  const store = langgraphSqlite.open(openSqlite(path));
  if (!(store instanceof LangGraphSqliteStore)) throw new TypeError('not a LangGraph store');
  return store;
}
const keysIn = (store: LangGraphSqliteStore): CheckpointKey[] =>
  [...store.threads()].flat().flatMap(({ thread }) => {
    const lineage = lineageOf(store, thread);
    return Array.from({ length: lineage.count }, (_, i) => store.keyAt(lineage, i));
  });
const textOf = (store: LangGraphSqliteStore, key: CheckpointKey): string => {
  const { root } = store.state(key);
  return root === null ? '' : encodeTagged(root);
};

const message = (id: string, content: string): unknown => ({
  lc: 1,
  type: 'constructor',
  id: ['langchain_core', 'messages', id === '__remove_all__' || content === '' ? 'RemoveMessage' : 'HumanMessage'],
  kwargs: { id, content },
});
const at = (n: number): CheckpointKey => formatKey({ thread: 't', namespace: '', id: idOf(n), nth: 0 });
const shown = (store: LangGraphSqliteStore, n: number): unknown => JSON.parse(textOf(store, at(n)));

describe('rebuilt values', () => {
  it.each(stores)('of %s are the same in whatever order the points are looked at', (path) => {
    const store = openStore(path);
    const keys = keysIn(store);
    const forward = keys.map((key) => textOf(store, key));
    store.backend.close();
    const other = openStore(path);
    const backward = keys.toReversed().map((key) => textOf(other, key));
    expect(backward.toReversed()).toEqual(forward);
    expect(keys.map((key) => textOf(other, key))).toEqual(forward);
    other.backend.close();
  });

  it('are said to be rebuilt, and those stored as a snapshot to be stored', () => {
    const store = openStore('langgraph-current/delta-forks.sqlite');
    const root = keysIn(store).filter((key) => parseKey(key)?.namespace === '');
    const views = root.map((key) => store.state(key));
    const rebuilt = views.filter((v) => v.provenance.get('messages') === 'reconstructed');
    expect(rebuilt.length).toBeGreaterThan(90);
    expect(rebuilt.every((v) => v.root?.get('messages')?.kind === 'list')).toBe(true);
    const stored = views.filter((v) => v.provenance.get('messages') === 'stored');
    expect(stored.length).toBeGreaterThan(3);
    expect(stored.every((v) => v.root?.get('messages')?.kind === 'list')).toBe(true);
    expect(stored.every((v) => v.notes.some((n) => n.startsWith('`messages` is a delta channel, stored here')))).toBe(
      true,
    );
    store.backend.close();
  });

  it('copy the stored bytes', () => {
    const path = makeStore(chain('log', [['\\u00e9'], [{ b: 1, a: [] }]]));
    const store = opened(path);
    run(path, `UPDATE writes SET value = CAST('[1.50, "\\u00e9"]' AS BLOB) WHERE checkpoint_id = '${idOf(0)}'`);
    expect(new TextDecoder().decode(store.state(at(2)).root?.get('log')?.slice())).toBe(
      '[1.50,"\\u00e9",{"b":1,"a":[]}]',
    );
    store.backend.close();
  });
});

describe('the updates of messages', () => {
  it('are added, replaced by id, removed, and all removed', () => {
    const store = opened(
      makeStore(
        chain('messages', [
          [message('a', 'one'), message('b', 'two')],
          message('c', 'three'),
          [message('a', 'ONE'), message('b', ''), message('never-there', '')],
          [message('x', 'gone'), message('__remove_all__', ''), message('d', 'four')],
        ]),
      ),
    );
    const contents = (n: number): unknown[] => {
      const list = store.state(at(n)).root?.get('messages');
      return Array.from({ length: list?.count ?? 0 }, (_, i) => list?.child(i).get('kwargs')?.get('content')?.text());
    };
    expect([1, 2, 3, 4].map(contents)).toEqual([['one', 'two'], ['one', 'two', 'three'], ['ONE', 'three'], ['four']]);
    expect(store.state(at(4)).notes).toEqual([]);
    store.backend.close();
  });
});

describe('a reducer of the graph', () => {
  it('is told by a value that the thread has stored, also a later one', () => {
    const store = opened(makeStore(chain('n', [1, 2, 3, 4], { 3: 6 })));
    expect(shown(store, 2)).toEqual({ n: 3 });
    expect(shown(store, 4)).toEqual({ n: 10 });
    expect(store.state(at(4)).notes).toEqual([]);
    store.backend.close();
  });

  it('that nothing tells is taken for the likeliest where values are lists or maps, and that is said', () => {
    const store = opened(makeStore(chain('log', [['a'], ['b']])));
    expect(shown(store, 2)).toEqual({ log: ['a', 'b'] });
    expect(store.state(at(2)).notes.join()).toMatch(
      /`log` is a delta channel, rebuilt.* here writes are added to the list/,
    );
    store.backend.close();
  });

  it('that is none of ours leaves what was stored last and the updates since', () => {
    const store = opened(makeStore(chain('n', [1, 2, 3, 4, 5], { 1: 100, 3: -7 })));
    expect(shown(store, 5)).toEqual({ n: { seed: -7, updates: [4, 5] } });
    expect(store.state(at(5)).provenance.get('n')).toBe('reconstructed');
    expect(store.state(at(5)).notes.join()).toMatch(/not put together.*`seed`.*2 updates since/);
    store.backend.close();
  });

  it('of numbers is not guessed', () => {
    const store = opened(makeStore(chain('n', [1, 2])));
    expect(shown(store, 2)).toEqual({ n: { updates: [1, 2] } });
    expect(shown(store, 0)).toEqual({});
    store.backend.close();
  });

  it('starts anew from an Overwrite', () => {
    const store = opened(makeStore(chain('log', [['a'], { __overwrite__: ['z'] }, ['b']])));
    expect(shown(store, 3)).toEqual({ log: ['z', 'b'] });
    store.backend.close();
  });
});

describe('an ancestor with more than one child', () => {
  const fork = (values: Readonly<Record<string, unknown>>): MadePoint => ({
    id: idOf(9),
    parent: idOf(0),
    versions: { log: 5 },
    values,
    metadata: { source: 'fork', step: 1, parents: {}, counters_since_delta_snapshot: { log: [1, 1] } },
  });
  it('is named, for its updates may be those of the other branch', () => {
    const path = makeStore(chain('log', [['a'], ['b']]));
    addPoints(path, [fork({})]);
    const store = opened(path);
    expect(store.state(at(9)).notes.join()).toContain(idOf(0));
    expect(store.state(at(2)).notes.join()).toContain(idOf(0));
    store.backend.close();
  });
  it('is not, where the other child has a value of its own', () => {
    const path = makeStore(chain('log', [['a'], ['b']]));
    addPoints(path, [fork({ log: { lc: 2, type: 'delta_snapshot', value: [] } })]);
    const store = opened(path);
    expect(store.state(at(2)).notes.join()).not.toContain(idOf(0));
    store.backend.close();
  });
  it('is named in a genuine store', () => {
    const store = openStore('langgraph-current/delta-forks.sqlite');
    const said = keysIn(store).filter((k) => store.state(k).notes.some((n) => n.includes('more than one child')));
    expect(said.length).toBeGreaterThan(0);
    store.backend.close();
  });
});

describe('a thread of 2,000 steps without a snapshot', () => {
  const path = makeStore(
    chain(
      'messages',
      Array.from({ length: 2_000 }, (_, i) => [message(`m${i}`, `message ${i}`)]),
    ),
  );
  it('is rebuilt at its end at once, and step by step backwards without walking all of it again', () => {
    const store = opened(path);
    const walked = countWalked(store);
    expect(store.state(at(2_000)).root?.get('messages')?.count).toBe(2_000);
    const first = walked();
    for (let n = 1_999; n > 1_969; n--) expect(store.state(at(n)).root?.get('messages')?.count).toBe(n);
    expect(walked() - first).toBeLessThan(30 * 66);
    store.backend.close();
  });
});

/** Rows that walks over ancestors have read since the store was opened. */
function countWalked(store: LangGraphSqliteStore): () => number {
  const { reader } = store;
  const iterate = reader.iterate.bind(reader);
  let n = 0;
  Object.assign(reader, {
    *iterate(...args: Parameters<typeof iterate>) {
      for (const row of iterate(...args)) {
        n++;
        yield row;
      }
    },
  });
  return () => n;
}
