// An opened LangGraph SQLite store: answers every question of the Store interface from rows, cells and cursors.

import { bytesOf, storageOf, stringMember, textOf } from './cells.ts';
import { DeltaReader } from './delta.ts';
import { describeStore } from './describe.ts';
import { exportThread } from './export.ts';
import { isoTimeOf } from './ids.ts';
import type { WriterDialect } from './ids.ts';
import { storeDialect } from './layout.ts';
import type { Layout } from './layout.ts';
import { OlderReader, olderUnable } from './older-layout.ts';
import { indexOfKey, keyOfPoint, readLineage } from './lineage.ts';
import { nodesBetween } from './next.ts';
import { pendingOf } from './pending.ts';
import { planDelete } from './plan-delete.ts';
import { planImport } from './plan-import.ts';
import { planFork } from './plan-fork.ts';
import { openMetadata, openPoint } from './point.ts';
import type { Point } from './point.ts';
import { rowReader, sizeOf } from './rows.ts';
import { fittingKey, newestTypes, sealedAmong } from './sealed.ts';
import type { RowReader } from './rows.ts';
import { stateOf } from './state.ts';
import { situationOf, tasksAt, verdictOf } from './status.ts';
import { finishedNames } from './tasks.ts';
import { detailOfThread, listThreads, summaryOfThread } from './threads.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey, parseKey } from '../../../shared/model/key.ts';
import type { CheckpointKey, KeyParts } from '../../../shared/model/key.ts';
import { linkKinds, stringAt, unknownStep } from '../../../shared/model/lineage.ts';
import type { Lineage, PointIndex } from '../../../shared/model/lineage.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Backend, SqliteReader } from '../backend.ts';
import type {
  Changes,
  ExportingStore,
  Format,
  OperationRequest,
  PendingView,
  PlanContext,
  RawPart,
  Sealed,
  SealedStore,
  StateView,
  Store,
  StoreDescription,
  StorePlan,
  ThreadDetail,
  ThreadRecord,
  ThreadSummary,
} from '../store.ts';

const notFound = (key: string): ForkpointError =>
  new ForkpointError(
    'not_found',
    `There is no checkpoint ${shownName(key)} in this store (any more).`,
    'Refresh, or pick it from the log again.',
  );

export class LangGraphSqliteStore implements Store, ExportingStore, SealedStore {
  readonly format: Format;
  readonly backend: Backend;
  readonly keyVariable = 'LANGGRAPH_AES_KEY';
  readonly reader: SqliteReader;
  readonly #layout: Layout;
  #read: RowReader;
  #delta: DeltaReader;
  #dialect: WriterDialect | null | undefined;
  /** What was read of the store as a whole, until somebody commits or a key is given: every look at the open stores asks for it. */
  #known: { readonly token: string; readonly types: readonly string[] | null; about: StoreDescription | null } | null =
    null;

  /** `reader` gives the tables of `layout`; whatever keeps them, `backend` tells when they change and writes them. */
  constructor(format: Format, backend: Backend, reader: SqliteReader, layout: Layout) {
    this.format = format;
    this.backend = backend;
    this.#layout = layout;
    this.reader = layout.older === null ? reader : new OlderReader(reader, layout.older);
    const token = () => backend.token();
    this.#read = rowReader(this.reader, layout, token);
    this.#delta = new DeltaReader(this.#read, this.reader, token);
  }

