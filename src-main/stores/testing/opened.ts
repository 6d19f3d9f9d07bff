// Genuine stores for the tests of a format: a copy of each, opened as the format itself opens it, and plans made and carried out on it.

import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import type { Backend, FilesReader, Relied, SqliteReader } from '../backend.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import { openFiles } from '../files/backend.ts';
import { openSqlite } from '../sqlite/backend.ts';
import type { Draw, Format, OperationRequest, Store, StorePlan } from '../store.ts';

export interface Opened<S extends Store> {
  readonly store: S;
  readonly backend: Backend<SqliteReader> | Backend<FilesReader>;
  /** The copy: the database file, or the folder. */
  readonly path: string;
  close(): void;
}

/** The genuine stores of one framework: each a folder of `fixtures/<name>/` with `store/` or `store.db`, and `golden.json`. */
export function genuineStores<S extends Store>(
  framework: string,
  sqlite: Format<SqliteReader>,
  files: Format<FilesReader>,
  isOurs: (store: Store) => store is S,
) {
  const root = fileURLToPath(new URL(`../../../fixtures/${framework}/`, import.meta.url));
  const opened = (backend: Opened<S>['backend'], store: Store, path: string, remove: () => void): Opened<S> => {
    if (!isOurs(store)) throw new Error('the format opened another store');
    return {
      store,
      backend,
      path,
      close() {
        backend.close();
        remove();
      },
    };
  };
  const openedFiles = (path: string, remove: () => void = () => undefined): Opened<S> => {
    const backend = openFiles(path);
    return opened(backend, files.open(backend), path, remove);
  };
  const openedSqlite = (path: string, remove: () => void = () => undefined): Opened<S> => {
    const backend = openSqlite(path);
    return opened(backend, sqlite.open(backend), path, remove);
  };
  return {
    fixtureNames: readdirSync(root).sort() as readonly string[],
    openedFiles,
    openedSqlite,
    /** The framework's own answers; null for a store that it made without being asked. */
    golden: (name: string): unknown => {
      const path = join(root, name, 'golden.json');
      return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
    },
    /** Copies a fixture to a fresh folder and opens the copy. */
    openFixture: (name: string, inside?: string): Opened<S> => {
      const folder = mkdtempSync(join(tmpdir(), `${framework}-`));
      cpSync(join(root, name), folder, { recursive: true });
      makeWritable(folder);
      const isFiles = inside === undefined && existsSync(join(folder, 'store'));
      const path = join(folder, inside ?? (isFiles ? 'store' : 'store.db'));
      const remove = () => rmSync(folder, { recursive: true, force: true });
      return isFiles ? openedFiles(path, remove) : openedSqlite(path, remove);
    },
  };
}

/** Fixtures may lie there for reading only, and copies of them then do, too. */
export function makeWritable(path: string): void {
  const stats = statSync(path);
  chmodSync(path, stats.mode | 0o700);
  if (stats.isDirectory()) for (const name of readdirSync(path)) makeWritable(join(path, name));
}

/** The same `open`; whatever it opens is closed behind each test. To be called where tests are declared. */
export function closedAfterEach<Args extends readonly unknown[], One extends { close(): void }>(
  open: (...args: Args) => One,
): (...args: Args) => One {
  const opened: One[] = [];
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
  });
  return (...args) => {
    const one = open(...args);
    opened.push(one);
    return one;
  };
}

/** Runs a generator to its end; its batches and what it returned. */
export function drained<Batch, Result>(steps: Generator<Batch, Result, void>): { batches: Batch[]; result: Result } {
  const batches: Batch[] = [];
  for (;;) {
    const step = steps.next();
    if (step.done === true) return { batches, result: step.value };
    batches.push(step.value);
  }
}

/** Every point of a thread. */
export function rowsOf(store: Store, thread: string): readonly Checkpoint[] {
  const lineage = drained(store.lineage(thread)).result;
  return store.checkpoints(
    lineage,
    Array.from({ length: lineage.count }, (_, i) => i),
  );
}

/** The key of a point, counted from the end where `index` is negative. */
export function keyAt(store: Store, thread: string, index: number): CheckpointKey {
  const row = rowsOf(store, thread).at(index);
  if (row === undefined) throw new Error(`no point ${index} in ${thread}`);
  return row.key as CheckpointKey;
}

/** A clock and ids that are the same in every run: the random bytes count up. */
export function fixedDraw(): Draw {
  let n = 0;
  return {
    now: () => 1_800_000_000_000,
    random: (length) => {
      n += 1;
      return new Uint8Array(length).fill(n);
    },
  };
}

/** Plans against an opened store, as an operation does. */
export function planned(
  opened: Opened<Store>,
  request: OperationRequest,
  draw: Draw = fixedDraw(),
): { plan: StorePlan; relied: readonly Relied[] } {
  const relying = opened.backend.relying();
  const plan = opened.store.plan(request, { draw, relying });
  return { plan, relied: relying.relied };
}

/** Plans and carries out; gives the path of the undo bundle. */
export function committed(
  opened: Opened<Store>,
  request: OperationRequest,
  draw: Draw = fixedDraw(),
): { plan: StorePlan; bundle: string } {
  const { plan, relied } = planned(opened, request, draw);
  // Beside the store, in the folder that closing removes.
  const bundle = join(mkdtempSync(join(dirname(opened.path), 'undo-')), 'bundle');
  opened.backend.apply(plan.changes, relied, bundle);
  return { plan, bundle };
}
