// Forks and edits of rows: exactly what the measured experiments wrote by hand, with a warning for each trap that they found; undo.

import { afterEach, describe, expect, it } from 'vitest';
import Database from 'better-sqlite3';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Edit } from '../../values/edit.ts';
import type { SqliteReader } from '../backend.ts';
import type { EditRequest, ForkRequest } from '../store.ts';
import { threadOf } from './ids.ts';
import {
  committed,
  fixedDraw,
  keyAt,
  openFixture,
  planned,
  rowsOf,
  textOf,
  threadsOf,
  undone,
  type Opened,
} from './testing/fixtures.ts';

const opened: Opened[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

function fixture(name: string, prepare?: (path: string) => void): Opened {
  const one = openFixture(name, prepare);
  opened.push(one);
  return one;
}

const linear = 'linear/run-linear';
const budget: Edit = { op: 'set', path: 'budget', value: '1000' };
const forkOf = (key: CheckpointKey, more: Partial<ForkRequest> = {}): ForkRequest => ({
  operation: 'fork',
  key,
  edits: [],
  target: { kind: 'thread', thread: 'linear/run-hand' },
  pending: 'drop',
  leave: [],
  ...more,
});
const editOf = (key: CheckpointKey, edits: readonly Edit[]): EditRequest => ({
  operation: 'edit',
  key,
  edits,
  leave: [],
});
const inPlace = { kind: 'in-place' } as const;

/** All rows of a table as SQLite holds them, with their storage classes. */
function dump(one: Opened, where = '1'): string[] {
  const reader = one.store.backend.reader as SqliteReader;
  return reader
    .all(
      `SELECT workflow_id, run_id, super_step, label, values_json, timestamp_ms,
         typeof(super_step) || ' ' || typeof(label) || ' ' || typeof(values_json) || ' ' || typeof(timestamp_ms) AS types
       FROM agent_checkpoints WHERE ${where} ORDER BY workflow_id, run_id, super_step`,
    )
    .map((row) => Object.values(row).join(' | '));
}

const codes = (one: Opened, request: ForkRequest | EditRequest) =>
  planned(one, request).plan.warnings.map((warning) => warning.code);

const change =
  (sql: string, ...params: unknown[]) =>
  (path: string) => {
    const database = new Database(path);
    database.prepare(sql).run(...params);
    database.close();
  };

describe('into a new run', () => {
  it('is one row of the same super step that names its origin; texts stay texts', () => {
    const one = fixture('sql-linear');
    const before = dump(one);
    const source = before.find((row) => row.startsWith('linear | run-linear | 2 |'))!;
    const { plan } = committed(one, forkOf(keyAt(one.store, linear, 1), { edits: [budget] }));
    const made = dump(one, "run_id = 'run-hand'");
    expect(made).toEqual([
      source
        .replace('| run-linear | 2 | layer:2 |', '| run-hand | 2 | fork-of:run-linear |')
        .replace('"budget":7', '"budget":1000')
        .replace(/\| 1795267323598 \|/, '| 1800000000000 |'),
    ]);
    expect(made[0]!.endsWith('| integer text text integer')).toBe(true);
    expect(dump(one, "run_id <> 'run-hand'")).toEqual(before);
    expect(plan.target).toEqual({ thread: 'linear/run-hand', id: '2' });
    expect(plan.resume!.code).toContain('run_id: RunId::from("run-hand")');
    expect(rowsOf(one.store, 'linear/run-hand')).toMatchObject([{ id: '2', parentThread: linear, status: 'unknown' }]);
    expect(plan.changes.changes[0]!.key).toBe(rowsOf(one.store, 'linear/run-hand')[0]!.key);
  });

  it('warns that the layers behind it run again, and where none may be left', () => {
    const one = fixture('sql-linear');
    expect(codes(one, forkOf(keyAt(one.store, linear, 1)))).toEqual(['effects_again']);
    expect(codes(one, forkOf(keyAt(one.store, linear, 3)))).toEqual(['nothing_left']);
  });

  it('names the tools with outside effects that step records know of', () => {
    const one = fixture('sql-records');
    const { plan } = planned(one, forkOf(keyAt(one.store, 'linear/run-recorded', 2)));
    expect(plan.warnings.map((w) => w.code)).toEqual(['effects_again', 'step_records_stay']);
    expect(plan.warnings[0]!.message).toContain('"place_order"');
  });

  it('of a paused row waits again, and leaves the registry to its source', () => {
    const one = fixture('sql-approval');
    const key = keyAt(one.store, 'approval/run-pending', 0);
    const target = { kind: 'thread', thread: 'approval/again' } as const;
    const { plan } = committed(one, forkOf(key, { target }));
    expect(plan.warnings.map((w) => w.code)).toEqual(['pauses_again', 'shared_interrupts']);
    expect(plan.warnings[1]!.message).toContain('000000000000000000000-4963383f');
    expect(plan.resume!.code).toContain('Command::Resume');
    expect(one.store.threadDetail('approval/again').status).toBe('interrupted');
    expect(one.store.pending(keyAt(one.store, 'approval/again', 0)).next).toEqual(['ask']);
  });

  it('of a row that a `Goto` left says so; another workflow too', () => {
    const one = fixture('sql-approval');
    expect(codes(one, forkOf(keyAt(one.store, 'approval/run-goto-back', 2)))).toEqual([
      'stale_row',
      'effects_again',
      'other_workflow',
    ]);
  });

  it('warns of what Rust reads as something else', () => {
    const one = fixture('sql-linear');
    const edits: Edit[] = [
      { op: 'set', path: 'budget', value: '18446744073709551616' },
      { op: 'set', path: 'notes', value: '"text"' },
      { op: 'set', path: 'extra', value: '1' },
      { op: 'remove', path: 'best' },
    ];
    expect(codes(one, forkOf(keyAt(one.store, linear, 1), { edits }))).toEqual([
      'type_change',
      'integer_too_large',
      'new_channel',
      'removed_channel',
      'reducer_changes',
      'effects_again',
    ]);
  });

  it.each([
    ['run-hand', 'bad_value'],
    ['a/b/c', 'bad_value'],
    ['linear/%41%', 'bad_value'],
    ['linear/\ud800', 'bad_value'],
    ['linear/run-linear', 'exists'],
    ['fanout/run-linear', null],
    ['linear/RUN-LINEAR', null],
    ['/', null],
  ])('named %j', (thread, code) => {
    const one = fixture('sql-linear');
    const request = forkOf(keyAt(one.store, linear, 1), { target: { kind: 'thread', thread } });
    if (code === null) committed(one, request);
    else expect(() => planned(one, request)).toThrow(expect.objectContaining({ code }));
    expect(one.store.threadSummary(thread) === null).toBe(code === 'bad_value');
  });

  it('is refused where step records have the name already', () => {
    const one = fixture('sql-records');
    const target = { kind: 'thread', thread: 'linear/run-only-records' } as const;
    expect(() => planned(one, forkOf(keyAt(one.store, 'linear/run-recorded', 0), { target }))).toThrow(
      expect.objectContaining({ code: 'exists' }),
    );
  });

  it('keeps odd ids, digits and columns of the host', () => {
    const one = fixture('sql-unicode', change("ALTER TABLE agent_checkpoints ADD COLUMN mine BLOB DEFAULT x'00ff'"));
    for (const { thread, parts } of threadsOf(one.store)) {
      const target = threadOf(parts![0]!, `${parts![1]!} fork`);
      const key = keyAt(one.store, thread, 0);
      const before = one.store.raw(key);
      committed(one, forkOf(key, { target: { kind: 'thread', thread: target } }));
      const after = one.store.raw(keyAt(one.store, target, 0));
      const kept = (parts: typeof before) => parts.filter((part) => /values_json|mine|super_step/.test(part.where));
      expect(kept(after)).toEqual(kept(before));
      expect(kept(after)).toHaveLength(3);
    }
  });
});

describe('in place', () => {
  it('an edit of the latest row takes its place, and keeps its label', () => {
    const one = fixture('sql-approval');
    const thread = 'approval/run-pending';
    const before = dump(one, "run_id = 'run-pending'");
    const { plan } = committed(one, editOf(keyAt(one.store, thread, 0), [{ op: 'set', path: 'budget', value: '1' }]));
    expect(dump(one, "run_id = 'run-pending'")).toEqual(
      before.map((row) => row.replace('"budget":250', '"budget":1').replace(/1795267323655/, '1800000000000')),
    );
    expect(one.store.threadDetail(thread).status).toBe('interrupted');
    expect(plan.warnings.map((w) => w.code)).toEqual(['row_replaced']);
  });

  it('an edit of an older row removes the rows behind it: atomr goes by the highest', () => {
    const one = fixture('sql-linear');
    const before = dump(one);
    const { plan, bundle } = committed(one, editOf(keyAt(one.store, linear, 1), [budget]));
    expect(plan.warnings.map((w) => w.code)).toEqual([
      'effects_again',
      'rows_removed',
      'row_replaced',
      'may_be_running',
    ]);
    expect(plan.changes.changes.map((c) => c.kind)).toEqual(['delete', 'delete', 'update']);
    expect(rowsOf(one.store, linear).map((row) => row.id)).toEqual(['1', '2']);
    expect(textOf(one.store.state(keyAt(one.store, linear, 1)).root!.get('budget'))).toBe('1000');
    undone(one, bundle);
    expect(dump(one)).toEqual(before);
  });

  it('a rewind cleans up after a `Goto` back', () => {
    const one = fixture('sql-approval');
    const thread = 'approval/run-goto-back';
    committed(one, forkOf(keyAt(one.store, thread, 0), { target: inPlace }));
    expect(one.store.threadDetail(thread)).toMatchObject({ status: 'interrupted', head: keyAt(one.store, thread, 0) });
    expect(rowsOf(one.store, thread)).toHaveLength(1);
  });

  it('nothing is planned where nothing would change', () => {
    const one = fixture('sql-linear');
    const head = keyAt(one.store, linear, 3);
    expect(() => planned(one, forkOf(head, { target: inPlace }))).toThrow(expect.objectContaining({ code: 'unable' }));
    expect(() => planned(one, editOf(head, []))).toThrow(expect.objectContaining({ code: 'bad_value' }));
  });
});

describe('commits', () => {
  it('undo is refused once the run has gone on', () => {
    const one = fixture('sql-linear');
    const { bundle } = committed(one, forkOf(keyAt(one.store, linear, 1)));
    change("INSERT INTO agent_checkpoints VALUES ('linear', 'run-hand', 3, 'layer:3', '{}', 1800000000001)")(one.path);
    expect(() => undone(one, bundle)).toThrow(expect.objectContaining({ code: 'moved' }));
  });

  it('a pause over our row is seen too', () => {
    const one = fixture('sql-linear');
    const { bundle } = committed(one, forkOf(keyAt(one.store, linear, 1)));
    change("UPDATE agent_checkpoints SET label = 'interrupt:x' WHERE run_id = 'run-hand'")(one.path);
    expect(() => undone(one, bundle)).toThrow(expect.objectContaining({ code: 'moved' }));
  });

  it('plans the same twice, and is refused when the row moved', () => {
    const one = fixture('sql-linear');
    const request = editOf(keyAt(one.store, linear, 1), [budget]);
    const { plan, relied } = planned(one, request);
    expect(planned(one, request)).toEqual({ plan, relied });
    change("UPDATE agent_checkpoints SET values_json = '{}' WHERE run_id = 'run-linear' AND super_step = 2")(one.path);
    expect(() => one.store.backend.apply(plan.changes, relied, `${one.path}-undo`)).toThrow(
      expect.objectContaining({ code: 'moved' }),
    );
  });

  it('an edit that puts the same text is still one row', () => {
    const one = fixture('sql-linear');
    const relying = one.store.backend.relying();
    const key = keyAt(one.store, linear, 3);
    const plan = one.store.plan(editOf(key, [{ op: 'set', path: 'budget', value: '14' }]), {
      draw: fixedDraw(),
      relying,
    });
    expect(textOf(plan.edited!.after)).toBe(textOf(plan.edited!.before));
  });
});

describe('following a run', () => {
  it('sees a new row, and a row that was saved again in place', () => {
    const one = fixture('sql-linear');
    const first = one.store.changesSince(null);
    expect(first.threads).toBe('all');
    expect(one.store.changesSince(first.token).threads).toEqual([]);
    change("INSERT INTO agent_checkpoints VALUES ('linear', 'run-linear', 5, 'layer:5', '{}', 1795267323700)")(
      one.path,
    );
    const second = one.store.changesSince(first.token);
    expect(second.threads).toEqual([linear]);
    expect(one.store.threadSummary(linear)?.checkpoints).toBe(5);
    change("UPDATE agent_checkpoints SET label = 'interrupt:x', timestamp_ms = 1795267323800 WHERE super_step = 5")(
      one.path,
    );
    const third = one.store.changesSince(second.token);
    expect(third.threads).toEqual([linear]);
    expect(one.store.threadDetail(linear).status).toBe('interrupted');
    change("UPDATE agent_checkpoints SET values_json = '[]' WHERE super_step = 5")(one.path);
    expect(one.store.changesSince(third.token).threads).toBe('all');
    change('DELETE FROM agent_checkpoints WHERE super_step > 3')(one.path);
    expect(rowsOf(one.store, linear).map((row) => row.id)).toEqual(['1', '2', '3']);
  });
});
