// Which connection a path is read through, and for how long. No lock survives the call that needed it for more than a moment: the
// connection closes when nobody has read for `idleAfter`, so that a framework that ends its own connection can still settle its log.

import { accessSync, constants, copyFileSync, mkdtempSync, rmSync, statSync, type BigIntStats } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { systemError } from '../durable.ts';
import { ImmutableConnection, LiveConnection, type Connection } from './connection.ts';
import { sqliteCode, sqliteError } from './errors.ts';

export const unharmed = 'Nothing in it was changed.';
/** Milliseconds without a call after which the connection closes. */
const idleAfter = 250;
/** Two writes within one tick of the file clock can leave the same time and size: a file this young is not trusted to be unchanged. */
const clockTick = 60;

/** How a store is being read. */
export type Way = 'live' | 'immutable' | 'copy';

/** Files that SQLite holds open in this process, by device and inode: nobody else here may open and close them, see `isOpenHere`. */
const openHere = new Map<string, number>();

/**
 * Whether SQLite in this process has this file open. POSIX drops every lock a process holds on a file when *any* descriptor of
 * it is closed, so whoever wants to look at the bytes of such a file must not open it.
 */
export function isOpenHere(stats: { readonly dev: bigint; readonly ino: bigint }): boolean {
  return openHere.has(identityOf(stats));
}

