import { describe, expect, it } from 'vitest';
import { langgraphSqlite } from './format.ts';
import { openBackend } from './testing/stores.ts';
import { currentTables, makeStore } from './testing/make.ts';
import { openSqlite } from '../sqlite/backend.ts';
import { versionInHead } from './layout.ts';
import type { Detection } from '../store.ts';

const detect = (path: string): Detection => {
  const backend = openBackend(path);
  const verdict = langgraphSqlite.detect(backend.reader);
  backend.close();
  return verdict;
};
const detectTables = (sql: string): Detection => langgraphSqlite.detect(openSqlite(makeStore([], sql)).reader);

describe('detection', () => {
  it.each([
    ['langgraph-py/py-agent.sqlite', ['python-v4']],
    ['langgraph-py/legacy/py-2025-07-20.sqlite', ['python-v4']],
    ['langgraph-py/py-pickle.sqlite', ['python-v4']],
    ['langgraph-current/migrated.sqlite', ['python-v4']],
    ['langgraph-current/mixed.sqlite', ['python-v4']],
    ['langgraph-js/agent.sqlite', ['js-v4']],
    ['langgraph-js/corrupt-bigint.sqlite', ['js-v4']],
    ['langgraph-js/live-wal/live.sqlite', ['js-v4']],
  ])('knows %s', (path, eras) => {
    expect(detect(path)).toEqual({ verdict: 'yes', eras });
  });

  it.each([
    ['langgraph-py/legacy/py-2024-08-20.sqlite', /version 1, written by .*2024/],
    ['langgraph-py/legacy/py-2025-03-27.sqlite', /version 2, written by LangGraph before 0\.5/],
    ['langgraph-js/legacy-v1.sqlite', /version 1/],
    ['langgraph-py/py-encrypted.sqlite', /encrypted \(aes\)/],
  ])('refuses %s and says what it is', (path, reason) => {
    expect(detect(path)).toEqual({ verdict: 'refused', reason: expect.stringMatching(reason) });
  });

  it('refuses the layouts before August 2024', () => {
    const reason = expect.stringMatching(/before August 2024/);
    expect(
      detectTables(
        'CREATE TABLE checkpoints (thread_id TEXT, thread_ts TEXT, parent_ts TEXT, checkpoint BLOB, metadata BLOB)',
      ),
    ).toEqual({ verdict: 'refused', reason });
    expect(detectTables('CREATE TABLE checkpoints (thread_id TEXT PRIMARY KEY, checkpoint BLOB)')).toEqual({
      verdict: 'refused',
      reason,
    });
    expect(
      detectTables(
        'CREATE TABLE checkpoints (thread_id TEXT, checkpoint_id TEXT, parent_id TEXT, checkpoint BLOB, metadata BLOB)',
      ),
    ).toEqual({ verdict: 'refused', reason });
  });

  it('refuses a shallow store', () => {
    expect(
      detectTables(
        'CREATE TABLE checkpoints (thread_id TEXT, checkpoint_ns TEXT, type TEXT, checkpoint BLOB, metadata BLOB, PRIMARY KEY (thread_id, checkpoint_ns))',
      ),
    ).toEqual({
      verdict: 'refused',
      reason: expect.stringMatching(/shallow/),
    });
  });

  it('is not concerned with other tables of these names', () => {
    expect(detectTables('CREATE TABLE checkpoints (id INTEGER, payload TEXT)').verdict).toBe('no');
    expect(detectTables('CREATE TABLE other (id INTEGER)').verdict).toBe('no');
  });

  it('takes an empty store and says that it is', () => {
    const path = makeStore([], currentTables);
    expect(langgraphSqlite.detect(openSqlite(path).reader)).toEqual({ verdict: 'yes', eras: [] });
    expect(langgraphSqlite.open(openSqlite(path)).describe().notes.join(' ')).toMatch(/-wal/);
  });
});

describe('the version in the head of a cell', () => {
  const text = (s: string): Uint8Array => new TextEncoder().encode(s);
  it.each([
    ['json', text('{"v":4,"id"'), 4],
    ['json', text('{"v": 1, "ts"'), 1],
    ['json', text('"[unable to serialize'), null],
    ['json', text(''), null],
    ['msgpack', Uint8Array.of(0x87, 0xa1, 0x76, 0x04, 0xa2), 4],
    ['msgpack', Uint8Array.of(0xde, 0, 17, 0xa1, 0x76, 0x02), 2],
    ['msgpack', Uint8Array.of(), null],
    ['msgpack', Uint8Array.of(0x87, 0xa2, 0x74), null],
    ['pickle', Uint8Array.of(0x80, 0x04), null],
  ])('%s', (type, head, version) => {
    expect(versionInHead(type, head)).toBe(version);
  });
});
