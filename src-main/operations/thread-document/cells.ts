// How a cell of a thread document is written (`docs/formats/thread-json.md`): readable where that loses nothing, else base64 beside.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { ThreadRecord } from '../../stores/store.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Dialect } from '../../values/edit.ts';
import { openValue } from '../../values/open.ts';
import { decodeTagged, encodeTagged } from '../../values/tagged.ts';

export type Cell = ThreadRecord['cells'][number];

/** The spellings that a value may be written in, as `as` names them. JSON in the order of how often it is met. */
const jsonDialects = ['json-js', 'json-serde', 'json-python'] as const;
export const dialects: readonly Dialect[] = [...jsonDialects, 'msgpack'];

/** Larger cells are written as base64 only: nobody reads them, and their tagged text might not fit into one string. */
const maxReadable = 32 << 20;
/** Bytes of base64 made at once; a multiple of three, so that the pieces join. */
const base64Piece = 3 << 20;

/** JSON text of a cell, in pieces. */
export function* cellText(cell: Cell): Generator<string, void, void> {
  yield `{"name":${JSON.stringify(cell.name)},"storage":${JSON.stringify(cell.storage)}`;
  if (cell.storage !== 'null') yield* contentText(cell);
  yield '}';
}

function* contentText({ storage, bytes }: Cell): Generator<string, void, void> {
  if (storage === 'integer' || storage === 'real') {
    yield `,"text":${JSON.stringify(new TextDecoder().decode(bytes))}`;
    return;
  }
  const value = bytes.length > maxReadable ? null : readable(bytes, storage === 'blob');
  if (value !== null) {
    yield `,"value":${value.text}`;
    if (value.as !== null) {
      yield `,"as":"${value.as}"`;
      return;
    }
  } else if (storage === 'text' && bytes.length <= maxReadable) {
    const text = unicodeOf(bytes);
    if (text !== null) {
      yield `,"text":${JSON.stringify(text)}`;
      return;
    }
  }
  yield ',"base64":"';
  for (let at = 0; at < bytes.length; at += base64Piece) {
    const piece = bytes.subarray(at, at + base64Piece);
    yield Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('base64');
  }
  yield '"';
}

/**
 * The value in a cell as tagged JSON; `as` is the dialect that gives back exactly these bytes, null where none does. Null for a cell
 * that is plain text, or whose bytes only look like a value by chance (a scalar that no dialect gives back).
 */
function readable(bytes: Uint8Array, isBlob: boolean): { readonly text: string; readonly as: Dialect | null } | null {
  const json = opened('json', bytes);
  // A text such as `5` or `true` is a text; only lists and maps in a text column are certainly JSON.
  if (json !== null && (isBlob || json.kind === 'map' || json.kind === 'list')) {
    const text = encodeTagged(json);
    const as = jsonDialects.find((dialect) => givesBack(text, dialect, bytes)) ?? null;
    if (as !== null || json.count > 0) return { text, as };
  }
  const packed = isBlob ? opened('msgpack', bytes) : null;
  if (packed === null) return null;
  const text = encodeTagged(packed);
  const as = givesBack(text, 'msgpack', bytes) ? 'msgpack' : null;
  return as !== null || packed.count > 0 ? { text, as } : null;
}

function opened(encoding: 'json' | 'msgpack', bytes: Uint8Array): Cursor | null {
  try {
    return openValue(encoding, bytes);
  } catch (error) {
    if (error instanceof ForkpointError) return null;
    throw error;
  }
}

function givesBack(text: string, dialect: Dialect, bytes: Uint8Array): boolean {
  try {
    return Buffer.compare(decodeTagged(text, dialect), bytes) === 0;
  } catch (error) {
    if (error instanceof ForkpointError) return false;
    throw error;
  }
}

function unicodeOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
