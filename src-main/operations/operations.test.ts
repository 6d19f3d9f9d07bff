// Operations over genuine stores of both backends: what is planned is what is done, and what is done can be taken back.

import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commitStages } from '../stores/backend.ts';
import type { OperationAsk } from './operations.ts';
import { Operations } from './operations.ts';
import type { Workplace } from './testing/genuine-store.ts';
import { countingDraw, filesOf, firstThread, headOf, told, workplace } from './testing/genuine-store.ts';

const stores: readonly (readonly [name: string, fixture: string, file: string])[] = [
  ['LangGraph in SQLite', 'langgraph-py/py-agent.sqlite', 'agent.sqlite'],
  ['LangGraph.js in SQLite', 'langgraph-js/agent.sqlite', 'agent-js.sqlite'],
  ['tinyagents in SQLite', 'tinyagents/v211-sqlite-linear/store.db', 'store.db'],
  ['tinyagents in files', 'tinyagents/v211-file-linear/store', 'store'],
];

let place: Workplace;
let operations: Operations;
beforeEach(() => {
  place = workplace();
  operations = new Operations({ dataFolder: place.dataFolder, draw: countingDraw() });
});
afterEach(() => place.done());

function forkOf(key: OperationAsk & { operation: 'fork' } extends { key: infer K } ? K : never): OperationAsk {
  return { operation: 'fork', key, edits: [], target: { kind: 'thread', thread: null }, pending: null, leave: [] };
}

