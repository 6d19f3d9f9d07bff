// Genuine CAR stores for the tests of this folder: a copy of each, opened, with the framework's own answers beside it.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend, FilesReader } from '../../backend.ts';
import { openFiles } from '../../files/backend.ts';
import type { Draw, OperationRequest } from '../../store.ts';
import { committed as committedWith, makeWritable, planned as plannedWith, type Opened } from '../../testing/opened.ts';
import { carFiles } from '../format.ts';
import type { CarStore } from '../store.ts';

const root = new URL('../../../../fixtures/car/', import.meta.url).pathname;

export const fixtureNames: readonly string[] = readdirSync(root).sort();

interface GoldenStage {
  readonly stage_id: string;
  readonly output: { readonly type: string };
}

/** What CAR read of a run; as JavaScript reads JSON, so with rounded numbers. */
export interface GoldenPaused {
  readonly run_id: string;
  readonly paused_stage_id: string;
  readonly prompt: string;
  readonly fields: readonly unknown[];
  readonly wf_state: Readonly<Record<string, unknown>>;
  readonly stage_results: readonly GoldenStage[];
  readonly completed_stage_ids: readonly string[];
  readonly iterations: number;
  readonly created_at: string;
  readonly owner?: string;
}

export interface Golden {
  readonly files: readonly string[];
  readonly list: readonly string[];
  /** Null where the release had no such call. */
  readonly list_summaries: readonly { readonly run_id: string }[] | null;
  readonly runs: readonly { readonly stem: string; readonly paused?: GoldenPaused; readonly error?: string }[];
}

export function goldenOf(name: string): Golden {
  return JSON.parse(readFileSync(join(root, name, 'golden.json'), 'utf8')) as Golden;
}

export interface OpenedStore extends Opened<CarStore> {
  readonly backend: Backend<FilesReader>;
  /** The folder around the copy, which closing removes. */
  readonly beside: string;
}

/** Copies a fixture, or a folder in it, and opens the copy. `prepare` may change the copy before. */
export function openFixture(name: string, inside = '', prepare?: (path: string) => void): OpenedStore {
  const beside = mkdtempSync(join(tmpdir(), 'car-'));
  const path = join(beside, 'store');
  cpSync(join(root, name, inside), path, { recursive: true });
  makeWritable(path);
  prepare?.(path);
  const backend = openFiles(path, { depth: 2 });
  return {
    store: carFiles.open(backend) as CarStore,
    backend,
    path,
    beside,
    close() {
      backend.close();
      rmSync(beside, { recursive: true, force: true });
    },
  };
}

/** A clock and random bytes that are the same in every run. */
const carDraw: Draw = {
  now: () => Date.UTC(2027, 0, 15, 8, 0, 0, 250),
  random: (length) => new Uint8Array(length).fill(7),
};

export const planned = (opened: OpenedStore, request: OperationRequest) => plannedWith(opened, request, carDraw);
export const committed = (opened: OpenedStore, request: OperationRequest) => committedWith(opened, request, carDraw);

/** Takes back what `committed` did. */
export function undone(opened: OpenedStore, bundle: string): void {
  const { changes, relied } = opened.backend.undo(bundle);
  opened.backend.apply(changes, relied, `${bundle}-2`);
}
