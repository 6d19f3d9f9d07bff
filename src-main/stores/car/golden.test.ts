// Every genuine CAR store against what the framework's own reading API said of it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Cursor } from '../../values/cursor.ts';
import { encodeTagged } from '../../values/tagged.ts';
import { stateAfter, writesOf } from './deltas.ts';
import { carFiles } from './format.ts';
import { reasons } from './points.ts';
import { drained } from '../testing/opened.ts';
import { fixtureNames, goldenOf, openFixture, type GoldenPaused } from './testing/fixtures.ts';
import { readRun, type RunView } from './run-file.ts';
import type { CarStore } from './store.ts';

/** Both sides go through JavaScript's numbers; the exact digits have assertions of their own. */
const plain = (cursor: Cursor | null): unknown => (cursor === null ? null : JSON.parse(encodeTagged(cursor)));
/**
 * Without its feature for it, serde_json reads some floats one unit in the last place off, so CAR's answer and the file that it wrote
 * may differ there (`0.020732999999999998`, read as `0.020733`). Run times are compared without that digit.
 */
const timed = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
    typeof inner === 'number' && !Number.isInteger(inner) ? Number(inner.toPrecision(14)) : inner,
  );
const plainText = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'));

function rowsOf(store: CarStore, thread: string) {
  const lineage = drained(store.lineage(thread)).result;
  const all = Array.from({ length: lineage.count }, (_, i) => i);
  return { lineage, rows: store.checkpoints(lineage, all) };
}

function runOf(store: CarStore, thread: string): RunView {
  const { reading } = store.folder.points(store.folder.requireFiles(thread));
  if (!reading.ok) throw new Error(reading.reason);
  return reading.run;
}

/** The oldest release that the files of a store speak of. A store without a line here has no assertion, and fails. */
const eraOf: Readonly<Record<string, string>> = { v021: '0.21', v060: '0.60' };

it('there is an assertion for every store', () => expect(Object.keys(eraOf).sort()).toEqual(fixtureNames));

