// Forks, edits, import and undo: what is written, byte for byte, and what is refused.

import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Edit } from '../../values/edit.ts';
import { encodeTagged } from '../../values/tagged.ts';
import type { OperationRequest, ThreadDocument } from '../store.ts';
import { goalFollows } from './fork.ts';
import { badRunId } from './names.ts';
import { newFile } from './new-file.ts';
import { readRun } from './run-file.ts';
import { drained } from '../testing/opened.ts';
import { committed, goldenOf, openFixture, planned, undone, type OpenedStore } from './testing/fixtures.ts';

let opened: OpenedStore;
afterEach(() => opened.close());
const open = (prepare?: (path: string) => void): OpenedStore => (opened = openFixture('v060', 'runs', prepare));

const file = (name: string): string => readFileSync(join(opened.path, name), 'utf8');
interface RunJson {
  readonly [member: string]: unknown;
  readonly workflow: Readonly<Record<string, unknown>>;
  readonly wf_state: Readonly<Record<string, unknown>>;
  readonly stage_results: readonly { readonly output: unknown }[];
}
const json = (name: string): RunJson => JSON.parse(file(name)) as RunJson;
const key = (text: string): CheckpointKey => text as CheckpointKey;
const set = (path: string, value: string): Edit => ({ op: 'set', path, value });
const fork = (at: string, thread: string, ...edits: Edit[]): OperationRequest => ({
  operation: 'fork',
  key: key(at),
  edits,
  target: { kind: 'thread', thread },
  pending: 'keep',
  leave: [],
});
const inPlace = (at: string, ...edits: Edit[]): OperationRequest => ({
  ...(fork(at, '', ...edits) as Extract<OperationRequest, { operation: 'fork' }>),
  target: { kind: 'in-place' },
});
const edit = (at: string, ...edits: Edit[]): OperationRequest => ({
  operation: 'edit',
  key: key(at),
  edits,
  leave: [],
});
const codes = (warnings: readonly { code: string }[]): string[] => warnings.map((w) => w.code);
const contents = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(opened.path)
      .sort()
      .map((n) => [n, readFileSync(join(opened.path, n), 'latin1')]),
  );

describe('a fork of the gate', () => {
  it('is the same file but for id and time, and is taken back', () => {
    open();
    const before = contents();
    const { plan, bundle } = committed(opened, fork('large//gate1', 'again'));
    expect(file('again.json')).toBe(
      file('large.json')
        .replace('"run_id": "large"', '"run_id": "again"')
        .replace(/"created_at": "[^"]*"/, '"created_at": "2027-01-15T08:00:00.250Z"'),
    );
    expect(plan).toMatchObject({ target: { thread: 'again', id: 'gate1' }, edited: null, follows: [] });
    expect(codes(plan.warnings)).toEqual(['both_wait']);
    expect(plan.resume?.code).toContain('store.claim("again")');
    expect(opened.store.threadDetail('again')).toMatchObject({ status: 'interrupted', refused: null });
    undone(opened, bundle);
    expect(contents()).toEqual(before);
  });

  it('with an edit changes that member and nothing else', () => {
    open();
    committed(opened, fork('large//gate1', 'again', set('small.float', '2.0'), set('["new.key"]', '{"a":[1.0]}')));
    const text = file('again.json');
    expect(text).toContain('"float": 2.0');
    expect(text).toContain('"big": 18446744073709551615');
    const { small, 'new.key': added, ...rest } = json('again.json').wf_state;
    const { small: was, ...had } = json('large.json').wf_state;
    expect([rest, added]).toEqual([had, { a: [1] }]);
    expect({ ...(small as object), float: 0 }).toEqual({ ...(was as object), float: 0 });
    expect(text).toContain('    "new.key": {"a":[1.0]}\n  },');
  });

  it('keeps its owner and says so', () => {
    open();
    const { plan } = committed(opened, fork('owned//gate1', 'mine'));
    expect(json('mine.json').owner).toBe('agent-7');
    expect(codes(plan.warnings)).toContain('owner_kept');
  });

  it('an edited goal is set where CAR takes it from; left alone, the plan says that it is ignored', () => {
    open();
    const request = fork('gate1//gate1', 'a', set('goal', '"wasps"'));
    const { plan } = committed(opened, request);
    expect([json('a.json').workflow.goal, json('a.json').wf_state.goal]).toEqual(['wasps', 'wasps']);
    expect(plan.follows.map((f) => f.code)).toEqual([goalFollows]);
    const { plan: left } = committed(opened, {
      ...fork('gate1//gate1', 'b', set('goal', '"wasps"')),
      leave: [goalFollows],
    } as OperationRequest);
    expect(json('b.json').workflow.goal).not.toBe('wasps');
    expect(codes(left.warnings)).toContain('goal_ignored');
    committed(opened, fork('gate1//gate1', 'c', { op: 'remove', path: 'goal' }));
    expect(json('c.json').workflow.goal).toBeNull();
    expect(() => planned(opened, fork('gate1//gate1', 'd', set('goal', '5')))).toThrow(
      /goal of a CAR workflow is a text/,
    );
    committed(opened, fork('rich//gate', 'e', set('goal', '"all"')));
    expect(Object.keys(json('e.json').workflow).slice(0, 4)).toEqual(['id', 'name', 'start', 'goal']);
  });

  it('warns where the answer writes over an edit', () => {
    open();
    const { plan } = planned(
      opened,
      fork('revised//gate1#3', 'x', set('["approval.decision"]', '"reject"'), set('topic', '1')),
    );
    expect(plan.warnings.find((w) => w.code === 'answer_overwrites')?.message).toMatch(/approval\.decision/);
    expect(plan.warnings.find((w) => w.code === 'answer_overwrites')?.message).not.toMatch(/topic/);
  });

  it('does not make a file that CAR could not read', () => {
    open();
    expect(() => planned(opened, fork('gate1//gate1', 'x', set('', '5')))).toThrow(/CAR could not read the run/);
    expect(() => planned(opened, fork('gate1//gate1', 'x', set('n', '1e999')))).toThrow(/beyond the range/);
  });
});

