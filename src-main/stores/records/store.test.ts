// What holds for every store of records, on genuine stores that another program adds to: keys stay, and an append names what is new.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Store } from '../store.ts';
import { closedAfterEach, drained, rowsOf, type Opened } from '../testing/opened.ts';
import { openFixture as openTinyagents } from '../tinyagents/testing/fixtures.ts';
import { openFixture as openWesichain } from '../wesichain/testing/fixtures.ts';

const tinyagents = closedAfterEach(openTinyagents);
const wesichain = closedAfterEach(openWesichain);

interface Case {
  readonly name: string;
  readonly open: () => Opened<Store>;
  readonly thread: string;
  /** A second thread of the store. */
  readonly other: string;
  /** Adds a record as another program does: that of the thread's point `of` (from 0) again, with that id and parent where the format has them. */
  readonly add: (path: string, thread: string, of: number, id: string | null) => void;
}

function addLine(file: string, of: number, change: (line: string) => string): void {
  const line = readFileSync(file, 'utf8').split('\n')[of];
  if (line === undefined) throw new Error(`no line ${of} in ${file}`);
  appendFileSync(file, `${change(line)}\n`);
}

const withId = (id: string | null) => (text: string) =>
  id === null
    ? text
    : text
        .replace(/"checkpoint_id":("[^"]*")/, `"checkpoint_id":"${id}"`)
        .replace(/"parent_checkpoint_id":(null|"[^"]*")/, (_, parent: string) => `"parent_checkpoint_id":${parent}`);

const cases: readonly Case[] = [
  {
    name: 'tinyagents files',
    open: () => tinyagents('v211-file-review'),
    thread: 'paused',
    other: 'approved',
    add: (path, thread, of, id) => addLine(join(path, `${thread}.jsonl`), of, withId(id)),
  },
  {
    name: 'tinyagents SQLite',
    open: () => tinyagents('v211-sqlite-branches'),
    thread: 'main',
    other: 'fork-of-first',
    add: (path, thread, of, id) => {
      const database = new Database(path);
      const row = database
        .prepare('SELECT * FROM checkpoints WHERE thread_id = ? ORDER BY seq LIMIT 1 OFFSET ?')
        .get(thread, of) as Record<string, unknown>;
      const text = withId(id)(String(row['record']));
      database
        .prepare(
          `INSERT INTO checkpoints (thread_id, checkpoint_id, parent_checkpoint_id, run_id, namespace, next_nodes, source, step, has_interrupts, record)
           SELECT thread_id, ?, parent_checkpoint_id, run_id, namespace, next_nodes, source, step, has_interrupts, ?
           FROM checkpoints WHERE seq = ?`,
        )
        .run(id ?? row['checkpoint_id'], text, row['seq']);
      database.close();
    },
  },
  {
    name: 'wesichain files',
    open: () => wesichain('file-basic'),
    thread: 'linear-1',
    other: 'twice',
    add: (path, thread, of) => addLine(join(path, `${thread}.jsonl`), of, (line) => line),
  },
  {
    name: 'wesichain SQLite',
    open: () => wesichain('sqlite-fork'),
    thread: 'main',
    other: 'side-branch',
    add: (path, thread) => {
      const database = new Database(path);
      database
        .prepare(
          `INSERT INTO checkpoints (thread_id, seq, created_at, node, step, state_json, queue_json)
           SELECT thread_id, seq + 1, created_at || 'x', node, step, state_json, queue_json FROM checkpoints
           WHERE thread_id = ? ORDER BY seq DESC LIMIT 1`,
        )
        .run(thread);
      database.close();
    },
  },
];

describe.each(cases)('$name', ({ open, thread, other, add }) => {
  it('changes no key when records are added, of the same ids too', () => {
    const one = open();
    const before = rowsOf(one.store, thread).map((row) => row.key);
    for (const of of [0, 1, 0]) {
      add(one.path, thread, of, null);
      const after = rowsOf(one.store, thread).map((row) => row.key);
      expect(after.slice(0, before.length)).toEqual(before);
      expect(new Set(after).size).toBe(after.length);
    }
    expect(rowsOf(one.store, thread)).toHaveLength(before.length + 3);
    // Read anew, without anything that was kept.
    const again = one.store.format.open(one.backend);
    expect(rowsOf(again, thread).map((row) => row.key)).toEqual(rowsOf(one.store, thread).map((row) => row.key));
  });

  it('names the points that are new and their parents, and nothing else', () => {
    const one = open();
    const first = rowsOf(one.store, thread);
    let { token } = one.store.changesSince(null);
    for (let n = 1; n <= 3; n += 1) {
      add(one.path, thread, 1, `ckpt-added-${n}`);
      const changes = one.store.changesSince(token);
      token = changes.token;
      const added = rowsOf(one.store, thread).slice(first.length + n - 1);
      expect(added).toHaveLength(1);
      expect(changes).toMatchObject({ threads: [thread], whole: [] });
      expect(new Set(changes.points)).toEqual(
        new Set(added.flatMap(({ key, parent }) => [key, ...(parent === null ? [] : [parent])])),
      );
    }
    expect(one.store.changesSince(token)).toMatchObject({ threads: [], points: [], whole: [] });
  });

  it('says of a thread that nobody looked at that all of it may have changed', () => {
    const one = open();
    rowsOf(one.store, thread);
    const { token } = one.store.changesSince(null);
    add(one.path, other, 0, 'ckpt-added');
    expect(one.store.changesSince(token)).toMatchObject({ threads: [other], points: [], whole: [other] });
  });

  it('gives a lineage that stays as it was while the thread goes on', () => {
    const one = open();
    const before = drained(one.store.lineage(thread)).result;
    const copy = structuredClone(before);
    add(one.path, thread, 0, null);
    const after = drained(one.store.lineage(thread, before)).result;
    expect(after.count).toBe(before.count + 1);
    expect(structuredClone(before)).toEqual(copy);
  });
});

describe('a folder', () => {
  it('does not take a file that was written anew for one that grew', () => {
    const one = tinyagents('v211-file-review');
    rowsOf(one.store, 'paused');
    const { token } = one.store.changesSince(null);
    const file = join(one.path, 'paused.jsonl');
    // In place, as releases before 2.1.1 prune, and longer than before.
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(1);
    writeFileSync(file, `${[...lines, ...lines, ...lines].join('\n')}\n`);
    expect(one.store.changesSince(token)).toMatchObject({ threads: ['paused'], points: [], whole: ['paused'] });
    expect(rowsOf(one.store, 'paused')).toHaveLength(lines.length * 3);
  });

  it('names the point whose ledger rows are new', () => {
    const one = tinyagents('v211-file-review');
    const rows = rowsOf(one.store, 'paused');
    const { token } = one.store.changesSince(null);
    const ledger = join(one.path, 'paused.writes.jsonl');
    const last = readFileSync(ledger, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    const of = rows[0]?.id ?? '';
    appendFileSync(ledger, `${last.replace(/"checkpoint_id":"[^"]*"/, `"checkpoint_id":"${of}"`)}\n`);
    expect(one.store.changesSince(token)).toMatchObject({ threads: ['paused'], points: [rows[0]?.key], whole: [] });
  });
});
