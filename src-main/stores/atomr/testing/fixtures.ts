// Genuine stores of atomr for the tests of this folder: a copy of each, opened, with the framework's own answers beside it.

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CheckpointKey } from '../../../../shared/model/key.ts';
import type { Checkpoint } from '../../../../shared/model/shapes.ts';
import { encodeTagged } from '../../../values/tagged.ts';
import type { Cursor } from '../../../values/cursor.ts';
import type { Relied } from '../../backend.ts';
import { openFiles } from '../../files/backend.ts';
import { openSqlite } from '../../sqlite/backend.ts';
import type {
  Draw,
  ExportingStore,
  OperationRequest,
  RecordingStore,
  Store,
  StorePlan,
  ThreadDocument,
} from '../../store.ts';
import { atomrHost, atomrSqlite } from '../format.ts';

export const root = new URL('../../../../fixtures/atomr/', import.meta.url).pathname;

/** Stores on this machine's disk; the dump of a server is none. */
export const fixtureNames: readonly string[] = readdirSync(root)
  .filter((name) => name !== 'redis')
  .sort();
export const sqlNames = fixtureNames.filter((name) => existsSync(join(root, name, 'store.db')));
export const hostNames = fixtureNames.filter((name) => existsSync(join(root, name, 'host')));

export type AnyStore = Store & ExportingStore & RecordingStore;

export interface Opened {
  readonly store: AnyStore;
  /** The copy: the database file, or the folder. */
  readonly path: string;
  close(): void;
}

export const goldenOf = (name: string): unknown => JSON.parse(readFileSync(join(root, name, 'golden.json'), 'utf8'));

/** A copy of a fixture; closing removes it. `prepare` may change it before it is opened. */
export function openFixture(name: string, prepare: (path: string) => void = () => undefined, inner = ''): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'atomr-'));
  cpSync(join(root, name), folder, { recursive: true });
  const path = join(folder, existsSync(join(folder, 'host')) ? 'host' : 'store.db', inner);
  prepare(path);
  const store = open(path);
  return {
    store,
    path,
    close() {
      store.backend.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Opens a store of ours at a path, as the registry would. */
export function open(path: string): AnyStore {
  return (
    statSync(path).isDirectory()
      ? atomrHost.open(openFiles(path, { depth: atomrHost.depth! }))
      : atomrSqlite.open(openSqlite(path))
  ) as AnyStore;
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

export const threadsOf = (store: AnyStore) => drained(store.threads()).batches.flat();

export function rowsOf(store: AnyStore, thread: string): readonly Checkpoint[] {
  const lineage = drained(store.lineage(thread)).result;
  return store.checkpoints(
    lineage,
    Array.from({ length: lineage.count }, (_, i) => i),
  );
}

export function keyAt(store: AnyStore, thread: string, index: number): CheckpointKey {
  const row = rowsOf(store, thread).at(index);
  if (row === undefined) throw new Error(`no point ${index} in ${thread}`);
  return row.key as CheckpointKey;
}

/** The whole text of a value, numbers by their digits. */
export const textOf = (cursor: Cursor | null): string | null => (cursor === null ? null : encodeTagged(cursor));

/** A clock and ids that are the same in every run: the random bytes count up. */
export function fixedDraw(now = 1_800_000_000_000): Draw {
  let n = 0;
  return {
    now: () => now,
    random: (length) => {
      n += 1;
      return new Uint8Array(length).fill(n);
    },
  };
}

/** Plans against an opened store, as an operation does. */
export function planned(
  { store }: Opened,
  request: OperationRequest,
): { readonly plan: StorePlan; readonly relied: readonly Relied[] } {
  const relying = store.backend.relying();
  const plan = store.plan(request, { draw: fixedDraw(), relying });
  return { plan, relied: relying.relied };
}

/** Plans and carries out; gives the path of the undo bundle. */
export function committed(
  opened: Opened,
  request: OperationRequest,
): { readonly plan: StorePlan; readonly bundle: string } {
  const { plan, relied } = planned(opened, request);
  const bundle = join(mkdtempSync(join(dirname(opened.path), 'undo-')), 'bundle');
  opened.store.backend.apply(plan.changes, relied, bundle);
  return { plan, bundle };
}

export function undone({ store }: Opened, bundle: string): void {
  const { changes, relied } = store.backend.undo(bundle);
  store.backend.apply(changes, relied, `${bundle}-undo`);
}

export function documentOf({ store }: Opened, thread: string): ThreadDocument {
  const records = drained(store.exportRecords(thread)).batches;
  const { format, framework } = store.format;
  return { format, framework, dialect: store.dialect?.(thread) ?? '', thread, records };
}
