// Damaged, foreign and enormous cells in stores that are otherwise whole: the point says what is wrong with it, the others are as before.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { parseKey } from '../../shared/model/key.ts';
import * as shapes from '../../shared/model/shapes.ts';
import { idsOf, jsCell, setCell, sql } from './testing/bad-stores.ts';
import { Product, unchanged } from './testing/product.ts';

let product: Product;
beforeAll(() => {
  product = new Product();
});
afterAll(() => product.close());

let count = 0;
const thread = 'agent-pending';
const copy = (fixture = 'langgraph-js/agent.sqlite'): string => product.place.copy(fixture, `cells-${count++}.sqlite`);
const python = (): string => copy('langgraph-py/py-agent.sqlite');
const at = (id: string): string => `${thread}//${id}`;
const forkOf = (key: string) => ({
  operation: 'fork' as const,
  key,
  edits: [],
  target: { kind: 'thread' as const, thread: null },
  pending: null,
  leave: [],
});
/** A msgpack cell like Python's around one value, and its end. */
function pyCell(value: Buffer): Buffer {
  const text = (t: string): Buffer => Buffer.concat([Buffer.from([0xa0 | t.length]), Buffer.from(t)]);
  return Buffer.concat([
    Buffer.from([0x84]),
    text('v'),
    Buffer.from([4]),
    text('channel_values'),
    Buffer.from([0x82]),
    text('budget'),
    Buffer.from([1]),
    text('deep'),
    value,
    text('channel_versions'),
    Buffer.from([0x80]),
    text('versions_seen'),
    Buffer.from([0x80]),
  ]);
}

/** One cell made unreadable: which point, and what its row must say. */
const spoilt: readonly (readonly [string, () => string, (path: string, id: string) => void, RegExp])[] = [
  ['garbage', copy, (path, id) => setCell(path, id, 'checkpoint', Buffer.from('\u00ff\u00fe{"')), /not valid json/],
  [
    'garbage where msgpack should be',
    python,
    (path, id) => setCell(path, id, 'checkpoint', Buffer.from([0xc1, 0xc1])),
    /not valid msgpack/,
  ],
  [
    'a cell cut short',
    python,
    (path, id) =>
      sql(
        path,
        'UPDATE checkpoints SET checkpoint = substr(checkpoint, 1, length(checkpoint) - 7) WHERE checkpoint_id = ?',
        id,
      ),
    /not valid msgpack/,
  ],
  [
    'something behind the value',
    python,
    (path, id) =>
      sql(path, `UPDATE checkpoints SET checkpoint = CAST(checkpoint || x'c0' AS BLOB) WHERE checkpoint_id = ?`, id),
    /not valid msgpack/,
  ],
  ['NULL', copy, (path, id) => setCell(path, id, 'checkpoint', null), /empty/],
  ['nothing', python, (path, id) => setCell(path, id, 'checkpoint', Buffer.alloc(0)), /empty/],
  ['a number', copy, (path, id) => setCell(path, id, 'checkpoint', 42), /no map but an integer/],
  ['a list', copy, (path, id) => setCell(path, id, 'checkpoint', Buffer.from('[1]')), /no map but a list/],
  ['a type that nobody knows', copy, (path, id) => setCell(path, id, 'type', 'yaml'), /`yaml` is not known/],
  ['no type', copy, (path, id) => setCell(path, id, 'type', null), /no type/],
  ['a pickle', python, (path, id) => setCell(path, id, 'type', 'pickle'), /pickle/],
  [
    'text of a bomb for parsers',
    copy,
    (path, id) => setCell(path, id, 'checkpoint', Buffer.from('['.repeat(100_000))),
    /not valid json/,
  ],
];

