// Thread documents: what is exported from genuine stores comes back byte for byte, satisfies the schema, and damage is refused.

import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ThreadRecord } from '../../stores/store.ts';
import { Operations } from '../operations.ts';
import type { Workplace } from '../testing/genuine-store.ts';
import { countingDraw, firstThread, workplace } from '../testing/genuine-store.ts';
import type { Cell } from './cells.ts';
import { cellText } from './cells.ts';
import { exportChunks } from './export.ts';
import { readThreadDocument } from './import.ts';

const schema: object = JSON.parse(
  readFileSync(new URL('../../../docs/formats/thread.schema.json', import.meta.url), 'utf8'),
) as object;
const valid = new Ajv2020({ strict: true, strictRequired: false }).compile(schema);

let place: Workplace;
beforeEach(() => (place = workplace()));
afterEach(() => place.done());

function exported(fixture: string, name: string): { bytes: Buffer; records: ThreadRecord[]; thread: string } {
  const store = place.open(place.copy(fixture, name));
  const thread = firstThread(store);
  if (!('exportRecords' in store) || typeof store.exportRecords !== 'function') throw new Error('cannot export');
  const bytes = Buffer.concat([...exportChunks(store, thread)]);
  return { bytes, records: [...(store.exportRecords(thread) as Iterable<ThreadRecord>)], thread };
}

const plain = (records: readonly ThreadRecord[]): unknown =>
  records.map((r) => [r.kind, r.cells.map((c) => [c.name, c.storage, Buffer.from(c.bytes).toString('hex')])]);

const fixtures = [
  'langgraph-py/py-agent.sqlite',
  'langgraph-py/py-types.sqlite',
  'langgraph-py/py-pickle.sqlite',
  'langgraph-py/py-errors.sqlite',
  'langgraph-js/types.sqlite',
  'langgraph-js/delta.sqlite',
  'langgraph-js/corrupt-bigint.sqlite',
  'langgraph-current/agent-hitl.sqlite',
  'tinyagents/v211-sqlite-fanout/store.db',
  'tinyagents/v211-file-review/store',
  'tinyagents/v020-file-review/store',
];

