// The unreleased record format 2: made by hand after its description, since no release writes it. It is shown, and never written.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { FilesReader, SqliteReader } from '../backend.ts';
import { closedAfterEach, keyAt, planned, rowsOf } from '../testing/opened.ts';
import { tinyagentsFiles, tinyagentsSqlite } from './format.ts';
import { openFixture, type OpenedFixture } from './testing/fixtures.ts';

const fixture = closedAfterEach(openFixture);

const created = 1_795_300_000_123;

/** A record as the development version writes it: the first of an unfinished fan-out of two. */
function recordOf(thread: string, parent: string): string {
  return `{"version":2,"created_at":${created},"thread_id":${JSON.stringify(thread)},"checkpoint_id":"ckpt-dev-1","run_id":"run-dev","parent_checkpoint_id":"${parent}","namespace":[],"state":{"n":1.0,"ticket":9007199254740993},"tasks":[{"node":"worker","send_arg":"a","task_id":"2:0:worker"},{"node":"worker","send_arg":"b"}],"completed":[{"task_id":"1:0:plan","node":"plan","routes":[{"Send":{"node":"worker","arg":"a"}}]}],"pending_writes":[],"interrupts":[],"channel_versions":{"n":2},"versions_seen":{},"channel_deltas":{},"metadata":{"source":"loop","step":4}}`;
}

function expectShown(one: OpenedFixture, thread: string): void {
  const [before, last] = rowsOf(one.store, thread).slice(-2);
  expect(last).toMatchObject({
    id: 'ckpt-dev-1',
    parent: before?.key,
    node: ['plan'],
    next: ['worker', 'worker'],
    step: 4,
    status: 'idle',
    time: new Date(created).toISOString(),
  });
  const key = keyAt(one.store, thread, -1);
  const state = one.store.state(key);
  expect(Buffer.from(state.root?.slice() ?? []).toString('utf8')).toBe('{"n":1.0,"ticket":9007199254740993}');
  expect(state.unforkable).toContain('unreleased');
  const { tasks } = one.store.pending(key);
  expect(tasks.map((task) => [task.id, task.name, task.argument?.text()])).toEqual([
    ['2:0:worker', 'worker', 'a'],
    [null, 'worker', 'b'],
  ]);
  const about = one.store.describe();
  expect(about.eras).toContain('development (record format 2)');
  expect(about.capabilities).not.toContain('fork');
  expect(about.unable.map((each) => each.operation).sort()).toEqual([
    'copy',
    'delete',
    'edit',
    'fork',
    'import',
    'rename',
  ]);
  // Not even a point that a release wrote: whoever runs this store now writes the other format.
  const target = { kind: 'thread', thread: 'new' } as const;
  const request = { operation: 'fork', edits: [], target, pending: 'drop', leave: [] } as const;
  for (const at of [0, -1]) {
    expect(() => planned(one, { ...request, key: keyAt(one.store, thread, at) })).toThrow(
      expect.objectContaining({ code: 'unable', message: expect.stringContaining('unreleased') }),
    );
  }
}

describe('a store that the development version went on with', () => {
  it('is shown as a folder', () => {
    const one = fixture('v211-file-linear');
    const path = join(one.path, 'linear-1.jsonl');
    const parent = rowsOf(one.store, 'linear-1').at(-1)?.id ?? '';
    appendFileSync(path, `${recordOf('linear-1', parent)}\n`);
    expect(tinyagentsFiles.detect(one.backend.reader as FilesReader)).toMatchObject({ verdict: 'yes' });
    expectShown(one, 'linear-1');
    expect(one.store.threadDetail('linear-1').refused).toBeNull();
  });

  it('is shown as a database, leases beside', () => {
    const one = fixture('v211-sqlite-linear');
    const parent = rowsOf(one.store, 'linear-1').at(-1)?.id ?? '';
    const database = new Database(one.path);
    database.exec(
      'CREATE TABLE thread_leases (thread_id TEXT PRIMARY KEY, owner TEXT NOT NULL, expires_at INTEGER NOT NULL)',
    );
    database
      .prepare(
        `INSERT INTO checkpoints (thread_id, checkpoint_id, parent_checkpoint_id, run_id, namespace, next_nodes, source, step, has_interrupts, record)
         VALUES ('linear-1', 'ckpt-dev-1', ?, 'run-dev', '[]', '[]', 'loop', 4, 0, ?)`,
      )
      .run(parent, recordOf('linear-1', parent));
    database.close();
    expect(tinyagentsSqlite.detect(one.backend.reader as SqliteReader)).toMatchObject({ verdict: 'yes' });
    expectShown(one, 'linear-1');
  });

  it('made entirely by it is recognised too', () => {
    const one = fixture('v211-file-linear');
    const path = join(one.path, 'linear-1.jsonl');
    const first = readFileSync(path, 'utf8').split('\n')[0] ?? '';
    writeFileSync(path, `${first.replace('{', `{"version":2,"created_at":${created},`)}\n`);
    expect(tinyagentsFiles.detect(one.backend.reader as FilesReader)).toMatchObject({
      verdict: 'yes',
      eras: expect.arrayContaining(['development (record format 2)']),
    });
    expect(rowsOf(one.store, 'linear-1')).toHaveLength(1);
  });
});
