// Every genuine host of atomr, of both languages, against what the framework's own functions said of it.

import { afterAll, describe, expect, it } from 'vitest';
import { threadOf } from './ids.ts';
import { drained, goldenOf, hostNames, keyAt, openFixture, rowsOf, textOf, threadsOf } from './testing/fixtures.ts';

interface GoldenFile {
  readonly agent_id: string;
  readonly branch_id: string;
  readonly ts_ms: number;
  readonly working_memory: unknown;
  readonly thread_head: unknown;
  readonly parent_branch: string | null;
}
interface GoldenBranch {
  readonly branch: string;
  readonly checkpoints: readonly GoldenFile[];
  readonly latest: GoldenFile | null;
}
interface Golden {
  readonly agents: readonly {
    readonly agent_id: string;
    readonly current: string;
    readonly branches: readonly GoldenBranch[];
  }[];
  readonly events?: readonly { readonly agent_id: string | null; readonly kind: string; readonly payload: unknown }[];
}

/** Both sides go through JavaScript's numbers; the exact digits have assertions of their own. */
const plain = (text: string | null): unknown => (text === null ? null : JSON.parse(text));

describe.each(hostNames)('%s', (name) => {
  const golden = goldenOf(name) as Golden;
  const opened = openFixture(name);
  const { store } = opened;
  afterAll(() => opened.close());
  const branches = golden.agents.flatMap(({ agent_id: agent, branches: own }) =>
    own
      .filter((one) => one.checkpoints.length > 0)
      .map((one) => ({ ...one, thread: threadOf(agent, one.branch), agent })),
  );

  it('is detected, with the language that wrote it', () => {
    const eras = name === 'host-branches' ? ['0.17–0.19 (Rust)'] : ['0.17–0.21 (Python)'];
    expect(store.format.detect(store.backend.reader)).toEqual({ verdict: 'yes', eras });
    expect(store.describe().eras).toEqual(eras);
  });

  it('knows no branch without checkpoints, and no path for one', () => {
    for (const none of ['alpha/feature', 'alpha/gone', 'nobody/main', 'alpha', 'alpha/..%2F..', 'alpha/'])
      expect(store.threadSummary(none)).toBeNull();
  });

  it.each(branches.map((one) => [one.thread, one] as const))(
    'has the times, origins and words of %s',
    (thread, branch) => {
      const rows = rowsOf(store, thread);
      const lineage = drained(store.lineage(thread)).result;
      rows.forEach((row, i) => {
        const expected = branch.checkpoints[i]!;
        const key = store.keyAt(lineage, i);
        expect(row.time).toBe(new Date(expected.ts_ms).toISOString());
        expect(row.note ?? '').not.toContain('cannot load');
        expect(plain(textOf(store.metadata(key)))).toMatchObject({
          agent_id: branch.agent,
          branch_id: branch.branch,
          parent_branch: expected.parent_branch,
          thread_head: expected.thread_head,
        });
        const origin = expected.parent_branch;
        if (i === 0) expect(row.parentThread).toBe(origin === null ? null : threadOf(branch.agent, origin));
        else expect(row).toMatchObject({ parent: rows[i - 1]!.key, parentKind: 'inferred' });
        expect(store.pending(key)).toMatchObject({ status: 'unknown', resumable: i === rows.length - 1 });
        expect(store.raw(key)).toHaveLength(1);
      });
    },
  );

  it('has the latest that the host loads', () => {
    for (const branch of branches) {
      const detail = store.threadDetail(branch.thread);
      const rows = rowsOf(store, branch.thread);
      expect(detail).toMatchObject({ head: rows.at(-1)!.key, refused: null, status: 'unknown', branches: 1 });
      expect(rows.at(-1)!.id).toBe(String(branch.latest!.ts_ms));
      const current = golden.agents.find((one) => one.agent_id === branch.agent)!.current;
      expect(rows.at(-1)!.note === 'CURRENT').toBe(current === branch.branch);
    }
  });

  it('gives the events of the agent, and those of the host', () => {
    for (const { thread, agent } of branches) {
      const records = drained(store.neighbours(thread)).batches;
      for (const record of records) {
        const of = (plain(textOf(record.content)) as { agent_id: string | null }).agent_id;
        expect([null, agent]).toContain(of);
        expect(record.time).toMatch(/^2026-/);
      }
      const expected = golden.events?.filter((event) => event.agent_id === null || event.agent_id === agent);
      if (expected !== undefined) expect(records.map((r) => plain(textOf(r.content)))).toEqual(expected);
    }
  });
});

it('keeps NaN and every digit that Python wrote', () => {
  const opened = openFixture('host-branches-py');
  const memory = opened.store.state(keyAt(opened.store, 'alpha/odd', 0));
  expect(memory.root!.get('nan')!.lexeme()).toBe('NaN');
  expect(memory.root!.get('low')!.lexeme()).toBe('-Infinity');
  expect(memory.root!.get('huge')!.lexeme()).toBe('1180591620717411303424');
  expect(memory.root!.get('neg')!.lexeme()).toBe('-0.0');
  expect(memory.dialect).toBe('json-python');
  expect(memory.notes.join()).toMatch(/The Rust host cannot load this file: it has a NaN or Infinity/);
  opened.close();
});

describe('what is said of a host', () => {
  it('Rust', () => {
    const opened = openFixture('host-branches');
    const notes = opened.store.describe().notes.join('\n');
    expect(notes).toMatch(/Agent "alpha" works on the branch "bench"/);
    expect(notes).toMatch(/agent "gamma" names the branch "ghost", which has no checkpoints/);
    expect(notes).toMatch(/Branch "feature\/x" of agent "alpha" lies in a folder within a folder/);
    const state = opened.store.state(keyAt(opened.store, 'gamma/main', 0));
    expect([state.root!.kind, state.notes.length]).toEqual(['string', 1]);
    const forked = drained(opened.store.neighbours('alpha/bench')).batches[0]!;
    expect(forked).toMatchObject({ kind: 'branch.forked', checkpoint: keyAt(opened.store, 'alpha/bench', 0) });
    opened.close();
  });

  it('Python: names as numbers', () => {
    const opened = openFixture('host-branches-py');
    const notes = opened.store.describe().notes.join('\n');
    expect(notes).toMatch(/Branch "short" .* Rust host takes `999.json` .* Python host takes `1000.json`/);
    expect(rowsOf(opened.store, 'alpha/short').map((row) => row.id)).toEqual(['17', '999', '1000']);
    opened.close();
  });
});

it.each(['agents/alpha', 'agents/alpha/state/checkpoints'])('a host is opened at %s too', (inner) => {
  const opened = openFixture('host-branches', undefined, inner);
  expect(threadsOf(opened.store).map((t) => t.thread)).toContain('alpha/bench');
  expect(rowsOf(opened.store, 'alpha/bench')).toHaveLength(2);
  opened.close();
});
