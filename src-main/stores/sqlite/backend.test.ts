import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asForkpointError } from '../../../shared/model/errors.ts';
import type { Backend, SqliteReader } from '../backend.ts';
import { makeSqliteStore } from '../testing/sample-stores.ts';
import { runChild, startChild } from '../testing/run-child.ts';
import { openSqlite } from './backend.ts';

let folder = '';
const opened: Backend<SqliteReader>[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forkpoint-sqlite-'));
});
afterEach(() => {
  for (const backend of opened.splice(0)) backend.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(path: string): Backend<SqliteReader> {
  const backend = openSqlite(path);
  opened.push(backend);
  return backend;
}

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (thrown) {
    return asForkpointError(thrown).code;
  }
  return 'no error';
};

/** A store whose rows are only in the log: copied while its writer was still there. */
function storeWithLog(): string {
  const source = join(folder, 'writer.db');
  const writer = new Database(source);
  writer.pragma('journal_mode=WAL');
  writer.pragma('wal_autocheckpoint=0');
  writer.exec('CREATE TABLE t (a, b)');
  writer.prepare('INSERT INTO t VALUES (?, ?)').run('in the log', Buffer.alloc(50_000, 1));
  const path = join(folder, 'store.db');
  copyFileSync(source, path);
  copyFileSync(`${source}-wal`, `${path}-wal`);
  writer.close();
  return path;
}

describe('reading', () => {
  test('keeps storage classes: integers beyond 2^53, reals, blobs, null', () => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, 'DELETE');
    const { reader } = open(path);
    expect(reader.get('SELECT idx, score, thread FROM writes')).toEqual({
      idx: 9007199254740993n,
      score: 1,
      thread: 'a',
    });
    expect(reader.get('SELECT 1 WHERE 0')).toBeNull();
    expect([...reader.iterateArrays('SELECT rowid, id, parent FROM checkpoints')]).toEqual([
      [1, 'c1', null],
      [2, 'c2', 'c1'],
      [3, 'c3', 'c2'],
    ]);
    expect(reader.tables().map((table) => table.name)).toEqual(['checkpoints', 'writes', 'audit']);
    expect(reader.tables()[0]?.columns.map((column) => column.pk)).toEqual([1, 2, 0, 0]);
    expect(reader.triggers()).toMatchObject([{ name: 'log_checkpoints', table: 'checkpoints' }]);
  });

  test('tables are those of now, although they are asked for once', () => {
    const path = join(folder, 'growing.db');
    const writer = new Database(path);
    writer.exec('CREATE TABLE one (a)');
    const { reader } = open(path);
    const tables = (): readonly unknown[] => reader.tables().map(({ name, columns }) => [name, columns.length]);
    expect(tables()).toEqual([['one', 1]]);
    expect(reader.tables()).toBe(reader.tables());
    writer.exec('ALTER TABLE one ADD COLUMN b; CREATE TABLE two (c)');
    expect(tables()).toEqual([
      ['one', 2],
      ['two', 1],
    ]);
    writer.exec('DROP TABLE one');
    expect(tables()).toEqual([['two', 1]]);
    writer.close();
  });

  test('a loop that is left early leaves no statement behind', () => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, 'DELETE');
    const { reader } = open(path);
    for (const row of reader.iterate('SELECT id FROM checkpoints')) {
      expect(row['id']).toBe('c1');
      break;
    }
    const writer = new Database(path);
    writer.pragma('busy_timeout=0');
    // With a statement left open the writer would find the file locked.
    expect(() => writer.exec(`INSERT INTO writes (thread) VALUES ('z')`)).not.toThrow();
    writer.close();
  });

  test('refuses to write on the reading connection', () => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, 'WAL');
    const { reader } = open(path);
    expect(() => reader.all(`DELETE FROM writes RETURNING 1`)).toThrow();
    expect(reader.all('SELECT 1 FROM writes')).toHaveLength(1);
  });

  test('main file and log stay byte for byte the same, with the rows of the log read', () => {
    const path = storeWithLog();
    const before = [digest(path), digest(`${path}-wal`)];
    const backend = open(path);
    for (let i = 0; i < 20; i += 1) {
      expect(backend.reader.all('SELECT a, length(b) AS n FROM t')).toEqual([{ a: 'in the log', n: 50_000n }]);
      backend.token();
    }
    backend.close();
    open(path).reader.tables();
    opened.splice(0).forEach((one) => one.close());
    expect([digest(path), digest(`${path}-wal`)]).toEqual(before);
  });

  test('a rollback-journal file gets no side file and stays the same', () => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, 'DELETE');
    const before = digest(path);
    const backend = open(path);
    backend.reader.all('SELECT * FROM checkpoints');
    backend.close();
    expect(digest(path)).toBe(before);
    expect(readdirSync(folder)).toEqual(['a.db']);
  });

  test('a pristine look at a WAL file leaves nothing beside it', () => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, 'WAL');
    const backend = openSqlite(path, { pristine: true });
    expect(backend.reader.get('SELECT idx FROM writes')).toEqual({ idx: 9007199254740993n });
    expect(() => [...backend.reader.iterateArrays('SELECT idx FROM writes')]).not.toThrow();
    backend.close();
    expect(readdirSync(folder)).toEqual(['a.db']);
  });

  test('closes by itself, so that the last writer can still settle its log', async () => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, 'WAL');
    const writer = new Database(path);
    writer.exec(`INSERT INTO writes (thread) VALUES ('z')`);
    const backend = open(path);
    const stop = backend.watch(() => {});
    backend.reader.tables();
    await pause(700);
    writer.close();
    // A connection of ours still attached would have kept the log.
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(backend.reader.all('SELECT 1 FROM writes')).toHaveLength(2);
    stop();
  });
});