describe.each(fixtures)('%s', (fixture) => {
  it('comes back byte for byte and satisfies the schema', () => {
    const { bytes, records, thread } = exported(fixture, 'a');
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    expect(valid(parsed), JSON.stringify(valid.errors)).toBe(true);
    const document = readThreadDocument(bytes);
    expect(document.thread).toBe(thread);
    expect(plain(document.records)).toEqual(plain(records));
    expect(records.length).toBeGreaterThan(0);
  });

  it('does not mind being reformatted', () => {
    const { bytes, records } = exported(fixture, 'a');
    // White space between members only; numbers keep their text because nothing is parsed.
    const spaced = Buffer.from(
      bytes
        .toString('utf8')
        .replaceAll('\n{"kind"', '\r\n\t  {"kind"')
        .replace(/,"records":\[/, ' , "records" : [ '),
    );
    expect(plain(readThreadDocument(spaced).records)).toEqual(plain(records));
  });
});

it('is imported into another store of its kind, and exported again the same', () => {
  const operations = new Operations({ dataFolder: place.dataFolder, draw: countingDraw() });
  for (const [from, into] of [
    ['langgraph-py/py-agent.sqlite', 'langgraph-py/py-errors.sqlite'],
    ['langgraph-js/agent.sqlite', 'langgraph-js/fanout.sqlite'],
    ['tinyagents/v211-sqlite-linear/store.db', 'tinyagents/v211-file-review/store'],
  ] as const) {
    const { bytes, records, thread } = exported(from, `from-${from.length}`);
    const store = place.open(place.copy(into, `into-${from.length}`));
    const ask = { operation: 'import', document: readThreadDocument(bytes), thread: null } as const;
    const { plan } = operations.plan(store, ask);
    expect(plan).toMatchObject({ operation: 'import', thread, checkpoint: null });
    operations.commit(store, ask, plan.planId);
    const again = readThreadDocument(Buffer.concat([...exportChunks(store, thread)]));
    expect(plain(again.records)).toEqual(plain(records));
    expect(() => operations.plan(store, ask)).toThrow(expect.objectContaining({ code: 'exists' }));
    operations.commitUndo(store, null, null);
    expect(store.threadSummary(thread)).toBeNull();
  }
});

it('is refused by a store of another kind', () => {
  const operations = new Operations({ dataFolder: place.dataFolder, draw: countingDraw() });
  const { bytes } = exported('langgraph-py/py-agent.sqlite', 'a');
  for (const into of ['langgraph-js/agent.sqlite', 'tinyagents/v211-file-review/store']) {
    const store = place.open(place.copy(into, `b${into.length}`));
    const ask = { operation: 'import', document: readThreadDocument(bytes), thread: 'new' } as const;
    expect(() => operations.plan(store, ask)).toThrow(expect.objectContaining({ code: 'unable' }));
  }
});

describe('damage', () => {
  it.each([
    ['no JSON', 'hello'],
    ['cut off', null],
    ['another JSON', '{"forkpoint":"settings"}'],
    ['a list', '[]'],
    ['no records', '{"forkpoint":"thread","version":1,"format":"x","framework":"","dialect":"","thread":""}'],
    ['a record without cells', document('{"kind":"a"}')],
    ['an unknown storage', document('{"kind":"a","cells":[{"name":"n","storage":"clob","text":""}]}')],
    ['no content', document('{"kind":"a","cells":[{"name":"n","storage":"text"}]}')],
    ['a value without a spelling', document('{"kind":"a","cells":[{"name":"n","storage":"text","value":1}]}')],
    ['a broken base64', document('{"kind":"a","cells":[{"name":"n","storage":"blob","base64":"AA%A"}]}')],
    [
      'an unknown tag',
      document('{"kind":"a","cells":[{"name":"n","storage":"blob","value":{"$foo":1},"as":"msgpack"}]}'),
    ],
  ])('is refused: %s', (_, text) => {
    const bytes =
      text === null ? exported('langgraph-py/py-agent.sqlite', 'a').bytes.subarray(0, 3000) : Buffer.from(text);
    expect(() => readThreadDocument(bytes)).toThrow(expect.objectContaining({ code: 'bad_value' }));
  });

  it('is found by the checksum, which may be removed on purpose', () => {
    const text = exported('langgraph-py/py-agent.sqlite', 'a').bytes.toString('utf8');
    const edited = text.replace('Weather in Paris', 'Weather in Rome!');
    expect(edited).not.toBe(text);
    expect(() => readThreadDocument(Buffer.from(edited))).toThrow(/checksum/);
    const without = edited.replace(/,"sha256":"[0-9a-f]+"/, '');
    expect(readThreadDocument(Buffer.from(without)).records.length).toBeGreaterThan(0);
  });

  it('is a later version: refused by name', () => {
    const later = Buffer.from('{"forkpoint":"thread","version":2}');
    expect(() => readThreadDocument(later)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});

function document(record: string): string {
  return `{"forkpoint":"thread","version":1,"format":"x","framework":"","dialect":"","thread":"","records":[${record}]}`;
}

it('gives back any cell', () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => new TextEncoder().encode(text)),
    fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text)),
    fc
      .constantFrom(
        '{"a": 1}',
        '[1 , 2]',
        '{"a":1.0}',
        '1e400',
        '{"a":NaN}',
        '"\\ud800"',
        '{"a":1,"a":2}',
        '\ufeff{}',
        '{}',
        '',
      )
      .map((t) => new TextEncoder().encode(t)),
  );
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('text', 'blob'), bytes, (name, storage, content) => {
      const cell: Cell = { name, storage, bytes: content };
      const text = document(`{"kind":"k","cells":[${[...cellText(cell)].join('')}]}`);
      expect(plain(readThreadDocument(Buffer.from(text)).records)).toEqual(plain([{ kind: 'k', cells: [cell] }]));
    }),
    { numRuns: 500 },
  );
});
