// Genuine stores of the frameworks for the tests of this folder: a copy of each, opened, with the framework's own answers beside it.

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Backend, FilesReader, Relied, SqliteReader } from '../../backend.ts';
import type { Draw, OperationRequest, StorePlan } from '../../store.ts';
import { openFiles } from '../../files/backend.ts';
import { openSqlite } from '../../sqlite/backend.ts';
import { tinyagentsFiles, tinyagentsSqlite } from '../format.ts';
import type { TinyagentsStore } from '../store.ts';

const root = new URL('../../../../fixtures/tinyagents/', import.meta.url).pathname;

export const fixtureNames: readonly string[] = readdirSync(root).sort();

export interface GoldenRecord {
  readonly checkpoint_id: string;
  readonly parent_checkpoint_id: string | null;
  readonly namespace: readonly string[];
  readonly next_nodes: readonly string[];
  readonly completed_tasks: readonly string[];
  readonly pending_activations?: readonly { node: string; task_id?: string; send_arg?: unknown }[] | null;
  readonly interrupts: readonly { id: string; node: string; payload: unknown }[];
  readonly barrier_arrivals?: readonly { node: string; arrived: readonly string[] }[];
  readonly metadata: {
    readonly source: string;
    readonly step: number;
    readonly failed_node?: string;
    readonly error?: string;
  };
  readonly state: unknown;
}

export interface GoldenThread {
  readonly thread_id: string;
  readonly count: number;
  readonly latest: string | { readonly error: string };
  readonly list: readonly {
    readonly checkpoint_id: string;
    readonly parent_checkpoint_id: string | null;
    readonly namespace: readonly string[];
    readonly next_nodes: readonly string[];
    readonly has_interrupts: boolean;
    readonly source: string;
    readonly step: number;
  }[];
  readonly records: readonly GoldenRecord[];
  readonly ledger: readonly {
    readonly checkpoint_id: string;
    readonly namespace: readonly string[];
    readonly writes: readonly { readonly task_id: string; readonly channel: string; readonly payload: unknown }[];
  }[];
  readonly namespaces: readonly {
    readonly namespace: readonly string[];
    readonly latest: string | { readonly error: string };
    readonly state_history: readonly { readonly checkpoint_id: string; readonly parent: string | null }[] | null;
  }[];
}

export interface Golden {
  readonly backend: 'file' | 'sqlite';
  readonly list_threads_order: readonly string[];
  readonly threads: readonly GoldenThread[];
}

export interface OpenedFixture {
  readonly store: TinyagentsStore;
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
  const folder = mkdtempSync(join(tmpdir(), 'tinyagents-'));
  cpSync(join(root, name), folder, { recursive: true });
  const isFiles = inside === undefined && existsSync(join(folder, 'store'));
  const path = join(folder, inside ?? (isFiles ? 'store' : 'store.db'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  return isFiles ? openedFiles(path, remove) : openedSqlite(path, remove);
}

export function openedFiles(path: string, remove: () => void = () => undefined): OpenedFixture {
  const backend = openFiles(path);
  return {
    store: tinyagentsFiles.open(backend) as TinyagentsStore,
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
    store: tinyagentsSqlite.open(backend) as TinyagentsStore,
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
