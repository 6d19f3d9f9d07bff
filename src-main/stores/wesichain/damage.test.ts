// What is shown, and said, of stores that a crash or a hand has damaged; and of what the framework refuses.

import { copyFileSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { SqlValue } from '../backend.ts';
import { closedAfterEach, committed, drained, rowsOf } from '../testing/opened.ts';
import { openFixture, type OpenedFixture } from './testing/fixtures.ts';

const fixture = closedAfterEach(openFixture);

const rows = (one: OpenedFixture, thread: string) => rowsOf(one.store, thread);

describe('a folder', () => {
  const edit = (one: OpenedFixture, change: (text: string) => string) => {
    const path = join(one.path, 'linear-1.jsonl');
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };

  it('shows the points around a line that cannot be decoded, and names it', () => {
    const one = fixture('file-basic');
    edit(one, (text) => text.replace('}}\n{"seq":3', '}}{"seq":3'));
    expect(rows(one, 'linear-1').map((row) => row.id)).toEqual(['1', '4']);
    expect(one.store.threadDetail('linear-1').refused).toMatch(/cannot load, list or save .* the line at byte \d+ /);
  });

  it.each([
    ['"step":3', '"step":-1', /step is negative/],
    ['"node":"review"', '"node":null', /node is missing/],
    ['"queue":[["publish",0]]', '"queue":[["publish",18446744073709551616]]', /queue is not a list/],
    ['"state":{"data":', '"state":{"other":', /no member `data`/],
  ])('says what the framework refuses: %s', (from, to, reason) => {
    const one = fixture('file-basic');
    edit(one, (text) => {
      const lines = text.split('\n');
      return [...lines.slice(0, 2), lines[2]!.replace(from, to), ...lines.slice(3)].join('\n');
    });
    expect(one.store.threadDetail('linear-1').refused).toMatch(reason);
    expect(rows(one, 'linear-1')[2]!.note).toMatch(reason);
    expect(rows(one, 'linear-1')).toHaveLength(4);
  });

  it('marks a record that is damaged inside its state, and forks around it', () => {
    const one = fixture('file-basic');
    edit(one, (text) => {
      const lines = text.split('\n');
      const damaged = lines[1]!.replace('"state":{"data":{', '"state":{"data":{"broken":tru,');
      return [lines[0], damaged, ...lines.slice(2)].join('\n');
    });
    const points = rows(one, 'linear-1');
    expect(points.map((row) => row.status === 'unknown')).toEqual([false, true, false, false]);
    expect(points[1]?.note).toMatch(/cannot be read: .*an unknown word/);
    expect(drained(one.store.threadDetailInBatches('linear-1')).result.refused).toMatch(
      /cannot load, list or save .* the line at byte \d+ .* an unknown word/,
    );
    expect(drained(one.store.exportRecords('linear-1')).batches).toHaveLength(3);
    const { plan } = committed(one, {
      operation: 'fork',
      key: points[2]!.key as CheckpointKey,
      edits: [],
      target: { kind: 'thread', thread: 'fork' },
      pending: 'drop',
      leave: [],
    });
    expect(plan.warnings.map(({ code }) => code)).toContain('source_damaged');
    expect(readFileSync(join(one.path, 'fork.jsonl'), 'utf8')).not.toContain('"broken"');
    expect(rows(one, 'fork').map((row) => row.id)).toEqual(['1', '2']);
    expect(one.store.threadDetail('fork').refused).toBeNull();
  });

  it('reads records of 0.1.0, whose queue is unknown, and says that 0.3.0 does not', () => {
    const one = fixture('file-basic');
    edit(one, (text) => text.replaceAll(/"queue":\[.*?\],"created_at"/g, '"created_at"'));
    expect(rows(one, 'linear-1').map((row) => row.status)).toEqual(Array(4).fill('unknown'));
    expect(one.store.threadDetail('linear-1').refused).toMatch(/missing field `queue`/);
    expect(one.store.describe().eras).toEqual(['0.1.0', '0.3.0']);
  });

  it('accepts line ends of Windows and blank lines, as the framework does', () => {
    const one = fixture('file-basic');
    edit(one, (text) => text.replaceAll('\n', '\r\n\r\n'));
    expect(rows(one, 'linear-1')).toHaveLength(4);
    expect(one.store.threadDetail('linear-1').refused).toBeNull();
    expect(one.store.threadSummary('linear-1')?.checkpoints).toBe(4);
  });

  it('keeps keys apart where two processes gave the same number', () => {
    const one = fixture('file-basic');
    edit(one, (text) => text.replace('"seq":4', '"seq":3'));
    const keys = rows(one, 'linear-1').map((row) => row.key);
    expect(new Set(keys).size).toBe(4);
    expect(
      one.store
        .metadata(keys[3] as CheckpointKey)!
        .get('node')!
        .text(),
    ).toBe('publish');
  });

  it('tells of a copy of a thread’s file, and of a thread that the framework does not find', () => {
    const one = fixture('file-basic');
    copyFileSync(join(one.path, 'linear-1.jsonl'), join(one.path, 'backup.jsonl'));
    expect(one.store.describe().notes.join()).toMatch(/`backup.jsonl` holds records of thread "linear-1" too/);
    unlinkSync(join(one.path, 'linear-1.jsonl'));
    expect(one.store.threadDetail('linear-1').refused).toMatch(/it looks for `linear-1.jsonl`/);
  });

  it('gives a marked line or a whole record wherever a file is cut', () => {
    const one = fixture('file-basic');
    const path = join(one.path, 'linear-1.jsonl');
    for (let size = readFileSync(path).length - 1; size > 500; size -= 37) {
      truncateSync(path, size);
      for (const row of rows(one, 'linear-1')) one.store.state(row.key as CheckpointKey);
      const { noAppend } = one.store.source.trouble('linear-1');
      expect(noAppend === null).toBe(readFileSync(path, 'utf8').endsWith('\n'));
    }
  });
});

describe('SQLite', () => {
  const set = (one: OpenedFixture, cells: Record<string, SqlValue>) => {
    const identity = { thread_id: 'side-branch', seq: 2n };
    const changes = [{ kind: 'update', table: 'checkpoints', identity, set: cells, bytes: 0 }] as const;
    const bundle = join(one.path, '..', `bundle-${Object.keys(cells).join('-')}`);
    one.backend.apply({ backend: 'sqlite', changes, guards: [] }, [], bundle);
  };

  it.each<[string, Record<string, SqlValue>, RegExp]>([
    ['a state stored as BLOB', { state_json: new TextEncoder().encode('{"data":{}}') }, /BLOB, which ends the host/],
    ['no step', { step: null }, /step is missing/],
    ['a negative step', { step: -1n }, /step is negative/],
    ['no node', { node: null }, /node is missing/],
    ['an empty queue text', { queue_json: '' }, /`queue_json`/],
    ['a state cut off', { state_json: '{"data":{' }, /`state_json`/],
  ])('says what the framework refuses: %s', (_, cells, reason) => {
    const one = fixture('sqlite-fork');
    set(one, cells);
    expect(one.store.threadDetail('side-branch').refused).toMatch(reason);
    expect(rows(one, 'side-branch')[0]!.status).toBe('idle');
    expect(rows(one, 'side-branch')[1]!.note).toMatch(reason);
    expect(one.store.raw(rows(one, 'side-branch')[1]!.key as CheckpointKey).length).toBeGreaterThan(5);
  });

  it.each<[string, SqlValue, boolean]>([
    ['text', '[["side",0]]', true],
    ['BLOB', new TextEncoder().encode('[["side",0]]'), true],
    ['text that is no queue', '[5]', false],
  ])('reads a queue that is stored as %s', (_, queue_json, isQueue) => {
    const one = fixture('sqlite-fork');
    set(one, { queue_json });
    const points = one.store.pointsOf('side-branch');
    expect(points.queueOf(1)).toEqual(isQueue ? ['side'] : null);
    const sizes = one.store.raw(points.keyOf(1)).filter(({ where }) => /state_json|queue_json/.test(where));
    expect(points.bytesOf(1)).toBe(sizes.reduce((sum, { bytes }) => sum + bytes.length, 0));
  });

  it('does not take a name that is no text for another one', () => {
    const one = fixture('sqlite-fork');
    const replaced = Buffer.concat([Buffer.from('[["a'), Buffer.from([0xff]), Buffer.from('",0]]')]);
    const db = new Database(one.path);
    db.prepare("UPDATE checkpoints SET queue_json = CAST(? AS TEXT) WHERE thread_id = 'side-branch' AND seq = 2").run(
      replaced,
    );
    db.close();
    expect(one.store.pointsOf('side-branch').queueOf(1)).toBeNull();
  });

  it('shows what only the WAL holds', () => {
    const one = fixture('sqlite-wal');
    expect(one.store.threadSummary('live-1')?.checkpoints).toBe(4);
  });

  it('tells which threads were touched, and gives up where rows were taken away', () => {
    const one = fixture('sqlite-fork');
    const { token } = one.store.changesSince(null);
    expect(one.store.changesSince(token).threads).toEqual([]);
    expect(one.store.changesSince('unheard of').threads).toBe('all');
    const identity = { thread_id: 'side-branch', seq: 2n };
    const changes = [{ kind: 'delete', table: 'checkpoints', identity, bytes: 0 }] as const;
    one.backend.apply({ backend: 'sqlite', changes, guards: [] }, [], join(one.path, '..', 'bundle-delete'));
    expect(one.store.changesSince(token).threads).toBe('all');
    expect(rows(one, 'side-branch')).toHaveLength(1);
  });
});
