// Damaged stores, runs that are being written, and what clawdia itself would say of them. Whatever is not damaged stays readable.

import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asForkpointError } from '../../../shared/model/errors.ts';
import { segmentOf } from './names.ts';
import { planned } from '../testing/opened.ts';
import { opened, openFixture, rowsOf, type OpenedFixture } from './testing/fixtures.ts';

const journalOf = (fixture: OpenedFixture, run: string) => join(fixture.path, 'runs', segmentOf(run), 'journal.ndjson');
const savedOf = (fixture: OpenedFixture, run: string) => join(fixture.path, 'runs', segmentOf(run), 'checkpoints');

/** Opens the same path anew, as after a restart. */
const again = (fixture: OpenedFixture) => opened(fixture.path).store;

describe('a line that clawdia cannot decode', () => {
  const cases: readonly (readonly [string, (line: string) => string, RegExp])[] = [
    ['no JSON', () => '{"journal', /line 4 .*: The stored value/],
    ['nested too deep', () => `${'['.repeat(10_000)}${']'.repeat(10_000)}`, /line 4 .*not a JSON object/],
    [
      'an unknown kind',
      (line) => line.replace('"record_kind":"effect_intent"', '"record_kind":"magic"'),
      /record_kind/,
    ],
    [
      'an unknown payload',
      (line) => line.replace('"type":"effect_intent"', '"type":"magic"'),
      /`type` that it does not know/,
    ],
    [
      'a missing member',
      (line) => line.replace('"privacy":"content_refs_only","redaction', '"redaction'),
      /no `privacy`/,
    ],
    ['a member twice', (line) => line.replace('{', '{"timestamp_millis":1,'), /`timestamp_millis` twice/],
    [
      'a number that is none of 64 bits',
      (line) => line.replace('"timestamp_millis":0', '"timestamp_millis":1e3'),
      /timestamp_millis/,
    ],
    ['an empty id', (line) => line.replace('"agent_id":"agent.harbour"', '"agent_id":""'), /agent_id/],
    ['a control character in an id', (line) => line.replace('agent.harbour', 'agent\\u0007'), /control characters/],
  ];
  it.each(cases)('%s', (_, damage, reason) => {
    const fixture = openFixture('file-basic');
    const path = journalOf(fixture, 'run.text');
    const lines = readFileSync(path, 'utf8').split('\n');
    lines[3] = damage(lines[3]!);
    writeFileSync(path, lines.join('\n'));
    const store = again(fixture);
    const detail = store.threadDetail('run.text');
    expect(detail.refused).toMatch(/^clawdia 0\.1\.0-alpha\.4 cannot read this run: line 4 of/);
    expect(detail.refused).toMatch(reason);
    const { rows } = rowsOf(store, 'run.text');
    expect(rows.length).toBeGreaterThanOrEqual(13);
    expect(rows.some((row) => store.pending(row.key).resumable)).toBe(false);
    expect(store.threadDetail('run.second-a').refused).toBeNull();
    const key = rows.at(-1)!.key;
    const request = { operation: 'fork', key, edits: [], pending: 'keep', leave: [] } as const;
    const target = { kind: 'thread', thread: 'f' } as const;
    // What is no record is not copied; a record that cannot be decoded keeps what is behind it from being forked.
    try {
      planned({ ...fixture, store }, { ...request, target });
    } catch (thrown) {
      expect(asForkpointError(thrown).code).toBe('corrupt');
    }
    fixture.close();
  });
});

