// Stores of every other framework at any size: a genuine record of its fixture, written again and again with its own ids and a longer
// text. Made once per size and kept in `bench/data`.

import { createHash } from 'node:crypto';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { seeded } from '../../src-main/stores/testing/seeded.ts';
import { prose } from './prose.ts';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

export interface FormatStore {
  readonly name: string;
  /** How its listing is held to the bytes: against `wc -l` of these files, or against this statement. */
  readonly reference:
    | { readonly files: (path: string) => string }
    | { readonly listing: string; readonly points: string };
  /** Fills `path` with `points` points in `threads` threads, each with about `bytes` more text. */
  make(path: string, points: number, threads: number, bytes: number): void;
}

/** A store of that size, made unless it is there. */
export function madeFormatStore(
  folder: string,
  store: FormatStore,
  points: number,
  threads: number,
  bytes: number,
): string {
  const path = join(folder, `${store.name}-${points}-${threads}-${bytes}`);
  if (existsSync(path)) return path;
  const making = `${path}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  console.log(`   making ${store.name} with ${points} points …`);
  store.make(making, points, threads, bytes);
  renameSync(making, path);
  return path;
}

const random = seeded(7);
/** Text that may stand in a JSON string as it is. */
const padding = (bytes: number): string => JSON.stringify(prose(random, bytes)).slice(1, -1);

/** A line of a file in a fixture, counted from 0. */
function fixtureLine(path: string, line: number): string {
  const found = readFileSync(join(fixtures, path), 'utf8').split('\n')[line];
  if (found === undefined) throw new Error(`${path} has no line ${line}`);
  return found;
}

/** Replaces every one of `pairs`; throws where one is not there, so that a changed fixture is noticed. */
function replaced(text: string, pairs: readonly (readonly [string, string])[]): string {
  let result = text;
  for (const [from, to] of pairs) {
    if (!result.includes(from)) throw new Error(`${from} is not in the fixture's record`);
    result = result.replaceAll(from, to);
  }
  return result;
}

function writeLines(path: string, count: number, line: (i: number) => string): void {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w');
  let text = '';
  for (let i = 0; i < count; i++) {
    text += `${line(i)}\n`;
    if (text.length < 1 << 20 && i < count - 1) continue;
    writeSync(file, text);
    text = '';
  }
  closeSync(file);
}

/** An empty copy of a fixture's database, so that tables and indexes are the framework's own. */
function emptied(fixture: string, path: string, fill: (db: Database.Database) => void): void {
  cpSync(join(fixtures, fixture), path);
  const db = new Database(path);
  db.pragma('synchronous = OFF');
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  db.exec('BEGIN');
  for (const table of tables) db.exec(`DELETE FROM "${table}"`);
  fill(db);
  db.exec('COMMIT');
  db.exec('VACUUM');
  db.close();
}

const threadName = (thread: number): string => `thread-${String(thread).padStart(5, '0')}`;
const perThread = (points: number, threads: number): number => Math.ceil(points / threads);

const tinyagentsLine = (): string => fixtureLine('tinyagents/v211-file-linear/store/linear-1.jsonl', 1);
const tinyagentsRecord = (base: string, thread: string, i: number, text: string): string =>
  replaced(base, [
    ['"linear-1"', `"${thread}"`],
    ['ckpt-1795267039637486149-3', `ckpt-1795267039637486149-${i + 10}`],
    ['ckpt-1795267039637486149-2', `ckpt-1795267039637486149-${i + 9}`],
    ['"step":2', `"step":${i}`],
    ['"api answered"', `"${text}"`],
  ]);

const wesichainLine = (): string => fixtureLine('wesichain/file-basic/store/fan-1.jsonl', 0);

/** clawdia names a run's folder by its id and the first 12 hex digits of the id's SHA-256. */
const clawdiaFolder = (run: string): string => `${run}-${createHash('sha256').update(run).digest('hex').slice(0, 12)}`;
const clawdiaRecord = (base: string, run: string, seq: number, text: string): string =>
  replaced(base, [
    ['"run.text"', `"${run}"`],
    ['"journal_seq":2,', `"journal_seq":${seq},`],
    ['"journal.p0.0ff31a09d10b.turn.started"', `"journal.turn.${seq}"`],
    ['"policy.redaction.default"', `"policy.redaction.default","redacted_summary":"${text}"`],
  ]);

