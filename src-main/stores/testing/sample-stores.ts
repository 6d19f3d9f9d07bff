// Small stores for the tests of the backends: a table and line files as a framework might make them, and one change set for each
// kind of change. No framework is involved.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Backend, ChangeSet, FileChange } from '../backend.ts';

export const sampleState = Buffer.alloc(20_000, 'state ');

/** Three checkpoints of thread `a`, one pending write, and a table of the user's own with a trigger on ours. */
export function makeSqliteStore(path: string, journal: 'WAL' | 'DELETE'): void {
  const database = new Database(path);
  database.pragma(`journal_mode=${journal}`);
  database.exec(`
    CREATE TABLE checkpoints (thread TEXT NOT NULL, id TEXT NOT NULL, parent TEXT, state BLOB, PRIMARY KEY (thread, id));
    CREATE TABLE writes (thread TEXT, idx INTEGER, score REAL, value);
    CREATE TABLE audit (line INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT);
    CREATE TRIGGER log_checkpoints AFTER INSERT ON checkpoints BEGIN INSERT INTO audit (what) VALUES (new.id); END;
  `);
  const insert = database.prepare('INSERT INTO checkpoints VALUES (?, ?, ?, ?)');
  insert.run('a', 'c1', null, sampleState);
  insert.run('a', 'c2', 'c1', sampleState);
  insert.run('a', 'c3', 'c2', sampleState);
  // Text that is not valid UTF-8, and an integer beyond 2^53.
  database.exec(`INSERT INTO writes VALUES ('a', 9007199254740993, 1.0, CAST(x'ff00fe' AS TEXT))`);
  database.close();
}

export const sqliteKinds = ['insert', 'copy', 'update', 'delete', 'delete-thread', 'all'] as const;

/** Changes of one kind, with a guard on thread `fork`. */
export function sqliteChanges(kind: (typeof sqliteKinds)[number] | 'large'): ChangeSet {
  const insert = {
    kind: 'insert',
    table: 'checkpoints',
    row: { thread: 'fork', id: 'f1', parent: null, state: sampleState },
    key: 'f1',
  } as const;
  const copy = {
    kind: 'copy',
    table: 'checkpoints',
    columns: ['thread', 'id', 'parent', 'state'],
    identity: { thread: 'a', id: 'c2' },
    set: { thread: 'fork', id: 'f2', parent: 'f1' },
    bytes: sampleState.length,
  } as const;
  const update = { kind: 'update', table: 'writes', identity: { rowid: 1n }, set: { value: 2.5 }, bytes: 8 } as const;
  const remove = { kind: 'delete', table: 'checkpoints', identity: { thread: 'a', id: 'c3' }, bytes: 1 } as const;
  // A whole thread: every row that it has in every table; the last row of a table without a key of its own too.
  const thread = [
    ...['c1', 'c2', 'c3'].map((id) => ({ ...remove, identity: { thread: 'a', id } }) as const),
    { kind: 'delete', table: 'writes', identity: { thread: 'a', idx: 9_007_199_254_740_993n }, bytes: 1 } as const,
  ];
  // Larger than SQLite's cache, so that pages reach the main file before the commit.
  const large = { ...insert, row: { ...insert.row, state: kind === 'large' ? Buffer.alloc(40_000_000, 1) : null } };
  const changes = {
    large: [large, copy],
    insert: [insert],
    copy: [copy],
    update: [update],
    delete: [remove],
    'delete-thread': thread,
    all: [insert, copy, update, remove],
  }[kind];
  const sql = 'SELECT thread, id FROM checkpoints WHERE thread = ? ORDER BY id';
  return {
    backend: 'sqlite',
    changes,
    guards: [{ kind: 'rows', describe: 'the checkpoints of `fork`', sql, params: ['fork'] }],
  };
}

/** `store/a.jsonl` with three records, `store/gone.jsonl` with one, a run's own folder, inside a folder that has room for staging. */
export function makeFolderStore(folder: string): string {
  const root = join(folder, 'store');
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'a.jsonl'), '{"id":1}\n{"id":2}\n{"id":3}\n');
  writeFileSync(join(root, 'gone.jsonl'), '{"id":9}\n', { mode: 0o640 });
  const saved = join(root, 'runs', 'r', 'saved');
  mkdirSync(saved, { recursive: true });
  writeFileSync(join(saved, '1.json'), '{"saved":1}', { mode: 0o600 });
  writeFileSync(join(root, 'runs', 'r', 'journal'), '{"id":7}\n', { mode: 0o644 });
  // Modes that no usual mask gives.
  chmodSync(saved, 0o711);
  chmodSync(join(root, 'runs', 'r'), 0o775);
  return root;
}

export const fileKinds = ['new-file', 'append', 'rewrite', 'delete-file', 'delete-folder', 'several'] as const;

/** Kinds of more than one change: killed between them, they are taken back. */
export const severalFiles: ReadonlySet<string> = new Set(['delete-folder', 'several']);

/** `size` is that of `a.jsonl`, where a test has made another one. */
export function fileChanges(kind: (typeof fileKinds)[number], size = 27): ChangeSet {
  const record = Buffer.from(`{"id":4,"state":"${'x'.repeat(20_000)}"}\n`);
  const newFile = {
    kind: 'new-file',
    path: 'fork.jsonl',
    content: [{ path: 'a.jsonl', start: 0, end: 9 }, record],
    bytes: 9 + record.length,
  } as const;
  const append = {
    kind: 'append',
    path: 'a.jsonl',
    content: [record],
    expectSize: size,
    bytes: record.length,
  } as const;
  const rewrite = {
    kind: 'rewrite',
    path: 'a.jsonl',
    content: [{ path: 'a.jsonl', start: 9, end: 27 }],
    bytes: 18,
  } as const;
  const remove = { kind: 'delete-file', path: 'gone.jsonl', bytes: 9 } as const;
  const run: FileChange[] = [
    { kind: 'delete-file', path: 'runs/r/journal', bytes: 9 },
    { kind: 'delete-file', path: 'runs/r/saved/1.json', bytes: 11, folders: ['runs/r', 'runs/r/saved'] },
  ];
  const ledger = { kind: 'new-file', path: 'fork.writes.jsonl', content: [Buffer.from('{}\n')], bytes: 3 } as const;
  const changes = {
    'new-file': [newFile],
    append: [append],
    rewrite: [rewrite],
    'delete-file': [remove],
    'delete-folder': run,
    several: [ledger, remove, append, newFile],
  }[kind];
  return { backend: 'files', changes, guards: [] };
}

/** What the sample's plans rely on. */
export function relyOnSample(backend: Backend): Backend['relying'] extends () => infer R ? R : never {
  const relying = backend.relying();
  if (backend.reader.kind === 'sqlite') {
    relying.relyOnRows('the checkpoints of `a`', 'SELECT thread, id FROM checkpoints ORDER BY thread, id', []);
  } else {
    relying.relyOnFile('the records of `a`', 'a.jsonl');
  }
  return relying;
}
