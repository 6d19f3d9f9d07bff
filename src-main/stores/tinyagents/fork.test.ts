// Forks and edits as data, and carried out on copies of genuine stores: what is written, what must stay as it was, what is refused.

import { readFileSync, readdirSync, writeFileSync, appendFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import { encodeTagged } from '../../values/tagged.ts';
import type { SqliteReader } from '../backend.ts';
import type { Edit } from '../../values/edit.ts';
import type { ForkRequest } from '../store.ts';
import { closedAfterEach, committed, keyAt, planned, rowsOf } from '../testing/opened.ts';
import { openFixture, type OpenedFixture } from './testing/fixtures.ts';

const fixture = closedAfterEach(openFixture);

const rows = (one: OpenedFixture, thread: string) => rowsOf(one.store, thread);

const at = (one: OpenedFixture, thread: string, index: number) => keyAt(one.store, thread, index);

function forkOf(key: CheckpointKey, more: Partial<ForkRequest> = {}): ForkRequest {
  return {
    operation: 'fork',
    key,
    edits: [],
    target: { kind: 'thread', thread: 'Fork/1' },
    pending: 'drop',
    leave: [],
    ...more,
  };
}

const topic: Edit = { op: 'set', path: 'topic', value: '"another"' };

const fileOf = (one: OpenedFixture, name: string) => readFileSync(join(one.path, name), 'utf8');
const linesOf = (one: OpenedFixture, name: string) => fileOf(one, name).split('\n').slice(0, -1);

/** The record text of a point, whichever backend. */
function recordText(one: OpenedFixture, thread: string, index: number): string {
  const place = one.store.placeOf(at(one, thread, index));
  return Buffer.from(one.store.source.read(place)).toString('utf8');
}

const inBoth = [['v211-file-branches'], ['v211-sqlite-branches']] as const;

describe.each(inBoth)('%s: fork into a new thread', (name) => {
  it('copies the points that lead there with their ids and adds one record', () => {
    const one = fixture(name);
    const before = rows(one, 'main');
    const { plan } = committed(one, forkOf(at(one, 'main', 2), { edits: [topic] }));
    const after = rows(one, 'Fork/1');
    expect(after.map((r) => r.id)).toEqual([...before.slice(0, 3).map((r) => r.id), plan.target!.id]);
    expect(plan.target).toEqual({
      thread: 'Fork/1',
      id: expect.stringMatching(/^ckpt-fork-01010101-0101-4101-8101-0101/),
    });
    const fork = after.at(-1)!;
    expect(fork).toMatchObject({
      source: 'fork',
      step: 3,
      status: 'interrupted',
      next: ['review'],
      parentKind: 'explicit',
    });
    expect(fork.parent).toBe(after[2]!.key);
    expect(recordText(one, 'Fork/1', 3)).toContain('"run_id":null');
    expect(encodeTagged(one.store.metadata(fork.key as CheckpointKey)!)).toBe(
      '{"interrupted_nodes":["review"],"source":"fork","step":3}',
    );
    expect(one.store.source.wholeLedger('Fork/1').map((e) => e.id)).toEqual(before.slice(0, 2).map((r) => r.id));
    expect(rows(one, 'main')).toEqual(before);
    expect(plan.resume?.code).toContain('graph.resume("Fork/1", Command::resume(');
    expect(one.store.threadDetail('Fork/1')).toMatchObject({
      head: fork.key,
      status: 'interrupted',
      refused: null,
      branches: 1,
    });
  });

  it('changes nothing in a copied record but its thread, and in the fork nothing but what it says', () => {
    const one = fixture(name);
    const source = [0, 1, 2].map((i) => recordText(one, 'main', i));
    committed(one, forkOf(at(one, 'main', 2), { edits: [topic], pending: 'keep' }));
    source.forEach((text, i) => {
      expect(recordText(one, 'Fork/1', i)).toBe(text.replace('"thread_id":"main"', '"thread_id":"Fork/1"'));
    });
    const fork = recordText(one, 'Fork/1', 3);
    const members = (text: string) => Object.keys(JSON.parse(text) as object);
    expect(members(fork)).toEqual(members(source[2]!));
    const { state } = JSON.parse(source[2]!) as { state: Record<string, unknown> };
    const text = source[2]!;
    const stateText = text.slice(text.indexOf('"state":'), text.indexOf(',"next_nodes"'));
    expect(fork).toContain(stateText.replace(`"topic":${JSON.stringify(state['topic'])}`, '"topic":"another"'));
    expect(fork).toContain('"ticket":9007199254740993,"score":2.0');
  });

  it('plans the same ids and the same changes whenever it is asked', () => {
    const one = fixture(name);
    const request = forkOf(at(one, 'main', 1));
    expect(planned(one, request)).toEqual(planned(one, request));
  });

  it('gives undo back every byte', () => {
    const one = fixture(name);
    const before = rows(one, 'main');
    const { bundle } = committed(one, forkOf(at(one, 'main', 2)));
    const { changes, relied } = one.backend.undo(bundle);
    one.backend.apply(changes, relied, `${bundle}-redo`);
    expect(() => rows(one, 'Fork/1')).toThrow(/no thread "Fork\/1"/);
    expect(rows(one, 'main')).toEqual(before);
  });

  it('refuses undo once someone has gone on from the fork', () => {
    const one = fixture(name);
    const { bundle } = committed(one, forkOf(at(one, 'main', 2)));
    committed(one, forkOf(at(one, 'Fork/1', 3), { target: { kind: 'in-place' } }));
    expect(() => {
      const { changes, relied } = one.backend.undo(bundle);
      one.backend.apply(changes, relied, `${bundle}-redo`);
    }).toThrow(expect.objectContaining({ code: 'moved' }));
  });

  it('refuses a thread that exists', () => {
    const one = fixture(name);
    const request = forkOf(at(one, 'main', 2), { target: { kind: 'thread', thread: 'copy-of-main' } });
    expect(() => planned(one, request)).toThrow(expect.objectContaining({ code: 'exists' }));
  });

  it('warns that a finished point has nothing to resume', () => {
    const one = fixture(name);
    const { plan } = planned(one, forkOf(at(one, 'main', 4)));
    expect(plan.warnings.map((w) => w.code)).toEqual(['terminal']);
    expect(plan.resume).toBeNull();
  });

  it('forks a branch without the other branches', () => {
    const one = fixture(name);
    const main = rows(one, 'main');
    const branch = main.findLastIndex((r) => r.status === 'terminal');
    const chain: string[] = [];
    let row = main[branch];
    while (row !== undefined) {
      chain.unshift(row.id);
      const { parent } = row;
      row = main.find((r) => r.key === parent);
    }
    committed(one, forkOf(at(one, 'main', branch)));
    expect(
      rows(one, 'Fork/1')
        .slice(0, -1)
        .map((r) => r.id),
    ).toEqual(chain);
    expect(chain.length).toBeLessThan(branch + 1);
  });
});

describe.each(inBoth)('%s: edit in place', (name) => {
  it('appends one record that becomes the latest, a child of the point', () => {
    const one = fixture(name);
    const before = rows(one, 'main');
    const { plan } = committed(one, { operation: 'edit', key: at(one, 'main', 2), edits: [topic], leave: [] });
    const after = rows(one, 'main');
    expect(after.slice(0, -1)).toEqual(before);
    expect(after.at(-1)).toMatchObject({
      id: plan.target!.id,
      parent: before[2]!.key,
      source: 'update',
      step: 4,
      status: 'idle',
      next: ['review'],
    });
    expect(recordText(one, 'main', -1)).toContain('"interrupts":[]');
    expect(recordText(one, 'main', -1)).toContain('"pending_writes":[]');
    expect(recordText(one, 'main', -1)).toContain('"pending_activations":[{"node":"review","task_id":"3:0:review"}]');
    expect(one.store.threadDetail('main').head).toBe(after.at(-1)!.key);
    expect(encodeTagged(plan.edited!.after)).toBe(
      encodeTagged(plan.edited!.before).replace('"topic":"branching"', '"topic":"another"'),
    );
  });

  it('gives undo back every byte', () => {
    const one = fixture(name);
    const before = rows(one, 'main');
    const texts = before.map((_, i) => recordText(one, 'main', i));
    const { bundle } = committed(one, { operation: 'edit', key: at(one, 'main', 2), edits: [topic], leave: [] });
    const { changes, relied } = one.backend.undo(bundle);
    one.backend.apply(changes, relied, `${bundle}-redo`);
    expect(rows(one, 'main')).toEqual(before);
    expect(before.map((_, i) => recordText(one, 'main', i))).toEqual(texts);
  });

  it('refuses an edit that edits nothing', () => {
    const one = fixture(name);
    const request = { operation: 'edit', key: at(one, 'main', 2), edits: [], leave: [] } as const;
    expect(() => planned(one, request)).toThrow(expect.objectContaining({ code: 'bad_value' }));
  });

  it('is refused when the thread went on after the plan', () => {
    const one = fixture(name);
    const { plan, relied } = planned(one, { operation: 'edit', key: at(one, 'main', 2), edits: [topic], leave: [] });
    committed(one, { operation: 'edit', key: at(one, 'main', 0), edits: [topic], leave: [] });
    expect(() => one.backend.apply(plan.changes, relied, join(one.path, '..', 'undo-2'))).toThrow(
      expect.objectContaining({ code: 'moved' }),
    );
  });

  it('says what the state type may do with new and missing members', () => {
    const one = fixture(name);
    const edits: Edit[] = [
      { op: 'set', path: 'extra', value: '1' },
      { op: 'remove', path: 'topic' },
    ];
    const { plan } = planned(one, { operation: 'edit', key: at(one, 'main', 2), edits, leave: [] });
    expect(plan.warnings.map((w) => w.code)).toEqual(['new_member', 'removed_member']);
  });
});

it('SQLite: the projected columns agree with the record', () => {
  const one = fixture('v211-sqlite-branches');
  committed(one, forkOf(at(one, 'main', 2), { edits: [topic] }));
  committed(one, { operation: 'edit', key: at(one, 'main', 2), edits: [topic], leave: [] });
  const reader = one.backend.reader as SqliteReader;
  const made = reader.all('SELECT *, typeof(record) AS kind FROM checkpoints WHERE seq > 30 ORDER BY seq');
  expect(made.map((r) => [r['thread_id'], r['source'], r['step'], r['has_interrupts'], r['run_id'] === null])).toEqual([
    ['Fork/1', 'loop', 1n, 0n, false],
    ['Fork/1', 'loop', 2n, 0n, false],
    ['Fork/1', 'loop', 3n, 1n, false],
    ['Fork/1', 'fork', 3n, 1n, true],
    ['main', 'update', 4n, 0n, true],
  ]);
  for (const row of made) {
    const record = JSON.parse(String(row['record'])) as Record<string, unknown>;
    expect(row['kind']).toBe('text');
    expect(record).toMatchObject({
      thread_id: row['thread_id'],
      checkpoint_id: row['checkpoint_id'],
      parent_checkpoint_id: row['parent_checkpoint_id'],
    });
    expect(row['namespace']).toBe(JSON.stringify(record['namespace']));
    expect(row['next_nodes']).toBe(JSON.stringify(record['next_nodes']));
  }
});

it('SQLite: says what the host keeps in the same file', () => {
  const one = fixture('v211-sqlite-wal');
  const { plan } = planned(one, forkOf(at(one, 'in-wal-only', -1)));
  expect(plan.warnings.map((w) => w.code)).toEqual(['foreign_tables']);
  const inPlace = planned(one, forkOf(at(one, 'in-wal-only', -1), { target: { kind: 'in-place' } }));
  expect(inPlace.plan.warnings).toEqual([]);
});

describe('fan-outs, barriers and sub-graphs', () => {
  it('keeps what the open tasks were sent, and empties the writes of finished ones', () => {
    const one = fixture('v211-sqlite-fanout');
    const text = recordText(one, 'fan-failed', -1);
    committed(
      one,
      forkOf(at(one, 'fan-failed', -1), { edits: [{ op: 'set', path: 'facts.broken', value: '"none"' }] }),
    );
    const fork = recordText(one, 'Fork/1', -1);
    const activations = (t: string) => t.slice(t.indexOf('"pending_activations"'), t.indexOf(',"barrier_arrivals"'));
    expect(activations(fork)).toBe(activations(text));
    expect(fork).toContain('"pending_writes":[]');
    committed(one, forkOf(at(one, 'bar-paused', -1), { target: { kind: 'thread', thread: 'bar-fork' } }));
    expect(recordText(one, 'bar-fork', -1)).toContain('"barrier_arrivals":[{"node":"join","arrived":["left"]}]');
  });

  it('takes the sub-graph’s own points along, before the root record', () => {
    const one = fixture('v211-sqlite-sub');
    committed(one, forkOf(at(one, 'sub-paused', -1)));
    expect(rows(one, 'Fork/1').map((r) => [r.namespace, r.status])).toEqual([
      ['', 'idle'],
      ['child', 'idle'],
      ['child', 'interrupted'],
      ['', 'interrupted'],
      ['', 'interrupted'],
    ]);
    expect(rows(one, 'Fork/1').at(-1)!.source).toBe('fork');
  });

  it('takes a sub-graph within a sub-graph along, though its namespace does not name the outer one', () => {
    const one = fixture('v211-sqlite-sub');
    const asked = rows(one, 'sub-paused').find((r) => r.namespace === 'child' && r.status === 'interrupted')!.next[0]!;
    const db = new Database(one.path);
    db.exec(`INSERT INTO checkpoints
      SELECT 0, thread_id, 'ckpt-1-1', NULL, run_id, '["${asked}"]', next_nodes, source, step, has_interrupts,
        json_set(record, '$.checkpoint_id', 'ckpt-1-1', '$.namespace[0]', '${asked}', '$.parent_checkpoint_id', NULL)
      FROM checkpoints WHERE thread_id = 'sub-paused' AND namespace = '["child"]' AND has_interrupts`);
    db.close();
    const { plan } = committed(one, forkOf(at(one, 'sub-paused', -1)));
    expect(rows(one, 'Fork/1').map((r) => r.namespace)).toEqual([asked, '', 'child', 'child', '', '']);
    expect(plan.warnings).toEqual([]);
  });

  it('takes the run that still asks where several run one sub-graph at once and the last record is of one that has finished', () => {
    const one = fixture('v211-file-parallel-sub');
    const last = (thread: string) => rows(one, thread).findLast((r) => r.namespace === 'worker')!;
    expect([last('parallel-answered').status, rows(one, 'parallel-answered').at(-1)!.status]).toEqual([
      'terminal',
      'interrupted',
    ]);
    committed(one, forkOf(at(one, 'parallel-answered', -1)));
    expect(last('Fork/1').status).toBe('interrupted');
    // In place as well: what waits is put behind what has finished.
    committed(one, forkOf(at(one, 'parallel-answered', -1), { target: { kind: 'in-place' } }));
    expect(last('parallel-answered').status).toBe('interrupted');
  });

  it('says that an edit of the root does not reach the state of a sub-graph that is in the middle', () => {
    const one = fixture('v211-sqlite-sub');
    const { plan } = planned(one, forkOf(at(one, 'sub-paused', -1), { edits: [topic] }));
    expect(plan.warnings.map((w) => w.code)).toEqual(['subgraph_state']);
    expect(plan.warnings[0]!.message).toContain('`child`');
  });

  it('leaves them out where the sub-graph is not in the middle of anything', () => {
    const one = fixture('v211-sqlite-sub');
    committed(one, forkOf(at(one, 'sub-ok', -1)));
    expect(rows(one, 'Fork/1').map((r) => r.namespace)).toEqual(['', '', '', '']);
  });

  it('puts a sub-graph that went on back to where it stood, when editing in place', () => {
    const one = fixture('v211-sqlite-sub');
    const paused = rows(one, 'sub-resumed').findIndex((r) => r.namespace === '' && r.status === 'interrupted');
    const child = rows(one, 'sub-resumed').find((r) => r.namespace === 'child' && r.status === 'interrupted')!;
    committed(one, { operation: 'edit', key: at(one, 'sub-resumed', paused), edits: [topic], leave: [] });
    const after = rows(one, 'sub-resumed');
    expect(after.slice(-2).map((r) => [r.namespace, r.status, r.source])).toEqual([
      ['child', 'interrupted', 'fork'],
      ['', 'idle', 'update'],
    ]);
    expect(after.at(-2)!.parent).toBe(child.key);
  });

  it('does not fork a sub-graph’s point alone', () => {
    const one = fixture('v211-sqlite-sub');
    const child = rows(one, 'sub-paused').findIndex((r) => r.namespace === 'child');
    expect(() => planned(one, forkOf(at(one, 'sub-paused', child)))).toThrow(
      expect.objectContaining({ code: 'unable' }),
    );
  });

  it('carries a mark "done" over only with the pending writes', () => {
    const one = fixture('v211-file-failed');
    const path = join(one.path, 'failed.jsonl');
    const pending = '"pending_activations":[{"node":"call_api","task_id":"2:0:call_api"}';
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(pending, `${pending},{"node":"other","task_id":"2:1:other"}`),
    );
    const head = rows(one, 'failed').at(-1)!;
    const mark = `{"namespace":[],"checkpoint_id":"${head.id}","write":{"node":"other","task_id":"2:1:other","idx":0,"channel":"other","payload":null,"more":1.0}}`;
    appendFileSync(join(one.path, 'failed.writes.jsonl'), `${mark}\n`);
    expect(one.store.pending(head.key as CheckpointKey).reason).toContain('a resume skips: 2:1:other');
    const kept = committed(one, forkOf(head.key as CheckpointKey, { pending: 'keep' })).plan;
    expect(linesOf(one, '%46ork%2F1.writes.jsonl').at(-1)).toBe(mark.replace(head.id, kept.target!.id));
    expect(one.store.pending(rows(one, 'Fork/1').at(-1)!.key as CheckpointKey).reason).toContain('skips: 2:1:other');
    const target = { kind: 'thread', thread: 'fork-2' } as const;
    const dropped = committed(one, forkOf(head.key as CheckpointKey, { target })).plan;
    expect(fileOf(one, 'fork-2.writes.jsonl')).not.toContain(dropped.target!.id);
  });
});

