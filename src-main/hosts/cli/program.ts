// The terminal's commands (`docs/cli.md`): parses, calls the service's reports and operations, prints for people or as one JSON document.

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { ForkpointError, asForkpointError, exitCodeOf } from '../../../shared/model/errors.ts';
import { statuses, type Status } from '../../../shared/model/status.ts';
import { readAssignment } from '../../service/report/assignment.ts';
import { jsonText } from '../../service/report/json.ts';
import { records } from '../../service/report/records.ts';
import * as read from '../../service/report/read.ts';
import { resolvePoint, pointAt, requireThread, type Point } from '../../service/report/resolve.ts';
import { infoOf, openSession, storesIn, type Session, type SessionDraw } from '../../service/report/session.ts';
import { version } from '../../service/installation.ts';
import { listFormats } from '../../service/report/formats.ts';
import type { Plan } from '../../../shared/model/shapes.ts';
import type { OperationArgs } from '../../../shared/contract/methods.ts';
import { commandFirst, positionals, wholeNumber, type EditArgument } from './arguments.ts';
import { paintFor, planText, visible, type Paint } from './format.ts';
import * as human from './human.ts';

/** Where the terminal writes; tests give their own. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Raw bytes of `show --raw` and `export`. */
  outBytes(bytes: Uint8Array): void;
  readonly columns: number;
  readonly colour: boolean;
  /** Clock and identities of what is written, where they must be the same in every run; else the system's. */
  readonly draw?: SessionDraw;
}

/** What starts windows and servers; the start layer gives it, so that this host needs no other. */
export interface Starters {
  serve(
    stores: readonly string[],
    options: { port: number; open: boolean; readOnly: boolean },
    terminal: Terminal,
  ): Promise<number>;
  window(stores: readonly string[], terminal: Terminal): Promise<number>;
}

interface ReadOptions {
  json?: boolean;
  namespace?: string;
  threadJson?: string;
}

interface WriteOptions extends ReadOptions {
  commit?: boolean;
  expect?: string;
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
  const print = (value: unknown): void => terminal.out(`${jsonText(value)}\n`);
  const say = (text: string): void => terminal.out(`${text}\n`);
  const edits: EditArgument[] = [];

