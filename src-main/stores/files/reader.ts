// Reads of a folder: lists, spans and lines. A path is relative, with `/` between parts, and never leaves the root: neither by `..`
// nor by a link. Names that are not valid Unicode cannot be said in such a path and are not listed; no framework writes them.

import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
  type Stats,
} from 'node:fs';
import { join, sep } from 'node:path';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { FileEntry, FilesReader, Line, LineSpan } from '../backend.ts';
import { systemCode, systemError } from '../durable.ts';

/** Folders in which new files wait; none of a store. */
export const stagingPrefix = '.forkpoint-staging-';

const unharmed = 'Nothing in the store was changed.';
const block = 256 * 1024;
/** The first read of `spans`: whoever wants one line only does not pay for more. */
const firstRead = 16 * 1024;
/** A block that had to grow beyond this for a long line is not kept. */
const keptBlock = 1024 * 1024;
const newline = 10;

export class FolderReader implements FilesReader {
  readonly kind = 'files';
  readonly root: string;
  /** Memory for `spans`, while nobody uses it. */
  #spare: Buffer | null = null;

  /** `root` is a real path (links resolved). */
  constructor(root: string) {
    this.root = root;
  }

  list(depth = 1, under = ''): readonly FileEntry[] {
    const entries: FileEntry[] = [];
    if (under !== '') this.absolute(under);
    if (under === '' || this.#isFolderInside(under)) this.#collect(under, depth, entries);
    return entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  folders(under = ''): readonly string[] {
    if (under !== '') this.absolute(under);
    if (under !== '' && !this.#isFolderInside(under)) return [];
    const prefix = under === '' ? '' : `${under}/`;
    return this.#names(under).filter((name) => !name.startsWith(stagingPrefix) && this.#isFolderInside(prefix + name));
  }

  /** Names in a folder that can be said in a path, sorted; none where it went away meanwhile. */
  #names(folder: string): string[] {
    let names: Buffer[];
    try {
      names = readdirSync(join(this.root, folder), { encoding: 'buffer' });
    } catch (thrown) {
      if (folder !== '' && systemCode(thrown) === 'ENOENT') return [];
      throw systemError(thrown, join(this.root, folder), unharmed);
    }
    return names
      .map(String)
      .filter((name, i) => Buffer.from(name, 'utf8').equals(names[i]!))
      .sort();
  }

  #collect(folder: string, depth: number, into: FileEntry[]): void {
    for (const name of this.#names(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      let stats: Stats | null;
      try {
        // Only a link can lead outside, so only links pay for being resolved: a folder may hold thousands of files.
        const own = lstatSync(join(this.root, path), { throwIfNoEntry: false });
        stats = own?.isSymbolicLink() === true ? this.#statInside(path) : (own ?? null);
      } catch (thrown) {
        // A link that leads outside, or a folder that this user may not enter: not a part of this store.
        if (thrown instanceof ForkpointError || systemCode(thrown) === 'EACCES') continue;
        throw thrown;
      }
      if (stats === null) continue;
      if (stats.isFile()) into.push(entryOf(path, stats));
      else if (stats.isDirectory() && depth > 1 && !name.startsWith(stagingPrefix)) {
        this.#collect(path, depth - 1, into);
      }
    }
  }

  /** A folder that a link leads out of the store to is none of it. */
  #isFolderInside(path: string): boolean {
    try {
      return this.#statInside(path)?.isDirectory() === true;
    } catch (thrown) {
      if (thrown instanceof ForkpointError) return false;
      throw thrown;
    }
  }

  stat(path: string): FileEntry | null {
    const stats = this.#statInside(path);
    return stats !== null && stats.isFile() ? entryOf(path, stats) : null;
  }

