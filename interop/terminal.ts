// Our terminal with a clock and ids that are the same in every run, so that what an interop program wrote can be written again to the
// byte. `node interop/terminal.ts <draw> <forkpoint arguments…>` is `forkpoint <arguments…>`.

import { createHash } from 'node:crypto';
import { runTerminal } from '../src-main/hosts/cli/program.ts';

/** Noon of 1 March 2027. */
const firstMoment = 1_803_902_400_000;

/** The key of the encrypted genuine stores, and the variable that programs and the replay give it in. */
export const fixtureKey = '1234567890123456';
export const fixtureKeyName = 'FORKPOINT_FIXTURE_KEY';

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process. @param draw tells the ids and times of one command from those of another */
export async function forkpointWith(draw: number, args: readonly string[]): Promise<Answer> {
  const out: Uint8Array[] = [];
  let err = '';
  let drawn = 0;
  const none = (): never => {
    throw new Error('interop programs open no windows');
  };
  const terminal = {
    out: (text: string) => void out.push(Buffer.from(text)),
    err: (text: string) => void (err += text),
    outBytes: (bytes: Uint8Array) => void out.push(bytes),
    columns: 120,
    colour: false,
    draw: {
      now: () => firstMoment + draw * 60_000,
      random(n: number) {
        const seed = createHash('shake256', { outputLength: n });
        return new Uint8Array(seed.update(`${draw}.${drawn++}`).digest());
      },
    },
  };
  process.env[fixtureKeyName] = fixtureKey;
  const code = await runTerminal(args, terminal, { serve: none, window: none });
  return { code, out: Buffer.concat(out).toString('utf8'), err };
}

if (process.argv[1] === import.meta.filename) {
  const [draw, ...args] = process.argv.slice(2);
  const { code, out, err } = await forkpointWith(Number(draw), args);
  process.stdout.write(out);
  process.stderr.write(err);
  process.exitCode = code;
}
