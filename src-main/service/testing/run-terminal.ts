// Starts `terminal-child.ts`.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { ErrorShape } from '../../../shared/model/errors.ts';

const script = fileURLToPath(new URL('./terminal-child.ts', import.meta.url));
const Answer = z.object({
  probe: z.nullable(z.string()),
  ran: z.array(z.object({ code: z.number(), out: z.string(), err: z.string() })),
});
export type ChildAnswer = z.infer<typeof Answer>;

export interface ChildJob {
  /** Tried first: gives the system's word for the fault, null if nothing failed. */
  readonly probe?: { readonly how: 'read' | 'append'; readonly path: string; readonly bytes: number };
  readonly commands: readonly (readonly string[])[];
  readonly dataFolder: string;
  /** No file may grow beyond this. */
  readonly limitKib?: number;
  /** As a user without rights (root ignores permissions); anyone but root is one already. */
  readonly ordinary?: boolean;
}

export const ordinaryUser = process.getuid?.() === 0 ? 65_534 : null;

export async function runInChild(job: ChildJob): Promise<ChildAnswer> {
  const text = JSON.stringify({
    uid: job.ordinary === true ? ordinaryUser : null,
    probe: job.probe ?? null,
    commands: job.commands,
  });
  const env = { ...process.env, FORKPOINT_DATA: job.dataFolder };
  const child =
    job.limitKib === undefined
      ? spawn(process.execPath, [script, text], { env, stdio: ['ignore', 'pipe', 'pipe'] })
      : spawn('bash', ['-c', `ulimit -f ${job.limitKib}; exec "$0" "$@"`, process.execPath, script, text], {
          // Node writes its compile cache as it ends, when nothing catches the signal of the limit any more.
          env: { ...env, NODE_DISABLE_COMPILE_CACHE: '1' },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (err += piece));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (...how) => resolve(how)),
  );
  if (code !== 0) throw new Error(`the child ended with ${code ?? signal}: ${err}`);
  return z.parse(Answer, JSON.parse(out));
}

/** The error that a command printed with `--json`. */
export function errorOf(ran: ChildAnswer['ran'][number] | undefined): ErrorShape {
  return z.parse(z.object({ error: ErrorShape }), JSON.parse(ran?.out ?? '')).error;
}
