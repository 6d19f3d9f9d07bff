// The commands that read a store and write nothing to it.

import { resolve } from 'node:path';
import { Option } from 'commander';
import { statuses, type Status } from '../../../shared/model/status.ts';
import { listFormats } from '../../service/report/formats.ts';
import * as read from '../../service/report/read.ts';
import { records } from '../../service/report/records.ts';
import { pointAt, requireThread, resolvePoint, type Point } from '../../service/report/resolve.ts';
import { infoOf, storesIn, type Session } from '../../service/report/session.ts';
import { positionals, wholeNumber } from './arguments.ts';
import type { Frame, ReadOptions } from './frame.ts';
import * as human from './human.ts';

export function readingCommands(frame: Frame): void {
  const { terminal, paint, print, say, command, withKey, withThread, withSession, withPoint, pointOf } = frame;

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
    const info = infoOf(resolve(store), frame.keyVariable());
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
}

function parentOf(store: Session['store'], point: Point): Point | null {
  const parent = point.lineage.parent[point.index] ?? -1;
  return parent < 0 ? null : pointAt(store, point.lineage, parent);
}
