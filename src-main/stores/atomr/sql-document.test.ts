// Thread documents of runs: out of one database, into another, and back without a byte changed but the ids.

import { afterEach, describe, expect, it } from 'vitest';
import type { SqliteReader } from '../backend.ts';
import type { ThreadDocument, ThreadRecord } from '../store.ts';
import { threadOf } from './ids.ts';
import {
  committed,
  documentOf,
  openFixture,
  planned,
  sqlNames,
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

const cellsOf = (records: readonly ThreadRecord[]) =>
  records.map((record) => [
    record.kind,
    ...record.cells.map((cell) => `${cell.name} ${cell.storage} ${Buffer.from(cell.bytes).toString('latin1')}`),
  ]);

const wholeOf = (one: Opened) =>
  (one.store.backend.reader as SqliteReader).all(`SELECT rowid, * FROM agent_checkpoints ORDER BY rowid`);

it.each(sqlNames)('takes every run of %s and gives it back', (name) => {
  const from = fixture(name);
  const to = fixture('sql-records');
  const before = wholeOf(to);
  threadsOf(from.store).forEach(({ thread, parts }, i) => {
    const document = documentOf(from, thread);
    const target = threadOf(`Wörk/flow ${i}`, parts![1]!);
    const { plan, bundle } = committed(to, { operation: 'import', document, thread: target });
    expect(plan.warnings).toEqual([]);
    const again = documentOf(to, target);
    const renamed = cellsOf(again.records).map((cells) =>
      cells.map((cell) =>
        cell
          .replace(/^workflow_id text .*$/s, `workflow_id text ${parts![0]!}`)
          .replace(/("workflow_id":)"(?:[^"\\]|\\.)*"/, `$1${JSON.stringify(parts![0]!)}`),
      ),
    );
    const expected = cellsOf(document.records).map((cells) =>
      cells.map((cell) => cell.replace(/^workflow_id text .*$/s, `workflow_id text ${parts![0]!}`)),
    );
    expect(renamed).toEqual(expected);
    expect(to.store.threadDetail(target)).toMatchObject({ refused: null });
    if (i === 0) undone(to, bundle);
    if (i === 0) expect(wholeOf(to)).toEqual(before);
  });
});

it('renames a step record in both places', () => {
  const from = fixture('sql-records');
  const to = fixture('sql-records');
  const document = documentOf(from, 'linear/run-recorded');
  committed(to, { operation: 'import', document, thread: 'other/moved "1"' });
  const records = documentOf(to, 'other/moved "1"').records.filter((record) => record.kind === 'agent_step_records');
  expect(records).toHaveLength(4);
  for (const record of records) {
    const json: unknown = JSON.parse(Buffer.from(record.cells.at(-1)!.bytes).toString());
    expect(json).toMatchObject({ key: { workflow_id: 'other', run_id: 'moved "1"' } });
  }
});

it('says which records have no table', () => {
  const document = documentOf(fixture('sql-records'), 'linear/run-recorded');
  const { plan } = committed(fixture('sql-linear'), { operation: 'import', document, thread: 'linear/moved' });
  expect(plan.warnings.map((warning) => warning.code)).toEqual(['step_records_left']);
});

describe('a document from elsewhere', () => {
  type Cells = Readonly<Record<string, readonly [ThreadRecord['cells'][number]['storage'], string]>>;
  const whole: Cells = {
    workflow_id: ['text', 'w'],
    run_id: ['text', 'r'],
    super_step: ['integer', '1'],
    label: ['text', 'layer:1'],
    values_json: ['text', '{"a":1.0}'],
    timestamp_ms: ['integer', '5'],
  };
  const record = (cells: Cells, kind = 'agent_checkpoints'): ThreadRecord => ({
    kind,
    cells: Object.entries(cells).map(([name, [storage, text]]) => ({ name, storage, bytes: Buffer.from(text) })),
  });
  const document = (records: readonly ThreadRecord[], more: Partial<ThreadDocument> = {}): ThreadDocument => ({
    format: 'atomr',
    framework: 'atomr-agents',
    dialect: 'sql',
    thread: 'w/r',
    records,
    ...more,
  });

  it.each([
    ['nothing', document([]), 'bad_value'],
    ['another framework', document([record(whole)], { format: 'langgraph' }), 'unable'],
    ['host branches', document([record(whole)], { dialect: 'host-rust' }), 'unable'],
    ['another kind', document([record(whole, 'writes')]), 'bad_value'],
    ['the same step twice', document([record(whole), record(whole)]), 'bad_value'],
    ['a step too large', document([record({ ...whole, super_step: ['integer', '9223372036854775808'] })]), 'bad_value'],
    ['a step that is a text', document([record({ ...whole, super_step: ['text', '1'] })]), 'bad_value'],
    ['values as BLOB', document([record({ ...whole, values_json: ['blob', '{}'] })]), 'bad_value'],
    ['values that are a list', document([record({ ...whole, values_json: ['text', '[]'] })]), 'bad_value'],
    ['values with NaN', document([record({ ...whole, values_json: ['text', '{"a":NaN}'] })]), 'bad_value'],
    [
      'values nested deeply',
      document([record({ ...whole, values_json: ['text', `{"a":${'['.repeat(9000)}${']'.repeat(9000)}}`] })]),
      'bad_value',
    ],
    ['no label', document([record({ ...whole, label: ['null', ''] })]), 'bad_value'],
  ])('is refused with %s', (_, given, code) => {
    const one = fixture('sql-linear');
    expect(() => planned(one, { operation: 'import', document: given, thread: 'w/r' })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('leaves out columns that are not here, and says so', () => {
    const one = fixture('sql-linear');
    const given = document([record({ ...whole, more: ['text', 'x'] })]);
    const { plan } = committed(one, { operation: 'import', document: given, thread: 'w/r' });
    expect(plan.warnings.map((warning) => warning.code)).toEqual(['columns_left']);
    expect(plan.target).toEqual({ thread: 'w/r', id: '1' });
    expect(() => planned(one, { operation: 'import', document: given, thread: 'w/r' })).toThrow(
      expect.objectContaining({ code: 'exists' }),
    );
  });
});
