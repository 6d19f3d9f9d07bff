// Operations: every write to a store goes plan → preview → commit → undo, and through here.
//
// Planning never writes. A commit plans again with fresh ids and times, goes on only if that is still the plan that was seen, logs
// `prepared`, lets the backend apply it under an undo bundle, and logs how it ended. Durability itself is the backend's.

import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { asForkpointError, ForkpointError } from '../../shared/model/errors.ts';
import type { CheckpointKey } from '../../shared/model/key.ts';
import { parseKey } from '../../shared/model/key.ts';
import { shownName } from '../../shared/model/shown-name.ts';
import type { Operation, Plan, Warning } from '../../shared/model/shapes.ts';
import { drain } from '../stores/drain.ts';
import type { ChangeSet, CommitHooks, Relied } from '../stores/backend.ts';
import type {
  DeleteRequest,
  Draw,
  EditRequest,
  ForkRequest,
  ImportRequest,
  OperationRequest,
  Store,
  StorePlan,
} from '../stores/store.ts';
import { planCopy, planRename, type Copying } from './copying.ts';
import type { LoggedOperation } from './log.ts';
import { OperationLog } from './log.ts';
import type { Written } from './public-plan.ts';
import { planIdOf, plannedChanges, targetCheckpoint, threadOf, totalCounts, writtenPer } from './public-plan.ts';
import { settle } from './recovery.ts';
import { fingerprint, sameStore } from './store-identity.ts';
import { documentDigest } from './thread-document/digest.ts';

/** A request as people make it: what they leave open is chosen here. */
export type OperationAsk =
  | (Omit<ForkRequest, 'target' | 'pending'> & {
      /** A null thread: the first free `<thread>-fork-N`. */
      readonly target: { readonly kind: 'thread'; readonly thread: string | null } | { readonly kind: 'in-place' };
      /** Null: kept for an unedited head, else dropped. */
      readonly pending: 'keep' | 'drop' | null;
    })
  | EditRequest
  | Omit<DeleteRequest, 'into'>
  /** `from`: another store that the thread is in, null for this one. A null `into`: `<thread>-copy-N`; from another store, its own id. */
  | { readonly operation: 'copy'; readonly thread: string; readonly from: Store | null; readonly into: string | null }
  | { readonly operation: 'rename'; readonly thread: string; readonly into: string }
  /** A null thread: the document's own. */
  | (Omit<ImportRequest, 'thread'> & { readonly thread: string | null });

export interface PreparedPlan {
  readonly plan: Plan;
  /** Per table or file. */
  readonly written: readonly Written[];
  /** State before and after, for the preview's diff. */
  readonly edited: StorePlan['edited'];
  readonly follows: readonly { readonly code: string; readonly message: string; readonly left: boolean }[];
}

export interface OperationsOptions {
  readonly dataFolder: string;
  readonly draw: Draw;
  /** Crash tests stop here. */
  readonly hooks?: CommitHooks;
  /** Bytes that undo bundles may take; the oldest are given up beyond it, and their operations say so. */
  readonly bundleBudget?: number;
  /** True while a process lives; tests give their own. */
  readonly isAlive?: (pid: number) => boolean;
}

const defaultBundleBudget = 2 * 1024 ** 3;
/** Bundles up to this size are checked for "can it still be undone" while listing; larger ones only when undo is planned. */
const checkedWhileListing = 16 << 20;

const gone = 'what it did is not in the store any more.';

/** Plans made for one commit while the store moves on. */
const mostAttempts = 6;
/** Names `<thread>-fork-N` that are tried where planners say that they are taken. */
const mostNames = 100_000;

/** A plan with what the commit needs. */
interface Draft {
  readonly operation: string;
  readonly planId: string;
  readonly thread: string | null;
  readonly checkpoint: string | null;
  readonly changes: ChangeSet;
  readonly relied: readonly Relied[];
  readonly undoes: string | null;
  readonly from: Omit<StorePlan, 'changes'>;
  readonly left: readonly string[];
}

