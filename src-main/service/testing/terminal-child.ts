// Run as a process of its own by tests that need another user, a file-size limit, or two of Forkpoint at once. Takes one JSON
// argument, tries first whether the fault bites, runs command lines, and prints what came of them as JSON.

import { appendFileSync, readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { runForkpoint } from '../../hosts/cli/testing/run.ts';

const Job = z.object({
  /** Drop to this user first. */
  uid: z.nullable(z.number()),
  /** What must fail for the fault to be one. */
  probe: z.nullable(z.object({ how: z.enum(['read', 'append']), path: z.string(), bytes: z.number() })),
  commands: z.array(z.array(z.string())),
});

const job = z.parse(Job, JSON.parse(process.argv[2] ?? ''));
// A file that grows beyond its limit ends the process unless the signal is caught; then the write fails, as on a full disk.
process.on('SIGXFSZ', () => undefined);
if (job.uid !== null) {
  process.setgid?.(job.uid);
  process.setuid?.(job.uid);
}

let probe: string | null = null;
try {
  if (job.probe?.how === 'read') readFileSync(job.probe.path);
  if (job.probe?.how === 'append') appendFileSync(job.probe.path, Buffer.alloc(job.probe.bytes));
} catch (error) {
  probe = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

const ran = [];
for (const command of job.commands) ran.push(await runForkpoint(command));
process.stdout.write(JSON.stringify({ probe, ran }));
