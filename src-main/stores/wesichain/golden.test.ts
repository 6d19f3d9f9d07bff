// What wesichain answers of its stores beyond the shape that ../golden.test.ts holds them to, and how points hang together by our rules.

import { afterAll, describe, expect, it } from 'vitest';
import { encodeTagged } from '../../values/tagged.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { FilesReader } from '../backend.ts';
import { wesichainFiles } from './format.ts';
import { reasons } from './points.ts';
import { drained } from '../testing/opened.ts';
import { fixtureNames, goldenOf, openFixture, type Golden, type GoldenRecord } from './testing/fixtures.ts';
import type { WesichainStore } from './store.ts';

/** Both sides go through JavaScript's numbers; the exact digits have assertions of their own. */
const plain = (cursor: Cursor | null): unknown => (cursor === null ? null : JSON.parse(encodeTagged(cursor)));

const eraOf = (name: string) => (name === 'era010-sqlite' ? ['0.1.0'] : ['0.3.0']);

/** Threads, each with its records in the store's order. */
function threadsOf(golden: Golden): Map<string, GoldenRecord[]> {
  const all = golden.records ?? golden.files?.flatMap((file) => file.records) ?? [];
  const threads = new Map<string, GoldenRecord[]>();
  for (const record of all) {
    if (record.undecodable !== undefined) continue;
    const id = record.checkpoint.thread_id;
    threads.set(id, [...(threads.get(id) ?? []), record]);
  }
  return threads;
}

function rowsOf(store: WesichainStore, thread: string) {
  const lineage = drained(store.lineage(thread)).result;
  const rows = store.checkpoints(
    lineage,
    Array.from({ length: lineage.count }, (_, i) => i),
  );
  return { lineage, rows };
}

for (const name of fixtureNames) {
  const golden = goldenOf(name)!;
  if (golden.backend === 'session files') {
    it(`${name}: conversations are told from checkpoints`, () => {
      const opened = openFixture(name);
      expect(wesichainFiles.detect(opened.backend.reader as FilesReader)).toMatchObject({
        verdict: 'no',
        reason: expect.stringMatching(/sessions of wesichain-session/),
      });
      opened.close();
    });
    continue;
  }

  describe(name, () => {
    const opened = openFixture(name);
    const { store } = opened;
    afterAll(() => opened.close());
    const threads = threadsOf(golden);

    it('is detected, with the era that wrote it', () => {
      const eras = eraOf(name);
      expect(store.format.detect(opened.backend.reader as never)).toEqual({ verdict: 'yes', eras });
      expect(store.describe().eras).toEqual(eras);
    });

    it.each([...threads])('has the times, steps, nodes and words of thread %j', (thread, records) => {
      const { lineage, rows } = rowsOf(store, thread);
      const queued = golden.had_queue_json !== false;
      rows.forEach((row, i) => {
        const { checkpoint } = records[i]!;
        const key = store.keyAt(lineage, i);
        expect(row.time).toBe(checkpoint.created_at.replace('+00:00', 'Z'));
        if (Number.isSafeInteger(checkpoint.step)) expect(row.step).toBe(checkpoint.step);
        expect(row.node).toEqual(row.status === 'interrupted' ? [] : [checkpoint.node]);
        expect(row.parentKind).toBe(row.parent === null ? null : 'inferred');
        if (!queued) expect(row.status).toBe('unknown');
        else if (checkpoint.queue.length === 0) expect(row.status).toBe('terminal');
        else expect(['idle', 'interrupted']).toContain(row.status);
        expect(plain(store.metadata(key))).toMatchObject({ seq: records[i]!.seq, node: checkpoint.node });
      });
    });

    it('says where the framework fails, and what it loads instead', () => {
      for (const { thread_id: thread, load } of golden.threads) {
        const detail = store.threadDetail(thread);
        if (load.error !== undefined) {
          expect(detail.refused).toMatch(/cannot load, list or save/);
        } else if (load.checkpoint!.thread_id !== thread) {
          expect(detail.refused).toContain(`loads a record of thread ${JSON.stringify(load.checkpoint!.thread_id)}`);
        }
      }
    });
  });
}

