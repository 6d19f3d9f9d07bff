// Whole threads of every genuine store: each operation is carried out, taken back and carried out again, and what undo gives back is every
// byte and row, mode and folder. The names of the tests are the table; an operation that a format can do and that is not in it fails.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { changingCapabilities } from '../stores/capabilities.ts';
import { drain } from '../stores/drain.ts';
import { formats, openStore } from '../stores/registry.ts';
import type { Store } from '../stores/store.ts';
import { copyStore, fixtureStores } from '../stores/testing/fixture-stores.ts';
import type { OperationAsk } from './operations.ts';
import { Operations } from './operations.ts';
import { countingDraw } from './testing/genuine-store.ts';
import { wholeStore } from './testing/whole-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-whole-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const listed = (store: Store): string[] => [...store.threads()].flat().map(({ thread }) => thread);

/** Another id within the same workflow or agent, where an id has parts. */
function sibling(thread: string, store: Store, name: string): string {
  const parts = store.threadSummary(thread)?.parts ?? null;
  return parts === null ? name : thread.slice(0, thread.indexOf('/') + 1) + name;
}

interface Row {
  readonly ask: (thread: string, into: string) => OperationAsk;
  /** What must hold of the store afterwards; `states` are those that the thread had. */
  readonly after: (store: Store, thread: string, states: readonly string[], into: string) => void;
}

/** States by their bytes, points in their order; ids may be new ones. */
function statesOf(store: Store, thread: string): string[] {
  const lineage = drain(store.lineage(thread));
  return Array.from({ length: lineage.count }, (_, i) => {
    const { root } = store.state(store.keyAt(lineage, i));
    return root === null ? '' : Buffer.from(root.slice()).toString('base64');
  });
}

/** Operations over whole threads. Those on points have their table in `operations.test.ts`. */
const table: Readonly<Record<string, Row>> = {
  copy: {
    ask: (thread, into) => ({ operation: 'copy', thread, from: null, into }),
    after(store, thread, states, into) {
      expect(listed(store)).toEqual(expect.arrayContaining([thread, into]));
      expect(statesOf(store, into)).toEqual(states);
      expect(statesOf(store, thread)).toEqual(states);
    },
  },
  rename: {
    ask: (thread, into) => ({ operation: 'rename', thread, into }),
    after(store, thread, states, into) {
      expect(store.threadSummary(thread)).toBeNull();
      expect(listed(store)).toContain(into);
      expect(listed(store)).not.toContain(thread);
      expect(statesOf(store, into)).toEqual(states);
    },
  },
  delete: {
    ask: (thread) => ({ operation: 'delete', thread }),
    after(store, thread) {
      expect(store.threadSummary(thread)).toBeNull();
      expect(listed(store)).not.toContain(thread);
    },
  },
};
const elsewhere = ['fork', 'edit', 'import'];

/** Refused, and why: everything else must succeed. */
const refused: readonly (readonly [path: string, thread: string, operations: string, code: string, says: string])[] = [
  ['atomr/host-branches/host', 'бета-β/main', 'delete', 'unable', 'works on branch'],
  ['atomr/host-branches/host', 'alpha/bench', 'delete', 'unable', 'works on branch'],
  ['atomr/host-branches-py/host', 'alpha/bench', 'delete', 'unable', 'works on branch'],
  ['atomr/host-branches-py/host', 'бета/main', 'delete', 'unable', 'works on branch'],
  ['atomr/sql-approval/store.db', 'approval/run-refused', 'delete rename', 'claimed', 'is claimed by "bo"'],
  ['clawdia/file-torn/store', 'run.torn', 'rename', 'unable', 'cut off'],
  ['tinyagents/v211-file-torn/store', 'torn', 'rename', 'unable', 'cut off'],
  ['wesichain/file-torn/store', 'torn', 'rename', 'unable', 'cut off'],
  ['car/v021', 'both', 'delete rename', 'claimed', 'recover_orphaned'],
  ['car/v021', 'held', 'delete rename', 'claimed', 'recover_orphaned'],
  ['car/v021', 'held', 'copy', 'claimed', 'may be running'],
  ['car/v060', 'claimed', 'delete rename', 'claimed', 'recover_orphaned'],
  ['car/v060', 'claimed', 'copy', 'claimed', 'may be running'],
  ['car/v060', 'orphan-both', 'delete rename', 'claimed', 'recover_orphaned'],
  ['car/v060', 'refused', 'delete rename', 'claimed', 'recover_orphaned'],
  ['car/v060', 'refused', 'copy', 'claimed', 'may be running'],
  ['langgraph-js/dev-server/.langgraph_api', 'dev-1', 'copy rename delete', 'unable', 'writes the files anew'],
  ['langgraph-py/dev-server/.langgraph_api', 'agent-pending', 'copy rename delete', 'unable', 'writes the files anew'],
];

