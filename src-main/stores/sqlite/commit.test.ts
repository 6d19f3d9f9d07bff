import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asForkpointError, type ForkpointError } from '../../../shared/model/errors.ts';
import { commitStages, type Backend, type ChangeSet, type CommitStage, type SqliteReader } from '../backend.ts';
import { runChild, startChild } from '../testing/run-child.ts';
import { makeSqliteStore, relyOnSample, sampleState, sqliteChanges, sqliteKinds } from '../testing/sample-stores.ts';
import { openSqlite } from './backend.ts';

let folder = '';
let path = '';
let bundle = '';
const opened: Backend<SqliteReader>[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forkpoint-commit-'));
  path = join(folder, 'store.db');
  bundle = join(folder, 'bundle');
});
afterEach(() => {
  for (const backend of opened.splice(0)) backend.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(lockTimeout = 5000): Backend<SqliteReader> {
  const backend = openSqlite(path, { lockTimeout });
  opened.push(backend);
  return backend;
}

/** Everything that the framework's tables hold, byte for byte, with rowids. */
function contents(): string {
  const database = new Database(path);
  database.defaultSafeIntegers(true);
  const rows = ['checkpoints', 'writes'].flatMap((table) => {
    const columns = table === 'checkpoints' ? ['thread', 'id', 'parent', 'state'] : ['thread', 'idx', 'score', 'value'];
    const cells = columns.map((c) => `typeof(${c}) || ':' || hex(${c})`).join(` || ' ' || `);
    return database.prepare(`SELECT rowid, ${cells} FROM ${table} ORDER BY rowid`).raw().all();
  });
  database.close();
  return rows.map(String).join('\n');
}

function failure(work: () => unknown): ForkpointError {
  try {
    work();
  } catch (thrown) {
    return asForkpointError(thrown);
  }
  throw new Error('it did not fail');
}

function apply(backend: Backend<SqliteReader>, changes: ChangeSet, to = bundle): void {
  backend.apply(changes, relyOnSample(backend).relied, to);
}

describe.each(['WAL', 'DELETE'] as const)('in %s mode', (journal) => {
  beforeEach(() => makeSqliteStore(path, journal));

  test.each(sqliteKinds)('%s: applied, undone and redone, byte for byte', (kind) => {
    const backend = open();
    const before = contents();
    apply(backend, sqliteChanges(kind));
    const after = contents();
    expect(after).not.toBe(before);
    expect(backend.recover(bundle)).toBe('applied');

    const undo = backend.undo(bundle);
    backend.apply(undo.changes, undo.relied, join(folder, 'undo'));
    expect(contents()).toBe(before);
    expect(backend.recover(bundle)).toBe('not-applied');

    const redo = backend.undo(join(folder, 'undo'));
    backend.apply(redo.changes, redo.relied, join(folder, 'redo'));
    expect(contents()).toBe(after);
  });

  test.each(sqliteKinds.flatMap((kind) => commitStages.map((stage) => [kind, stage] as const)))(
    '%s killed when %s: the old store or the new, and the bundle knows',
    (change, killAt) => {
      const before = contents();
      const { signal } = runChild({ role: 'commit', path, bundle, change, killAt, uid: null });
      // The fault bites.
      expect(signal).toBe('SIGKILL');
      const committed = (['written', 'verified'] satisfies CommitStage[]).some((stage) => stage === killAt);
      const backend = open();
      if (killAt === 'checked') expect(existsSync(bundle)).toBe(false);
      else expect(backend.recover(bundle)).toBe(committed ? 'applied' : 'not-applied');
      if (!committed) {
        expect(contents()).toBe(before);
        return;
      }
      expect(contents()).not.toBe(before);
      const undo = backend.undo(bundle);
      backend.apply(undo.changes, undo.relied, join(folder, 'undo'));
      expect(contents()).toBe(before);
    },
  );

  test('killed with pages of the transaction already in the main file', () => {
    const before = contents();
    const size = statSync(path).size;
    const job = { role: 'commit', path, bundle, change: 'large', killAt: 'writing', uid: null };
    expect(runChild(job).signal).toBe('SIGKILL');
    // The fault bites: pages were written, to the file itself where there is no log.
    expect(statSync(journal === 'DELETE' ? path : `${path}-wal`).size).toBeGreaterThan(size + 10_000_000);
    const backend = open();
    expect(backend.recover(bundle)).toBe('not-applied');
    expect(backend.reader.get('SELECT count(*) AS n FROM checkpoints')).toEqual({ n: 3n });
    apply(backend, sqliteChanges('insert'), join(folder, 'again'));
    const undo = backend.undo(join(folder, 'again'));
    backend.apply(undo.changes, undo.relied, join(folder, 'undo'));
    expect(contents()).toBe(before);
  });

  test('an error in the middle rolls everything back', () => {
    const backend = open();
    const before = contents();
    const all = sqliteChanges('all');
    if (all.backend !== 'sqlite') throw new Error('no');
    const twice: ChangeSet = { ...all, changes: [...all.changes, ...all.changes.slice(0, 1)] };
    expect(failure(() => apply(backend, twice)).code).toBe('exists');
    expect(contents()).toBe(before);
    expect(existsSync(bundle)).toBe(false);
  });

  test('a store that moved is refused with what moved', () => {
    const backend = open();
    const { relied } = relyOnSample(backend);
    const writer = new Database(path);
    writer.prepare('INSERT INTO checkpoints VALUES (?, ?, ?, ?)').run('a', 'c4', 'c3', null);
    writer.close();
    const before = contents();
    const error = failure(() => backend.apply(sqliteChanges('insert'), relied, bundle));
    expect([error.code, error.message]).toEqual([
      'moved',
      'The store has moved: the checkpoints of `a` (1 row was added since). Nothing was written.',
    ]);
    expect(contents()).toBe(before);
    expect(existsSync(bundle)).toBe(false);
  });

  test('undo is refused when someone built on the fork, or changed it', () => {
    const backend = open();
    apply(backend, sqliteChanges('insert'));
    const writer = new Database(path);
    const insert = writer.prepare('INSERT INTO checkpoints VALUES (?, ?, ?, ?)');
    for (const id of ['f2', 'f3', 'f4']) insert.run('fork', id, 'f1', null);
    expect(failure(() => backend.undo(bundle)).message).toBe(
      'The store has moved: the checkpoints of `fork` (3 rows were added since). Nothing was written.',
    );
    writer.exec(
      `DELETE FROM checkpoints WHERE id IN ('f2', 'f3', 'f4'); UPDATE checkpoints SET state = 'x' WHERE id = 'f1'`,
    );
    writer.close();
    const error = failure(() => backend.undo(bundle));
    expect([error.code, error.message]).toEqual(['moved', expect.stringContaining('a row of `checkpoints`')]);
  });

  test('between undo and its commit the store may move too', () => {
    const backend = open();
    apply(backend, sqliteChanges('insert'));
    const undo = backend.undo(bundle);
    const writer = new Database(path);
    writer.prepare('INSERT INTO checkpoints VALUES (?, ?, ?, ?)').run('fork', 'f2', 'f1', null);
    writer.close();
    expect(failure(() => backend.apply(undo.changes, undo.relied, join(folder, 'undo'))).code).toBe('moved');
  });

  test('a locked store is refused, then written once it is free', async () => {
    const backend = open(100);
    const holder = await startChild({ role: 'lock', path });
    const error = failure(() => apply(backend, sqliteChanges('insert')));
    expect([error.code, error.hint]).toEqual(['locked', expect.stringContaining('Wait until')]);
    expect(existsSync(bundle)).toBe(false);
    await holder.end();
    apply(backend, sqliteChanges('insert'));
    expect(backend.recover(bundle)).toBe('applied');
  });

  test('commits while another process writes at full speed', async () => {
    const writer = await startChild({ role: 'write', path, milliseconds: 1000 });
    const backend = open();
    const sql = 'SELECT thread, id FROM checkpoints ORDER BY id';
    for (let i = 0; i < 5; i += 1) {
      const relying = backend.relying();
      relying.relyOnRows('the checkpoints', sql, []);
      const row = { thread: 'fork', id: `f${i}`, parent: null, state: sampleState };
      backend.apply(
        { backend: 'sqlite', changes: [{ kind: 'insert', table: 'checkpoints', row }], guards: [] },
        relying.relied,
        join(folder, `bundle-${i}`),
      );
    }
    const { count } = JSON.parse(JSON.stringify(await writer.next()));
    await writer.end();
    expect(count).toBeGreaterThan(0);
    expect(backend.reader.get(`SELECT count(*) AS n FROM writes WHERE thread = 'w'`)).toEqual({ n: BigInt(count) });
    expect(backend.reader.get(`SELECT count(*) AS n FROM checkpoints WHERE thread = 'fork'`)).toEqual({ n: 5n });
  });

  test('a full disk leaves the store as it was', () => {
    const before = contents();
    // The fault bites: such a file cannot be written under the limit. The bundle fits, the store does not grow.
    const job = { role: 'commit', path, bundle, change: 'all', killAt: null, uid: null };
    const error = { error: { code: 'io', message: expect.stringMatching(/disk|failed|largest/) } };
    expect(runChild(job, 24).said).toMatchObject(error);
    expect(contents()).toBe(before);
    expect(existsSync(bundle)).toBe(false);
    expect(runChild(job, 4000).said).toMatchObject({ applied: { inserted: 2 } });
  });
});

describe('what the user’s own schema does', () => {
  beforeEach(() => makeSqliteStore(path, 'WAL'));
  const sql = (text: string): void => {
    const database = new Database(path);
    database.exec(text);
    database.close();
  };

  test('rows that a trigger writes stay after undo', () => {
    const backend = open();
    apply(backend, sqliteChanges('insert'));
    const undo = backend.undo(bundle);
    backend.apply(undo.changes, undo.relied, join(folder, 'undo'));
    expect(backend.reader.all(`SELECT what FROM audit WHERE what = 'f1'`)).toHaveLength(1);
  });

  test.each([
    ['ignores the row', `CREATE TRIGGER t BEFORE INSERT ON checkpoints BEGIN SELECT RAISE(IGNORE); END`],
    ['refuses the row', `CREATE TRIGGER t BEFORE INSERT ON checkpoints BEGIN SELECT RAISE(ABORT, 'no'); END`],
    [
      'changes the row',
      `CREATE TRIGGER t AFTER INSERT ON checkpoints BEGIN UPDATE checkpoints SET parent = 'p' WHERE rowid = new.rowid; END`,
    ],
    [
      'removes the row',
      `CREATE TRIGGER t AFTER INSERT ON checkpoints BEGIN DELETE FROM checkpoints WHERE rowid = new.rowid; END`,
    ],
  ])('a trigger that %s makes the commit fail as a whole', (_, trigger) => {
    sql(trigger);
    const before = contents();
    expect(['unable', 'moved']).toContain(failure(() => apply(open(), sqliteChanges('insert'))).code);
    expect(contents()).toBe(before);
  });

  test('a value that the column would turn into another is refused', () => {
    const row = { thread: 'fork', idx: 1.0, score: 1, value: null };
    const changes: ChangeSet = { backend: 'sqlite', changes: [{ kind: 'insert', table: 'writes', row }], guards: [] };
    expect(failure(() => apply(open(), changes)).message).toContain('`.idx`'.replaceAll('`', ''));
  });

  test('rows that would be removed along with ours are not removed', () => {
    sql(`CREATE TABLE notes (thread TEXT, id TEXT, FOREIGN KEY (thread, id) REFERENCES checkpoints ON DELETE CASCADE);
         INSERT INTO notes VALUES ('a', 'c3')`);
    expect(failure(() => apply(open(), sqliteChanges('delete'))).code).toBe('unable');
  });

  test('tables without rowids, and rowids that no column names, come back as they were', () => {
    sql(`CREATE TABLE keyed (k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID; INSERT INTO keyed VALUES ('x', x'00ff');
         CREATE TABLE loose (v); INSERT INTO loose VALUES (1), (2), (3); DELETE FROM loose WHERE v = 2`);
    const backend = open();
    const show = (): unknown => [
      backend.reader.all('SELECT * FROM keyed ORDER BY k'),
      backend.reader.all('SELECT rowid, v FROM loose'),
    ];
    const before = show();
    apply(backend, {
      backend: 'sqlite',
      guards: [],
      changes: [
        { kind: 'insert', table: 'keyed', row: { k: 'y', v: null } },
        { kind: 'copy', table: 'keyed', columns: ['k', 'v'], identity: { k: 'x' }, set: { k: 'z' }, bytes: 3 },
        { kind: 'delete', table: 'keyed', identity: { k: 'x' }, bytes: 3 },
        { kind: 'delete', table: 'loose', identity: { v: 1n }, bytes: 8 },
      ],
    });
    expect(show()).not.toEqual(before);
    const undo = backend.undo(bundle);
    backend.apply(undo.changes, undo.relied, join(folder, 'undo'));
    expect(show()).toEqual(before);
  });

  test('a UTF-16 database keeps its text', () => {
    rmSync(path);
    sql(`PRAGMA encoding='UTF-16le'; CREATE TABLE t (a TEXT PRIMARY KEY, b); INSERT INTO t VALUES ('é漢🐝', 'x')`);
    const backend = open();
    backend.apply(
      {
        backend: 'sqlite',
        guards: [],
        changes: [
          { kind: 'delete', table: 't', identity: { a: 'é漢🐝' }, bytes: 1 },
          { kind: 'insert', table: 't', row: { a: 'ü', b: '🐝' } },
        ],
      },
      [],
      bundle,
    );
    const undo = backend.undo(bundle);
    backend.apply(undo.changes, undo.relied, join(folder, 'undo'));
    expect(backend.reader.all('SELECT * FROM t')).toEqual([{ a: 'é漢🐝', b: 'x' }]);
  });
});

test('an existing bundle is not overwritten, and a damaged one is named', () => {
  makeSqliteStore(path, 'WAL');
  writeFileSync(bundle, 'mine');
  const backend = open();
  expect(failure(() => apply(backend, sqliteChanges('insert'))).code).toBe('exists');
  writeFileSync(bundle, '{"record":{"kind":"what"},"blobs":[]}\n');
  expect(failure(() => backend.undo(bundle)).code).toBe('corrupt');
});
