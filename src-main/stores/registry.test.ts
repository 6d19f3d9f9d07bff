import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asForkpointError, type ForkpointError } from '../../shared/model/errors.ts';
import { formats, identify, openStore } from './registry.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forkpoint-registry-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function refusal(path: string): ForkpointError {
  try {
    openStore(path).backend.close();
  } catch (thrown) {
    return asForkpointError(thrown);
  }
  throw new Error('it opened');
}

function database(name: string, sql: string): string {
  const path = join(folder, name);
  const made = new Database(path);
  made.exec(sql);
  made.close();
  return path;
}

function written(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('what is no store is called by its name', () => {
  const zip = Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0, 0]);
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0]);
  const pickle = Buffer.from([0x80, 4, 0x95, 0, 0]);
  test.each([
    ['notes.txt', 'some notes\n', 'a text file'],
    ['empty.db', '', 'an empty file'],
    ['store.zip', zip, 'a zip archive'],
    ['store.gz', gzipSync('x'), 'a gzip file'],
    ['shot.png', png, 'a PNG image'],
    ['state.pckl', pickle, 'a Python pickle'],
    ['a.json', '{\n "a": 1\n}', 'a JSON file'],
    ['a.jsonl', '{"a":1}\n{"a":2}\n', 'a file of JSON lines'],
    ['x.db-wal', Buffer.from([0x37, 0x7f, 6, 0x82]), 'a side file of a SQLite database'],
    ['secret.db', Buffer.concat([Buffer.from([0xd5, 0xe7]), randomBytes(8190)]), 'an encrypted database'],
  ])('%s', (name, content, what) => {
    const error = refusal(written(name, content));
    expect([error.code, error.message]).toEqual(['not_a_store', expect.stringContaining(what)]);
    expect(error.message).toContain('Nothing in it was changed.');
  });

  test('nothing there', () => expect(refusal(join(folder, 'nope')).code).toBe('not_found'));

  test('SQLite with other tables names them', () => {
    const error = refusal(database('app.db', 'CREATE TABLE users (id); CREATE TABLE "odd name" (id)'));
    expect([error.code, error.message]).toEqual(['not_a_store', expect.stringContaining('`users`, `odd name`')]);
  });

  test('SQLite without tables; in WAL mode it may be incomplete', () => {
    expect(refusal(database('none.db', 'CREATE TABLE t (a); DROP TABLE t')).message).toContain('without any tables');
    const path = database('wal.db', 'PRAGMA journal_mode=WAL; CREATE TABLE t (a); DROP TABLE t');
    expect(refusal(path).message).toContain('possibly incomplete');
  });

  test('a main file whose log was not copied along', () => {
    const live = join(fixtures, 'langgraph-js/live-wal/live.sqlite');
    copyFileSync(live, join(folder, 'live.sqlite'));
    const error = refusal(join(folder, 'live.sqlite'));
    expect([error.code, error.message]).toEqual(['not_a_store', expect.stringContaining('possibly incomplete')]);
    expect(error.hint).toContain('live.sqlite-wal');
  });

  test('an emptied main file beside a log is not given to SQLite, which would delete the log', () => {
    const path = written('a.db', '');
    written('a.db-wal', randomBytes(5000));
    expect(refusal(path).code).toBe('corrupt');
    expect(readFileSync(join(folder, 'a.db-wal'))).toHaveLength(5000);
  });

  test('cut off', () => {
    const path = database('cut.db', `CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(50000))`);
    truncateSync(path, 20_000);
    expect(refusal(path)).toMatchObject({ code: 'corrupt', message: expect.stringContaining('cut off') });
    truncateSync(path, 60);
    expect(refusal(path).code).toBe('corrupt');
  });

  test('damaged inside', () => {
    const path = database('bad.db', `CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(50000))`);
    const bytes = readFileSync(path);
    bytes.fill(0xee, 100, 4000);
    writeFileSync(path, bytes);
    expect(['corrupt', 'unreadable']).toContain(refusal(path).code);
  });

  test('a folder without a store', () => {
    written('readme.txt', 'x');
    expect(refusal(folder)).toMatchObject({ code: 'not_a_store', message: expect.stringContaining('is a folder') });
  });
});

