// All that a store holds, as text by place: every row with the storage class of each cell, or every file. What a write changed is the
// difference of two of these.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';

/** `table#rowid` to the row's cells, or a path to the file's bytes as Latin-1. */
export type Contents = ReadonlyMap<string, string>;

export interface Change {
  readonly at: string;
  /** Absent where there was nothing before. A file that only grew: `from` is where. */
  readonly before?: string;
  readonly from?: number;
  /** Absent where nothing is there any more. */
  readonly after?: string;
}

/** A longer value is kept as its length and digest. */
const longest = 3000;

export function contentsOf(store: string): Contents {
  return statSync(store).isDirectory() ? filesOf(store) : rowsOf(store);
}

/** Files of a folder at any depth, `/` between parts; our own staging folders are none of it. */
export function pathsIn(folder: string, under = ''): string[] {
  return readdirSync(join(folder, under), { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.forkpoint-staging-'))
    .flatMap((entry) => {
      const path = under === '' ? entry.name : `${under}/${entry.name}`;
      return entry.isDirectory() ? pathsIn(folder, path) : [path];
    })
    .sort();
}

function filesOf(folder: string): Contents {
  return new Map(pathsIn(folder).map((path) => [path, readFileSync(join(folder, path), 'latin1')]));
}

function rowsOf(file: string): Contents {
  const database = new Database(file, { readonly: true });
  database.defaultSafeIntegers();
  try {
    const found = new Map<string, string>();
    const tables = database
      .prepare(
        `SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name <> 'sqlite_schema' ORDER BY name`,
      )
      .all() as { name: string; wr: bigint }[];
    for (const { name, wr } of tables) {
      const table = `"${name.replaceAll('"', '""')}"`;
      const columns = (database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(name) as string[]).map(
        (column) => `"${column.replaceAll('"', '""')}"`,
      );
      const cells = columns.map((c) => `typeof(${c}), CAST(${c} AS BLOB)`).join(', ');
      const rows = database.prepare(`SELECT ${wr === 1n ? 'NULL' : 'rowid'}, ${cells} FROM ${table}`).raw();
      for (const row of rows.iterate() as IterableIterator<unknown[]>) {
        const shown = columns.map((column, i) => `${column} ${String(row[1 + i * 2])} ${cellText(row[2 + i * 2])}`);
        const at = wr === 1n ? digest(shown.join('\n')) : String(row[0]);
        found.set(`${name}#${at}`, shown.join('\n'));
      }
    }
    return found;
  } finally {
    database.close();
  }
}

function cellText(value: unknown): string {
  if (!(value instanceof Uint8Array)) return '';
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : `x'${bytes.toString('hex')}'`;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

const short = (text: string): string =>
  text.length <= longest ? text : `${text.slice(0, 200)}… ${text.length} characters, sha256 ${digest(text)}`;

/** What two moments of a store differ in, in the order of places. */
export function changesBetween(before: Contents, after: Contents): Change[] {
  const changes: Change[] = [];
  for (const at of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [then, now] = [before.get(at), after.get(at)];
    if (then === now) continue;
    if (then !== undefined && now?.startsWith(then) === true) {
      changes.push({ at, from: then.length, after: short(now.slice(then.length)) });
    } else {
      changes.push({
        at,
        ...(then === undefined ? {} : { before: short(then) }),
        ...(now === undefined ? {} : { after: short(now) }),
      });
    }
  }
  return changes;
}

/** A store (with its `-wal`) or another input as one text, to be kept and laid out again. */
export interface Packed {
  readonly kind: 'folder' | 'file';
  readonly files: Readonly<Record<string, string>>;
}

export function pack(path: string): Packed {
  if (statSync(path).isDirectory()) {
    const files = pathsIn(path).map((name) => [name, readFileSync(join(path, name), 'base64')] as const);
    return { kind: 'folder', files: Object.fromEntries(files) };
  }
  const files = ['', '-wal'].filter((suffix) => existsSync(path + suffix));
  return {
    kind: 'file',
    files: Object.fromEntries(files.map((suffix) => [suffix, readFileSync(path + suffix, 'base64')])),
  };
}

export function unpack(packed: Packed, path: string): void {
  if (packed.kind === 'folder') mkdirSync(path, { recursive: true });
  for (const [name, content] of Object.entries(packed.files)) {
    const file = packed.kind === 'folder' ? join(path, name) : path + name;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, Buffer.from(content, 'base64'));
  }
}
