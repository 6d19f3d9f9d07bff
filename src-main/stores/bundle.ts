// The undo bundle: one file that holds what a commit would need to be taken back. A sequence of records, each a line of JSON and
// then raw bytes, so that states of any size pass through without being encoded, and a torn end is told from a damaged middle.
//
//   {"record":{…},"blobs":[12,4096]}\n<12 bytes><4096 bytes>\n

import { closeSync, fsyncSync, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { ForkpointError } from '../../shared/model/errors.ts';
import type { SqlValue } from './backend.ts';
import { fsyncFolder, systemError } from './durable.ts';
import { readFully } from './files/reader.ts';

const nothingWritten = 'The store was not changed.';

/** Bytes of a known length that need not be in memory at once. */
export interface Blob {
  readonly length: number;
  pieces(): Iterable<Uint8Array>;
}

export function blobOf(bytes: Uint8Array): Blob {
  return { length: bytes.length, pieces: () => [bytes] };
}

/** Where a blob lies in a bundle. */
export interface BundleSpan {
  readonly start: number;
  readonly length: number;
}

export interface BundleRecord {
  readonly record: unknown;
  readonly blobs: readonly BundleSpan[];
}

export class BundleWriter {
  readonly path: string;
  #fd: number | null;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /** The folder must exist; an existing file is not overwritten. */
  static create(path: string): BundleWriter {
    try {
      return new BundleWriter(path, openSync(path, 'wx', 0o600));
    } catch (thrown) {
      throw systemError(thrown, path, nothingWritten);
    }
  }

  add(record: unknown, blobs: readonly Blob[] = []): void {
    const fd = this.#opened();
    try {
      writeAll(fd, Buffer.from(`${JSON.stringify({ record, blobs: blobs.map((blob) => blob.length) })}\n`));
      for (const blob of blobs) {
        let written = 0;
        for (const bytes of blob.pieces()) {
          writeAll(fd, bytes);
          written += bytes.length;
        }
        if (written !== blob.length) {
          throw new ForkpointError('moved', `The store changed while it was being copied. ${nothingWritten}`);
        }
      }
      if (blobs.length > 0) writeAll(fd, Buffer.from('\n'));
    } catch (thrown) {
      throw systemError(thrown, this.path, nothingWritten);
    }
  }

  /** Makes everything so far durable, the file's name included. */
  sync(): void {
    try {
      fsyncSync(this.#opened());
      fsyncFolder(dirname(this.path));
    } catch (thrown) {
      throw systemError(thrown, this.path, nothingWritten);
    }
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  /** For a commit that changed nothing. */
  discard(): void {
    this.close();
    rmSync(this.path, { force: true });
  }

  #opened(): number {
    if (this.#fd === null) throw new ForkpointError('internal', `The undo bundle is closed. ${nothingWritten}`);
    return this.#fd;
  }
}

export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, Math.min(bytes.length - done, 2 ** 30));
}

const Line = z.object({ record: z.unknown(), blobs: z.array(z.number().check(z.nonnegative())) });
const lineStep = 64 * 1024;

/**
 * Records of a bundle in order. Ends at a torn record (the process died while writing it); throws `corrupt` for what is no bundle.
 */
export function* readBundle(path: string): IterableIterator<BundleRecord> {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (thrown) {
    throw systemError(thrown, path, nothingWritten);
  }
  try {
    const size = fstatSync(fd).size;
    let at = 0;
    while (at < size) {
      const line = lineAt(fd, at, size);
      if (line === null) return;
      const parsed = Line.safeParse(parseJson(line, path));
      if (!parsed.success) throw damaged(path);
      at += line.length + 1;
      const blobs: BundleSpan[] = [];
      for (const length of parsed.data.blobs) {
        blobs.push({ start: at, length });
        at += length;
      }
      if (blobs.length > 0) at += 1;
      if (at > size) return;
      yield { record: parsed.data.record, blobs };
    }
  } finally {
    closeSync(fd);
  }
}

/** The bytes of a blob of a bundle. */
export function readBlob(path: string, span: BundleSpan): Uint8Array {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (thrown) {
    throw systemError(thrown, path, nothingWritten);
  }
  try {
    const bytes = new Uint8Array(span.length);
    if (readFully(fd, bytes, span.start) < span.length) throw damaged(path);
    return bytes;
  } finally {
    closeSync(fd);
  }
}

function lineAt(fd: number, start: number, size: number): Buffer | null {
  const pieces: Buffer[] = [];
  for (let at = start; at < size; at += lineStep) {
    const bytes = Buffer.alloc(Math.min(lineStep, size - at));
    readFully(fd, bytes, at);
    const end = bytes.indexOf(10);
    if (end >= 0) return Buffer.concat([...pieces, bytes.subarray(0, end)]);
    pieces.push(bytes);
  }
  return null;
}

function parseJson(line: Buffer, path: string): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    throw damaged(path);
  }
}

export function damaged(path: string): ForkpointError {
  return new ForkpointError(
    'corrupt',
    `The undo data in \`${path}\` is damaged. ${nothingWritten}`,
    'This operation cannot be taken back by Forkpoint any more.',
  );
}

// ── Values of SQLite in JSON ───────────────────────────────────────────────────────────────────────────────────────

/** A small value with its storage class; reals by their bits, so that every one of them comes back. */
export const JsonValue = z.union([
  z.object({ storage: z.literal('null') }),
  z.object({ storage: z.enum(['integer', 'real', 'text', 'blob']), value: z.string() }),
]);
export type JsonValue = z.infer<typeof JsonValue>;

export function toJsonValue(value: SqlValue): JsonValue {
  if (value === null) return { storage: 'null' };
  if (typeof value === 'bigint') return { storage: 'integer', value: value.toString() };
  if (typeof value === 'string') return { storage: 'text', value };
  if (typeof value === 'number') {
    const bits = Buffer.alloc(8);
    bits.writeDoubleBE(value);
    return { storage: 'real', value: bits.toString('hex') };
  }
  return { storage: 'blob', value: Buffer.from(value).toString('base64') };
}

export function fromJsonValue(json: JsonValue): SqlValue {
  switch (json.storage) {
    case 'null':
      return null;
    case 'integer':
      return BigInt(json.value);
    case 'real':
      return Buffer.from(json.value, 'hex').readDoubleBE(0);
    case 'text':
      return json.value;
    case 'blob':
      return Buffer.from(json.value, 'base64');
  }
}
