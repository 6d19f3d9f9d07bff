// The records of a SQLite undo bundle, in their order: head · old rows · prepared · (rows are written) · done and guards · written.
// The commit comes only after `written` is durable, so a bundle without it belongs to a transaction that never was.

import * as z from 'zod/mini';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { SqlRow, SqlValue } from '../backend.ts';
import { damaged, fromJsonValue, JsonValue, readBundle, toJsonValue, type BundleSpan } from '../bundle.ts';

const Row = z.record(z.string(), JsonValue);

const Head = z.object({ kind: z.literal('head'), version: z.literal(1), backend: z.enum(['sqlite', 'files']) });
/** A row before it was updated or deleted. A cell of text or blob is a blob of the record, in the order of the columns. */
const Old = z.object({
  kind: z.literal('old'),
  index: z.number(),
  rowid: z.nullable(JsonValue),
  cells: z.array(z.object({ name: z.string(), value: z.nullable(JsonValue), storage: z.string() })),
});
const Prepared = z.object({ kind: z.literal('prepared') });
/** A change after it was made. `digest` is that of the row as it stands then; null for a deleted one. */
const Done = z.object({
  kind: z.literal('done'),
  index: z.number(),
  change: z.enum(['insert', 'update', 'delete']),
  table: z.string(),
  key: z.nullable(z.string()),
  columns: z.array(z.string()),
  set: z.array(z.string()),
  identity: Row,
  /** For an update: how the row was named before. */
  before: z.nullable(Row),
  digest: z.nullable(z.string()),
  bytes: z.number(),
});
const Guard = z.object({
  kind: z.literal('guard'),
  describe: z.string(),
  sql: z.string(),
  params: z.array(JsonValue),
  digest: z.string(),
  seen: z.string(),
});
const Written = z.object({ kind: z.literal('written') });

const AnyRecord = z.discriminatedUnion('kind', [Head, Old, Prepared, Done, Guard, Written]);
export type SqliteRecord = z.infer<typeof AnyRecord>;
export type OldRecord = z.infer<typeof Old> & { readonly blobs: readonly BundleSpan[] };
export type DoneRecord = z.infer<typeof Done>;
export type GuardRecord = z.infer<typeof Guard>;

export interface SqliteBundle {
  readonly path: string;
  /** Whether the commit may have happened. */
  readonly written: boolean;
  readonly old: ReadonlyMap<number, OldRecord>;
  readonly done: readonly DoneRecord[];
  readonly guards: readonly GuardRecord[];
}

export function rowToJson(row: SqlRow): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toJsonValue(value)]));
}

export function rowFromJson(row: Readonly<Record<string, JsonValue>>): SqlRow {
  const entries: [string, SqlValue][] = Object.entries(row).map(([name, value]) => [name, fromJsonValue(value)]);
  return Object.fromEntries(entries);
}

/** Reads a bundle; the old rows' large cells stay in it. Throws `corrupt` for what is none. */
export function loadSqliteBundle(path: string): SqliteBundle {
  const old = new Map<number, OldRecord>();
  const done: DoneRecord[] = [];
  const guards: GuardRecord[] = [];
  let written = false;
  for (const { record, blobs } of readBundle(path)) {
    const parsed = AnyRecord.safeParse(record);
    if (!parsed.success) throw damaged(path);
    const one = parsed.data;
    switch (one.kind) {
      case 'head':
        if (one.backend !== 'sqlite') {
          throw new ForkpointError('unable', 'This undo data belongs to a folder, not to a SQLite file.');
        }
        break;
      case 'old':
        old.set(one.index, { ...one, blobs });
        break;
      case 'done':
        done.push(one);
        break;
      case 'guard':
        guards.push(one);
        break;
      case 'written':
        written = true;
        break;
      case 'prepared':
        break;
    }
  }
  return { path, written, old, done, guards };
}
