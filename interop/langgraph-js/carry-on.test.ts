// LangGraph.js carries on from what we wrote: it makes the store, the terminal forks it, LangGraph reads and runs the result.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from '@langchain/langgraph';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runForkpoint } from '../../src-main/hosts/cli/testing/run.ts';
import { at, fan, makeStore, nested, shop } from './graphs.ts';

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-langgraph-js-'));
const original = join(folder, 'original.sqlite');
let store = '';
let n = 0;

beforeAll(async () => {
  process.env['FORKPOINT_DATA'] = join(folder, 'data');
  await makeStore(original);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  store = join(folder, `${n++}.sqlite`);
  const db = new Database(original, { readonly: true });
  await db.backup(store);
  db.close();
});

/** One command of the terminal with `--json`. */
async function forkpoint(...args: string[]): Promise<{ code: number; out: Record<string, unknown> }> {
  const { code, out } = await runForkpoint([...args, '--json']);
  return { code, out: out === '' ? {} : (JSON.parse(out) as Record<string, unknown>) };
}
async function committed(...args: string[]): Promise<string> {
  const { code, out } = await forkpoint(...args, '--commit');
  expect(out).toMatchObject({ committed: true });
  expect(code).toBe(0);
  return (out['target'] as { thread: string }).thread;
}

function rows(path: string): unknown {
  const db = new Database(path, { readonly: true });
  const all = ['checkpoints', 'writes'].map((t) => db.prepare(`SELECT rowid, * FROM ${t} ORDER BY rowid`).raw().all());
  db.close();
  return all;
}
async function withSaver<T>(use: (saver: SqliteSaver) => Promise<T>): Promise<T> {
  const saver = SqliteSaver.fromConnString(store);
  try {
    return await use(saver);
  } finally {
    saver.db.close();
  }
}
const said = (values: { messages: { content: unknown }[] }): unknown => values.messages.at(-1)?.content;

test('fork with an edit: getState shows it, invoke(null) asks again, Command carries on, the old thread is untouched', async () => {
  const before = await withSaver((s) => shop(s).getState(at('shop')));
  const thread = await committed('fork', store, 'shop', '--set', 'plan="offer a voucher"', '--set', 'budget=12.25');
  await withSaver(async (saver) => {
    const graph = shop(saver);
    const state = await graph.getState(at(thread));
    expect(state.values).toMatchObject({ plan: 'offer a voucher', budget: 12.25 });
    expect(state.next).toEqual(['desk']);
    await graph.invoke(null, at(thread));
    expect((await graph.getState(at(thread))).tasks[0]?.interrupts[0]?.value).toMatchObject({ question: 'approve?' });
    await graph.invoke(new Command({ resume: 'yes' }), at(thread));
    const after = await graph.getState(at(thread));
    expect(said(after.values)).toBe('Done with offer a voucher at 12.25.');
    expect(after.next).toEqual([]);
    expect(await graph.getState(at('shop'))).toEqual(before);
  });
});

test('fork in mid-history and invoke(null); undo restores every row; redo brings it back', async () => {
  const pristine = rows(store);
  const log = (await forkpoint('log', store, 'done')).out as unknown as { key: string; next: string[]; step: number }[];
  const point = log.find((c) => c.step === 2)?.key ?? '';
  const thread = await committed('fork', store, 'done', point, '--set', 'budget=99.5');
  expect((await forkpoint('undo', store, '--commit')).out).toMatchObject({ committed: true });
  expect(rows(store)).toEqual(pristine);
  expect((await forkpoint('undo', store, '--commit')).out).toMatchObject({ committed: true });
  await withSaver(async (saver) => {
    await shop(saver).invoke(null, at(thread));
    const state = await shop(saver).getState(at(thread));
    expect(state.tasks[0]?.interrupts[0]?.value).toEqual({ question: 'approve?', amount: 99.5 });
  });
  expect((await forkpoint('undo', store, '--commit')).code).toBe(3);
});

test('edit in place becomes the head and is resumed directly', async () => {
  await committed('edit', store, 'shop', '--set', 'plan="in place"');
  await withSaver(async (saver) => {
    const state = await shop(saver).getState(at('shop'));
    expect(state.values.plan).toBe('in place');
    expect(state.metadata?.source).toBe('update');
    await shop(saver).invoke(new Command({ resume: 'ok' }), at('shop'));
    expect(said((await shop(saver).getState(at('shop'))).values)).toBe('Done with in place at 240.5.');
  });
});

