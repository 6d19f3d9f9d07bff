// What clawdia answers of its stores beyond the shape that ../golden.test.ts holds them to: where checkpoints stand, verdicts, neighbours.

import { afterAll, describe, expect, it } from 'vitest';
import { encodeTagged } from '../../values/tagged.ts';
import type { Cursor } from '../../values/cursor.ts';
import { fixtureNames, goldenOf, openFixture, rowsOf } from './testing/fixtures.ts';

/** Both sides go through JavaScript's numbers; the exact digits have assertions of their own. */
const plain = (cursor: Cursor | null): unknown => (cursor === null ? null : JSON.parse(encodeTagged(cursor)));

describe.each(fixtureNames)('%s', (name) => {
  const golden = goldenOf(name);
  const opened = openFixture(name);
  const { store } = opened;
  afterAll(() => opened.close());

  it('is detected, with the release that wrote it', () => {
    expect(store.format.detect(opened.backend.reader as never)).toEqual({ verdict: 'yes', eras: ['0.1.0-alpha.4'] });
  });

  it.each(golden.runs.map((run) => [run.run_id.slice(0, 40), run] as const))(
    'has the checkpoints of run %j where clawdia finds them',
    (_, run) => {
      const { rows } = rowsOf(store, run.run_id);
      rows.forEach((row, i) => expect(row.parent).toBe(i === 0 ? null : rows[i - 1]!.key));
      // Placed behind the record that it covers, and whatever the framework finds at or before a record stands at or before it.
      for (const { cursor, value } of run.load_at_or_before) {
        const seq = Number(cursor.replace('journal.', ''));
        const found = rows.findLast((row) => row.source === 'checkpoint_store' && (row.step ?? Infinity) <= seq);
        if (!Number.isSafeInteger(seq)) continue;
        expect(found?.id).toBe(value.checkpoint_id);
        expect(plain(store.metadata(found!.key))).toEqual(value);
      }
    },
  );

  it.each(golden.runs.map((run) => [run.run_id.slice(0, 40), run] as const))('has the verdict of %j', (_, run) => {
    const detail = store.threadDetail(run.run_id);
    const { lineage, rows } = rowsOf(store, run.run_id);
    const head = rows[lineage.heads[0]!]!;
    expect(detail.status).toBe(head.status);
    if (run.load_latest !== null) expect(plain(store.metadata(head.key))).toEqual(run.load_latest);
    if (!Array.isArray(run.records))
      expect(detail.refused).toMatch(/^clawdia 0\.1\.0-alpha\.4 cannot read this run: line 10 /);
    if (run.replay === null) return;
    const points = store.pointsOf(run.run_id);
    const facts = store.factsOf(points);
    const { resume } = run.replay;
    const replay = facts.replayAt(points.records.length);
    if (resume.error !== undefined) {
      expect(replay.error).toBe(resume.error);
      expect(['terminal', 'failed']).toContain(detail.status);
      return;
    }
    if (replay.error !== null) throw new Error(replay.error);
    expect(replay.complete).toBe(resume.resume_allowed);
    expect(replay.unsafe.toSorted()).toEqual(
      (resume.unsafe_pending_side_effects ?? []).map((effect) => effect.effect_id).sort(),
    );
  });

  it('resolves contents, events and tool executions beside the points', () => {
    const neighbours = golden.runs.flatMap((run) => [...store.neighbours(run.run_id)].map((one) => ({ run, ...one })));
    const named = (kind: string) => neighbours.filter((one) => one.kind === kind);
    expect(
      named('event')
        .map((one) => `event:${one.record.slice(6)}`)
        .sort(),
    ).toEqual(golden.events.map((event) => `event:${event.archive_position}`).sort());
    const tools = golden.runs.flatMap((run) =>
      run.tool_execution.map((tool) => `tool_execution:${tool.record.tool_call_id}@${tool.journal_seq}`),
    );
    expect(
      named('tool_execution')
        .map((one) => one.record)
        .sort(),
    ).toEqual(tools.sort());
    for (const one of neighbours) {
      expect(one.record).toMatch(/^[a-z_]+:/);
      if (one.checkpoint === null) continue;
      const records = [...store.neighbours(one.run.run_id, one.checkpoint)].map((other) => other.record);
      expect(records).toContain(one.record);
    }
    for (const run of golden.runs) {
      const ids = [...store.neighbours(run.run_id)].map((one) => one.record);
      expect(new Set(ids).size).toBe(ids.length);
    }
    if (golden.pools.length > 0) expect(named('agent_pool').length).toBeGreaterThan(0);
  });
});

/** Status, then what is next, per point. */
function picture(name: string, run: string): string[] {
  const opened = openFixture(name);
  try {
    return rowsOf(opened.store, run).rows.map((row) => `${row.node.join()} ${row.status} [${row.next.join(', ')}]`);
  } finally {
    opened.close();
  }
}

