// An opened wesichain store. One core for both backends: a source gives records in their order, everything else is here.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey, parseKey, type CheckpointKey } from '../../../shared/model/key.ts';
import { stringAt, type Lineage, type PointIndex } from '../../../shared/model/lineage.ts';
import type { Checkpoint, Provenance } from '../../../shared/model/shapes.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Status } from '../../../shared/model/status.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import type { Backend } from '../backend.ts';
import type {
  Changes,
  ExportingStore,
  Format,
  OperationRequest,
  PendingView,
  PlanContext,
  RawPart,
  StateView,
  Store,
  StoreDescription,
  StorePlan,
  ThreadDetail,
  ThreadRecord,
  ThreadSummary,
} from '../store.ts';
import { exportThread } from './document.ts';
import { planFork } from './fork.ts';
import { planImport } from './import.ts';
import { metadataText } from './new-record.ts';
import { pendingOf } from './pending.ts';
import type { ThreadPoints } from './points.ts';
import { isoTime, type Era, type RecordReading, type RecordView } from './record.ts';
import { resumeCode } from './resume.ts';
import { placeAt, type Picture, type RecordSource } from './source.ts';
import { mayWait, statusOfRecord } from './status.ts';
import type { PlanWriter } from './write.ts';

/** Threads whose points are kept, for questions about single points. */
const keptThreads = 8;
/** Pictures kept for `changesSince`; a token that is older is answered with `all`. */
const keptPictures = 16;

export class WesichainStore implements Store, ExportingStore {
  readonly format: Format;
  readonly backend: Backend;
  readonly source: RecordSource;
  readonly #eras: () => readonly Era[];
  readonly #writer: (context: PlanContext) => PlanWriter;
  readonly #kept = new Map<string, ThreadPoints>();
  readonly #behind = new WeakMap<Lineage, ThreadPoints>();
  readonly #pictures = new Map<string, Picture>();
  #pictured = 0;

  constructor(
    format: Format,
    backend: Backend,
    source: RecordSource,
    eras: () => readonly Era[],
    writer: (context: PlanContext) => PlanWriter,
  ) {
    this.format = format;
    this.backend = backend;
    this.source = source;
    this.#eras = eras;
    this.#writer = writer;
  }

  describe(): StoreDescription {
    return {
      framework: this.format.framework,
      eras: this.#eras(),
      capabilities: this.format.capabilities,
      unable: this.format.unable,
      notes: this.source.notes(),
    };
  }

  threads(): Generator<readonly ThreadSummary[], void, void> {
    return this.source.threads();
  }

