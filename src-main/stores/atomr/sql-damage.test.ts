// What is shown, and said, of databases that a hand has changed or a disk has damaged; and of what atomr refuses.

import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { asForkpointError } from '../../../shared/model/errors.ts';
import { drained, keyAt, openFixture, planned, rowsOf, textOf, threadsOf, type Opened } from './testing/fixtures.ts';

const opened: Opened[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

function changed(sql: string, ...params: unknown[]): Opened {
  const one = openFixture('sql-linear', (path) => {
    const database = new Database(path);
    database.prepare(sql).run(...params);
    database.close();
  });
  opened.push(one);
  return one;
}

const thread = 'linear/run-linear';
const setValues = 'UPDATE agent_checkpoints SET values_json = ? WHERE run_id = ? AND super_step = ?';
const run = 'run-linear';

describe('a row that atomr cannot load', () => {
  it.each([
    ['no JSON', '{"a":', /no JSON/],
    ['empty', '', /no JSON/],
    ['a list', '[1]', /not a JSON object/],
    ['NaN', '{"a":NaN}', /NaN or Infinity/],
    ['a byte order mark', '\ufeff{}', /no JSON/],
    ['half of a surrogate pair', '{"a":"\\ud800"}', /surrogate/],
    ['deep nesting', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, /127 levels/],
    ['a number out of range', '{"a":1e999}', /out of range/],
    ['BLOB', Buffer.from('{}'), /stored as BLOB \(mismatched types\)/],
  ])('%s', (_, values, said) => {
    const one = changed(setValues, values, run, 4);
    expect(one.store.threadDetail(thread).refused).toMatch(said);
    const rows = rowsOf(one.store, thread);
    expect(rows.map((row) => row.note?.match(said)?.length ?? 0)).toEqual([0, 0, 0, 1]);
    const key = keyAt(one.store, thread, 3);
    expect(one.store.pending(key)).toMatchObject({ resumable: false, reason: expect.stringMatching(said) });
    expect(one.store.state(key).unforkable ?? '').toMatch(said);
    expect(one.store.raw(key).length).toBe(6);
    const target = { kind: 'thread', thread: 'linear/x' } as const;
    const fork = { operation: 'fork', edits: [], target, pending: 'drop', leave: [] } as const;
    expect(() => planned(one, { ...fork, key })).toThrow(expect.objectContaining({ code: 'corrupt' }));
    expect(planned(one, { ...fork, key: keyAt(one.store, thread, 2) }).plan.changes.changes).toHaveLength(1);
    expect(textOf(one.store.state(keyAt(one.store, thread, 0)).root)).toContain('otters');
  });

  it('an older one is marked, and the run is not refused', () => {
    const one = changed(setValues, '{', run, 2);
    expect(one.store.threadDetail(thread).refused).toBeNull();
    expect(rowsOf(one.store, thread).map((row) => row.note !== null)).toEqual([false, true, false, false]);
  });

  it.each([
    ['super_step = 2.5', '2.5'],
    ["super_step = 'two'", "'two'"],
    ["timestamp_ms = 'noon'", '2'],
    ['timestamp_ms = 1.5', '2'],
  ])('%s: the whole run cannot be listed', (set, id) => {
    const one = changed(`UPDATE agent_checkpoints SET ${set} WHERE run_id = 'run-linear' AND super_step = 2`);
    expect(rowsOf(one.store, thread).map((row) => row.id)).toContain(id);
    expect(one.store.threadDetail(thread).refused).toMatch(/mismatched types/);
    expect(threadsOf(one.store)).toHaveLength(2);
  });

  it('ids that are no text are counted, not shown', () => {
    const one = changed("UPDATE agent_checkpoints SET run_id = x'ff' WHERE run_id = 'run-linear'");
    expect(threadsOf(one.store)).toHaveLength(1);
    expect(one.store.describe().notes.join()).toMatch(/4 rows have ids that are not text/);
    const other = changed("UPDATE agent_checkpoints SET run_id = CAST(x'66ff' AS TEXT) WHERE run_id = 'run-linear'");
    expect(threadsOf(other.store)).toHaveLength(1);
  });

  it('repeated members and integers beyond 64 bits stay as they are stored', () => {
    const text = '{"a":1,"a":1.0,"b":123456789012345678901234567890}';
    const one = changed(setValues, text, run, 4);
    expect(one.store.threadDetail(thread).refused).toBeNull();
    const root = one.store.state(keyAt(one.store, thread, 3)).root!;
    expect(Buffer.from(root.slice()).toString()).toBe(text);
  });

  it('a super step that no graph has', () => {
    const one = changed("INSERT INTO agent_checkpoints VALUES ('linear', 'run-linear', -1, '', '{}', 1)");
    expect(rowsOf(one.store, thread)[0]).toMatchObject({ id: '-1', step: -1, source: null });
    const request = {
      operation: 'fork',
      key: keyAt(one.store, thread, 0),
      edits: [],
      target: { kind: 'thread', thread: 'linear/x' },
      pending: 'drop',
      leave: [],
    } as const;
    expect(planned(one, request).plan.warnings.map((warning) => warning.code)).toContain('nothing_left');
  });
});

it('a damaged step record, and one that no row belongs to', () => {
  const one = openFixture('sql-records', (path) => {
    const database = new Database(path);
    database.exec("UPDATE agent_step_records SET record_json = '{' WHERE super_step = 2");
    database.exec("INSERT INTO agent_step_records VALUES ('linear', 'run-recorded', 9, '{}')");
    database.close();
  });
  opened.push(one);
  const records = drained(one.store.neighbours('linear/run-recorded')).batches;
  expect(records.map((record) => [record.content.kind, record.checkpoint === null])).toEqual([
    ['map', false],
    ['opaque', false],
    ['map', false],
    ['map', false],
    ['map', true],
  ]);
  expect(() => drained(one.store.neighbours('no/such'))).toThrow(expect.objectContaining({ code: 'not_found' }));
});

/** Whatever happens, it is a sentence; what can be read is. */
function look(one: Opened): number {
  let seen = 0;
  for (const { thread: name } of threadsOf(one.store)) {
    for (const row of rowsOf(one.store, name)) {
      try {
        const key = one.store.keyAt(drained(one.store.lineage(name)).result, 0);
        textOf(one.store.state(key).root);
        one.store.pending(key);
        seen += row.id.length;
      } catch (thrown) {
        if (asForkpointError(thrown).code === 'internal') throw thrown;
      }
    }
    drained(one.store.neighbours(name));
  }
  return seen;
}

it('cut off, or with bytes flipped, it opens or is refused with a sentence', () => {
  let random = 7;
  const next = (below: number) => {
    random = (random * 1103515245 + 12345) % 2147483648;
    return random % below;
  };
  let read = 0;
  for (let i = 0; i < 40; i += 1) {
    let one: Opened | null = null;
    try {
      one = openFixture('sql-approval', (path) => {
        const bytes = readFileSync(path);
        if (i % 4 === 0) truncateSync(path, next(bytes.length));
        else {
          for (let n = 0; n < 12; n += 1) bytes[100 + next(bytes.length - 100)] = next(256);
          writeFileSync(path, bytes);
        }
      });
      read += look(one) > 0 ? 1 : 0;
    } catch (thrown) {
      expect(asForkpointError(thrown).code).not.toBe('internal');
    } finally {
      one?.close();
    }
  }
  expect(read).toBeGreaterThan(3);
});
