// Genuine stores of the frameworks for the tests of this folder: a copy of each, opened, with the framework's own answers beside it.

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Backend, FilesReader, Relied, SqliteReader } from '../../backend.ts';
import type { Draw, OperationRequest, StorePlan } from '../../store.ts';
import { openFiles } from '../../files/backend.ts';
import { openSqlite } from '../../sqlite/backend.ts';
import { wesichainFiles, wesichainSqlite } from '../format.ts';
import type { WesichainStore } from '../store.ts';

const root = new URL('../../../../fixtures/wesichain/', import.meta.url).pathname;

export const fixtureNames: readonly string[] = readdirSync(root).sort();

/** One record as the framework's own types print it; `undecodable` where it could not read it. */
export interface GoldenRecord {
  readonly undecodable?: string;
  readonly seq: number;
  readonly created_at?: string;
  readonly checkpoint: {
    readonly thread_id: string;
    readonly created_at: string;
    readonly node: string;
    readonly step: number;
    readonly queue: readonly (readonly [string, unknown])[];
    readonly state: { readonly data: Readonly<Record<string, unknown>> };
  };
}

export interface Golden {
  readonly backend: 'file' | 'sqlite' | 'session files';
  readonly had_queue_json?: boolean;
  readonly files?: readonly { readonly file: string; readonly records: readonly GoldenRecord[] }[];
  readonly records?: readonly GoldenRecord[];
  readonly threads: readonly {
    readonly thread_id: string;
    readonly load: { readonly checkpoint?: GoldenRecord['checkpoint']; readonly error?: string };
  }[];
}

export interface OpenedFixture {
  readonly store: WesichainStore;
  readonly backend: Backend<SqliteReader> | Backend<FilesReader>;
  /** The copy: the database file, or the folder. */
  readonly path: string;
  close(): void;
}

export function goldenOf(name: string): Golden | null {
  const path = join(root, name, 'golden.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Golden) : null;
}

/** Copies a fixture to a fresh folder and opens the copy. */
export function openFixture(name: string, inside?: string): OpenedFixture {
  const folder = mkdtempSync(join(tmpdir(), 'wesichain-'));
  cpSync(join(root, name), folder, { recursive: true });
  const isFiles = inside === undefined && existsSync(join(folder, 'store'));
  const path = join(folder, inside ?? (isFiles ? 'store' : 'store.db'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  return isFiles ? openedFiles(path, remove) : openedSqlite(path, remove);
}

export function openedFiles(path: string, remove: () => void = () => undefined): OpenedFixture {
  const backend = openFiles(path);
  return {
    store: wesichainFiles.open(backend) as WesichainStore,
    backend,
    path,
    close() {
      backend.close();
      remove();
    },
  };
}

export function openedSqlite(path: string, remove: () => void = () => undefined): OpenedFixture {
  const backend = openSqlite(path);
  return {
    store: wesichainSqlite.open(backend) as WesichainStore,
    backend,
    path,
    close() {
      backend.close();
      remove();
    },
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
  opened: OpenedFixture,
  request: OperationRequest,
): { plan: StorePlan; relied: readonly Relied[] } {
  const relying = opened.backend.relying();
  const plan = opened.store.plan(request, { draw: fixedDraw(), relying });
  return { plan, relied: relying.relied };
}

/** Plans and carries out; gives the path of the undo bundle. */
export function committed(opened: OpenedFixture, request: OperationRequest): { plan: StorePlan; bundle: string } {
  const { plan, relied } = planned(opened, request);
  // Beside the store, in the folder that closing removes.
  const bundle = join(mkdtempSync(join(dirname(opened.path), 'undo-')), 'bundle');
  opened.backend.apply(plan.changes, relied, bundle);
  return { plan, bundle };
}
