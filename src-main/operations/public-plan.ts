// From a format's plan to what people and scripts see: changes, counts, bytes, and the id that stands for "this very plan".

import { createHash } from 'node:crypto';
import type { CheckpointKey } from '../../shared/model/key.ts';
import { parseKey } from '../../shared/model/key.ts';
import type { Counts, Plan } from '../../shared/model/shapes.ts';
import type { ChangeSet, FileChange, Relied, SqliteChange, SqlRow, SqlValue } from '../stores/backend.ts';

type PlannedChange = Plan['changes'][number];

/**
 * A hash of the operation, its arguments and what was read. New ids and times are drawn again for the commit, so nothing that
 * holds them takes part: parameters of queries and names of files may, their text and the digest of what they gave may not.
 */
export function planIdOf(operation: string, args: unknown, relied: readonly Relied[]): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([operation, args]));
  for (const r of relied)
    hash.update('\n').update(JSON.stringify([r.kind, r.kind === 'rows' ? r.sql : null, r.digest]));
  return hash.digest('hex').slice(0, 32);
}

/** Before the commit an inserted row has no key yet: its id will be drawn anew. */
export function plannedChanges(changes: ChangeSet, committed: boolean): PlannedChange[] {
  const key = (change: PlannedChange['change'], key: string | null | undefined): string | null =>
    change === 'insert' && !committed ? null : (key ?? null);
  if (changes.backend === 'sqlite') {
    return changes.changes.map((c) => {
      const change = sqliteKind(c);
      return {
        change,
        where: c.table,
        key: key(change, c.key),
        bytes: c.kind === 'insert' ? (c.bytes ?? rowBytes(c.row)) : c.bytes,
      };
    });
  }
  return changes.changes.map((c) => {
    const change = fileKind(c);
    return { change, where: c.path, key: key(change, c.key), bytes: c.bytes };
  });
}

function sqliteKind(change: SqliteChange): PlannedChange['change'] {
  switch (change.kind) {
    case 'insert':
    case 'copy':
      return 'insert';
    case 'update':
    case 'delete':
      return change.kind;
  }
}

function fileKind(change: FileChange): PlannedChange['change'] {
  switch (change.kind) {
    case 'new-file':
    case 'append':
      return 'insert';
    case 'rewrite':
      return 'update';
    case 'delete-file':
      return 'delete';
  }
}

function rowBytes(row: SqlRow): number {
  return Object.values(row).reduce<number>((sum, value) => sum + valueBytes(value), 0);
}

function valueBytes(value: SqlValue): number {
  if (value === null) return 0;
  if (typeof value === 'string') return Buffer.byteLength(value);
  return value instanceof Uint8Array ? value.length : 8;
}

export interface Written {
  readonly where: string;
  readonly counts: Counts;
}

/** Totals per table or file, in the order in which they are written. */
export function writtenPer(changes: readonly PlannedChange[]): Written[] {
  const places = new Map<string, Counts>();
  for (const c of changes) {
    let counts = places.get(c.where);
    if (counts === undefined) places.set(c.where, (counts = { insert: 0, update: 0, delete: 0, bytes: 0 }));
    counts[c.change]++;
    counts.bytes += c.bytes;
  }
  return [...places].map(([where, counts]) => ({ where, counts }));
}

export function totalCounts(changes: readonly PlannedChange[]): Counts {
  const total: Counts = { insert: 0, update: 0, delete: 0, bytes: 0 };
  for (const c of changes) {
    total[c.change]++;
    total.bytes += c.bytes;
  }
  return total;
}

/** The key of the point that the user continues from, as far as the changes name it; else its id as the plan drew it. */
export function targetCheckpoint(changes: ChangeSet, target: { readonly thread: string; readonly id: string }): string {
  const list: readonly { readonly key?: string | null }[] = changes.changes;
  const found = list.findLast(({ key }) => {
    const parts = typeof key === 'string' ? parseKey(key) : null;
    return parts !== null && parts.thread === target.thread && parts.id === target.id;
  });
  return found?.key ?? target.id;
}

export const threadOf = (key: CheckpointKey): string | null => parseKey(key)?.thread ?? null;
