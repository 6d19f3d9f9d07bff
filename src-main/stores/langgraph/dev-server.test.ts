// Folders of `langgraph dev`, Python and JavaScript: what a SQLite saver would have stored of the same runs, and the files as they are.

import { cpSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { langgraphDevServer } from './dev-server.ts';
import { LangGraphSqliteStore } from './store.ts';
import { fixtures, lineageOf, openStore as openSqliteStore } from './testing/stores.ts';
import { openFiles } from '../files/backend.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { encodeTagged } from '../../values/tagged.ts';

function folderOf(fixture: string): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'forkpoint-dev-')), '.langgraph_api');
  cpSync(join(fixtures, fixture, '.langgraph_api'), folder, { recursive: true });
  return folder;
}

function opened(folder: string): LangGraphSqliteStore {
  const store = langgraphDevServer.open(openFiles(folder));
  if (!(store instanceof LangGraphSqliteStore)) throw new TypeError('not a LangGraph store');
  return store;
}

const tagged = (store: LangGraphSqliteStore, thread: string): unknown[] => {
  const lineage = lineageOf(store, thread);
  return Array.from({ length: lineage.count }, (_, i) => {
    const { root } = store.state(store.keyAt(lineage, i));
    return root === null ? null : JSON.parse(encodeTagged(root));
  });
};
const points = (store: LangGraphSqliteStore, thread: string): unknown[] => {
  const lineage = lineageOf(store, thread);
  return store
    .checkpoints(
      lineage,
      Array.from({ length: lineage.count }, (_, i) => i),
    )
    .map((p) => [p.step, p.source, p.node, p.next, p.status, p.note]);
};

describe('the Python server', () => {
  it('keeps what a SQLite saver keeps of the same run', () => {
    const store = opened(folderOf('langgraph-py/dev-server'));
    const sqlite = openSqliteStore('langgraph-py/py-agent.sqlite');
    expect([...store.threads()].flat().map((t) => [t.thread, t.checkpoints])).toEqual([['agent-pending', 5]]);
    expect(points(store, 'agent-pending')).toEqual(points(sqlite, 'agent-pending'));
    expect(tagged(store, 'agent-pending')).toEqual(tagged(sqlite, 'agent-pending'));
    const head = store.threadDetail('agent-pending').head!;
    expect(store.state(head).provenance.get('messages')).toBe('elsewhere');
    const pending = store.pending(head);
    expect(pending.tasks.map((t) => [t.name, t.interrupts.length])).toEqual([['tools', 1]]);
    expect(store.raw(head).map((part) => part.where.split(' ').slice(0, 2).join(' '))).toEqual(
      expect.arrayContaining([
        '.langgraph_checkpoint.1.pckl checkpoint',
        '.langgraph_checkpoint.1.pckl metadata',
        '.langgraph_checkpoint.3.pckl messages',
      ]),
    );
    expect(encodeTagged(store.metadata(head)!)).toBe('{"source":"loop","step":3,"parents":{}}');
    store.backend.close();
  });

  it('is never written', () => {
    const store = opened(folderOf('langgraph-py/dev-server'));
    const key = store.threadDetail('agent-pending').head!;
    const ask = () =>
      store.plan(
        { operation: 'fork', key, edits: [], target: { kind: 'in-place' }, pending: 'drop', leave: [] },
        { draw: { now: () => 0, random: (n) => new Uint8Array(n) }, relying: store.backend.relying() },
      );
    expect(ask).toThrow(/written beside it would be lost/);
    expect(store.describe().capabilities).not.toContain('fork');
    expect(store.state(key).unforkable).toMatch(/langgraph dev/);
    store.backend.close();
  });

  it('is read anew when the server has written', () => {
    const folder = folderOf('langgraph-py/dev-server');
    const store = opened(folder);
    const { token } = store.changesSince(null);
    expect(store.changesSince(token).threads).toEqual([]);
    // {} of protocol 2: the server has forgotten all its threads.
    for (const n of [1, 2, 3]) {
      writeFileSync(join(folder, `.langgraph_checkpoint.${n}.pckl`), Buffer.from('80027d71002e', 'hex'));
    }
    expect(store.changesSince(token).threads).toBe('all');
    expect([...store.threads()]).toEqual([]);
    store.backend.close();
  });

  it('says what is wrong with a damaged file', () => {
    for (const spoil of [
      (file: string) => truncateSync(file, 1000),
      (file: string) => writeFileSync(file, Buffer.from('80025d2e', 'hex')),
      (file: string) => writeFileSync(file, Buffer.from('80027d58010000007458000000007d73732e', 'hex')),
    ]) {
      const folder = folderOf('langgraph-py/dev-server');
      spoil(join(folder, '.langgraph_checkpoint.1.pckl'));
      expect(() => [...opened(folder).threads()]).toThrow(ForkpointError);
    }
  });

  it('shows the checkpoints where another of the files is damaged, and says what lacks', () => {
    for (const [n, lacks] of [
      [2, /2\.pckl` is damaged: what tasks have written/],
      [3, /3\.pckl` is damaged: the values of channels/],
    ] as const) {
      const folder = folderOf('langgraph-py/dev-server');
      truncateSync(join(folder, `.langgraph_checkpoint.${n}.pckl`), 500);
      const store = opened(folder);
      expect([...store.threads()].flat()[0]?.checkpoints).toBe(5);
      expect(store.describe().notes.join()).toMatch(lacks);
    }
  });

  it('runs nothing that a pickle names', () => {
    const folder = folderOf('langgraph-py/dev-server');
    // {"t": os.system("…")}: the threads cannot be told, nothing happens.
    writeFileSync(
      join(folder, '.langgraph_checkpoint.1.pckl'),
      Buffer.from(`80027d580100000074636f730a73797374656d0a580200000069648552732e`, 'hex'),
    );
    const store = opened(folder);
    expect([...store.threads()]).toEqual([]);
  });
});