describe('the end of a journal', () => {
  it('a half-written line is waited for', () => {
    const fixture = openFixture('file-crash');
    const path = journalOf(fixture, 'run.crash.tool');
    const whole = readFileSync(path);
    const last = whole.lastIndexOf(10, whole.length - 2) + 1;
    truncateSync(path, last + 200);
    const { store } = fixture;
    expect(rowsOf(store, 'run.crash.tool').rows.filter((row) => row.source !== 'checkpoint_store')).toHaveLength(7);
    expect(store.threadDetail('run.crash.tool').refused).toMatch(/line 8 .*still being written/);
    const token = store.changesSince(null).token;
    appendFileSync(path, whole.subarray(last + 200));
    const changes = store.changesSince(token);
    expect(changes.threads).toEqual(['run.crash.tool']);
    expect(rowsOf(store, 'run.crash.tool').rows.filter((row) => row.source !== 'checkpoint_store')).toHaveLength(8);
    expect(store.threadDetail('run.crash.tool').refused).toBeNull();
    fixture.close();
  });

  it('a whole record without line feed is shown, and what the next append would do', () => {
    const fixture = openFixture('file-crash');
    const path = journalOf(fixture, 'run.crash.tool');
    truncateSync(path, readFileSync(path).length - 1);
    const detail = fixture.store.threadDetail('run.crash.tool');
    expect(detail.refused).toMatch(/no line feed.*next append/);
    expect(rowsOf(fixture.store, 'run.crash.tool').rows).toHaveLength(9);
    fixture.close();
  });

  it('records that are appended are read on, and tell the status anew', () => {
    const fixture = openFixture('file-basic');
    const path = journalOf(fixture, 'run.second-b');
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    writeFileSync(path, `${lines.slice(0, 5).join('\n')}\n`);
    const { store } = fixture;
    const seen: string[] = [];
    for (let i = 5; i <= lines.length; i += 1) {
      seen.push(`${rowsOf(store, 'run.second-b').lineage.count} ${store.threadDetail('run.second-b').status}`);
      if (i < lines.length) appendFileSync(path, `${lines[i]}\n`);
    }
    expect(seen).toEqual(['5 idle', '6 idle', '7 idle', '8 idle', '9 terminal', '10 terminal']);
    fixture.close();
  });
});

describe('checkpoint files', () => {
  it('a stray one fails all of them for clawdia, and is left out here', () => {
    const fixture = openFixture('file-basic');
    writeFileSync(join(savedOf(fixture, 'run.text'), 'notes.json'), '[]');
    const store = again(fixture);
    expect(store.threadDetail('run.text').refused).toMatch(/cannot load the checkpoints of this run: .*notes\.json/);
    expect(rowsOf(store, 'run.text').rows).toHaveLength(14);
    fixture.close();
  });

  it('names that clawdia does not list are none', () => {
    const fixture = openFixture('file-basic');
    const folder = savedOf(fixture, 'run.text');
    const [name] = readdirSync(folder);
    for (const other of ['a.json.bak', '.json', 'a.tmp']) copyFileSync(join(folder, name!), join(folder, other));
    const store = again(fixture);
    expect(store.threadDetail('run.text').refused).toBeNull();
    expect(rowsOf(store, 'run.text').rows).toHaveLength(14);
    fixture.close();
  });

  it('count by their content, whatever they are called', () => {
    const fixture = openFixture('file-basic');
    const folder = savedOf(fixture, 'run.text');
    for (const [i, name] of readdirSync(folder).sort().entries())
      renameSync(join(folder, name), join(folder, `${9 - i}.json`));
    const store = again(fixture);
    expect(store.threadDetail('run.text').head).toContain('checkpoint.run.text.3');
    fixture.close();
  });

  it('alone are a run, too', () => {
    const fixture = openFixture('file-retention-before');
    renameSync(journalOf(fixture, 'run.keep'), join(fixture.path, 'elsewhere'));
    const store = again(fixture);
    expect(store.threadSummary('run.keep')?.checkpoints).toBe(8);
    expect(store.threadDetail('run.keep')).toMatchObject({ status: 'terminal', refused: null });
    expect(rowsOf(store, 'run.keep').rows.map((row) => store.pending(row.key).status).length).toBe(8);
    fixture.close();
  });
});

