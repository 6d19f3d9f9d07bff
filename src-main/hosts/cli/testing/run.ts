// One command line in this process, for tests: what it printed and its exit code. It opens no windows.

import { runTerminal } from '../program.ts';

export interface Ran {
  readonly code: number;
  /** Raw bytes (`show --raw`, `export`) as Latin-1 text among it. */
  readonly out: string;
  readonly err: string;
}

export async function runForkpoint(args: readonly string[]): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await runTerminal(
    args,
    {
      out: (text) => (out += text),
      err: (text) => (err += text),
      outBytes: (bytes) => (out += Buffer.from(bytes).toString('latin1')),
      columns: 100,
      colour: false,
    },
    { serve: () => Promise.resolve(0), window: () => Promise.resolve(0) },
  );
  return { code, out, err };
}