describe.each(fixtureNames)('%s', (name) => {
  const golden = goldenOf(name);
  const opened = openFixture(name);
  const { store } = opened;
  afterAll(() => opened.close());
  const paused = golden.runs.flatMap((run) => (run.paused === undefined ? [] : [[run.stem, run.paused] as const]));
  const failing = golden.runs.filter((run) => run.paused === undefined);
  const stems = (suffix: string) =>
    golden.files.filter((f) => f.endsWith(suffix)).map((f) => f.slice(0, -suffix.length));
  const claimed = stems('.inflight').filter((stem) => !golden.list.includes(stem));

  it('is detected as a whole and by its folder of runs', () => {
    expect(carFiles.detect(opened.backend.reader)).toEqual({ verdict: 'yes', eras: [eraOf[name]] });
    const runs = openFixture(name, 'runs');
    expect(carFiles.detect(runs.backend.reader)).toEqual({ verdict: 'yes', eras: [eraOf[name]] });
    expect(drained(runs.store.threads()).batches.flat().length).toBe(golden.list.length + claimed.length);
    runs.close();
  });

  it('lists what CAR lists, and the claimed runs', () => {
    const listed = drained(store.threads()).batches.flat();
    expect(listed.map((t) => t.thread).sort()).toEqual([...golden.list, ...claimed].sort());
    expect(claimed.length).toBeGreaterThan(0);
    for (const summary of listed) expect(store.threadSummary(summary.thread)).toEqual(summary);
    for (const stem of claimed) expect(store.threadDetail(stem).status).toBe('in_flight');
    for (const none of ['no such run', '', '..', 'a/b', '\0', '../runs/gate1'])
      expect(store.threadSummary(none)).toBeNull();
    // What CAR offers for resuming is what waits here.
    const waiting = listed.filter((t) => store.threadDetail(t.thread).status === 'interrupted').map((t) => t.thread);
    const offered = golden.list_summaries?.map((s) => s.run_id) ?? paused.map(([stem]) => stem);
    expect(waiting.sort()).toEqual([...offered].sort());
  });

  it('says where CAR fails', () => {
    expect(failing.length).toBeGreaterThan(0);
    for (const { stem } of failing) {
      expect(store.threadDetail(stem)).toMatchObject({
        head: null,
        status: 'unknown',
        refused: expect.stringMatching(/cannot read/),
      });
      const { rows } = rowsOf(store, stem);
      expect(rows).toMatchObject([{ status: 'unknown', note: expect.stringMatching(/cannot be read/) }]);
      expect(Buffer.from(store.raw(rows[0]!.key as never)[0]!.bytes)).toEqual(
        readFileSync(join(opened.path, 'runs', `${stem}.json`)),
      );
      expect(() => store.state(rows[0]!.key as never)).toThrow(/cannot be read/);
    }
    for (const [stem] of paused) expect(store.threadDetail(stem).refused).toBeNull();
  });

  it.each(paused)('%s: every point', (stem, run: GoldenPaused) => {
    const { lineage, rows } = rowsOf(store, stem);
    rows.forEach((row, i) => {
      const key = store.keyAt(lineage, i);
      expect(row).toMatchObject({
        parent: i === 0 ? null : rows[i - 1]!.key,
        parentKind: i === 0 ? null : 'inferred',
        parentReason: i === 0 ? null : reasons.order,
        step: i + 1,
      });
      expect(store.raw(key).length).toBe(1);
    });
    run.stage_results.forEach((result, i) => {
      expect(rows[i]).toMatchObject({ node: [result.stage_id], time: null, status: 'idle' });
      expect(timed(plain(store.metadata(rows[i]!.key as never)))).toEqual(timed(result));
      expect(store.pending(rows[i]!.key as never)).toMatchObject({ status: 'idle', resumable: false, tasks: [] });
      const derived = store.state(rows[i]!.key as never);
      expect(new Set(derived.provenance.values()).isSubsetOf(new Set(['derived', 'absent']))).toBe(true);
    });
    const head = rows.at(-1)!;
    expect(store.threadDetail(stem)).toMatchObject({ head: head.key, status: 'interrupted', branches: 1 });
    expect(head).toMatchObject({
      node: [run.paused_stage_id],
      time: run.created_at,
      status: 'interrupted',
      note: run.prompt,
    });
    const state = store.state(head.key as never);
    expect(plain(state.root)).toEqual(run.wf_state);
    expect(new Set(state.provenance.values())).toEqual(new Set(['stored']));
    const { wf_state: _state, stage_results: _results, ...rest } = run;
    expect(timed(plain(store.metadata(head.key as never)))).toEqual(timed(rest));
    const pending = store.pending(head.key as never);
    expect(pending).toMatchObject({ status: 'interrupted', next: [run.paused_stage_id], resumable: true });
    const [interrupt] = pending.tasks[0]!.interrupts;
    expect([plain(interrupt!.value), plain(interrupt!.schema)]).toEqual([run.prompt, run.fields]);
    expect(pending.resume?.code).toContain(`store.claim(${JSON.stringify(stem)})`);
  });

  it.each(paused)('%s: what the results tell is what the state holds', (stem, run: GoldenPaused) => {
    const view = runOf(store, stem);
    const told = new Map<string, Uint8Array | null>();
    for (let i = 0; i < view.results!.count; i += 1)
      for (const [key, value] of writesOf(view, view.results!.child(i))) told.set(key, value);
    for (const [key, value] of told) {
      expect(run.wf_state, key).toHaveProperty([key]);
      if (value !== null) expect(plainText(value), key).toEqual(run.wf_state[key]);
    }
    for (const key of Object.keys(run.wf_state)) {
      if (!['goal', 'big', 'small', 'blob'].includes(key)) expect([...told.keys()]).toContain(key);
    }
  });

  it('every file that CAR reads is one that we say it reads', () => {
    for (const file of golden.files.filter((f) => !f.endsWith('.tmp'))) {
      const reading = readRun(readFileSync(join(opened.path, 'runs', file)));
      const fails = failing.some((run) => file === `${run.stem}.json`);
      expect(reading.ok && reading.run.refused === null, file).toBe(!fails);
    }
  });
});

