// msgpack as ormsgpack writes it: the smallest integer form and the shortest header; floats always 64 bits wide.

import { ByteWriter } from '../byte-writer.ts';

export const minInteger = -(2n ** 63n);
export const maxInteger = 2n ** 64n - 1n;

export function writeNil(w: ByteWriter): void {
  w.byte(0xc0);
}

export function writeBool(w: ByteWriter, value: boolean): void {
  w.byte(value ? 0xc3 : 0xc2);
}

/** `value` must lie within -(2^63) … 2^64-1. */
export function writeInteger(w: ByteWriter, value: bigint): void {
  if (value >= 0n) {
    if (value < 0x80n) w.byte(Number(value));
    else if (value < 0x100n) {
      w.byte(0xcc);
      w.byte(Number(value));
    } else if (value < 0x1_0000n) {
      w.byte(0xcd);
      w.u16(Number(value));
    } else if (value < 0x1_0000_0000n) {
      w.byte(0xce);
      w.u32(Number(value));
    } else {
      w.byte(0xcf);
      w.u64(value);
    }
  } else if (value >= -32n) w.byte(Number(value) & 0xff);
  else if (value >= -0x80n) {
    w.byte(0xd0);
    w.byte(Number(value) & 0xff);
  } else if (value >= -0x8000n) {
    w.byte(0xd1);
    w.u16(Number(value) & 0xffff);
  } else if (value >= -0x8000_0000n) {
    w.byte(0xd2);
    w.u32(Number(value) >>> 0);
  } else {
    w.byte(0xd3);
    w.u64(BigInt.asUintN(64, value));
  }
}

export function writeFloat64(w: ByteWriter, value: number): void {
  w.byte(0xcb);
  w.f64(value);
}

function writeStringHeader(w: ByteWriter, n: number): void {
  if (n < 32) w.byte(0xa0 | n);
  else writeLength(w, n, 0xd9, 0xda, 0xdb);
}

/** String header, then the bytes as they are (they need not be UTF-8). */
export function writeString(w: ByteWriter, bytes: Uint8Array): void {
  writeStringHeader(w, bytes.length);
  w.bytes(bytes);
}

/** A well-formed string. */
export function writeText(w: ByteWriter, text: string): void {
  const size = Buffer.byteLength(text, 'utf8');
  writeStringHeader(w, size);
  w.text(text, size);
}

export function writeBinary(w: ByteWriter, bytes: Uint8Array): void {
  writeLength(w, bytes.length, 0xc4, 0xc5, 0xc6);
  w.bytes(bytes);
}

function writeLength(w: ByteWriter, n: number, type8: number, type16: number, type32: number): void {
  if (n < 0x100) {
    w.byte(type8);
    w.byte(n);
  } else if (n < 0x1_0000) {
    w.byte(type16);
    w.u16(n);
  } else {
    w.byte(type32);
    w.u32(n);
  }
}

export function writeArrayHeader(w: ByteWriter, count: number): void {
  writeCount(w, count, 0x90, 0xdc);
}

export function writeMapHeader(w: ByteWriter, count: number): void {
  writeCount(w, count, 0x80, 0xde);
}

function writeCount(w: ByteWriter, count: number, fix: number, type16: number): void {
  if (count < 16) w.byte(fix | count);
  else if (count < 0x1_0000) {
    w.byte(type16);
    w.u16(count);
  } else {
    w.byte(type16 + 1);
    w.u32(count);
  }
}

const fixExt = new Map([
  [1, 0xd4],
  [2, 0xd5],
  [4, 0xd6],
  [8, 0xd7],
  [16, 0xd8],
]);

export function extHeader(code: number, length: number): Uint8Array {
  const w = new ByteWriter();
  const fix = fixExt.get(length);
  if (fix === undefined) writeLength(w, length, 0xc7, 0xc8, 0xc9);
  else w.byte(fix);
  w.byte(code & 0xff);
  return w.done();
}

export function countHeader(kind: 'list' | 'map', count: number): Uint8Array {
  const w = new ByteWriter();
  if (kind === 'list') writeArrayHeader(w, count);
  else writeMapHeader(w, count);
  return w.done();
}