describe('stores', () => {
  test('genuine ones are known, and looking leaves nothing beside them', () => {
    for (const name of [
      'langgraph-py/py-agent.sqlite',
      'langgraph-js/agent.sqlite',
      'tinyagents/v150-sqlite-linear/store.db',
    ]) {
      rmSync(join(folder, 'store.db'), { force: true });
      copyFileSync(join(fixtures, name), join(folder, 'store.db'));
      const { store, verdicts } = identify(join(folder, 'store.db'));
      expect(store?.format).toBe(name.slice(0, name.indexOf('/')).replace(/-.*/, ''));
      expect(verdicts.at(-1)?.detection.verdict).toBe('yes');
      expect(readdirSync(folder)).toEqual(['store.db']);
    }
  });

  test('a folder of line files is one store', () => {
    const root = join(folder, 'store');
    cpSync(join(fixtures, 'tinyagents/v211-file-linear/store'), root, { recursive: true });
    expect(identify(root)).toMatchObject({ store: { format: 'tinyagents' }, inside: [], refusal: null });
    const store = openStore(root);
    expect(store.backend.path).toBe(store.backend.reader.kind === 'files' ? store.backend.reader.root : '');
    store.backend.close();
  });

  test('a folder with several stores names them; with one it is opened', () => {
    copyFileSync(join(fixtures, 'langgraph-js/agent.sqlite'), join(folder, 'a.sqlite'));
    written('notes.txt', 'x');
    const one = openStore(folder);
    expect(one.backend.path.endsWith('a.sqlite')).toBe(true);
    one.backend.close();
    mkdirSync(join(folder, 'lines'));
    cpSync(join(fixtures, 'tinyagents/v211-file-linear/store'), join(folder, 'lines'), { recursive: true });
    const found = identify(folder);
    expect(found.inside.map((store) => [store.path.slice(found.path.length + 1), store.format])).toEqual([
      ['a.sqlite', 'langgraph'],
      ['lines', 'tinyagents'],
    ]);
    expect(refusal(folder)).toMatchObject({ code: 'not_a_store', message: expect.stringContaining('2 stores') });
  });

  test('stores are found further down, each once, and links that lead outside are not followed', () => {
    const outside = mkdtempSync(join(tmpdir(), 'forkpoint-outside-'));
    copyFileSync(join(fixtures, 'langgraph-js/agent.sqlite'), join(outside, 'secret.sqlite'));
    mkdirSync(join(folder, 'app/data/runs'), { recursive: true });
    mkdirSync(join(folder, 'node_modules/x'), { recursive: true });
    copyFileSync(join(fixtures, 'langgraph-js/agent.sqlite'), join(folder, 'node_modules/x/a.sqlite'));
    copyFileSync(join(fixtures, 'langgraph-js/agent.sqlite'), join(folder, 'app/data/runs/deep.sqlite'));
    cpSync(join(fixtures, 'langgraph-py/dev-server'), join(folder, 'app'), { recursive: true });
    symlinkSync(outside, join(folder, 'outside'));
    symlinkSync(join(outside, 'secret.sqlite'), join(folder, 'secret.sqlite'));
    symlinkSync(join(folder, 'app'), join(folder, 'again'));
    symlinkSync('..', join(folder, 'app/up'));
    const found = identify(folder);
    expect(found.inside.map((store) => [store.path.slice(found.path.length + 1), store.format])).toEqual([
      ['app/.langgraph_api', 'langgraph'],
      ['app/data/runs/deep.sqlite', 'langgraph'],
    ]);
    expect(found.insideComplete).toBe(true);
    expect(refusal(folder).message).toContain('`app/.langgraph_api`, `app/data/runs/deep.sqlite`');
    rmSync(outside, { recursive: true, force: true });
  });

  test('what is too deep or too much is not looked at, and that is said', () => {
    const deep = join(folder, 'a/b/c/d/e');
    mkdirSync(deep, { recursive: true });
    copyFileSync(join(fixtures, 'langgraph-js/agent.sqlite'), join(deep, 'a.sqlite'));
    expect(identify(folder)).toMatchObject({ inside: [], insideComplete: false });
    expect(refusal(folder).message).toContain('Not all of it was looked at: only 4 levels down');
    expect(identify(join(folder, 'a/b')).inside).toHaveLength(1);
    const many = join(folder, 'many');
    mkdirSync(many);
    for (let i = 0; i < 5_001; i++) writeFileSync(join(many, String(i)), '');
    expect(identify(many)).toMatchObject({ inside: [], insideComplete: false });
  });

  test('a store that is known but cannot be read says so once, from inside a folder too', () => {
    database('a.sqlite', 'CREATE TABLE checkpoints (thread_id, checkpoint_ns, type, checkpoint, metadata)');
    for (const path of [join(folder, 'a.sqlite'), folder]) {
      const error = refusal(path);
      expect([error.code, error.message]).toEqual(['unsupported', expect.stringContaining('shallow')]);
      expect(error.message.match(/othing .*was changed/g)).toHaveLength(1);
    }
  });

  test('a store opened for reading says so', () => {
    copyFileSync(join(fixtures, 'langgraph-js/agent.sqlite'), join(folder, 'a.sqlite'));
    const store = openStore(join(folder, 'a.sqlite'), { readOnly: true });
    expect(store.backend.readOnlyReason).toContain('reading only');
    store.backend.close();
  });

  test('every format has its page, and the README leads to it', () => {
    const readme = readFileSync(join(fixtures, '../README.md'), 'utf8');
    for (const { format } of formats) {
      expect(readFileSync(join(fixtures, `../docs/formats/${format}.md`), 'utf8')).toMatch(/^# /);
      expect(readme).toContain(`](docs/formats/${format}.md) |`);
    }
  });

  test('formats are named once per backend', () => {
    const names = formats.map((format) => `${format.format}/${format.backend}`);
    expect(new Set(names).size).toBe(names.length);
  });
});
