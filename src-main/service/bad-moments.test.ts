// What happens to a store while it is open, and what stands in the way of a commit: the sentence, nothing half done, and on it goes.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import * as shapes from '../../shared/model/shapes.ts';
import { sql } from './testing/bad-stores.ts';
import { bytesAt, isClear, Product, unchanged, until } from './testing/product.ts';
import { errorOf, runInChild } from './testing/run-terminal.ts';

let product: Product;
let path: string;
beforeEach(() => {
  product = new Product();
  path = product.place.copy('langgraph-js/agent.sqlite', 'store.sqlite');
});
afterEach(() => product.close());

const thread = 'agent-pending';
const forkOf = (key: string) => ({
  operation: 'fork' as const,
  key,
  edits: [],
  target: { kind: 'thread' as const, thread: null },
  pending: null,
  leave: [],
});
const headOf = async (store: string): Promise<string> =>
  (await product.call('thread.get', { store, thread })).head ?? '';

describe('a store that is open', () => {
  test('and deleted: it is told, every call says so, it opens again when it is back', async () => {
    const store = await product.open(path);
    const key = await headOf(store);
    const content = readFileSync(path);
    unlinkSync(path);
    await until(
      () => product.gone,
      (gone) => gone.length > 0,
    );
    expect(product.gone[0]).toMatch(/no longer there/);
    const list = { store, search: '', status: null, from: 0, count: 10 };
    await product.refused('not_found', 'threads.list', list);
    await product.refused('not_found', 'operation.commit', { store, args: forkOf(key), expect: '' });
    await product.refusedInTerminal('not_found', 'threads', path);
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    await product.isWell();
    writeFileSync(path, content);
    const again = await product.open(path);
    expect((await product.threads(again)).total).toBe(2);
  });

  test('and replaced by another: never read as the old one, nor written to', async () => {
    const store = await product.open(path);
    const key = await headOf(store);
    const { plan } = await product.call('operation.plan', { store, args: forkOf(key) });
    const other = product.place.copy('langgraph-py/py-errors.sqlite', 'other.sqlite');
    renameSync(other, path);
    await unchanged(path, async () => {
      // At once, before any watcher has looked.
      await product.refused(['unreadable', 'not_found'], 'operation.commit', {
        store,
        args: forkOf(key),
        expect: plan.planId,
      });
      await until(
        () => product.gone,
        (gone) => gone.length > 0,
      );
      expect(product.gone[0]).toMatch(/was replaced/);
      await product.refused('not_found', 'lineage.page', { store, thread, known: null });
      const again = await product.open(path);
      expect((await product.threads(again)).rows.map((r) => r.thread)).toContain('failed');
    });
  });

  test.each([
    ['to nothing', 0],
    ['to a page', 4096],
    ['by a byte', -1],
  ])('and cut %s: said as damage, never written to', async (_, to) => {
    const store = await product.open(path);
    const key = await headOf(store);
    const { plan } = await product.call('operation.plan', { store, args: forkOf(key) });
    truncateSync(path, to < 0 ? statSync(path).size + to : to);
    await unchanged(path, async () => {
      const codes = ['corrupt', 'unreadable', 'not_found', 'moved', 'not_a_store'] as const;
      await product.refused(codes, 'operation.commit', { store, args: forkOf(key), expect: plan.planId });
      const ran = await product.terminal('fork', path, thread, '--commit');
      expect([ran.code, ran.err]).toEqual([1, expect.stringMatching(/^forkpoint: .*(cut off|empty|damaged)/)]);
      // Rows that are still whole may be answered for; what is not is said in a sentence.
      for (const answer of [product.lineage(store, thread), product.call('thread.get', { store, thread })]) {
        await answer.catch((error: unknown) => expect(error).toHaveProperty('hint'));
      }
    });
    await product.isWell();
  });

  test('a folder store, deleted: said, and its folder is not made again', async () => {
    const folder = product.place.copy('tinyagents/v211-file-linear/store', 'folder');
    const store = await product.open(folder);
    const head = (await product.call('thread.get', { store, thread: 'linear-1' })).head ?? '';
    rmSync(folder, { recursive: true });
    await product.refused(['not_found', 'moved', 'io', 'unreadable'], 'operation.commit', {
      store,
      args: forkOf(head),
      expect: '',
    });
    expect(statSync(folder, { throwIfNoEntry: false })).toBeUndefined();
    await product.isWell();
  });
});

