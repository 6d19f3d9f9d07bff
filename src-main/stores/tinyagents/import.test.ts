// Thread documents: out of one store, into another, across backends, without a byte of a record changing but its thread.

import { describe, expect, it } from 'vitest';
import type { ThreadDocument, ThreadRecord } from '../store.ts';
import { closedAfterEach, committed, drained, planned } from '../testing/opened.ts';
import { fixtureNames, goldenOf, openFixture, type OpenedFixture } from './testing/fixtures.ts';

const fixture = closedAfterEach(openFixture);

function documentOf(one: OpenedFixture, thread: string): ThreadDocument {
  const records = drained(one.store.exportRecords(thread)).batches;
  return { format: 'tinyagents', framework: 'tinyagents', dialect: 'json-serde', thread, records };
}

const texts = (records: readonly ThreadRecord[], kind: string) =>
  records.filter((r) => r.kind === kind).map((r) => Buffer.from(r.cells[0]!.bytes).toString('utf8'));

describe.each([['v211-file-linear'], ['v211-sqlite-linear']])('into %s', (into) => {
  it.each(fixtureNames.filter((name) => goldenOf(name) !== null))(
    'takes every thread of %s and gives it back',
    (name) => {
      const from = fixture(name);
      const to = fixture(into);
      goldenOf(name)!.threads.forEach(({ thread_id: thread }, i) => {
        const document = documentOf(from, thread);
        committed(to, { operation: 'import', document, thread: `import ${i}` });
        const back = documentOf(to, `import ${i}`);
        const renamed = texts(document.records, 'record').map((text) =>
          text.replace(`"thread_id":${JSON.stringify(thread)}`, `"thread_id":"import ${i}"`),
        );
        expect(texts(back.records, 'record')).toEqual(renamed);
        expect(texts(back.records, 'ledger')).toEqual(texts(document.records, 'ledger'));
        const [before, after] = [from.store.threadDetail(thread), to.store.threadDetail(`import ${i}`)];
        expect(after).toMatchObject({
          namespaces: before.namespaces,
          branches: before.branches,
          status: before.status,
          refused: null,
        });
      });
    },
  );
});

describe('a document from elsewhere', () => {
  const cell = (name: string, text: string) => [
    { name, storage: 'text' as const, bytes: new TextEncoder().encode(text) },
  ];
  const document = (records: ThreadRecord[], format = 'tinyagents'): ThreadDocument => ({
    format,
    framework: 'x',
    dialect: '',
    thread: 't',
    records,
  });

  it.each([
    ['nothing', document([]), 'bad_value'],
    ['another framework', document([], 'langgraph'), 'unable'],
    ['another kind', document([{ kind: 'writes', cells: [] }]), 'bad_value'],
    ['no JSON', document([{ kind: 'record', cells: cell('record', '{') }]), 'bad_value'],
    [
      'no state',
      document([{ kind: 'record', cells: cell('record', '{"thread_id":"t","checkpoint_id":"c","namespace":[]}') }]),
      'bad_value',
    ],
    [
      'the unreleased format',
      document([
        {
          kind: 'record',
          cells: cell(
            'record',
            '{"version":2,"thread_id":"t","checkpoint_id":"c","namespace":[],"state":1,"metadata":{}}',
          ),
        },
      ]),
      'bad_value',
    ],
    ['a ledger row that is none', document([{ kind: 'ledger', cells: cell('line', '{}') }]), 'bad_value'],
  ])('is refused with %s', (_, given, code) => {
    const one = fixture('v211-sqlite-linear');
    expect(() => planned(one, { operation: 'import', document: given, thread: 'new' })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('is refused where the thread exists', () => {
    const one = fixture('v211-file-linear');
    const request = { operation: 'import', document: documentOf(one, 'linear-1'), thread: 'linear-1' } as const;
    expect(() => planned(one, request)).toThrow(expect.objectContaining({ code: 'exists' }));
  });

  it('leaves the ledger out of a store that has no table for it, and says so', () => {
    const one = fixture('v211-sqlite-linear');
    const old = fixture('v150-sqlite-linear');
    const { plan } = committed(old, { operation: 'import', document: documentOf(one, 'linear-1'), thread: 'new' });
    expect(plan.warnings.map((w) => w.code)).toEqual(['no_ledger']);
    expect(old.store.threadSummary('new')?.checkpoints).toBe(3);
  });
});