/** These need a user without rights; as anyone but root the tests run as that user already. */
const nobody = process.getuid?.() === 0 ? 65_534 : null;

describe('read-only places', () => {
  const asNobody = <T>(work: () => T): T => {
    if (process.seteuid === undefined || process.getuid?.() !== 0) return work();
    process.setegid?.(65_534);
    process.seteuid(65_534);
    try {
      return work();
    } finally {
      process.seteuid(0);
      process.setegid?.(0);
    }
  };
  const bites = (): void => {
    expect(() => asNobody(() => writeFileSync(join(folder, 'probe'), ''))).toThrow(/EACCES/);
  };

  test('a WAL file without a log in an unwritable folder is read as it stands', () => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, 'WAL');
    chmodSync(path, 0o666);
    chmodSync(folder, 0o555);
    bites();
    asNobody(() => {
      const backend = openSqlite(path);
      expect(backend.reader.all('SELECT id FROM checkpoints')).toHaveLength(3);
      backend.close();
    });
    expect(readdirSync(folder)).toEqual(['a.db']);
    const job = { role: 'commit', path, bundle: join(folder, 'b'), change: 'insert', killAt: null, uid: nobody };
    expect(runChild(job).said).toMatchObject({
      error: { code: 'unable', message: expect.stringContaining('may not write the folder') },
    });
    chmodSync(folder, 0o755);
  });

  test('with a log it is read through a private copy, which follows the original', () => {
    const path = storeWithLog();
    const before = readdirSync(folder);
    chmodSync(folder, 0o555);
    bites();
    const backend = asNobody(() => openSqlite(path));
    expect(asNobody(() => backend.reader.all('SELECT a FROM t'))).toEqual([{ a: 'in the log' }]);
    expect(readdirSync(folder)).toEqual(before);
    chmodSync(folder, 0o755);
    const writer = new Database(path);
    writer.exec(`INSERT INTO t VALUES ('later', 1)`);
    expect(asNobody(() => backend.reader.all('SELECT a FROM t'))).toHaveLength(2);
    backend.close();
    writer.close();
  });

  test('no permission is said as such', () => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, 'DELETE');
    chmodSync(path, 0o000);
    chmodSync(folder, 0o777);
    expect(() => asNobody(() => readFileSync(path))).toThrow(/EACCES/);
    const job = { role: 'commit', path, bundle: join(folder, 'b'), change: 'insert', killAt: null, uid: nobody };
    expect(runChild(job).said).toMatchObject({
      error: { code: 'io', message: expect.stringContaining('no permission') },
    });
  });
});

