// How a store is known again after it was moved or copied: by hashes of its oldest rows or of the beginnings of its files.
//
// It decides only which operations are shown for a store; undo itself checks every row and byte that it touches.

import { createHash } from 'node:crypto';
import type { BackendReader, SqliteReader, FilesReader } from '../stores/backend.ts';

/** Files that take part, and bytes of each. A framework appends to its files, so that beginnings stay. */
const maxFiles = 16;
const beginning = 256;
/** How deep files are looked for where a folder holds only folders. */
const treeDepth = 4;

/** Short hashes joined by `.`, one per table or file; empty for a store without content. */
export function fingerprint(reader: BackendReader): string {
  return (reader.kind === 'sqlite' ? tableMarks(reader) : fileMarks(reader)).join('.');
}

/** Most of what the poorer one has is in the other: rows were added or pruned, but it is the same store. */
export function sameStore(a: string, b: string): boolean {
  if (a === '' || b === '') return false;
  const left = new Set(a.split('.'));
  const right = new Set(b.split('.'));
  const common = [...left].filter((mark) => right.has(mark)).length;
  return common * 2 > Math.min(left.size, right.size);
}

function tableMarks(reader: SqliteReader): string[] {
  const marks: string[] = [];
  for (const table of reader.tables()) {
    if (table.name.startsWith('sqlite_')) continue;
    const key = table.columns.filter((c) => c.pk > 0).map((c) => quoted(c.name));
    const columns = [...(table.withoutRowid ? [] : ['rowid']), ...key];
    const order = table.withoutRowid ? key.join(', ') : 'rowid';
    // The oldest row, and of it only the key: frameworks append, and no state is read.
    const row = reader.get(`SELECT ${columns.join(', ')} FROM ${quoted(table.name)} ORDER BY ${order} LIMIT 1`);
    if (row === null) continue;
    const hash = createHash('sha256').update(table.name);
    for (const value of Object.values(row)) {
      hash.update('\0').update(value instanceof Uint8Array ? value : typeof value + String(value));
    }
    marks.push(hash.digest('hex').slice(0, 12));
  }
  return marks;
}

function fileMarks(reader: FilesReader): string[] {
  const here = reader.list();
  // A store of folders has nothing in its own.
  return (here.length > 0 ? here : reader.list(treeDepth))
    .filter((file) => file.size > 0)
    .slice(0, maxFiles)
    .map((file) =>
      createHash('sha256')
        .update(file.path)
        .update('\0')
        .update(reader.read(file.path, 0, Math.min(file.size, beginning)))
        .digest('hex')
        .slice(0, 12),
    );
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
