// Everything that a store holds, byte for byte: what undo must give back. Rows of every table with their rowids, or names, modes and
// bytes of every file and folder.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../stores/store.ts';

const digest = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex').slice(0, 16);

/** In a file with triggers of its own only the tables that have them: what they write elsewhere, no undo takes back, and the plan says so. */
export function wholeStore(store: Store): readonly string[] {
  const { reader } = store.backend;
  return reader.kind === 'sqlite' ? rowsOf(reader) : filesIn(reader.root);
}

function rowsOf(reader: Extract<Store['backend']['reader'], { kind: 'sqlite' }>): string[] {
  const triggered = new Set(reader.triggers().map(({ table }) => table));
  // SQLite's own counter of AUTOINCREMENT only ever grows, also when rows are taken back.
  const tables = reader
    .tables()
    .filter(({ name }) => name !== 'sqlite_sequence' && (triggered.size === 0 || triggered.has(name)));
  return tables.flatMap((table) => {
    const cells = table.columns.map(({ name }) => `typeof("${name}") || ':' || hex("${name}")`).join(` || ' ' || `);
    const place = table.withoutRowid ? "''" : 'rowid';
    const rows = reader.all(`SELECT ${place} AS place, ${cells} AS row FROM "${table.name}" ORDER BY 1, 2`);
    return rows.map((row) => `${table.name} ${String(row['place'])} ${digest(String(row['row']))}`);
  });
}

function filesIn(root: string): string[] {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return names.map((name) => {
    const stats = statSync(join(root, name));
    const mode = (stats.mode & 0o7777).toString(8);
    return stats.isDirectory() ? `${name}/ ${mode}` : `${name} ${mode} ${digest(readFileSync(join(root, name)))}`;
  });
}
