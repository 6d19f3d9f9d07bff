// Ids and parents that no framework would write, and thread ids that look like something else: data, never a command, a path or markup.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { parseKey } from '../../shared/model/key.ts';
import * as shapes from '../../shared/model/shapes.ts';
import { addPoints, idsOf, setCell, sql } from './testing/bad-stores.ts';
import { Product, unchanged } from './testing/product.ts';

let product: Product;
beforeAll(() => {
  product = new Product();
});
afterAll(() => product.close());

let count = 0;
const copy = (): string => product.place.copy('langgraph-js/agent.sqlite', `names-${count++}.sqlite`);

describe('thread ids', () => {
  const ids = {
    nothing: '',
    'a space': ' ',
    emoji: '🧵👩‍👩‍👧‍👦',
    '10 kB': 'long-'.repeat(2_000),
    SQL: `x'; DROP TABLE checkpoints; --`,
    HTML: '<img src=x onerror=alert(1)>',
    'a line feed': 'two\nlines',
    'a terminal escape': '\u001b[2J\u001b]0;owned\u0007',
    'a right-to-left override': 'abc\u202egpj.exe',
    'an option': '--help',
    'a dash': '-',
    'two dashes': '--',
    'a path': 'a/b%',
    'a path upwards': '../../etc/passwd',
    'what keys escape': 'a%2Fb#1',
    'a key of another': 'agent-pending//x',
    quotes: `"'\`\\`,
    prototype: '__proto__',
  };
  let path: string;
  let store: string;
  beforeAll(async () => {
    path = copy();
    for (const id of Object.values(ids)) {
      sql(
        path,
        `INSERT INTO checkpoints SELECT ?, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata FROM checkpoints WHERE thread_id = 'agent-pending'`,
        id,
      );
    }
    store = await product.open(path);
  });

  test('are all listed, each once, as data', async () => {
    await unchanged(path, async () => {
      const { rows } = await product.threads(store);
      expect(rows.map((r) => r.thread).sort()).toEqual(
        [...Object.values(ids), 'agent-pending', 'agent-resumed'].sort(),
      );
      const listed = await product.json(z.array(shapes.Thread), 'threads', path, '--json');
      expect(listed.map((t) => t.thread).sort()).toEqual(rows.map((r) => r.thread).sort());
      const { out } = await product.terminal('threads', path);
      // eslint-disable-next-line no-control-regex -- what a terminal would obey
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
      expect(out.split('\n').length).toBe(listed.length + 2);
    });
  });

  test.each(Object.entries(ids))('%s: read, forked, taken back, exported', async (_, id) => {
    const named = ['--thread-json', JSON.stringify(id)];
    await unchanged(path, async () => {
      const shown = await product.json(shapes.CheckpointDetail, 'show', path, ...named, '--json');
      expect(shown.thread).toBe(id);
      expect(parseKey(shown.key)).toMatchObject({ thread: id, nth: 0 });
      const rows = await product.rows(store, id);
      expect(rows).toHaveLength(5);
      for (const { checkpoint } of rows) expect(parseKey(checkpoint.key)?.thread).toBe(id);
      expect(rows.at(-1)?.checkpoint.key).toBe(shown.key);
      for (const command of ['log', 'show', 'pending']) {
        const ran = await product.terminal(command, path, ...named);
        expect(ran.code).toBe(0);
        // eslint-disable-next-line no-control-regex -- what a terminal would obey
        expect(ran.out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
      }
      const diff = await product.call('diff.get', { store, before: null, after: shown.key, from: 0, count: 10 });
      expect(diff.rows.length).toBeGreaterThan(0);
    });
    const done = await product.json(shapes.Plan, 'fork', path, ...named, '--commit', '--json');
    expect(done.target?.thread).toBe(`${id}-fork-1`);
    expect((await product.rows(store, `${id}-fork-1`)).length).toBe(5);
    await product.json(shapes.Plan, 'undo', path, '--commit', '--json');

    const exported = await product.terminal('export', path, ...named);
    const document = join(product.place.folder, 'document.json');
    writeFileSync(document, Buffer.from(exported.out, 'latin1'));
    await product.refusedInTerminal('exists', 'import', path, document, '--commit');
    const into = `imported ${id}`;
    await product.json(shapes.Plan, 'import', path, document, `--into=${into}`, '--commit', '--json');
    await product.json(shapes.Plan, 'undo', path, '--commit', '--json');
  });

  test('behind `--` they need no quoting as JSON', async () => {
    for (const id of ['--help', '-', 'a/b%', '']) {
      const shown = await product.terminal('show', path, '--json', '--', id);
      expect(shown.code).toBe(0);
      expect(z.parse(shapes.CheckpointDetail, JSON.parse(shown.out)).thread).toBe(id);
    }
  });

  test('new ones are taken as they are, too', async () => {
    const target = copy();
    for (const id of Object.values(ids)) {
      const plan = await product.json(
        shapes.Plan,
        ...(['fork', target, 'agent-pending', `--into=${id}`, '--commit', '--json'] as const),
      );
      expect(plan.target?.thread).toBe(id);
    }
    const listed = await product.json(z.array(shapes.Thread), 'threads', target, '--json');
    expect(listed).toHaveLength(Object.keys(ids).length + 2);
  });

  test('with a NUL are found by their whole name or not at all', async () => {
    const path = copy();
    sql(path, `UPDATE checkpoints SET thread_id = 'a' || char(0) || 'b' WHERE thread_id = 'agent-pending'`);
    sql(path, `UPDATE checkpoints SET thread_id = 'a' WHERE thread_id = 'agent-resumed'`);
    const opened = await product.open(path);
    await unchanged(path, async () => {
      const { rows } = await product.threads(opened);
      expect(rows.map((r) => [r.thread, r.checkpoints])).toEqual([
        ['a\u0000b', 5],
        ['a', 7],
      ]);
      expect(await product.rows(opened, 'a\u0000b')).toHaveLength(5);
      expect(await product.rows(opened, 'a')).toHaveLength(7);
      const shown = await product.json(
        shapes.CheckpointDetail,
        ...(['show', path, '--thread-json', String.raw`"a\u0000b"`, '--json'] as const),
      );
      expect(shown.thread).toBe('a\u0000b');
      await product.refusedInTerminal('not_found', 'show', path, 'b');
    });
  });

  test('of a folder store that its framework would not make are refused before anything is written', async () => {
    const folder = product.place.copy('tinyagents/v211-file-linear/store', `folder-${count++}`);
    await unchanged(folder, async () => {
      for (const id of ['', '../up', 'x'.repeat(300), 'a\u0000b'.repeat(100)]) {
        const ran = await product.terminal('fork', folder, 'linear-1', `--into=${id}`, '--json');
        // Either the framework's own escape holds it, or it is refused in a sentence.
        if (ran.code !== 0) expect(ran.err).toMatch(/^forkpoint: [A-Z][^\n]*\n$/);
      }
    });
  });
});

describe('parents', () => {
  const thread = 'agent-pending';
  test.each([
    [
      'a self-parent',
      (path: string, ids: string[]) => setCell(path, ids[2] ?? '', 'parent_checkpoint_id', ids[2] ?? ''),
    ],
    [
      'a circle of all',
      (path: string, ids: string[]) => setCell(path, ids[0] ?? '', 'parent_checkpoint_id', ids.at(-1) ?? ''),
    ],
    [
      'a circle of two beside the rest',
      (path: string, ids: string[]) => {
        setCell(path, ids[1] ?? '', 'parent_checkpoint_id', ids[2] ?? '');
        setCell(path, ids[2] ?? '', 'parent_checkpoint_id', ids[1] ?? '');
      },
    ],
    [
      'one that is missing',
      (path: string, ids: string[]) => setCell(path, ids[2] ?? '', 'parent_checkpoint_id', 'gone'),
    ],
    ['an empty id', (path: string, ids: string[]) => setCell(path, ids[2] ?? '', 'parent_checkpoint_id', '')],
  ])('%s: every point is shown once, the broken link says why, a fork ends there', async (name, spoil) => {
    const path = copy();
    const ids = idsOf(path, thread);
    spoil(path, ids);
    const store = await product.open(path);
    await unchanged(path, async () => {
      const rows = await product.rows(store, thread);
      expect(rows.map((r) => r.checkpoint.id).sort()).toEqual(ids);
      const lineage = await product.lineage(store, thread);
      lineage.parent.forEach((parent, i) => expect(parent).toBeLessThan(i));
      const broken = rows.filter((r) => r.checkpoint.missingParent !== null).map((r) => r.checkpoint);
      expect(broken).toHaveLength(1);
      const circle = name.includes('circle') || name.includes('self');
      expect(broken[0]?.parentReason).toEqual(circle ? expect.stringMatching(/circle/) : null);
      expect((await product.terminal('log', path, thread)).out).toMatch(circle ? /is in a circle/ : /is missing/);
      for (const { checkpoint } of rows) {
        expect((await product.terminal('show', path, thread, checkpoint.key)).code).toBe(0);
        expect((await product.terminal('diff', path, thread, checkpoint.key)).code).toBe(0);
      }
      expect((await product.terminal('show', path, thread, 'head~3')).err).not.toMatch(/wrong inside/);
      await product.refusedInTerminal('not_found', 'show', path, thread, 'head~9');
    });
    const plan = await product.json(shapes.Plan, 'fork', path, thread, '--commit', '--json');
    expect(plan.counts.insert).toBeGreaterThan(0);
    await product.json(shapes.Plan, 'undo', path, '--commit', '--json');
    await product.call('stores.close', { store });
  });

  test('50,000 points with odd ones among them: one lineage, in order, and a fork of its end', async () => {
    const path = copy();
    const id = (i: number): string => `p-${String(i).padStart(6, '0')}`;
    addPoints(path, 'long', 50_000, id, (i) => {
      if (i === 0) return null;
      // A fork, a dangling one, a self-parent and a circle, again and again.
      if (i % 1_000 === 10) return id(i - 500 < 0 ? 0 : i - 500);
      if (i % 1_000 === 20) return `missing-${i}`;
      if (i % 1_000 === 30) return id(i);
      if (i % 1_000 === 40) return id(i + 1);
      return id(i - 1);
    });
    const store = await product.open(path);
    const lineage = await product.lineage(store, 'long');
    expect(lineage.count).toBe(50_000);
    let inOrder = true;
    lineage.parent.forEach((parent, i) => (inOrder &&= parent < i));
    expect(inOrder).toBe(true);
    const window = await product.call('checkpoints.get', {
      store,
      thread: 'long',
      indices: [0, 25_000, 49_999],
      summaries: true,
    });
    expect(window.map((r) => r.index)).toEqual([0, 25_000, 49_999]);
    const plan = await product.json(shapes.Plan, 'fork', path, 'long', '--json');
    // From the last dangling or circular parent on.
    expect(plan.changes.filter((c) => c.where.includes('checkpoints')).length).toBeLessThan(1_000);
    await product.call('stores.close', { store });
  });
});

describe('checkpoint ids that are no UUIDs', () => {
  const odd = [
    '',
    '0',
    'ünïcode-🧵',
    '../../x',
    `'; DROP TABLE writes; --`,
    '<b>',
    'a\nb',
    'x'.repeat(10_000),
    '#1',
    'head',
    'head~1',
  ];

  test('are shown under their own names, and forked into a new thread', async () => {
    const path = copy();
    odd.forEach((id, i) =>
      addPoints(
        path,
        'odd',
        1,
        () => id,
        () => (i === 0 ? null : (odd[i - 1] ?? null)),
      ),
    );
    const store = await product.open(path);
    const keys = await unchanged(path, async () => {
      expect((await product.threads(store)).rows.map((r) => r.thread)).toContain('odd');
      const rows = await product.rows(store, 'odd');
      expect(rows.map((r) => r.checkpoint.id)).toEqual(odd);
      for (const { checkpoint } of rows) {
        expect(checkpoint.time).toBeNull();
        const shown = await product.json(shapes.CheckpointDetail, 'show', path, 'odd', checkpoint.key, '--json');
        expect(shown.id).toBe(checkpoint.id);
      }
      return rows.map((r) => r.checkpoint.key);
    });
    for (const key of keys) {
      const plan = await product.json(shapes.Plan, 'fork', path, 'odd', key, '--commit', '--json');
      expect(plan.counts.insert).toBe(keys.indexOf(key) + 1);
      await product.json(shapes.Plan, 'undo', path, '--commit', '--json');
    }
    // An id that must sort above them is drawn, or it is said that there is none.
    for (const args of [
      ['fork', '--in-place'],
      ['edit', '--set', 'budget=2'],
    ]) {
      const [command = '', ...more] = args;
      const ran = await product.terminal(command, path, 'odd', ...more, '--commit');
      if (ran.code !== 0) expect(ran.err).toMatch(/no id that LangGraph accepts sorts after it/);
    }
    await product.call('stores.close', { store });
  });
});
