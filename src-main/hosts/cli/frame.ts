// What all commands of the terminal share: how one is declared, the options that several take, the store that it is for.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { readAssignment } from '../../service/report/assignment.ts';
import { jsonText } from '../../service/report/json.ts';
import { requireThread, resolvePoint, type Point } from '../../service/report/resolve.ts';
import { openSession, type Session } from '../../service/report/session.ts';
import type { EditArgument } from './arguments.ts';
import type { Paint } from './format.ts';
import type { Terminal } from './terminal.ts';

export interface ReadOptions {
  json?: boolean;
  namespace?: string;
  threadJson?: string;
}

/** The frame in which one command line is run. */
export interface Frame {
  readonly terminal: Terminal;
  readonly paint: Paint;
  /** Edits in the order in which they were given. */
  readonly edits: readonly EditArgument[];
  /** The environment variable that `--key-env` named; null without one. */
  readonly keyVariable: () => string | null;
  /** One JSON document. */
  readonly print: (value: unknown) => void;
  readonly say: (text: string) => void;
  readonly command: (name: string, args: string, description: string) => Command;
  readonly withKey: (command: Command) => Command;
  readonly withThread: (command: Command) => Command;
  /** For commands that are for a thread as a whole. */
  readonly withWholeThread: (command: Command) => Command;
  readonly withEdits: (command: Command) => Command;
  readonly withSession: (path: string, readOnly: boolean, use: (session: Session) => void) => void;
  readonly withPoint: (
    at: Record<string, string>,
    options: ReadOptions,
    use: (session: Session, point: Point) => void,
  ) => void;
  /** The checkpoint that was named, `head` where none was. Throws `not_found`, also for one of another thread. */
  readonly pointOf: (session: Session, at: Record<string, string>, options: ReadOptions) => Point;
}

export function frameOf(program: Command, terminal: Terminal, paint: Paint): Frame {
  const print = (value: unknown): void => terminal.out(`${jsonText(value)}\n`);
  const say = (text: string): void => terminal.out(`${text}\n`);
  const edits: EditArgument[] = [];

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
  const withWholeThread = (c: Command): Command =>
    c.option('--thread-json <string>', 'the thread as a JSON string, where an argument cannot carry it');
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

  return {
    terminal,
    paint,
    edits,
    keyVariable: () => keyVariable,
    print,
    say,
    command,
    withKey,
    withThread,
    withWholeThread,
    withEdits,
    withSession,
    withPoint,
    pointOf,
  };
}

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
