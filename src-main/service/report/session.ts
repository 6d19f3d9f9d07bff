// One store opened for one command of the terminal: reads, plans and commits in this process, without a server between.

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { OperationArgs } from '../../../shared/contract/methods.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Operation, Plan, StoreInfo } from '../../../shared/model/shapes.ts';
import { defaultDataFolder } from '../../operations/data-folder.ts';
import { Operations, type OperationAsk } from '../../operations/operations.ts';
import { exportChunks } from '../../operations/thread-document/export.ts';
import { readThreadDocument } from '../../operations/thread-document/import.ts';
import { identify, openStore } from '../../stores/registry.ts';
import type { Draw, Store, ThreadDocument } from '../../stores/store.ts';
import { storeInfo } from '../store-info.ts';
import { giveKey } from '../store-key.ts';

/** Clock and identities of what is written. */
export type SessionDraw = Draw;

const ownDraw: SessionDraw = { now: () => Date.now(), random: (n) => randomBytes(n) };

export interface Session {
  readonly store: Store;
  /** Of a copy, `to` is the path of the store that gets it. */
  plan(args: OperationArgs): Plan;
  commit(args: OperationArgs, expect: string | null): Plan;
  operations(): Operation[];
  /** The thread document in chunks. Throws `unable` where the format cannot export. */
  exportThread(thread: string, write: (chunk: Uint8Array) => void): void;
  /** Written beside the target and renamed, so that a failure leaves no half document. Gives the bytes written. */
  exportToFile(thread: string, file: string): number;
  /** Reads a thread document; the id stands for it in `plan` and `commit`. */
  uploadFile(file: string): string;
  close(): void;
}

/** The stores inside a folder that is not a store itself but holds several; null for anything else. */
export function storesIn(path: string): { stores: { path: string; format: string }[]; complete: boolean } | null {
  const { inside, insideComplete } = identify(path);
  return inside.length > 1 ? { stores: inside.map((s) => ({ ...s })), complete: insideComplete } : null;
}

/** What a store is. Opened as for writing, so that it tells whether it can be written; nothing is. */
export function infoOf(path: string, keyVariable: string | null = null): StoreInfo {
  const store = openStore(path);
  try {
    giveKey(store, keyVariable);
    return storeInfo(store);
  } finally {
    store.backend.close();
  }
}

/** `keyVariable`: the environment variable that holds the key of an encrypted store, null for the framework's own. */
export function openSession(
  path: string,
  readOnly: boolean,
  draw: SessionDraw = ownDraw,
  keyVariable: string | null = null,
): Session {
  const store = openStore(path, { readOnly });
  try {
    giveKey(store, keyVariable);
  } catch (error) {
    store.backend.close();
    throw error;
  }
  const operations = new Operations({ dataFolder: defaultDataFolder(), draw });
  operations.recoverAll(store);
  const documents = new Map<string, ThreadDocument>();

  const targets = new Map<string, Store>();

  /** The store at a path, opened for writing as long as the session is; this one where it is the same. */
  function targetAt(path: string): Store {
    const known = targets.get(path);
    if (known !== undefined) return known;
    // A database that is open here must not be opened a second time by its path.
    if (realPath(path) === store.backend.path) return store;
    const opened = openStore(path);
    const isSame = opened.backend.path === store.backend.path;
    if (isSame) opened.backend.close();
    else operations.recoverAll(opened);
    const target = isSame ? store : opened;
    targets.set(path, target);
    return target;
  }

  /** What is asked of which store: a copy may be written to another one. A null `ask` is an undo. */
  function asked(args: OperationArgs): { readonly written: Store; readonly ask: OperationAsk | null } {
    switch (args.operation) {
      case 'undo':
        return { written: store, ask: null };
      case 'fork':
      case 'edit':
        return { written: store, ask: { ...args, key: args.key as CheckpointKey } };
      case 'copy': {
        const { operation, thread, into, to } = args;
        const written = to === null ? store : targetAt(to);
        return { written, ask: { operation, thread, into, from: written === store ? null : store } };
      }
      case 'rename':
      case 'delete':
        return { written: store, ask: args };
      case 'import': {
        const document = documents.get(args.document);
        if (document === undefined)
          throw new ForkpointError('not_found', 'The document to import is not loaded; nothing was changed.');
        return { written: store, ask: { operation: 'import', document, thread: args.into } };
      }
    }
  }

  const undone = (args: OperationArgs): string | null => (args.operation === 'undo' ? args.operationId : null);

  function exportThread(thread: string, write: (chunk: Uint8Array) => void): void {
    for (const chunk of exportChunks(store, thread)) write(chunk);
  }

  return {
    store,
    plan(args) {
      const { written, ask } = asked(args);
      return (ask === null ? operations.planUndo(written, undone(args)) : operations.plan(written, ask)).plan;
    },
    commit(args, expect) {
      const { written, ask } = asked(args);
      const prepared =
        ask === null ? operations.commitUndo(written, undone(args), expect) : operations.commit(written, ask, expect);
      return prepared.plan;
    },
    operations: () => operations.list(store).toReversed(),
    exportThread,
    exportToFile(thread, file) {
      const staged = `${file}.${process.pid}.part`;
      let bytes = 0;
      let fd: number | null = null;
      try {
        fd = openSync(staged, 'wx', 0o644);
        const target = fd;
        exportThread(thread, (chunk) => {
          for (let at = 0; at < chunk.length;) at += writeSync(target, chunk, at);
          bytes += chunk.length;
        });
        fsyncSync(fd);
        closeSync(fd);
        fd = null;
        renameSync(staged, file);
        return bytes;
      } catch (error) {
        if (fd !== null) closeSync(fd);
        rmSync(staged, { force: true });
        if (error instanceof ForkpointError) throw error;
        throw new ForkpointError(
          'io',
          `The document could not be written to ${file} (${error instanceof Error ? error.message : String(error)}); the store was not touched.`,
          'Choose another place with -o.',
        );
      }
    },
    uploadFile(file) {
      let bytes: Uint8Array;
      try {
        bytes = readFileSync(file);
      } catch (error) {
        throw new ForkpointError(
          'unreadable',
          `The file ${file} could not be read (${error instanceof Error ? error.message : String(error)}); nothing was changed.`,
        );
      }
      documents.set(file, readThreadDocument(bytes));
      return file;
    },
    close() {
      for (const target of targets.values()) if (target !== store) target.backend.close();
      store.backend.close();
    },
  };
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    // What is missing is refused, with its own sentence, by the one who opens.
    return path;
  }
}