describe('a full disk', () => {
  test.each([
    ['SQLite with a log', 'langgraph-js/agent.sqlite', 'full.sqlite', thread, 'WAL', 20],
    ['SQLite with a journal', 'langgraph-js/agent.sqlite', 'full.sqlite', thread, 'DELETE', 56],
    ['a folder', 'tinyagents/v211-file-multi/store', 'full', 'long', null, 2],
  ])('when committing to %s: as before, and the next attempt with room goes', async (...given) => {
    const [, fixture, file, of, journal, limitKib] = given;
    const store = product.place.copy(fixture, file);
    if (journal !== null) sql(store, `PRAGMA journal_mode=${journal}`);
    const scratch = join(product.place.folder, 'scratch');
    const commit = ['fork', store, of, '--commit', '--json'];
    const answer = await unchanged(store, async () => {
      return await runInChild({
        limitKib,
        probe: { how: 'append', path: scratch, bytes: (limitKib + 4) * 1024 },
        commands: [['threads', store, '--json'], commit, ['threads', store, '--json']],
        dataFolder: product.place.dataFolder,
      });
    });
    expect(answer.probe).toBe('EFBIG');
    expect(answer.ran.map((r) => r.code)).toEqual([0, 1, 0]);
    isClear(errorOf(answer.ran[1]), 'io');
    expect(errorOf(answer.ran[1]).message).toMatch(/largest file|disk|failed/);
    expect(await product.json(z.array(shapes.Operation), 'operations', store, '--json')).toEqual([]);
    await product.json(shapes.Plan, ...commit);
    await product.json(shapes.Plan, 'undo', store, '--commit', '--json');
  });

  test('that has room for SQLite’s log but not for settling it: committed, and whole', async () => {
    sql(path, 'PRAGMA journal_mode=WAL');
    const answer = await runInChild({
      limitKib: 56,
      commands: [
        ['fork', path, thread, '--commit', '--json'],
        ['log', path, `${thread}-fork-1`, '--json'],
      ],
      dataFolder: product.place.dataFolder,
    });
    expect(answer.ran.map((r) => r.code)).toEqual([0, 0]);
    // The fault bites: the main file could not take what the log holds.
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
    expect(await product.json(z.array(shapes.Checkpoint), 'log', path, `${thread}-fork-1`, '--json')).toHaveLength(5);
    await product.json(shapes.Plan, 'undo', path, '--commit', '--json');
  });

  test('in the data folder: nothing is written without a log, reading goes on', async () => {
    mkdirSync(product.place.dataFolder);
    // A log that is at its limit already.
    writeFileSync(join(product.place.dataFolder, 'operations.jsonl'), `${'x'.repeat(1023)}\n`.repeat(80));
    const answer = await unchanged(path, async () => {
      return await runInChild({
        limitKib: 80,
        probe: { how: 'append', path: join(product.place.dataFolder, 'operations.jsonl'), bytes: 1 },
        commands: ['threads', 'fork'].map((name) =>
          name === 'fork' ? ['fork', path, thread, '--commit', '--json'] : [name, path, '--json'],
        ),
        dataFolder: product.place.dataFolder,
      });
    });
    expect(answer.probe).toBe('EFBIG');
    expect(answer.ran.map((r) => r.code)).toEqual([0, 1]);
    isClear(errorOf(answer.ran[1]), 'io');
    expect(errorOf(answer.ran[1]).message).toMatch(/operation log/);
  });
});