function identityOf(stats: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${stats.dev}:${stats.ino}`;
}

function holdOpen(identity: string, by: 1 | -1): void {
  const count = (openHere.get(identity) ?? 0) + by;
  if (count > 0) openHere.set(identity, count);
  else openHere.delete(identity);
}

/** Marks a file as open for as long as `work` runs: for the committing connection. */
export function whileOpen<T>(path: string, work: () => T): T {
  const identity = identityOf(statSync(path, { bigint: true }));
  holdOpen(identity, 1);
  try {
    return work();
  } finally {
    holdOpen(identity, -1);
  }
}

export function statOf(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

/**
 * Whether a path still names the file that was opened. File systems use the number of a deleted file again at once, so its time of
 * birth counts too; where that is not recorded the system gives the time of the last change instead, which says nothing.
 */
export function isSameFile(opened: BigIntStats, now: BigIntStats): boolean {
  if (opened.dev !== now.dev || opened.ino !== now.ino) return false;
  return opened.birthtimeNs === now.birthtimeNs || now.birthtimeNs === now.ctimeNs;
}

function stampOf(stats: BigIntStats | null): string {
  return stats === null ? '-' : `${stats.ino}.${stats.size}.${stats.mtimeNs}.${stats.ctimeNs}`;
}

export function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Copies are removed with the process at the latest. */
const copies = new Set<string>();
process.once('exit', () => {
  for (const folder of copies) rmSync(folder, { recursive: true, force: true });
});

/** Opens, re-opens and closes the connection of one database file, and knows its version. */
export class ConnectionSource {
  readonly path: string;
  readonly #identity: string;
  readonly #opened: BigIntStats;
  readonly #pristine: boolean;
  #connection: Connection | null = null;
  #way: Way = 'live';
  #openedStamp = '';
  #copyFolder: string | null = null;
  /** Counts commits that file stamps alone could miss. */
  #epoch = 0;
  #dataVersion = 0;
  #closed = false;
  #running = 0;
  #lastUse = 0;
  #idle: NodeJS.Timeout | null = null;

  constructor(path: string, pristine = false) {
    this.path = path;
    this.#pristine = pristine;
    const stats = statOf(path);
    if (stats === null) throw gone(path);
    this.#identity = identityOf(stats);
    this.#opened = stats;
  }

  get way(): Way {
    return this.#way;
  }

  /** Runs one call on the connection. A connection that a crashed writer's journal made useless is replaced once. */
  use<T>(work: (connection: Connection) => T): T {
    try {
      return this.#hold(work);
    } catch (thrown) {
      const code = sqliteCode(thrown);
      if (code === null || !/^SQLITE_(READONLY|CANTOPEN)/.test(code) || this.#running > 0) throw this.#explain(thrown);
    }
    this.release();
    try {
      return this.#hold(work);
    } catch (thrown) {
      throw this.#explain(thrown);
    }
  }

  /** Holds the connection open over a loop. */
  *loop<T>(start: (connection: Connection) => IterableIterator<T>): IterableIterator<T> {
    const connection = this.#acquire();
    this.#running += 1;
    try {
      yield* start(connection);
    } catch (thrown) {
      throw this.#explain(thrown);
    } finally {
      this.#running -= 1;
      this.#touch();
    }
  }

  #hold<T>(work: (connection: Connection) => T): T {
    const connection = this.#acquire();
    this.#running += 1;
    try {
      return work(connection);
    } finally {
      this.#running -= 1;
      this.#touch();
    }
  }

  #explain(thrown: unknown): ForkpointError {
    const error = sqliteError(thrown, this.path, unharmed);
    if (error.code === 'corrupt') this.release();
    return error;
  }

  /** Whether the file is still the one that was opened. */
  presence(): 'here' | 'gone' | 'replaced' {
    const stats = statOf(this.path);
    if (stats === null) return 'gone';
    return isSameFile(this.#opened, stats) ? 'here' : 'replaced';
  }

  /** Refuses a path whose file went away, was replaced, or was emptied (SQLite would delete the `-wal` of an empty file). */
  check(): void {
    const stats = statOf(this.path);
    if (stats === null) throw gone(this.path);
    if (!isSameFile(this.#opened, stats)) {
      throw new ForkpointError(
        'unreadable',
        `\`${this.path}\` was replaced by another file since it was opened.`,
        'Open it again to see what it holds now.',
      );
    }
    if (stats.size === 0n) {
      throw new ForkpointError(
        'corrupt',
        `\`${this.path}\` is empty now: it was cut to 0 bytes since it was opened.`,
        'Whatever emptied it was not Forkpoint. Restore it from a copy.',
      );
    }
    // Pages are a multiple of 512 bytes. SQLite would read what is missing of the last one as zeros, without a word.
    if (stats.size % 512n !== 0n) {
      throw new ForkpointError(
        'corrupt',
        `\`${this.path}\` was cut off in the middle of a page since it was opened.`,
        'Whatever cut it was not Forkpoint. Restore it from a copy.',
      );
    }
  }

  #acquire(): Connection {
    if (this.#closed) throw new ForkpointError('unreadable', `The store \`${this.path}\` has been closed.`);
    this.check();
    const stamp = this.#stamps();
    if (this.#connection !== null && this.#way !== 'live' && stamp !== this.#openedStamp && this.#running === 0) {
      this.release();
    }
    if (this.#connection !== null) return this.#connection;
    this.#openedStamp = stamp;
    const connection = this.#open();
    this.#connection = connection;
    holdOpen(this.#identity, 1);
    this.#dataVersion = dataVersionOf(connection) ?? -1;
    return connection;
  }

  #open(): Connection {
    if (this.#pristine && !this.#hasSideFiles()) {
      this.#way = 'immutable';
      return new ImmutableConnection(this.path);
    }
    this.#way = 'live';
    try {
      return new LiveConnection(this.path, 'original');
    } catch (thrown) {
      const code = sqliteCode(thrown);
      if (code === null || !/^SQLITE_(READONLY|CANTOPEN|IOERR|PERM)/.test(code)) throw thrown;
      accessOrThrow(this.path);
      if (!this.#hasSideFiles()) {
        // A WAL file whose side files cannot be made here.
        this.#way = 'immutable';
        return new ImmutableConnection(this.path);
      }
      this.#way = 'copy';
      return new LiveConnection(this.#copy(), 'copy');
    }
  }

  #hasSideFiles(): boolean {
    return ['-wal', '-journal'].some((suffix) => (statOf(this.path + suffix)?.size ?? 0n) > 0n);
  }

  /**
   * Main file and log together into a folder of our own. Right if the main file stood still meanwhile: what is added to the log
   * while it is copied is either a whole commit or is ignored by its checksums.
   */
  #copy(): string {
    const folder = mkdtempSync(join(tmpdir(), 'forkpoint-reading-'));
    this.#copyFolder = folder;
    copies.add(folder);
    const target = join(folder, basename(this.path));
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const before = stampOf(statOf(this.path));
      try {
        for (const suffix of ['', '-wal', '-journal']) {
          rmSync(target + suffix, { force: true });
          if (statOf(this.path + suffix) !== null) {
            copyFileSync(this.path + suffix, target + suffix, constants.COPYFILE_FICLONE);
          }
        }
      } catch (thrown) {
        throw systemError(thrown, target, `The store \`${this.path}\` was not changed.`);
      }
      if (stampOf(statOf(this.path)) === before) return target;
    }
    throw new ForkpointError(
      'busy',
      `\`${this.path}\` changes too quickly to be read from a folder that this user cannot write. ${unharmed}`,
      'Try again when the run pauses, or open it as a user who may write its folder.',
    );
  }

  #stamps(): string {
    const log = statOf(`${this.path}-wal`);
    // SQLite touches an empty log when it opens one: that is no change.
    return `${stampOf(statOf(this.path))}/${log === null || log.size === 0n ? '-' : stampOf(log)}`;
  }

  /** Version without opening anything: what the poll of a watch looks at. */
  peek(): string {
    const stamp = this.#stamps();
    const connection = this.#connection;
    if (connection !== null && this.#running === 0) {
      const version = dataVersionOf(connection);
      if (version !== null && version !== this.#dataVersion) {
        this.#dataVersion = version;
        this.#epoch += 1;
      }
    }
    return `${stamp}/${this.#epoch}`;
  }

  /** Version token: file stamps, and a count of commits that the stamps could not tell apart. */
  token(): string {
    if (this.#running === 0) this.use(() => null);
    return this.peek();
  }

  #touch(): void {
    this.#lastUse = performance.now();
    if (this.#idle !== null || this.#way !== 'live') return;
    this.#idle = setTimeout(() => this.#whenIdle(), idleAfter);
    this.#idle.unref();
  }

  #whenIdle(): void {
    this.#idle = null;
    if (this.#connection === null) return;
    if (this.#running > 0 || performance.now() - this.#lastUse < idleAfter) {
      this.#idle = setTimeout(() => this.#whenIdle(), idleAfter);
      this.#idle.unref();
      return;
    }
    this.release();
  }

  /** Closes the connection; the next call opens a new one. */
  release(): void {
    const connection = this.#connection;
    if (connection === null) return;
    // Last look through this connection. A commit from now on shows in the stamps, except right after another one.
    this.peek();
    if (Date.now() - this.#youngest() < clockTick) this.#epoch += 1;
    this.#connection = null;
    holdOpen(this.#identity, -1);
    connection.close();
    if (this.#copyFolder !== null) {
      rmSync(this.#copyFolder, { recursive: true, force: true });
      copies.delete(this.#copyFolder);
      this.#copyFolder = null;
    }
  }

  #youngest(): number {
    const times = [this.path, `${this.path}-wal`].map((path) => Number((statOf(path)?.mtimeNs ?? 0n) / 1_000_000n));
    return Math.max(...times);
  }

  close(): void {
    this.release();
    this.#closed = true;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
  }
}

/** Null while a writer is committing this very moment: the next look will see what it wrote. */
function dataVersionOf(connection: Connection): number | null {
  try {
    return connection.dataVersion();
  } catch {
    return null;
  }
}

function gone(path: string): ForkpointError {
  return new ForkpointError(
    'not_found',
    `\`${path}\` does not exist (any more).`,
    'It may have been moved or deleted; open it again from where it is now.',
  );
}

function accessOrThrow(path: string): void {
  try {
    accessSync(path, constants.R_OK);
    accessSync(dirname(path), constants.X_OK);
  } catch (thrown) {
    throw systemError(thrown, path, unharmed);
  }
}
