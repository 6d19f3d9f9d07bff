// Every genuine database of atomr against what the framework's own `list`, `load`, `latest` and `list_records` said of it.

import { afterAll, describe, expect, it } from 'vitest';
import { threadOf } from './ids.ts';
import { reasons } from './sql-points.ts';
import { drained, goldenOf, keyAt, openFixture, rowsOf, sqlNames, textOf, threadsOf } from './testing/fixtures.ts';

interface GoldenRow {
  readonly label: string;
  readonly super_step: unknown;
  readonly timestamp_ms: number;
  readonly values: unknown;
}
interface GoldenRun {
  readonly workflow_id: string;
  readonly run_id: string;
  readonly steps: readonly unknown[];
  readonly checkpoints: readonly GoldenRow[];
  readonly latest: { readonly label: string } | null;
  readonly step_records?: readonly { readonly key: { readonly super_step: number } }[];
}
interface Golden {
  readonly runs: readonly GoldenRun[];
  readonly interrupts?: readonly { readonly interrupt_id: string; readonly run: string }[];
  readonly outbox_uncommitted?: readonly { readonly id: string }[];
}

/** Both sides go through JavaScript's numbers; the exact digits have assertions of their own. */
const plain = (text: string | null): unknown => (text === null ? null : JSON.parse(text));
const byText = (a: string, b: string) => (a < b ? -1 : 1);

describe.each(sqlNames)('%s', (name) => {
  const golden = goldenOf(name) as Golden;
  const opened = openFixture(name);
  const { store } = opened;
  afterAll(() => opened.close());
  const runs = golden.runs.map((run) => ({ ...run, thread: threadOf(run.workflow_id, run.run_id) }));
  const withRows = runs.filter((run) => run.steps.length > 0);

  it('is detected', () => {
    expect(store.format).toMatchObject({ format: 'atomr', backend: 'sqlite' });
    expect(store.describe().eras).toEqual(['0.18–0.21']);
  });

  it('says which runs have only step records', () => {
    for (const summary of threadsOf(store)) {
      const run = withRows.find((one) => one.thread === summary.thread)!;
      expect(summary.parts).toEqual([run.workflow_id, run.run_id]);
    }
    for (const run of runs) if (run.steps.length === 0) expect(store.describe().notes.join()).toContain(run.thread);
    for (const none of ['', 'linear/RUN-LINEAR']) expect(store.threadSummary(none)).toBeNull();
  });

  it.each(withRows.map((run) => [run.thread.slice(0, 60), run] as const))(
    'has the labels, times and reasons of %s',
    (_, run) => {
      const rows = rowsOf(store, run.thread);
      const lineage = drained(store.lineage(run.thread)).result;
      rows.forEach((row, i) => {
        const expected = run.checkpoints[i]!;
        const key = store.keyAt(lineage, i);
        expect(row.source).toBe(expected.label === '' ? null : expected.label);
        const { timestamp_ms: time } = expected;
        expect(row.time).toBe(Math.abs(time) > 8.64e15 ? null : new Date(time).toISOString());
        expect(row.parent).toBe(i === 0 ? null : rows[i - 1]!.key);
        expect(row.parentKind).toBe(i === 0 ? (row.parentThread === null ? null : 'explicit') : 'inferred');
        if (i > 0) expect(row.parentReason).toMatch(/\w/);
        expect(row.note ?? '').not.toContain('cannot load');
        const pending = store.pending(key);
        expect(pending.resumable).toBe(i === rows.length - 1);
        expect(plain(textOf(store.metadata(key)))).toMatchObject({ label: expected.label, run_id: run.run_id });
        expect(store.raw(key).map((part) => part.where)).toContain('agent_checkpoints.values_json');
      });
    },
  );

  it('has the latest that atomr loads', () => {
    for (const run of withRows) {
      const detail = store.threadDetail(run.thread);
      const rows = rowsOf(store, run.thread);
      expect(detail).toMatchObject({ head: rows.at(-1)!.key, refused: null, branches: 1, status: rows.at(-1)!.status });
      expect(rows.at(-1)!.source ?? '').toBe(run.latest!.label);
      const waits = /^(interrupt|before):/.test(run.latest!.label);
      if (!run.latest!.label.startsWith('fork-of:')) expect(detail.status).toBe(waits ? 'interrupted' : 'unknown');
    }
  });

  it('gives the records that stand beside the rows', () => {
    for (const run of runs) {
      const records = drained(store.neighbours(run.thread)).batches;
      const steps = records.filter((record) => record.kind === 'step_record');
      expect(steps.map((record) => plain(textOf(record.content)))).toEqual(run.step_records ?? []);
      for (const record of steps) {
        const at = rowsOf.bind(null, store);
        const row =
          run.steps.length === 0 ? undefined : at(run.thread).find((one) => record.record.endsWith(`/${one.id}`));
        expect(record.checkpoint).toBe(row?.key ?? null);
      }
      const interrupts = records.filter((record) => record.kind === 'interrupt').map((record) => record.record);
      const expected = (golden.interrupts ?? []).filter((one) => one.run === run.run_id);
      expect(interrupts.sort(byText)).toEqual(expected.map((one) => `interrupt/${one.interrupt_id}`).sort(byText));
    }
  });
});

