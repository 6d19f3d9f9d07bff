// Small LangGraph.js stores made by hand, for shapes that no run leaves: odd ids, circles, other layouts.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export const currentTables = `
  CREATE TABLE checkpoints (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL,
    parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, metadata BLOB, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
  CREATE TABLE writes (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL,
    idx INTEGER NOT NULL, channel TEXT NOT NULL, type TEXT, value BLOB, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));`;

export interface MadePoint {
  readonly id: string;
  readonly parent?: string | null;
  readonly thread?: string;
  readonly namespace?: string;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly versions?: Readonly<Record<string, number>>;
  readonly seen?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly writes?: readonly {
    readonly task: string;
    readonly idx?: number;
    readonly channel: string;
    readonly value: unknown;
  }[];
}

const blob = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export function addPoints(path: string, points: readonly MadePoint[]): void {
  const db = new DatabaseSync(path);
  for (const p of points) {
    const at = [p.thread ?? 't', p.namespace ?? '', p.id];
    const cell = {
      v: 4,
      id: p.id,
      ts: '2026-01-01T00:00:00.000Z',
      channel_values: p.values ?? {},
      channel_versions: p.versions ?? {},
      versions_seen: p.seen ?? {},
    };
    db.prepare('INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)').run(
      ...at,
      p.parent ?? null,
      'json',
      blob(cell),
      blob(p.metadata ?? { source: 'loop', step: 1, parents: {} }),
    );
    for (const [i, w] of (p.writes ?? []).entries()) {
      db.prepare('INSERT INTO writes VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
        ...at,
        w.task,
        w.idx ?? i,
        w.channel,
        'json',
        blob(w.value),
      );
    }
  }
  db.close();
}

/** A store file with these tables and points; its path. */
export function makeStore(points: readonly MadePoint[], tables = currentTables): string {
  const path = join(mkdtempSync(join(tmpdir(), 'forkpoint-made-')), 'made.sqlite');
  const db = new DatabaseSync(path);
  db.exec(tables);
  db.close();
  addPoints(path, points);
  return path;
}

export function run(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}
