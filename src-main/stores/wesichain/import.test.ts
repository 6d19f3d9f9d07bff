// Thread documents: out of one store, into another, across backends, without a byte of a record changing but its thread.

import { describe, expect, it } from 'vitest';
import type { ThreadDocument, ThreadRecord } from '../store.ts';
import { closedAfterEach, committed, drained, planned } from '../testing/opened.ts';
import { fixtureNames, goldenOf, openFixture, type OpenedFixture } from './testing/fixtures.ts';

const fixture = closedAfterEach(openFixture);

function documentOf(one: OpenedFixture, thread: string): ThreadDocument {
  const records = drained(one.store.exportRecords(thread)).batches;
  return { format: 'wesichain', framework: 'wesichain', dialect: 'json-serde', thread, records };
}

const texts = (records: readonly ThreadRecord[]) => records.map((r) => Buffer.from(r.cells[0]!.bytes).toString('utf8'));
const stores = fixtureNames.filter((name) => goldenOf(name)!.backend !== 'session files');

describe.each([['file-basic'], ['sqlite-fork']])('into %s', (into) => {
  it.each(stores)('takes every thread of %s and gives it back', (name) => {
    const from = fixture(name);
    const to = fixture(into);
    const threads = drained(from.store.threads()).batches.flat();
    threads.forEach(({ thread }, i) => {
      const document = documentOf(from, thread);
      const { plan } = committed(to, { operation: 'import', document, thread: `import ${i}` });
      const queueless = name === 'era010-sqlite';
      expect(plan.warnings.map((w) => w.code)).toEqual(queueless ? ['no_queue'] : []);
      const renamed = texts(document.records).map((text) => {
        const other = text.replace(`"thread_id":${JSON.stringify(thread)}`, `"thread_id":"import ${i}"`);
        // A row of a store with queues always has one.
        return queueless && into === 'sqlite-fork'
          ? other.replace(/(,"created_at":"[^"]*"\}\})$/, ',"queue":[]$1')
          : other;
      });
      expect(texts(documentOf(to, `import ${i}`).records)).toEqual(renamed);
      const [before, after] = [from.store.threadDetail(thread), to.store.threadDetail(`import ${i}`)];
      if (!queueless) expect(after).toMatchObject({ branches: before.branches, status: before.status, refused: null });
    });
  });
});

describe('a document from elsewhere', () => {
  const record = (text: string): ThreadRecord => ({
    kind: 'record',
    cells: [{ name: 'record', storage: 'text', bytes: new TextEncoder().encode(text) }],
  });
  const document = (records: ThreadRecord[], format = 'wesichain'): ThreadDocument => ({
    format,
    framework: 'x',
    dialect: '',
    thread: 't',
    records,
  });
  const whole = (seq: string, more = '', step = '1') =>
    record(
      `{"seq":${seq},"created_at":"2026-01-01T00:00:00Z","checkpoint":{"thread_id":"t","state":{"data":{}},"step":${step},"node":"a","queue":[["b",0]],"created_at":"2026-01-01T00:00:00Z"${more}}}`,
    );

  it.each([
    ['nothing', document([]), 'bad_value'],
    ['another framework', document([], 'langgraph'), 'unable'],
    ['another kind', document([{ kind: 'writes', cells: [] }]), 'bad_value'],
    ['no JSON', document([record('{')]), 'bad_value'],
    ['no state', document([record('{"seq":1,"checkpoint":{"thread_id":"t"}}')]), 'bad_value'],
    ['a step that SQLite cannot hold', document([whole('1', '', '18446744073709551615')]), 'unable'],
  ])('is refused with %s', (_, given, code) => {
    const one = fixture('sqlite-fork');
    expect(() => planned(one, { operation: 'import', document: given, thread: 'new' })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('is numbered anew where numbers repeat, and says what has no column', () => {
    const one = fixture('sqlite-fork');
    const given = document([whole('3', ',"more":1.0'), whole('3')]);
    const { plan } = committed(one, { operation: 'import', document: given, thread: 'new' });
    expect(plan.warnings.map((w) => w.code)).toEqual(['members_dropped', 'renumbered']);
    expect(plan.target).toEqual({ thread: 'new', id: '2' });
  });

  it('is refused where the thread exists, and where queues have no column', () => {
    const one = fixture('era010-sqlite');
    const request = { operation: 'import', document: document([whole('1')]), thread: 'linear-1' } as const;
    expect(() => planned(one, request)).toThrow(expect.objectContaining({ code: 'exists' }));
    expect(() => planned(one, { ...request, thread: 'new' })).toThrow(expect.objectContaining({ code: 'unable' }));
  });
});
