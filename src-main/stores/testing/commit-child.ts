// A process of its own for tests that need one: to be killed in the middle of a commit, to run under limits or as another user, or
// to write at full speed. Takes one JSON argument, prints one JSON line.

import { statSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import * as z from 'zod/mini';
import { asForkpointError } from '../../../shared/model/errors.ts';
import type { CommitHooks } from '../backend.ts';
import { commitStages } from '../backend.ts';
import { openFiles } from '../files/backend.ts';
import { openSqlite } from '../sqlite/backend.ts';
import { fileChanges, fileKinds, relyOnSample, sqliteChanges, sqliteKinds } from './sample-stores.ts';

// A process that is killed would never keep what it compiled.
flushCompileCache();

const Job = z.discriminatedUnion('role', [
  z.object({
    role: z.literal('commit'),
    path: z.string(),
    bundle: z.string(),
    change: z.union([z.enum(sqliteKinds), z.literal('large'), z.enum(fileKinds)]),
    /** SIGKILL when the commit gets there. */
    killAt: z.nullable(z.enum(commitStages)),
    /** Drop to this user first. */
    uid: z.nullable(z.number()),
  }),
  /** Commits as fast as it can for a while; prints how often. */
  z.object({ role: z.literal('write'), path: z.string(), milliseconds: z.number() }),
  /** Holds the write lock until its input ends. */
  z.object({ role: z.literal('lock'), path: z.string() }),
]);

const isSqliteKind = (change: string): change is (typeof sqliteKinds)[number] | 'large' =>
  change === 'large' || sqliteKinds.some((kind) => kind === change);
const isFileKind = (change: string): change is (typeof fileKinds)[number] => fileKinds.some((kind) => kind === change);

function say(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

const job = Job.parse(JSON.parse(process.argv[2] ?? ''));
switch (job.role) {
  case 'commit': {
    if (job.uid !== null) {
      process.setgid?.(job.uid);
      process.setuid?.(job.uid);
    }
    const hooks: CommitHooks = {
      at: (stage) => {
        if (stage === job.killAt) process.kill(process.pid, 'SIGKILL');
      },
    };
    try {
      const sqlite = isSqliteKind(job.change);
      const backend = sqlite ? openSqlite(job.path) : openFiles(job.path);
      const changes = isSqliteKind(job.change)
        ? sqliteChanges(job.change)
        : isFileKind(job.change)
          ? fileChanges(job.change, statSync(join(job.path, 'a.jsonl')).size)
          : null;
      if (changes === null) throw new Error('no such change');
      const relying = relyOnSample(backend);
      say({ applied: backend.apply(changes, relying.relied, job.bundle, hooks) });
      backend.close();
    } catch (thrown) {
      say({ error: asForkpointError(thrown).toShape() });
    }
    break;
  }
  case 'write': {
    const database = new Database(job.path);
    database.pragma('busy_timeout=5000');
    const insert = database.prepare('INSERT INTO writes VALUES (?, ?, ?, ?)');
    const until = performance.now() + job.milliseconds;
    say({ ready: true });
    let count = 0;
    while (performance.now() < until) {
      insert.run('w', count, 0.5, 'x'.repeat(500));
      count += 1;
      if (count % 50 === 0) await pause(0);
    }
    database.close();
    say({ count });
    break;
  }
  case 'lock': {
    const database = new Database(job.path);
    database.exec('BEGIN IMMEDIATE');
    say({ ready: true });
    process.stdin.on('end', () => database.close());
    process.stdin.resume();
    break;
  }
}
