// Any set of changes, taken back, leaves the tables byte for byte as they were; taken back again, as the changes left them.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { SqliteChange, SqlValue } from '../backend.ts';
import { openSqlite } from './backend.ts';

const tables = ['plain', 'keyed', 'numbered', 'bare'] as const;
const value = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array({ maxLength: 30 }),
);
const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const step = fc.record({
  table: fc.constantFrom(...tables),
  kind: fc.constantFrom('insert', 'copy', 'update', 'delete'),
  key,
  other: key,
  value,
});

function makeTables(path: string): void {
  const database = new Database(path);
  database.exec(`
    CREATE TABLE plain (k TEXT, v, PRIMARY KEY (k));
    CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
    CREATE TABLE numbered (n INTEGER PRIMARY KEY AUTOINCREMENT, k TEXT, v);
    CREATE TABLE bare (k TEXT, v);
  `);
  for (const table of tables) {
    for (const k of ['a', 'b', 'c'])
      database.prepare(`INSERT INTO ${table} (k, v) VALUES (?, ?)`).run(k, Buffer.from(k));
    database.exec(`UPDATE ${table} SET v = CAST(x'ff00' AS TEXT) WHERE k = 'b'`);
  }
  database.close();
}

test('apply, undo and undo of undo', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
      const folder = mkdtempSync(join(tmpdir(), 'forkpoint-undo-'));
      const path = join(folder, 'store.db');
      makeTables(path);
      const backend = openSqlite(path);
      const contents = (): unknown =>
        tables.map((table) =>
          backend.reader.all(
            `SELECT ${table === 'keyed' ? '' : 'rowid,'} k, typeof(v) AS t, hex(v) AS h, CASE typeof(v) WHEN 'text' THEN 0 ELSE v END AS v FROM ${table}`,
          ),
        );
      const changes = steps.map(({ table, kind, key, other, value }): SqliteChange => {
        const identity: Record<string, SqlValue> = { k: key };
        switch (kind) {
          case 'insert':
            return { kind, table, row: { k: other, v: value } };
          case 'copy':
            return { kind, table, columns: ['k', 'v'], identity, set: { k: other }, bytes: 1 };
          case 'update':
            return { kind, table, identity, set: { v: value }, bytes: 1 };
          case 'delete':
            return { kind, table, identity, bytes: 1 };
        }
      });
      const before = contents();
      const bundle = (name: string): string => join(folder, name);
      const takeBack = (from: string, to: string): void => {
        const { changes, relied } = backend.undo(bundle(from));
        backend.apply(changes, relied, bundle(to));
      };
      try {
        backend.apply({ backend: 'sqlite', changes, guards: [] }, [], bundle('do'));
        const after = contents();
        takeBack('do', 'undo');
        expect(contents()).toEqual(before);
        takeBack('undo', 'redo');
        expect(contents()).toEqual(after);
      } catch (thrown) {
        if (!(thrown instanceof ForkpointError)) throw thrown;
        // Changes that do not fit the rows are refused as a whole, and only the first time.
        expect(['moved', 'exists', 'unable']).toContain(thrown.code);
        expect(existsSync(bundle('do'))).toBe(false);
        expect(contents()).toEqual(before);
      } finally {
        backend.close();
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 25 },
  );
});