  threadSummary(thread: string): ThreadSummary | null {
    return this.source.summary(thread);
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
      head: keyOf(points, head),
      status: reading.ok ? this.#status(points, head, reading.record) : 'unknown',
      refused:
        this.source.trouble(thread).refused ??
        (unread === null
          ? null
          : `wesichain cannot load this thread: its latest record (${points.seqs[head]}): ${unread}.`),
      bytes: this.source.size(points),
    };
  }

  /** Points that were read in batches are kept, and `threadDetail` finds them. */
  *threadDetailInBatches(thread: string): Generator<number, ThreadDetail, void> {
    const points = yield* this.source.points(thread, this.#kept.get(thread) ?? null);
    if (points.count > 0) this.#keep(points);
    return this.threadDetail(thread);
  }

  *lineage(thread: string, previous?: Lineage): Generator<number, Lineage, void> {
    const known = (previous === undefined ? undefined : this.#behind.get(previous)) ?? this.#kept.get(thread) ?? null;
    const points = yield* this.source.points(thread, known);
    if (points.count === 0) throw noThread(thread);
    this.#keep(points);
    const lineage = points.toLineage();
    this.#behind.set(lineage, points);
    return lineage;
  }

  keyAt(lineage: Lineage, index: PointIndex): CheckpointKey {
    const id = stringAt(lineage.ids, index);
    return formatKey({ thread: lineage.thread, namespace: '', id, nth: lineage.nth[index] ?? 0 });
  }

  indexOf(lineage: Lineage, key: CheckpointKey): PointIndex {
    const parts = parseKey(key);
    if (parts === null || parts.thread !== lineage.thread || parts.namespace !== '') return -1;
    const index = this.#pointsBehind(lineage).find(parts.id, parts.nth);
    return index < lineage.count ? index : -1;
  }

  #pointsBehind(lineage: Lineage): ThreadPoints {
    return this.#behind.get(lineage) ?? this.pointsOf(lineage.thread);
  }

  checkpoints(lineage: Lineage, indices: readonly PointIndex[]): readonly Checkpoint[] {
    const points = this.#pointsBehind(lineage);
    return indices.map((index) => this.#checkpoint(points, index));
  }

  #checkpoint(points: ThreadPoints, index: PointIndex): Checkpoint {
    const place = placeAt(points, index);
    const reading = this.source.read(place);
    const record = reading.ok ? reading.record : null;
    const status = record === null ? 'unknown' : this.#status(points, index, record);
    const parent = points.parents[index] ?? -1;
    const reason = points.reasonOf(index);
    const step = record?.step === null || record?.step === undefined ? null : Number(record.step);
    // Of an interrupt before a node the record names the node that did not run.
    const ran = record === null || record.node === null || status === 'interrupted' ? [] : [record.node];
    return {
      key: keyOf(points, index),
      id: place.seq,
      parent: parent < 0 ? null : keyOf(points, parent),
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
      next: [...(points.queues[index] ?? [])],
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
      at = points.parents[at] ?? -1;
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
    const provenance = new Map<string, Provenance>();
    const members = root?.kind === 'map' ? root.count : 0;
    for (let i = 0; i < members; i += 1) {
      const name = root!.key(i);
      if (name.kind === 'string' && name.isUnicode()) provenance.set(name.text(), 'stored');
    }
    const notes: string[] = [];
    if (root === null) notes.push('This record holds no state: its `state` has no member `data`.');
    else if (record.refused !== null) notes.push(`wesichain cannot load this record: ${record.refused}.`);
    const view = { root, provenance, notes, dialect: 'json-serde' } as const;
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

  changesSince(token: string | null): Changes {
    const now = this.source.picture();
    const earlier = token === null ? undefined : this.#pictures.get(token);
    this.#pictured += 1;
    const next = `${this.#pictured}`;
    this.#pictures.set(next, now);
    for (const old of this.#pictures.keys()) {
      if (this.#pictures.size <= keptPictures) break;
      this.#pictures.delete(old);
    }
    return { token: next, threads: earlier === undefined ? 'all' : now.since(earlier) };
  }

  plan(request: OperationRequest, context: PlanContext): StorePlan {
    const writer = this.#writer(context);
    if (request.operation === 'import') return planImport(request, writer);
    return planFork(this, request, writer);
  }

  exportRecords(thread: string): Generator<ThreadRecord, void, void> {
    return exportThread(this.source, this.pointsOf(thread));
  }

  // ── For the planner ──────────────────────────────────────────────────────────────────────────────────────────────

  /** All points of a thread, as it stands now. Throws `not_found`. */
  pointsOf(thread: string): ThreadPoints {
    const steps = this.source.points(thread, this.#kept.get(thread) ?? null);
    for (;;) {
      const step = steps.next();
      if (step.done !== true) continue;
      if (step.value.count === 0) throw noThread(thread);
      this.#keep(step.value);
      return step.value;
    }
  }

  find(key: CheckpointKey): { readonly points: ThreadPoints; readonly index: PointIndex } {
    const parts = parseKey(key);
    const points = parts === null || parts.namespace !== '' ? null : this.pointsOf(parts.thread);
    const index = points === null || parts === null ? -1 : points.find(parts.id, parts.nth);
    if (points !== null && index >= 0) return { points, index };
    throw new ForkpointError(
      'not_found',
      `There is no checkpoint \`${key}\` in this store.`,
      'Reload the thread: it may have been removed.',
    );
  }

  statusAt(points: ThreadPoints, index: PointIndex): Status {
    const record = this.#viewAt(points, index);
    return record === null ? 'unknown' : this.#status(points, index, record);
  }

  #record(points: ThreadPoints, index: PointIndex): RecordView {
    const reading = this.source.read(placeAt(points, index));
    if (reading.ok) return reading.record;
    throw new ForkpointError(
      'corrupt',
      `Record ${points.seqs[index] ?? ''} cannot be read: ${reading.reason} Nothing was changed.`,
      'Look at its raw bytes, or open another point.',
    );
  }

  #keep(points: ThreadPoints): void {
    this.#kept.delete(points.thread);
    this.#kept.set(points.thread, points);
    for (const thread of this.#kept.keys()) {
      if (this.#kept.size <= keptThreads) break;
      this.#kept.delete(thread);
    }
  }
}

function keyOf(points: ThreadPoints, index: PointIndex): CheckpointKey {
  return formatKey({ thread: points.thread, namespace: '', id: points.seqs[index] ?? '', nth: points.nthOf(index) });
}

function noteOf(reading: RecordReading, status: Status): string | null {
  if (!reading.ok) return `This record cannot be read: ${reading.reason}`;
  if (reading.record.refused !== null) return `wesichain cannot load this record: ${reading.record.refused}.`;
  return status === 'interrupted' ? `waits before ${reading.record.node ?? ''}` : null;
}

function noThread(thread: string): ForkpointError {
  return new ForkpointError(
    'not_found',
    `There is no thread ${shownName(thread)} in this store.`,
    'List the threads; ids are case-sensitive.',
  );
}