describe('a rewind', () => {
  it('to the first gate is what a genuine first gate is', () => {
    open();
    const { plan } = committed(opened, fork('gate2//draft', 'back'));
    const { run_id: id, created_at: at, stage_results: results, prior_duration_ms: spent, ...back } = json('back.json');
    const { run_id: _i, created_at: _a, stage_results: genuine, prior_duration_ms: _s, ...first } = json('gate1.json');
    expect(back).toEqual(first);
    expect(results[0]!.output).toEqual(genuine[0]!.output);
    expect([id, at, spent]).toEqual(['back', '2027-01-15T08:00:00.250Z', json('gate2.json').prior_duration_ms]);
    expect(codes(plan.warnings)).toEqual(['runs_again', 'both_wait']);
    expect(plan.warnings[0]!.message).toMatch(/"publish"/);
    expect(plan.target).toEqual({ thread: 'back', id: 'gate1' });
    // The text stands as CAR would have indented it.
    expect(file('back.json').replace(/"(?:run_id|created_at)": "[^"]*"/g, '')).toContain(
      file('gate1.json').slice(
        file('gate1.json').indexOf('"paused_stage_id"'),
        file('gate1.json').indexOf('"wf_state"'),
      ),
    );
  });

  it('from an answered gate waits there again, without the answer', () => {
    open();
    const { plan } = committed(opened, fork('gate2//gate1', 'back'));
    expect(json('back.json').wf_state).toEqual(json('gate1.json').wf_state);
    expect(json('back.json')).toMatchObject({
      paused_stage_id: 'gate1',
      iterations: 2,
      completed_stage_ids: ['draft'],
    });
    expect(codes(plan.warnings)).toContain('asked_again');
    expect(plan.edited).not.toBeNull();
  });

  it('in a loop keeps what the earlier visits left', () => {
    open();
    committed(opened, fork('revised//draft#2', 'back'));
    const back = json('back.json');
    expect(back).toMatchObject({ iterations: 4, completed_stage_ids: ['draft', 'gate1', 'draft'] });
    expect(back.stage_results).toEqual(json('revised.json').stage_results.slice(0, 3));
    expect(back.wf_state).toEqual(json('revised.json').wf_state);
    committed(opened, fork('revised//draft', 'first'));
    expect(json('first.json').wf_state).toEqual(json('gate1.json').wf_state);
  });

  it('is refused where CAR could wait at no gate, with the gates that there are', () => {
    open();
    expect(() => planned(opened, fork('rich//loop', 'x'))).toThrow(
      /after `loop` it went on to `nest`, which is none. Fork a gate instead: `rich\/\/gate`/,
    );
    expect(opened.store.state(key('rich//loop')).unforkable).toMatch(/only wait at an approval gate/);
    expect(opened.store.state(key('gate2//draft')).unforkable).toBeUndefined();
  });

  it('in place cuts the history, says so, and is taken back', () => {
    open();
    const before = contents();
    const { plan, bundle } = committed(opened, inPlace('gate2//draft', set('hint', '"shorter"')));
    expect(codes(plan.warnings)).toEqual(['runs_again', 'history_cut']);
    expect(json('gate2.json').wf_state).toEqual({ ...json('gate1.json').wf_state, hint: 'shorter' });
    expect(json('gate2.json').run_id).toBe('gate2');
    undone(opened, bundle);
    expect(contents()).toEqual(before);
  });

  it('is refused where the lists of the file do not belong together', () => {
    open((path) => {
      const text = readFileSync(join(path, 'gate2.json'), 'utf8');
      writeFileSync(join(path, 'gate2.json'), text.replace('"publish"\n  ]', '"other"\n  ]'));
    });
    expect(() => planned(opened, fork('gate2//draft', 'x'))).toThrow(/completed_stage_ids/);
    committed(opened, fork('gate2//gate2', 'x'));
  });
});

