// LangGraph stores of any size in the real schemas, made once per scale and kept in `bench/data`.

import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from '@msgpack/msgpack';
import Database from 'better-sqlite3';
import { makeId, ticksAt, timestampText } from '../../src-main/stores/langgraph/ids.ts';
import type { WriterDialect } from '../../src-main/stores/langgraph/ids.ts';
import { size } from './bench.ts';
import type { BenchContext } from './bench.ts';
import { seeded } from '../../src-main/stores/testing/seeded.ts';
import { prose } from './prose.ts';

const began = Date.UTC(2026, 10, 1);

export const tables = `
  CREATE TABLE checkpoints (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL,
    parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, metadata BLOB, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
  CREATE TABLE writes (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL,
    idx INTEGER NOT NULL, channel TEXT NOT NULL, type TEXT, value BLOB, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));`;

export interface MadeStore {
  readonly path: string;
  readonly checkpoints: number;
  readonly threads: number;
  readonly bytes: number;
  /** For the note of a figure. */
  readonly sizes: string;
}

function random6(random: () => number): Uint8Array {
  return Uint8Array.from({ length: 6 }, () => Math.floor(random() * 256));
}

export function idAt(millis: number, step: number, random: () => number, dialect: WriterDialect): string {
  return makeId(ticksAt(millis), step, random6(random), dialect) ?? '';
}

/** Makes `name` by `fill` unless it is there already; a run that was stopped leaves no half store under the name. */
function madeOnce(context: BenchContext, name: string, fill: (db: Database.Database) => void): string {
  mkdirSync(context.folder, { recursive: true });
  const path = join(context.folder, name);
  if (existsSync(path)) return path;
  const making = `${path}.making`;
  for (const suffix of ['', '-wal', '-shm']) rmSync(making + suffix, { force: true });
  console.log(`   making ${name} …`);
  const db = new Database(making);
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  db.exec(tables);
  db.exec('BEGIN');
  fill(db);
  db.exec('COMMIT');
  // As the savers leave it.
  db.pragma('journal_mode = WAL');
  db.close();
  renameSync(making, path);
  return path;
}

function described(path: string, checkpoints: number, threads: number): MadeStore {
  const bytes = statSync(path).size;
  return {
    path,
    checkpoints,
    threads,
    bytes,
    sizes: `${checkpoints} checkpoints, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${size(bytes)}`,
  };
}

const insertCheckpoint = 'INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)';

/** A chat message as LangChain.js serializes it. */
function jsMessage(random: () => number, n: number): string {
  return JSON.stringify({
    lc: 1,
    type: 'constructor',
    id: ['langchain_core', 'messages', n % 2 === 0 ? 'HumanMessage' : 'AIMessage'],
    kwargs: { id: `m-${n}`, content: prose(random, 1300), additional_kwargs: {}, response_metadata: {} },
  });
}

/** 40,000 checkpoints of 60 kB over 1,500 threads, written as LangGraph.js writes them. */
export function manyThreads(context: BenchContext): MadeStore {
  const checkpoints = Math.round(40_000 * context.scale);
  const threads = Math.max(1, Math.round(1_500 * context.scale));
  const path = madeOnce(context, `many-threads-${checkpoints}.sqlite`, (db) => {
    const random = seeded(1);
    const insert = db.prepare(insertCheckpoint);
    const write = db.prepare('INSERT INTO writes VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    const messages = Array.from({ length: 64 }, (_, n) => jsMessage(random, n));
    let millis = began;
    const last: (string | null)[] = Array.from({ length: threads }, () => null);
    // Threads run side by side, as they do in a service: the rows of one are scattered over the file.
    for (let i = 0; i < checkpoints; i++) {
      const t = i % threads;
      const step = Math.floor(i / threads) - 1;
      millis += 37;
      const thread = `thread-${String(t).padStart(5, '0')}`;
      const id = idAt(millis, step, random, 'js');
      const from = Math.max(0, step) % 24;
      const state = `{"v":4,"id":"${id}","ts":"${timestampText(millis, 'js')}","channel_values":{"messages":[${messages.slice(from, from + 40).join(',')}],"plan":"step ${step}","budget":${100 + step}},"channel_versions":{"messages":${step + 2},"plan":${step + 2}},"versions_seen":{"agent":{"messages":${step + 1}}}}`;
      const metadata = `{"source":"${step < 0 ? 'input' : 'loop'}","step":${step},"parents":{},"thread_id":"${thread}"}`;
      insert.run(thread, '', id, last[t] ?? null, 'json', Buffer.from(state), Buffer.from(metadata));
      write.run(thread, '', id, 'b1946ac9-2bc4-5d23-8c1f-000000000000', 0, 'plan', 'json', Buffer.from('"next"'));
      last[t] = id;
    }
  });
  return described(path, checkpoints, threads);
}

/** One thread of 200,000 small checkpoints, 2 % of them forks, written as LangGraph for Python writes them. */
export function longThread(context: BenchContext): MadeStore {
  const checkpoints = Math.round(200_000 * context.scale);
  const path = madeOnce(context, `long-thread-${checkpoints}.sqlite`, (db) => {
    const random = seeded(2);
    const insert = db.prepare(insertCheckpoint);
    const ids: string[] = [];
    const steps: number[] = [];
    let millis = began;
    let tip = -1;
    for (let i = 0; i < checkpoints; i++) {
      const draw = random();
      const parent = i === 0 ? -1 : draw < 0.02 ? Math.floor(random() * i) : tip;
      const step = parent < 0 ? -1 : (steps[parent] ?? -1) + 1;
      millis += 5 + Math.floor(random() * 400);
      const id = idAt(millis, step, random, 'python');
      ids.push(id);
      steps.push(step);
      tip = i;
      const state = encode({
        v: 4,
        ts: timestampText(millis, 'python'),
        id,
        channel_values: { plan: `step ${step}`, note: 'x'.repeat(120), budget: step },
        channel_versions: { plan: `${String(step + 2).padStart(32, '0')}.0.5` },
        versions_seen: { agent: { plan: `${String(step + 1).padStart(32, '0')}.0.5` } },
        updated_channels: ['plan'],
      });
      const metadata = `{"source": "${parent < 0 ? 'input' : draw < 0.02 ? 'fork' : 'loop'}", "step": ${step}, "parents": {}}`;
      insert.run('long', '', id, parent < 0 ? null : (ids[parent] ?? null), 'msgpack', state, Buffer.from(metadata));
    }
  });
  return described(path, checkpoints, 1);
}

/** A thread of two checkpoints whose states are given: `state(step)` is the text or msgpack of `channel_values`. */
export function largeStates(
  context: BenchContext,
  name: string,
  states: () => readonly Buffer[],
): { readonly path: string; readonly ids: readonly string[] } {
  const random = seeded(3);
  const ids = [0, 1].map((step) => idAt(began + step * 1000, step, random, 'js'));
  const path = madeOnce(context, name, (db) => {
    const insert = db.prepare(insertCheckpoint);
    for (const [step, values] of states().entries()) {
      const id = ids[step] ?? '';
      const head = `{"v":4,"id":"${id}","ts":"${timestampText(began + step * 1000, 'js')}","channel_values":`;
      const tail = `,"channel_versions":{"messages":${step + 2}},"versions_seen":{}}`;
      const cell = Buffer.concat([Buffer.from(head), values, Buffer.from(tail)]);
      const metadata = `{"source":"loop","step":${step},"parents":{}}`;
      insert.run('large', '', id, step === 0 ? null : (ids[step - 1] ?? null), 'json', cell, Buffer.from(metadata));
    }
  });
  return { path, ids };
}
