// What a path is, from its first bytes, in words: so that a path that is no store is called by its name.

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { isOpenHere, statOf } from './sqlite/source.ts';

/** What was found at a path. `what` completes "this is …". */
export type Sniffed =
  | { readonly kind: 'missing' }
  | { readonly kind: 'folder' }
  | { readonly kind: 'sqlite'; readonly header: SqliteHeader | null }
  | { readonly kind: 'other'; readonly what: string; readonly hint: string | null }
  | { readonly kind: 'damaged'; readonly what: string; readonly hint: string | null };

export interface SqliteHeader {
  readonly wal: boolean;
  /** Bytes that the header says the file has; null if a version of SQLite too old to say wrote it. */
  readonly bytes: number | null;
}

const sqliteMagic = 'SQLite format 3\0';
const probe = 4096;

interface Magic {
  readonly bytes: readonly number[];
  readonly at?: number;
  readonly what: string;
}

const magics: readonly Magic[] = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], what: 'a zip archive' },
  { bytes: [0x50, 0x4b, 0x05, 0x06], what: 'an empty zip archive' },
  { bytes: [0x1f, 0x8b], what: 'a gzip file' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: 'a zstd file' },
  { bytes: [0x42, 0x5a, 0x68], what: 'a bzip2 file' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'an xz file' },
  { bytes: [0x75, 0x73, 0x74, 0x61, 0x72], at: 257, what: 'a tar archive' },
  { bytes: [0x89, 0x50, 0x4e, 0x47], what: 'a PNG image' },
  { bytes: [0xff, 0xd8, 0xff], what: 'a JPEG image' },
  { bytes: [0x47, 0x49, 0x46, 0x38], what: 'a GIF image' },
  { bytes: [0x25, 0x50, 0x44, 0x46], what: 'a PDF document' },
  { bytes: [0x7f, 0x45, 0x4c, 0x46], what: 'a program' },
  { bytes: [0x50, 0x41, 0x52, 0x31], what: 'a Parquet file' },
  { bytes: [0x44, 0x55, 0x43, 0x4b], at: 8, what: 'a DuckDB database' },
];

/** Looks at a path. Opens no file that SQLite has open in this process. Errors of the operating system pass through. */
export function sniff(path: string): Sniffed {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return { kind: 'missing' };
  if (stats.isDirectory()) return { kind: 'folder' };
  if (!stats.isFile()) return { kind: 'other', what: 'neither a file nor a folder', hint: null };
  if (isOpenHere(stats)) return { kind: 'sqlite', header: null };
  const size = Number(stats.size);
  const start = firstBytes(path);
  if (start.length === 0) {
    const log = statOf(`${path}-wal`);
    if (log !== null && log.size > 0n) {
      return {
        kind: 'damaged',
        what: `an empty file, although \`${basename(path)}-wal\` beside it holds data`,
        hint: 'Leave the `-wal` file where it is and make a copy of both: opening the empty file with SQLite would delete it.',
      };
    }
    return {
      kind: 'other',
      what: 'an empty file',
      hint: 'If the store was copied, it may not have been copied completely.',
    };
  }
  if (startsWith(start, sqliteMagic)) return sniffSqlite(path, size, start);
  if (startsWith(start, sqliteMagic.slice(0, Math.min(start.length, 16))) && start.length < 100) {
    return {
      kind: 'damaged',
      what: `the first ${size} bytes of a SQLite database`,
      hint: 'Copy the store again, completely.',
    };
  }
  const other = sideFileOf(path, start) ?? magicOf(start) ?? textOf(start, size);
  if (other !== null) return other;
  return {
    kind: 'other',
    what: 'neither SQLite nor text; an encrypted database (SQLCipher, for instance) looks like this, and so does damage',
    hint: 'If it is an encrypted database, decrypt a copy with the program that wrote it and open that.',
  };
}