describe('the JavaScript server', () => {
  it('is read', () => {
    const folder = folderOf('langgraph-js/dev-server');
    const store = opened(folder);
    expect(langgraphDevServer.detect(openFiles(folder).reader)).toEqual({ verdict: 'yes', eras: ['js-dev'] });
    expect(store.describe().framework).toBe('LangGraph.js');
    const [summary] = [...store.threads()].flat();
    expect(summary?.thread).toBe('dev-1');
    const lineage = lineageOf(store, 'dev-1');
    expect(lineage.count).toBe(summary?.checkpoints);
    expect([...lineage.parent]).toEqual([-1, ...Array.from({ length: lineage.count - 1 }, (_, i) => i)]);
    const head = store.threadDetail('dev-1').head!;
    const stored = JSON.parse(readFileSync(join(folder, '.langgraphjs_api.checkpointer.json'), 'utf8')) as {
      json: { storage: Record<string, Record<string, Record<string, string[]>>> };
    };
    const id = head.split('/').at(-1)!;
    const cell = JSON.parse(
      Buffer.from(stored.json.storage['dev-1']?.['']?.[id]?.[0] ?? '', 'base64').toString('utf8'),
    ) as { channel_values: unknown };
    expect(JSON.parse(encodeTagged(store.state(head).root!))).toEqual(cell.channel_values);
    expect(store.state(head).provenance.get(Object.keys(cell.channel_values as object)[0]!)).toBe('stored');
    expect(store.pending(head).status).toMatch(/terminal|interrupted|idle/);
    store.backend.close();
  });
});

it('other folders are none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'forkpoint-dev-'));
  expect(langgraphDevServer.detect(openFiles(folder).reader).verdict).toBe('no');
  writeFileSync(join(folder, '.langgraph_checkpoint.1.pckl'), 'text');
  expect(langgraphDevServer.detect(openFiles(folder).reader).verdict).toBe('refused');
});