it('keeps every digit', () => {
  const opened = openFixture('sql-unicode');
  const values = opened.store.state(keyAt(opened.store, threadOf('odd', 'run-1'), 0)).root!;
  expect(values.get('u64')!.lexeme()).toBe('18446744073709551615');
  expect(values.get('f_one')!.lexeme()).toBe('1.0');
  expect(values.get('f_neg0')!.lexeme()).toBe('-0.0');
  expect(values.get('f_e21')!.lexeme()).toBe('1e+21');
  const huge = rowsOf(opened.store, threadOf('odd', 'run-huge-step'));
  expect(huge.map((row) => [row.id, row.step])).toEqual([
    ['9007199254740993', null],
    ['9223372036854775807', null],
  ]);
  opened.close();
});

describe('how runs stand', () => {
  const opened = openFixture('sql-approval');
  const { store } = opened;
  afterAll(() => opened.close());
  const asks = 'Transfer?';
  const picture = (run: string) =>
    rowsOf(store, threadOf('approval', run)).map((row) => [row.id, row.source, row.status, row.note]);

  it('a pause is told by the latest label, and stays in the state of later rows', () => {
    expect(picture('run-pending')).toEqual([['1', 'interrupt:ask', 'interrupted', asks]]);
    expect(picture('run-approved')).toEqual([
      ['1', 'interrupt:ask', 'interrupted', asks],
      ['2', 'layer:2', 'idle', null],
      ['3', 'layer:3', 'idle', null],
      ['4', 'layer:4', 'unknown', null],
    ]);
    const later = store.state(keyAt(store, 'approval/run-approved', 3));
    expect(later.notes.join()).toMatch(/question of an earlier pause/);
    expect(later.root!.get('__interrupt_payload__')).not.toBeNull();
  });

  it('a question is shown with what it asks, a break point without', () => {
    const asked = store.pending(keyAt(store, 'approval/run-pending', 0));
    expect(asked).toMatchObject({ status: 'interrupted', next: ['ask'], resumable: true });
    expect(plain(textOf(asked.tasks[0]!.interrupts[0]!.value))).toEqual({
      amount: 250,
      question: 'Transfer?',
      to: 'Zoë',
    });
    expect(asked.reason).toMatch(/entry of this run at step 2 for "director": Escalated/);
    expect(asked.resume!.code).toContain('resume(Command::Resume(json!("your answer")))');
    const before = store.pending(keyAt(store, 'breakpoints/run-before-b', 0));
    expect(before).toMatchObject({ next: ['b'], tasks: [{ name: 'b', interrupts: [{ value: null }] }] });
    expect(before.resume!.code).toContain('HashSet::from([StepId::from("b")])');
  });

  it('a fork of a paused row is paused too, and names its origin', () => {
    const [row] = rowsOf(store, 'approval/run-5059b4ef-3538-4a13-ab1f-5d2e8b8c7f05');
    expect(row).toMatchObject({
      status: 'interrupted',
      parent: null,
      parentThread: 'approval/run-pending',
      parentKind: 'explicit',
    });
  });

  it('rows that a `Goto` back has left are flagged, one that it went past is told', () => {
    expect(picture('run-goto-back').map(([, , , note]) => note)).toEqual([
      asks,
      'left over from an earlier pass',
      'left over from an earlier pass',
      'left over from an earlier pass',
    ]);
    const head = store.pending(keyAt(store, 'approval/run-goto-back', 3));
    expect(head.reason).toMatch(/highest super step all the same/);
    expect(head.reason).toMatch(/saved last is super step 1, where "ask" waits/);
    const rows = rowsOf(store, 'approval/run-goto-back');
    expect(rows[1]!.parentReason).toMatch(/super step 1 was saved again/);
    expect(rowsOf(store, 'approval/run-goto')[1]!.parentReason).toBe(reasons.gap);
  });

  it('the outbox stands with the interrupt that it follows', () => {
    const records = drained(store.neighbours('approval/run-approved')).batches;
    expect(records.map((record) => record.kind)).toEqual(['interrupt', 'outbox']);
    expect(records[0]!.checkpoint).toBe(keyAt(store, 'approval/run-approved', 0));
    expect(plain(textOf(records[1]!.content))).toMatchObject({
      id: 'ob-1',
      payload_json: { amount: 250 },
      committed: 1,
    });
    const ofPoint = drained(store.neighbours('approval/run-approved', keyAt(store, 'approval/run-approved', 1)));
    expect(ofPoint.batches).toEqual([]);
  });
});
