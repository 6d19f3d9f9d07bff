// Every thread of every genuine store: its document gives back the stored records byte for byte, and so does the thread once the
// store, from which it was taken away, has taken it in again.

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { openStore } from '../../stores/registry.ts';
import type { ExportingStore, Store, ThreadDocument, ThreadRecord } from '../../stores/store.ts';
import { copyStore, fixtureStores } from '../../stores/testing/fixture-stores.ts';
import { keyAt, rowsOf } from '../../stores/testing/opened.ts';
import { countingDraw } from '../testing/genuine-store.ts';
import { exportChunks } from './export.ts';
import { readThreadDocument } from './import.ts';

/** Each import waits for the disk several times: in memory where the system has such a place. */
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'forkpoint-documents-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Threads that no document is made of. */
const notExported: ReadonlyMap<string, RegExp> = new Map([
  ['car/v021 corrupt', /it is not JSON/],
  ['car/v060 corrupt', /it is not JSON/],
]);

const hashed = /wesichain names the file of this id by a hash/;
const shared = /wesichain turns both ids into the same file name/;
const marked = /inflight` exists already/;
/** Threads that their own store would not take in, for its framework would not find them there. */
const notImported: ReadonlyMap<string, RegExp> = new Map([
  ['atomr/host-branches/host alpha/feature%2Fx', /a folder within a folder, which no host lists/],
  ['car/v021 both', marked],
  ['car/v060 orphan-both', marked],
  ['tinyagents/v211-file-odd-ids/store x.writes', /under the name of another thread's ledger/],
  ...['a:b', 'a_b', '_a_b_'].map((thread) => [`wesichain/file-odd/store ${thread}`, shared] as const),
  ...['', '..', '...', '///'].map((thread) => [`wesichain/file-odd/store ${thread}`, hashed] as const),
]);

const isExporting = (store: Store): store is Store & ExportingStore =>
  'exportRecords' in store && typeof store.exportRecords === 'function';

/** Records by every digit of their bytes. */
const digits = (records: Iterable<ThreadRecord>): string =>
  JSON.stringify(
    [...records].map((r) => [r.kind, r.cells.map((c) => [c.name, c.storage, Buffer.from(c.bytes).toString('base64')])]),
  );

/** A copy of a SQLite store with its tables and nothing in them. */
function emptied(path: string): string {
  const copy = copyStore(path, join(folder, 'into', path));
  const database = new Database(copy);
  database.pragma('foreign_keys = OFF');
  const named = database.prepare<[string], { name: string; sql: string }>(
    'SELECT name, sql FROM sqlite_schema WHERE type = ?',
  );
  const triggers = named.all('trigger');
  for (const { name } of triggers) database.exec(`DROP TRIGGER "${name}"`);
  for (const { name } of named.all('table')) database.exec(`DELETE FROM "${name}"`);
  for (const { sql } of triggers) database.exec(sql);
  database.close();
  return copy;
}

/** Takes the files of a thread out of a folder: those that its points name, and folders that nothing is left in. */
function removeFiles(store: Store, thread: string): void {
  const points = rowsOf(store, thread).map((_, i) => keyAt(store, thread, i));
  const files = points.flatMap((key) => store.raw(key).map(({ where }) => where.replace(/:[\d-]+$/, '')));
  for (const file of new Set(files)) {
    const path = join(store.backend.path, file);
    rmSync(path);
    const around = dirname(path);
    if (around !== store.backend.path && readdirSync(around).length === 0) rmSync(around, { recursive: true });
  }
}

let bundles = 0;

/** Imports a thread under its own name. */
function takeIn(document: ThreadDocument, into: Store): void {
  const relying = into.backend.relying();
  const request = { operation: 'import', document, thread: document.thread } as const;
  const plan = into.plan(request, { draw: countingDraw(), relying });
  into.backend.apply(plan.changes, relying.relied, join(folder, `bundle-${bundles++}`));
}

function roundTrip(path: string, store: Store & ExportingStore, into: (Store & ExportingStore) | null): void {
  for (const { thread } of [...store.threads()].flat()) {
    const name = `${path} ${thread}`;
    const unwritten = notExported.get(name);
    if (unwritten !== undefined) {
      expect(() => [...exportChunks(store, thread)], name).toThrow(unwritten);
      continue;
    }
    const document = readThreadDocument(Buffer.concat([...exportChunks(store, thread)]));
    const stored = digits(store.exportRecords(thread));
    expect(document.records.length, name).toBeGreaterThan(0);
    expect(digits(document.records) === stored, name).toBe(true);
    if (into === null) continue;
    // A file that several threads share goes with the first of them.
    if (into.threadSummary(thread) !== null) removeFiles(into, thread);
    const untaken = notImported.get(name);
    if (untaken !== undefined) {
      expect(() => takeIn(document, into), name).toThrow(untaken);
      continue;
    }
    takeIn(document, into);
    expect(digits(into.exportRecords(thread)) === stored, name).toBe(true);
  }
}

const stores = fixtureStores();

describe.each(stores)('$path', ({ path }) => {
  it('gives its threads away whole, and takes them in', () => {
    const store = openStore(copyStore(path, join(folder, 'from', path)), { readOnly: true });
    const isFolder = statSync(store.backend.path).isDirectory();
    const into = openStore(isFolder ? copyStore(path, join(folder, 'into', path)) : emptied(path));
    try {
      if (!isExporting(store) || !isExporting(into)) throw new Error('cannot export');
      // Only the files of LangGraph's development servers are never written.
      const takes = into.describe().capabilities.includes('import');
      expect(takes).toBe(!path.includes('dev-server'));
      roundTrip(path, store, takes ? into : null);
    } finally {
      store.backend.close();
      into.backend.close();
      for (const used of ['from', 'into']) rmSync(join(folder, used), { recursive: true, force: true });
    }
  });
});

it('names no thread that is not there', () => {
  const paths = new Set(stores.map((one) => one.path));
  for (const name of [...notExported.keys(), ...notImported.keys()])
    expect(
      [...paths].some((path) => name.startsWith(`${path} `)),
      name,
    ).toBe(true);
});
