// The checkpoint folder: which runs there are, in which of their two files, and what was read of them. A run's file is written anew as a
// whole (temp and rename) or renamed, so its identity (name, inode, size, time) tells whether it is still the one that was read.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { FileEntry, FilesReader } from '../backend.ts';
import type { ThreadSummary } from '../store.ts';
import { isTemporary, runOfName } from './names.ts';
import { RunPoints } from './points.ts';
import { glanceAt, readRun } from './run-file.ts';

/** Bytes of files that are kept read; one that is larger stays alone. */
const keptBytes = 64 << 20;

/** The files of one run. At least one of them is there. */
export interface RunFiles {
  readonly stem: string;
  /** `<id>.json`: what CAR loads and lists. */
  readonly waiting: FileEntry | null;
  /** `<id>.inflight`: claimed by a resume, or left by one that died. */
  readonly claimed: FileEntry | null;
}

/** The file that holds the run: CAR takes the waiting one where both are there. */
export function fileOf(files: RunFiles): FileEntry {
  const entry = files.waiting ?? files.claimed;
  if (entry === null) throw new TypeError('a run has a file');
  return entry;
}

const stampOf = (entry: FileEntry | null): string =>
  entry === null ? '' : `${entry.path}:${entry.inode}:${entry.size}:${entry.mtimeMs}`;

export class RunFolder {
  readonly reader: FilesReader;
  /** Folder below the root that holds the runs: `''`, or one name. */
  readonly folder: string;
  readonly #kept = new Map<string, { readonly stamp: string; readonly points: RunPoints; readonly bytes: number }>();
  readonly #counts = new Map<string, { readonly stamp: string; readonly summary: ThreadSummary }>();

  constructor(reader: FilesReader, folder: string) {
    this.reader = reader;
    this.folder = folder;
  }

  pathOf(name: string): string {
    return this.folder === '' ? name : `${this.folder}/${name}`;
  }

  #nameOf(entry: FileEntry): string {
    return this.folder === '' ? entry.path : entry.path.slice(this.folder.length + 1);
  }

  /** All runs, by their names. */
  runs(): Map<string, RunFiles> {
    const runs = new Map<string, RunFiles>();
    for (const entry of this.reader.list(1, this.folder)) {
      const name = runOfName(this.#nameOf(entry));
      if (name === null) continue;
      const { stem } = name;
      const known = runs.get(stem) ?? { stem, waiting: null, claimed: null };
      runs.set(stem, name.claimed ? { ...known, claimed: entry } : { ...known, waiting: entry });
    }
    return runs;
  }

  /** Files that a save left behind when it was cut short. */
  temporaries(): number {
    return this.reader.list(1, this.folder).filter((entry) => isTemporary(this.#nameOf(entry))).length;
  }

  filesOf(stem: string): RunFiles | null {
    // No file has such a name, and the reader refuses to look for it.
    if (stem === '' || /[/\0]/.test(stem)) return null;
    const waiting = this.reader.stat(this.pathOf(`${stem}.json`));
    const claimed = this.reader.stat(this.pathOf(`${stem}.inflight`));
    return waiting === null && claimed === null ? null : { stem, waiting, claimed };
  }

  /** Throws `not_found`. */
  requireFiles(stem: string): RunFiles {
    const files = this.filesOf(stem);
    if (files !== null) return files;
    throw new ForkpointError(
      'not_found',
      `There is no run ${shownName(stem)} in this store (any more).`,
      'A run that has finished leaves no file. List the threads; ids are case-sensitive.',
    );
  }

  points(files: RunFiles): RunPoints {
    const entry = fileOf(files);
    const stamp = stampOf(entry);
    const known = this.#kept.get(files.stem);
    this.#kept.delete(files.stem);
    if (known?.stamp === stamp) {
      this.#kept.set(files.stem, known);
      return known.points;
    }
    const bytes = this.reader.read(entry.path);
    const points = new RunPoints(files.stem, readRun(bytes), bytes.length);
    this.#kept.set(files.stem, { stamp, points, bytes: bytes.length });
    this.#trim();
    return points;
  }

  #trim(): void {
    let total = 0;
    for (const kept of this.#kept.values()) total += kept.bytes;
    for (const [stem, kept] of this.#kept) {
      if (total <= keptBytes || this.#kept.size === 1) break;
      this.#kept.delete(stem);
      total -= kept.bytes;
    }
  }

  summary(files: RunFiles): ThreadSummary {
    const entry = fileOf(files);
    const stamp = stampOf(entry);
    const known = this.#counts.get(files.stem);
    if (known?.stamp === stamp) return known.summary;
    const { points, createdAt } = this.#glanceAt(files, entry);
    const summary: ThreadSummary = {
      thread: files.stem,
      parts: null,
      checkpoints: points,
      updatedAt: createdAt ?? new Date(entry.mtimeMs).toISOString(),
    };
    this.#counts.set(files.stem, { stamp, summary });
    return summary;
  }

  /** While there is room, what is read for the listing is kept for who looks at the run next. */
  #glanceAt(files: RunFiles, entry: FileEntry): { readonly points: number; readonly createdAt: string | null } {
    let total = entry.size;
    for (const kept of this.#kept.values()) total += kept.bytes;
    if (total > keptBytes) return glanceAt(this.reader.read(entry.path));
    const points = this.points(files);
    return { points: points.count, createdAt: points.reading.ok ? points.reading.run.createdAt : null };
  }

  /** Every run with what tells whether its files changed. */
  picture(): ReadonlyMap<string, string> {
    const picture = new Map<string, string>();
    for (const [stem, { waiting, claimed }] of this.runs()) {
      picture.set(stem, `${stampOf(waiting)}|${stampOf(claimed)}`);
    }
    for (const stem of this.#counts.keys()) if (!picture.has(stem)) this.#counts.delete(stem);
    return picture;
  }
}
