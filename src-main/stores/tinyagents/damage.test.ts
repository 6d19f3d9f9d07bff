// What is shown, and said, of folders that a crash, a hand or an unlucky name has damaged; and of what the framework refuses.

import { appendFileSync, copyFileSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { FilesReader, SqliteReader } from '../backend.ts';
import { tinyagentsFiles } from './format.ts';
import { closedAfterEach, committed, drained } from '../testing/opened.ts';
import { openFixture, type OpenedFixture } from './testing/fixtures.ts';

const fixture = closedAfterEach(openFixture);

const ids = (one: OpenedFixture, thread: string) => drained(one.store.lineage(thread)).result.count;
const threads = (one: OpenedFixture) =>
  drained(one.store.threads())
    .batches.flat()
    .map((t) => t.thread);

describe('a folder', () => {
  it('shows a torn thread without its last point and says what the framework does', () => {
    const one = fixture('v211-file-torn');
    const detail = one.store.threadDetail('torn');
    expect(ids(one, 'torn')).toBe(3);
    expect(detail.refused).toMatch(
      /cannot load or resume this thread: the last line of `torn.jsonl` is cut off after 547 bytes/,
    );
    expect(detail.status).toBe('idle');
    const notes = one.store.describe().notes.join('\n');
    expect(notes).toContain('`torn.jsonl` has no line feed');
    expect(notes).toContain('`whole.jsonl.tmp.4242.0`');
    expect(threads(one).sort((a, b) => a.localeCompare(b))).toEqual(['torn', 'whole']);
  });

  it('shows the points around a glued line, and follows the file as it grows', () => {
    const one = fixture('v211-file-torn');
    const first = drained(one.store.lineage('torn')).result;
    const whole = readFileSync(join(one.path, 'torn.jsonl'), 'utf8').split('\n')[2]!;
    appendFileSync(join(one.path, 'torn.jsonl'), `${whole}\n${whole.replace(/-93"/, '-95"')}\n`);
    const again = drained(one.store.lineage('torn', first)).result;
    expect(again.count).toBe(4);
    expect(one.store.threadDetail('torn').refused).toMatch(/cannot list this thread or walk its history/);
  });

  it('reads only what an append added', () => {
    const one = fixture('v211-file-review');
    const first = drained(one.store.lineage('paused')).result;
    const token = one.store.changesSince(null).token;
    const line = readFileSync(join(one.path, 'paused.jsonl'), 'utf8').split('\n')[2]!;
    appendFileSync(
      join(one.path, 'paused.jsonl'),
      `${line.replace(/"checkpoint_id":"[^"]*"/, '"checkpoint_id":"ckpt-next"')}\n`,
    );
    const changes = one.store.changesSince(token);
    expect(changes.threads).toEqual(['paused']);
    const again = drained(one.store.lineage('paused', first)).result;
    expect(again.count).toBe(first.count + 1);
    expect(one.store.changesSince(changes.token).threads).toEqual([]);
    expect(one.store.changesSince('unheard of').threads).toBe('all');
    // The lineage that was given before still names the same points.
    expect(one.store.keyAt(first, 0)).toBe(one.store.keyAt(again, 0));
    expect(one.store.indexOf(first, one.store.keyAt(again, 3))).toBe(-1);
  });

  it('accepts line ends of Windows and blank lines, as the framework does', () => {
    const one = fixture('v211-file-review');
    const path = join(one.path, 'paused.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('\n', '\r\n\r\n'));
    expect(ids(one, 'paused')).toBe(3);
    expect(one.store.threadDetail('paused')).toMatchObject({ refused: null, status: 'interrupted' });
    expect(one.store.threadSummary('paused')?.checkpoints).toBe(3);
  });

  it('tells a record that was written with a byte order mark', () => {
    const one = fixture('v211-file-review');
    const path = join(one.path, 'paused.jsonl');
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, [lines[0], `\ufeff${lines[1]}`, lines[2], ''].join('\n'));
    expect(ids(one, 'paused')).toBe(2);
    expect(one.store.threadDetail('paused').refused).toMatch(/is not a record/);
  });

  it('marks a record that is damaged inside its state, and forks around it', () => {
    const one = fixture('v211-file-linear');
    const path = join(one.path, 'linear-1.jsonl');
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(
      path,
      [lines[0], lines[1]!.replace('"state":{', '"state":{"broken":tru,'), ...lines.slice(2)].join('\n'),
    );
    const lineage = drained(one.store.lineage('linear-1')).result;
    expect(lineage.count).toBe(lines.length - 1);
    const points = one.store.checkpoints(lineage, [0, 1, 2]);
    expect(points.map((point) => point.status === 'unknown')).toEqual([false, true, false]);
    expect(points[1]?.note).toMatch(/cannot be read: .*an unknown word/);
    expect(() => one.store.state(points[1]!.key as CheckpointKey)).toThrow(/cannot be read/);
    expect(drained(one.store.threadDetailInBatches('linear-1')).result.refused).toMatch(
      /cannot list this thread or walk its history: the line at byte \d+ of `linear-1.jsonl` is not a record/,
    );
    expect(one.store.source.trouble('linear-1').notes.join()).toMatch(/^Shown, but not to be opened/);
    expect(drained(one.store.exportRecords('linear-1')).batches.filter(({ kind }) => kind === 'record')).toHaveLength(
      lineage.count - 1,
    );
    const { plan } = committed(one, {
      operation: 'fork',
      key: points[2]!.key as CheckpointKey,
      edits: [],
      target: { kind: 'thread', thread: 'fork' },
      pending: 'drop',
      leave: [],
    });
    expect(plan.warnings.map(({ code }) => code)).toContain('source_damaged');
    expect(readFileSync(path, 'utf8')).toContain('"broken"');
    const written = readFileSync(join(one.path, 'fork.jsonl'), 'utf8');
    expect(written).not.toContain('"broken"');
    expect(written.split('\n')).toHaveLength(3);
    expect(one.store.threadDetail('fork').refused).toBeNull();
  });

  it('finds the ledger of a thread that keeps its legacy name', () => {
    const one = fixture('v211-file-odd-ids');
    renameSync(join(one.path, '%41lice.jsonl'), join(one.path, 'Alice.jsonl'));
    expect(one.store.threadDetail('Alice').refused).toBeNull();
    expect(one.store.source.wholeLedger('Alice').length).toBeGreaterThan(0);
  });

  it('names a thread whose file the framework would not find', () => {
    const one = fixture('v211-file-review');
    renameSync(join(one.path, 'paused.jsonl'), join(one.path, 'My Thread.jsonl'));
    expect(threads(one)).toContain('paused');
    expect(one.store.threadDetail('paused').refused).toMatch(/looks for `paused.jsonl`/);
  });

  it('shows a copied file under the name that the framework resumes it by', () => {
    const one = fixture('v211-file-review');
    copyFileSync(join(one.path, 'paused.jsonl'), join(one.path, 'backup.jsonl'));
    expect(threads(one)).toContain('backup');
    expect(one.store.threadDetail('backup').refused).toMatch(/its records say `paused`/);
    expect(one.store.threadDetail('paused').refused).toBeNull();
  });

  it('says that a thread is hidden behind the name of a ledger', () => {
    const one = fixture('v211-file-odd-ids');
    expect(one.store.source.trouble('x.writes').notes.join()).toMatch(/does not list this thread/);
    appendFileSync(
      join(one.path, 'x.writes.jsonl'),
      '{"namespace":[],"checkpoint_id":"c","write":{"node":"n","task_id":"1:0:n","idx":0,"channel":"n","payload":null}}\n',
    );
    expect(one.store.threadDetail('x.writes').refused).toMatch(/records and ledger lines/);
  });

  it('refuses other line files', () => {
    const one = fixture('v211-file-linear');
    const path = join(one.path, 'linear-1.jsonl');
    writeFileSync(path, '{"offset":0,"value":{"event_id":"run-1-0"},"created_at_ms":1}\n');
    unlinkSync(join(one.path, 'linear-1.writes.jsonl'));
    expect(tinyagentsFiles.detect(one.backend.reader as FilesReader)).toMatchObject({ verdict: 'no' });
  });
});

describe('SQLite', () => {
  const run = (one: OpenedFixture, sets: Record<string, string | bigint>, seq: bigint) => {
    const bundle = join(one.path, '..', `bundle-${seq}-${Object.keys(sets).join('-')}`);
    one.backend.apply(
      {
        backend: 'sqlite',
        changes: [{ kind: 'update', table: 'checkpoints', identity: { seq }, set: sets, bytes: 0 }],
        guards: [],
      },
      [],
      bundle,
    );
  };

  it('shows a record of a later format as one that cannot be read', () => {
    const one = fixture('v211-sqlite-linear');
    const record = String(
      (one.backend.reader as SqliteReader).get('SELECT record FROM checkpoints WHERE seq = 3')!['record'],
    );
    run(one, { record: `{"version":3,${record.slice(1)}` }, 3n);
    const lineage = drained(one.store.lineage('linear-1')).result;
    expect(one.store.checkpoints(lineage, [2])[0]).toMatchObject({
      status: 'unknown',
      note: expect.stringContaining('record format 3'),
    });
  });

  it('shows a point whose record is broken, with the reason, and opens the others', () => {
    const one = fixture('v211-sqlite-linear');
    run(one, { record: '{"thread_id":' }, 3n);
    const lineage = drained(one.store.lineage('linear-1')).result;
    const [first, , last] = one.store.checkpoints(lineage, [0, 1, 2]);
    expect(first!.status).toBe('idle');
    expect(last).toMatchObject({ status: 'unknown', note: expect.stringContaining('cannot be read') });
    expect(one.store.threadDetail('linear-1').refused).toMatch(/cannot read the latest point/);
    expect(() => one.store.state(last!.key as CheckpointKey)).toThrow(expect.objectContaining({ code: 'corrupt' }));
    expect(one.store.raw(last!.key as CheckpointKey).some((part) => part.where === 'checkpoints.record')).toBe(true);
  });

  it('keeps a namespace in another spelling apart: the framework does not find it', () => {
    const one = fixture('v211-sqlite-linear');
    run(one, { namespace: '[ ]' }, 3n);
    const lineage = drained(one.store.lineage('linear-1')).result;
    expect(lineage.namespaces).toEqual(['', '[ ]']);
    expect(one.store.threadDetail('linear-1').head).toBe(one.store.keyAt(lineage, 1));
    expect(one.store.state(one.store.keyAt(lineage, 2)).root).not.toBeNull();
  });

  it('tells which threads were appended to, and gives up where rows were taken away', () => {
    const one = fixture('v211-sqlite-branches');
    const { token } = one.store.changesSince(null);
    expect(one.store.changesSince(token).threads).toEqual([]);
    one.backend.apply(
      {
        backend: 'sqlite',
        changes: [{ kind: 'delete', table: 'checkpoints', identity: { seq: 30n }, bytes: 0 }],
        guards: [],
      },
      [],
      join(one.path, '..', 'bundle-delete'),
    );
    expect(one.store.changesSince(token).threads).toBe('all');
  });
});
