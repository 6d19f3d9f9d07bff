// Forks and edits as data, and carried out on copies of genuine stores: what is written, what must stay as it was, what is refused.

import { appendFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { SqliteReader } from '../backend.ts';
import type { Edit } from '../../values/edit.ts';
import type { ForkRequest } from '../store.ts';
import { reasons } from './points.ts';
import { closedAfterEach, committed, drained, keyAt, planned, rowsOf } from '../testing/opened.ts';
import { openFixture, type OpenedFixture } from './testing/fixtures.ts';

const fixture = closedAfterEach(openFixture);

const rows = (one: OpenedFixture, thread: string) => rowsOf(one.store, thread);

const at = (one: OpenedFixture, thread: string, index: number) => keyAt(one.store, thread, index);

function forkOf(key: CheckpointKey, more: Partial<ForkRequest> = {}): ForkRequest {
  const target = { kind: 'thread', thread: 'Fork 1' } as const;
  return { operation: 'fork', key, edits: [], target, pending: 'drop', leave: [], ...more };
}

/** The records of a thread as lines of a folder. */
const lines = (one: OpenedFixture, thread: string): string[] =>
  drained(one.store.exportRecords(thread)).batches.map((record) => Buffer.from(record.cells[0]!.bytes).toString());

const codes = (one: OpenedFixture, request: Parameters<typeof planned>[1]) =>
  planned(one, request).plan.warnings.map((warning) => warning.code);

const topic: Edit = { op: 'set', path: 'topic', value: '"another"' };
const renamed = (text: string, from: string, seq: string) =>
  text.replace(/^\{"seq":\d+/, `{"seq":${seq}`).replace(`"thread_id":${JSON.stringify(from)}`, '"thread_id":"Fork 1"');

describe.each([
  ['file-basic', 'linear-1', 'tides'],
  ['sqlite-fork', 'main', 'harbours'],
])('%s', (name, thread, was) => {
  it('forks into a new thread: the records up to the point, and one with the edit', () => {
    const one = fixture(name);
    const before = lines(one, thread);
    const { plan } = committed(one, forkOf(at(one, thread, 1), { edits: [topic] }));
    const expected = [before[0]!, before[1]!, before[1]!.replace(`"topic":"${was}"`, '"topic":"another"')];
    expect(lines(one, 'Fork 1')).toEqual(expected.map((text, i) => renamed(text, thread, String(i + 1))));
    expect(plan.target).toEqual({ thread: 'Fork 1', id: '3' });
    expect(plan.resume?.code).toContain('checkpoint_thread_id: Some("Fork 1".into())');
    const made = rows(one, 'Fork 1');
    expect(made[2]).toMatchObject({
      parent: made[1]!.key,
      parentReason: reasons.copy,
      status: 'idle',
      next: ['review'],
    });
    expect(one.store.threadDetail('Fork 1')).toMatchObject({ head: made[2]!.key, refused: null, branches: 1 });
    expect(lines(one, thread)).toEqual(before);
  });

  it('forks without an edit: the records up to the point', () => {
    const one = fixture(name);
    const before = lines(one, thread);
    committed(one, forkOf(at(one, thread, 2)));
    expect(lines(one, 'Fork 1')).toEqual(before.slice(0, 3).map((text, i) => renamed(text, thread, String(i + 1))));
  });

  it('edits in place: one record behind the end, a child of its point', () => {
    const one = fixture(name);
    const before = lines(one, thread);
    const points = rows(one, thread);
    const seq = String(before.length + 1);
    const { plan } = committed(one, { operation: 'edit', key: at(one, thread, 0), edits: [topic], leave: [] });
    expect(plan.target).toEqual({ thread, id: seq });
    expect(lines(one, thread)).toEqual([
      ...before,
      before[0]!.replace(/^\{"seq":\d+/, `{"seq":${seq}`).replace(`"topic":"${was}"`, '"topic":"another"'),
    ]);
    expect(rows(one, thread).at(-1)).toMatchObject({ parent: points[0]!.key, parentReason: reasons.copy });
    expect(one.store.threadDetail(thread).head).toBe(rows(one, thread).at(-1)!.key);
  });

  it('gives undo back every byte, and refuses it once someone has gone on', () => {
    const one = fixture(name);
    const before = lines(one, thread);
    const edit = { operation: 'edit', key: at(one, thread, 0), edits: [topic], leave: [] } as const;
    const first = committed(one, edit);
    const undo = one.backend.undo(first.bundle);
    one.backend.apply(undo.changes, undo.relied, `${first.bundle}-undo`);
    expect(lines(one, thread)).toEqual(before);
    const fork = committed(one, forkOf(at(one, thread, 1)));
    committed(one, forkOf(at(one, 'Fork 1', 0), { target: { kind: 'in-place' } }));
    expect(() => {
      const { changes, relied } = one.backend.undo(fork.bundle);
      one.backend.apply(changes, relied, `${fork.bundle}-undo`);
    }).toThrow(expect.objectContaining({ code: 'moved' }));
  });

  it('is refused when the thread went on after the plan, and plans the same twice', () => {
    const one = fixture(name);
    const edit = { operation: 'edit', key: at(one, thread, 1), edits: [topic], leave: [] } as const;
    const { plan, relied } = planned(one, edit);
    expect(planned(one, edit)).toEqual({ plan, relied });
    committed(one, { operation: 'edit', key: at(one, thread, 0), edits: [topic], leave: [] });
    expect(() => one.backend.apply(plan.changes, relied, join(one.path, '..', 'undo-2'))).toThrow();
  });

  it('refuses a thread that exists, and an edit of nothing', () => {
    const one = fixture(name);
    const request = forkOf(at(one, thread, 1), { target: { kind: 'thread', thread } });
    expect(() => planned(one, request)).toThrow(expect.objectContaining({ code: 'exists' }));
    const nothing = { operation: 'edit', key: at(one, thread, 1), edits: [], leave: [] } as const;
    expect(() => planned(one, nothing)).toThrow(expect.objectContaining({ code: 'bad_value' }));
  });

  it('warns of an edit that the state type may not take', () => {
    const one = fixture(name);
    const edits: Edit[] = [
      { op: 'set', path: 'count', value: '1.0' },
      { op: 'remove', path: 'notes' },
      { op: 'set', path: 'more', value: '1' },
    ];
    expect(codes(one, forkOf(at(one, thread, 1), { edits }))).toEqual(
      expect.arrayContaining(['number_kind', 'new_member', 'removed_member', 'may_not_load']),
    );
  });
});

describe('warnings of the point', () => {
  it.each([
    ['file-basic', 'linear-1', 3, ['terminal']],
    ['file-basic', 'gate-waiting', 1, ['interrupts_again']],
    ['file-basic', 'fan-1', 0, ['join_cycle']],
    ['file-basic', 'flaky-failed', 0, ['may_be_running']],
    ['sqlite-chat', 'chat-1', 1, ['projections']],
    ['era010-sqlite', 'linear-1', 0, ['unknown_queue', 'projections']],
    ['file-torn', 'torn', 1, ['may_be_running', 'source_damaged']],
  ])('%s, thread %s, point %d', (name, thread, index, expected) => {
    const one = fixture(name);
    expect(codes(one, forkOf(at(one, thread, index)))).toEqual(expected);
  });

  it('of a run without steps left', () => {
    const one = fixture('file-basic');
    const path = join(one.path, 'linear-1.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"step":3', '"step":49'));
    expect(codes(one, forkOf(at(one, 'linear-1', 2)))).toEqual(['step_limit']);
  });
});

it('a waiting point still waits after its state was edited', () => {
  const one = fixture('file-basic');
  committed(one, forkOf(at(one, 'gate-waiting', 1), { edits: [topic] }));
  expect(one.store.threadDetail('Fork 1').status).toBe('interrupted');
});

describe('folders', () => {
  it('appends nothing where it would be glued, torn or loaded for other threads; a fork takes the whole records', () => {
    for (const [name, thread] of [
      ['file-torn', 'torn'],
      ['file-torn', 'no-newline'],
      ['file-odd', 'a/b'],
    ] as const) {
      const one = fixture(name);
      expect(() => planned(one, forkOf(at(one, thread, 0), { target: { kind: 'in-place' } }))).toThrow(
        expect.objectContaining({ code: 'unable' }),
      );
      committed(one, forkOf(at(one, thread, 0)));
      expect(one.store.threadDetail('Fork 1')).toMatchObject({ refused: null });
      expect(readFileSync(join(one.path, 'Fork 1.jsonl'), 'utf8').endsWith('}}\n')).toBe(true);
    }
  });

  it('keeps the digits of path ids', () => {
    const one = fixture('file-odd');
    committed(one, forkOf(at(one, 'a/b', 1), { edits: [topic] }));
    expect(lines(one, 'Fork 1').at(-1)).toContain('"queue":[["next",18446744073709551615],["other",9007199254740993]]');
  });

  it.each([
    ['...', 'bad_value'],
    ['ä'.repeat(130), 'bad_value'],
    ['a*b', 'exists'],
    ['\ud800', 'bad_value'],
  ])('refuses the new id %j', (thread, code) => {
    const one = fixture('file-odd');
    const request = forkOf(at(one, 'x😀y', 0), { target: { kind: 'thread', thread } });
    expect(() => planned(one, request)).toThrow(expect.objectContaining({ code }));
    expect(readdirSync(one.path)).toHaveLength(13);
  });

  it('reads only what an append added', () => {
    const one = fixture('file-basic');
    const first = drained(one.store.lineage('linear-1')).result;
    const { token } = one.store.changesSince(null);
    const line = readFileSync(join(one.path, 'linear-1.jsonl'), 'utf8').split('\n')[3]!;
    appendFileSync(join(one.path, 'linear-1.jsonl'), `${line.replace('"seq":4', '"seq":5')}\n`);
    const changes = one.store.changesSince(token);
    expect(changes.threads).toEqual(['linear-1']);
    expect(drained(one.store.lineage('linear-1', first)).result.count).toBe(5);
    expect(one.store.threadSummary('linear-1')?.checkpoints).toBe(5);
    expect(one.store.changesSince(changes.token).threads).toEqual([]);
  });
});

it('SQLite: texts stay texts, and numbers integers', () => {
  const one = fixture('sqlite-fork');
  const { token } = one.store.changesSince(null);
  committed(one, forkOf(at(one, 'main', 1), { edits: [topic] }));
  const reader = one.backend.reader as SqliteReader;
  const kinds = reader.all(
    "SELECT DISTINCT typeof(seq) || typeof(step) || typeof(state_json) || typeof(queue_json) AS kinds FROM checkpoints WHERE thread_id = 'Fork 1'",
  );
  expect(kinds).toEqual([{ kinds: 'integerintegertexttext' }]);
  expect(one.store.changesSince(token).threads).toEqual(['Fork 1']);
});