export class Operations {
  readonly #options: OperationsOptions;
  readonly #log: OperationLog;
  readonly #bundles: string;
  readonly #running = new Set<string>();
  /** What `backend.undo` said last, per operation, as long as the store's token is the same. */
  readonly #undoable = new Map<string, { readonly token: string; readonly reason: string | null }>();

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.#log = new OperationLog(join(options.dataFolder, 'operations.jsonl'));
    this.#bundles = join(options.dataFolder, 'undo');
  }

  /** Reads only. Throws what the format's planner throws: `unable`, `bad_value`, `exists`, `claimed`, `not_found`. */
  plan(store: Store, ask: OperationAsk): PreparedPlan {
    return published(this.#draft(store, ask), store, null, []);
  }

  /** `expect` null commits whatever the plan is now; else `moved` if it is not that plan any more. */
  commit(store: Store, ask: OperationAsk, expect: string | null): PreparedPlan {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return this.#commit(store, this.#draft(store, ask), expect);
      } catch (thrown) {
        // A framework that is running wrote between the plan and the write. Nobody has seen this plan: another one will do.
        const moved = thrown instanceof ForkpointError && thrown.code === 'moved';
        if (expect !== null || !moved || attempt === mostAttempts) throw thrown;
      }
    }
  }

  /** Without an id: the last operation that is not taken back. Undoing an undo is redo. */
  planUndo(store: Store, operationId: string | null): PreparedPlan {
    return published(this.#undoDraft(store, operationId), store, null, []);
  }

  commitUndo(store: Store, operationId: string | null, expect: string | null): PreparedPlan {
    return this.#commit(store, this.#undoDraft(store, operationId), expect);
  }

  /** Operations of this store, oldest first: those made at its path, and those from before it was copied or moved here. */
  list(store: Store): Operation[] {
    const logged = this.#logged(store);
    const token = store.backend.token();
    return logged.flatMap((op) => {
      if (op.state === 'abandoned') return [];
      const undone = isUndone(op.prepared.operationId, logged);
      const reason = undone ? 'It was taken back.' : this.#whyNotUndoable(store, op, token);
      const { operationId, time, operation, thread, counts } = op.prepared;
      return [{ operationId, time, operation, thread, counts, undone, undoable: reason === null, reason }];
    });
  }

  /**
   * Settles operations whose process died in the middle; to be called when a store is opened. Writes to the store only to take back
   * what an operation over several files had begun and not brought to where it counts. A log that cannot be read or kept now is
   * no reason to refuse a store: whoever needs it says so.
   */
  recoverAll(store: Store): void {
    try {
      const open = this.#ofThisStore(store).own.filter((op) => this.#isLeftOpen(op));
      for (const { prepared } of open) {
        settle(store, this.#log, prepared.operationId, this.#bundlePath(prepared.operationId));
      }
    } catch (error) {
      if (!(error instanceof ForkpointError) || error.code === 'internal') throw error;
    }
  }

  #isLeftOpen({ state, prepared: { operationId, pid, time } }: LoggedOperation): boolean {
    if (state !== 'prepared' || this.#running.has(operationId)) return false;
    // After an hour it is not that process any more: numbers of processes are used again.
    const age = this.#options.draw.now() - Date.parse(time);
    return pid === process.pid || age >= 3_600_000 || !this.#isAlive(pid);
  }

  #draft(store: Store, ask: OperationAsk): Draft {
    switch (ask.operation) {
      case 'copy': {
        const { thread, from } = ask;
        const into = ask.into ?? (from === null ? null : thread);
        if (into !== null) return this.#copyDraft(store, from ?? store, thread, into);
        return firstFree(store, `${thread}-copy`, (name) => this.#copyDraft(store, store, thread, name));
      }
      case 'rename':
        return this.#renameDraft(store, ask.thread, ask.into);
      case 'fork': {
        const open = ask.target.kind === 'thread' && ask.target.thread === null;
        if (!open) return this.#draftOf(store, this.#decide(store, ask, ''));
        const thread = threadOf(ask.key);
        if (thread === null) throw noSuchCheckpoint(ask.key);
        return firstFree(store, `${thread}-fork`, (name) => this.#draftOf(store, this.#decide(store, ask, name)));
      }
      case 'edit':
      case 'import':
      case 'delete':
        return this.#draftOf(store, this.#decide(store, ask, ''));
    }
  }

  #copyDraft(store: Store, from: Store, thread: string, into: string): Draft {
    const relying = store.backend.relying();
    const { plan, document } = planCopy(store, from, thread, into, { draw: this.#options.draw, relying });
    return copyingDraft('copy', { plan, document }, [thread, into], relying.relied);
  }

  #renameDraft(store: Store, thread: string, into: string): Draft {
    const relying = store.backend.relying();
    const { plan, document } = planRename(store, thread, into, { draw: this.#options.draw, relying });
    return copyingDraft('rename', { plan, document }, [thread, into], relying.relied);
  }

  #draftOf(store: Store, request: OperationRequest): Draft {
    const relying = store.backend.relying();
    const { changes, ...from } = store.plan(request, { draw: this.#options.draw, relying });
    const key = 'key' in request ? request.key : null;
    const args = request.operation === 'import' ? { ...request, document: documentDigest(request.document) } : request;
    return {
      operation: request.operation,
      planId: planIdOf(request.operation, args, relying.relied),
      thread: 'key' in request ? threadOf(request.key) : request.thread,
      checkpoint: key,
      changes,
      relied: relying.relied,
      undoes: null,
      from,
      left: 'leave' in request ? request.leave : [],
    };
  }

  /** Fills in what was left open. The choices are part of the plan's id: if they would fall differently, the plan has moved. */
  #decide(store: Store, ask: Exclude<OperationAsk, { operation: 'copy' | 'rename' }>, free: string): OperationRequest {
    switch (ask.operation) {
      case 'import':
        return { ...ask, thread: ask.thread ?? ask.document.thread };
      case 'delete':
        return { ...ask, into: null };
      case 'edit':
        if (ask.edits.length === 0) throw new ForkpointError('usage', 'An edit needs at least one change.');
        return ask;
      case 'fork': {
        const thread = threadOf(ask.key);
        if (thread === null) throw noSuchCheckpoint(ask.key);
        const target =
          ask.target.kind === 'in-place' ? ask.target : { kind: 'thread' as const, thread: ask.target.thread ?? free };
        const pending = ask.pending ?? (ask.edits.length === 0 && isHead(store, thread, ask.key) ? 'keep' : 'drop');
        return { ...ask, target, pending };
      }
    }
  }

  #undoDraft(store: Store, operationId: string | null): Draft {
    const logged = this.#logged(store);
    const op =
      operationId === null
        ? logged.findLast((o) => o.state !== 'abandoned' && !isUndone(o.prepared.operationId, logged))
        : logged.find((o) => o.prepared.operationId === operationId);
    if (op === undefined) {
      throw new ForkpointError(
        'not_found',
        operationId === null
          ? 'There is no operation of this store to take back.'
          : `There is no operation ${operationId} of this store.`,
        operationId === null ? null : 'The operations of a store are listed with `forkpoint operations <store>`.',
      );
    }
    const id = op.prepared.operationId;
    if (isUndone(id, logged)) {
      throw new ForkpointError(
        'unable',
        `The operation ${id} was taken back already.`,
        'Undo that undo to have it again.',
      );
    }
    const reason = this.#bundleProblem(op);
    if (reason !== null) {
      throw new ForkpointError(
        'unable',
        `The operation ${id} cannot be taken back: ${reason} The store was not changed.`,
      );
    }
    const { changes, relied } = store.backend.undo(this.#bundlePath(id));
    if (changes.changes.length === 0) {
      throw new ForkpointError('moved', `The operation ${id} cannot be taken back: ${gone} Nothing was written.`);
    }
    return {
      operation: 'undo',
      planId: planIdOf('undo', id, relied),
      thread: op.prepared.thread,
      checkpoint: null,
      changes,
      relied,
      undoes: id,
      from: { warnings: [], target: null, resume: null, edited: null, follows: [] },
      left: [],
    };
  }

  #commit(store: Store, draft: Draft, expect: string | null): PreparedPlan {
    if (expect !== null && expect !== draft.planId) {
      throw new ForkpointError(
        'moved',
        'The store has changed since this plan was made, so it was not carried out. Nothing was written.',
        'Look at the plan again and commit that one.',
      );
    }
    const readOnly = store.backend.readOnlyReason;
    if (readOnly !== null) throw new ForkpointError('unable', `Nothing was written: ${readOnly}`);
    const operationId = this.#newId();
    const bundle = this.#bundlePath(operationId);
    this.#running.add(operationId);
    try {
      this.#makeFolder();
      this.#log.prepare({
        operationId,
        time: new Date(this.#options.draw.now()).toISOString(),
        store: { path: store.backend.path, fingerprint: fingerprint(store.backend.reader) },
        operation: draft.operation,
        thread: draft.thread,
        undoes: draft.undoes,
        counts: totalCounts(plannedChanges(draft.changes, true)),
        pid: process.pid,
      });
      try {
        store.backend.apply(draft.changes, draft.relied, bundle, this.#options.hooks);
      } catch (thrown) {
        const error = asForkpointError(thrown);
        // Only an error of ours promises that the store is as before; anything else is settled by recovery, from the bundle.
        if (error.code !== 'internal') {
          this.#log.end(operationId, 'abandoned', null, error.message);
          rmSync(bundle, { force: true, recursive: true });
        }
        throw error;
      }
      return published(draft, store, operationId, this.#confirm(store, operationId));
    } finally {
      this.#running.delete(operationId);
    }
  }

  /** The store has the change now: nothing that fails here may look as if it had not. */
  #confirm(store: Store, operationId: string): Warning[] {
    try {
      this.#log.end(operationId, 'committed', fingerprint(store.backend.reader), null);
      this.#keepBudget(operationId);
      return [];
    } catch (thrown) {
      return [
        {
          code: 'log',
          message: `The operation was carried out, but the operation log could not be completed: ${asForkpointError(thrown).message}`,
          remedy: 'Open the store again once the data folder can be written: the log is completed then.',
        },
      ];
    }
  }

  #keepBudget(newest: string): void {
    const budget = this.#options.bundleBudget ?? defaultBundleBudget;
    // Names begin with the time, so name order is age.
    const bundles = readdirSync(this.#bundles)
      .sort()
      .map((name) => ({ id: name, bytes: sizeOf(join(this.#bundles, name)) }));
    let total = bundles.reduce((sum, b) => sum + b.bytes, 0);
    for (const { id, bytes } of bundles) {
      if (total <= budget) return;
      if (id === newest || this.#running.has(id)) continue;
      this.#log.end(id, 'dropped', null, `its undo data was given up to keep within ${readableBytes(budget)}.`);
      rmSync(join(this.#bundles, id), { force: true, recursive: true });
      total -= bytes;
    }
  }

  /**
   * What was done to this store, oldest first. Of the store that it is a copy of, only what the rows here bear out: what was done to
   * either after the copy was made is no business of the other.
   */
  #logged(store: Store): LoggedOperation[] {
    const { own, original } = this.#ofThisStore(store);
    if (original.length === 0) return own;
    const token = store.backend.token();
    const holds = (op: LoggedOperation): boolean => op.state === 'committed' && this.#whyNot(store, op, token) === null;
    const byId = new Map([...own, ...original].map((op) => [op.prepared.operationId, op]));
    const found = new Set(own);
    for (const op of original) {
      // What holds here cannot have been taken back here, whatever was done to the other.
      const taken = byId.get(op.prepared.undoes ?? '');
      if (holds(op) && (taken === undefined || !holds(taken))) found.add(op);
    }
    // What such an undo took back was done to this store, too.
    for (const op of original.toReversed()) {
      if (original.some((o) => found.has(o) && o.prepared.undoes === op.prepared.operationId)) found.add(op);
    }
    return [...own, ...original].filter((op) => found.has(op)).sort(byTime);
  }

  /** `own`: done at its path, or where it lay before it was moved. `original`: done to a store that it is a copy of, or the other way round. */
  #ofThisStore(store: Store): { readonly own: LoggedOperation[]; readonly original: LoggedOperation[] } {
    const { path, reader } = store.backend;
    const own: LoggedOperation[] = [];
    const original: LoggedOperation[] = [];
    let mark: string | null = null;
    for (const op of this.#log.read()) {
      const { path: at, fingerprint: before } = op.prepared.store;
      if (at === path) {
        own.push(op);
        continue;
      }
      mark ??= fingerprint(reader);
      const after = op.fingerprintAfter;
      if (!sameStore(before, mark) && (after === null || !sameStore(after, mark))) continue;
      (existsSync(at) ? original : own).push(op);
    }
    return { own, original };
  }

  #bundleProblem(op: LoggedOperation): string | null {
    if (op.state === 'unclear') return op.reason;
    if (op.state !== 'committed') return 'it is still being carried out, or was not completed.';
    if (op.dropped !== null) return op.dropped;
    return existsSync(this.#bundlePath(op.prepared.operationId)) ? null : 'its undo data is missing.';
  }

  #whyNotUndoable(store: Store, op: LoggedOperation, token: string): string | null {
    const problem = this.#bundleProblem(op);
    if (problem !== null) return problem;
    const known = this.#undoable.get(op.prepared.operationId);
    if (known?.token === token) return known.reason;
    return sizeOf(this.#bundlePath(op.prepared.operationId)) > checkedWhileListing
      ? null
      : this.#whyNot(store, op, token);
  }

  /** As `whyNotUndoable`, however large the bundle is. */
  #whyNot(store: Store, op: LoggedOperation, token: string): string | null {
    const problem = this.#bundleProblem(op);
    if (problem !== null) return problem;
    const id = op.prepared.operationId;
    const known = this.#undoable.get(id);
    if (known?.token === token) return known.reason;
    let reason: string | null = null;
    try {
      const { changes } = store.backend.undo(this.#bundlePath(id));
      if (changes.changes.length === 0) reason = gone;
    } catch (thrown) {
      reason = asForkpointError(thrown).message;
    }
    this.#undoable.set(id, { token, reason });
    return reason;
  }

  #makeFolder(): void {
    try {
      mkdirSync(this.#bundles, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new ForkpointError(
        'io',
        'Nothing was written: the folder for undo data cannot be made.',
        `Allow writing to ${this.#bundles}, or name another folder in FORKPOINT_DATA.`,
        { cause },
      );
    }
  }

  #newId(): string {
    const time = Math.max(0, Math.floor(this.#options.draw.now())).toString(16).padStart(12, '0');
    return `${time}-${Buffer.from(this.#options.draw.random(6)).toString('hex')}`;
  }

  #bundlePath(operationId: string): string {
    return join(this.#bundles, operationId);
  }

  #isAlive(pid: number): boolean {
    return (this.#options.isAlive ?? isAlive)(pid);
  }
}

/** Taken back by an operation that is itself still in force. */
function isUndone(operationId: string, logged: readonly LoggedOperation[]): boolean {
  const last = logged.findLast((o) => o.prepared.undoes === operationId && o.state === 'committed');
  return last !== undefined && !isUndone(last.prepared.operationId, logged);
}

/** Whether code names this id as a text of its own; a short id (`1`) may well be part of another one (`run-fork-1`). */
const names = (code: string, id: string): boolean =>
  [JSON.stringify(id), `'${id}'`].some((literal) => code.includes(literal));

function published(draft: Draft, store: Store, operationId: string | null, extra: readonly Warning[]): PreparedPlan {
  const committed = operationId !== null;
  const changes = plannedChanges(draft.changes, committed);
  const { target, warnings, resume, edited, follows } = draft.from;
  const readOnly = committed ? null : store.backend.readOnlyReason;
  const plan: Plan = {
    planId: draft.planId,
    operation: draft.operation,
    thread: draft.thread,
    checkpoint: draft.checkpoint,
    target:
      target === null
        ? null
        : { thread: target.thread, checkpoint: committed ? targetCheckpoint(draft.changes, target) : null },
    changes,
    counts: totalCounts(changes),
    warnings: [
      ...warnings,
      ...extra,
      ...(readOnly === null ? [] : [{ code: 'read_only', message: readOnly, remedy: 'Work on a copy of the store.' }]),
    ],
    diagnosis: null,
    // The id of a new row is drawn again at commit: code that names it would name nothing before.
    resume: resume === null || (!committed && target !== null && names(resume.code, target.id)) ? null : { ...resume },
    committed,
    operationId,
  };
  return {
    plan,
    written: writtenPer(changes),
    edited,
    follows: follows.map((f) => ({ ...f, left: draft.left.includes(f.code) })),
  };
}

function copyingDraft(
  operation: 'copy' | 'rename',
  { plan, document }: Copying,
  [thread, into]: readonly [string, string],
  relied: readonly Relied[],
): Draft {
  const { changes, ...from } = plan;
  return {
    operation,
    planId: planIdOf(operation, [thread, into, documentDigest(document)], relied),
    thread,
    checkpoint: null,
    changes,
    relied,
    undoes: null,
    from,
    left: [],
  };
}

/** Plans under the first name `<stem>-N` that is free. */
function firstFree<T>(store: Store, stem: string, plan: (name: string) => T): T {
  for (let n = 1; ; n++) {
    const name = `${stem}-${n}`;
    if (store.threadSummary(name) !== null) continue;
    try {
      return plan(name);
    } catch (error) {
      // No thread, and yet taken: remains of one that the framework does not list. The next name, then.
      if (!(error instanceof ForkpointError) || error.code !== 'exists' || n >= mostNames) throw error;
    }
  }
}

function isHead(store: Store, thread: string, key: CheckpointKey): boolean {
  const namespace = parseKey(key)?.namespace;
  if (namespace === '') return store.threadDetail(thread).head === key;
  const lineage = drain(store.lineage(thread));
  return lineage.heads.some((index) => index >= 0 && store.keyAt(lineage, index) === key);
}

function noSuchCheckpoint(key: string): ForkpointError {
  return new ForkpointError('not_found', `There is no checkpoint ${shownName(key)} in this store.`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Ids begin with the time. */
function byTime(a: LoggedOperation, b: LoggedOperation): number {
  return a.prepared.operationId < b.prepared.operationId ? -1 : 1;
}

/** A bundle may be a file or a folder. */
function sizeOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function readableBytes(bytes: number): string {
  return bytes >= 1024 ** 3 ? `${(bytes / 1024 ** 3).toFixed(1)} GiB` : `${Math.ceil(bytes / 1024)} KiB`;
}