describe.each([
  ['the head', -1],
  ['a point in the middle', 2],
])('%s', (_, which) => {
  test.each(spoilt)('%s', async (_name, make, spoil, says) => {
    const path = make();
    const ids = idsOf(path, thread);
    const id = ids.at(which) ?? '';
    const others = ids.filter((other) => other !== id);
    const sound = await statesOf(path, others);
    spoil(path, id);

    const store = await product.open(path);
    await unchanged(path, async () => {
      // The list and the lineage stand, and the point says what is wrong.
      const { rows: threads } = await product.threads(store);
      expect(threads.map((t) => t.thread)).toEqual(expect.arrayContaining(['agent-pending', 'agent-resumed']));
      const listed = threads.find((t) => t.thread === thread)?.detail;
      expect(listed?.refused === null).toBe(which !== -1);
      const rows = await product.rows(store, thread);
      expect(rows.map((r) => r.checkpoint.id)).toEqual(ids);
      const row = rows.find((r) => r.checkpoint.id === id);
      expect(row?.checkpoint).toMatchObject({ status: 'unknown', note: expect.stringMatching(says) as unknown });
      const about = await product.call('state.about', { store, key: at(id), applied: false });
      expect(about.notes.join(' ')).toMatch(says);
      const pending = await product.call('pending.get', { store, key: at(id) });
      expect([pending.resumable, pending.reason]).toEqual([false, expect.stringMatching(says)]);
      expect((await product.call('raw.get', { store, key: at(id) })).map((r) => r.where)).toContain(
        'checkpoints.checkpoint',
      );

      // It cannot be forked nor edited, the others can.
      expect((await product.refused('unable', 'operation.plan', { store, args: forkOf(at(id)) })).message).toMatch(
        says,
      );
      const edits = [{ op: 'set' as const, path: 'budget', value: '1' }];
      const check = await product.call('edit.check', { store, key: at(id), edits });
      expect(check.error?.message).toMatch(/./);
      for (const other of others) {
        const planned = await product.call('operation.plan', { store, args: forkOf(at(other)) });
        expect(planned.plan.counts.insert).toBeGreaterThan(0);
      }

      // The terminal says the same.
      expect((await product.terminal('threads', path)).code).toBe(0);
      expect((await product.terminal('log', path, thread)).code).toBe(0);
      const shown = await product.json(shapes.CheckpointDetail, 'show', path, thread, at(id), '--json');
      expect(shown.note).toMatch(says);
      expect((await product.terminal('show', path, thread, at(id))).out).toMatch(says);
      expect((await product.refusedInTerminal('unable', 'fork', path, thread, at(id), '--commit')).message).toMatch(
        says,
      );
      expect(await statesOf(path, others)).toEqual(sound);
    });

    // A sound point of the damaged thread is forked, and all of it arrives.
    const from = others.at(-1) ?? '';
    const done = await product.json(shapes.Plan, 'fork', path, thread, at(from), '--commit', '--json');
    expect(parseKey(done.target?.checkpoint ?? '')?.thread).toBe(`${thread}-fork-1`);
    await product.call('stores.close', { store });
  });
});

async function statesOf(path: string, ids: readonly string[]): Promise<unknown[]> {
  const states: unknown[] = [];
  for (const id of ids) {
    const { state, metadata } = await product.json(shapes.CheckpointDetail, 'show', path, thread, at(id), '--json');
    states.push([state, metadata]);
  }
  return states;
}

