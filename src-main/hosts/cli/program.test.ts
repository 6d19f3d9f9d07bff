// The terminal contract: every command's output fits its schema, exit codes and sentences are as documented.

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { ErrorShape } from '../../../shared/model/errors.ts';
import * as shapes from '../../../shared/model/shapes.ts';
import { runForkpoint, type Ran } from './testing/run.ts';

const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'forkpoint-cli-'));
const stores: Readonly<Record<string, { path: string; thread: string; from: string; edit: string }>> = {
  'langgraph-js': {
    path: join(folder, 'js.sqlite'),
    thread: 'agent-pending',
    from: 'langgraph-js/agent.sqlite',
    edit: 'budget=7',
  },
  'langgraph-py': {
    path: join(folder, 'py.sqlite'),
    thread: 'agent-pending',
    from: 'langgraph-py/py-agent.sqlite',
    edit: 'budget=7',
  },
  'tinyagents-files': {
    path: join(folder, 'ta'),
    thread: 'paused',
    from: 'tinyagents/v210-file-review/store',
    edit: 'topic="edited"',
  },
  'tinyagents-sqlite': {
    path: join(folder, 'ta.db'),
    thread: 'main',
    from: 'tinyagents/v211-sqlite-branches/store.db',
    edit: 'topic="edited"',
  },
};

