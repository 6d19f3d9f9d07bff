// An opened database of atomr: one thread for each run of a workflow, one point for each row.

import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import type { Cursor } from '../../values/cursor.ts';
import { utf8 } from '../../values/bytes.ts';
import { openValue } from '../../values/open.ts';
import { compose } from '../../values/splice.ts';
import type { Backend, SqliteReader } from '../backend.ts';
import { questionLine } from '../records/question.ts';
import { noThread, RecordStore, storedMembers } from '../records/store.ts';
import type {
  Format,
  NeighbourRecord,
  OperationRequest,
  PendingView,
  PlanContext,
  RawPart,
  RecordingStore,
  StateView,
  StorePlan,
  ThreadDetail,
  ThreadRecord,
} from '../store.ts';
import { indexReason, partsOf } from './ids.ts';
import { payloadChannel } from './labels.ts';
import { neighboursOf } from './neighbours.ts';
import { isoTime, type RowView } from './rows.ts';
import { planSqlDelete } from './sql-delete.ts';
import { planSqlFork } from './sql-fork.ts';
import { exportRun, planSqlImport, sqlDialect } from './sql-document.ts';
import { pauseAt, pendingAt, statusAt } from './sql-pending.ts';
import type { SqlPoints } from './sql-points.ts';
import { SqlSource } from './sql-source.ts';

/** States up to this size are checked for every row of a list; larger ones when they are opened. */
const checkedInLists = 64 << 10;
/** Characters of a question in a list. */
const shownQuestion = 80;

export class AtomrSqlStore extends RecordStore<SqlPoints, SqlSource> implements RecordingStore {
  readonly #reader: SqliteReader;

  constructor(format: Format, backend: Backend<SqliteReader>, eras: readonly string[]) {
    super(format, backend, new SqlSource(backend.reader, () => backend.token()), () => eras);
    this.#reader = backend.reader;
  }

  threadDetail(thread: string): ThreadDetail {
    const points = this.pointsOf(thread);
    const head = points.count - 1;
    const { refused } = this.source.read(points, head);
    return {
      thread,
      namespaces: points.namespaces(),
      branches: points.leaves(),
      head: points.keyOf(head),
      status: statusAt(this.source, points, head),
      refused:
        refused !== null
          ? `atomr cannot start this run: of its latest row (super step ${points.idOf(head)}), ${refused}.`
          : points.unlistable === null
            ? null
            : `atomr cannot list this run: ${points.unlistable}.`,
      bytes: this.source.size(points),
    };
  }

  protected checkpointAt(points: SqlPoints, index: PointIndex): Checkpoint {
    const id = points.idOf(index);
    const step = /^-?\d+$/.test(id) ? Number(id) : Number.NaN;
    const parent = points.parentOf(index);
    const link = points.linkOf(index);
    const reason = points.reasonOf(index);
    const status = statusAt(this.source, points, index);
    const pause = status === 'interrupted' ? pauseAt(this.source, points, index) : null;
    const label = points.labelOf(index);
    const elsewhere = link === 'other_thread' || link === 'missing';
    const time = points.timeOf(index);
    return {
      key: points.keyOf(index),
      id,
      parent: parent < 0 ? null : points.keyOf(parent),
      parentKind: link === 'inferred' ? 'inferred' : elsewhere ? 'explicit' : null,
      parentReason: elsewhere || reason === '' ? null : reason,
      missingParent: link === 'missing' ? reason : null,
      parentThread: link === 'other_thread' ? reason : null,
      namespace: '',
      step: Number.isSafeInteger(step) ? step : null,
      source: label === null || label === '' ? null : label,
      node: [],
      time: Number.isNaN(time) ? null : isoTime(time),
      status,
      next: pause === null ? [] : [pause.node],
      bytes: points.bytesOf(index),
      note: this.#noteAt(points, index),
    };
  }

  #noteAt(points: SqlPoints, index: PointIndex): string | null {
    const row = points.bytesOf(index) <= checkedInLists ? this.source.read(points, index) : null;
    if (row !== null && row.refused !== null) return `atomr cannot load this row: ${row.refused}.`;
    const pause = pauseAt(this.source, points, index);
    if (pause?.kind === 'before') return `waits before ${pause.node}`;
    if (pause !== null) {
      const question = row?.values?.get(payloadChannel) ?? null;
      return question === null ? `${pause.node} asks` : questionLine(question, shownQuestion);
    }
    return points.isStale(index) ? 'left over from an earlier pass' : null;
  }

  state(key: CheckpointKey): StateView {
    const { points, index } = this.find(key);
    const row = this.source.read(points, index);
    const root = row.values;
    const notes: string[] = [];
    if (row.refused !== null) notes.push(`atomr cannot load this row: ${row.refused}.`);
    if (root?.kind === 'map' && root.get(payloadChannel) !== null && pauseAt(this.source, points, index) === null) {
      notes.push(`\`${payloadChannel}\` is the question of an earlier pause; atomr leaves it in the state.`);
    }
    if (points.isStale(index)) notes.push(points.reasonOf(index));
    const view = { root, provenance: storedMembers(root), notes, dialect: 'json-serde' } as const;
    const unforkable = row.refused === null ? indexReason(points) : `atomr could not load the fork: ${row.refused}.`;
    return unforkable === null ? view : { ...view, unforkable };
  }

  metadata(key: CheckpointKey): Cursor | null {
    const { points, index } = this.find(key);
    return metadataOf(points, this.source.read(points, index));
  }

  pending(key: CheckpointKey): PendingView {
    const { points, index } = this.find(key);
    return pendingAt(this.source, points, index, this.source.read(points, index));
  }

  raw(key: CheckpointKey): readonly RawPart[] {
    const { points, index } = this.find(key);
    return this.source.raw(points, index);
  }

  plan(request: OperationRequest, context: PlanContext): StorePlan {
    if (request.operation === 'import') return planSqlImport(this.source, request, context);
    if (request.operation === 'delete') return planSqlDelete(this.source, request, context);
    return planSqlFork(this.source, this.find(request.key), request, context);
  }

  exportRecords(thread: string): Generator<ThreadRecord, void, void> {
    return exportRun(this.source, this.pointsOf(thread));
  }

  dialect(): string {
    return sqlDialect;
  }

  *neighbours(thread: string, key?: CheckpointKey): Generator<NeighbourRecord, void, void> {
    const parts = partsOf(thread);
    if (parts === null) throw noThread(thread);
    const points = this.source.hasRun(...parts) ? this.pointsOf(thread) : null;
    let found = false;
    for (const record of neighboursOf(this.#reader, ...parts, points)) {
      found = true;
      if (key === undefined || record.checkpoint === key) yield record;
    }
    if (points === null && !found) throw noThread(thread);
  }
}

/** Everything a row says besides its state. */
function metadataOf(points: SqlPoints, row: RowView): Cursor {
  const text = (value: string | null) => utf8(value === null ? 'null' : JSON.stringify(value));
  return openValue(
    'json',
    compose('json-serde', [
      ['workflow_id', text(points.workflow)],
      ['run_id', text(points.run)],
      ['super_step', typeof row.stepValue === 'bigint' ? utf8(row.step) : text(row.step)],
      ['label', text(row.labelText)],
      ['timestamp_ms', utf8(row.time === null ? 'null' : String(row.time))],
    ]),
  );
}