describe('how a run stands', () => {
  it('a crash in an approval waits for it', () => {
    expect(picture('file-crash', 'run.crash.approval').slice(-3)).toEqual([
      'completed idle []',
      'approval_dispatch_intent interrupted [approval.request.tool.call.crash.approval]',
      'Approval interrupted [approval.request.tool.call.crash.approval]',
    ]);
  });

  it('a crash in a tool leaves it open', () => {
    expect(picture('file-crash', 'run.crash.tool').slice(-2)).toEqual([
      'tool_intent_recorded idle [write_note]',
      'ToolExecution idle [write_note]',
    ]);
  });

  it.each([
    ['file-tools', 'run.approval.no', 'failed'],
    ['file-tools', 'run.approval.yes', 'terminal'],
    ['file-tools', 'run.provider.fails', 'idle'],
    ['file-tools', 'run.tool.works', 'terminal'],
    ['file-tools', 'run.tool.fails', 'failed'],
    ['file-basic', 'run.text', 'terminal'],
    ['file-retention-before', 'run.keep', 'terminal'],
    ['sqlite-pool', 'run.parent', 'idle'],
    ['sqlite-odd', 'run/42', 'idle'],
  ])('%s %s is %s', (name, run, status) => {
    const opened = openFixture(name);
    expect(opened.store.threadDetail(run).status).toBe(status);
    opened.close();
  });

  it('shows what an open tool was given, and asks what an approval asks', () => {
    const opened = openFixture('file-crash');
    const tool = opened.store.pending(opened.store.threadDetail('run.crash.tool').head!);
    expect(tool.tasks.map((task) => [task.id, task.name, plain(task.argument)])).toEqual([
      ['effect.tool.call.crash.tool', 'write_note', { path: 'x' }],
    ]);
    const approval = opened.store.pending(opened.store.threadDetail('run.crash.approval').head!);
    expect(approval.tasks.map((task) => task.interrupts.map((one) => one.id))).toEqual([
      ['approval.request.tool.call.crash.approval'],
    ]);
    expect(approval.reason).toMatch(/waits for the approval .*write_note: write a note about the tide/);
    expect(approval.reason).toMatch(/folds to complete/);
    opened.close();
  });

  it('lists the approvals that only a checkpoint names', () => {
    const opened = openFixture('file-retention-before');
    const { rows } = rowsOf(opened.store, 'run.keep');
    const pending = opened.store.pending(rows.find((row) => row.id === 'cp.a')!.key);
    expect(pending.status).toBe('interrupted');
    expect(pending.tasks.map((task) => task.id)).toEqual(['approval.1']);
    opened.close();
  });
});

it('tells which checkpoints of the journal are no longer saved', () => {
  const opened = openFixture('file-retention-pruned-9');
  const { rows } = rowsOf(opened.store, 'run.keep');
  expect(rows.filter((row) => row.note?.includes('pruned')).map((row) => row.id)).toEqual([
    'rec.3',
    'rec.6',
    'rec.9',
    'rec.12',
  ]);
  const saved = rows.filter((row) => row.source === 'checkpoint_store');
  expect(saved.map((row) => row.id)).toEqual(['cp.moved', 'cp.d', 'cp.tie-1', 'cp.tie-2']);
  opened.close();
  const basic = openFixture('file-basic');
  expect(rowsOf(basic.store, 'run.text').rows.at(-1)!.note).toBeNull();
  basic.close();
});

describe('lineage', () => {
  it('names the run that started a child', () => {
    const opened = openFixture('sqlite-pool');
    for (const child of ['run.child.done', 'run.child.cancelled', 'run.child.detached']) {
      const { rows } = rowsOf(opened.store, child);
      expect(rows[0]!.parentThread).toBe('run.parent');
      expect(rows[0]!.parentReason).toMatch(/as its child/);
    }
    for (const other of ['run.parent', 'run.pool.a'])
      expect(rowsOf(opened.store, other).rows[0]!.parentThread).toBeNull();
    opened.close();
  });

  it('hangs a checkpoint on the record it covers, explicitly', () => {
    const opened = openFixture('file-basic');
    const { rows } = rowsOf(opened.store, 'run.text');
    const saved = rows.filter((row) => row.source === 'checkpoint_store');
    expect(saved.map((row) => [row.id, row.parentKind, row.step])).toEqual([
      ['checkpoint.run.text.1', 'explicit', 3],
      ['checkpoint.run.text.2', 'explicit', 6],
      ['checkpoint.run.text.3', 'explicit', 10],
    ]);
    opened.close();
  });
});

it('keeps every digit of 64-bit numbers', () => {
  const opened = openFixture('sqlite-odd');
  const { lineage, rows } = rowsOf(opened.store, 'run/42');
  const head = rows[lineage.heads[0]!]!;
  const metadata = opened.store.metadata(head.key)!;
  expect(metadata.get('checkpoint_seq')!.lexeme()).toBe('18446744073709551615');
  expect(metadata.get('covers_journal_seq')!.lexeme()).toBe('9007199254740993');
  opened.close();
});