/** `index ← parent: which reason`, and the status. */
function picture(store: WesichainStore, thread: string): string[] {
  const { lineage, rows } = rowsOf(store, thread);
  const names = new Map<string, string>(Object.entries(reasons).map(([name, text]) => [text, name]));
  return rows.map((row, i) => {
    const from = lineage.parent[i]! < 0 ? '' : ` ← ${lineage.parent[i]! + 1}`;
    return `${i + 1}${from} ${names.get(row.parentReason ?? '') ?? 'first'} ${row.status}`;
  });
}

describe('how points hang together', () => {
  it.each([
    ['file-basic', 'linear-1', ['1 first idle', '2 ← 1 follows idle', '3 ← 2 follows idle', '4 ← 3 follows terminal']],
    [
      'file-basic',
      'twice',
      [
        '1 first idle',
        '2 ← 1 follows idle',
        '3 ← 2 follows idle',
        '4 ← 3 follows terminal',
        '5 ← 4 again idle',
        '6 ← 5 follows idle',
        '7 ← 6 follows idle',
        '8 ← 7 follows terminal',
      ],
    ],
    [
      'file-basic',
      'fan-1',
      [
        '1 first idle',
        '2 ← 1 follows idle',
        '3 ← 2 follows idle',
        '4 ← 3 follows idle',
        '5 ← 4 follows idle',
        '6 ← 5 follows terminal',
      ],
    ],
    [
      'file-basic',
      'gate-done',
      ['1 first idle', '2 ← 1 follows interrupted', '3 ← 2 resumed idle', '4 ← 3 follows terminal'],
    ],
    ['file-basic', 'gate-stuck', ['1 first idle', '2 ← 1 follows interrupted', '3 ← 2 resumed interrupted']],
    ['file-basic', 'gate-waiting', ['1 first idle', '2 ← 1 follows interrupted']],
    ['file-basic', 'gate-after', ['1 first idle']],
    [
      'file-basic',
      'flaky-update',
      ['1 first idle', '2 ← 1 updated terminal', '3 ← 2 again idle', '4 ← 3 follows idle', '5 ← 4 follows terminal'],
    ],
    [
      'sqlite-fork',
      'main',
      [
        '1 first idle',
        '2 ← 1 follows idle',
        '3 ← 2 follows idle',
        '4 ← 3 follows terminal',
        '5 ← 2 branch idle',
        '6 ← 5 follows terminal',
      ],
    ],
    ['sqlite-fork', 'side-branch', ['1 elsewhere idle', '2 ← 1 follows terminal']],
    ['era010-sqlite', 'linear-1', ['1 first unknown', '2 ← 1 byStep unknown', '3 ← 2 byStep unknown']],
    [
      'era010-migrated',
      'linear-1',
      ['1 first terminal', '2 ← 1 updated terminal', '3 ← 2 updated terminal', '4 ← 3 updated idle'],
    ],
  ])('%s, thread %s', (name, thread, expected) => {
    const opened = openFixture(name);
    expect(picture(opened.store, thread)).toEqual(expected);
    opened.close();
  });
});

it('keeps every digit of 64-bit numbers and floats', () => {
  const opened = openFixture('file-odd');
  const { lineage } = rowsOf(opened.store, 'a:b');
  const key = opened.store.keyAt(lineage, 0);
  expect(opened.store.pending(key).tasks.map((task) => task.id)).toEqual(['18446744073709551615', '9007199254740993']);
  const state = opened.store.state(key).root!;
  expect(state.get('big')!.lexeme()).toBe('18446744073709551615');
  expect(state.get('scores')!.get('one')!.lexeme()).toBe('1.0');
  opened.close();
});

describe('what is said of a store', () => {
  it.each([
    ['file-torn', /`torn.jsonl` has no line feed/],
    ['file-odd', /`a_b.jsonl` holds 4 threads/],
    ['era010-sqlite', /0\.1\.0, which kept no queue/],
    ['sqlite-chat', /Projections are on: `sessions`, `messages`/],
  ])('%s', (name, note) => {
    const opened = openFixture(name);
    expect(opened.store.describe().notes.join('\n')).toMatch(note);
    opened.close();
  });

  it('shows the messages that were projected from a record with its row', () => {
    const opened = openFixture('sqlite-chat');
    const { lineage } = rowsOf(opened.store, 'chat-1');
    const parts = opened.store.raw(opened.store.keyAt(lineage, 1)).map((part) => part.where);
    expect(parts.filter((where) => where.endsWith('.content'))).toHaveLength(3);
    opened.close();
  });
});
