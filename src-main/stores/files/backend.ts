// The files backend: a folder of line files and single files, watched by their stamps, changed by `commit.ts` only.

import { realpathSync, statSync, type BigIntStats } from 'node:fs';
import { basename } from 'node:path';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type {
  Applied,
  Backend,
  ChangeSet,
  CommitHooks,
  FileEntry,
  FilesReader,
  Recovery,
  Relied,
  RelyingReader,
} from '../backend.ts';
import { isSameFile, mayWrite, statOf, unharmed } from '../sqlite/source.ts';
import { systemError } from '../durable.ts';
import { watchPlace, type PlaceEvent } from '../watch.ts';
import { commitFiles } from './commit.ts';
import { FolderReader } from './reader.ts';
import { digestFile } from './spans.ts';
import { recoverFiles, undoFiles } from './undo.ts';

export interface OpenFilesOptions {
  /** Refuse every change, whatever the file system would allow. */
  readonly readOnly?: boolean;
  /** How deep the store's files lie; 1 is the folder itself. */
  readonly depth?: number;
}

/** Opens a folder. Throws when it cannot be read. */
export function openFiles(path: string, options: OpenFilesOptions = {}): Backend<FilesReader> {
  try {
    const backend = new FilesBackend(realpathSync.native(path), options.readOnly === true, options.depth ?? 1);
    backend.reader.list(1);
    return backend;
  } catch (thrown) {
    throw systemError(thrown, path, unharmed);
  }
}

class FilesBackend implements Backend<FilesReader> {
  readonly reader: FolderReader;
  readonly path: string;
  readonly #readOnly: boolean;
  readonly #depth: number;
  readonly #opened: BigIntStats;

  constructor(path: string, readOnly: boolean, depth: number) {
    this.path = path;
    this.#readOnly = readOnly;
    this.#depth = depth;
    this.reader = new FolderReader(path);
    this.#opened = statSync(path, { bigint: true });
  }

  get readOnlyReason(): string | null {
    if (this.#readOnly) return 'The store was opened for reading only.';
    if (!mayWrite(this.path)) return `This user may not write the folder \`${basename(this.path)}\`.`;
    return null;
  }

  bytes(): number {
    return this.reader.list(this.#depth).reduce((sum, file) => sum + file.size, 0);
  }

  relying(): RelyingReader<FilesReader> {
    return new RelyingFiles(this.reader);
  }

  token(): string {
    const presence = this.#presence();
    if (presence === 'gone') {
      throw new ForkpointError(
        'not_found',
        `\`${this.path}\` does not exist (any more).`,
        'It may have been moved or deleted; open it again from where it is now.',
      );
    }
    return this.#version();
  }

  #presence(): 'here' | 'gone' | 'replaced' {
    const stats = statOf(this.path);
    if (stats === null) return 'gone';
    return isSameFile(this.#opened, stats) ? 'here' : 'replaced';
  }

  /** Every file with its stamp. A number is enough for a comparison, and a folder may hold thousands. */
  #version(): string {
    let high = 0;
    let low = 0;
    const files = this.reader.list(this.#depth);
    for (const file of files) {
      const stamp = `${file.path}\0${file.inode}.${file.size}.${file.mtimeMs}`;
      for (let i = 0; i < stamp.length; i += 1) {
        const code = stamp.charCodeAt(i);
        high = (Math.imul(high, 31) + code) | 0;
        low = (Math.imul(low ^ code, 0x01000193) + 1) | 0;
      }
    }
    return `${files.length}.${high >>> 0}.${low >>> 0}`;
  }

  watch(onChange: (event: PlaceEvent) => void): () => void {
    let version = '';
    return watchPlace(
      this.path,
      () => {
        const presence = this.#presence();
        try {
          if (presence === 'here') version = this.#version();
        } catch (thrown) {
          // Between the two looks the folder went away, or became unreadable: the next look tells which.
          if (!(thrown instanceof ForkpointError)) throw thrown;
        }
        return { presence, version };
      },
      onChange,
    );
  }

  apply(changes: ChangeSet, relied: readonly Relied[], bundlePath: string, hooks: CommitHooks = {}): Applied {
    const reason = this.readOnlyReason;
    if (reason !== null) {
      throw new ForkpointError(
        'unable',
        `${reason} Nothing was written.`,
        'Copy the store to a place where it can be written, and open the copy.',
      );
    }
    return commitFiles(this.reader, changes, relied, bundlePath, hooks);
  }

  undo(bundlePath: string): { readonly changes: ChangeSet; readonly relied: readonly Relied[] } {
    return undoFiles(this.reader, bundlePath);
  }

  recover(bundlePath: string): Recovery {
    return recoverFiles(this.reader, bundlePath);
  }

  close(): void {
    // No file is held open between calls.
  }
}

class RelyingFiles implements RelyingReader<FilesReader> {
  readonly reader: FolderReader;
  readonly relied: Relied[] = [];

  constructor(reader: FolderReader) {
    this.reader = reader;
  }

  relyOnRows(): never {
    throw new ForkpointError('internal', 'A plan for a folder relied on rows. Nothing was written.');
  }

  relyOnFile(
    describe: string,
    path: string,
    spans?: readonly (readonly [number, number])[],
    growing?: 'growing',
  ): FileEntry | null {
    const entry = this.reader.stat(path);
    const covered = entry === null ? [] : (spans ?? [[0, entry.size] as const]);
    const { digest, seen } = digestFile(this.reader, path, covered, growing !== undefined);
    const relied = { kind: 'file', describe, path, digest, spans: covered, seen } as const;
    this.relied.push(growing === undefined ? relied : { ...relied, growing: true });
    return entry;
  }
}
