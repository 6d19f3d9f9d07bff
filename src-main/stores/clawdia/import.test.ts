// Runs as documents: out of one backend and into the other, without a byte of a record changed; and documents that are none.

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { asForkpointError } from '../../../shared/model/errors.ts';
import { exportChunks } from '../../operations/thread-document/export.ts';
import { readThreadDocument } from '../../operations/thread-document/import.ts';
import { utf8 } from '../../values/bytes.ts';
import type { ThreadDocument } from '../store.ts';
import { kinds } from './document.ts';
import { segmentOf } from './names.ts';
import { committed, planned } from '../testing/opened.ts';
import {
  copyFixture,
  fixtureNames,
  goldenOf,
  opened,
  openFixture,
  rowsOf,
  type OpenedFixture,
} from './testing/fixtures.ts';

const documentOf = ({ store }: OpenedFixture, run: string): ThreadDocument =>
  readThreadDocument(Buffer.concat([...exportChunks(store, run)]));

const metadataOf = ({ store }: OpenedFixture, run: string): string[] =>
  rowsOf(store, run).rows.map((row) => Buffer.from(store.metadata(row.key)!.slice()).toString());

/** An empty folder, and a database with clawdia's tables and other runs. */
const folder = mkdtempSync(join(tmpdir(), 'clawdia-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function emptyTree(): OpenedFixture {
  const path = mkdtempSync(join(folder, 'tree-'));
  mkdirSync(join(path, 'runs'));
  return opened(path);
}

describe.each(fixtureNames.filter((name) => name !== 'file-torn' && name !== 'file-retention-before'))('%s', (name) => {
  it('goes into a tree and from there into a database, record for record', () => {
    const from = openFixture(name);
    const tree = emptyTree();
    const { path, remove } = copyFixture(name === 'sqlite-odd' ? 'sqlite-basic' : 'sqlite-odd');
    const database = opened(path, remove);
    for (const { run_id: run } of goldenOf(name).runs.slice(0, 3)) {
      const first = documentOf(from, run);
      committed(tree, { operation: 'import', document: first, thread: run });
      expect(metadataOf(tree, run)).toEqual(metadataOf(from, run));
      const second = documentOf(tree, run);
      expect(second.records.map((record) => record.kind)).toEqual(first.records.map((record) => record.kind));
      try {
        committed(database, { operation: 'import', document: second, thread: run });
      } catch (thrown) {
        // The same id saved for two records: a tree holds both, a database one.
        expect(asForkpointError(thrown).message).toMatch(/Two checkpoints/);
        continue;
      }
      expect(metadataOf(database, run)).toEqual(metadataOf(from, run));
      expect(database.store.threadDetail(run)).toMatchObject({
        refused: null,
        status: from.store.threadDetail(run).status,
      });
      // What the records refer to comes along; what only this database held under the same id is found there, too.
      const referredTo = ({ store }: OpenedFixture) =>
        [...store.neighbours(run)].filter((one) => /^content|^provider/.test(one.kind)).map((one) => one.record);
      expect(referredTo(database)).toEqual(expect.arrayContaining(referredTo(from)));
    }
    for (const fixture of [from, tree, database]) fixture.close();
  });
});

it('under another id re-stamps what the runtime made, and keeps every other byte', () => {
  const from = openFixture('file-tools');
  const { plan } = committed(from, {
    operation: 'import',
    document: documentOf(from, 'run.tool.works'),
    thread: 'run.copied',
  });
  expect(plan.resume?.code).toContain('run_text');
  const journal = (run: string) => readFileSync(join(from.path, 'runs', segmentOf(run), 'journal.ndjson'), 'utf8');
  const [old, fresh] = ['run.tool.works', 'run.copied'].map((run) => segmentOf(run).slice(-12));
  expect(journal('run.copied').replaceAll(fresh!, old!).replaceAll('"run.copied"', '"run.tool.works"')).toBe(
    journal('run.tool.works'),
  );
  from.close();
});

describe('documents that are none', () => {
  const cell = (name: string, text: string) => ({ name, storage: 'text' as const, bytes: utf8(text) });
  const document = (records: ThreadDocument['records'], more: Partial<ThreadDocument> = {}): ThreadDocument => ({
    format: 'clawdia',
    framework: 'clawdia',
    dialect: '',
    thread: 'run.text',
    records,
    ...more,
  });
  const fixture = openFixture('sqlite-odd');
  afterAll(() => fixture.close());
  const source = openFixture('file-basic');
  const whole = documentOf(source, 'run.text').records;
  source.close();
  const record = (text: string) => ({ kind: kinds.record, cells: [cell('json', text)] });
  const first = Buffer.from(whole[0]!.cells[0]!.bytes).toString();

  it.each<[string, ThreadDocument, RegExp]>([
    ['nothing', document([]), /no records in it/],
    ['another format', document([], { format: 'wesichain', framework: 'wesichain' }), /wesichain thread/],
    ['an unknown kind', document([{ kind: 'magic', cells: [] }]), /kind `magic`/],
    ['no cell', document([{ kind: kinds.record, cells: [] }]), /no `json`/],
    ['no JSON', document([record('{')]), /Record 1 /],
    ['another run', document([record(first.replaceAll('run.text', 'run.other'))]), /of another run/],
    ['a falling number', document([whole[1]!, whole[0]!]), /does not rise/],
    ['an unknown payload', document([record(first.replace('run_lifecycle', 'magic'))]), /clawdia could not read it/],
    [
      'an id twice',
      document([record(first), record(first.replace('"journal_seq":1', '"journal_seq":2'))]),
      /same `record_id`/,
    ],
  ])('%s', (_, made, message) => {
    const plan = () => planned(fixture, { operation: 'import', document: made, thread: 'run.text' });
    expect(plan).toThrow(message);
  });

  it('other bytes under a known content id stay, with a warning', () => {
    const basic = openFixture('file-basic');
    const made = documentOf(basic, 'run.text').records.map((entry) =>
      entry.kind === kinds.content
        ? { ...entry, cells: entry.cells.map((c) => (c.name === 'bytes' ? { ...c, bytes: utf8('other') } : c)) }
        : entry,
    );
    const { plan } = planned(basic, { operation: 'import', document: document(made), thread: 'copy' });
    const held = made.filter((entry) => entry.kind === kinds.content).length;
    expect(plan.warnings.filter((one) => one.code === 'other_content')).toHaveLength(held);
    basic.close();
  });
});
