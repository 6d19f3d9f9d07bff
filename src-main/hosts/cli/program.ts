// The terminal (`docs/cli.md`): parses a command line, runs it, and turns what it throws into a sentence and an exit code.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { ForkpointError, asForkpointError, exitCodeOf } from '../../../shared/model/errors.ts';
import { version } from '../../service/installation.ts';
import { commandFirst, wholeNumber } from './arguments.ts';
import { paintFor, visible, type Paint } from './format.ts';
import { frameOf } from './frame.ts';
import { readingCommands } from './reading.ts';
import type { Terminal } from './terminal.ts';
import { writingCommands } from './writing.ts';

/** What starts windows and servers; the start layer gives it, so that this host needs no other. */
export interface Starters {
  serve(
    stores: readonly string[],
    options: { port: number; open: boolean; readOnly: boolean },
    terminal: Terminal,
  ): Promise<number>;
  window(stores: readonly string[], terminal: Terminal): Promise<number>;
}

/** Runs one command line. Resolves to the exit code; never throws. */
export async function runTerminal(argv: readonly string[], terminal: Terminal, starters: Starters): Promise<number> {
  const paint = paintFor(terminal.colour);
  const wantsJson = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).includes('--json');
  let code = 0;
  const program = build(terminal, paint, starters, (n) => (code = n));
  try {
    const args = commandFirst(argv);
    requireCommand(program, args[0] ?? '');
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return 0;
      const message = `${thrown.message.replace(/^error: /, '').replace(/\.$/, '')}; nothing was changed.`;
      return fail(
        new ForkpointError('usage', message.charAt(0).toUpperCase() + message.slice(1), 'See `forkpoint --help`.'),
        wantsJson,
        terminal,
      );
    }
    return fail(asForkpointError(thrown), wantsJson, terminal);
  }
}

/** A bare word that is no command is looked for as a store; where there is none, the word was meant as a command. */
function requireCommand(program: Command, word: string): void {
  if (!/^[a-z][a-z-]*$/.test(word) || word === 'help' || program.commands.some((c) => c.name() === word)) return;
  if (existsSync(resolve(word))) return;
  throw new ForkpointError(
    'usage',
    `There is no command \`${word}\`, and no file or folder of that name; nothing was changed.`,
    'See `forkpoint --help`.',
  );
}

function fail(error: ForkpointError, json: boolean, terminal: Terminal): number {
  if (json) terminal.out(`${JSON.stringify({ error: error.toShape() })}\n`);
  // Names in a sentence come from the store or its path: what a terminal would obey is made visible.
  terminal.err(`forkpoint: ${visible(`${error.message}${error.hint === null ? '' : ` ${error.hint}`}`)}\n`);
  return exitCodeOf(error.code);
}

function build(terminal: Terminal, paint: Paint, starters: Starters, setCode: (code: number) => void): Command {
  const program = new Command('forkpoint')
    .description('A time-travel debugger for agent runs: opens the checkpoint store that a framework wrote.')
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: (t) => terminal.out(t), writeErr: () => undefined })
    .argument('[stores...]', 'files or folders to open in a window')
    .action(async (stores: string[]) => setCode(await starters.window(stores, terminal)));

  const frame = frameOf(program, terminal, paint);
  readingCommands(frame);
  writingCommands(frame);

  program
    .command('serve')
    .description('the window in a browser: prints its address, runs until stopped')
    .usage('[<store>…] [options]')
    .argument('[stores...]')
    .option('--port <n>', 'the port (default: a free one)')
    .option('--open', 'open the system browser')
    .option('--read-only', 'refuse every write')
    .option('--json', 'print one JSON document (this command always does)')
    .exitOverride()
    .action(async (stores: string[], options: { port?: string; open?: boolean; readOnly?: boolean }) => {
      const port = options.port === undefined ? 0 : wholeNumber(options.port, '--port', 1);
      setCode(
        await starters.serve(
          stores,
          { port, open: options.open === true, readOnly: options.readOnly === true },
          terminal,
        ),
      );
    });

  return program;
}
