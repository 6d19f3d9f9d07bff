// What stands beside the checkpoints: projected rows of a genuine chat, and sessions in a folder.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { encodeTagged } from '../../values/tagged.ts';
import { openStore } from '../registry.ts';
import { keepsRecords } from '../store.ts';
import { closedAfterEach, drained, rowsOf } from '../testing/opened.ts';
import { openFixture } from './testing/fixtures.ts';

const fixture = closedAfterEach(openFixture);

const contentOf = (record: { readonly content: Parameters<typeof encodeTagged>[0] }): unknown =>
  JSON.parse(encodeTagged(record.content));

describe('projections of a chat', () => {
  it('are given row by row, each message with the point that it was projected from', () => {
    const one = fixture('sqlite-chat');
    const database = new Database(one.path, { readonly: true });
    const threads = database.prepare('SELECT DISTINCT thread_id FROM checkpoints').pluck().all() as string[];
    const rows = database.prepare('SELECT * FROM messages WHERE thread_id = ? ORDER BY seq');
    let told = 0;
    for (const thread of threads) {
      const expected = rows.all(thread) as { seq: number }[];
      const records = drained(one.store.neighbours(thread)).batches;
      const messages = records.filter((r) => r.kind === 'message');
      expect(messages.map(contentOf)).toEqual(expected);
      told += records.length;
      if (expected.length === 0) continue;
      const points = rowsOf(one.store, thread);
      for (const [i, { seq }] of expected.entries()) {
        const of = String(Math.floor((seq - 1) / 1_000_000));
        expect(points.find((p) => p.key === messages[i]?.checkpoint)?.id).toBe(of);
      }
      expect(records.filter((r) => r.kind === 'session').map(contentOf)).toEqual(
        database.prepare('SELECT * FROM sessions WHERE thread_id = ?').all(thread),
      );
      const [last] = points.slice(-1);
      const key = messages.at(-1)?.checkpoint ?? undefined;
      expect(key).toBe(last?.key);
      const mine = drained(one.store.neighbours(thread, key)).batches;
      expect(mine.length).toBeGreaterThan(0);
      expect(mine.every((r) => r.checkpoint === key)).toBe(true);
      expect(new Set(records.map((r) => r.record)).size).toBe(records.length);
    }
    const all = database.prepare('SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM sessions)').pluck();
    expect(told).toBe(all.get());
    expect(told).toBeGreaterThan(3);
    database.close();
  });
});

describe('sessions', () => {
  it('of a thread are found beside its store, and no others', () => {
    const one = fixture('file-basic');
    const around = dirname(one.path);
    const [thread = ''] = drained(one.store.threads())
      .batches.flat()
      .map((t) => t.thread);
    const genuine = fileURLToPath(
      new URL('../../../fixtures/wesichain/file-session/store/user-123.json', import.meta.url),
    );
    const text = readFileSync(genuine, 'utf8');
    mkdirSync(join(around, 'sessions'));
    writeFileSync(join(around, 'sessions', 'user-123.json'), text);
    writeFileSync(join(around, 'sessions', 'mine.json'), text.replace('"user-123"', JSON.stringify(thread)));
    const store = openStore(around);
    if (!keepsRecords(store)) throw new Error('it keeps no records');
    const records = drained(store.neighbours(thread)).batches;
    expect(records.map((r) => [r.record, r.kind, r.checkpoint])).toEqual([['sessions/mine.json', 'session', null]]);
    expect(contentOf(records[0]!)).toMatchObject({ id: thread, tool_history: [{ tool_name: 'tides' }] });
    store.backend.close();
  });
});