describe('metadata', () => {
  test.each([
    ['garbage', Buffer.from([0xff, 0, 0xfe])],
    ['NULL', null],
    ['a list', Buffer.from('[1]')],
    ['text cut short', '{"source":"loop","step'],
    ['a number', 1.5],
  ])('%s: the state is read, a copy is refused because the framework would fail on it', async (_, value) => {
    const path = copy();
    const ids = idsOf(path, thread);
    const id = ids.at(-1) ?? '';
    setCell(path, id, 'metadata', value);
    const store = await product.open(path);
    await unchanged(path, async () => {
      const rows = await product.rows(store, thread);
      expect(rows.map((r) => r.checkpoint.id)).toEqual(ids);
      expect(rows.at(-1)?.checkpoint).toMatchObject({ source: null, status: 'interrupted' });
      const shown = await product.json(shapes.CheckpointDetail, 'show', path, thread, '--json');
      expect(shown.metadata).toBeNull();
      expect(shown.state).not.toBeNull();
      const error = await product.refusedInTerminal('unable', 'fork', path, thread, '--commit');
      expect(error.message).toMatch(/metadata/);
      await product.call('operation.plan', { store, args: forkOf(at(ids.at(-2) ?? '')) });
    });
    await product.call('stores.close', { store });
  });

  test('of the wrong shapes inside', async () => {
    const path = copy();
    const id = idsOf(path, thread).at(-1) ?? '';
    setCell(path, id, 'metadata', '{"step":"x","source":7,"parents":[1],"writes":{"a":[]},"__proto__":{"polluted":1}}');
    setCell(
      path,
      id,
      'checkpoint',
      Buffer.from(
        '{"v":4,"channel_values":[1],"channel_versions":"x","versions_seen":[[]],"__proto__":{"polluted":1}}',
      ),
    );
    await unchanged(path, async () => {
      const shown = await product.json(shapes.CheckpointDetail, 'show', path, thread, '--json');
      expect(shown).toMatchObject({ status: 'unknown', note: expect.stringMatching(/damaged/) as unknown });
      await product.refusedInTerminal('unable', 'fork', path, thread);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });
  });
});

describe('writes', () => {
  test.each([
    ['garbage (JavaScript)', copy, `UPDATE writes SET value = x'ff00fe7b22'`],
    ['garbage (Python)', python, `UPDATE writes SET value = x'c1ff00'`],
    ['cut short', python, 'UPDATE writes SET value = substr(value, 1, length(value) - 1)'],
    ['NULL', copy, 'UPDATE writes SET value = NULL'],
  ])('%s: everything is listed, the pending work says so, a fork without it goes', async (_, make, spoil) => {
    const path = make();
    sql(path, spoil);
    const ids = idsOf(path, thread);
    const store = await product.open(path);
    const key = at(ids.at(-1) ?? '');
    await unchanged(path, async () => {
      const { rows } = await product.threads(store);
      expect(rows.map((r) => r.detail?.status)).toEqual(['interrupted', 'terminal']);
      expect((await product.rows(store, thread)).map((r) => r.checkpoint.id)).toEqual(ids);
      const pending = await product.call('pending.get', { store, key });
      expect(pending).toMatchObject({
        status: 'interrupted',
        resumable: false,
        reason: expect.stringMatching(/`__interrupt__` is damaged/) as unknown,
      });
      for (const id of ids) {
        const about = await product.call('state.about', { store, key: at(id), applied: true });
        expect(about.bytes).toBeGreaterThan(0);
      }
      for (const command of ['show', 'pending', 'log']) {
        expect((await product.terminal(command, path, thread)).err).toBe('');
      }
      const error = await product.refusedInTerminal('unable', 'fork', path, thread, '--commit');
      expect(error).toMatchObject({
        message: expect.stringMatching(/is damaged/) as unknown,
        hint: expect.stringMatching(/--pending drop/) as unknown,
      });
    });
    const plan = await product.json(shapes.Plan, 'fork', path, thread, '--pending', 'drop', '--commit', '--json');
    expect(plan.committed).toBe(true);
    await product.call('stores.close', { store });
  });
});

test('TEXT where BLOB is expected is read, and forked as TEXT', async () => {
  const path = copy();
  const before = await statesOf(path, idsOf(path, thread));
  sql(path, 'UPDATE checkpoints SET checkpoint = CAST(checkpoint AS TEXT), metadata = CAST(metadata AS TEXT)');
  sql(path, 'UPDATE writes SET value = CAST(value AS TEXT)');
  expect(await statesOf(path, idsOf(path, thread))).toEqual(before);
  await product.json(shapes.Plan, 'fork', path, thread, '--set', 'budget=9', '--commit', '--json');
  const raw = await product.json(
    z.array(z.object({ where: z.string(), storage: z.string() })),
    'show',
    path,
    `${thread}-fork-1`,
    '--raw',
    '--json',
  );
  expect(raw).toContainEqual(expect.objectContaining({ where: 'checkpoints.checkpoint', storage: 'text' }));
  await product.json(shapes.Plan, 'undo', path, '--commit', '--json');
});

