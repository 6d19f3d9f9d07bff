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
    ['langgraph-py/legacy/py-2025-03-27.sqlite', ['python-v2']],
    ['langgraph-py/legacy/py-2024-08-20.sqlite', ['python-json']],
    ['langgraph-py/py-encrypted.sqlite', ['python-encrypted']],
    ['langgraph-js/legacy-v1.sqlite', ['js-v1']],
    ['langgraph-py/py-pickle.sqlite', ['python-v4']],
    ['langgraph-current/migrated.sqlite', ['python-v4']],
    ['langgraph-current/mixed.sqlite', ['python-v4']],
    ['langgraph-js/agent.sqlite', ['js-v4']],
    ['langgraph-js/corrupt-bigint.sqlite', ['js-v4']],
    ['langgraph-js/live-wal/live.sqlite', ['js-v4']],
  ])('knows %s', (path, eras) => {
    expect(detect(path)).toEqual({ verdict: 'yes', eras });
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
    ['pickle', Buffer.from('80049500000000000000007d94288c0176944b04', 'hex'), 4],
    ['pickle', Buffer.from('80027d71002858010000007671014b02', 'hex'), 2],
  ])('%s', (type, head, version) => {
    expect(versionInHead(type, head)).toBe(version);
  });
});