describe('the data folder', () => {
  const unwritable: readonly (readonly [string, (folder: string) => void])[] = [
    ['is a file', (folder) => writeFileSync(folder, 'not a folder')],
    [
      'holds a folder where the log should be',
      (folder) => mkdirSync(join(folder, 'operations.jsonl'), { recursive: true }),
    ],
    [
      'holds a file where the undo data should be',
      (folder) => {
        mkdirSync(folder);
        writeFileSync(join(folder, 'undo'), '');
      },
    ],
  ];
  test.each(unwritable)('%s: the store is read all the same, a commit is refused before it', async (_, make) => {
    make(product.place.dataFolder);
    await unchanged(path, async () => {
      const store = await product.open(path);
      expect((await product.threads(store)).total).toBe(2);
      for (const command of ['info', 'threads']) expect((await product.terminal(command, path)).code).toBe(0);
      expect((await product.terminal('fork', path, thread)).code).toBe(0);
      const error = await product.refusedInTerminal('io', 'fork', path, thread, '--commit');
      expect(error.hint).toMatch(/./);
      const args = forkOf(await headOf(store));
      const { plan } = await product.call('operation.plan', { store, args });
      await product.refused('io', 'operation.commit', { store, args, expect: plan.planId });
    });
  });

  test('may not be written by this user', async () => {
    const folder = product.place.dataFolder;
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    chmodSync(product.place.folder, 0o777);
    chmodSync(path, 0o666);
    const answer = await unchanged(path, async () => {
      return await runInChild({
        ordinary: true,
        probe: { how: 'append', path: join(folder, 'probe'), bytes: 1 },
        commands: [
          ['threads', path, '--json'],
          ['fork', path, thread, '--commit', '--json'],
        ],
        dataFolder: folder,
      });
    });
    expect(answer.probe).toBe('EACCES');
    expect(answer.ran.map((r) => r.code)).toEqual([0, 1]);
    isClear(errorOf(answer.ran[1]), 'io');
    chmodSync(folder, 0o755);
  });

  test('with a log of rubbish and a torn end: operations that can be read are kept, new ones added', async () => {
    await product.json(shapes.Plan, 'fork', path, thread, '--commit', '--json');
    const log = join(product.place.dataFolder, 'operations.jsonl');
    const good = readFileSync(log, 'utf8');
    writeFileSync(
      log,
      `\u0000\u0000rubbish\n{"v":99}\n[1,2]\n${'['.repeat(50_000)}\n${good}{"v":1,"entry":"prepared","oper`,
    );
    const operations = await product.json(z.array(shapes.Operation), 'operations', path, '--json');
    expect(operations).toMatchObject([{ operation: 'fork', undoable: true }]);
    await product.json(shapes.Plan, 'fork', path, thread, '--commit', '--json');
    expect(await product.json(z.array(shapes.Operation), 'operations', path, '--json')).toHaveLength(2);
    await product.json(shapes.Plan, 'undo', path, '--commit', '--json');
    await product.json(shapes.Plan, 'undo', path, operations[0]?.operationId ?? '', '--commit', '--json');
    expect((await product.json(z.array(shapes.Thread), 'threads', path, '--json')).length).toBe(2);
  });

  test('with undo data that is cut or gone: undo says so, the store is as it was', async () => {
    const plan = await product.json(shapes.Plan, 'fork', path, thread, '--commit', '--json');
    const bundle = join(product.place.dataFolder, 'undo', plan.operationId ?? '');
    await unchanged(path, async () => {
      truncateSync(bundle, statSync(bundle).size - 30);
      await product.refusedInTerminal(['unable', 'corrupt'], 'undo', path, '--commit');
      writeFileSync(bundle, 'rubbish\n');
      await product.refusedInTerminal(['unable', 'corrupt'], 'undo', path, '--commit');
      rmSync(bundle);
      await product.refusedInTerminal('unable', 'undo', path, '--commit');
      const [operation] = await product.json(z.array(shapes.Operation), 'operations', path, '--json');
      expect(operation).toMatchObject({ undoable: false });
      expect(operation?.reason).toMatch(/missing/);
    });
  });
});

describe('a lock', () => {
  test('held by another program: reads and commits say so in time, and go once it is free', async () => {
    const rollback = product.place.copy('langgraph-js/agent.sqlite', 'rollback.sqlite');
    sql(rollback, 'PRAGMA journal_mode=DELETE');
    sql(path, 'PRAGMA journal_mode=WAL');
    // Before the locks are taken: closing any descriptor of a file drops every lock that this process has on it.
    const before = [bytesAt(rollback), bytesAt(path)];
    const holders = [rollback, path].map((file) => {
      const database = new DatabaseSync(file);
      database.exec('BEGIN EXCLUSIVE');
      return database;
    });
    const commit = (file: string): string[] => ['fork', file, thread, '--commit', '--json'];
    const run = async (commands: string[][]) => await runInChild({ commands, dataFolder: product.place.dataFolder });
    const [reading, both] = await Promise.all([
      run([['threads', rollback, '--json']]),
      run([['threads', path, '--json'], commit(path)]),
    ]);
    // Without a log nobody may read beside an exclusive lock; with one, everybody.
    expect([reading.ran[0]?.code, both.ran[0]?.code, both.ran[1]?.code]).toEqual([3, 0, 3]);
    for (const ran of [reading.ran[0], both.ran[1]]) {
      isClear(errorOf(ran), 'locked');
      expect(errorOf(ran).hint).toMatch(/Wait/);
    }
    for (const holder of holders) {
      holder.exec('ROLLBACK');
      holder.close();
    }
    expect([bytesAt(rollback), bytesAt(path)]).toEqual(before);
    for (const file of [rollback, path]) {
      expect((await product.terminal(...commit(file))).err).toBe('');
      await product.json(shapes.Plan, 'undo', file, '--commit', '--json');
    }
  });
});