describe('10,000 levels deep', () => {
  test.each([
    ['JSON', copy, jsCell(`{"budget":1,"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)],
    ['msgpack', python, pyCell(Buffer.concat([Buffer.alloc(10_000, 0x91), Buffer.from([0xc0])]))],
  ])('%s: looked at, compared, edited and forked', async (_, make, cell) => {
    const path = make();
    const ids = idsOf(path, thread);
    const id = ids.at(-1) ?? '';
    setCell(path, id, 'checkpoint', cell);
    const store = await product.open(path);
    await unchanged(path, async () => {
      const where = { store, key: at(id), applied: false };
      // The deepest value: `deep` and then 9,999 times the first item.
      const path_ = [1, ...Array.from({ length: 9_999 }, () => 0)];
      const deepest = await product.call('state.children', { ...where, path: path_, from: 0, count: 10 });
      expect([deepest.node?.kind, deepest.total]).toEqual(['list', _ === 'JSON' ? 0 : 1]);
      expect((await product.call('state.about', where)).shares[0]?.member).toBe('deep');
      expect((await product.call('state.find', { ...where, text: 'nothing', limit: 5 })).places).toEqual([]);
      const diff = await product.call('diff.get', { store, before: null, after: at(id), from: 0, count: 50 });
      expect(diff.rows.map((r) => r.channel)).toContain('deep');
      for (const command of ['show', 'log', 'export', 'pending']) {
        expect((await product.terminal(command, path, thread)).code).toBe(0);
      }
      expect((await product.terminal('diff', path, thread, 'head')).code).toBe(0);
    });
    const plan = await product.json(shapes.Plan, 'fork', path, thread, '--set', 'budget=2', '--commit', '--json');
    expect(plan.committed).toBe(true);
    await product.call('stores.close', { store });
  });
});

describe('a cell of 200 MB', () => {
  const items = 2_000;
  const each = 100_000;

  test('is listed, and its state looked at in windows, in bounded memory', async () => {
    const path = copy();
    const texts = Array.from({ length: items }, (_, i) => `"${String(i).padStart(each, 'x')}"`);
    setCell(path, idsOf(path, thread).at(-1) ?? '', 'checkpoint', jsCell(`{"budget":1,"list":[${texts.join(',')}]}`));
    const script = fileURLToPath(new URL('./testing/large-cell-child.ts', import.meta.url));
    const seen = await unchanged(path, () => {
      const child = spawnSync(process.execPath, [script, path, product.place.dataFolder], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      expect([child.status, child.stderr]).toEqual([0, '']);
      return Promise.resolve(z.parse(Seen, JSON.parse(child.stdout)));
    });
    expect(seen.list).toMatchObject({ complete: true, total: 2, statusCounts: { terminal: 2 } });
    expect(seen.root).toMatchObject({ total: 2 });
    expect(seen.middle.total).toBe(items);
    expect(seen.middle.children).toHaveLength(20);
    expect(seen.text.text).toMatch(/^x{6}1999$/);
    // The cell itself, SQLite's own copy of it while it is handed over, and one that was not collected yet.
    expect((seen.maxRSS - seen.before) * 1024).toBeLessThan(4 * items * each);
  });
});

const Seen = z.object({
  list: z.unknown(),
  root: z.unknown(),
  middle: z.object({ total: z.number(), children: z.array(z.unknown()) }),
  text: z.object({ text: z.string() }),
  before: z.number(),
  maxRSS: z.number(),
});
