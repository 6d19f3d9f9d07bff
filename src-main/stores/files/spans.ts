// Spans of files: their digests, and content that is put together from bytes and spans without holding a large file in memory.

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync } from 'node:fs';
import type { Content } from '../backend.ts';
import { readFully, type FolderReader } from './reader.ts';

const piece = 4 * 1024 * 1024;

/**
 * Digest of what a plan relied on in a file: size, inode and the bytes of the spans; where it may grow only the spans, since a framework
 * may also write a file anew to add a line. `absent` if there is no file.
 */
export function digestFile(
  reader: FolderReader,
  path: string,
  spans: readonly (readonly [number, number])[],
  growing = false,
): { digest: string; seen: string } {
  if (reader.stat(path) === null) return { digest: 'absent', seen: 'no such file' };
  const fd = openSync(reader.absolute(path), 'r');
  try {
    const stats = fstatSync(fd);
    const hash = createHash('sha256').update(growing ? 'growing:' : `${stats.size}:${stats.ino}:`);
    for (const [start, end] of spans) {
      hash.update(`${start}-${end}:`);
      for (const bytes of spanPieces(fd, start, end)) hash.update(bytes);
    }
    return { digest: hash.digest('hex'), seen: growing ? 'a file that may grow' : `${stats.size} bytes` };
  } finally {
    closeSync(fd);
  }
}

/** SHA-256 (hex) of a span's bytes alone, whatever file they lie in. */
export function digestSpan(path: string, start: number, end: number): string {
  const fd = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    for (const bytes of spanPieces(fd, start, end)) hash.update(bytes);
    return hash.digest('hex');
  } finally {
    closeSync(fd);
  }
}

/** A span in pieces; ends early where the file does. */
export function* spanPieces(fd: number, start: number, end: number): IterableIterator<Uint8Array> {
  for (let at = start; at < end; at += piece) {
    const bytes = new Uint8Array(Math.min(piece, end - at));
    const got = readFully(fd, bytes, at);
    yield got === bytes.length ? bytes : bytes.subarray(0, got);
    if (got < bytes.length) return;
  }
}

/** The bytes of a content, in pieces and in order. Spans come from files of the store, or from a bundle. */
export function* contentPieces(reader: FolderReader, content: Content): IterableIterator<Uint8Array> {
  for (const part of content) {
    if (part instanceof Uint8Array) {
      yield part;
      continue;
    }
    const fd = openSync(part.bundle === true ? part.path : reader.absolute(part.path), 'r');
    try {
      yield* spanPieces(fd, part.start, part.end);
    } finally {
      closeSync(fd);
    }
  }
}
