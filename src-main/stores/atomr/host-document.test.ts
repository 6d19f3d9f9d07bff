// Thread documents of host branches: out of one host, into another, across languages, without a byte changed but the names.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ThreadDocument, ThreadRecord } from '../store.ts';
import {
  committed,
  documentOf,
  hostNames,
  openFixture,
  planned,
  rowsOf,
  textOf,
  threadsOf,
  undone,
  type Opened,
} from './testing/fixtures.ts';

const opened: Opened[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

function fixture(name: string): Opened {
  const one = openFixture(name);
  opened.push(one);
  return one;
}

const texts = (records: readonly ThreadRecord[]) =>
  records.map((record) => record.cells.map((cell) => Buffer.from(cell.bytes).toString('utf8')));

describe.each(hostNames)('into %s', (into) => {
  it.each(hostNames)('takes every branch of %s and gives it back', (name) => {
    const from = fixture(name);
    const to = fixture(into);
    const names = () => readdirSync(to.path, { recursive: true }).map(String).sort();
    const before = names();
    threadsOf(from.store).forEach(({ thread, parts }, i) => {
      const document = documentOf(from, thread);
      const target = `alpha/import-${i}`;
      const { plan, bundle } = committed(to, { operation: 'import', document, thread: target });
      expect(plan.warnings).toEqual([]);
      const [agent, branch] = parts!;
      const there = `${branch}/`;
      const back = texts(documentOf(to, target).records).map(([file, text]) => [
        file,
        text!
          .replace(`"branch_id": "import-${i}"`, `"branch_id": ${JSON.stringify(branch)}`)
          .replace('"agent_id": "alpha"', `"agent_id": ${JSON.stringify(agent)}`)
          .replace(`/import-${i}/`, `/${there}`),
      ]);
      expect(back).toEqual(texts(document.records));
      const states = (one: Opened, at: string) =>
        rowsOf(one.store, at).map((row) => [row.id, row.time, textOf(one.store.state(row.key as never).root)]);
      expect(states(to, target)).toEqual(states(from, thread));
      if (i > 0) return;
      undone(to, bundle);
      expect(names()).toEqual(before);
    });
  });
});

describe('a document from elsewhere', () => {
  const whole = { branch_id: 'b', agent_id: 'a', ts_ms: 5, working_memory: {} };
  const record = (name: string, value: unknown, kind = 'checkpoint'): ThreadRecord => ({
    kind,
    cells: [
      { name: 'name', storage: 'text', bytes: Buffer.from(name) },
      {
        name: 'record',
        storage: 'text',
        bytes: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
      },
    ],
  });
  const document = (records: readonly ThreadRecord[], more: Partial<ThreadDocument> = {}): ThreadDocument => ({
    format: 'atomr',
    framework: 'atomr-agents host',
    dialect: 'host-rust',
    thread: 'a/b',
    records,
    ...more,
  });

  it.each([
    ['nothing', document([]), 'bad_value'],
    ['rows of a database', document([record('5.json', whole)], { dialect: 'sql' }), 'unable'],
    ['another framework', document([record('5.json', whole)], { format: 'langgraph' }), 'unable'],
    ['another kind', document([record('5.json', whole, 'writes')]), 'bad_value'],
    ['a name that leads out', document([record('../5.json', whole)]), 'bad_value'],
    ['a hidden name', document([record('.5.json', whole)]), 'bad_value'],
    ['a name without .json', document([record('CURRENT', whole)]), 'bad_value'],
    ['a long name', document([record(`${'5'.repeat(300)}.json`, whole)]), 'bad_value'],
    ['the same name twice', document([record('5.json', whole), record('5.json', whole)]), 'bad_value'],
    ['no JSON', document([record('5.json', '{')]), 'bad_value'],
    ['no memory', document([record('5.json', { ...whole, working_memory: undefined })]), 'bad_value'],
    ['a time with a fraction', document([record('5.json', { ...whole, ts_ms: 5.5 })]), 'bad_value'],
    ['a name that Python does not see', document([record('x.json', whole)], { dialect: 'host-python' }), 'bad_value'],
  ])('is refused with %s', (_, given, code) => {
    const one = fixture('host-branches');
    expect(() => planned(one, { operation: 'import', document: given, thread: 'alpha/new' })).toThrow(
      expect.objectContaining({ code }),
    );
    expect(readdirSync(join(one.path, 'agents/alpha/state/checkpoints'))).not.toContain('new');
  });

  it('is refused where there is no such agent, or where the branch exists', () => {
    const one = fixture('host-branches');
    const given = document([record('5.json', whole)]);
    const to = (thread: string) => () => planned(one, { operation: 'import', document: given, thread });
    expect(to('nobody/new')).toThrow(expect.objectContaining({ code: 'not_found' }));
    expect(to('alpha/main')).toThrow(expect.objectContaining({ code: 'exists' }));
    expect(to('alpha/new')().plan.target).toEqual({ thread: 'alpha/new', id: '5' });
  });
});
