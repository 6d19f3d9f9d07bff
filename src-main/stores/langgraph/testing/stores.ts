// Copies of the fixture stores for tests: a genuine store is never opened in place, for SQLite may write beside it.

import { drain } from '../../drain.ts';
import { copyFileSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { langgraphSqlite } from '../format.ts';
import { LangGraphSqliteStore } from '../store.ts';
import { openSqlite } from '../../sqlite/backend.ts';
import type { Backend, SqliteReader } from '../../backend.ts';
import type { Lineage } from '../../../../shared/model/lineage.ts';

export const fixtures = fileURLToPath(new URL('../../../../fixtures/', import.meta.url));

/** A private copy of a store, its `-wal` taken along; the `-shm` is rebuilt by SQLite. */
export function copyOf(path: string): string {
  const target = join(mkdtempSync(join(tmpdir(), 'forkpoint-langgraph-')), basename(path));
  copyFileSync(path, target);
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${target}-wal`);
  return target;
}

export function openBackend(path: string): Backend<SqliteReader> {
  return openSqlite(copyOf(join(fixtures, path)));
}

/** Keys of the encrypted ones. */
export const keys: ReadonlyMap<string, string> = new Map([['langgraph-py/py-encrypted.sqlite', '1234567890123456']]);

export function openStore(path: string): LangGraphSqliteStore {
  const store = langgraphSqlite.open(openBackend(path));
  if (!(store instanceof LangGraphSqliteStore)) throw new TypeError('not a LangGraph store');
  const key = keys.get(path);
  if (key !== undefined) store.unlock(key);
  return store;
}

export function lineageOf(store: LangGraphSqliteStore, thread: string, previous?: Lineage): Lineage {
  return drain(store.lineage(thread, previous));
}
