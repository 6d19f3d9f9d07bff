// The bytes of a message for the WebSocket: a JSON header and the binary parts behind it, so that typed arrays cross unchanged.
//
// Frame: u32 little-endian length of the header · header (UTF-8 JSON) · padding to 8 · parts, each padded to 8.
// Header: {"m": the message with null where a binary stands, "b": [[path, type, bytes], …]} with the parts in order. Places are
// named from outside the message, so that no content of it can be mistaken for a binary. Numbers of typed arrays cross in the
// machine's own order, which is little-endian wherever a browser or Node runs today.

import { ForkpointError } from '../../model/errors.ts';
import type { WireMessage } from '../transport.ts';

type Binary = Uint8Array | Int32Array | Uint32Array | Float64Array;
type Path = (string | number)[];

const types = ['u8', 'i32', 'u32', 'f64'] as const;

function typeOf(value: Binary): (typeof types)[number] {
  if (value instanceof Int32Array) return 'i32';
  if (value instanceof Uint32Array) return 'u32';
  if (value instanceof Float64Array) return 'f64';
  return 'u8';
}

const pad8 = (n: number): number => (n + 7) & ~7;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Throws `internal` for what the wire does not carry (functions, NaN outside typed arrays, other array types). */
export function encodeMessage(message: WireMessage): Uint8Array<ArrayBuffer> {
  const parts: { path: Path; value: Binary }[] = [];
  const header = encoder.encode(
    JSON.stringify({
      m: strip(message, [], parts),
      b: parts.map((p) => [p.path, typeOf(p.value), p.value.byteLength]),
    }),
  );
  let size = pad8(4 + header.length);
  for (const part of parts) size += pad8(part.value.byteLength);
  const frame = new Uint8Array(size);
  new DataView(frame.buffer).setUint32(0, header.length, true);
  frame.set(header, 4);
  let at = pad8(4 + header.length);
  for (const { value } of parts) {
    frame.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), at);
    at += pad8(value.byteLength);
  }
  return frame;
}

function strip(value: unknown, path: Path, parts: { path: Path; value: Binary }[]): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw unsendable(path);
    case 'object': {
      if (value === null) return null;
      if (
        value instanceof Uint8Array ||
        value instanceof Int32Array ||
        value instanceof Uint32Array ||
        value instanceof Float64Array
      ) {
        parts.push({ path, value });
        return null;
      }
      if (Array.isArray(value)) return value.map((item, i) => strip(item, [...path, i], parts));
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null) throw unsendable(path);
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, strip(v, [...path, k], parts)]));
    }
    case 'bigint':
    case 'symbol':
    case 'function':
      throw unsendable(path);
  }
}

function unsendable(path: Path): ForkpointError {
  return new ForkpointError(
    'internal',
    `A message cannot be sent: its part ${JSON.stringify(path)} is not plain data.`,
  );
}

/** Throws `io` when the bytes are not a frame of ours. Binary parts are views into the frame wherever alignment allows. */
export function decodeMessage(frame: Uint8Array): WireMessage {
  try {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const length = view.getUint32(0, true);
    if (4 + length > frame.length) throw new RangeError('header');
    const header: unknown = JSON.parse(decoder.decode(frame.subarray(4, 4 + length)));
    if (!isRecord(header) || !Array.isArray(header['b'])) throw new TypeError('header');
    // The message lies in a box, so that a binary may also be the whole of it.
    const box: Record<string, unknown> = { m: header['m'] };
    let at = pad8(4 + length);
    const parts: readonly unknown[] = header['b'];
    for (const part of parts) {
      if (!Array.isArray(part)) throw new TypeError('part');
      const [path, type, bytes]: readonly unknown[] = part;
      if (!Array.isArray(path) || typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) {
        throw new TypeError('part');
      }
      if (at + bytes > frame.length) throw new RangeError('part');
      place(box, ['m', ...path], binary(frame, at, bytes, type));
      at += pad8(bytes);
    }
    if (at !== frame.length) throw new RangeError('end');
    return box['m'];
  } catch (cause) {
    throw new ForkpointError('io', 'A message of the connection could not be read.', null, { cause });
  }
}

function binary(frame: Uint8Array, at: number, bytes: number, type: unknown): Binary {
  const start = frame.byteOffset + at;
  const size = type === 'f64' ? 8 : type === 'u8' ? 1 : 4;
  if (bytes % size !== 0) throw new RangeError('part');
  let buffer = frame.buffer;
  let offset = start;
  if (start % size !== 0) {
    const copy = new Uint8Array(bytes);
    copy.set(frame.subarray(at, at + bytes));
    buffer = copy.buffer;
    offset = 0;
  }
  switch (type) {
    case 'u8':
      return new Uint8Array(buffer, offset, bytes);
    case 'i32':
      return new Int32Array(buffer, offset, bytes / 4);
    case 'u32':
      return new Uint32Array(buffer, offset, bytes / 4);
    case 'f64':
      return new Float64Array(buffer, offset, bytes / 8);
    default:
      throw new TypeError('part');
  }
}

/** Puts a binary where the header says, only over the null that stands there as an own member. */
function place(box: Record<string, unknown>, path: readonly unknown[], value: Binary): void {
  let holder: unknown = box;
  for (let i = 0; i < path.length - 1; i++) holder = memberOf(holder, path[i]);
  const last = path[path.length - 1];
  if (memberOf(holder, last) !== null) throw new TypeError('place');
  if (Array.isArray(holder) && typeof last === 'number') holder[last] = value;
  else if (isRecord(holder) && typeof last === 'string') {
    Object.defineProperty(holder, last, { value, writable: true, enumerable: true, configurable: true });
  } else throw new TypeError('place');
}

function memberOf(holder: unknown, key: unknown): unknown {
  if (Array.isArray(holder) && typeof key === 'number' && Object.hasOwn(holder, key)) return holder[key];
  if (isRecord(holder) && typeof key === 'string' && Object.hasOwn(holder, key)) return holder[key];
  throw new TypeError('place');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