describe('a journal of a crashed writer', () => {
  test('is honoured without touching the store', () => {
    const source = join(folder, 'writer.db');
    const writer = new Database(source);
    writer.exec('CREATE TABLE t (a)');
    for (let i = 0; i < 200; i += 1) writer.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(1000));
    writer.pragma('cache_size=5');
    writer.exec(`BEGIN IMMEDIATE; UPDATE t SET a = 'half done'`);
    const path = join(folder, 'store.db');
    copyFileSync(source, path);
    copyFileSync(`${source}-journal`, `${path}-journal`);
    writer.exec('ROLLBACK');
    writer.close();
    // The fault bites: the main file alone holds rows of the transaction that never ended.
    expect(readFileSync(path).includes('half done')).toBe(true);
    const before = [digest(path), digest(`${path}-journal`)];
    const backend = open(path);
    expect(backend.reader.get(`SELECT count(*) AS n FROM t WHERE a = 'half done'`)).toEqual({ n: 0n });
    expect(backend.reader.get('SELECT count(*) AS n FROM t')).toEqual({ n: 200n });
    backend.close();
    expect([digest(path), digest(`${path}-journal`)]).toEqual(before);
  });
});

describe('changes from outside', () => {
  test.each(['WAL', 'DELETE'] as const)('every commit moves the token (%s)', (journal) => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, journal);
    const backend = open(path);
    const writer = new Database(path);
    const seen = new Set([backend.token()]);
    for (let i = 0; i < 50; i += 1) {
      writer.prepare('UPDATE writes SET idx = ?').run(i);
      seen.add(backend.token());
    }
    expect(seen.size).toBe(51);
    writer.close();
  });

  test('the token stays when nothing happens, across closing and opening', async () => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, 'WAL');
    const backend = open(path);
    await pause(120);
    const token = backend.token();
    await pause(600);
    backend.reader.tables();
    expect(backend.token()).toBe(token);
  });

  test('a commit is told at once, deletion and replacement are named', async () => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, 'WAL');
    const backend = open(path);
    const events: string[] = [];
    let told = 0;
    const stop = backend.watch((event) => {
      events.push(event);
      told = performance.now();
    });
    const writer = new Database(path);
    await pause(300);
    events.length = 0;
    writer.exec(`INSERT INTO writes (thread) VALUES ('z')`);
    const at = performance.now();
    await expect.poll(() => events.length).toBeGreaterThan(0);
    expect(events[0]).toBe('changed');
    expect(told).toBeGreaterThanOrEqual(at);
    writer.close();
    await pause(300);
    events.length = 0;
    unlinkSync(path);
    await expect.poll(() => events.at(-1)).toBe('gone');
    expect(codeOf(() => backend.reader.tables())).toBe('not_found');
    makeSqliteStore(join(folder, 'other.db'), 'DELETE');
    renameSync(join(folder, 'other.db'), path);
    await expect.poll(() => events.at(-1)).toBe('replaced');
    expect(codeOf(() => backend.reader.tables())).toBe('unreadable');
    stop();
  });

  test('a file that is cut while open is corrupt, not a crash', () => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, 'DELETE');
    const backend = open(path);
    truncateSync(path, 4096);
    expect(codeOf(() => backend.reader.all('SELECT * FROM checkpoints'))).toBe('corrupt');
    truncateSync(path, 0);
    expect(codeOf(() => backend.reader.all('SELECT * FROM checkpoints'))).toBe('corrupt');
    expect(statSync(path).size).toBe(0);
  });

  test('reads whole transactions while a writer runs at full speed', async () => {
    const path = join(folder, 'a.db');
    makeSqliteStore(path, 'WAL');
    const writer = await startChild({ role: 'write', path, milliseconds: 800 });
    const backend = open(path);
    let last = 0n;
    let reads = 0;
    const writing = { on: true };
    const ended = writer.next().then((said) => {
      writing.on = false;
      return said;
    });
    while (writing.on) {
      const row = backend.reader.get(`SELECT count(*) AS n, max(idx) AS top FROM writes WHERE thread = 'w'`);
      const n = row?.['n'];
      if (typeof n !== 'bigint') throw new Error('no count');
      expect(n).toBeGreaterThanOrEqual(last);
      if (n > 0n) expect(row?.['top']).toBe(n - 1n);
      last = n;
      reads += 1;
      await pause(1);
    }
    const said = await ended;
    await writer.end();
    expect(reads).toBeGreaterThan(10);
    expect(backend.reader.get(`SELECT count(*) AS count FROM writes WHERE thread = 'w'`)).toEqual({
      count: BigInt(Number(JSON.parse(JSON.stringify(said)).count)),
    });
  });
});
