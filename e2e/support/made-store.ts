// LangGraph stores made here, for shapes and sizes of which there is no genuine one at hand: empty, long, many threads.

import { DatabaseSync } from 'node:sqlite';

const tables = `
  CREATE TABLE checkpoints (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL,
    parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, metadata BLOB, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
  CREATE TABLE writes (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL,
    idx INTEGER NOT NULL, channel TEXT NOT NULL, type TEXT, value BLOB, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));`;

const start = Date.UTC(2026, 10, 20);
/** Between the calendar's beginning and 1970, in the 100 ns that a UUID of version 6 counts. */
const calendar = 0x01b21dd213814000n;

/** The id of the `n`th checkpoint ever made here, one second after the one before; LangGraph.js keeps the step in the clock field. */
function idOf(n: number, step: number): string {
  const clock = step < 0 ? 0x1_0000 + step : (0x8000 + step) & 0xffff;
  const ticks = (BigInt(start + n * 1000) * 10_000n + calendar).toString(16).padStart(15, '0');
  return `${ticks.slice(0, 8)}-${ticks.slice(8, 12)}-6${ticks.slice(12)}-${clock.toString(16)}-${n.toString(16).padStart(12, '0')}`;
}

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export interface MadeThread {
  readonly thread: string;
  readonly steps: number;
}

export class MadeStore {
  readonly #path: string;
  #made = 0;

  /** Makes the file with its tables. */
  constructor(path: string, threads: readonly MadeThread[]) {
    this.#path = path;
    const database = new DatabaseSync(path);
    database.exec(tables);
    database.close();
    for (const { thread, steps } of threads) this.append(thread, 0, steps);
  }

  /** Steps `from` to `to` of a thread, as another process would write them. */
  append(thread: string, from: number, to: number): void {
    const database = new DatabaseSync(this.#path);
    const insert = database.prepare('INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)');
    const last = database.prepare('SELECT max(checkpoint_id) AS id FROM checkpoints WHERE thread_id = ?').get(thread);
    let parent = typeof last?.['id'] === 'string' ? last['id'] : null;
    database.exec('BEGIN');
    for (let i = from; i < to; i++) {
      const id = idOf(this.#made++, i - 1);
      const node = i % 2 === 0 ? 'model' : 'tools';
      const checkpoint = {
        v: 4,
        id,
        ts: new Date(start + this.#made * 1000).toISOString(),
        channel_values: { count: i, log: [`line ${i}`] },
        channel_versions: { count: i + 1, log: i + 1 },
        versions_seen: { __input__: {}, [node]: { count: i } },
      };
      const metadata = { source: i === 0 ? 'input' : 'loop', step: i - 1, parents: {} };
      insert.run(thread, '', id, parent, 'json', bytes(checkpoint), bytes(metadata));
      parent = id;
    }
    database.exec('COMMIT');
    database.close();
  }
}
