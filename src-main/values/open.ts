// From a stored cell to a cursor. The one place where bytes are checked; every cursor below the root trusts this check.

import { ForkpointError } from '../../shared/model/errors.ts';
import { asBuffer, corrupt } from './bytes.ts';
import type { Cursor, Encoding } from './cursor.ts';
import { checkJson } from './json/check.ts';
import { JsonCursor } from './json/json-cursor.ts';
import { KnownParts } from './json/known-parts.ts';
import { skipMsgpack } from './msgpack/header.ts';
import { MsgpackCursor } from './msgpack/msgpack-cursor.ts';
import { OpaqueCursor } from './opaque.ts';

/**
 * The value that a whole cell holds. JSON: white space around it is left off the root's span.
 * Throws `corrupt` with the byte offset where the bytes depart from the encoding (cut off, garbage, something behind the value).
 */
export function openValue(encoding: Encoding, bytes: Uint8Array): Cursor {
  // Offsets are kept in 32 bits; no store holds larger cells (SQLite ends at 2^31).
  if (bytes.length > 0xffff_ffff) {
    throw new ForkpointError(
      'unsupported',
      `A stored value of ${bytes.length} bytes is larger than Forkpoint reads (4 GB). Nothing was changed.`,
    );
  }
  if (encoding === 'json') {
    return openJson(asBuffer(bytes));
  }
  const end = skipMsgpack(bytes, 0, bytes.length);
  if (end !== bytes.length) throw corrupt('something stands behind the value', end);
  return new MsgpackCursor(asBuffer(bytes), 0, end);
}

/** Smaller texts are checked faster than they are compared. */
const neighbourFrom = 4096;

/**
 * The text that was checked last: whoever opens one state often opens its neighbour next, and most of that is the same bytes.
 * Only a help for the check; the text is free to go.
 */
let lastChecked: WeakRef<JsonCursor> | null = null;

function openJson(bytes: Buffer): JsonCursor {
  const neighbour = bytes.length < neighbourFrom ? undefined : lastChecked?.deref();
  const known = neighbour === undefined ? null : new KnownParts(neighbour.source, neighbour.parts);
  const { start, end, parts } = checkJson(bytes, 0, bytes.length, known);
  const root = new JsonCursor(bytes, start, end, parts);
  if (bytes.length >= neighbourFrom) lastChecked = new WeakRef(root);
  return root;
}

/** A cell that is only carried: `opaqueEncoding` names why (`pickle`, `aes`, …), `opaqueClass` what it holds where that can be told. */
export function opaqueValue(opaqueEncoding: string, bytes: Uint8Array, opaqueClass: string | null = null): Cursor {
  return new OpaqueCursor(opaqueEncoding, bytes, opaqueClass);
}
