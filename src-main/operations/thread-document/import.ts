// Reading a thread document back into exact cells. It is somebody's file: everything about it is checked before a plan sees it.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { ThreadDocument, ThreadRecord } from '../../stores/store.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import { decodeTagged } from '../../values/tagged.ts';
import type { Cell } from './cells.ts';
import { dialects } from './cells.ts';
import { documentDigest } from './digest.ts';
import { documentVersion } from './export.ts';

const storages = ['null', 'integer', 'real', 'text', 'blob'] as const;
/** Bytes of base64 read at once; a multiple of four, so that the pieces join. */
const base64Piece = 4 << 20;

/** Throws `bad_value` for what is no thread document or is damaged, `unsupported` for a later version. */
export function readThreadDocument(bytes: Uint8Array): ThreadDocument {
  const root = openDocument(bytes);
  if (root.kind !== 'map' || stringMember(root, 'forkpoint') !== 'thread')
    throw notDocument('it does not say that it is one');
  const version = root.get('version');
  if (version?.kind !== 'integer') throw notDocument('it has no version');
  if (version.approximate() !== documentVersion) {
    throw new ForkpointError(
      'unsupported',
      `This thread document has version ${version.lexeme()}; this Forkpoint reads version ${documentVersion}.`,
      'Use a newer Forkpoint.',
    );
  }
  const list = root.get('records');
  if (list?.kind !== 'list') throw notDocument('it has no records');
  const records: ThreadRecord[] = [];
  for (let i = 0; i < list.count; i++) records.push(recordOf(list.child(i), i));
  const document: ThreadDocument = {
    format: needed(root, 'format'),
    framework: needed(root, 'framework'),
    dialect: needed(root, 'dialect'),
    thread: needed(root, 'thread'),
    records,
  };
  // Left out by those who edit a document on purpose; where it stands, it holds.
  const sum = root.get('sha256');
  if (sum !== null && stringMember(root, 'sha256') !== documentDigest(document)) {
    throw new ForkpointError(
      'bad_value',
      'This thread document is damaged: its content does not match its checksum.',
      'Export the thread again. If it was edited on purpose, remove the member `sha256`.',
    );
  }
  return document;
}

function openDocument(bytes: Uint8Array): Cursor {
  try {
    return openValue('json', bytes);
  } catch (error) {
    if (error instanceof ForkpointError) throw notDocument('it is not valid JSON', error);
    throw error;
  }
}

function recordOf(cursor: Cursor, index: number): ThreadRecord {
  const cells = cursor.kind === 'map' ? cursor.get('cells') : null;
  const kind = stringMember(cursor, 'kind');
  if (kind === null || cells?.kind !== 'list') throw notDocument(`record ${index} has no kind or no cells`);
  return { kind, cells: Array.from({ length: cells.count }, (_, i) => cellOf(cells.child(i), index)) };
}

function cellOf(cursor: Cursor, record: number): Cell {
  const name = stringMember(cursor, 'name');
  const wanted = stringMember(cursor, 'storage');
  const storage = storages.find((s) => s === wanted);
  if (name === null || storage === undefined) throw notDocument(`a cell of record ${record} has no name or storage`);
  const where = `the cell ${JSON.stringify(name)} of record ${record}`;
  return { name, storage, bytes: storage === 'null' ? new Uint8Array(0) : contentOf(cursor, where) };
}

/** `base64` is exact and goes first, then `text`, then `value` in the spelling that `as` names. */
function contentOf(cursor: Cursor, where: string): Uint8Array {
  const base64 = cursor.get('base64');
  if (base64 !== null) {
    if (base64.kind !== 'string') throw notDocument(`${where} has a base64 that is no text`);
    return fromBase64(base64, where);
  }
  const text = stringMember(cursor, 'text');
  if (text !== null) return new TextEncoder().encode(text);
  const value = cursor.get('value');
  const as = stringMember(cursor, 'as');
  const dialect = dialects.find((d) => d === as);
  if (value === null || dialect === undefined) throw notDocument(`${where} has no content`);
  return decodeTagged(new TextDecoder().decode(value.slice()), dialect);
}

function fromBase64(cursor: Cursor, where: string): Uint8Array {
  const payload = cursor.payload();
  const plain = payload.includes(0x5c) ? new TextEncoder().encode(cursor.text()) : payload;
  const pieces: Buffer[] = [];
  for (let at = 0; at < plain.length; at += base64Piece) {
    const slice = plain.subarray(at, at + base64Piece);
    const text = Buffer.from(slice.buffer, slice.byteOffset, slice.length).toString('latin1');
    const piece = Buffer.from(text, 'base64');
    // Node skips what is not base64; a damaged text must not become other bytes.
    if (piece.toString('base64') !== text) throw notDocument(`${where} has a damaged base64`);
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

function stringMember(cursor: Cursor, key: string): string | null {
  const member = cursor.kind === 'map' ? cursor.get(key) : null;
  return member?.kind === 'string' && member.isUnicode() ? member.text() : null;
}

function needed(root: Cursor, key: string): string {
  const text = stringMember(root, key);
  if (text === null) throw notDocument(`it has no ${key}`);
  return text;
}

function notDocument(why: string, cause?: unknown): ForkpointError {
  return new ForkpointError(
    'bad_value',
    `This is not a thread document: ${why}. Nothing was changed.`,
    'Thread documents are made by `forkpoint export`.',
    { cause },
  );
}
