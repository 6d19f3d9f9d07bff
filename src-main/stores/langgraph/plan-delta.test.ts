// Forks of threads with delta channels: what is stored, and that the new checkpoint is read as its source was.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesOf, textOf } from './cells.ts';
import { langgraphSqlite } from './format.ts';
import { isRouting } from './next.ts';
import { LangGraphSqliteStore } from './store.ts';
import { chain, idOf } from './testing/delta.ts';
import { addPoints, makeStore } from './testing/make.ts';
import { lineageOf, openStore } from './testing/stores.ts';
import { openSqlite } from '../sqlite/backend.ts';
import { formatKey, parseKey } from '../../../shared/model/key.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import { openValue } from '../../values/open.ts';
import { encodeTagged } from '../../values/tagged.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { SqlRow } from '../backend.ts';
import type { Draw, ForkRequest, StorePlan } from '../store.ts';

/** Every point was seen once; a stride that meets all kinds of points keeps the tests short. */
const every = 9;

let tick = Date.UTC(2026, 11, 1);
const draw: Draw = { now: () => (tick += 7), random: (n) => new Uint8Array(n).fill(0xab) };

function forked(store: LangGraphSqliteStore, key: CheckpointKey, request: Partial<ForkRequest> = {}): StorePlan {
  const relying = store.backend.relying();
  const full: ForkRequest = {
    operation: 'fork',
    key,
    edits: [],
    target: { kind: 'in-place' },
    pending: 'drop',
    leave: [],
    ...request,
  };
  const plan = store.plan(full, { draw, relying });
  store.backend.apply(plan.changes, relying.relied, join(mkdtempSync(join(tmpdir(), 'forkpoint-bundle-')), 'bundle'));
  return plan;
}

function insertedRow(plan: StorePlan): SqlRow {
  if (plan.changes.backend !== 'sqlite') throw new Error('not sqlite');
  for (const change of plan.changes.changes) if (change.kind === 'insert') return change.row;
  throw new Error('no row');
}
const cellOf = (row: SqlRow): Cursor =>
  openValue(row['type'] === 'msgpack' ? 'msgpack' : 'json', bytesOf(row['checkpoint']));
const metadataOf = (row: SqlRow): unknown => JSON.parse(textOf(row['metadata']));
const targetKey = (plan: StorePlan, namespace = ''): CheckpointKey =>
  formatKey({ thread: plan.target?.thread ?? '', namespace, id: plan.target?.id ?? '', nth: 0 });
const codes = (plan: StorePlan): string[] => plan.warnings.map((w) => w.code);

/** The channels of a state, in one order: a rebuilt one stands at the end. */
function channels(store: LangGraphSqliteStore, key: CheckpointKey): Map<string, string> {
  const { root } = store.state(key);
  const found = new Map<string, string>();
  for (let i = 0; i < (root?.count ?? 0); i++) {
    const name = root?.key(i).text() ?? '';
    if (root !== null && !isRouting(name)) found.set(name, encodeTagged(root.child(i)));
  }
  return byName(found);
}

const byName = (found: ReadonlyMap<string, string>): Map<string, string> =>
  new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));

function keysOf(store: LangGraphSqliteStore): CheckpointKey[] {
  const keys = [...store.threads()].flat().flatMap(({ thread }) => {
    const lineage = lineageOf(store, thread);
    return Array.from({ length: lineage.count }, (_, i) => store.keyAt(lineage, i));
  });
  return keys.filter((_, i) => i % every === 0);
}
const isRoot = (key: CheckpointKey): boolean => parseKey(key)?.namespace === '';

describe.each([
  'langgraph-current/deep-hitl.sqlite',
  'langgraph-current/delta-forks.sqlite',
  'langgraph-js/delta.sqlite',
])('forks of %s', (path) => {
  it('in place are read as their source was', () => {
    const store = openStore(path);
    for (const key of keysOf(store)) {
      const before = channels(store, key);
      const plan = forked(store, key);
      expect(channels(store, targetKey(plan, parseKey(key)?.namespace))).toEqual(before);
      expect(channels(store, key)).toEqual(before);
    }
    store.backend.close();
  });

  it('into a new thread are read as their source was, as they are and with the edit of another channel', () => {
    const store = openStore(path);
    for (const [i, key] of keysOf(store).filter(isRoot).entries()) {
      const before = channels(store, key);
      const copy = forked(store, key, { target: { kind: 'thread', thread: `copy ${i}` } });
      expect(channels(store, targetKey(copy))).toEqual(before);
      const edited = forked(store, key, {
        target: { kind: 'thread', thread: `edited ${i}` },
        edits: [{ op: 'set', path: 'extra', value: '"new"' }],
      });
      expect(channels(store, targetKey(edited))).toEqual(byName(new Map([...before, ['extra', '"new"']])));
    }
    store.backend.close();
  });

  it('with an edit of a delta channel hold the edit, and keep it under what is written later', () => {
    const store = openStore(path);
    const channel = path.includes('js') ? 'items' : 'messages';
    for (const key of keysOf(store)) {
      const before = channels(store, key);
      if ((store.state(key).root?.get(channel)?.count ?? 0) === 0) continue;
      const plan = forked(store, key, { edits: [{ op: 'remove', path: `${channel}[0]` }] });
      const now = channels(store, targetKey(plan, parseKey(key)?.namespace));
      expect(JSON.parse(now.get(channel) ?? '')).toEqual((JSON.parse(before.get(channel) ?? '') as unknown[]).slice(1));
      expect(new Map([...now, [channel, '']])).toEqual(new Map([...before, [channel, '']]));
    }
    store.backend.close();
  });
});