describe('the store of 0.60', () => {
  const name = 'v060';
  const opened = openFixture(name);
  const { store } = opened;
  afterAll(() => opened.close());

  it('has folders beside the runs that are no stores themselves', () => {
    for (const [folder, reason] of [
      ['results', /is the result of a CAR workflow/],
      ['dedup', /no checkpoint/],
      ['journal', /no runs/],
    ] as const) {
      const other = openFixture(name, folder);
      expect(carFiles.detect(other.backend.reader)).toMatchObject({
        verdict: 'no',
        reason: expect.stringMatching(reason),
      });
      other.close();
    }
  });

  it('states of earlier points are those of genuine earlier gates', () => {
    const stateOf = (stem: string, kept: number) => plainText(stateAfter(runOf(store, stem), kept)!.bytes);
    const draftOnly = plainText(
      Buffer.from(JSON.stringify(goldenOf(name).runs.find((r) => r.stem === 'gate1')!.paused!.wf_state)),
    );
    for (const stem of ['gate2', 'revised', 'orphan-both']) expect(stateOf(stem, 1)).toEqual(draftOnly);
    // The loop came by here with the same answer: the values of that visit are told by its result.
    const { approval: _a, ...answered } = stateOf('revised', 2) as Record<string, unknown>;
    expect(answered).toEqual({
      ...(draftOnly as object),
      'approval.decision': 'revise',
      'stage.gate1.answer': '{"decision":"revise"}',
      'stage.gate1.succeeded': true,
    });
    expect(Object.keys(stateOf('rich', 0) as object)).toEqual([]);
    expect(stateOf('rich', 1)).toEqual({
      items: ['one', 'two "quoted"', '三'],
      'stage.poll.succeeded': true,
      'stage.poll.answer': '"written: items"',
    });
  });

  it('numbers keep their digits', () => {
    const { rows } = rowsOf(store, 'large');
    for (const row of rows) {
      const text = encodeTagged(store.state(row.key as never).root!);
      expect(text).toContain('"big":18446744073709551615');
      expect(text).toContain('"float":1.0');
    }
  });

  it('claims are shown with their evidence', () => {
    for (const stem of ['claimed', 'refused']) {
      const head = store.threadDetail(stem).head!;
      expect(store.pending(head)).toMatchObject({
        status: 'in_flight',
        resumable: false,
        resume: null,
        reason: expect.stringContaining(`"${stem}.inflight"`),
      });
    }
    const both = store.pending(store.threadDetail('orphan-both').head!);
    expect(both).toMatchObject({ status: 'interrupted', resumable: true, reason: expect.stringMatching(/marker/) });
    expect(store.describe().notes.join('\n')).toMatch(/orphan-both\.inflight/);
  });

  it('gives what stands beside the runs', () => {
    const of = (stem: string) => drained(store.neighbours(stem)).batches.map((r) => [r.kind, r.record, r.checkpoint]);
    expect(of('gate2')).toEqual([
      ['result', 'results/second-gate.json', 'gate2//gate2'],
      ['event', 'journal/session-1.jsonl:1', null],
      ['event', 'journal/session-1.jsonl:2', null],
    ]);
    expect(of('rich')).toEqual([
      ['result', 'results/rich-failed.json', 'rich//gate'],
      ['seen_set', 'dedup/seen_items.json', null],
    ]);
    expect(of('orphan-both')[0]).toEqual(['claimed_checkpoint', 'runs/orphan-both.inflight', null]);
    expect(of('gate1')).toEqual([]);
    expect(drained(store.neighbours('gate2', 'gate2//gate2' as never)).batches.length).toBe(1);
    expect(store.describe().notes.join('\n')).toMatch(/hash chain of `journal\/session-1.jsonl` holds over its 2/);
  });
});