describe('an edit', () => {
  it('stays in the file, its id and time too', () => {
    open();
    const { plan, bundle } = committed(opened, edit('gate1//gate1', set('topic', '"bees"')));
    const golden = goldenOf('v060').runs.find((r) => r.stem === 'gate1')!.paused!;
    expect(json('gate1.json')).toEqual({ ...golden, wf_state: { ...golden.wf_state, topic: 'bees' } });
    expect(codes(plan.warnings)).toEqual([]);
    undone(opened, bundle);
  });

  it('is refused while a resume holds the run, and on a marker that was left', () => {
    open();
    for (const stem of ['claimed//gate1', 'refused//gate1', 'orphan-both//gate2']) {
      const [thread] = stem.split('/');
      expect(() => planned(opened, edit(stem, set('a', '1')))).toThrow(
        expect.objectContaining({ code: 'claimed', message: expect.stringContaining(`"${thread}.inflight"`) }),
      );
      const { plan } = planned(opened, fork(stem, 'copy', set('a', '1')));
      expect(codes(plan.warnings)).toContain('claimed');
    }
  });

  it('is refused when the run is claimed between plan and commit', () => {
    open();
    const { plan, relied } = planned(opened, edit('gate1//gate1', set('a', '1')));
    renameSync(join(opened.path, 'gate1.json'), join(opened.path, 'gate1.inflight'));
    const before = contents();
    expect(() => opened.backend.apply(plan.changes, relied, join(opened.beside, 'bundle'))).toThrow(
      expect.objectContaining({ code: 'moved' }),
    );
    expect(contents()).toEqual(before);
  });

  it('of a file whose name and content disagree says what CAR will do', () => {
    open((path) => writeFileSync(join(path, 'copy.json'), readFileSync(join(path, 'gate1.json'))));
    expect(codes(planned(opened, edit('copy//gate1', set('a', '1'))).plan.warnings)).toEqual(['run_id_differs']);
    expect(codes(planned(opened, fork('copy//gate1', 'x')).plan.warnings)).toEqual(['both_wait']);
    expect(opened.store.describe().notes.join()).toMatch(/named "copy", but the run in it is "gate1"/);
    expect(opened.store.pending(key('copy//gate1')).reason).toMatch(/over whatever stands there/);
  });
});

describe('undo of a fork', () => {
  it('is refused once CAR has claimed it, and once it waits again', () => {
    open();
    const { bundle } = committed(opened, fork('gate1//gate1', 'x'));
    renameSync(join(opened.path, 'x.json'), join(opened.path, 'x.inflight'));
    expect(() => opened.backend.undo(bundle)).toThrow(/claimed by a resume/);
    writeFileSync(join(opened.path, 'x.json'), file('gate2.json').replace('"gate2"', '"x"'));
    rmSync(join(opened.path, 'x.inflight'));
    expect(() => opened.backend.undo(bundle)).toThrow(/differs from what was written/);
  });
});

describe('names', () => {
  it.each(['', 'a/b', 'a\\b', 'a\0b', '.hidden', '..', 'x'.repeat(218), '\ud800'])('%j is refused', (name) => {
    open();
    expect(() => planned(opened, fork('gate1//gate1', name))).toThrow(expect.objectContaining({ code: 'bad_value' }));
  });

  it('others are taken, and what exists is not', () => {
    open();
    for (const name of ['x'.repeat(217), 'Lauf 8 – é漢字', 'a.b', 'x.json', 'con', '-']) {
      expect(badRunId(name)).toBeNull();
      committed(opened, fork('gate1//gate1', name));
      expect(opened.store.threadDetail(name).status).toBe('interrupted');
      expect(json(`${name}.json`).run_id).toBe(name);
    }
    for (const name of ['gate2', 'claimed'])
      expect(() => planned(opened, fork('gate1//gate1', name))).toThrow(expect.objectContaining({ code: 'exists' }));
  });

  it('nothing of ours is left in the folder that CAR lists', () => {
    open();
    const before = Object.keys(contents());
    committed(opened, fork('gate1//gate1', 'x'));
    expect(readdirSync(opened.path).sort()).toEqual([...before, 'x.json'].sort());
  });
});