  /** Null if there is nothing; throws `unable` if a link leads outside. */
  #statInside(path: string): Stats | null {
    const full = this.absolute(path);
    let real: string;
    try {
      real = realpathSync.native(full);
    } catch (thrown) {
      const code = systemCode(thrown);
      if (code === 'ENOENT' || code === 'ENOTDIR') return null;
      throw systemError(thrown, full, unharmed);
    }
    if (real !== this.root && !real.startsWith(this.root.endsWith(sep) ? this.root : this.root + sep)) {
      throw new ForkpointError(
        'unable',
        `\`${path}\` is a link that leads out of the store. It was not followed; nothing was changed.`,
        'Open the folder that it leads to, if you trust it.',
      );
    }
    return statSync(real, { throwIfNoEntry: false }) ?? null;
  }

  /** The path on disk; throws `unable` for anything that is not a plain path below the root. */
  absolute(path: string): string {
    const parts = path.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) {
      throw new ForkpointError('unable', `\`${path}\` is not a path inside the store. ${unharmed}`);
    }
    return join(this.root, ...parts);
  }

  read(path: string, start = 0, end?: number): Uint8Array {
    const fd = this.#open(path);
    try {
      const size = fstatSync(fd).size;
      const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(end ?? size, size) - start));
      const got = readFully(fd, bytes, start);
      return got === bytes.length ? bytes : bytes.subarray(0, got);
    } catch (thrown) {
      throw systemError(thrown, path, unharmed);
    } finally {
      closeSync(fd);
    }
  }

  /**
   * Lines from byte `from` on, `index` counted from there. A last line without `\n` is given with `terminated: false`; an empty
   * rest is no line. The bytes stay valid after the loop.
   */
  *lines(path: string, from = 0): IterableIterator<Line> {
    const fd = this.#open(path);
    try {
      let index = 0;
      // `held` are the bytes from `start` on that no line feed has ended yet, in pieces: a long line is put together once.
      let start = from;
      let held: Uint8Array[] = [];
      let position = from;
      for (;;) {
        const buffer = new Uint8Array(block);
        const got = this.#readBlock(fd, buffer, position, path);
        if (got === 0) break;
        let begin = 0;
        for (;;) {
          const at = buffer.subarray(0, got).indexOf(newline, begin);
          if (at < 0) break;
          const bytes = joined(held, buffer.subarray(begin, at));
          held = [];
          const end = position + at;
          yield { index, start, end, bytes, terminated: true };
          index += 1;
          start = end + 1;
          begin = at + 1;
        }
        if (begin < got) held.push(buffer.subarray(begin, got));
        position += got;
      }
      if (held.length > 0) {
        yield { index, start, end: position, bytes: joined(held, new Uint8Array(0)), terminated: false };
      }
    } finally {
      closeSync(fd);
    }
  }

  *spans(path: string, from = 0): IterableIterator<LineSpan> {
    let buffer = this.#spare ?? Buffer.allocUnsafeSlow(block);
    this.#spare = null;
    const fd = this.#open(path);
    try {
      // `[0, filled)` of the buffer are the bytes of the file from `position - filled` on; a line begins at 0.
      let position = from;
      let filled = 0;
      const span = { block: buffer, at: 0, to: 0, start: from, terminated: true };
      for (;;) {
        if (filled === buffer.length) {
          const wider = Buffer.allocUnsafeSlow(buffer.length * 2);
          buffer.copy(wider, 0, 0, filled);
          span.block = buffer = wider;
        }
        const room = position === from ? Math.min(firstRead, buffer.length) : buffer.length;
        const got = this.#readBlock(fd, buffer, position, path, filled, room);
        if (got === 0) break;
        const first = position - filled;
        // What was held before has no line feed.
        let look = filled;
        position += got;
        filled += got;
        let at = 0;
        for (;;) {
          const to = buffer.indexOf(newline, look);
          if (to < 0 || to >= filled) break;
          span.at = at;
          span.to = to;
          span.start = first + at;
          yield span;
          at = look = to + 1;
        }
        if (at > 0) buffer.copyWithin(0, at, filled);
        filled -= at;
      }
      if (filled > 0) yield { block: buffer, at: 0, to: filled, start: position - filled, terminated: false };
    } finally {
      closeSync(fd);
      if (buffer.length <= keptBlock) this.#spare = buffer;
    }
  }

  #readBlock(fd: number, buffer: Uint8Array, position: number, path: string, into = 0, to = buffer.length): number {
    try {
      return readSync(fd, buffer, into, to - into, position);
    } catch (thrown) {
      throw systemError(thrown, path, unharmed);
    }
  }

  #open(path: string): number {
    if (this.stat(path) === null) {
      throw new ForkpointError(
        'not_found',
        `\`${path}\` does not exist in \`${this.root}\` (any more).`,
        'The framework may have removed it; look at the store again.',
      );
    }
    try {
      return openSync(this.absolute(path), 'r');
    } catch (thrown) {
      throw systemError(thrown, path, unharmed);
    }
  }
}

function entryOf(path: string, stats: Stats): FileEntry {
  return { path, size: stats.size, mtimeMs: stats.mtimeMs, inode: stats.ino };
}

function joined(held: readonly Uint8Array[], last: Uint8Array): Uint8Array {
  if (held.length === 0) return last;
  return Buffer.concat([...held, last]);
}

/** Fills `bytes` from a position of a file as far as the file goes; returns how many there were. */
export function readFully(fd: number, bytes: Uint8Array, position: number): number {
  let done = 0;
  while (done < bytes.length) {
    const got = readSync(fd, bytes, done, Math.min(bytes.length - done, 2 ** 30), position + done);
    if (got === 0) break;
    done += got;
  }
  return done;
}
