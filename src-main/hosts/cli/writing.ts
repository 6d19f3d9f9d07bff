// The commands that change a store: each prints its plan, and carries it out with `--commit`.

import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { OperationArgs } from '../../../shared/contract/methods.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Plan } from '../../../shared/model/shapes.ts';
import { requireThread, type Point } from '../../service/report/resolve.ts';
import type { Session } from '../../service/report/session.ts';
import { positionals } from './arguments.ts';
import { planText } from './format.ts';
import type { Frame, ReadOptions } from './frame.ts';

interface WriteOptions extends ReadOptions {
  commit?: boolean;
  expect?: string;
}

const collect = (value: string, before: string[]): string[] => [...before, value];

export function writingCommands(frame: Frame): void {
  const { paint, edits, print, say, command, withThread, withWholeThread, withEdits, withSession, pointOf } = frame;

  const withCommit = (c: Command): Command =>
    c.option('--commit', 'carry the plan out').option('--expect <planId>', 'commit only if the plan is still this one');

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

  withCommit(command('import', '<store> <file>', 'a thread document into a store'))
    .option('--into <id>', 'the new thread (default: the id in the document)')
    .action((args: string[], options: WriteOptions & { into?: string }) => {
      const { store = '', file = '' } = positionals('import', ['store', 'file'], args, undefined);
      withSession(store, false, (session) => {
        const document = session.uploadFile(resolve(file));
        planOrCommit(session, { operation: 'import', document, into: options.into ?? null }, options);
      });
    });

  withCommit(withWholeThread(command('copy', '<store> <thread>', 'a whole thread once more, here or in another store')))
    .option('--into <id>', 'the new thread (default: <thread>-copy-N, in another store the same id)')
    .option('--to <store>', 'another store of the same framework, whichever its backend')
    .action((args: string[], options: WriteOptions & { into?: string; to?: string }) => {
      const { store = '', thread = '' } = positionals('copy', ['store', 'thread'], args, options.threadJson);
      withSession(store, false, (session) => {
        requireThread(session.store, thread);
        const to = options.to === undefined ? null : resolve(options.to);
        planOrCommit(session, { operation: 'copy', thread, into: options.into ?? null, to }, options);
      });
    });

  withCommit(withWholeThread(command('rename', '<store> <thread>', 'another id for a whole thread')))
    .option('--into <id>', 'the new id')
    .action((args: string[], options: WriteOptions & { into?: string }) => {
      const { store = '', thread = '' } = positionals('rename', ['store', 'thread'], args, options.threadJson);
      const { into } = options;
      if (into === undefined) {
        throw new ForkpointError(
          'usage',
          '`forkpoint rename` needs the new id; nothing was changed.',
          'For example: --into alice-2',
        );
      }
      withSession(store, false, (session) => {
        requireThread(session.store, thread);
        planOrCommit(session, { operation: 'rename', thread, into }, options);
      });
    });

  withCommit(withWholeThread(command('delete', '<store> <thread>', 'takes a whole thread out of a store'))).action(
    (args: string[], options: WriteOptions) => {
      const { store = '', thread = '' } = positionals('delete', ['store', 'thread'], args, options.threadJson);
      withSession(store, false, (session) => {
        requireThread(session.store, thread);
        planOrCommit(session, { operation: 'delete', thread }, options);
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
}