  const program = new Command('forkpoint')
    .description('A time-travel debugger for agent runs: opens the checkpoint store that a framework wrote.')
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: (t) => terminal.out(t), writeErr: () => undefined })
    .argument('[stores...]', 'files or folders to open in a window')
    .action(async (stores: string[]) => setCode(await starters.window(stores, terminal)));

  const command = (name: string, args: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .usage(`${args} [options]`)
      .argument('[args...]')
      .option('--json', 'print one JSON document')
      .exitOverride();
  let keyVariable: string | null = null;
  const withKey = (c: Command): Command =>
    c.option(
      '--key-env <name>',
      'the environment variable that holds the key of an encrypted store',
      (name: string) => {
        keyVariable = name;
      },
    );
  const withThread = (c: Command): Command =>
    withKey(c)
      .option('--thread-json <string>', 'the thread as a JSON string, where an argument cannot carry it')
      .option('--namespace <ns>', 'the namespace of a sub-graph');
  const withEdits = (c: Command): Command => {
    const add = (op: 'set' | 'append', option: string) => (text: string) => {
      const { path, value } = readAssignment(text, option);
      edits.push({ op, path, value });
    };
    return c
      .option('--set <path=json>', 'set a value (repeatable; edits apply in order)', add('set', '--set'))
      .option('--set-file <path=file>', 'set a value to the tagged JSON in a file', (text: string) => {
        const { path, value } = readAssignment(text, '--set-file');
        edits.push({ op: 'set', path, value: readText(value) });
      })
      .option('--append <path=json>', 'append to a list', add('append', '--append'))
      .option('--remove <path>', 'remove a value', (path: string) => {
        edits.push({ op: 'remove', path });
      });
  };
  const withCommit = (c: Command): Command =>
    c.option('--commit', 'carry the plan out').option('--expect <planId>', 'commit only if the plan is still this one');

  command('formats', '', 'what can be opened, and what each format can do').action(
    (args: string[], options: ReadOptions) => {
      positionals('formats', [], args, undefined);
      const formats = listFormats();
      if (options.json === true) print(formats);
      else say(human.formats(formats, paint));
    },
  );

  withKey(command('info', '<store>', 'what a store is')).action((args: string[], options: ReadOptions) => {
    const { store = '' } = positionals('info', ['store'], args, undefined);
    const several = storesIn(resolve(store));
    if (several !== null) {
      if (options.json === true) print({ path: resolve(store), ...several });
      else say(human.stores(resolve(store), several.stores, several.complete, paint));
      return;
    }
    const info = infoOf(resolve(store), keyVariable);
    if (options.json === true) print(info);
    else say(human.info(info, paint));
  });

  withKey(command('threads', '<store>', 'the threads of a store, newest first'))
    .option('--search <text>', 'ids that contain this text')
    .addOption(new Option('--status <status>', 'only threads of this status').choices([...statuses]))
    .option('--limit <n>', 'at most so many')
    .action((args: string[], options: ReadOptions & { search?: string; status?: Status; limit?: string }) => {
      const { store = '' } = positionals('threads', ['store'], args, undefined);
      withSession(store, true, ({ store }) => {
        const rows = read.threads(store, {
          search: options.search ?? null,
          status: options.status ?? null,
          limit: options.limit === undefined ? null : wholeNumber(options.limit, '--limit', 1),
        });
        if (options.json === true) print(rows);
        else say(human.threads(rows, paint));
      });
    });

  withThread(command('log', '<store> <thread>', 'the checkpoints of a thread, with their lineage'))
    .option('--all-namespaces', 'sub-graphs too')
    .action((args: string[], options: ReadOptions & { allNamespaces?: boolean }) => {
      const { store = '', thread = '' } = positionals('log', ['store', 'thread'], args, options.threadJson);
      withSession(store, true, ({ store }) => {
        requireThread(store, thread);
        const rows = read.log(store, thread, options.namespace ?? null, options.allNamespaces === true);
        if (options.json === true) print(rows);
        else say(human.log(rows, terminal.columns, paint));
      });
    });

  withThread(command('show', '<store> <thread> [<checkpoint>]', 'the state at a checkpoint'))
    .option('--path <path>', 'only the value at this path')
    .option('--applied', 'with the writes that finished tasks and commands have left')
    .option('--raw', 'the stored bytes')
    .action((args: string[], options: ReadOptions & { path?: string; applied?: boolean; raw?: boolean }) => {
      const at = positionals('show', ['store', 'thread', 'checkpoint?'], args, options.threadJson);
      withPoint(at, options, ({ store }, point) => {
        if (options.path !== undefined) {
          const value = read.valueAt(store, point, options.path, options.applied === true);
          if (options.raw === true && options.json !== true) terminal.outBytes(value.slice());
          else if (options.raw === true)
            print({ bytes: value.end - value.start, data: Buffer.from(value.slice()).toString('base64') });
          else say(options.json === true ? read.valueText(value, 0) : read.valueText(value, 2));
        } else if (options.raw === true) {
          if (options.json === true) print(read.rawDocument(store, point));
          else say(human.raw(store.raw(point.key), paint));
        } else {
          const detail = read.detail(store, point, options.applied === true);
          if (options.json === true) print(detail);
          else say(human.detail(store, point, options.applied === true, paint));
        }
      });
    });

  withThread(command('pending', '<store> <thread> [<checkpoint>]', 'what would run next, and why it has not')).action(
    (args: string[], options: ReadOptions) => {
      const at = positionals('pending', ['store', 'thread', 'checkpoint?'], args, options.threadJson);
      withPoint(at, options, ({ store }, point) => {
        const pending = store.pending(point.key);
        if (options.json === true) print(read.pendingDocument(pending));
        else say(human.pending(pending, paint));
      });
    },
  );

  withThread(
    command('records', '<store> <thread> [<checkpoint>]', 'what the framework keeps beside the checkpoints'),
  ).action((args: string[], options: ReadOptions) => {
    const at = positionals('records', ['store', 'thread', 'checkpoint?'], args, options.threadJson);
    withSession(at['store'] ?? '', true, (session) => {
      const thread = at['thread'] ?? '';
      requireThread(session.store, thread);
      const key = at['checkpoint'] === undefined ? null : pointOf(session, at, options).key;
      if (options.json === true) print([...records(session.store, thread, key)]);
      else say(human.records(session.store, thread, key, paint));
    });
  });

  withThread(
    command('diff', '<store> <thread> <a> [<b>]', 'what changed between two checkpoints, or what one step changed'),
  )
    .option('--path <path>', 'only below this path')
    .option('--patch', 'as RFC 6902, with pointers into the tagged document')
    .action((args: string[], options: ReadOptions & { path?: string; patch?: boolean }) => {
      const at = positionals('diff', ['store', 'thread', 'a', 'b?'], args, options.threadJson);
      withSession(at['store'] ?? '', true, ({ store }) => {
        const first = resolvePoint(store, at['thread'] ?? '', at['a'] ?? '', options.namespace ?? null);
        const second =
          at['b'] === undefined ? null : resolvePoint(store, at['thread'] ?? '', at['b'], options.namespace ?? null);
        const { before, after } =
          second === null ? { before: parentOf(store, first), after: first } : { before: first, after: second };
        if (options.patch === true) say(read.patchText(store, before, after, options.path ?? null));
        else if (options.json === true) print(read.diffDocument(store, before, after, options.path ?? null));
        else say(human.diff(store, before, after, options.path ?? null, paint));
      });
    });

  withCommit(
    withEdits(
      withThread(
        command(
          'fork',
          '<store> <thread> [<checkpoint>]',
          'a new branch from a checkpoint, in a new thread or in place',
        ),
      ),
    ),
  )
    .option('--into <id>', 'the new thread (default: <thread>-fork-N)')
    .option('--in-place', 'in the same thread, where it becomes the head')
    .addOption(new Option('--pending <what>', 'pending writes of the checkpoint').choices(['keep', 'drop']))
    .option('--leave <code>', 'leave a second change alone (repeatable; the plan names them)', collect, [])
    .action(
      async (
        args: string[],
        options: WriteOptions & { into?: string; inPlace?: boolean; pending?: 'keep' | 'drop'; leave: string[] },
      ) => {
        if (options.into !== undefined && options.inPlace === true) {
          throw new ForkpointError(
            'usage',
            'A fork goes either into a new thread (--into) or in place (--in-place), not both; nothing was changed.',
          );
        }
        const at = positionals('fork', ['store', 'thread', 'checkpoint?'], args, options.threadJson);
        write(at, options, (_, point) => ({
          operation: 'fork',
          key: point.key,
          edits: [...edits],
          target: options.inPlace === true ? { kind: 'in-place' } : { kind: 'thread', thread: options.into ?? null },
          pending: options.pending ?? null,
          leave: options.leave,
        }));
      },
    );

  withCommit(
    withEdits(withThread(command('edit', '<store> <thread> [<checkpoint>]', 'a fork in place that carries an edit'))),
  )
    .option('--leave <code>', 'leave a second change alone (repeatable; the plan names them)', collect, [])
    .action((args: string[], options: WriteOptions & { leave: string[] }) => {
      const at = positionals('edit', ['store', 'thread', 'checkpoint?'], args, options.threadJson);
      if (edits.length === 0) {
        throw new ForkpointError(
          'usage',
          '`forkpoint edit` needs at least one edit; nothing was changed.',
          `For example: --set plan='"mail the customer"'`,
        );
      }
      write(at, options, (_, point) => ({
        operation: 'edit',
        key: point.key,
        edits: [...edits],
        leave: options.leave,
      }));
    });

  withThread(command('export', '<store> <thread>', 'a thread as one lossless JSON document'))
    .option('-o, --output <file>', 'write to a file instead of the terminal')
    .action((args: string[], options: ReadOptions & { output?: string }) => {
      const { store = '', thread = '' } = positionals('export', ['store', 'thread'], args, options.threadJson);
      withSession(store, true, (session) => {
        requireThread(session.store, thread);
        if (options.output === undefined) {
          session.exportThread(thread, (chunk) => terminal.outBytes(chunk));
          return;
        }
        const bytes = session.exportToFile(thread, resolve(options.output));
        if (options.json === true) print({ file: resolve(options.output), bytes });
        else say(`Wrote ${resolve(options.output)} (${bytes.toLocaleString('en-US')} bytes).`);
      });
    });

  withCommit(command('import', '<store> <file>', 'a thread document into a store'))
    .option('--into <id>', 'the new thread (default: the id in the document)')
    .action((args: string[], options: WriteOptions & { into?: string }) => {
      const { store = '', file = '' } = positionals('import', ['store', 'file'], args, undefined);
      withSession(store, false, (session) => {
        const document = session.uploadFile(resolve(file));
        planOrCommit(session, { operation: 'import', document, into: options.into ?? null }, options);
      });
    });

  command('operations', '<store>', 'what was done to a store, newest first').action(
    (args: string[], options: ReadOptions) => {
      const { store = '' } = positionals('operations', ['store'], args, undefined);
      withSession(store, true, (session) => {
        const rows = session.operations();
        if (options.json === true) print(rows);
        else say(human.operations(rows, paint));
      });
    },
  );

  withCommit(
    command(
      'undo',
      '<store> [<operation>]',
      'takes an operation back (the last one by default); undoing an undo is redo',
    ),
  ).action((args: string[], options: WriteOptions) => {
    const { store = '', operation } = positionals('undo', ['store', 'operation?'], args, undefined);
    withSession(store, false, (session) => {
      planOrCommit(session, { operation: 'undo', operationId: operation ?? null }, options);
    });
  });

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

  function withSession(path: string, readOnly: boolean, use: (session: Session) => void): void {
    const session = openSession(resolve(path), readOnly, terminal.draw, keyVariable);
    try {
      use(session);
    } finally {
      session.close();
    }
  }

  function withPoint(
    at: Record<string, string>,
    options: ReadOptions,
    use: (session: Session, point: Point) => void,
  ): void {
    withSession(at['store'] ?? '', true, (session) => use(session, pointOf(session, at, options)));
  }

  function pointOf(session: Session, at: Record<string, string>, options: ReadOptions): Point {
    const thread = at['thread'] ?? '';
    requireThread(session.store, thread);
    const text = at['checkpoint'] ?? 'head';
    const point = resolvePoint(session.store, thread, text, options.namespace ?? null);
    // Only a diff reaches into another thread: a fork must never land on a thread that was not named.
    if (point.lineage.thread === thread) return point;
    throw new ForkpointError(
      'not_found',
      `The checkpoint ${JSON.stringify(text)} is not one of thread ${JSON.stringify(thread)}; nothing was changed.`,
      `It belongs to thread ${JSON.stringify(point.lineage.thread)}: name that one.`,
    );
  }

  function write(
    at: Record<string, string>,
    options: WriteOptions,
    args: (session: Session, point: Point) => OperationArgs,
  ): void {
    withSession(at['store'] ?? '', false, (session) => {
      planOrCommit(session, args(session, pointOf(session, at, options)), options);
    });
  }

  function planOrCommit(session: Session, args: OperationArgs, options: WriteOptions): void {
    if (options.expect !== undefined && options.commit !== true) {
      throw new ForkpointError('usage', '--expect goes with --commit; nothing was changed.');
    }
    const plan: Plan = options.commit === true ? session.commit(args, options.expect ?? null) : session.plan(args);
    if (options.json === true) print(plan);
    else say(planText(plan, paint));
  }

  return program;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

function readText(file: string): string {
  try {
    return readFileSync(resolve(file), 'utf8');
  } catch (error) {
    throw new ForkpointError(
      'unreadable',
      `The file ${file} could not be read (${error instanceof Error ? error.message : String(error)}); nothing was changed.`,
    );
  }
}

function parentOf(store: Session['store'], point: Point): Point | null {
  const parent = point.lineage.parent[point.index] ?? -1;
  return parent < 0 ? null : pointAt(store, point.lineage, parent);
}