describe('folders', () => {
  it('that clawdia does not look into are told', () => {
    const fixture = openFixture('file-basic');
    renameSync(join(fixture.path, 'runs', segmentOf('run.text')), join(fixture.path, 'runs', 'moved'));
    const store = again(fixture);
    expect(store.threadDetail('run.text').refused).toMatch(/does not find this run: .*`runs\/moved`.*looks into/);
    fixture.close();
  });

  it('with a copy of a run show it once', () => {
    const fixture = openFixture('file-basic');
    cpSync(join(fixture.path, 'runs', segmentOf('run.text')), join(fixture.path, 'runs', 'copy'), { recursive: true });
    const store = again(fixture);
    expect([...store.threads()].flat().filter((one) => one.thread === 'run.text')).toHaveLength(1);
    expect(store.describe().notes.join()).toMatch(/`runs\/copy` holds records of run "run\.text" too/);
    expect(store.threadDetail('run.text').refused).toBeNull();
    fixture.close();
  });

  it('of no use are told', () => {
    const fixture = openFixture('file-basic');
    mkdirSync(join(fixture.path, 'runs', 'empty'));
    writeFileSync(join(fixture.path, 'runs', 'empty', 'journal.ndjson'), 'nothing\n');
    const store = again(fixture);
    expect([...store.threads()].flat()).toHaveLength(3);
    expect(store.describe().notes.join()).toMatch(/`runs\/empty` holds no journal record/);
    fixture.close();
  });

  it('lines of another run are passed over, as clawdia does', () => {
    const fixture = openFixture('file-basic');
    const other = readFileSync(journalOf(fixture, 'run.second-a'), 'utf8').split('\n')[0]!;
    appendFileSync(journalOf(fixture, 'run.text'), `${other}\n`);
    const store = again(fixture);
    expect(rowsOf(store, 'run.text').rows).toHaveLength(14);
    expect(store.describe().notes.join()).toMatch(/also holds records of "run\.second-a"/);
    fixture.close();
  });
});

it('lines out of order are sorted, as clawdia does', () => {
  const fixture = openFixture('file-basic');
  const path = journalOf(fixture, 'run.text');
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  writeFileSync(path, `${lines.toReversed().join('\r\n')}\n\n`);
  const store = again(fixture);
  const steps = rowsOf(store, 'run.text').rows.map((row) => row.step!);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  expect(store.threadDetail('run.text')).toMatchObject({ status: 'terminal', refused: null });
  fixture.close();
});

describe('rows', () => {
  it.each([
    [
      "UPDATE run_journal_records SET record_json = CAST(record_json AS BLOB) WHERE journal_seq = 4 AND run_id = 'run.text'",
      /record 4: it is not stored as text/,
    ],
    [
      "UPDATE run_journal_records SET record_json = '{' WHERE journal_seq = 4 AND run_id = 'run.text'",
      /record 4: The stored value/,
    ],
    [
      "UPDATE checkpoints SET checkpoint_json = '[]' WHERE checkpoint_id = 'checkpoint.run.text.3'",
      /latest checkpoint of this run/,
    ],
  ])('%s', async (sql, reason) => {
    const fixture = openFixture('sqlite-basic');
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(fixture.path);
    db.exec(sql);
    db.close();
    const store = again(fixture);
    expect(store.threadDetail('run.text').refused).toMatch(reason);
    const { rows } = rowsOf(store, 'run.text');
    expect(rows).toHaveLength(14);
    expect(rows.filter((row) => row.note !== null).length).toBeGreaterThan(0);
    for (const row of rows) expect(store.raw(row.key).length).toBeGreaterThan(0);
    fixture.close();
  });

  it('what another process adds is told by run', async () => {
    const fixture = openFixture('sqlite-basic');
    const { store } = fixture;
    const token = store.changesSince(null).token;
    expect(store.changesSince(token).threads).toEqual([]);
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(fixture.path);
    db.exec(
      `INSERT INTO run_journal_records SELECT run_id, 99, 'late', replace(replace(record_json, '"journal_seq":4', '"journal_seq":99'), 'journal.p0.0ff31a09d10b.provider.effect.intent', 'late')
       FROM run_journal_records WHERE run_id = 'run.text' AND journal_seq = 4`,
    );
    const second = store.changesSince(store.changesSince(token).token);
    expect(store.changesSince(token).threads).toEqual(['run.text']);
    expect(second.threads).toEqual([]);
    expect(rowsOf(store, 'run.text').rows.at(-1)!.id).toBe('late');
    db.exec("DELETE FROM run_journal_records WHERE record_id = 'late'");
    expect(store.changesSince(store.changesSince(null).token).threads).toEqual([]);
    db.close();
    fixture.close();
  });
});

it('a million lines do not stop it', () => {
  const fixture = openFixture('file-crash');
  const path = journalOf(fixture, 'run.crash.tool');
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const blank = '\n'.repeat(1_000_000);
  writeFileSync(path, `${lines.slice(0, 7).join('\n')}\n${blank}${lines[7]}\n`);
  const store = again(fixture);
  expect(rowsOf(store, 'run.crash.tool').rows).toHaveLength(9);
  expect(store.threadDetail('run.crash.tool').refused).toBeNull();
  fixture.close();
});