describe.each(stores)('%s', (_, fixture, file) => {
  it('plans without writing, twice the same plan', () => {
    const path = place.copy(fixture, file);
    const store = place.open(path);
    const thread = firstThread(store);
    const before = filesOf(path);
    const ask = forkOf(headOf(store, thread));
    const a = operations.plan(store, ask);
    const b = operations.plan(store, ask);
    expect(a.plan.planId).toBe(b.plan.planId);
    expect(a.plan).toMatchObject({ operation: 'fork', thread, committed: false, operationId: null });
    expect(a.plan.target).toEqual({ thread: `${thread}-fork-1`, checkpoint: null });
    expect(a.plan.counts.insert).toBe(a.plan.changes.length);
    expect(a.plan.changes.every((c) => c.key === null && c.bytes >= 0)).toBe(true);
    expect(a.written.reduce((sum, w) => sum + w.counts.insert, 0)).toBe(a.plan.counts.insert);
    expect(filesOf(path)).toEqual(before);
    expect(existsSync(place.dataFolder)).toBe(false);
  });

  it('commits, takes back, and has it again', () => {
    const store = place.open(place.copy(fixture, file));
    const thread = firstThread(store);
    const original = told(store);
    const ask = forkOf(headOf(store, thread));
    const { plan } = operations.plan(store, ask);
    const done = operations.commit(store, ask, plan.planId);
    expect(done.plan).toMatchObject({ committed: true, planId: plan.planId, counts: plan.counts });
    const target = done.plan.target;
    expect(target?.checkpoint).toBe(headOf(store, `${thread}-fork-1`));
    const forked = told(store);
    expect(forked).not.toEqual(original);

    const undo = operations.planUndo(store, null);
    expect(undo.plan.operation).toBe('undo');
    const undone = operations.commitUndo(store, null, undo.plan.planId);
    expect(told(store)).toEqual(original);
    expect(operations.list(store).map((o) => [o.operation, o.undone, o.undoable])).toEqual([
      ['fork', true, false],
      ['undo', false, true],
    ]);

    operations.commitUndo(store, undone.plan.operationId, null);
    expect(told(store)).toEqual(forked);
    expect(operations.list(store).map((o) => [o.operation, o.undone])).toEqual([
      ['fork', false],
      ['undo', true],
      ['undo', false],
    ]);
    // The first operation is in force again, and can be taken back as such.
    operations.commitUndo(store, done.plan.operationId, null);
    expect(told(store)).toEqual(original);
  });

  it('names the next fork freely', () => {
    const store = place.open(place.copy(fixture, file));
    const thread = firstThread(store);
    const ask = forkOf(headOf(store, thread));
    operations.commit(store, ask, null);
    expect(operations.plan(store, ask).plan.target?.thread).toBe(`${thread}-fork-2`);
    operations.commit(store, ask, null);
    expect(operations.list(store)).toHaveLength(2);
  });

  it('refuses a plan that is no longer the plan', () => {
    const path = place.copy(fixture, file);
    const store = place.open(path);
    const ask = forkOf(headOf(store, firstThread(store)));
    const { plan } = operations.plan(store, ask);
    operations.commit(store, ask, plan.planId);
    const before = filesOf(path);
    expect(() => operations.commit(store, ask, plan.planId)).toThrow(expect.objectContaining({ code: 'moved' }));
    expect(filesOf(path)).toEqual(before);
    expect(operations.list(store)).toHaveLength(1);
  });

  it('refuses an existing target', () => {
    const store = place.open(place.copy(fixture, file));
    const thread = firstThread(store);
    const ask = { ...forkOf(headOf(store, thread)), target: { kind: 'thread' as const, thread } } as OperationAsk;
    expect(() => operations.plan(store, ask)).toThrow(expect.objectContaining({ code: 'exists' }));
  });

  it('refuses to write to what was opened read-only, and plans all the same', () => {
    const store = place.open(place.copy(fixture, file), { readOnly: true });
    const ask = forkOf(headOf(store, firstThread(store)));
    expect(operations.plan(store, ask).plan.warnings.map((w) => w.code)).toContain('read_only');
    expect(() => operations.commit(store, ask, null)).toThrow(expect.objectContaining({ code: 'unable' }));
    expect(operations.list(store)).toEqual([]);
  });

  it('refuses to take back what somebody built on, with the reason', () => {
    const store = place.open(place.copy(fixture, file));
    const thread = firstThread(store);
    const first = operations.commit(store, forkOf(headOf(store, thread)), null);
    const fork = `${thread}-fork-1`;
    const edit = {
      ...forkOf(headOf(store, fork)),
      target: { kind: 'in-place' as const },
    } as OperationAsk;
    let second;
    try {
      second = operations.commit(store, edit, null);
    } catch {
      return; // a format without forks in place cannot be built on this way
    }
    const id = first.plan.operationId ?? '';
    expect(() => operations.planUndo(store, id)).toThrow(expect.objectContaining({ code: 'moved' }));
    const listed = operations.list(store).find((o) => o.operationId === id);
    expect(listed?.undoable).toBe(false);
    expect(listed?.reason).not.toBeNull();
    operations.commitUndo(store, second.plan.operationId, null);
    expect(operations.list(store).find((o) => o.operationId === id)?.undoable).toBe(true);
    operations.commitUndo(store, id, null);
    expect(store.threadSummary(fork)).toBeNull();
  });

  it('offers undo in a copy of the store, as long as every row still matches', () => {
    const path = place.copy(fixture, file);
    const store = place.open(path);
    const thread = firstThread(store);
    const original = told(store);
    operations.commit(store, forkOf(headOf(store, thread)), null);
    const forked = told(store);
    cpSync(path, join(place.folder, `moved-${file}`), { recursive: true });
    for (const end of ['-wal', '-shm']) {
      if (existsSync(path + end)) cpSync(path + end, join(place.folder, `moved-${file}${end}`));
    }
    const copy = place.open(join(place.folder, `moved-${file}`));
    expect(operations.list(copy).map((o) => o.undoable)).toEqual([true]);
    operations.commitUndo(copy, null, null);
    expect(told(copy)).toEqual(original);
    expect(told(store)).toEqual(forked);
  });

  it.each(commitStages)('survives a death at `%s`', (stage) => {
    const path = place.copy(fixture, file);
    const first = place.open(path);
    const thread = firstThread(first);
    const original = told(first);
    const names = [...filesOf(path).keys()];
    first.backend.close();
    const script = fileURLToPath(new URL('./testing/die-at.ts', import.meta.url));
    const child = spawnSync(process.execPath, [script, path, place.dataFolder, thread, stage], { encoding: 'utf8' });
    expect([child.signal, child.stderr]).toEqual(['SIGKILL', '']);

    const store = place.open(path);
    operations.recoverAll(store);
    const listed = operations.list(store);
    const forked = store.threadSummary(`${thread}-fork-1`) !== null;
    if (!forked) {
      // Nothing was done, so nothing is told, and the store is as it was.
      expect(listed).toEqual([]);
      expect(told(store)).toEqual(original);
      expect([...filesOf(path).keys()]).toEqual(names);
    } else {
      expect(listed).toMatchObject([{ operation: 'fork', undone: false, undoable: true }]);
      operations.commitUndo(store, null, null);
      expect(told(store)).toEqual(original);
    }
    // Either way the next operation goes its way.
    operations.commit(store, forkOf(headOf(store, thread)), null);
    expect(store.threadSummary(`${thread}-fork-1`)).not.toBeNull();
  });
});