describe('the row of a fork in Python', () => {
  it('holds snapshots as extension 7, counts the rest on, and stands under its source', () => {
    const store = openStore('langgraph-current/deep-hitl.sqlite');
    const { head } = store.threadDetail('main-waiting');
    if (head === null) throw new Error('no head');
    const plan = forked(store, head);
    const row = insertedRow(plan);
    expect(row['parent_checkpoint_id']).toBe(parseKey(head)?.id);
    const values = cellOf(row).get('channel_values');
    expect(values?.get('messages')?.object?.via).toBe('snapshot');
    expect(values?.get('messages')?.child(0).slice()).toEqual(store.state(head).root?.get('messages')?.slice());
    expect(metadataOf(row)).not.toHaveProperty('counters_since_delta_snapshot.messages');
    expect(cellOf(row).get('updated_channels')?.kind ?? 'null').toBe('null');
    store.backend.close();
  });
});

describe('the row of a fork in JavaScript', () => {
  const at = (n: number): CheckpointKey => formatKey({ thread: 't', namespace: '', id: idOf(n), nth: 0 });
  const opened = (points: Parameters<typeof makeStore>[0]): LangGraphSqliteStore => {
    const store = langgraphSqlite.open(openSqlite(makeStore(points)));
    if (!(store instanceof LangGraphSqliteStore)) throw new TypeError('not a LangGraph store');
    return store;
  };

  it('stores the edited value as a snapshot with a new version', () => {
    const store = opened(chain('n', [1, 2, 3, 4], { 3: 6 }));
    const plan = forked(store, at(2), { edits: [{ op: 'set', path: 'n', value: '40' }] });
    const cell = cellOf(insertedRow(plan));
    expect(new TextDecoder().decode(cell.get('channel_values')?.get('n')?.slice())).toBe(
      '{"lc":2,"type":"delta_snapshot","value":40}',
    );
    expect(cell.get('channel_versions')?.get('n')?.lexeme()).toBe('4');
    expect(metadataOf(insertedRow(plan))).not.toHaveProperty('counters_since_delta_snapshot');
    store.backend.close();
  });

  it('stands beside its source where the channel cannot be put together, with the counters as they are', () => {
    const store = opened(chain('n', [1, 2, 3, 4, 5], { 1: 100, 3: -7 }));
    const plan = forked(store, at(4));
    const row = insertedRow(plan);
    expect(row['parent_checkpoint_id']).toBe(idOf(3));
    expect(codes(plan)).toContain('beside_source');
    expect(metadataOf(row)).toHaveProperty('counters_since_delta_snapshot', { n: [1, 1] });
    expect(channels(store, targetKey(plan))).toEqual(channels(store, at(4)));
    store.backend.close();
  });

  it('takes a whole value for such a channel, and refuses an edit of a part of what is shown of it', () => {
    const store = opened(chain('n', [1, 2, 3, 4, 5], { 1: 100, 3: -7 }));
    expect(() => forked(store, at(4), { edits: [{ op: 'set', path: 'n.seed', value: '1' }] })).toThrow(
      /cannot put together/,
    );
    const plan = forked(store, at(4), { edits: [{ op: 'set', path: 'n', value: '1' }] });
    expect(channels(store, targetKey(plan))).toEqual(new Map([['n', '1']]));
    store.backend.close();
  });

  it('cannot lose a delta channel', () => {
    const store = opened(chain('log', [['a']]));
    expect(() => forked(store, at(1), { edits: [{ op: 'remove', path: 'log' }] })).toThrow(/cannot be removed/);
    store.backend.close();
  });

  it('says where another branch may have had a part in the value', () => {
    const path = makeStore(chain('log', [['a'], ['b'], ['c']], { 3: ['a', 'b', 'c'] }));
    addPoints(path, [
      {
        id: idOf(9),
        parent: idOf(1),
        versions: { log: 5 },
        values: {},
        metadata: { source: 'fork', step: 1, parents: {}, counters_since_delta_snapshot: { log: [1, 1] } },
      },
    ]);
    const store = langgraphSqlite.open(openSqlite(path));
    if (!(store instanceof LangGraphSqliteStore)) throw new TypeError('not a LangGraph store');
    const plan = forked(store, at(2), { edits: [{ op: 'append', path: 'log', value: '"x"' }] });
    expect(codes(plan)).toContain('shared_ancestor');
    store.backend.close();
  });

  it('is planned anew when an update that it is rebuilt from has changed', () => {
    const store = opened(chain('log', [['a'], ['b']]));
    const relying = store.backend.relying();
    store.plan(
      { operation: 'fork', key: at(2), edits: [], target: { kind: 'in-place' }, pending: 'drop', leave: [] },
      { draw, relying },
    );
    const described = relying.relied.map((r) => r.describe);
    expect(described).toContain('the updates of a delta channel');
    expect(described.filter((d) => d === 'the checkpoints that delta channels are rebuilt from')).toHaveLength(2);
    store.backend.close();
  });
});
