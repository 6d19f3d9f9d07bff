// An opened tinyagents store. One core for both backends: a source gives records in insertion order, everything else is here.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { parseKey, type CheckpointKey } from '../../../shared/model/key.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Backend } from '../backend.ts';
import { changingCapabilities } from '../capabilities.ts';
import { noPoint, RecordStore, storedMembers } from '../records/store.ts';
import type {
  Format,
  NeighbourRecord,
  OperationRequest,
  PendingView,
  PlanContext,
  RawPart,
  RecordingStore,
  StateView,
  StoreDescription,
  StorePlan,
  ThreadDetail,
  ThreadRecord,
} from '../store.ts';
import { planDelete } from './delete.ts';
import { exportThread } from './document.ts';
import { pendingChoice, planFork } from './fork.ts';
import { planImport } from './import.ts';
import type { Journals } from './journal.ts';
import { namespaceText } from './namespace.ts';
import { pendingOf } from './pending.ts';
import { placeAt } from './place.ts';
import type { ThreadPoints } from './points.ts';
import { developmentReason, eraDevelopment, nodesThatRan, readRecord, type Era, type RecordView } from './record.ts';
import { resumeCode } from './resume.ts';
import type { Place, TinyagentsSource } from './source.ts';
import { isSwallowed, noteOfRecord, statusOfRecord } from './status.ts';
import type { PlanWriter } from './write.ts';

/** What cannot be done to a store of the unreleased format. */
const writes: readonly string[] = changingCapabilities;

export class TinyagentsStore extends RecordStore<ThreadPoints, TinyagentsSource> implements RecordingStore {
  readonly #writer: (context: PlanContext) => PlanWriter;
  readonly #journals: Journals;

  constructor(
    format: Format,
    backend: Backend,
    source: TinyagentsSource,
    eras: () => readonly Era[],
    writer: (context: PlanContext) => PlanWriter,
    journals: Journals,
  ) {
    super(format, backend, source, eras);
    this.#writer = writer;
    this.#journals = journals;
  }

  override describe(): StoreDescription {
    const about = { ...super.describe(), pendingChoice };
    if (!about.eras.includes(eraDevelopment)) return about;
    const unable = writes.map((operation) => ({ operation, reason: developmentReason }));
    const capabilities = about.capabilities.filter((name) => !writes.includes(name));
    return { ...about, capabilities, unable: [...about.unable, ...unable] };
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
      head: head < 0 ? null : points.keyOf(head),
      status: record === null || 'reason' in record ? 'unknown' : statusOfRecord(record),
      refused:
        refused ??
        (record !== null && 'reason' in record ? `tinyagents cannot read the latest point: ${record.reason}` : null),
      bytes: this.source.size(points),
    };
  }

  protected checkpointAt(points: ThreadPoints, index: PointIndex): Checkpoint {
    const place = placeAt(points, index);
    const reading = this.#tryRecord(place);
    const record = 'reason' in reading ? null : reading;
    const parent = points.parentOf(index);
    const link = points.linkOf(index);
    const reason = points.reasonOf(index);
    return {
      key: points.keyOf(index),
      id: place.id,
      parent: parent < 0 ? null : points.keyOf(parent),
      parentKind: link === 'explicit' || link === 'inferred' ? link : null,
      parentReason: link === 'missing' || reason === '' ? null : reason,
      missingParent: link === 'missing' ? reason : null,
      parentThread: null,
      namespace: place.namespace,
      step: record?.step ?? null,
      source: record?.source ?? null,
      node: record === null ? [] : [...nodesThatRan(record)],
      time: isoOf(record?.createdAt ?? null),
      status: record === null ? 'unknown' : statusOfRecord(record),
      next: record === null ? [...points.nextOf(index)] : record.pending.map((a) => a.node),
      bytes: place.bytes,
      note: 'reason' in reading ? `This record cannot be read: ${reading.reason}` : noteOfRecord(reading),
    };
  }

  state(key: CheckpointKey): StateView {
    const record = this.record(this.placeOf(key));
    const root = record.state;
    const notes: string[] = [];
    if (root === null) notes.push('This record holds no state.');
    if (isSwallowed(record)) {
      notes.push('tinyagents before 1.6 dropped the question that was asked here: nobody waits for an answer.');
    }
    const view = { root, provenance: storedMembers(root), notes, dialect: 'json-serde' } as const;
    return record.era === eraDevelopment ? { ...view, unforkable: developmentReason } : view;
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
    const isHead = head >= 0 && points.positionOf(head) === place.position;
    // The framework resolves an id to its last record; an earlier one of the same id cannot be named to it.
    const named = points.lastOf(place.namespace, place.id);
    const reachable = isHead || (named >= 0 && points.positionOf(named) === place.position);
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

  plan(request: OperationRequest, context: PlanContext): StorePlan {
    if (this.eras().includes(eraDevelopment)) {
      throw new ForkpointError(
        'unable',
        `${developmentReason} Nothing was changed.`,
        'Export the thread to keep a copy; carry on with the version that wrote the store.',
      );
    }
    const writer = this.#writer(context);
    if (request.operation === 'import') return planImport(request, writer);
    if (request.operation === 'delete') return planDelete(this, request, writer);
    return planFork(this, request, context, writer);
  }

  exportRecords(thread: string): Generator<ThreadRecord, void, void> {
    const points = this.pointsOf(thread);
    return exportThread(this.source, points);
  }

  /** Events of graph journals, where they lie in the folder that was named. */
  *neighbours(thread: string, key?: CheckpointKey): Generator<NeighbourRecord, void, void> {
    yield* this.#journals.of(this.pointsOf(thread), key);
  }

  // ── For the planners ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Place of a record, without reading the whole thread where the store has an index. Throws `not_found`. */
  placeOf(key: CheckpointKey): Place {
    const parts = parseKey(key);
    const place = parts === null ? null : this.source.locate(parts.thread, parts.namespace, parts.id, parts.nth);
    if (place === null) throw noPoint(key);
    return place;
  }

  record(place: Place): RecordView {
    const reading = this.#tryRecord(place);
    if (!('reason' in reading)) return reading;
    throw new ForkpointError(
      'corrupt',
      `The record of \`${place.id}\` cannot be read: ${reading.reason} Nothing was changed.`,
      'Look at its raw bytes, or open another point.',
    );
  }

  #tryRecord(place: Place): RecordView | { readonly reason: string } {
    const reading = readRecord(this.source.read(place));
    if (!reading.ok) return { reason: reading.reason };
    const { record } = reading;
    if (record.id !== place.id) {
      return { reason: `another record (\`${record.id}\`) stands at its place.` };
    }
    return record;
  }
}

function isoOf(millis: number | null): string | null {
  return millis === null || millis === 0 || Math.abs(millis) > 8.64e15 ? null : new Date(millis).toISOString();
}
