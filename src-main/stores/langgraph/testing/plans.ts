// Plans for tests: drawn with a fixed clock, looked at as rows and pictures, applied to a private copy.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { bytesOf, textOf } from '../cells.ts';
import type { LangGraphSqliteStore } from '../store.ts';
import { ForkpointError } from '../../../../shared/model/errors.ts';
import { formatKey } from '../../../../shared/model/key.ts';
import type { CheckpointKey } from '../../../../shared/model/key.ts';
import { openValue } from '../../../values/open.ts';
import { encodeTagged } from '../../../values/tagged.ts';
import type { Cursor } from '../../../values/cursor.ts';
import type { SqliteChange, SqlRow } from '../../backend.ts';
import type { Draw, ForkRequest, StorePlan } from '../../store.ts';

export const now = Date.UTC(2026, 11, 1, 12, 0, 0, 250);
export const draw: Draw = { now: () => now, random: (n) => new Uint8Array(n).fill(0xab) };

export const keyAt = (thread: string, id: string, namespace = ''): CheckpointKey =>
  formatKey({ thread, namespace, id, nth: 0 });

export type Wanted = Partial<Omit<ForkRequest, 'operation' | 'key'>> & { readonly key: CheckpointKey };

export function headOf(store: LangGraphSqliteStore, thread: string): CheckpointKey {
  const { head } = store.threadDetail(thread);
  if (head === null) throw new Error('no head');
  return head;
}

export function planned(store: LangGraphSqliteStore, request: Wanted, given: Draw = draw): StorePlan {
  const full: ForkRequest = {
    operation: 'fork',
    edits: [],
    target: { kind: 'in-place' },
    pending: 'drop',
    leave: [],
    ...request,
  };
  return store.plan(full, { draw: given, relying: store.backend.relying() });
}

export function changesOf(plan: StorePlan): readonly SqliteChange[] {
  if (plan.changes.backend !== 'sqlite') throw new Error('not sqlite');
  return plan.changes.changes;
}

export function insertedRow(plan: StorePlan): SqlRow {
  const inserts = changesOf(plan).filter((c) => c.kind === 'insert');
  expect(inserts).toHaveLength(1);
  const [only] = inserts;
  if (only?.kind !== 'insert') throw new Error('no insert');
  return only.row;
}

export function cellOf(row: SqlRow): Cursor {
  return openValue(row['type'] === 'msgpack' ? 'msgpack' : 'json', bytesOf(row['checkpoint']));
}

export const tagged = (cursor: Cursor | null): unknown => (cursor === null ? null : JSON.parse(encodeTagged(cursor)));

export function refusal(run: () => unknown): ForkpointError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof ForkpointError) return thrown;
    throw thrown;
  }
  throw new Error('was not refused');
}

/** Rows of a plan as text: what a person would be shown. */
export function picture(plan: StorePlan): string[] {
  return changesOf(plan).map((c) => {
    if (c.kind === 'insert') return `insert ${c.table} ${textOf(c.row['thread_id'])} ${textOf(c.row['checkpoint_ns'])}`;
    if (c.kind === 'copy')
      return `copy ${c.table} ${textOf(c.identity['checkpoint_ns'])} ${textOf(c.identity['checkpoint_id']).slice(9, 23)} ${c.table === 'writes' ? `${textOf(c.identity['task_id']).slice(0, 8)} ${textOf(c.identity['idx'])}` : ''}→ ${textOf(c.set['thread_id'])}`.replace(
        / +/g,
        ' ',
      );
    return c.kind;
  });
}

export function applied(store: LangGraphSqliteStore, request: Wanted): StorePlan {
  const relying = store.backend.relying();
  const full: ForkRequest = {
    operation: 'fork',
    edits: [],
    target: { kind: 'in-place' },
    pending: 'drop',
    leave: [],
    ...request,
  };
  const plan = store.plan(full, { draw, relying });
  store.backend.apply(plan.changes, relying.relied, join(mkdtempSync(join(tmpdir(), 'forkpoint-bundle-')), 'bundle'));
  return plan;
}

export const editSets = (path: string, value: string): ForkRequest['edits'] => [{ op: 'set', path, value }];
