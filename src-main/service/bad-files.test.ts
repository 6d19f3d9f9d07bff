// Files that are no store, or only what is left of one: said in one sentence, changed in nothing, everything else goes on.

import { chmodSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../shared/model/errors.ts';
import { addPoints, idsOf, rootPage, spoilPage, sql } from './testing/bad-stores.ts';
import { errorOf, runInChild } from './testing/run-terminal.ts';
import { isClear, Product, unchanged } from './testing/product.ts';

let product: Product;
beforeAll(() => {
  product = new Product();
});
afterAll(() => product.close());

let count = 0;
const js = (name?: string): string =>
  product.place.copy('langgraph-js/agent.sqlite', name ?? `store-${count++}.sqlite`);
function file(content: string | Uint8Array): string {
  const path = join(product.place.folder, `file-${count++}.db`);
  writeFileSync(path, content);
  return path;
}
function database(text: string): string {
  const path = join(product.place.folder, `other-${count++}.db`);
  sql(path, text);
  return path;
}
function cut(to: (size: number) => number): string {
  const path = js();
  truncateSync(path, to(statSync(path).size));
  return path;
}
const cases: readonly (readonly [string, () => string, ErrorCode, RegExp])[] = [
  ['a text file', () => file('dear diary\n'), 'not_a_store', /text file/],
  ['random bytes', () => file(Buffer.alloc(9000, 0xd7)), 'not_a_store', /neither SQLite nor text/],
  ['an empty file', () => file(''), 'not_a_store', /an empty file/],
  ['the beginning of a header', () => cut(() => 10), 'corrupt', /first 10 bytes/],
  ['a header and nothing else', () => cut(() => 100), 'corrupt', /first 100 bytes/],
  ['one page', () => cut(() => 4096), 'corrupt', /cut off/],
  ['half of it', () => cut((size) => size / 2), 'corrupt', /cut off/],
  ['all but a page', () => cut((size) => size - 4096), 'corrupt', /cut off/],
  ['all but a byte', () => cut((size) => size - 1), 'corrupt', /cut off/],
  ['nothing there', () => join(product.place.folder, 'missing.db'), 'not_found', /nothing at/],
  ['a name with a line break and a NUL', () => join(product.place.folder, 'a\nb\u0000c'), 'not_found', /nothing at/],
  ['SQLite without tables', () => database('CREATE TABLE t (a); DROP TABLE t'), 'not_a_store', /without any tables/],
  [
    'SQLite with other tables',
    () => database('CREATE TABLE users (id); CREATE TABLE orders (id)'),
    'not_a_store',
    /`users`, `orders`/,
  ],
  [
    'tables that only have the names',
    () => database('CREATE TABLE checkpoints (a, b); CREATE TABLE writes (c)'),
    'not_a_store',
    /`checkpoints`, `writes`/,
  ],
  [
    'a view in the place of the table',
    () => database('CREATE TABLE t (thread_id, checkpoint); CREATE VIEW checkpoints AS SELECT * FROM t'),
    'not_a_store',
    /`t`/,
  ],
  [
    'the schema’s page spoilt',
    () => {
      const path = js();
      const bytes = readFileSync(path);
      bytes.fill(0xa5, 100, 4096);
      writeFileSync(path, bytes);
      return path;
    },
    'corrupt',
    /damaged/,
  ],
  [
    'an empty folder',
    () => {
      const path = join(product.place.folder, `folder-${count++}`);
      mkdirSync(path);
      return path;
    },
    'not_a_store',
    /is a folder/,
  ],
];

describe('what is no store', () => {
  test.each(cases)('%s', async (_, make, code, says) => {
    const path = make();
    await unchanged(path.includes('\u0000') ? product.place.dataFolder : path, async () => {
      for (const command of [['info'], ['threads'], ['log', 't'], ['fork', 't', '--commit'], ['operations']]) {
        const [name = '', ...more] = command;
        const error = await product.refusedInTerminal(code, name, path, ...more);
        expect(error.message).toMatch(says);
      }
      const error = await product.refused(code, 'stores.open', { path });
      expect(error.message).toMatch(says);
    });
    expect(await product.call('stores.list', {})).toEqual([]);
  });

  test('and everything else goes on', async () => await product.isWell());
});

describe('no permission', () => {
  test('to read the file', async () => {
    const path = js();
    const folder = join(product.place.folder, 'data-of-nobody');
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    chmodSync(product.place.folder, 0o755);
    chmodSync(path, 0o000);
    const { probe, ran } = await unchanged(path, async () => {
      return await runInChild({
        ordinary: true,
        probe: { how: 'read', path, bytes: 0 },
        commands: ['info', 'threads'].map((name) => [name, path, '--json']),
        dataFolder: folder,
      });
    });
    expect(probe).toBe('EACCES');
    for (const one of ran) {
      isClear(errorOf(one), 'io');
      expect(errorOf(one).message).toContain('no permission');
      expect(one.code).toBe(1);
    }
  });

  test('to write it: reading goes on, a commit says what is missing', async () => {
    const path = js();
    chmodSync(path, 0o444);
    const folder = join(product.place.folder, 'data-of-nobody');
    const { probe, ran } = await unchanged(path, async () => {
      return await runInChild({
        ordinary: true,
        probe: { how: 'append', path, bytes: 1 },
        commands: [
          ['threads', path, '--json'],
          ['fork', path, 'agent-pending', '--json'],
          ['fork', path, 'agent-pending', '--commit', '--json'],
          ['operations', path, '--json'],
        ],
        dataFolder: folder,
      });
    });
    expect(probe).toBe('EACCES');
    expect(ran.map((r) => r.code)).toEqual([0, 0, 3, 0]);
    isClear(errorOf(ran[2]), 'unable');
    expect(errorOf(ran[2]).message).toMatch(/may not write/);
    expect(JSON.parse(ran[3]?.out ?? '')).toEqual([]);
  });
});

describe('pages in the middle that are spoilt', () => {
  // Root pages: rows of `checkpoints`, its primary key, rows of `writes`.
  test.each(['writes', 'checkpoints', 'sqlite_autoindex_checkpoints_1', 'sqlite_autoindex_writes_1'])(
    'the root of %s: no crash, no change, a sentence wherever something is missing',
    async (name) => {
      const path = js();
      spoilPage(path, rootPage(path, name));
      const head = idsOf(js(), 'agent-pending').at(-1) ?? '';
      await unchanged(path, async () => {
        for (const command of [
          ['info', path],
          ['threads', path],
          ['log', path, 'agent-pending'],
          ['show', path, 'agent-pending', head],
          ['pending', path, 'agent-pending'],
          ['diff', path, 'agent-pending', 'head'],
          ['fork', path, 'agent-pending'],
          ['export', path, 'agent-pending'],
        ]) {
          const ran = await product.terminal(...command);
          if (ran.code !== 0) expect(ran.err).toMatch(/^forkpoint: `[^\n]*is damaged[^\n]*\n$/);
        }
      });
    },
  );

  test('one leaf of rows: the list is whole, lost rows say so, other threads are read and forked', async () => {
    const path = js();
    for (const thread of ['sound', 'spoilt']) {
      addPoints(
        path,
        thread,
        200,
        (i) => `${thread}-${String(i).padStart(3, '0')}`,
        (i) => (i === 0 ? null : `${thread}-${String(i - 1).padStart(3, '0')}`),
      );
    }
    const pages = leavesOf(path, 'spoilt', 'sound');
    expect(pages.length).toBeGreaterThan(1);
    const [page = 0] = pages;
    const [lostId = ''] =
      /spoilt-\d{3}/.exec(readFileSync(path).toString('latin1', (page - 1) * 4096, page * 4096)) ?? [];
    spoilPage(path, page);
    const store = await product.open(path);
    await unchanged(path, async () => {
      expect((await product.threads(store)).rows.map((r) => [r.thread, r.checkpoints])).toContainEqual(['spoilt', 200]);
      const sound = await product.rows(store, 'sound');
      expect(sound.map((r) => r.checkpoint.note)).toEqual(sound.map(() => null));
      expect((await product.terminal('log', path, 'sound')).code).toBe(0);
      // What lies on the page is in the index, so the thread is listed; its own rows cannot all be read.
      const lost = await product.refusedInTerminal('corrupt', 'show', path, 'spoilt', lostId);
      expect(lost.hint).toMatch(/recover/);
    });
    const done = await product.terminal('fork', path, 'sound', '--commit', '--json');
    expect([done.code, done.err]).toEqual([0, '']);
    expect((await product.rows(store, 'sound-fork-1')).length).toBe(200);
    expect((await product.terminal('undo', path, '--commit')).code).toBe(0);
    await product.call('stores.close', { store });
  });
});

/** Leaf pages of rows that hold one thread and not the other. */
function leavesOf(path: string, thread: string, other: string): number[] {
  const bytes = readFileSync(path);
  const size = bytes.readUInt16BE(16);
  const pages: number[] = [];
  for (let page = 2; page * size <= bytes.length; page++) {
    const content = bytes.subarray((page - 1) * size, page * size);
    // 13: a leaf of a table.
    if (content[0] === 13 && content.includes(`${thread}-`) && !content.includes(`${other}-`)) pages.push(page);
  }
  return pages;
}