describe('old releases', () => {
  it('leaves out members that their records never had', () => {
    const one = fixture('v150-sqlite-review');
    committed(one, forkOf(at(one, 'paused', -1), { edits: [topic] }));
    const members = Object.keys(JSON.parse(recordText(one, 'Fork/1', -1)) as object);
    expect(members).toEqual(Object.keys(JSON.parse(recordText(one, 'paused', -1)) as object));
    expect(members).not.toContain('barrier_arrivals');
  });

  it('copies a line whose ids repeat, so that the id names the right point again', () => {
    const one = fixture('v150-file-restarts');
    const all = rows(one, 'restarted');
    committed(one, forkOf(all[4]!.key as CheckpointKey));
    expect(
      rows(one, 'Fork/1')
        .map((r) => r.id)
        .slice(0, -1),
    ).toEqual(['ckpt-2', 'ckpt-3', 'ckpt-4', 'ckpt-2', 'ckpt-3']);
    const { plan } = planned(one, forkOf(all[0]!.key as CheckpointKey, { target: { kind: 'in-place' } }));
    expect(plan.warnings.map((w) => w.code)).toContain('repeated_id');
    expect(one.store.pending(all[0]!.key as CheckpointKey)).toMatchObject({ resumable: false, resume: null });
  });
});

