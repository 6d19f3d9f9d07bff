// Line files as stores of records keep them: whatever was read of a file is kept under its identity, and only what was appended is
// read again.

import type { FileEntry, FilesReader } from '../backend.ts';
import type { Picture, Touched } from './source.ts';

export function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((b) => b === 0x20 || b === 0x0d || b === 0x09);
}

/** The first line that is not blank, a copy of it; null where there is none. */
export function firstLine(reader: FilesReader, path: string): Buffer | null {
  for (const { block, at, to } of reader.spans(path)) {
    const bytes = block.subarray(at, to);
    if (!isBlank(bytes)) return Buffer.from(bytes);
  }
  return null;
}

/** Bytes at the end of a file in which `lastLines` looks. */
const tailBytes = 65_536;

/** Lines that a line feed ends, the last one first, as far as all of a line lies in the last 64 kB. Blank ones are left out. */
export function* lastLines(reader: FilesReader, { path, size }: FileEntry): Generator<Uint8Array, void, void> {
  const from = Math.max(0, size - tailBytes);
  const bytes = Buffer.from(reader.read(path, from, size));
  let end = bytes.lastIndexOf(0x0a);
  while (end >= 0) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(0x0a, end - 1);
    if (before < 0 && from > 0) return;
    const line = bytes.subarray(before + 1, end);
    if (!isBlank(line)) yield line;
    end = before;
  }
}

/** Differs whenever the file may have other bytes. */
export const identityOf = (entry: FileEntry): string => `${entry.inode}:${entry.size}:${entry.mtimeMs}`;

/** Bytes before the end of what was read that must stand there still for the file to have been only appended to. */
const probeBytes = 96;

/** What lay before a byte of a file: a file that was written anew in place may be longer all the same. */
export class Probe {
  readonly #start: number;
  readonly #bytes: Uint8Array;

  constructor(reader: FilesReader, path: string, end: number) {
    this.#start = Math.max(0, end - probeBytes);
    this.#bytes = end === 0 ? new Uint8Array() : reader.read(path, this.#start, end);
  }

  stillIn(reader: FilesReader, path: string): boolean {
    const length = this.#bytes.length;
    if (length === 0) return true;
    return Buffer.compare(reader.read(path, this.#start, this.#start + length), this.#bytes) === 0;
  }
}

/** What a source tells a picture of its folder. */
export interface PicturedFolder {
  readonly reader: FilesReader;
  /** Threads that a file belongs to; null where that cannot be told. */
  threadsOf(path: string): readonly string[] | null;
  /**
   * What is new, by thread, in a file that is longer than it was, from the byte on where it ended; null where that cannot be told.
   * `proven`: a probe says that what lay before stands there still.
   */
  grown(path: string, from: number, proven: boolean): ReadonlyMap<string, Touched> | null;
}

/** The line files of a folder at one moment. */
export class FolderPicture implements Picture {
  readonly files: ReadonlyMap<string, FileEntry>;
  /** Of the files for which it matters whether they were only appended to. */
  readonly probes: ReadonlyMap<string, Probe>;
  readonly #folder: PicturedFolder;

  constructor(folder: PicturedFolder, entries: readonly FileEntry[], probed: (path: string) => boolean = () => false) {
    this.#folder = folder;
    this.files = new Map(entries.map((entry) => [entry.path, entry]));
    const wanted = entries.filter((entry) => probed(entry.path));
    this.probes = new Map(wanted.map(({ path, size }) => [path, new Probe(folder.reader, path, size)]));
  }

  since(earlier: Picture): ReadonlyMap<string, Touched> | 'all' {
    if (!(earlier instanceof FolderPicture)) return 'all';
    const touched = new Map<string, Touched>();
    for (const path of new Set([...this.files.keys(), ...earlier.files.keys()])) {
      const [now, then] = [this.files.get(path), earlier.files.get(path)];
      if (now === undefined) return 'all';
      if (then !== undefined && identityOf(now) === identityOf(then)) continue;
      const grew = then !== undefined && now.inode === then.inode && now.size > then.size;
      const proven = earlier.probes.get(path)?.stillIn(this.#folder.reader, path) === true;
      const changes = grew ? this.#folder.grown(path, then.size, proven) : null;
      const threads = changes === null ? this.#folder.threadsOf(path) : [...changes.keys()];
      if (threads === null) return 'all';
      for (const thread of threads) touched.set(thread, merged(touched.get(thread), changes?.get(thread) ?? null));
    }
    return touched;
  }
}

/** Two changes of one thread: its records and its writes may stand in different files. */
function merged(one: Touched | undefined, two: Touched): Touched {
  if (one === undefined) return two;
  if (one === null || two === null) return null;
  return {
    isNew: (points, index) => one.isNew(points, index) || two.isNew(points, index),
    written: [...one.written, ...two.written],
  };
}
