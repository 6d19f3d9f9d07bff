// msgpack headers: what a type byte says, and stepping over whole values by headers alone.
// Iterative with one counter of values still to come; every claimed value needs at least one byte, so a hostile
// length is refused at once, before anything is allocated or looped over.

import { corrupt } from '../bytes.ts';

/** Whole size of values whose type byte tells it (header included, children not); 0 where a length follows. */
const fixedSize = new Uint8Array(256);
/** Children that the type byte itself announces. */
const fixedKids = new Uint8Array(256);
for (let t = 0; t < 256; t++) {
  if (t <= 0x7f || t >= 0xe0) fixedSize[t] = 1;
  else if (t <= 0x8f) {
    fixedSize[t] = 1;
    fixedKids[t] = (t & 0x0f) * 2;
  } else if (t <= 0x9f) {
    fixedSize[t] = 1;
    fixedKids[t] = t & 0x0f;
  } else if (t <= 0xbf) fixedSize[t] = 1 + (t & 0x1f);
}
fixedSize[0xc0] = 1; // nil
fixedSize[0xc2] = 1; // false
fixedSize[0xc3] = 1; // true
fixedSize[0xca] = 5; // float32
fixedSize[0xcb] = 9; // float64
fixedSize[0xcc] = fixedSize[0xd0] = 2;
fixedSize[0xcd] = fixedSize[0xd1] = 3;
fixedSize[0xce] = fixedSize[0xd2] = 5;
fixedSize[0xcf] = fixedSize[0xd3] = 9;
fixedSize[0xd4] = 3; // fixext 1, 2, 4, 8, 16: type byte, code, data
fixedSize[0xd5] = 4;
fixedSize[0xd6] = 6;
fixedSize[0xd7] = 10;
fixedSize[0xd8] = 18;

export function u16(b: Uint8Array, at: number): number {
  return (b[at]! << 8) | b[at + 1]!;
}

export function u32(b: Uint8Array, at: number): number {
  return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
}

/** Why and where the last `trySkip` failed. */
let failure = '';
let failedAt = 0;

function fail(what: string, offset: number): -1 {
  failure = what;
  failedAt = offset;
  return -1;
}

/**
 * Steps over `values` values from `at`. Gives the offset behind them, or -1 if they do not all lie within `end`
 * or one of them begins with the reserved byte 0xc1.
 */
export function trySkip(b: Uint8Array, from: number, end: number, values = 1): number {
  let at = from;
  let left = values;
  while (left > 0) {
    if (left > end - at) {
      return fail(`${left} more value${left === 1 ? '' : 's'} announced but only ${end - at} bytes left`, at);
    }
    const t = b[at]!;
    const size = fixedSize[t]!;
    left--;
    if (size !== 0) {
      at += size;
      left += fixedKids[t]!;
      if (at > end) return fail('a value is cut off', end);
      continue;
    }
    if (t === 0xc1) return fail('the reserved type byte 0xc1 stands where a value belongs', at);
    // A length of 1, 2 or 4 bytes follows the type byte.
    const width = lengthWidth(t);
    if (end - at <= width) return fail('a header is cut off', end);
    const length = width === 1 ? b[at + 1]! : width === 2 ? u16(b, at + 1) : u32(b, at + 1);
    at += 1 + width;
    if (t === 0xdc || t === 0xdd) left += length;
    else if (t === 0xde || t === 0xdf) left += length * 2;
    else {
      const data = t >= 0xc7 && t <= 0xc9 ? length + 1 : length;
      if (data > end - at) return fail(`${data} bytes of data announced but only ${end - at} left`, at);
      at += data;
    }
  }
  return at;
}

function lengthWidth(t: number): 1 | 2 | 4 {
  switch (t) {
    case 0xc4: // bin8
    case 0xc7: // ext8
    case 0xd9: // str8
      return 1;
    case 0xc5:
    case 0xc8:
    case 0xda:
    case 0xdc: // array16
    case 0xde: // map16
      return 2;
    default:
      return 4;
  }
}

/** Like `trySkip`, but throws `corrupt` with the sentence. */
export function skipMsgpack(b: Uint8Array, from: number, end: number, values = 1): number {
  const at = trySkip(b, from, end, values);
  if (at < 0) throw corrupt(failure, failedAt);
  return at;
}

/** Broad kind of a type byte. */
export type Family = 'nil' | 'bool' | 'int' | 'float' | 'str' | 'bin' | 'array' | 'map' | 'ext';

export function familyOf(t: number): Family {
  if (t <= 0x7f || t >= 0xe0) return 'int';
  if (t <= 0x8f) return 'map';
  if (t <= 0x9f) return 'array';
  if (t <= 0xbf) return 'str';
  switch (t) {
    case 0xc0:
      return 'nil';
    case 0xc2:
    case 0xc3:
      return 'bool';
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return 'bin';
    case 0xca:
    case 0xcb:
      return 'float';
    case 0xd9:
    case 0xda:
    case 0xdb:
      return 'str';
    case 0xdc:
    case 0xdd:
      return 'array';
    case 0xde:
    case 0xdf:
      return 'map';
    default:
      return t >= 0xcc && t <= 0xd3 ? 'int' : 'ext';
  }
}

/** Size of the header: where string, bin or ext data, or the first child, begins. For ints, floats, nil and bools: 1. */
export function headerSize(t: number): number {
  if (t <= 0xbf || t >= 0xe0) return 1;
  if (t >= 0xd4 && t <= 0xd8) return 2;
  if (fixedSize[t]! !== 0) return 1;
  const width = lengthWidth(t);
  return t >= 0xc7 && t <= 0xc9 ? 2 + width : 1 + width;
}

/** Number of items or entries that a container's header announces. */
export function countAt(b: Uint8Array, at: number): number {
  const t = b[at]!;
  if (t <= 0x9f) return t & 0x0f;
  return t === 0xdc || t === 0xde ? u16(b, at + 1) : u32(b, at + 1);
}

/** Signed code of an extension. */
export function extCodeAt(b: Uint8Array, at: number): number {
  const t = b[at]!;
  const code = t >= 0xd4 ? b[at + 1]! : b[at + headerSize(t) - 1]!;
  return (code << 24) >> 24;
}