describe('thread documents', () => {
  const document = (thread: string): ThreadDocument => ({
    format: 'car',
    framework: 'CAR',
    dialect: '',
    thread,
    records: drained(opened.store.exportRecords(thread)).batches,
  });
  const importing = (doc: ThreadDocument, thread: string): OperationRequest => ({
    operation: 'import',
    document: doc,
    thread,
  });

  it('give every byte of every run back', () => {
    open();
    for (const { stem, paused } of goldenOf('v060').runs) {
      if (paused === undefined) {
        expect(() => document(stem)).toThrow(/cannot be exported/);
        continue;
      }
      const doc = document(stem);
      const bytes = file(`${stem}.json`);
      committed(opened, importing(doc, 'moved ü'));
      expect(file('moved ü.json')).toBe(bytes.replace(/"run_id": "(?:[^"\\]|\\.)*"/, '"run_id": "moved ü"'));
      rmSync(join(opened.path, 'moved ü.json'));
      rmSync(join(opened.path, `${stem}.json`));
      rmSync(join(opened.path, `${stem}.inflight`), { force: true });
      committed(opened, importing(doc, stem));
      expect(file(`${stem}.json`)).toBe(bytes);
    }
  });

  it('of other frameworks, and damaged ones, are refused', () => {
    open();
    const doc = document('gate1');
    const [record] = doc.records;
    const withFile = (text: string): ThreadDocument => ({
      ...doc,
      records: [{ kind: 'run', cells: [{ name: 'file', storage: 'text', bytes: Buffer.from(text) }] }],
    });
    for (const [bad, why] of [
      [{ ...doc, format: 'wesichain' }, /cannot take it/],
      [{ ...doc, records: [] }, /one record/],
      [{ ...doc, records: [record!, record!] }, /one record/],
      [{ ...doc, records: [{ ...record!, kind: 'ledger' }] }, /kind `ledger`/],
      [{ ...doc, records: [{ kind: 'run', cells: [] }] }, /no text `file`/],
      [withFile('{'), /not JSON \(the text ends inside a map at byte 1\)\. Nothing/],
      [withFile('[]'), /not a JSON object/],
      [withFile('{"a":1}'), /no checkpoint/],
      [withFile('{"paused_stage_id":"a","wf_state":{}}'), /is missing/],
    ] as const)
      expect(() => planned(opened, importing(bad, 'x'))).toThrow(why);
    expect(() => planned(opened, importing(doc, 'gate2'))).toThrow(expect.objectContaining({ code: 'exists' }));
    expect(existsSync(join(opened.path, 'x.json'))).toBe(false);
  });
});

describe('what is written', () => {
  it('holds every other byte, whatever is edited (property)', () => {
    open();
    const lexemes = fc.constantFrom(
      '1.0',
      '1',
      '-0.0',
      '1e5',
      '1E-7',
      '9007199254740993',
      '18446744073709551615',
      '0.10',
    );
    const member = fc.tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), lexemes);
    const states = fc.uniqueArray(member, { selector: ([name]) => name, minLength: 1, maxLength: 8 });
    const text = file('gate1.json');
    fc.assert(
      fc.property(states, fc.nat(), lexemes, fc.boolean(), (members, pick, value, compact) => {
        const body = members.map(([name, lexeme]) => `${JSON.stringify(name)}: ${lexeme}`).join(',\n    ');
        const source = compact
          ? JSON.stringify(JSON.parse(text)).replace(/"wf_state":\{[^}]*\}/s, () => `"wf_state":{${body}}`)
          : text.replace(/"wf_state": \{[^}]*\}/s, () => `"wf_state": {\n    ${body}\n  }`);
        const bytes = Buffer.from(source);
        const reading = readRun(bytes);
        if (!reading.ok) throw new Error(reading.reason);
        const { run } = reading;
        const [name] = members[pick % members.length]!;
        const place = run.state!.get(name)!;
        const state = Buffer.concat([
          bytes.subarray(run.state!.start, place.start),
          Buffer.from(value),
          bytes.subarray(place.end, run.state!.end),
        ]);
        const made = newFile(run, { state, runId: 'neu' });
        const again = readRun(made);
        if (!again.ok) throw new Error(again.reason);
        expect(again.run.refused).toBeNull();
        for (const [other, lexeme] of members)
          expect(encodeTagged(again.run.state!.get(other)!)).toBe(other === name ? value : lexeme);
        const back = newFile(again.run, { state: run.state!.slice(), runId: run.runId! });
        expect(Buffer.from(back).equals(bytes)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