  sealed(): Sealed | null {
    return sealedAmong(this.#asItIs().types, this.#read.key);
  }

  unlock(text: string): void {
    const key = fittingKey(this.reader, text);
    this.#known = null;
    const token = () => this.backend.token();
    this.#read = rowReader(this.reader, this.#layout, token, key);
    this.#delta = new DeltaReader(this.#read, this.reader, token);
  }

  /** The store's own dialect, for rows whose type does not tell. */
  dialect(): WriterDialect | null {
    this.#dialect ??= storeDialect(this.reader);
    return this.#dialect;
  }

  describe(): StoreDescription {
    const known = this.#asItIs();
    known.about ??= describeStore(this.reader, this.#layout, this.dialect(), known.types, this.sealed());
    return known.about;
  }

  #asItIs(): { readonly types: readonly string[] | null; about: StoreDescription | null } {
    // Asked before reading, as for kept rows.
    const token = this.backend.token();
    if (this.#known?.token !== token) this.#known = { token, types: newestTypes(this.reader), about: null };
    return this.#known;
  }

  threads(): Generator<readonly ThreadSummary[], void, void> {
    return listThreads(this.reader);
  }

  threadSummary(thread: string): ThreadSummary | null {
    return summaryOfThread(this.reader, thread);
  }

  threadDetail(thread: string): ThreadDetail {
    if (this.threadSummary(thread) === null) {
      throw new ForkpointError('not_found', `There is no thread ${shownName(thread)} in this store.`, null);
    }
    return detailOfThread(this.reader, this.#read, thread, this.dialect() ?? 'python');
  }

  lineage(thread: string, previous?: Lineage): Generator<number, Lineage, void> {
    return readLineage(this.reader, this.#read, thread, previous);
  }

  keyAt(lineage: Lineage, index: PointIndex): CheckpointKey {
    return keyOfPoint(lineage, index);
  }

  indexOf(lineage: Lineage, key: CheckpointKey): PointIndex {
    return indexOfKey(lineage, key);
  }

  checkpoints(lineage: Lineage, indices: readonly PointIndex[]): readonly Checkpoint[] {
    return indices.map((index) => {
      try {
        return this.#checkpoint(lineage, index);
      } catch (error) {
        // Pages of the file that do not fit together: this row cannot be read, the others can.
        if (!(error instanceof ForkpointError) || error.code !== 'corrupt') throw error;
        return this.#unreadable(lineage, index, error.message);
      }
    });
  }

  #unreadable(lineage: Lineage, index: PointIndex, note: string): Checkpoint {
    const id = stringAt(lineage.ids, index);
    const step = lineage.step[index] ?? unknownStep;
    return {
      ...this.#placeOf(lineage, index),
      step: step === unknownStep ? null : step,
      source: null,
      node: [],
      time: isoTimeOf(id),
      status: 'unknown',
      next: [],
      bytes: lineage.bytes[index] ?? null,
      note,
    };
  }

  #placeOf(
    lineage: Lineage,
    index: PointIndex,
  ): Pick<
    Checkpoint,
    'key' | 'id' | 'parent' | 'parentKind' | 'parentReason' | 'missingParent' | 'parentThread' | 'namespace'
  > {
    const parent = lineage.parent[index] ?? -1;
    const namespace = lineage.namespaces[lineage.namespace[index] ?? 0] ?? '';
    const missing =
      linkKinds[lineage.link[index] ?? 0] === 'missing' ? (lineage.reasons[lineage.reason[index] ?? 0] ?? null) : null;
    const circle =
      missing !== null &&
      this.indexOf(lineage, formatKey({ thread: lineage.thread, namespace, id: missing, nth: 0 })) >= 0;
    return {
      key: keyOfPoint(lineage, index),
      id: stringAt(lineage.ids, index),
      parent: parent < 0 ? null : keyOfPoint(lineage, parent),
      parentKind: parent < 0 ? null : 'explicit',
      parentReason: circle ? 'The stored parents run in a circle: this one descends from itself.' : null,
      missingParent: missing,
      parentThread: null,
      namespace,
    };
  }

  #checkpoint(lineage: Lineage, index: PointIndex): Checkpoint {
    const namespaceIndex = lineage.namespace[index] ?? 0;
    const namespace = lineage.namespaces[namespaceIndex] ?? '';
    const id = stringAt(lineage.ids, index);
    const point = this.#point({ thread: lineage.thread, namespace, id, nth: 0 });
    // LangChain's agents leave their name; a sub-graph's namespace says only which tool called it.
    const agent = stringMember(point.metadata, 'lc_agent_name');
    const verdict = verdictOf(situationOf(this.#read, point, lineage.heads[namespaceIndex] === index));
    return {
      ...this.#placeOf(lineage, index),
      step: point.step,
      source: point.source,
      node: this.#ran(point),
      time: isoTimeOf(id),
      status: verdict.status,
      next: [...verdict.next],
      bytes: sizeOf(point.row),
      note: verdict.note,
      ...(agent === null ? {} : { agent }),
    };
  }

  /** Nodes whose results made this checkpoint: the finished tasks of its parent, else what `versions_seen` gained. */
  #ran(point: Point): string[] {
    const { thread, namespace, parent } = point.row;
    if (point.source !== 'loop' || parent === null) return [];
    const row = this.#read.checkpoint(thread, namespace, parent);
    if (row === null) return [];
    const before = openPoint(row, point.dialect);
    const names = finishedNames(tasksAt(this.#read, before, this.#read.writes(thread, namespace, parent)));
    return names.length > 0 ? names : nodesBetween(before, point);
  }

  #parts(key: CheckpointKey): KeyParts {
    const parts = parseKey(key);
    if (parts === null || parts.nth !== 0) throw notFound(key);
    return parts;
  }

  #point(parts: KeyParts): Point {
    const row = this.#read.checkpoint(parts.thread, parts.namespace, parts.id);
    if (row === null) throw notFound(`${parts.thread}/${parts.namespace}/${parts.id}`);
    return openPoint(row, this.dialect() ?? 'python');
  }

  state(key: CheckpointKey, applied = false): StateView {
    const point = this.#point(this.#parts(key));
    return stateOf(this.#read, this.reader, this.#delta, point, applied);
  }

  metadata(key: CheckpointKey): Cursor | null {
    const { thread, namespace, id } = this.#parts(key);
    if (this.#read.checkpoint(thread, namespace, id) === null) throw notFound(key);
    return openMetadata(this.#read.metadata(thread, namespace, id));
  }

  pending(key: CheckpointKey): PendingView {
    return pendingOf(situationOf(this.#read, this.#point(this.#parts(key))));
  }

  raw(key: CheckpointKey): readonly RawPart[] {
    const { thread, namespace, id } = this.#parts(key);
    const where = 'WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?';
    const select = (columns: readonly { readonly name: string }[]): string =>
      columns.map((c) => `"${c.name.replaceAll('"', '""')}"`).join(', ');
    const row = this.reader.get(`SELECT ${select(this.#layout.checkpoints.columns)} FROM checkpoints ${where}`, [
      thread,
      namespace,
      id,
    ]);
    if (row === null) throw notFound(key);
    const parts: RawPart[] = [];
    const stored = (name: string): string => this.#layout.older?.storedNames.get(name) ?? name;
    for (const column of this.#layout.checkpoints.columns) {
      const value = row[column.name] ?? null;
      parts.push({ where: `checkpoints.${stored(column.name)}`, storage: storageOf(value), bytes: bytesOf(value) });
    }
    const order = this.#layout.taskPath ? 'task_path, task_id, idx' : 'task_id, idx';
    const writes = this.reader.all(
      `SELECT ${select(this.#layout.writes.columns)} FROM writes ${where} ORDER BY ${order}`,
      [thread, namespace, id],
    );
    writes.forEach((write, i) => {
      for (const column of this.#layout.writes.columns) {
        const value = write[column.name] ?? null;
        parts.push({ where: `writes[${i}].${stored(column.name)}`, storage: storageOf(value), bytes: bytesOf(value) });
      }
    });
    return parts;
  }

  changesSince(token: string | null): Changes {
    try {
      return this.#changesSince(token);
    } catch (error) {
      if (!(error instanceof ForkpointError) || error.code !== 'corrupt') throw error;
      // Rows on damaged pages cannot be counted: then any change of the file may have touched any thread.
      const next = `damaged ${this.backend.token()}`;
      return { token: next, threads: token === next ? [] : 'all' };
    }
  }

  #changesSince(token: string | null): Changes {
    const now = this.reader.get(
      'SELECT (SELECT COALESCE(MAX(rowid), 0) FROM checkpoints) AS points, (SELECT COALESCE(MAX(rowid), 0) FROM writes) AS writes, (SELECT COUNT(*) FROM checkpoints) AS stored',
    );
    const points = Number(now?.['points'] ?? 0);
    const writes = Number(now?.['writes'] ?? 0);
    const stored = Number(now?.['stored'] ?? 0);
    const next = `${points}.${writes}.${stored}`;
    const before = token === null ? null : /^(\d+)\.(\d+)\.(\d+)$/.exec(token);
    if (token === next) return { token: next, threads: [] };
    if (before === null) return { token: next, threads: 'all' };
    const [oldPoints, oldWrites, oldStored] = before.slice(1).map(Number);
    // Row numbers only grow by inserts and replacements; anything else means that rows were taken away.
    // Ids and the parent stand before the blobs of a row: no state is read for them.
    const added = this.reader.all(
      'SELECT thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id FROM checkpoints WHERE rowid > ?',
      [BigInt(oldPoints ?? 0)],
    );
    if (points < (oldPoints ?? 0) || writes < (oldWrites ?? 0) || stored !== (oldStored ?? 0) + added.length) {
      return { token: next, threads: 'all' };
    }
    const wrote = this.reader.all(
      'SELECT DISTINCT thread_id, checkpoint_ns, checkpoint_id FROM writes WHERE rowid > ?',
      [BigInt(oldWrites ?? 0)],
    );
    const threads = new Set<string>();
    const touched = new Set<CheckpointKey>();
    for (const row of [...added, ...wrote]) {
      const [thread, namespace] = [textOf(row['thread_id']), textOf(row['checkpoint_ns'])];
      threads.add(thread);
      for (const id of [row['checkpoint_id'] ?? null, row['parent_checkpoint_id'] ?? null]) {
        if (id !== null) touched.add(formatKey({ thread, namespace, id: textOf(id), nth: 0 }));
      }
    }
    return { token: next, threads: [...threads], points: [...touched] };
  }

  #refuseOlder(): void {
    if (this.#layout.older !== null) throw new ForkpointError('unable', `${olderUnable} Nothing was changed.`, null);
  }

  plan(request: OperationRequest, context: PlanContext): StorePlan {
    this.#refuseOlder();
    const own = { reader: this.reader, read: this.#read, layout: this.#layout, dialect: this.dialect() };
    switch (request.operation) {
      case 'import':
        return planImport(own, request, context);
      case 'edit':
        return planFork(own, { ...request, operation: 'fork', target: { kind: 'in-place' }, pending: 'drop' }, context);
      case 'fork':
        return planFork(own, request, context);
      case 'delete':
        return planDelete(own, request, context);
    }
  }

  exportRecords(thread: string): Generator<ThreadRecord, void, void> {
    this.#refuseOlder();
    return exportThread(this.reader, this.#layout, thread);
  }
}
