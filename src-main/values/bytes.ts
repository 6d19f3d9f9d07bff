// Spans of bytes: views, joining, comparing. Native Buffer routines, without copying.

import { isUtf8 } from 'node:buffer';
import { ForkpointError } from '../../shared/model/errors.ts';

/** The same memory as a Buffer, for its native search and decoding. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** UTF-8 of a well-formed string. */
export function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

/** Up to here a loop finds out that bytes are ASCII faster than a native call would check them. */
const shortText = 64;

/** The text of the UTF-8 at `[start, end)`, null if it is not valid. */
export function unicodeAt(source: Buffer, start: number, end: number): string | null {
  if (end - start <= shortText) {
    let i = start;
    while (i < end && source[i]! < 0x80) i++;
    if (i === end) return source.toString('latin1', start, end);
  }
  return isUtf8(source.subarray(start, end)) ? source.toString('utf8', start, end) : null;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && asBuffer(a).equals(b);
}

/** Bytes `[start, end)` of one buffer to be replaced by others. */
export interface Patch {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** Copies `[start, end)` of a buffer with the patches (within it, not overlapping) applied. */
export function patched(source: Uint8Array, start: number, end: number, patches: readonly Patch[]): Uint8Array {
  const ordered = patches.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const parts: Uint8Array[] = [];
  let at = start;
  for (const patch of ordered) {
    if (patch.start < at || patch.end < patch.start || patch.end > end) {
      throw new RangeError('patches overlap or leave the value');
    }
    parts.push(source.subarray(at, patch.start), patch.bytes);
    at = patch.end;
  }
  parts.push(source.subarray(at, end));
  return Buffer.concat(parts);
}

/** A stored value that cannot be read; `offset` counts from the start of the cell. */
export function corrupt(what: string, offset: number): ForkpointError {
  return new ForkpointError(
    'corrupt',
    `The stored value cannot be read: ${what} at byte ${offset}. Nothing was changed.`,
    'Open another checkpoint of the thread; the stored bytes of this one are shown as they are (`show --raw`).',
  );
}
