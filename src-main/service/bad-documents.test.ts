// Thread documents that somebody else made: refused in a sentence before anything is written, or imported as what they are.

import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { ErrorCode } from '../../shared/model/errors.ts';
import * as shapes from '../../shared/model/shapes.ts';
import { Product, unchanged } from './testing/product.ts';

const Cell = z.looseObject({ name: z.string(), storage: z.string() });
const Document = z.looseObject({
  forkpoint: z.string(),
  version: z.unknown(),
  thread: z.unknown(),
  records: z.array(z.looseObject({ kind: z.string(), cells: z.array(Cell) })),
});
type Document = z.infer<typeof Document>;

let product: Product;
let path: string;
let good: Document;
beforeAll(async () => {
  product = new Product();
  path = product.place.copy('langgraph-js/agent.sqlite', 'store.sqlite');
  const { out } = await product.terminal('export', path, 'agent-pending');
  const { sha256: _, ...document } = z.parse(Document, JSON.parse(Buffer.from(out, 'latin1').toString('utf8')));
  good = document;
});
afterAll(() => product.close());

let count = 0;
function file(content: string | Uint8Array): string {
  const name = join(product.place.folder, `document-${count++}.json`);
  writeFileSync(name, content);
  return name;
}
/** The good document with something done to it. */
function changed(change: (document: Document) => unknown): () => string {
  return () => {
    const document = structuredClone(good);
    const result = change(document) ?? document;
    return file(typeof result === 'string' ? result : JSON.stringify(result));
  };
}
const first = (document: Document) => document.records[0] ?? { kind: '', cells: [] };
function setCell(document: Document, name: string, cell: object): void {
  const { cells } = first(document);
  const at = cells.findIndex((c) => c.name === name);
  cells[at] = { name, storage: 'text', ...cell };
}

const refused: readonly (readonly [string, () => string, ErrorCode | readonly ErrorCode[]])[] = [
  ['nothing', () => file(''), 'bad_value'],
  ['rubbish', () => file(Buffer.from([0xff, 0, 1, 2])), 'bad_value'],
  ['another JSON', () => file('{"name":"package"}'), 'bad_value'],
  ['a list', () => file('[]'), 'bad_value'],
  ['cut off', changed((d) => JSON.stringify(d).slice(0, -40)), 'bad_value'],
  ['two documents', changed((d) => `${JSON.stringify(d)}${JSON.stringify(d)}`), 'bad_value'],
  [
    '100,000 levels deep',
    () => file(`{"forkpoint":"thread","version":1,"records":${'['.repeat(100_000)}`),
    'bad_value',
  ],
  ['a later version', changed((d) => ({ ...d, version: 2 })), 'unsupported'],
  [
    'a version beyond all numbers',
    changed((d) => JSON.stringify(d).replace('"version":1', '"version":1e400')),
    ['bad_value', 'unsupported'],
  ],
  ['a version that is text', changed((d) => ({ ...d, version: '1' })), 'bad_value'],
  ['records that are a map', changed((d) => ({ ...d, records: { length: 1e9 } })), 'bad_value'],
  ['a record that is null', changed((d) => ({ ...d, records: [null] })), 'bad_value'],
  ['no records', changed((d) => ({ ...d, records: [] })), 'bad_value'],
  ['a thread that is a number', changed((d) => ({ ...d, thread: 7 })), 'bad_value'],
  ['a foreign format', changed((d) => ({ ...d, format: 'tinyagents' })), 'unable'],
  ['a foreign dialect', changed((d) => ({ ...d, dialect: 'python' })), 'unable'],
  ['a dialect named like a prototype', changed((d) => ({ ...d, dialect: '__proto__' })), 'unable'],
  ['a kind of record that is unknown', changed((d) => void (first(d).kind = 'users')), 'bad_value'],
  ['a kind named like a prototype', changed((d) => void (first(d).kind = 'constructor')), 'bad_value'],
  [
    'a column that the table lacks',
    changed((d) => void first(d).cells.push({ name: 'evil"; DROP TABLE writes; --', storage: 'text', text: 'x' })),
    'unable',
  ],
  [
    'a column named __proto__',
    changed((d) => void first(d).cells.push({ name: '__proto__', storage: 'text', text: 'x' })),
    'unable',
  ],
  [
    'a row without its key',
    changed((d) => void (first(d).cells = first(d).cells.filter((c) => c.name !== 'checkpoint_id'))),
    'bad_value',
  ],
  ['a storage that is none', changed((d) => setCell(d, 'type', { storage: 'jsonb', text: 'json' })), 'bad_value'],
  ['an integer that is text', changed((d) => setCell(d, 'type', { storage: 'integer', text: 'many' })), 'bad_value'],
  [
    'an integer of 100 digits',
    changed((d) => setCell(d, 'type', { storage: 'integer', text: '9'.repeat(100) })),
    'bad_value',
  ],
  ['a base64 that is none', changed((d) => setCell(d, 'checkpoint', { storage: 'blob', base64: '%%%' })), 'bad_value'],
  ['text that is a number', changed((d) => setCell(d, 'checkpoint_id', { text: 5 })), 'bad_value'],
  ['the same row twice', changed((d) => ({ ...d, records: [first(d), ...d.records] })), ['bad_value', 'exists']],
  ['a NULL in a key', changed((d) => setCell(d, 'checkpoint_id', { storage: 'null' })), ['bad_value', 'unable']],
  [
    'a million records of nothing',
    changed(
      (d) =>
        `${JSON.stringify({ ...d, records: undefined }).slice(0, -1)},"records":[${'{"kind":"x","cells":[]},'.repeat(999_999)}{"kind":"x","cells":[]}]}`,
    ),
    'bad_value',
  ],
  ['a wrong checksum', changed((d) => ({ ...d, sha256: '0'.repeat(64) })), 'bad_value'],
];

