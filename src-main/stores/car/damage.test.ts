// Damaged and odd stores: every run but the damaged one reads as before, and what is said of that one is a sentence. States, points and
// plans of any file that is JSON must be made without a crash, whatever stands in it.

import { readdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { asForkpointError } from '../../../shared/model/errors.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import { integers } from '../testing/seeded.ts';
import { drained } from '../testing/opened.ts';
import { committed, openFixture, planned, type OpenedStore } from './testing/fixtures.ts';

let opened: OpenedStore;
afterEach(() => opened.close());
const open = (prepare?: (path: string) => void): OpenedStore => (opened = openFixture('v060', 'runs', prepare));
const put = (name: string, text: string | Uint8Array): void => writeFileSync(join(opened.path, name), text);
const text = (name: string): string => readFileSync(join(opened.path, name), 'utf8');

function rows(thread: string) {
  const lineage = drained(opened.store.lineage(thread)).result;
  return opened.store.checkpoints(
    lineage,
    Array.from({ length: lineage.count }, (_, i) => i),
  );
}

/** Asks everything of a run; an error must be a sentence. */
function readAll(thread: string): void {
  const attempt = (read: () => unknown): void => {
    try {
      read();
    } catch (thrown) {
      expect(asForkpointError(thrown).code, String(thrown)).not.toBe('internal');
    }
  };
  opened.store.threadDetail(thread);
  for (const { key } of rows(thread)) {
    const at = key as CheckpointKey;
    for (const read of [
      () => opened.store.state(at),
      () => opened.store.metadata(at),
      () => opened.store.pending(at),
      () => opened.store.raw(at),
      () =>
        planned(opened, {
          operation: 'fork',
          key: at,
          edits: [{ op: 'set', path: 'probe', value: '1' }],
          target: { kind: 'thread', thread: 'probe' },
          pending: 'keep',
          leave: [],
        }),
    ])
      attempt(read);
  }
  attempt(() => drained(opened.store.neighbours(thread)));
  attempt(() => drained(opened.store.exportRecords(thread)));
}

describe('a damaged file', () => {
  it('is one unreadable point, and no other run is touched by it', () => {
    open();
    const before = opened.store.threadDetail('gate1');
    const whole = text('rich.json');
    for (let n = 0; n < 40; n += 1) {
      put('rich.json', whole.slice(0, Math.floor((whole.length * n) / 40)));
      expect(rows('rich')).toMatchObject([{ id: 'damaged', status: 'unknown' }]);
      expect(opened.store.threadDetail('rich')).toMatchObject({
        head: null,
        refused: expect.stringMatching(/^CAR cannot read this run: it is not JSON \(/),
      });
      readAll('rich');
    }
    expect(opened.store.threadDetail('gate1')).toEqual(before);
  });

  it('with bytes turned over never crashes anything', () => {
    open();
    const random = integers(5);
    const whole = readFileSync(join(opened.path, 'rich.json'));
    for (let n = 0; n < 80; n += 1) {
      const bytes = Buffer.from(whole);
      for (let k = random(3); k >= 0; k -= 1) bytes[random(bytes.length)] = random(256);
      put('rich.json', bytes);
      readAll('rich');
    }
  });

  it('with other values in place of any member never crashes anything', () => {
    open();
    const random = integers(7);
    const values = [
      'null',
      '5',
      '"x"',
      '[]',
      '{}',
      '[{}]',
      '[[]]',
      '{"type":"loop"}',
      '{"type":"approval","response":[1]}',
      '1e999',
      '"\\ud800"',
      '['.repeat(10_000) + ']'.repeat(10_000),
    ];
    for (const name of ['rich.json', 'gate2.json', 'revised.json']) {
      const whole = text(name);
      const stem = name.slice(0, -5);
      const members = [...whole.matchAll(/"[a-z_]+": /g)];
      for (let n = 0; n < 40; n += 1) {
        const { index, 0: found } = members[random(members.length)]!;
        const from = index + found.length;
        const rest = whole.slice(from);
        const end =
          /^(?:"(?:[^"\\]|\\.)*"|[\w.+-]+|\[\]|\{\})/.exec(rest)?.[0].length ??
          /^[\s\S]*?\n {2}[\]}]/.exec(rest)?.[0].length ??
          1;
        put(name, `${whole.slice(0, from)}${values[random(values.length)]!}${rest.slice(end)}`);
        readAll(stem);
      }
    }
  });

  it('shows what can be shown of a file that CAR refuses', () => {
    open();
    put('gate2.json', text('gate2.json').replace(/"iterations": 4,\s*/, ''));
    expect(opened.store.threadDetail('gate2')).toMatchObject({
      status: 'unknown',
      refused: 'CAR 0.60.0 cannot read this run: `iterations` is missing.',
    });
    expect(rows('gate2').map((row) => row.id)).toEqual(['draft', 'gate1', 'publish', 'gate2']);
    expect(rows('gate2').map((row) => row.step)).toEqual([null, null, null, null]);
    const head = opened.store.threadDetail('gate2').head!;
    expect(opened.store.state(head).root?.get('published')).not.toBeNull();
    expect(opened.store.state(head).unforkable).toMatch(/`iterations` is missing/);
    expect(opened.store.pending(head)).toMatchObject({ resumable: false, resume: null });
  });

  it.each([
    [/"paused_stage_id": "gate2"/, '"paused_stage_id": "publish"', /is not an approval gate/],
    [/"paused_stage_id": "gate2"/, '"paused_stage_id": "gone"', /has no stage `gone`/],
    [/"output_key": "announce"/, '"output_key": " "', /has no `output_key`/],
    [/"output_key": "announce"/, '"output_key": "goal"', /over the goal/],
  ])('is said not to be resumable where CAR would refuse the resume: %s', (from, to, why) => {
    open();
    put('gate2.json', text('gate2.json').replace(from, to));
    expect(opened.store.threadDetail('gate2').refused).toMatch(why);
    const head = opened.store.threadDetail('gate2').head!;
    expect(opened.store.pending(head)).toMatchObject({ status: 'unknown', resumable: false });
  });

  it('that has no visits left says so, and a rewind has them again', () => {
    open();
    put('gate2.json', text('gate2.json').replace('"max_iterations": 20', '"max_iterations": 4'));
    const head = opened.store.threadDetail('gate2').head!;
    expect(opened.store.pending(head).reason).toMatch(/used up its 4 stage visits/);
    const fork = (at: string) =>
      planned(opened, {
        operation: 'fork',
        key: at as CheckpointKey,
        edits: [],
        target: { kind: 'thread', thread: 'x' },
        pending: 'keep',
        leave: [],
      }).plan.warnings.map((w) => w.code);
    expect(fork(head)).toContain('cycle_limit');
    expect(fork('gate2//draft')).not.toContain('cycle_limit');
  });
});