describe('edits', () => {
  it('carry the state before and after, and are part of the plan’s id', () => {
    const store = place.open(place.copy('langgraph-py/py-agent.sqlite'));
    const key = headOf(store, 'agent-pending');
    const edited = (value: string): OperationAsk => ({
      operation: 'edit',
      key,
      edits: [{ op: 'set', path: 'budget', value }],
      leave: [],
    });
    const a = operations.plan(store, edited('41'));
    const b = operations.plan(store, edited('42'));
    expect(a.plan.planId).not.toBe(b.plan.planId);
    expect(b.edited?.before.get('budget')?.lexeme()).toBe('3');
    expect(b.edited?.after.get('budget')?.lexeme()).toBe('42');
    const done = operations.commit(store, edited('42'), b.plan.planId);
    const made = done.plan.target?.checkpoint;
    expect(made).not.toBeNull();
    expect(store.state(headOf(store, 'agent-pending')).root?.get('budget')?.lexeme()).toBe('42');
    expect(() => operations.plan(store, { operation: 'edit', key, edits: [], leave: [] })).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });
});

describe('the log', () => {
  it('skips what a crash tore, and goes on behind it', () => {
    const store = place.open(place.copy('langgraph-py/py-agent.sqlite'));
    const ask = forkOf(headOf(store, 'agent-pending'));
    operations.commit(store, ask, null);
    const log = join(place.dataFolder, 'operations.jsonl');
    appendFileSync(log, '{"v":1,"entry":"prep');
    operations.commit(store, ask, null);
    expect(operations.list(store).map((o) => o.undone)).toEqual([false, false]);
    appendFileSync(log, '\n\u0000\u0000garbage\n[]\n{"v":9}\n');
    expect(operations.list(store)).toHaveLength(2);
  });

  it('holds no content of the store', () => {
    const store = place.open(place.copy('langgraph-py/py-agent.sqlite'));
    const key = headOf(store, 'agent-pending');
    operations.commit(
      store,
      { operation: 'edit', key, edits: [{ op: 'set', path: 'notes', value: '["hush"]' }], leave: [] },
      null,
    );
    expect(readFileSync(join(place.dataFolder, 'operations.jsonl'), 'utf8')).not.toContain('hush');
  });

  it('keeps stores apart', () => {
    const a = place.open(place.copy('langgraph-py/py-agent.sqlite', 'a.sqlite'));
    const b = place.open(place.copy('langgraph-py/py-errors.sqlite', 'b.sqlite'));
    operations.commit(a, forkOf(headOf(a, 'agent-pending')), null);
    expect(operations.list(b)).toEqual([]);
    expect(() => operations.planUndo(b, null)).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  it('leaves alone what another living process is doing', () => {
    const path = place.copy('langgraph-py/py-agent.sqlite');
    const script = fileURLToPath(new URL('./testing/die-at.ts', import.meta.url));
    spawnSync(process.execPath, [script, path, place.dataFolder, 'agent-pending', 'verified']);
    const store = place.open(path);
    const bytes = countingDraw();
    const clock = { now: () => Date.now(), random: (n: number) => bytes.random(n) };
    const careful = new Operations({ dataFolder: place.dataFolder, draw: clock, isAlive: () => true });
    careful.recoverAll(store);
    expect(careful.list(store)).toMatchObject([{ undoable: false }]);
    const hour = { ...clock, now: () => Date.now() + 3_700_000 };
    new Operations({ dataFolder: place.dataFolder, draw: hour, isAlive: () => true }).recoverAll(store);
    expect(careful.list(store)).toMatchObject([{ undoable: true }]);
  });

  it('gives up the oldest undo data beyond its budget, and says so', () => {
    const store = place.open(place.copy('langgraph-py/py-agent.sqlite'));
    const small = new Operations({ dataFolder: place.dataFolder, draw: countingDraw(), bundleBudget: 1 });
    const ask = forkOf(headOf(store, 'agent-pending'));
    const first = small.commit(store, ask, null);
    expect(small.list(store)).toMatchObject([{ undoable: true }]);
    small.commit(store, ask, null);
    expect(small.list(store)).toMatchObject([
      { undoable: false, reason: expect.stringContaining('given up') as unknown },
      { undoable: true },
    ]);
    expect(readdirSync(join(place.dataFolder, 'undo'))).toHaveLength(1);
    expect(() => small.planUndo(store, first.plan.operationId)).toThrow(expect.objectContaining({ code: 'unable' }));
  });

  it('writes nothing to the store when the log cannot be written', () => {
    const path = place.copy('langgraph-py/py-agent.sqlite');
    const store = place.open(path);
    const before = told(store);
    const blocked = join(place.folder, 'blocked');
    writeFileSync(blocked, 'a file where the folder should be');
    const stuck = new Operations({ dataFolder: blocked, draw: countingDraw() });
    expect(() => stuck.commit(store, forkOf(headOf(store, 'agent-pending')), null)).toThrow(
      expect.objectContaining({ code: 'io' }),
    );
    expect(told(store)).toEqual(before);
  });
});
