// An opened wesichain store. One core for both backends: a source gives records in their order, everything else is here.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import type { Status } from '../../../shared/model/status.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import type { Backend } from '../backend.ts';
import { RecordStore, storedMembers } from '../records/store.ts';
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
import { planDelete } from './delete.ts';
import { exportThread } from './document.ts';
import { planFork } from './fork.ts';
import { planImport } from './import.ts';
import type { Beside } from './neighbours.ts';
import { metadataText } from './new-record.ts';
import { pendingOf } from './pending.ts';
import type { ThreadPoints } from './points.ts';
import { isoTime, type Era, type RecordReading, type RecordView } from './record.ts';
import { resumeCode } from './resume.ts';
import { placeAt, type WesichainSource } from './source.ts';
import { mayWait, statusOfRecord } from './status.ts';
import type { PlanWriter } from './write.ts';

export class WesichainStore extends RecordStore<ThreadPoints, WesichainSource> implements RecordingStore {
  readonly #writer: (context: PlanContext) => PlanWriter;
  readonly #beside: Beside;

  constructor(
    format: Format,
    backend: Backend,
    source: WesichainSource,
    eras: () => readonly Era[],
    writer: (context: PlanContext) => PlanWriter,
    beside: Beside,
  ) {
    super(format, backend, source, eras);
    this.#writer = writer;
    this.#beside = beside;
  }

  threadDetail(thread: string): ThreadDetail {
    const points = this.pointsOf(thread);
    const head = points.count - 1;
    const reading = this.source.read(placeAt(points, head));
    const unread = reading.ok ? reading.record.refused : reading.reason;
    return {
      thread,
      namespaces: [''],
      branches: points.leaves(),
      head: points.keyOf(head),
      status: reading.ok ? this.#status(points, head, reading.record) : 'unknown',
      refused:
        this.source.trouble(thread).refused ??
        (unread === null
          ? null
          : `wesichain cannot load this thread: its latest record (${points.idOf(head)}): ${unread}.`),
      bytes: this.source.size(points),
    };
  }

  protected checkpointAt(points: ThreadPoints, index: PointIndex): Checkpoint {
    const place = placeAt(points, index);
    const reading = this.source.read(place);
    const record = reading.ok ? reading.record : null;
    const status = record === null ? 'unknown' : this.#status(points, index, record);
    const parent = points.parentOf(index);
    const reason = points.reasonOf(index);
    const step = record?.step === null || record?.step === undefined ? null : Number(record.step);
    // Of an interrupt before a node the record names the node that did not run.
    const ran = record === null || record.node === null || status === 'interrupted' ? [] : [record.node];
    return {
      key: points.keyOf(index),
      id: place.seq,
      parent: parent < 0 ? null : points.keyOf(parent),
      parentKind: points.linkOf(index) === 'inferred' ? 'inferred' : null,
      parentReason: reason === '' ? null : reason,
      missingParent: null,
      parentThread: null,
      namespace: '',
      step: Number.isSafeInteger(step) ? step : null,
      source: null,
      node: ran,
      time: isoTime(record?.createdAt ?? null),
      status,
      next: [...(points.queueOf(index) ?? [])],
      bytes: place.bytes,
      note: noteOf(reading, status),
    };
  }

  /** The status that the thread would have if this point were its head. */
  #status(points: ThreadPoints, index: PointIndex, record: RecordView): Status {
    // A record that was saved again waits if what it repeats does, whatever became of its state.
    let at = index;
    let view: RecordView | null = record;
    while (view !== null && mayWait(record) && points.isCopy(at)) {
      at = points.parentOf(at);
      view = this.#viewAt(points, at);
    }
    if (view === null) return 'unknown';
    return statusOfRecord(view, () => this.#viewAt(points, at - 1));
  }

  #viewAt(points: ThreadPoints, index: PointIndex): RecordView | null {
    if (index < 0) return null;
    const reading = this.source.read(placeAt(points, index));
    return reading.ok ? reading.record : null;
  }

  state(key: CheckpointKey): StateView {
    const { points, index } = this.find(key);
    const record = this.#record(points, index);
    const root = record.state;
    const notes: string[] = [];
    if (root === null) notes.push('This record holds no state: its `state` has no member `data`.');
    else if (record.refused !== null) notes.push(`wesichain cannot load this record: ${record.refused}.`);
    const view = { root, provenance: storedMembers(root), notes, dialect: 'json-serde' } as const;
    return root === null ? { ...view, unforkable: 'It holds no state.' } : view;
  }

  metadata(key: CheckpointKey): Cursor | null {
    const { points, index } = this.find(key);
    return openValue('json', metadataText(this.#record(points, index)));
  }

  pending(key: CheckpointKey): PendingView {
    const { points, index } = this.find(key);
    const record = this.#record(points, index);
    const isHead = index === points.count - 1;
    const view = pendingOf(record, this.#status(points, index, record), isHead, resumeCode(points.thread));
    const { refused } = this.source.trouble(points.thread);
    if (refused === null || !view.resumable) return view;
    return { ...view, resumable: false, resume: null, reason: `${refused} ${view.reason ?? ''}`.trim() };
  }

  raw(key: CheckpointKey): readonly RawPart[] {
    const { points, index } = this.find(key);
    return this.source.raw(placeAt(points, index));
  }

  plan(request: OperationRequest, context: PlanContext): StorePlan {
    const writer = this.#writer(context);
    if (request.operation === 'import') return planImport(request, writer);
    if (request.operation === 'delete') return planDelete(this, request, writer);
    return planFork(this, request, writer);
  }

  exportRecords(thread: string): Generator<ThreadRecord, void, void> {
    return exportThread(this.source, this.pointsOf(thread));
  }

  /** Rows that wesichain projects from the states of a thread; conversations of wesichain-session that belong to it. */
  *neighbours(thread: string, key?: CheckpointKey): Generator<NeighbourRecord, void, void> {
    const points = this.pointsOf(thread);
    const session = this.#viewAt(points, points.count - 1)?.state?.get('session_id');
    const named = new Set([thread]);
    if (session?.kind === 'string' && session.isUnicode()) named.add(session.text());
    for (const record of this.#beside(points, named)) {
      if (key === undefined || record.checkpoint === key) yield record;
    }
  }

  // ── For the planner ──────────────────────────────────────────────────────────────────────────────────────────────

  statusAt(points: ThreadPoints, index: PointIndex): Status {
    const record = this.#viewAt(points, index);
    return record === null ? 'unknown' : this.#status(points, index, record);
  }

  #record(points: ThreadPoints, index: PointIndex): RecordView {
    const reading = this.source.read(placeAt(points, index));
    if (reading.ok) return reading.record;
    throw new ForkpointError(
      'corrupt',
      `Record ${points.idOf(index)} cannot be read: ${reading.reason} Nothing was changed.`,
      'Look at its raw bytes, or open another point.',
    );
  }
}

function noteOf(reading: RecordReading, status: Status): string | null {
  if (!reading.ok) return `This record cannot be read: ${reading.reason}`;
  if (reading.record.refused !== null) return `wesichain cannot load this record: ${reading.record.refused}.`;
  return status === 'interrupted' ? `waits before ${reading.record.node ?? ''}` : null;
}
