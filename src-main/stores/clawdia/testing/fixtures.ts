// Genuine clawdia stores for the tests of this folder: a copy of each, opened, with the framework's own answers beside it.

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckpointKey } from '../../../../shared/model/key.ts';
import { openFiles } from '../../files/backend.ts';
import { openSqlite } from '../../sqlite/backend.ts';
import { drained, makeWritable, type Opened } from '../../testing/opened.ts';
import { sourceDepth } from '../files-source.ts';
import { clawdiaFiles, clawdiaSqlite } from '../format.ts';
import type { ClawdiaStore } from '../store.ts';

const root = new URL('../../../../fixtures/clawdia/', import.meta.url).pathname;

export const fixtureNames: readonly string[] = readdirSync(root)
  .filter((name) => statSync(join(root, name)).isDirectory())
  .sort();

/** A record as the framework prints it, numbers as JavaScript reads them. */
export type GoldenRecord = Readonly<Record<string, unknown>> & {
  readonly record_id: string;
  readonly journal_seq: number;
};

export interface GoldenCheckpoint {
  readonly checkpoint_id: string;
  readonly checkpoint_seq: number;
  readonly covers_journal_seq: number;
}

export interface GoldenReplay {
  readonly error?: string;
  readonly at_seq?: number;
  readonly status?: 'complete' | 'repair_needed';
  readonly resume_allowed?: boolean;
  readonly unsafe_pending_side_effects?: readonly { readonly effect_id: string }[];
}

export interface GoldenRun {
  readonly run_id: string;
  readonly records: readonly GoldenRecord[] | { readonly error: string };
  readonly load_latest: GoldenCheckpoint | null;
  readonly load_at_or_before: readonly {
    readonly cursor: string;
    readonly checkpoint_id: string;
    readonly value: GoldenCheckpoint;
  }[];
  readonly replay: Readonly<Record<'audit' | 'resume' | 'repair', GoldenReplay>> | null;
  readonly tool_execution: readonly {
    readonly journal_seq: number;
    readonly record: { readonly tool_call_id: string };
  }[];
}

export interface Golden {
  readonly backend: 'file' | 'sqlite';
  readonly runs: readonly GoldenRun[];
  readonly content: readonly { readonly content_id: string; readonly bytes: number }[];
  readonly events: readonly { readonly archive_position: string; readonly run_id: string }[];
  readonly pools: readonly unknown[];
}

export type OpenedFixture = Opened<ClawdiaStore>;

export function goldenOf(name: string): Golden {
  return JSON.parse(readFileSync(join(root, name, 'golden.json'), 'utf8')) as Golden;
}

/** Copies a fixture to a fresh folder and gives the store's path. */
export function copyFixture(name: string): { readonly path: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'clawdia-'));
  cpSync(join(root, name), folder, { recursive: true });
  makeWritable(folder);
  const path = join(folder, existsSync(join(folder, 'store')) ? 'store' : 'store.db');
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export function openFixture(name: string): OpenedFixture {
  const { path, remove } = copyFixture(name);
  return opened(path, remove);
}

export function opened(path: string, remove: () => void = () => undefined): OpenedFixture {
  if (statSync(path).isDirectory()) {
    const backend = openFiles(path, { depth: sourceDepth });
    return { store: clawdiaFiles.open(backend) as ClawdiaStore, backend, path, close: closing(backend, remove) };
  }
  const backend = openSqlite(path);
  return { store: clawdiaSqlite.open(backend) as ClawdiaStore, backend, path, close: closing(backend, remove) };
}

function closing(backend: { close(): void }, remove: () => void): () => void {
  return () => {
    backend.close();
    remove();
  };
}

/** The lineage of a run and all its points. */
export function rowsOf(store: ClawdiaStore, run: string) {
  const lineage = drained(store.lineage(run)).result;
  const rows = store.checkpoints(
    lineage,
    Array.from({ length: lineage.count }, (_, i) => i),
  );
  return { lineage, rows: rows.map((row) => ({ ...row, key: row.key as CheckpointKey })) };
}