test('every operation that a format can do is in a table', () => {
  const able = new Set(formats.flatMap(({ capabilities }) => capabilities));
  const known = [...Object.keys(table), ...elsewhere];
  expect(changingCapabilities.filter((name) => able.has(name)).toSorted()).toEqual(known.toSorted());
});

const stores = fixtureStores().filter(({ format }) => format !== null);

describe.each(Object.entries(table))('%s', (operation, { ask, after }) => {
  const refusals = refused.filter(([, , operations]) => operations.split(' ').includes(operation));
  test.each(stores.map(({ path }, i) => ({ path, end: i % 2 === 0 ? 0 : -1 })))('$path', ({ path, end }) => {
    const place = mkdtempSync(join(folder, 'store-'));
    const store = openStore(copyStore(path, place));
    try {
      const operations = new Operations({ dataFolder: join(place, 'data'), draw: countingDraw() });
      const threads = listed(store);
      // One of a store, from either end of its list, and those that are refused.
      const own = refusals.filter(([at]) => at === path);
      for (const thread of new Set([threads.at(end)!, ...own.map(([, refusedThread]) => refusedThread)])) {
        const before = wholeStore(store);
        const into = sibling(thread, store, 'another');
        const refusal = own.find(([, refusedThread]) => refusedThread === thread);
        if (refusal !== undefined) {
          const [, , , code, says] = refusal;
          const message = expect.stringContaining(says) as string;
          expect(() => operations.commit(store, ask(thread, into), null)).toThrow(
            expect.objectContaining({ code, message }),
          );
          expect(wholeStore(store)).toEqual(before);
          continue;
        }
        const states = statesOf(store, thread);
        operations.commit(store, ask(thread, into), null);
        const done = wholeStore(store);
        after(store, thread, states, into);
        operations.commitUndo(store, null, null);
        expect(wholeStore(store)).toEqual(before);
        operations.commitUndo(store, null, null);
        expect(wholeStore(store)).toEqual(done);
        operations.commitUndo(store, null, null);
      }
    } finally {
      store.backend.close();
    }
  });
});

test('what is refused is there to be refused', () => {
  const paths = stores.map(({ path }) => path);
  for (const [path] of refused) expect(paths).toContain(path);
});

describe('a copy in another store', () => {
  const data = (place: string) => new Operations({ dataFolder: join(place, 'data'), draw: countingDraw() });

  test.each([
    ['tinyagents/v211-sqlite-fanout/store.db', 'tinyagents/v211-file-linear/store'],
    ['tinyagents/v211-file-review/store', 'tinyagents/v211-sqlite-linear/store.db'],
    ['wesichain/sqlite-fork/store.db', 'wesichain/file-basic/store'],
    ['wesichain/file-basic/store', 'wesichain/sqlite-fork/store.db'],
    ['clawdia/file-tools/store', 'clawdia/sqlite-basic/store.db'],
    ['clawdia/sqlite-basic/store.db', 'clawdia/file-tools/store'],
    ['langgraph-py/py-agent.sqlite', 'langgraph-py/py-errors.sqlite'],
    ['langgraph-js/dev-server/.langgraph_api', 'langgraph-js/agent.sqlite'],
    ['atomr/sql-linear/store.db', 'atomr/sql-records/store.db'],
  ])('%s → %s: every state as it was, and taken back whole', (from, to) => {
    const place = mkdtempSync(join(folder, 'copy-'));
    const source = openStore(copyStore(from, join(place, 'from')));
    const target = openStore(copyStore(to, join(place, 'to')));
    const operations = data(place);
    const taken = new Set(listed(target));
    const threads = listed(source).filter((one) => !taken.has(one));
    expect(threads.length).toBeGreaterThan(0);
    for (const thread of threads.slice(0, 4)) {
      const before = [wholeStore(source), wholeStore(target)];
      const ask: OperationAsk = { operation: 'copy', thread, from: source, into: null };
      const { plan } = operations.plan(target, ask);
      expect(plan).toMatchObject({ operation: 'copy', thread, target: { thread } });
      operations.commit(target, ask, plan.planId);
      expect(statesOf(target, thread)).toEqual(statesOf(source, thread));
      expect(target.threadSummary(thread)?.checkpoints).toBe(source.threadSummary(thread)?.checkpoints);
      expect(operations.list(source)).toEqual([]);
      operations.commitUndo(target, null, null);
      expect([wholeStore(source), wholeStore(target)]).toEqual(before);
    }
    source.backend.close();
    target.backend.close();
  });

  test.each([
    ['another framework', 'tinyagents/v211-file-review/store', 'wesichain/file-basic/store'],
    ['another dialect', 'langgraph-py/py-agent.sqlite', 'langgraph-js/agent.sqlite'],
    ['another kind of store', 'atomr/sql-linear/store.db', 'atomr/host-branches/host'],
  ])('%s is refused', (_, from, to) => {
    const place = mkdtempSync(join(folder, 'copy-'));
    const source = openStore(copyStore(from, join(place, 'from')));
    const target = openStore(copyStore(to, join(place, 'to')));
    const ask: OperationAsk = { operation: 'copy', thread: listed(source)[0]!, from: source, into: 'fresh/one' };
    expect(() => data(place).plan(target, ask)).toThrow(expect.objectContaining({ code: 'unable' }));
    source.backend.close();
    target.backend.close();
  });
});