describe('folders', () => {
  it('ends every line with a line feed and names the files as 2.1.1 does', () => {
    const one = fixture('v211-file-review');
    committed(one, forkOf(at(one, 'paused', -1)));
    const made = readdirSync(one.path).filter((f) => f.startsWith('%46ork'));
    expect(made.sort((a, b) => a.localeCompare(b))).toEqual(['%46ork%2F1.jsonl', '%46ork%2F1.writes.jsonl']);
    for (const file of made) expect(fileOf(one, file).endsWith('}\n')).toBe(true);
    for (const line of linesOf(one, '%46ork%2F1.jsonl')) {
      expect((JSON.parse(line) as { thread_id: string }).thread_id).toBe('Fork/1');
    }
  });

  it('refuses names that a ledger or no file system takes', () => {
    const one = fixture('v211-file-review');
    for (const thread of ['x.writes', 'ä'.repeat(60)]) {
      const request = forkOf(at(one, 'paused', -1), { target: { kind: 'thread', thread } });
      expect(() => planned(one, request)).toThrow(expect.objectContaining({ code: 'bad_value' }));
    }
  });

  it('refuses a thread whose ledger’s name is taken by another thread', () => {
    const one = fixture('v211-file-odd-ids');
    const request = forkOf(at(one, 'bob', -1), { target: { kind: 'thread', thread: 'x' } });
    expect(() => planned(one, request)).toThrow(expect.objectContaining({ code: 'exists' }));
  });

  it('appends nothing to a torn file, and rescues its whole records into a new thread', () => {
    const one = fixture('v211-file-torn');
    const key = at(one, 'torn', -1);
    const before = fileOf(one, 'torn.jsonl');
    expect(() => planned(one, forkOf(key, { target: { kind: 'in-place' } }))).toThrow(/cut off/);
    const { plan } = committed(one, forkOf(key));
    expect(plan.warnings.map((w) => w.code)).toContain('source_damaged');
    expect(one.store.threadDetail('Fork/1')).toMatchObject({ refused: null, status: 'idle' });
    expect(fileOf(one, 'torn.jsonl')).toBe(before);
  });

  it('appends nothing behind a last line without line feed', () => {
    const one = fixture('v211-file-review');
    const path = join(one.path, 'paused.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').trimEnd());
    expect(rows(one, 'paused').length).toBe(3);
    expect(() => planned(one, forkOf(at(one, 'paused', -1), { target: { kind: 'in-place' } }))).toThrow(/no line feed/);
  });
});
