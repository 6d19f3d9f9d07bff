// Starts `commit-child.ts` for tests: to its end, or beside the test.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./commit-child.ts', import.meta.url));

export interface ChildResult {
  readonly signal: string | null;
  /** Last line that it printed, null if it printed none. */
  readonly said: unknown;
}

/** Runs a job to its end; with `limitKib` no file may grow beyond that size. */
export function runChild(job: object, limitKib: number | null = null): ChildResult {
  const args = [script, JSON.stringify(job)];
  // `exec` keeps the signal that ends it visible.
  const done =
    limitKib === null
      ? spawnSync(process.execPath, args, { encoding: 'utf8' })
      : spawnSync('bash', ['-c', `ulimit -f ${limitKib}; exec "$0" "$@"`, process.execPath, ...args], {
          encoding: 'utf8',
          // Node writes its compile cache as it ends, when nothing catches the signal of the limit any more.
          env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
        });
  const line = done.stdout.trim().split('\n').at(-1) ?? '';
  if (line === '' && done.signal === null) throw new Error(`the child said nothing: ${done.stderr}`);
  return { signal: done.signal, said: line === '' ? null : JSON.parse(line) };
}

export interface RunningChild {
  readonly process: ChildProcess;
  /** The next line that it prints. */
  next(): Promise<unknown>;
  end(): Promise<void>;
}

/** Starts a job and waits for its first line. */
export async function startChild(job: object): Promise<RunningChild> {
  const child = spawn(process.execPath, [script, JSON.stringify(job)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: unknown[] = [];
  const waiting: ((line: unknown) => void)[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const taker = waiting.shift();
      if (taker === undefined) lines.push(JSON.parse(part));
      else taker(JSON.parse(part));
    }
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const next = async (): Promise<unknown> =>
    lines.length > 0 ? lines.shift() : await new Promise((resolve) => waiting.push(resolve));
  const running: RunningChild = {
    process: child,
    next,
    async end() {
      child.stdin.end();
      await exited;
    },
  };
  await next();
  return running;
}
