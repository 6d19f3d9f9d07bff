// An opened tinyagents store. One core for both backends: a source gives records in insertion order, everything else is here.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey, parseKey, type CheckpointKey } from '../../../shared/model/key.ts';
import { stringAt, type Lineage, type PointIndex } from '../../../shared/model/lineage.ts';
import type { Checkpoint, Provenance } from '../../../shared/model/shapes.ts';
import type { Cursor } from '../../values/cursor.ts';
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
import { namespaceText } from './namespace.ts';
import { pendingOf } from './pending.ts';
import { keyOf, placeAt } from './place.ts';
import type { ThreadPoints } from './points.ts';
import { nodesThatRan, readRecord, unreleasedReason, type Era, type RecordView } from './record.ts';
import { resumeCode } from './resume.ts';
import type { Picture, Place, RecordSource } from './source.ts';
import { isSwallowed, noteOfRecord, statusOfRecord } from './status.ts';
import type { PlanWriter } from './write.ts';

/** Threads whose points are kept, for questions about single points. */
const keptThreads = 8;
/** Pictures kept for `changesSince`; a token that is older is answered with `all`. */
const keptPictures = 16;

export class TinyagentsStore implements Store, ExportingStore {
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
    const { refused } = this.source.trouble(thread);
    const head = points.headOf('');
    const record = head < 0 ? null : this.#tryRecord(placeAt(points, head));
    return {
      thread,
      namespaces: points.namespaces(),
      branches: points.leaves(),
      head: head < 0 ? null : keyOf(points, head),
      status: record === null || 'reason' in record ? 'unknown' : statusOfRecord(record),
      refused:
        refused ??
        (record !== null && 'reason' in record ? `tinyagents cannot read the latest point: ${record.reason}` : null),
      bytes: this.source.size(points),
    };
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
    const namespace = lineage.namespaces[lineage.namespace[index] ?? 0] ?? '';
    return formatKey({
      thread: lineage.thread,
      namespace,
      id: stringAt(lineage.ids, index),
      nth: lineage.nth[index] ?? 0,
    });
  }

  indexOf(lineage: Lineage, key: CheckpointKey): PointIndex {
    const parts = parseKey(key);
    if (parts === null || parts.thread !== lineage.thread) return -1;
    const index = this.#pointsBehind(lineage).find(parts.namespace, parts.id, parts.nth);
    return index < lineage.count ? index : -1;
  }

  #pointsBehind(lineage: Lineage): ThreadPoints {
    const points = this.#behind.get(lineage);
    if (points !== undefined) return points;
    return this.pointsOf(lineage.thread);
  }

  checkpoints(lineage: Lineage, indices: readonly PointIndex[]): readonly Checkpoint[] {
    const points = this.#pointsBehind(lineage);
    return indices.map((index) => this.#checkpoint(points, index));
  }

  #checkpoint(points: ThreadPoints, index: PointIndex): Checkpoint {
    const place = placeAt(points, index);
    const reading = this.#tryRecord(place);
    const record = 'reason' in reading ? null : reading;
    const parent = points.parents[index] ?? -1;
    const link = points.linkOf(index);
    const reason = points.reasonOf(index);
    return {
      key: keyOf(points, index),
      id: place.id,
      parent: parent < 0 ? null : keyOf(points, parent),
      parentKind: link === 'explicit' || link === 'inferred' ? link : null,
      parentReason: link === 'missing' || reason === '' ? null : reason,
      missingParent: link === 'missing' ? reason : null,
      parentThread: null,
      namespace: place.namespace,
      step: record?.step ?? null,
      source: record?.source ?? null,
      node: record === null ? [] : [...nodesThatRan(record)],
      time: null,
      status: record === null ? 'unknown' : statusOfRecord(record),
      next: record === null ? [...(points.nexts[index] ?? [])] : record.pending.map((a) => a.node),
      bytes: place.bytes,
      note: 'reason' in reading ? `This record cannot be read: ${reading.reason}` : noteOfRecord(reading),
    };
  }

  state(key: CheckpointKey): StateView {
    const record = this.record(this.placeOf(key));
    const root = record.state;
    const provenance = new Map<string, Provenance>();
    if (root !== null && root.kind === 'map') {
      for (let i = 0; i < root.count; i += 1) {
        const name = root.key(i);
        if (name.kind === 'string' && name.isUnicode()) provenance.set(name.text(), 'stored');
      }
    }
    const notes: string[] = [];
    if (root === null) notes.push('This record holds no state.');
    if (isSwallowed(record)) {
      notes.push('tinyagents before 1.6 dropped the question that was asked here: nobody waits for an answer.');
    }
    return { root, provenance, notes, dialect: 'json-serde' };
  }

  metadata(key: CheckpointKey): Cursor | null {
    return this.record(this.placeOf(key)).metadata;
  }

  pending(key: CheckpointKey): PendingView {
    const place = this.placeOf(key);
    const record = this.record(place);
    const ledger = this.source
      .ledger(place.thread, namespaceText(record.namespace), place.id)
      .map((entry) => entry.write);
    const points = this.pointsOf(place.thread);
    const head = points.headOf(place.namespace);
    const isHead = head >= 0 && points.positions[head] === place.position;
    // The framework resolves an id to its last record; an earlier one of the same id cannot be named to it.
    const named = points.occurrences(place.namespace, place.id).at(-1);
    const reachable = isHead || (named !== undefined && points.positions[named] === place.position);
    const code = reachable
      ? resumeCode(place.thread, isHead ? null : place.id, statusOfRecord(record) === 'interrupted')
      : null;
    const view = pendingOf(record, ledger, code);
    if (reachable || !view.resumable) return view;
    const later = `The id \`${place.id}\` was used again later in this thread, and tinyagents takes the last: it cannot resume from here. Fork this point instead.`;
    return { ...view, resumable: false, reason: view.reason === null ? later : `${view.reason} ${later}` };
  }

  raw(key: CheckpointKey): readonly RawPart[] {
    return this.source.raw(this.placeOf(key));
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
    return planFork(this, request, context, writer);
  }

  exportRecords(thread: string): Generator<ThreadRecord, void, void> {
    const points = this.pointsOf(thread);
    return exportThread(this.source, points);
  }

  // ── For the planners ─────────────────────────────────────────────────────────────────────────────────────────────

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

  placeOf(key: CheckpointKey): Place {
    const parts = parseKey(key);
    const place = parts === null ? null : this.source.locate(parts.thread, parts.namespace, parts.id, parts.nth);
    if (place === null) {
      throw new ForkpointError(
        'not_found',
        `There is no checkpoint \`${key}\` in this store.`,
        'Reload the thread: the framework may have pruned it.',
      );
    }
    return place;
  }

  record(place: Place): RecordView {
    const reading = this.#tryRecord(place);
    if (!('reason' in reading)) return reading;
    if (reading.version >= 2) throw new ForkpointError('unsupported', reading.reason);
    throw new ForkpointError(
      'corrupt',
      `The record of \`${place.id}\` cannot be read: ${reading.reason} Nothing was changed.`,
      'Look at its raw bytes, or open another point.',
    );
  }

  #tryRecord(place: Place): RecordView | { readonly reason: string; readonly version: number } {
    const reading = readRecord(this.source.read(place));
    if (!reading.ok) return { reason: reading.reason, version: 1 };
    const { record } = reading;
    if (record.id !== place.id) {
      return { reason: `another record (\`${record.id}\`) stands at its place.`, version: 1 };
    }
    return record.version >= 2 ? { reason: unreleasedReason(record.version), version: record.version } : record;
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

function noThread(thread: string): ForkpointError {
  return new ForkpointError(
    'not_found',
    `There is no thread \`${thread}\` in this store.`,
    'List the threads; ids are case-sensitive.',
  );
}