describe('state changes of older releases', () => {
  it('are the bare values, and are taken out all the same', () => {
    open((path) => {
      const file = join(path, 'gate2.json');
      const run = JSON.parse(readFileSync(file, 'utf8')) as {
        stage_results: { output: { result?: { results: { state_changes: Record<string, unknown> }[] } } }[];
      };
      for (const action of run.stage_results[2]!.output.result!.results)
        action.state_changes = { published: { price: 1 }, 'op.like': { op: 'set' } };
      writeFileSync(file, JSON.stringify(run));
    });
    const state = opened.store.state('gate2//gate1' as CheckpointKey).root!;
    expect(state.get('published')).toBeNull();
    expect(state.get('approval')).not.toBeNull();
  });
});

describe('a folder', () => {
  it('is followed through claim, save and completion', () => {
    open();
    const { store } = opened;
    let { token } = store.changesSince(null);
    const changed = (): readonly string[] | 'all' => {
      const changes = store.changesSince(token);
      ({ token } = changes);
      return changes.threads;
    };
    const status = () => store.threadDetail('gate1').status;
    expect(changed()).toEqual([]);
    const before = opened.backend.token();
    renameSync(join(opened.path, 'gate1.json'), join(opened.path, 'gate1.inflight'));
    expect(opened.backend.token()).not.toBe(before);
    expect(changed()).toEqual(['gate1']);
    expect(status()).toBe('in_flight');
    put('gate1.json', text('gate2.json').replace('"gate2"', '"gate1"'));
    expect(changed()).toEqual(['gate1']);
    expect(status()).toBe('interrupted');
    expect(rows('gate1').map((row) => row.id)).toEqual(['draft', 'gate1', 'publish', 'gate2']);
    unlinkSync(join(opened.path, 'gate1.inflight'));
    expect(changed()).toEqual(['gate1']);
    unlinkSync(join(opened.path, 'gate1.json'));
    expect(changed()).toEqual(['gate1']);
    expect(store.threadSummary('gate1')).toBeNull();
    expect(() => store.threadDetail('gate1')).toThrow(/no run "gate1"/);
    expect(changed()).toEqual([]);
  });

  it('keeps the key of a gate when it has been answered', () => {
    open();
    const gate = opened.store.threadDetail('gate1').head;
    put('gate1.json', text('gate2.json').replace('"gate2"', '"gate1"'));
    expect(rows('gate1')[1]!.key).toBe(gate);
  });

  it('of odd names is listed as CAR lists it, links and folders are left alone', () => {
    open();
    const whole = text('gate1.json');
    for (const name of ['.hidden.json', 'x.y.json', 'a b\n.json', '..json', '\u202egpj.json']) put(name, whole);
    for (const name of ['.json', 'x.tmp', 'README.md', '.inflight']) put(name, whole);
    const listed = drained(opened.store.threads())
      .batches.flat()
      .map((t) => t.thread);
    expect(listed).toEqual(expect.arrayContaining(['.hidden', 'x.y', 'a b\n', '.', '\u202egpj']));
    expect(listed).not.toEqual(expect.arrayContaining(['']));
    for (const thread of listed) readAll(thread);
    expect(opened.store.describe().notes.some((note) => note.includes('\u202e'))).toBe(false);
  });

  it('that loses a file while it is listed goes on', () => {
    open();
    const listing = opened.store.threads();
    listing.next();
    for (const name of readdirSync(opened.path)) if (name !== 'gate1.json') rmSync(join(opened.path, name));
    expect(() => drained(listing)).not.toThrow();
  });

  it('takes a run of many stages', () => {
    open();
    const run = JSON.parse(text('revised.json')) as {
      stage_results: unknown[];
      completed_stage_ids: string[];
      iterations: number;
    };
    const [draft, gate] = run.stage_results;
    run.stage_results = Array.from({ length: 6_001 }, (_, i) => (i % 2 === 0 ? draft : gate));
    run.completed_stage_ids = run.stage_results.map((_, i) => (i % 2 === 0 ? 'draft' : 'gate1'));
    run.iterations = 6_002;
    put('revised.json', JSON.stringify(run));
    expect(rows('revised').length).toBe(6_002);
    const { plan } = committed(opened, {
      operation: 'fork',
      key: 'revised//draft#1501' as CheckpointKey,
      edits: [],
      target: { kind: 'thread', thread: 'half' },
      pending: 'keep',
      leave: [],
    });
    expect(plan.target?.id).toBe('gate1');
    expect(rows('half').length).toBe(3_002);
  });
});