describe('others at work', () => {
  test('LangGraph.js’ own saver at full speed: we list, read, fork and take back, and it loses nothing', async () => {
    const script = fileURLToPath(new URL('./testing/saver-child.ts', import.meta.url));
    const child = spawn(process.execPath, [script, path], { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    let failed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (failed += text));
    await until(
      () => said + failed,
      (text) => text.includes('ready') || failed !== '',
      20_000,
    );
    const store = await product.open(path);
    const key = await headOf(store);
    let last = 0;
    for (let round = 0; round < 6; round++) {
      const list = await product.call('threads.list', { store, search: '', status: null, from: 0, count: 10 });
      expect(list.total).toBeGreaterThanOrEqual(2);
      const lineage = await product.lineage(store, 'busy');
      // Only ever more, parents before children, with no hole in between.
      expect(lineage.count).toBeGreaterThanOrEqual(last);
      last = lineage.count;
      expect(lineage.parent.every((parent, i) => parent === i - 1)).toBe(true);
      const args = forkOf(key);
      const { plan } = await product.call('operation.plan', { store, args });
      const done = await product.call('operation.commit', { store, args, expect: plan.planId });
      expect(done.plan.committed).toBe(true);
      expect(await product.rows(store, done.plan.target?.thread ?? '')).toHaveLength(5);
      const undo = { operation: 'undo' as const, operationId: done.plan.operationId };
      const { plan: back } = await product.call('operation.plan', { store, args: undo });
      await product.call('operation.commit', { store, args: undo, expect: back.planId });
      // A fork of the thread that runs: either it is of what was seen, or it is refused as moved.
      const [newest] = await product.call('checkpoints.get', {
        store,
        thread: 'busy',
        indices: [lineage.count - 1],
        summaries: false,
      });
      const busy = { ...forkOf(newest?.checkpoint.key ?? ''), pending: 'drop' as const };
      const seen = await product.call('operation.plan', { store, args: busy });
      await product
        .call('operation.commit', { store, args: busy, expect: seen.plan.planId })
        .catch((error: unknown) => expect(error).toMatchObject({ code: 'moved' }));
    }
    child.stdin.end();
    await once(child, 'close');
    expect(failed).toBe('');
    const count = Number(said.trim().split('\n').at(-1));
    expect(count).toBeGreaterThan(6);
    expect(product.changes).toBeGreaterThan(0);
    const lineage = await product.lineage(store, 'busy');
    expect(lineage.count).toBe(count);
  });

  test('two of Forkpoint committing at once: all of both, each can be taken back', async () => {
    const names = ['left', 'right'];
    const forks = (name: string): string[][] =>
      Array.from({ length: 8 }, (_, i) => ['fork', path, thread, `--into=${name}-${i}`, '--commit', '--json']);
    const answers = await Promise.all(
      names.map((name) => runInChild({ commands: forks(name), dataFolder: product.place.dataFolder })),
    );
    expect(answers.flatMap((a) => a.ran.map((r) => [r.code, r.err]))).toEqual(
      Array.from({ length: 16 }, () => [0, '']),
    );
    const operations = await product.json(z.array(shapes.Operation), 'operations', path, '--json');
    expect(operations).toHaveLength(16);
    expect(operations.every((o) => o.undoable)).toBe(true);
    const threads = await product.json(z.array(shapes.Thread), 'threads', path, '--json');
    expect(threads).toHaveLength(18);
    for (const { operationId } of operations) {
      await product.json(shapes.Plan, 'undo', path, operationId, '--commit', '--json');
    }
    expect(await product.json(z.array(shapes.Thread), 'threads', path, '--json')).toHaveLength(2);
  });

  test('two of Forkpoint wanting the same name: one has it, the other is told', async () => {
    const folder = product.place.copy('tinyagents/v211-file-linear/store', 'shared');
    for (const [store, of] of [
      [path, thread],
      [folder, 'linear-1'],
    ] as const) {
      const command = ['fork', store, of, '--into=wanted', '--commit', '--json'];
      const answers = await Promise.all(
        [0, 1].map(() => runInChild({ commands: [command], dataFolder: product.place.dataFolder })),
      );
      expect(new Set(answers.map((a) => a.ran[0]?.code))).toEqual(new Set([0, 3]));
      const lost = answers.find((a) => a.ran[0]?.code === 3);
      isClear(errorOf(lost?.ran[0]), ['exists', 'moved', 'locked']);
      expect((await product.terminal('show', store, 'wanted')).code).toBe(0);
    }
  });
});

test('a line of a folder store that is torn while it is open is waited for, not read as damage', async () => {
  const folder = product.place.copy('tinyagents/v211-file-linear/store', 'torn');
  const store = await product.open(folder);
  const before = (await product.rows(store, 'linear-1')).length;
  const file = join(folder, 'linear-1.jsonl');
  const line = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  const next = line.replace(/"checkpoint_id":"[^"]+"/, '"checkpoint_id":"ckpt-1899999999999999999-9"');
  appendFileSync(file, next.slice(0, 100));
  await until(
    () => product.changes,
    (n) => n > 0,
  );
  expect((await product.rows(store, 'linear-1')).length).toBe(before);
  appendFileSync(file, `${next.slice(100)}\n`);
  await until(
    async () => (await product.rows(store, 'linear-1')).length,
    (n) => n === before + 1,
  );
});