describe('refused, and nothing written', () => {
  test.each(refused)('%s', async (_, make, codes) => {
    const document = make();
    await unchanged(path, async () => {
      await product.refusedInTerminal(codes, 'import', path, document, '--into', 'imported', '--commit');
    });
    expect((await product.json(z.array(shapes.Operation), 'operations', path, '--json')).length).toBe(0);
    expect(({} as Record<string, unknown>)['text']).toBeUndefined();
  });

  test('the same through the service, in pieces', async () => {
    const store = await product.open(path);
    await unchanged(path, async () => {
      for (const text of ['', 'rubbish', '{"forkpoint":"thread","version":1}']) {
        const { document } = await product.call('import.upload', {
          document: null,
          chunk: Buffer.from(text),
          last: true,
        });
        await product.refused('bad_value', 'operation.plan', {
          store,
          args: { operation: 'import', document, into: 'x' },
        });
      }
      const { document } = await product.call('import.upload', {
        document: null,
        chunk: Buffer.from('{'),
        last: false,
      });
      const args = { operation: 'import' as const, document, into: null };
      await product.refused('not_found', 'operation.plan', { store, args });
    });
    await product.isWell();
  });

  test('a document for the folder format that names files', async () => {
    const folder = product.place.copy('tinyagents/v211-file-linear/store', 'folder');
    const { out } = await product.terminal('export', folder, 'linear-1');
    const { sha256: _, ...made } = z.parse(Document, JSON.parse(Buffer.from(out, 'latin1').toString('utf8')));
    await unchanged(folder, async () => {
      for (const into of ['../../up', 'x'.repeat(5_000), '']) {
        const ran = await product.terminal('import', folder, file(JSON.stringify(made)), `--into=${into}`);
        if (ran.code !== 0) expect(ran.err).toMatch(/^forkpoint: [A-Z][^\n]*\n$/);
      }
      const odd = structuredClone(made);
      first(odd).kind = '../../record';
      await product.refusedInTerminal('bad_value', 'import', folder, file(JSON.stringify(odd)), '--into=b', '--commit');
      const torn = JSON.stringify(made).replaceAll('thread_id', 'thread_it');
      const ran = await product.terminal('import', folder, file(torn), '--into=c');
      if (ran.code !== 0) expect(ran.err).toMatch(/^forkpoint: [A-Z][^\n]*\n$/);
    });
  });
});

describe('taken as they are', () => {
  test('hostile content in cells is content', async () => {
    const hostile = '{"__proto__":{"polluted":1},"html":"<script>alert(1)</script>","esc":"\\u001b[2J"}';
    const document = changed((d) => {
      const cell = `{"v":4,"channel_values":${hostile},"channel_versions":{},"versions_seen":{}}`;
      for (const record of d.records.filter((r) => r.kind === 'checkpoints')) {
        const at = record.cells.findIndex((c) => c.name === 'checkpoint');
        record.cells[at] = { name: 'checkpoint', storage: 'blob', base64: Buffer.from(cell).toString('base64') };
      }
    })();
    await product.json(shapes.Plan, 'import', path, document, '--into', 'hostile', '--commit', '--json');
    const shown = await product.json(shapes.CheckpointDetail, 'show', path, 'hostile', '--json');
    expect(JSON.stringify(shown.state)).toContain('<script>alert(1)</script>');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    // eslint-disable-next-line no-control-regex -- what a terminal would obey
    expect((await product.terminal('show', path, 'hostile')).out).not.toMatch(/\u001b/);
    await product.json(shapes.Plan, 'undo', path, '--commit', '--json');
  });

  test('5,000 rows, planned and committed, and taken back', async () => {
    const name = join(product.place.folder, 'long.json');
    const out = createWriteStream(name);
    const { records: _, ...envelope } = good;
    out.write(`${JSON.stringify(envelope).slice(0, -1)},"records":[`);
    const text = (n: string, v: string): string => `{"name":"${n}","storage":"text","text":"${v}"}`;
    const cell = Buffer.from('{"v":4,"channel_values":{},"channel_versions":{},"versions_seen":{}}').toString('base64');
    const rest = `${text('type', 'json')},{"name":"checkpoint","storage":"blob","base64":"${cell}"},{"name":"metadata","storage":"blob","base64":"e30="}`;
    for (let i = 0; i < 5_000; i += 1_000) {
      const rows = Array.from({ length: 1_000 }, (_, j) => {
        const id = String(i + j).padStart(9, '0');
        return `{"kind":"checkpoints","cells":[${text('thread_id', 't')},${text('checkpoint_ns', '')},${text('checkpoint_id', id)},${rest}]}`;
      });
      out.write(`${i === 0 ? '' : ','}${rows.join(',')}`);
    }
    out.end(']}');
    await finished(out);
    const plan = await product.json(shapes.Plan, 'import', path, name, '--into', 'long', '--commit', '--json');
    expect(plan.counts.insert).toBe(5_000);
    const store = await product.open(path);
    expect((await product.lineage(store, 'long')).count).toBe(5_000);
    await product.json(shapes.Plan, 'undo', path, '--commit', '--json');
    await product.refused('not_found', 'lineage.page', { store, thread: 'long', known: null });
    await product.call('stores.close', { store });
  });
});
