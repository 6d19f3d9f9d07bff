// Copies of genuine stores for tests: each test works on its own, in a folder that goes away.

import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import { drain } from '../../stores/drain.ts';
import { openStore } from '../../stores/registry.ts';
import type { Draw, Store } from '../../stores/store.ts';

const fixtures = fileURLToPath(new URL('../../../fixtures/', import.meta.url));

export interface Workplace {
  readonly folder: string;
  readonly dataFolder: string;
  /** Copies a fixture (its -wal and -shm with it) and gives the copy's path. */
  copy(fixture: string, name?: string): string;
  open(path: string, options?: { readonly readOnly?: boolean }): Store;
  done(): void;
}

export function workplace(): Workplace {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'forkpoint-ops-')));
  const open: Store[] = [];
  return {
    folder,
    dataFolder: join(folder, 'data'),
    copy(fixture, name = basename(fixture)) {
      const target = join(folder, name);
      cpSync(join(fixtures, fixture), target, { recursive: true });
      return target;
    },
    open(path, options) {
      const store = openStore(path, options);
      open.push(store);
      return store;
    },
    done() {
      for (const store of open) store.backend.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A clock that ticks and bytes that never repeat, the same in every run. */
export function countingDraw(from = 1_800_000_000_000): Draw {
  let now = from;
  let counter = 0;
  return {
    now: () => ++now,
    random: (n) => {
      counter++;
      return Uint8Array.from({ length: n }, (_, i) => (counter * 31 + i * 7) & 0xff);
    },
  };
}

/** Everything that a store says of its threads and states: equal before and after an undo. */
export function told(store: Store): unknown {
  const threads = [...store.threads()].flat().sort((a, b) => (a.thread < b.thread ? -1 : 1));
  return threads.map((summary) => {
    const lineage = drain(store.lineage(summary.thread));
    const points = Array.from({ length: lineage.count }, (_, i) => {
      const key = store.keyAt(lineage, i);
      return store.raw(key).map((part) => [part.where, part.storage, Buffer.from(part.bytes).toString('hex')]);
    });
    return [summary.thread, summary.checkpoints, points];
  });
}

/** Bytes of a store's files by name: nothing may differ after a plan. `-shm` is SQLite's own memory. */
export function filesOf(path: string): ReadonlyMap<string, string> {
  if (!statSync(path).isDirectory()) {
    const wal = `${path}-wal`;
    const main = readFileSync(path).toString('base64');
    return new Map([
      ['main', main],
      ['wal', statSync(wal, { throwIfNoEntry: false }) === undefined ? '' : readFileSync(wal).toString('base64')],
    ]);
  }
  return new Map(
    readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(path, name)).isFile())
      .map((name) => [name, readFileSync(join(path, name)).toString('base64')]),
  );
}

export function headOf(store: Store, thread: string): CheckpointKey {
  const { head } = store.threadDetail(thread);
  if (head === null) throw new Error(`${thread} has no head`);
  return head;
}

export function firstThread(store: Store): string {
  for (const batch of store.threads()) for (const { thread } of batch) return thread;
  throw new Error('no thread');
}
