// The service over genuine stores, called as a window calls it: through a connection, every answer checked against the contract.

import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readLineage } from '../../shared/contract/lineage-reading.ts';
import type { Params, Result } from '../../shared/contract/methods.ts';
import { methods } from '../../shared/contract/methods.ts';
import { RpcClient } from '../../shared/contract/rpc/client.ts';
import { inProcessPair } from '../../shared/contract/rpc/in-process.ts';
import { serveConnection } from '../../shared/contract/rpc/server.ts';
import { isPlumbing } from '../../shared/model/channels.ts';
import { stringAt } from '../../shared/model/lineage.ts';
import type { Workplace } from '../operations/testing/genuine-store.ts';
import { workplace } from '../operations/testing/genuine-store.ts';
import { Service } from './service.ts';

let place: Workplace;
let service: Service;
let client: RpcClient;

beforeEach(() => {
  place = workplace();
  service = new Service({ version: '1', readOnly: false, dataFolder: place.dataFolder });
  const [near, far] = inProcessPair();
  serveConnection(far, service);
  client = new RpcClient(() => Promise.resolve(near), { checkResults: true, retryMillis: [] });
});
afterEach(() => {
  client.close();
  service.close();
  place.done();
});

async function open(fixture: string, name?: string): Promise<{ store: string; path: string }> {
  const path = place.copy(fixture, name);
  const { store } = await client.call('stores.open', { path });
  return { store, path };
}

