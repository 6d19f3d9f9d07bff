// The terminal itself: `forkpoint …` over the process's own streams.

import { runTerminal } from '../hosts/cli/program.ts';
import type { Terminal } from '../hosts/cli/terminal.ts';
import { starters } from './windows.ts';

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  outBytes: (bytes) => void process.stdout.write(bytes),
  columns: process.stdout.columns ?? 120,
  colour: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
};

// a reader that closes early (`| head`) is not an error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runTerminal(process.argv.slice(2), terminal, starters);
