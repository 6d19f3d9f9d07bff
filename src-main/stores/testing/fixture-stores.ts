// Every genuine store under `fixtures/`, found by what the registry says of it, and copies to work on.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { identify } from '../registry.ts';

export const fixturesFolder = fileURLToPath(new URL('../../../fixtures', import.meta.url));

export interface FixtureStore {
  /** Relative to `fixtures/`. */
  readonly path: string;
  /** Null for one that is known and refused. */
  readonly format: string | null;
}

/** All stores, in the order of their paths. Looked at as copies: SQLite touches the `-shm` beside a WAL file even for a look. */
export function fixtureStores(): readonly FixtureStore[] {
  const copies = mkdtempSync(join(tmpdir(), 'forkpoint-fixtures-'));
  cpSync(fixturesFolder, copies, { recursive: true });
  const found: FixtureStore[] = [];
  const walk = (folder: string, depth: number): void => {
    for (const name of readdirSync(folder).sort()) {
      if (/\.(?:db|sqlite)-(?:wal|shm)$|\.(?:json|md)$/.test(name)) continue;
      const path = join(folder, name);
      const seen = identify(path);
      const refused = seen.verdicts.some((v) => v.detection.verdict === 'refused');
      if (seen.store !== null || refused)
        found.push({ path: relative(copies, path), format: seen.store?.format ?? null });
      else if (depth > 0 && statSync(path).isDirectory()) walk(path, depth - 1);
    }
  };
  try {
    walk(copies, 3);
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
  return found;
}

/** Copies a store with its neighbours (`-wal`, `-shm`, folders beside it) into `folder`; gives the copy's path. */
export function copyStore(path: string, folder: string): string {
  const from = join(fixturesFolder, path);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(dirname(from)).filter((n) => n.startsWith(basename(from))))
    cpSync(join(dirname(from), name), join(folder, name), { recursive: true });
  return join(folder, basename(from));
}