function sniffSqlite(path: string, size: number, start: Uint8Array): Sniffed {
  if (size < 512) {
    return {
      kind: 'damaged',
      what: `the first ${size} bytes of a SQLite database`,
      hint: 'Copy the store again, completely.',
    };
  }
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const rawPage = view.getUint16(16);
  const pageSize = rawPage === 1 ? 65_536 : rawPage;
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) {
    return {
      kind: 'damaged',
      what: 'a SQLite database whose header is damaged',
      hint: 'Work on a copy: SQLite’s `.recover` command can save most of it.',
    };
  }
  const pages = view.getUint32(28);
  // The count holds only if the program that changed the file last also kept it.
  const bytes = pages > 0 && view.getUint32(24) === view.getUint32(92) ? pages * pageSize : null;
  const log = statOf(`${path}-wal`);
  const journal = statOf(`${path}-journal`);
  // While a log is being settled, or a journal lies there, the header may be ahead of the file for good reasons.
  const settled = (log === null || log.size === 0n) && (journal === null || journal.size === 0n);
  if (bytes !== null && size < bytes && settled) {
    return {
      kind: 'damaged',
      what: `a SQLite database that was cut off: its header speaks of ${bytes} bytes, the file has ${size}`,
      hint: 'Copy the store again, completely; SQLite’s `.recover` command can save what is left.',
    };
  }
  return { kind: 'sqlite', header: { wal: view.getUint8(19) === 2, bytes } };
}

function firstBytes(path: string): Uint8Array {
  const fd = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(probe);
    return bytes.subarray(0, readSync(fd, bytes, 0, probe, 0));
  } finally {
    closeSync(fd);
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return bytes.length >= text.length && Buffer.from(bytes.subarray(0, text.length)).toString('latin1') === text;
}

function sideFileOf(path: string, start: Uint8Array): Sniffed | null {
  const name = basename(path);
  const head = start.length >= 4 ? new DataView(start.buffer, start.byteOffset).getUint32(0) : 0;
  const side = /^(.+)-(wal|shm|journal)$/.exec(name);
  if (head === 0x377f0682 || head === 0x377f0683 || side !== null) {
    const main = side?.[1];
    return {
      kind: 'other',
      what: 'a side file of a SQLite database, not the database itself',
      hint: main === undefined ? 'Open the database it belongs to.' : `Open \`${main}\` beside it.`,
    };
  }
  return null;
}

function magicOf(start: Uint8Array): Sniffed | null {
  const found = magics.find(({ bytes, at = 0 }) => bytes.every((byte, i) => start[at + i] === byte));
  if (found !== undefined) {
    const archive = /archive|gzip|zstd|bzip2|xz/.test(found.what);
    return { kind: 'other', what: found.what, hint: archive ? 'Unpack it and open the store inside.' : null };
  }
  const [first, second] = start;
  if (first === 0x80 && second !== undefined && second >= 2 && second <= 5) {
    return {
      kind: 'other',
      what: 'a Python pickle',
      hint: 'If `langgraph dev` wrote it, open the folder `.langgraph_api` that it lies in. No other pickle is read: that takes running its code.',
    };
  }
  return null;
}

function textOf(start: Uint8Array, size: number): Sniffed | null {
  if (start.includes(0)) return null;
  // The last character may be cut by the block.
  const text = new TextDecoder('utf-8').decode(start, { stream: true });
  if (text.includes('\uFFFD')) return null;
  const [firstLine = ''] = text.split('\n', 1);
  if (isJson(firstLine) && size > firstLine.length + 1) {
    return {
      kind: 'other',
      what: 'a file of JSON lines',
      hint: 'If it is part of a store, open the folder it lies in.',
    };
  }
  if (/^\s*[{[]/.test(text)) {
    return { kind: 'other', what: 'a JSON file', hint: 'If it is part of a store, open the folder it lies in.' };
  }
  return { kind: 'other', what: 'a text file', hint: null };
}

function isJson(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return text.length >= probe - 8;
  }
}