beforeAll(() => {
  process.env['FORKPOINT_DATA'] = join(folder, 'data');
  for (const { path, from } of Object.values(stores)) cpSync(join(fixtures, from), path, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<Ran> => runForkpoint(args);
async function json(...args: string[]): Promise<unknown> {
  const { code, out, err } = await run(...args, '--json');
  expect(err).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out);
}

test('formats: every capability is a command that exists, or live', async () => {
  const formats = z.parse(z.array(shapes.FormatInfo), await json('formats'));
  expect(formats.length).toBeGreaterThanOrEqual(3);
  const help = (await run('--help')).out;
  for (const f of formats)
    for (const c of f.capabilities) if (c !== 'live') expect(help).toMatch(new RegExp(`^  ${c}\\b`, 'm'));
});

describe.each(Object.entries(stores))('%s', (_, { path, thread, edit }) => {
  test('the reading commands fit their schemas', async () => {
    z.parse(shapes.StoreInfo, await json('info', path));
    const threads = z.parse(z.array(shapes.Thread), await json('threads', path));
    expect(threads.map((t) => t.thread)).toContain(thread);
    const log = z.parse(z.array(shapes.Checkpoint), await json('log', path, thread, '--all-namespaces'));
    expect(new Set(log.map((c) => c.key)).size).toBe(log.length);
    log.forEach((c, i) => {
      if (c.parent !== null) expect(log.findIndex((p) => p.key === c.parent)).toBeLessThan(i);
    });
    const detail = z.parse(shapes.CheckpointDetail, await json('show', path, thread));
    for (const c of log)
      expect(z.parse(shapes.CheckpointDetail, await json('show', path, thread, c.key)).key).toBe(c.key);
    z.parse(shapes.Pending, await json('pending', path, thread));
    z.parse(shapes.Diff, await json('diff', path, thread, 'head'));
    z.parse(shapes.Diff, await json('diff', path, thread, log[0]?.key ?? '', 'head'));
    z.parse(z.array(shapes.Operation), await json('operations', path));
    expect(z.parse(shapes.CheckpointDetail, await json('show', path, thread, detail.id)).id).toBe(detail.id);
    expect(z.parse(shapes.CheckpointDetail, await json('show', path, thread, detail.id.slice(-10))).id).toBe(detail.id);
    if (detail.parent !== null)
      expect(z.parse(shapes.CheckpointDetail, await json('show', path, thread, 'head~1')).key).toBe(detail.parent);
    for (const text of [
      ['threads', path],
      ['log', path, thread],
      ['show', path, thread],
      ['pending', path, thread],
      ['diff', path, thread, 'head'],
      ['info', path],
    ]) {
      const { code, out } = await run(...text);
      expect(code).toBe(0);
      expect(out.length).toBeGreaterThan(10);
    }
  });

  test('fork, operations, undo, export and import', async () => {
    const plan = z.parse(shapes.Plan, await json('fork', path, thread, '--set', edit));
    expect(plan).toMatchObject({ committed: false, operationId: null, target: { checkpoint: null } });
    expect(plan.changes.every((c) => c.change !== 'insert' || c.key === null)).toBe(true);
    const again = z.parse(shapes.Plan, await json('fork', path, thread, '--set', edit));
    expect(again.planId).toBe(plan.planId);
    const done = z.parse(
      shapes.Plan,
      await json('fork', path, thread, '--set', edit, '--commit', '--expect', plan.planId),
    );
    expect(done.committed).toBe(true);
    const target = done.target?.thread ?? '';
    expect(done.target?.checkpoint).toMatch(/./);
    expect(z.parse(shapes.CheckpointDetail, await json('show', path, target)).key).toBe(done.target?.checkpoint);
    const stale = await run('fork', path, thread, '--set', edit, '--commit', '--expect', plan.planId, '--json');
    expect(stale.code).toBe(3);
    expect(z.parse(z.object({ error: ErrorShape }), JSON.parse(stale.out)).error.code).toBe('moved');
    const operations = z.parse(z.array(shapes.Operation), await json('operations', path));
    expect(operations[0]).toMatchObject({ operationId: done.operationId, undone: false, undoable: true });
    expect(z.parse(shapes.Plan, await json('undo', path, '--commit')).committed).toBe(true);
    expect((await run('show', path, target)).code).toBe(1);

    const file = join(folder, 'thread.json');
    await json('export', path, thread, '-o', file);
    expect((await run('import', path, file, '--json')).code).toBe(3);
    z.parse(shapes.Plan, await json('import', path, file, '--into', 'imported', '--commit'));
    const a = z.parse(shapes.CheckpointDetail, await json('show', path, thread));
    const b = z.parse(shapes.CheckpointDetail, await json('show', path, 'imported'));
    expect(b.state).toEqual(a.state);
  });
});

test('copy into the other backend, rename, delete; each is undone in the store that it wrote to', async () => {
  const from = stores['tinyagents-files']?.path ?? '';
  const to = stores['tinyagents-sqlite']?.path ?? '';
  const threads = async (path: string): Promise<string[]> =>
    z.parse(z.array(shapes.Thread), await json('threads', path)).map((t) => t.thread);
  const before = [await threads(from), await threads(to)];
  const copied = z.parse(shapes.Plan, await json('copy', from, 'paused', '--to', to, '--commit'));
  expect(copied).toMatchObject({ operation: 'copy', thread: 'paused', target: { thread: 'paused' } });
  expect(await threads(to)).toContain('paused');
  const plan = z.parse(shapes.Plan, await json('rename', to, 'paused', '--into', 'moved'));
  await json('rename', to, 'paused', '--into', 'moved', '--commit', '--expect', plan.planId);
  await json('delete', to, '--thread-json', '"moved"', '--commit');
  expect([await threads(from), await threads(to)]).toEqual(before);
  const log = z.parse(z.array(shapes.Operation), await json('operations', to));
  expect(log.slice(0, 3).map((o) => [o.operation, o.undoable])).toEqual([
    ['delete', true],
    ['rename', false],
    ['copy', false],
  ]);
  for (const { operationId } of log.slice(0, 3)) await json('undo', to, operationId, '--commit');
  expect(await threads(to)).toEqual(before[1]);
});

describe('wrong use and bad input', () => {
  const js = (): string => stores['langgraph-js']?.path ?? '';
  const cases: readonly [string, () => string[], number, string][] = [
    ['an unknown option', () => ['threads', js(), '--frobnicate'], 2, 'usage'],
    ['a missing argument', () => ['log', js()], 2, 'usage'],
    ['a surplus argument', () => ['threads', js(), 'x'], 2, 'usage'],
    ['a status that is none', () => ['threads', js(), '--status', 'sleepy'], 2, 'usage'],
    ['a limit that is no number', () => ['threads', js(), '--limit', 'many'], 2, 'usage'],
    ['an unknown thread', () => ['show', js(), 'nobody'], 1, 'not_found'],
    ['an unknown checkpoint', () => ['show', js(), 'agent-pending', 'zzzzzzzz'], 1, 'not_found'],
    ['an unknown path', () => ['show', js(), 'agent-pending', '--path', 'nothing.here'], 1, 'not_found'],
    ['an ambiguous prefix', () => ['show', js(), 'agent-pending', '1f1e58'], 2, 'usage'],
    ['a store that is not there', () => ['threads', join(folder, 'missing.sqlite')], 1, 'not_found'],
    ['a text file', () => ['threads', join(folder, 'note.txt')], 1, 'not_a_store'],
    ['an edit without =', () => ['fork', js(), 'agent-pending', '--set', 'budget'], 2, 'usage'],
    ['a bare word as a value', () => ['fork', js(), 'agent-pending', '--set', 'budget=lots'], 2, 'bad_value'],
    ['a malformed tag', () => ['fork', js(), 'agent-pending', '--set', 'budget={"$bytes":5}'], 2, 'bad_value'],
    ['a path that is missing', () => ['fork', js(), 'agent-pending', '--set', 'a.b.c=1'], 2, 'bad_value'],
    ['edit without edits', () => ['edit', js(), 'agent-pending'], 2, 'usage'],
    ['fork both ways', () => ['fork', js(), 'agent-pending', '--into', 'x', '--in-place'], 2, 'usage'],
    ['fork into an existing thread', () => ['fork', js(), 'agent-pending', '--into', 'agent-resumed'], 3, 'exists'],
    ['rename without a new id', () => ['rename', js(), 'agent-pending'], 2, 'usage'],
    ['rename to an existing thread', () => ['rename', js(), 'agent-pending', '--into', 'agent-resumed'], 3, 'exists'],
    ['delete an unknown thread', () => ['delete', js(), 'nobody'], 1, 'not_found'],
    ['delete with an option of a later release', () => ['delete', js(), 'agent-pending', '--run', 'x'], 2, 'usage'],
    [
      'copy to another dialect',
      () => ['copy', js(), 'agent-pending', '--to', stores['langgraph-py']?.path ?? ''],
      3,
      'unable',
    ],
    ['copy to nowhere', () => ['copy', js(), 'agent-pending', '--to', join(folder, 'missing.sqlite')], 1, 'not_found'],
    ['--expect without --commit', () => ['fork', js(), 'agent-pending', '--expect', 'x'], 2, 'usage'],
    ['nothing to undo of that name', () => ['undo', js(), 'nope'], 1, 'not_found'],
    ['a document that is none', () => ['import', js(), join(folder, 'note.txt')], 2, 'bad_value'],
    ['an unknown namespace', () => ['log', js(), 'agent-pending', '--namespace', 'child:1'], 1, 'not_found'],
  ];
  beforeAll(() => writeFileSync(join(folder, 'note.txt'), 'dear diary'));
  test.each(cases)('%s', async (_, args, code, error) => {
    const seen = await run(...args(), '--json');
    expect(seen).toMatchObject({ code });
    const shape = z.parse(z.object({ error: ErrorShape }), JSON.parse(seen.out)).error;
    expect(shape.code).toBe(error);
    expect(seen.err).toMatch(/^forkpoint: [^\n]+[^\s]\n$/);
    expect(seen.err.trim().split('\n')).toHaveLength(1);
  });

  test('ids that look like options stand behind --', async () => {
    const { path } = stores['langgraph-js'] ?? { path: '' };
    await json('fork', path, 'agent-pending', '--into=--help', '--commit');
    const { code, out } = await run('show', path, '--json', '--', '--help');
    expect(code).toBe(0);
    expect(z.parse(shapes.CheckpointDetail, JSON.parse(out)).thread).toBe('--help');
    const named = await run('show', path, '--json', '--thread-json', String.raw`"--help"`);
    expect(named.code).toBe(0);
  });
});
