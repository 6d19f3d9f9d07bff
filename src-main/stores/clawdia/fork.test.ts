// Forks as data, and carried out: what is written, what is refused, what undo leaves.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import { utf8 } from '../../values/bytes.ts';
import { openValue } from '../../values/open.ts';
import type { ForkRequest } from '../store.ts';
import { fragmentOf, segmentOf } from './names.ts';
import { prettyText } from './new-checkpoint.ts';
import { renamedText } from './restamp.ts';
import { committed, planned } from '../testing/opened.ts';
import { fixtureNames, goldenOf, opened, openFixture, rowsOf, type OpenedFixture } from './testing/fixtures.ts';

function forkOf(
  fixture: OpenedFixture,
  run: string,
  id: string,
  pending: 'keep' | 'drop',
  into = 'forked',
): ForkRequest {
  const key = rowsOf(fixture.store, run).rows.find((row) => row.id === id)!.key;
  const target = { kind: 'thread', thread: into } as const;
  return { operation: 'fork', key: key, edits: [], target, pending, leave: [] };
}

const refusal = (act: () => unknown) => {
  try {
    act();
  } catch (thrown) {
    return asForkpointError(thrown);
  }
  throw new Error('it was not refused');
};

/** Every file below a path with its digest; directories do not count. */
function filesBelow(path: string): string[] {
  if (statSync(path).isFile()) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(path, name)).isFile())
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(path, name)))
          .digest('hex')}`,
    )
    .sort();
}

describe('names', () => {
  it.each([
    ['run.journal.1', 'run.journal.1-1e938d93dac4'],
    ['run/42', 'run_42-1fef95489b41'],
    ['日本', '__-cf2abf0c5be3'],
    ['', 'id-e3b0c44298fc'],
    ['checkpoint.run.1', 'checkpoint.run.1-c89c9471b040'],
    ['..', '..-5ec1f7e700f3'],
    ['x😀y', `x_y-${fragmentOf('x😀y')}`],
  ])('%j is %s', (id, segment) => expect(segmentOf(id)).toBe(segment));

  it('shows 80 characters at most', () => {
    expect(segmentOf('l'.repeat(90))).toMatch(/^l{80}-[0-9a-f]{12}$/);
  });
});

describe('a fork that keeps what is open', () => {
  it('copies the journal up to the point, and says in its checkpoint what is open', () => {
    const fixture = openFixture('file-crash');
    const head = rowsOf(fixture.store, 'run.crash.approval').rows.at(-1)!;
    const { plan } = committed(fixture, forkOf(fixture, 'run.crash.approval', head.id, 'keep'));
    expect(plan.warnings.map((one) => one.code)).toEqual(['host_resume']);
    const { rows } = rowsOf(fixture.store, 'forked');
    expect(rows.map((row) => row.id)).toEqual([
      ...rowsOf(fixture.store, 'run.crash.approval').rows.map((row) => row.id),
      'checkpoint.forkpoint.8',
      'journal.forkpoint.checkpoint.9',
    ]);
    const made = fixture.store.metadata(rows.at(-2)!.key)!;
    expect(JSON.parse(Buffer.from(made.slice()).toString())).toEqual({
      checkpoint_id: 'checkpoint.forkpoint.8',
      run_id: 'forked',
      checkpoint_seq: 2,
      covers_journal_seq: 8,
      loop_state: 'WaitingForResume',
      turn_id: 'turn.p0.8766c15a4233',
      runtime_package_fingerprint: expect.stringMatching(/^sha256:/),
      pending_side_effects: [
        {
          effect_id: 'effect.tool.call.crash.approval.approval',
          intent_record_id: 'journal.record.approval.approval.request.tool.call.crash.approval.intent',
          unsafe_pending_reason: expect.any(String),
        },
      ],
      pending_approvals: ['approval.request.tool.call.crash.approval'],
      state_hash: expect.stringMatching(/^forkpoint\.journal\.sha256:[0-9a-f]{64}$/),
      created_at_millis: 1_800_000_000_000,
      writer_id: 'forkpoint:run.crash.approval@8',
    });
    expect(rows[0]!.parentThread).toBe('run.crash.approval');
    expect(fixture.store.threadDetail('forked')).toMatchObject({ status: 'interrupted', refused: null });
    fixture.close();
  });

  it('names the new run everywhere and the old one nowhere but where it came from', () => {
    const fixture = openFixture('sqlite-basic');
    const { plan } = planned(fixture, forkOf(fixture, 'run.text', 'journal.p0.0ff31a09d10b.model.intent', 'keep'));
    for (const change of plan.changes.changes) {
      if (!('row' in change)) continue;
      expect(change.row['run_id']).toBe('forked');
      const json = String(change.row['record_json'] ?? change.row['checkpoint_json']);
      expect(json.replace(/"writer_id":"forkpoint:run\.text@5"/g, '')).not.toMatch(/"run\.text"/);
    }
    fixture.close();
  });
});

describe('a fork that is run again', () => {
  it('re-stamps every id of the runtime and has no checkpoint record', () => {
    const fixture = openFixture('file-tools');
    const id = 'journal.p0.34b68d5a55a8.tool.8.tool.result';
    const { plan } = committed(fixture, forkOf(fixture, 'run.tool.works', id, 'drop'));
    expect(plan.warnings.map((one) => one.code)).toEqual(['effects_run_again']);
    expect(plan.warnings[0]!.message).toContain('`write_note`');
    const { rows } = rowsOf(fixture.store, 'forked');
    const fragment = fragmentOf('forked');
    const records = rows.filter((row) => row.source !== 'checkpoint_store');
    expect(records.map((row) => row.id)).toEqual(
      rowsOf(fixture.store, 'run.tool.works')
        .rows.filter((row) => row.source !== 'checkpoint_store')
        .slice(0, 9)
        .map((row) => row.id.replaceAll('34b68d5a55a8', fragment)),
    );
    const journal = readFileSync(join(fixture.path, 'runs', segmentOf('forked'), 'journal.ndjson'), 'utf8');
    expect(journal).not.toContain('34b68d5a55a8');
    expect(journal.endsWith('}\n')).toBe(true);
    fixture.close();
  });

  it('numbers a later run of a process from 1, its checkpoints too', () => {
    const fixture = openFixture('sqlite-basic');
    const id = 'journal.p0.6c09d6831998.model.intent';
    committed(fixture, forkOf(fixture, 'run.second-b', id, 'drop'));
    expect(rowsOf(fixture.store, 'forked').rows.map((row) => row.step)).toEqual([1, 2, 3, 4, 5, 5]);
    fixture.close();
  });

  it.each([
    ['sqlite-pool', 'run.parent', /first record/],
    ['sqlite-odd', 'run/42', /first record/],
    ['file-retention-before', 'run.keep', /first record/],
  ])('%s %s cannot be run again by the runtime, and says why', (name, run, why) => {
    const fixture = openFixture(name);
    const row = rowsOf(fixture.store, run).rows.findLast((one) => one.source !== 'checkpoint_store')!;
    const error = refusal(() => planned(fixture, forkOf(fixture, run, row.id, 'drop')));
    expect(error.code).toBe('unable');
    expect(error.message).toMatch(why);
    expect(error.hint).toContain('--pending keep');
    fixture.close();
  });
});

it('stops before the record that ends a run', () => {
  const fixture = openFixture('file-basic');
  for (const pending of ['keep', 'drop'] as const) {
    const { plan } = committed(fixture, forkOf(fixture, 'run.text', 'checkpoint.run.text.3', pending, `f ${pending}`));
    expect(plan.warnings.map((one) => one.code)).toContain('terminal');
    const { rows } = rowsOf(fixture.store, `f ${pending}`);
    expect(rows.filter((row) => row.source === 'message')).toHaveLength(1);
    expect(rows.some((row) => row.status === 'terminal')).toBe(false);
  }
  fixture.close();
});

it('says what a fork of an early head leaves behind', () => {
  const fixture = openFixture('file-retention-pruned-9');
  const { plan } = planned(fixture, forkOf(fixture, 'run.keep', 'cp.tie-2', 'keep'));
  expect(plan.warnings.map((one) => one.code)).toEqual(['behind_head', 'host_resume']);
  fixture.close();
});

it('is greater than every checkpoint that it copies, also where their numbers are used up', () => {
  const fixture = openFixture('sqlite-odd');
  const { rows } = rowsOf(fixture.store, 'run/42');
  const { plan } = committed(fixture, forkOf(fixture, 'run/42', rows.at(-1)!.id, 'keep'));
  expect(fixture.store.threadDetail('forked').head).toContain(plan.target!.id);
  fixture.close();
});

describe('refusals', () => {
  it.each(['file-basic', 'sqlite-basic'])('%s: nothing is planned that clawdia could not read', (name) => {
    const fixture = openFixture(name);
    const request = forkOf(fixture, 'run.text', 'checkpoint.run.text.1', 'keep');
    const at = { kind: 'in-place' } as const;
    expect(refusal(() => planned(fixture, { ...request, target: at })).code).toBe('unable');
    const edits = [{ op: 'set', path: 'a', value: '1' }] as const;
    expect(refusal(() => planned(fixture, { ...request, edits })).message).toMatch(/hold no state/);
    const into = (thread: string) => ({ ...request, target: { kind: 'thread', thread } as const });
    expect(refusal(() => planned(fixture, into('run.text'))).code).toBe('exists');
    for (const bad of ['', 'x'.repeat(513), 'a\u0000b', 'a\nb', '\ud800']) {
      expect(refusal(() => planned(fixture, into(bad))).code, JSON.stringify(bad)).toBe('bad_value');
    }
    const key = formatKey({ thread: 'run.text', namespace: '', id: 'none', nth: 0 });
    expect(refusal(() => planned(fixture, { ...request, key })).code).toBe('not_found');
    fixture.close();
  });
});

describe('odd ids', () => {
  const odd = ['run/42', '..', '.', 'a\\b', '日本', 'x😀y', 'quote\'";--', 'CON', 'x'.repeat(512), ' ', '-', 'a%2Fb'];
  it.each(['file-crash', 'sqlite-basic'])('%s takes them', (name) => {
    const fixture = openFixture(name);
    const run = name === 'file-crash' ? 'run.crash.tool' : 'run.text';
    const id = rowsOf(fixture.store, run).rows[2]!.id;
    for (const into of odd) {
      committed(fixture, forkOf(fixture, run, id, 'drop', into));
      const { rows } = rowsOf(fixture.store, into);
      expect(rows.length, into).toBe(rows.filter((row) => row.note === null).length);
      expect(fixture.store.threadDetail(into).refused).toBeNull();
      expect(fixture.store.threadSummary(into)?.checkpoints).toBe(rows.length);
    }
    fixture.close();
  });
});

describe('undo', () => {
  it.each(fixtureNames.filter((name) => name !== 'file-torn'))('%s is as it was, every file and row of it', (name) => {
    const fixture = openFixture(name);
    const before = filesBelow(fixture.path);
    const listed = JSON.stringify([...fixture.store.threads()].flat().map((one) => ({ ...one, updatedAt: null })));
    for (const { run_id: run } of goldenOf(name).runs.slice(0, 2)) {
      const row = rowsOf(fixture.store, run).rows.find((one) => one.source !== 'checkpoint_store')!;
      const { bundle } = committed(fixture, forkOf(fixture, run, row.id, 'keep'));
      const undo = fixture.backend.undo(bundle);
      fixture.backend.apply(undo.changes, undo.relied, `${bundle}-undo`);
    }
    expect(filesBelow(fixture.path)).toEqual(before);
    expect(JSON.stringify([...fixture.store.threads()].flat().map((one) => ({ ...one, updatedAt: null })))).toBe(
      listed,
    );
    fixture.close();
  });
});

it('a source that grows meanwhile does not keep a fork of its past from being written', async () => {
  const fixture = openFixture('file-crash');
  const request = forkOf(fixture, 'run.crash.tool', 'journal.p0.cd09682d1306.model.intent', 'drop');
  const { plan, relied } = planned(fixture, request);
  const { appendFileSync } = await import('node:fs');
  const journal = join(fixture.path, 'runs', segmentOf('run.crash.tool'), 'journal.ndjson');
  const line = readFileSync(journal, 'utf8').split('\n')[6]!;
  appendFileSync(
    journal,
    `${line.replace('"journal_seq":7', '"journal_seq":9').replace('model.completed', 'again')}\n`,
  );
  fixture.backend.apply(plan.changes, relied, join(fixture.path, '..', 'bundle'));
  expect(rowsOf(opened(fixture.path).store, 'forked').rows.length).toBe(6);
  fixture.close();
});

describe('splices', () => {
  it('change ids and nothing else: any number, order and unknown member stays', () => {
    const value = fc.jsonValue({ noUnicodeString: false });
    fc.assert(
      fc.property(value, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.string(), (extra, big, reason) => {
        const text = (run: string) =>
          `{ "run_id":${JSON.stringify(run)},"n":${big},"f":1.0,"e":1E400, "reason":${JSON.stringify(reason)},"extra":${JSON.stringify(extra)} }`;
        const naming = { from: 'old run', to: 'new "run"', restamp: true, shift: 0n };
        const bytes = renamedText(openValue('json', utf8(text('old run'))), naming);
        expect(Buffer.from(bytes).toString()).toBe(text('new "run"'));
      }),
      { numRuns: 200 },
    );
  });

  it('lay a checkpoint out as the framework does', () => {
    const fixture = openFixture('file-crash');
    const { rows } = rowsOf(fixture.store, 'run.crash.approval');
    const [raw] = fixture.store.raw(rows.at(-1)!.key);
    const compact = utf8(JSON.stringify(JSON.parse(Buffer.from(raw!.bytes).toString())));
    expect(Buffer.from(prettyText(compact)).toString()).toBe(Buffer.from(raw!.bytes).toString());
    fixture.close();
  });
});