test('an edited Send lets a failed fan-out finish', async () => {
  expect((await forkpoint('pending', store, 'fan')).out).toMatchObject({ status: 'failed' });
  const shown = (await forkpoint('show', store, 'fan', '--path', '__pregel_tasks')).out as unknown as {
    node: string;
    args: { topic: string };
  }[];
  const broken = shown.findIndex((s) => s.args.topic === 'broken');
  const thread = await committed('fork', store, 'fan', '--set', `__pregel_tasks[${broken}].args.topic="mended"`);
  await withSaver(async (saver) => {
    const values = await fan(saver).invoke(null, at(thread));
    expect(values.found).toContain('mended!');
    expect((await fan(saver).getState(at(thread))).next).toEqual([]);
  });
});

test('a question inside a sub-graph: a clone takes the answer, an edited fork asks anew', async () => {
  const clone = await committed('fork', store, 'nested');
  const edited = await committed('fork', store, 'nested', '--set', 'text="postcard"');
  await withSaver(async (saver) => {
    const done = await nested(saver).invoke(new Command({ resume: 'fine' }), at(clone));
    expect(done.log).toContain('review "fine"');
    await nested(saver).invoke(null, at(edited));
    const state = await nested(saver).getState(at(edited));
    expect(state.tasks[0]?.interrupts[0]?.value).toEqual({ review: 'postcard drafted' });
  });
});

test('export and import: byte-identical rows, and the imported thread carries on', async () => {
  const file = join(folder, `${n}.json`);
  expect((await forkpoint('export', store, 'shop', '-o', file)).code).toBe(0);
  expect((await forkpoint('import', store, file, '--commit')).code).toBe(3);
  const thread = await committed('import', store, file, '--into', 'moved "é" 🐝');
  const db = new Database(store, { readonly: true });
  const cells = (id: string): unknown[] =>
    db
      .prepare(
        'SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata FROM checkpoints WHERE thread_id = ? ORDER BY 1, 2',
      )
      .raw()
      .all(id);
  expect(cells(thread)).toEqual(cells('shop'));
  db.close();
  await withSaver(async (saver) => {
    await shop(saver).invoke(new Command({ resume: 'yes' }), at(thread));
    expect((await shop(saver).getState(at(thread))).next).toEqual([]);
  });
});

test('a thread that was deleted is not listed and begins anew; one that was renamed, or copied, takes its answer', async () => {
  const threads = async (saver: SqliteSaver): Promise<string[]> => {
    const seen = new Set<string>();
    for await (const { config } of saver.list({})) seen.add(String(config.configurable?.['thread_id']));
    return [...seen];
  };
  const pristine = rows(store);
  const before = await withSaver(threads);
  expect((await forkpoint('delete', store, 'nested', '--commit')).code).toBe(0);
  await withSaver(async (saver) => {
    expect((await threads(saver)).toSorted()).toEqual(before.filter((one) => one !== 'nested').toSorted());
    expect((await nested(saver).getState(at('nested'))).next).toEqual([]);
  });
  expect((await forkpoint('undo', store, '--commit')).code).toBe(0);
  expect(rows(store)).toEqual(pristine);

  const renamed = await committed('rename', store, 'nested', '--into', 'umbenannt "é"');
  const copied = await committed('copy', store, 'shop');
  expect(copied).toBe('shop-copy-1');
  await withSaver(async (saver) => {
    expect(await threads(saver)).not.toContain('nested');
    const done = await nested(saver).invoke(new Command({ resume: 'fine' }), at(renamed));
    expect(done.log).toContain('review "fine"');
    await shop(saver).invoke(new Command({ resume: 'yes' }), at(copied));
    expect((await shop(saver).getState(at(copied))).next).toEqual([]);
    expect((await shop(saver).getState(at('shop'))).next).toEqual(['desk']);
  });
});

test('a copy goes into another store of the same library', async () => {
  const other = join(folder, `other-${n}.sqlite`);
  const db = new Database(original, { readonly: true });
  await db.backup(other);
  db.close();
  expect(await committed('copy', store, 'nested', '--to', other, '--into', 'guest')).toBe('guest');
  store = other;
  await withSaver(async (saver) => {
    const done = await nested(saver).invoke(new Command({ resume: 'fine' }), at('guest'));
    expect(done.log).toContain('review "fine"');
  });
});