export const formatStores: readonly FormatStore[] = [
  {
    name: 'tinyagents-files',
    reference: { files: (path) => `cat '${path}'/*.jsonl` },
    make(path, points, threads, bytes) {
      const base = tinyagentsLine();
      const text = padding(bytes);
      for (let t = 0; t < threads; t++)
        writeLines(join(path, `${threadName(t)}.jsonl`), perThread(points, threads), (i) =>
          tinyagentsRecord(base, threadName(t), i, text),
        );
    },
  },
  {
    name: 'tinyagents-sqlite',
    reference: {
      listing: 'SELECT thread_id, COUNT(*), MAX(seq) FROM checkpoints GROUP BY thread_id',
      points: 'SELECT checkpoint_id, parent_checkpoint_id FROM checkpoints',
    },
    make(path, points, threads, bytes) {
      const base = tinyagentsLine();
      const text = padding(bytes);
      emptied('tinyagents/v211-sqlite-linear/store.db', path, (db) => {
        const insert = db.prepare('INSERT INTO checkpoints VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)');
        for (let t = 0; t < threads; t++)
          for (let i = 0; i < perThread(points, threads); i++) {
            const record = tinyagentsRecord(base, threadName(t), i, text);
            const id = (n: number): string => `ckpt-1795267039637486149-${n}`;
            insert.run(threadName(t), id(i + 10), id(i + 9), 'run-1', '[]', '["publish"]', 'loop', i, record);
          }
      });
    },
  },
  {
    name: 'wesichain-files',
    reference: { files: (path) => `cat '${path}'/*.jsonl` },
    make(path, points, threads, bytes) {
      const base = wesichainLine();
      const text = padding(bytes);
      for (let t = 0; t < threads; t++)
        writeLines(join(path, `${threadName(t)}.jsonl`), perThread(points, threads), (i) =>
          replaced(base, [
            ['"seq":1,', `"seq":${i + 1},`],
            ['"fan-1"', `"${threadName(t)}"`],
            ['"step":1,', `"step":${i + 1},`],
            ['"blob":""', `"blob":"${text}"`],
          ]),
        );
    },
  },
  {
    name: 'wesichain-sqlite',
    reference: {
      listing: 'SELECT thread_id, COUNT(*), MAX(seq) FROM checkpoints GROUP BY thread_id',
      points: 'SELECT thread_id, seq, step FROM checkpoints',
    },
    make(path, points, threads, bytes) {
      const state = `{"data":{"session_id":null,"topic":"storms","count":1,"blob":"${padding(bytes)}"}}`;
      emptied('wesichain/sqlite-chat/store.db', path, (db) => {
        const insert = db.prepare('INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)');
        for (let t = 0; t < threads; t++)
          for (let i = 1; i <= perThread(points, threads); i++) {
            const time = new Date(1_795_267_039_637 + i * 1000).toISOString().replace('Z', '+00:00');
            insert.run(threadName(t), i, time, 'draft', i, state, '[["review",0]]');
          }
      });
    },
  },
  {
    name: 'atomr-sqlite',
    reference: {
      listing:
        'SELECT workflow_id, run_id, COUNT(*), MAX(super_step) FROM agent_checkpoints GROUP BY workflow_id, run_id',
      points: 'SELECT workflow_id, run_id, super_step, label FROM agent_checkpoints',
    },
    make(path, points, threads, bytes) {
      const values = `{"budget":7,"notes":["${padding(bytes)}"],"config":{"lang":"en"}}`;
      emptied('atomr/sql-linear/store.db', path, (db) => {
        const insert = db.prepare('INSERT INTO agent_checkpoints VALUES (?, ?, ?, ?, ?, ?)');
        for (let t = 0; t < threads; t++)
          for (let i = 1; i <= perThread(points, threads); i++)
            insert.run('linear', threadName(t), i, `layer:${i}`, values, 1_795_267_323_000 + i);
      });
    },
  },
  {
    name: 'clawdia-files',
    reference: { files: (path) => `cat '${path}'/runs/*/journal.ndjson` },
    make(path, points, threads, bytes) {
      const base = fixtureLine('clawdia/file-basic/store/runs/run.text-0ff31a09d10b/journal.ndjson', 1);
      const text = padding(bytes);
      for (let t = 0; t < threads; t++)
        writeLines(
          join(path, 'runs', clawdiaFolder(`run.text.${t}`), 'journal.ndjson'),
          perThread(points, threads),
          (i) => clawdiaRecord(base, `run.text.${t}`, i + 1, text),
        );
    },
  },
  {
    name: 'clawdia-sqlite',
    reference: {
      listing: 'SELECT run_id, COUNT(*), MAX(journal_seq) FROM run_journal_records GROUP BY run_id',
      points: 'SELECT run_id, journal_seq, record_id FROM run_journal_records',
    },
    make(path, points, threads, bytes) {
      const base = fixtureLine('clawdia/file-basic/store/runs/run.text-0ff31a09d10b/journal.ndjson', 1);
      const text = padding(bytes);
      emptied('clawdia/sqlite-basic/store.db', path, (db) => {
        const insert = db.prepare('INSERT INTO run_journal_records VALUES (?, ?, ?, ?)');
        for (let t = 0; t < threads; t++)
          for (let i = 1; i <= perThread(points, threads); i++)
            insert.run(`run.text.${t}`, i, `journal.turn.${i}`, clawdiaRecord(base, `run.text.${t}`, i, text));
      });
    },
  },
  {
    name: 'car-files',
    reference: { files: (path) => `cat '${path}'/*.json` },
    make(path, points, threads, bytes) {
      const text = readFileSync(join(fixtures, 'car/v060/runs/gate2.json'), 'utf8');
      const found = /"stage_results": \[\n( {4}\{[\s\S]*?\n {4}\}),?\n/.exec(text);
      const [, result] = found ?? [];
      if (result === undefined) throw new Error('the fixture of CAR has no stage result');
      const start = text.indexOf('"stage_results": [');
      const end = text.indexOf('\n  ],', start);
      const padded = padding(bytes);
      mkdirSync(path, { recursive: true });
      for (let t = 0; t < threads; t++) {
        const results = Array.from({ length: perThread(points, threads) - 1 }, () =>
          result.replace('"status": "succeeded"', `"status": "succeeded",\n      "detail": "${padded}"`),
        );
        const run = `${text.slice(0, start)}"stage_results": [\n${results.join(',\n')}${text.slice(end)}`;
        const file = openSync(join(path, `${threadName(t)}.json`), 'w');
        writeSync(file, run.replace('"run_id": "gate2"', `"run_id": "${threadName(t)}"`));
        closeSync(file);
      }
    },
  },
];