describe('what a rename and a removal must handle', () => {
  function opened(path: string): { readonly store: Store; readonly operations: Operations } {
    const place = mkdtempSync(join(folder, 'trap-'));
    const store = openStore(copyStore(path, place));
    return { store, operations: new Operations({ dataFolder: join(place, 'data'), draw: countingDraw() }) };
  }
  const files = (store: Store): string[] => {
    const { reader } = store.backend;
    return reader.kind === 'files' ? reader.list(6).map((entry) => entry.path) : [];
  };

  test('a thread that cannot be read to its end is not renamed, for its end would be lost', () => {
    const { store, operations } = opened('tinyagents/v211-file-torn/store');
    const before = wholeStore(store);
    const ask: OperationAsk = { operation: 'rename', thread: 'torn', into: 'other' };
    expect(() => operations.plan(store, ask)).toThrow(expect.objectContaining({ code: 'unable' }));
    operations.commit(store, { operation: 'delete', thread: 'torn' }, null);
    expect(files(store).filter((path) => path.startsWith('torn'))).toEqual([]);
    operations.commitUndo(store, null, null);
    expect(wholeStore(store)).toEqual(before);
    store.backend.close();
  });

  test('tinyagents: records and ledger go, under whichever names they stand', () => {
    const { store, operations } = opened('tinyagents/v211-file-review/store');
    const names = files(store).filter((path) => path.startsWith('paused'));
    expect(names.toSorted()).toEqual(['paused.jsonl', 'paused.writes.jsonl']);
    operations.commit(store, { operation: 'rename', thread: 'paused', into: 'Paused' }, null);
    expect(
      files(store)
        .filter((path) => /aused/.test(path))
        .toSorted(),
    ).toEqual(['%50aused.jsonl', '%50aused.writes.jsonl']);
    store.backend.close();
  });

  test('wesichain: of a file that threads share only the lines of one go', () => {
    const { store, operations } = opened('wesichain/file-odd/store');
    const others = ['a:b', 'a_b', '_a_b_'];
    const states = others.map((thread) => statesOf(store, thread));
    const { plan } = operations.commit(store, { operation: 'delete', thread: 'a/b' }, null);
    expect(plan.warnings.map(({ code }) => code)).toContain('shared_file');
    expect(plan.changes).toMatchObject([{ change: 'update', where: 'a_b.jsonl' }]);
    expect(others.map((thread) => statesOf(store, thread))).toEqual(states);
    store.backend.close();
  });

  test('wesichain: projected rows go with a thread, and follow a new id', () => {
    const { store, operations } = opened('wesichain/sqlite-chat/store.db');
    const { reader } = store.backend;
    if (reader.kind !== 'sqlite') throw new Error('not a database');
    const rows = (thread: string) =>
      ['sessions', 'messages'].map(
        (table) => reader.all(`SELECT 1 FROM ${table} WHERE thread_id = ?`, [thread]).length,
      );
    const [thread = ''] = reader.all('SELECT thread_id FROM sessions').map((row) => String(row['thread_id']));
    const held = rows(thread);
    expect(held.every((n) => n > 0)).toBe(true);
    operations.commit(store, { operation: 'rename', thread, into: 'other' }, null);
    expect([rows(thread), rows('other')]).toEqual([[0, 0], held]);
    operations.commit(store, { operation: 'delete', thread: 'other' }, null);
    expect(rows('other')).toEqual([0, 0]);
    store.backend.close();
  });

  test('clawdia: contents that another run refers to stay, and children are named', () => {
    const { store, operations } = opened('clawdia/file-tools/store');
    const args = () => files(store).filter((path) => path.startsWith('provider_arguments/by_ref/')).length;
    const runs = [
      'run.tool.works',
      'run.tool.twice',
      'run.tool.fails',
      'run.approval.yes',
      'run.approval.late',
      'run.approval.no',
    ];
    const left = runs.map((thread) => {
      operations.commit(store, { operation: 'delete', thread }, null);
      return args();
    });
    // All of them share two contents: each goes with the last run that names it.
    expect(left[0]).toBe(2);
    expect(left.at(-1)).toBe(0);
    expect(
      files(store).filter((path) => /(?:tool|call)\.(?:works|twice|first|second|fails)|approval\.yes/.test(path)),
    ).toEqual([]);
    store.backend.close();
    const pool = opened('clawdia/sqlite-pool/store.db');
    const { plan } = pool.operations.plan(pool.store, { operation: 'delete', thread: 'run.parent' });
    const told = plan.warnings.find(({ code }) => code === 'child_runs_stay');
    expect(told?.message).toContain('"run.child.done", "run.child.cancelled", "run.child.detached"');
    pool.store.backend.close();
  });

  test('atomr: step records, questions and outbox go with a run; questions follow a new id', () => {
    const { store, operations } = opened('atomr/sql-approval/store.db');
    const { reader } = store.backend;
    if (reader.kind !== 'sqlite') throw new Error('not a database');
    const asked = reader.all("SELECT DISTINCT workflow, run FROM agent_interrupts WHERE status <> 'Claimed'");
    const thread = asked
      .map((row) => `${String(row['workflow'])}/${String(row['run'])}`)
      .find((one) => one !== 'approval/run-refused' && store.threadSummary(one) !== null);
    if (thread === undefined) throw new Error('no run with a question');
    const questions = (run: string) =>
      reader.all("SELECT 1 FROM agent_interrupts WHERE workflow || '/' || run = ?", [run]).length;
    const held = questions(thread);
    operations.commit(store, { operation: 'rename', thread, into: 'approval/other' }, null);
    expect([questions(thread), questions('approval/other')]).toEqual([0, held]);
    operations.commit(store, { operation: 'delete', thread: 'approval/other' }, null);
    expect(questions('approval/other')).toBe(0);
    expect(
      reader.all('SELECT 1 FROM agent_outbox WHERE interrupt_id NOT IN (SELECT interrupt_id FROM agent_interrupts)'),
    ).toEqual([]);
    store.backend.close();
  });

  test('atomr: CURRENT follows a branch that is renamed', () => {
    const { store, operations } = opened('atomr/host-branches/host');
    const current = 'agents/alpha/state/checkpoints/CURRENT';
    const text = () => {
      const { reader } = store.backend;
      return reader.kind === 'files' ? Buffer.from(reader.read(current)).toString('utf8') : '';
    };
    expect(text().trim()).toBe('bench');
    operations.commit(store, { operation: 'rename', thread: 'alpha/bench', into: 'alpha/trial' }, null);
    expect(text().trim()).toBe('trial');
    expect(files(store).filter((path) => path.includes('/bench/'))).toEqual([]);
    operations.commitUndo(store, null, null);
    expect(text().trim()).toBe('bench');
    store.backend.close();
  });

  test('a removal can be taken back after other threads went on, and not after the thread itself was begun anew', () => {
    const { store, operations } = opened('langgraph-py/py-agent.sqlite');
    const threads = listed(store);
    // The newest rows: SQLite gives their numbers to whatever comes next.
    const newest = threads.toSorted((a, b) =>
      (store.threadSummary(a)?.updatedAt ?? '') < (store.threadSummary(b)?.updatedAt ?? '') ? 1 : -1,
    );
    const [thread = '', other = ''] = newest;
    const states = statesOf(store, thread);
    const { plan } = operations.commit(store, { operation: 'delete', thread }, null);
    operations.commit(store, { operation: 'copy', thread: other, from: null, into: 'later' }, null);
    operations.commitUndo(store, plan.operationId, null);
    expect(statesOf(store, thread)).toEqual(states);
    const again = operations.commit(store, { operation: 'delete', thread }, null);
    operations.commit(store, { operation: 'copy', thread: other, from: null, into: thread }, null);
    expect(() => operations.planUndo(store, again.plan.operationId)).toThrow(
      expect.objectContaining({ code: 'moved' }),
    );
    store.backend.close();
  });
});