async function until<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  for (let i = 0; i < 300; i++) {
    const answer = await ask();
    if (holds(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come to hold');
}

const listing = (store: string, more: Partial<Params<'threads.list'>> = {}): Promise<Result<'threads.list'>> =>
  client.call('threads.list', { store, search: '', status: null, from: 0, count: 100, ...more });

async function settled(store: string): Promise<Result<'threads.list'>> {
  return await until(
    () => listing(store),
    (l) => l.complete && l.unread === 0,
  );
}

async function head(store: string, thread: string): Promise<string> {
  return (await client.call('thread.get', { store, thread })).head ?? '';
}

const fork = (key: string, more: object = {}): Extract<Params<'operation.plan'>['args'], { operation: 'fork' }> => ({
  operation: 'fork',
  key,
  edits: [],
  target: { kind: 'thread', thread: null },
  pending: null,
  leave: [],
  ...more,
});

describe('opening', () => {
  it('gives the same store for the same path, and describes it', async () => {
    const { store, path } = await open('langgraph-py/py-agent.sqlite');
    expect((await client.call('stores.open', { path })).store).toBe(store);
    const [only, ...others] = await client.call('stores.list', {});
    expect(others).toEqual([]);
    expect(only?.info).toMatchObject({ path, format: 'langgraph', backend: 'sqlite', writable: true, live: true });
    await client.call('stores.close', { store });
    expect(await client.call('stores.list', {})).toEqual([]);
    await expect(listing(store)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('refuses what is no store, and stays well', async () => {
    await expect(client.call('stores.open', { path: fileURLToPath(import.meta.url) })).rejects.toMatchObject({
      code: 'not_a_store',
    });
    await expect(client.call('stores.open', { path: `${place.folder}/none` })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await client.call('host.info', {})).toEqual({ version: '1', readOnly: false, sample: null });
    expect((await client.call('formats.list', {})).length).toBeGreaterThan(0);
  });

  it('refuses wrong params of every method with a sentence', async () => {
    for (const method of Object.keys(methods)) {
      const context = { signal: new AbortController().signal, progress: () => undefined };
      if (method === 'host.info' || method === 'formats.list' || method === 'stores.list') continue;
      await expect(service.call(method, { store: 5, path: 7 }, context)).rejects.toMatchObject({ code: 'usage' });
      await expect(service.call(method, null, context)).rejects.toMatchObject({ code: 'usage' });
    }
    for (const name of ['nothing', '__proto__', 'constructor', 'toString']) {
      const context = { signal: new AbortController().signal, progress: () => undefined };
      await expect(service.call(name, {}, context)).rejects.toMatchObject({ code: 'usage' });
    }
  });
});

describe('threads', () => {
  it('come newest first, with status counts, searched and filtered', async () => {
    const { store } = await open('langgraph-py/py-agent.sqlite');
    const all = await settled(store);
    expect(all.rows.map((r) => r.thread)).toEqual(['agent-pending', 'agent-resumed']);
    expect(all.statusCounts).toEqual({ interrupted: 1, terminal: 1 });
    expect(all).toMatchObject({ total: 2, matched: 2 });
    expect((await listing(store, { search: 'PEND' })).rows.map((r) => r.thread)).toEqual(['agent-pending']);
    expect((await listing(store, { status: 'terminal' })).rows.map((r) => r.thread)).toEqual(['agent-resumed']);
    expect((await listing(store, { from: 1, count: 1 })).rows.map((r) => r.thread)).toEqual(['agent-resumed']);
    await expect(listing(store, { count: -1 })).rejects.toMatchObject({ code: 'usage' });
    await expect(client.call('thread.get', { store, thread: 'no' })).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('lineage and checkpoints', () => {
  it('are columns first, then rows for a window with what each did', async () => {
    const { store } = await open('langgraph-py/py-agent.sqlite');
    const lineage = await readLineage(client, { store, thread: 'agent-pending' });
    expect(lineage.count).toBe(5);
    expect([...lineage.parent]).toEqual([-1, 0, 1, 2, 3]);
    const rows = await client.call('checkpoints.get', {
      store,
      thread: 'agent-pending',
      indices: [4, 0, 99, -1],
      summaries: true,
    });
    expect(rows.map((r) => r.index)).toEqual([4, 0]);
    expect(rows[0]?.checkpoint.id).toBe(stringAt(lineage.ids, 4));
    expect(rows[0]?.summary).toContainEqual({ channel: 'messages', added: 1, removed: 0, changed: 0 });
    expect(rows[1]?.checkpoint.parent).toBeNull();
    await expect(readLineage(client, { store, thread: 'no' })).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a state', () => {
  it('is looked at in windows, never as a whole', async () => {
    const { store } = await open('langgraph-py/py-agent.sqlite');
    const at = { store, key: await head(store, 'agent-pending'), applied: false };
    const root = await client.call('state.children', { ...at, path: [], from: 0, count: 2 });
    expect(root.children.map((c) => c.label)).toEqual(['messages', 'notes']);
    expect(root.total).toBe(4);
    const about = await client.call('state.about', at);
    expect(about.shares[0]?.member).toBe('messages');
    expect(about.conversations).toEqual([{ member: 'messages', path: [0], messages: 4 }]);

    const { messages, total } = await client.call('state.messages', { ...at, path: [0], from: 0, count: 10 });
    expect(total).toBe(4);
    expect(messages.map((m) => [m.role, m.id])).toEqual([
      ['human', 'h-1'],
      ['ai', 'ai-1'],
      ['tool', 'tm-call_1'],
      ['ai', 'ai-2'],
    ]);
    expect(messages[1]?.toolCalls).toEqual([
      { id: 'call_1', name: 'search', args: '{"q":"weather in Paris","days":3}' },
    ]);
    // The path of a text leads to that text.
    for (const message of messages) {
      if (message.textPath === null) continue;
      const path = [0, message.ordinal, ...message.textPath];
      expect((await client.call('state.text', { ...at, path, from: 0, count: 9000 })).text).toBe(message.text);
    }

    const path = await client.call('state.resolve', { ...at, path: 'messages[0].content' });
    const value = await client.call('state.value', { ...at, path: path ?? [], limit: 1000, indent: 0 });
    expect(value).toMatchObject({ value: '"Weather in Paris? Then mail it."', path: 'messages[0].content' });
    expect((await client.call('state.value', { ...at, path: [], limit: 5, indent: 0 })).value).toBeNull();
    expect(await client.call('state.text', { ...at, path: path ?? [], from: 11, count: 5 })).toEqual({
      text: 'Paris',
      total: 31,
    });
    expect(await client.call('state.resolve', { ...at, path: 'nowhere' })).toBeNull();
    await expect(client.call('state.children', { ...at, path: [99], from: 0, count: 1 })).rejects.toMatchObject({
      code: 'not_found',
    });

    const found = await client.call('state.find', { ...at, text: 'PARIS', limit: 1 });
    expect(found).toEqual({ places: [path], more: true });
  });

  it('has diffs, against the parent or any other, and as a patch', async () => {
    const { store } = await open('langgraph-py/py-agent.sqlite');
    const after = await head(store, 'agent-pending');
    const diff = await client.call('diff.get', { store, before: null, after, from: 0, count: 100 });
    expect(diff.before).not.toBeNull();
    expect(diff.rows).toHaveLength(diff.total);
    const added = diff.rows.find((r) => r.channel === 'messages');
    expect(added).toMatchObject({ op: 'add', path: 'messages[3]', message: { role: 'ai', id: 'ai-2' }, before: null });
    const windowed = await client.call('diff.get', { store, before: null, after, from: 1, count: 1 });
    expect(windowed.rows).toEqual(diff.rows.slice(1, 2));
    const other = await client.call('diff.get', {
      store,
      before: await head(store, 'agent-resumed'),
      after,
      from: 0,
      count: 100,
    });
    expect(other.total).toBeGreaterThan(0);
    // What routes comes last, whatever order it is stored in.
    const channels = diff.rows.map((r) => r.channel);
    expect(channels[0]).toBe('messages');
    expect(channels.findLastIndex((c) => !isPlumbing(c))).toBeLessThan(channels.findIndex(isPlumbing));
    expect(diff.summary.map((s) => s.channel)).toEqual([...new Set(channels)]);
    const filtered = await client.call('diff.get', {
      store,
      before: null,
      after,
      from: 0,
      count: 100,
      filter: { path: 'BRANCH:', channel: null },
    });
    expect(filtered).toMatchObject({ total: diff.total, matched: filtered.rows.length });
    expect(filtered.rows.length).toBeGreaterThan(0);
    expect(filtered.rows).toEqual(diff.rows.filter((r) => r.channel.startsWith('branch:')));
    const none = await client.call('diff.get', {
      store,
      before: null,
      after,
      from: 0,
      count: 100,
      filter: { path: 'branch:', channel: 'messages' },
    });
    expect(none).toMatchObject({ matched: 0, rows: [] });
    const same = await client.call('diff.get', { store, before: after, after, from: 0, count: 100 });
    expect(same).toMatchObject({ total: 0, summary: [], rows: [] });
    expect(JSON.parse((await client.call('diff.patch', { store, before: null, after })).patch)).toBeInstanceOf(Array);
  });

  it('shows where two long texts differ', async () => {
    const { store } = await open('langgraph-py/py-agent.sqlite');
    const key = await head(store, 'agent-resumed');
    const long = 'lorem \u{1f41d} '.repeat(5000);
    const fork = async (at: string, text: string): Promise<string> => {
      const edits = [{ op: 'set' as const, path: 'messages[0].content', value: JSON.stringify(text) }];
      const { plan } = await client.call('operation.commit', {
        store,
        expect: (
          await client.call('operation.plan', {
            store,
            args: { operation: 'fork', key: at, edits, target: { kind: 'in-place' }, pending: null, leave: [] },
          })
        ).plan.planId,
        args: { operation: 'fork', key: at, edits, target: { kind: 'in-place' }, pending: null, leave: [] },
      });
      return plan.target?.checkpoint ?? '';
    };
    const before = await fork(key, `${long}was${long}`);
    const after = await fork(before, `${long}is now${long}`);
    const { rows } = await client.call('diff.get', { store, before, after, from: 0, count: 10 });
    const row = rows.find((r) => r.channel === 'messages');
    expect([row?.before?.text, row?.after?.text]).toEqual([null, null]);
    const { differing } = row ?? {};
    expect(differing?.before.length).toBeLessThan(400);
    // What is equal and what differs make the whole text again.
    const now = `${long}is now${long}`;
    const { equalBefore = 0, equalAfter = 0 } = differing ?? {};
    expect(now.slice(0, equalBefore) + differing?.after + now.slice(now.length - equalAfter)).toBe(now);
    expect(differing?.before.isWellFormed()).toBe(true);
    expect(differing?.after.isWellFormed()).toBe(true);
  });

  it('says which points cannot be forked, as their plan would', async () => {
    const { store } = await open('langgraph-js/corrupt-bigint.sqlite');
    const key = await head(store, 'bigint');
    const about = await client.call('state.about', { store, key, applied: false });
    expect(about.unforkable).toMatch(/cannot be forked/);
    await expect(
      client.call('operation.plan', {
        store,
        args: {
          operation: 'fork',
          key,
          edits: [],
          pending: null,
          leave: [],
          target: { kind: 'thread', thread: null },
        },
      }),
    ).rejects.toMatchObject({ code: 'unable', message: expect.stringContaining(about.unforkable ?? '?') });
  });

  it('is followed by pending work and raw bytes', async () => {
    const { store } = await open('langgraph-py/py-agent.sqlite');
    const at = { store, key: await head(store, 'agent-pending') };
    const pending = await client.call('pending.get', at);
    expect(pending).toMatchObject({ status: 'interrupted', next: ['tools'], resumable: true });
    const parts = await client.call('raw.get', at);
    const part = parts.findIndex((p) => p.where === 'checkpoints.checkpoint');
    const { bytes, total } = await client.call('raw.bytes', { ...at, part, from: 10, count: 20 });
    expect([bytes.length, bytes.buffer.byteLength, total]).toEqual([20, 20, parts[part]?.bytes]);
    await expect(client.call('raw.bytes', { ...at, part: 99, from: 0, count: 1 })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('is edited only as a check, with an answer to what is wrong', async () => {
    const { store, path } = await open('langgraph-py/py-agent.sqlite');
    const at = { store, key: await head(store, 'agent-pending') };
    const before = readFileSync(path);
    const good = await client.call('edit.check', { ...at, edits: [{ op: 'set', path: 'budget', value: '7' }] });
    expect(good).toMatchObject({ error: null, diff: { total: 1, rows: [{ op: 'replace', path: 'budget' }] } });
    for (const edit of [
      { op: 'set' as const, path: 'budget', value: 'seven' },
      { op: 'set' as const, path: 'no.where', value: '1' },
      { op: 'append' as const, path: 'budget', value: '1' },
      { op: 'set' as const, path: 'a[', value: '1' },
    ]) {
      const bad = await client.call('edit.check', { ...at, edits: [edit] });
      expect(bad.error?.message).toBeTruthy();
      expect(bad.diff).toBeNull();
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('has no checkpoint of an unknown key', async () => {
    const { store } = await open('langgraph-py/py-agent.sqlite');
    for (const key of ['', 'a', 'agent-pending//nope', '../x', 'a/b/c/d']) {
      const at = { store, key };
      await expect(client.call('pending.get', at)).rejects.toMatchObject({ code: 'not_found' });
      await expect(client.call('state.about', { ...at, applied: false })).rejects.toMatchObject({ code: 'not_found' });
      await expect(
        client.call('diff.get', { store, before: null, after: key, from: 0, count: 1 }),
      ).rejects.toMatchObject({ code: 'not_found' });
      await expect(client.call('operation.plan', { store, args: fork(key) })).rejects.toMatchObject({
        code: 'not_found',
      });
    }
  });
});

describe('operations', () => {
  it('are planned with a diff, committed, announced, listed and taken back', async () => {
    const { store } = await open('langgraph-py/py-agent.sqlite');
    await settled(store);
    const changed: unknown[] = [];
    client.on('store.changed', (payload) => changed.push(payload.threads));
    const key = await head(store, 'agent-pending');
    const args = fork(key, { edits: [{ op: 'set', path: 'budget', value: '9' }] });
    const planned = await client.call('operation.plan', { store, args });
    expect(planned.diff).toMatchObject({ total: 1, rows: [{ op: 'replace', path: 'budget' }] });
    expect(planned.written.map((w) => w.where)).toContain('checkpoints');
    const done = await client.call('operation.commit', { store, args, expect: planned.plan.planId });
    expect(done.plan.committed).toBe(true);
    const target = done.plan.target?.thread ?? '';
    expect(target).toBe('agent-pending-fork-1');
    await until(
      () => Promise.resolve(changed),
      (c) => c.length > 0,
    );
    expect((await settled(store)).rows.map((r) => r.thread)).toContain(target);
    const newHead = await head(store, target);
    const budget = await client.call('state.resolve', { store, key: newHead, applied: false, path: 'budget' });
    const value = await client.call('state.value', {
      store,
      key: newHead,
      applied: false,
      path: budget ?? [],
      limit: 99,
      indent: 0,
    });
    expect(value.value).toBe('9');
    expect(await client.call('operations.list', { store })).toMatchObject([{ operation: 'fork', undoable: true }]);

    const undo = { operation: 'undo' as const, operationId: null };
    const undoPlan = await client.call('operation.plan', { store, args: undo });
    await client.call('operation.commit', { store, args: undo, expect: undoPlan.plan.planId });
    expect((await settled(store)).rows.map((r) => r.thread)).not.toContain(target);
    await expect(client.call('operation.commit', { store, args, expect: 'another' })).rejects.toMatchObject({
      code: 'moved',
    });
  });

  it('export and import a thread in chunks', async () => {
    const { store } = await open('langgraph-py/py-agent.sqlite');
    const chunks: Uint8Array[] = [];
    let cursor: string | null = null;
    do {
      const step: Result<'thread.export'> = await client.call('thread.export', {
        store,
        thread: 'agent-pending',
        cursor,
      });
      chunks.push(step.chunk);
      cursor = step.next;
    } while (cursor !== null);
    const document = Buffer.concat(chunks);
    let id: string | null = null;
    for (let at = 0; at < document.length; at += 1000) {
      const last = at + 1000 >= document.length;
      id = (await client.call('import.upload', { document: id, chunk: document.subarray(at, at + 1000), last }))
        .document;
    }
    const args = { operation: 'import' as const, document: id ?? '', into: 'imported' };
    const { plan } = await client.call('operation.plan', { store, args });
    await client.call('operation.commit', { store, args, expect: plan.planId });
    expect(await client.call('thread.get', { store, thread: 'imported' })).toMatchObject({
      checkpoints: 5,
      status: 'interrupted',
    });
    await expect(
      client.call('operation.plan', { store, args: { ...args, document: '../../x' } }),
    ).rejects.toMatchObject({ code: 'not_found' });
    await expect(
      client.call('import.upload', { document: '../x', chunk: new Uint8Array(1), last: true }),
    ).rejects.toMatchObject({ code: 'not_found' });
    await expect(client.call('thread.export', { store, thread: 'agent-pending', cursor: 'x:1' })).rejects.toMatchObject(
      { code: 'usage' },
    );
  });
});

describe('live', () => {
  it('follows what another process writes', async () => {
    const { store, path } = await open('langgraph-py/py-agent.sqlite');
    await settled(store);
    const lineage = await readLineage(client, { store, thread: 'agent-pending' });
    const rowsOf = (): Promise<Result<'checkpoints.get'>> =>
      client.call('checkpoints.get', {
        store,
        thread: 'agent-pending',
        indices: Array.from({ length: lineage.count + 1 }, (_, i) => i),
        summaries: true,
      });
    await rowsOf();
    const changed: (string[] | 'all')[] = [];
    client.on('store.changed', ({ threads }) => changed.push(threads));
    const script = fileURLToPath(new URL('./testing/edit-elsewhere.ts', import.meta.url));
    const child = spawnSync(process.execPath, [script, path, `${place.folder}/elsewhere`, 'agent-pending'], {
      encoding: 'utf8',
    });
    expect([child.status, child.stderr]).toEqual([0, '']);
    await until(
      () => Promise.resolve(changed),
      (c) => c.some((threads) => threads === 'all' || threads.includes('agent-pending')),
    );
    const after = await readLineage(client, { store, thread: 'agent-pending' });
    expect(after.count).toBe(lineage.count + 1);
    // Rows that the append cannot have changed come from memory, and are what reading them anew would give.
    const inner = service.stores.get(store).store;
    const read = vi.spyOn(inner, 'checkpoints');
    const rows = await rowsOf();
    const readAgain = read.mock.calls.reduce((sum, [, indices]) => sum + indices.length, 0);
    expect(readAgain).toBeLessThanOrEqual(2);
    const given = service.stores.get(store).lineages.given('agent-pending');
    expect(rows.map((r) => r.checkpoint)).toEqual(
      given === undefined
        ? null
        : inner.checkpoints(
            given,
            Array.from({ length: given.count }, (_, i) => i),
          ),
    );
    const at = { store, key: await head(store, 'agent-pending'), applied: false };
    const place2 = await client.call('state.resolve', { ...at, path: 'budget' });
    expect((await client.call('state.value', { ...at, path: place2 ?? [], limit: 9, indent: 0 })).value).toBe('77');
  });

  it('follows a folder of line files, and says when it is gone', async () => {
    const { store, path } = await open('tinyagents/v211-file-review/store');
    const before = await settled(store);
    const changed: unknown[] = [];
    const gone: string[] = [];
    client.on('store.changed', (payload) => changed.push(payload));
    client.on('store.gone', ({ message }) => gone.push(message));
    const file = `${path}/paused.jsonl`;
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const last = (lines.at(-1) ?? '').replace(
      /"checkpoint_id":"[^"]+"/,
      '"checkpoint_id":"ckpt-1899999999999999999-1"',
    );
    appendFileSync(file, `${last}\n`);
    await until(
      () => Promise.resolve(changed),
      (c) => c.length > 0,
    );
    const now = await settled(store);
    const points = (l: Result<'threads.list'>): number | undefined =>
      l.rows.find((r) => r.thread === 'paused')?.checkpoints;
    expect(points(now)).toBe((points(before) ?? 0) + 1);
    rmSync(path, { recursive: true });
    await until(
      () => Promise.resolve(gone),
      (g) => g.length > 0,
    );
    await expect(listing(store)).rejects.toMatchObject({ code: 'not_found' });
    expect(await client.call('stores.list', {})).toEqual([]);
  });
});

describe('closing', () => {
  it('leaves no upload behind', async () => {
    const { document } = await client.call('import.upload', { document: null, chunk: new Uint8Array(10), last: true });
    const file = `${place.dataFolder}/uploads/${document}`;
    expect(existsSync(file)).toBe(true);
    service.close();
    expect(existsSync(file)).toBe(false);
  });
});
