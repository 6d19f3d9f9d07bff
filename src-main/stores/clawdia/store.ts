// An opened clawdia store. One core for both backends: a source gives runs, records and checkpoints, everything else is here.
// Points hold no state: a checkpoint only says which records it covers, so each point carries its record as metadata.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey, parseKey, type CheckpointKey } from '../../../shared/model/key.ts';
import { stringAt, type Lineage, type PointIndex } from '../../../shared/model/lineage.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Backend } from '../backend.ts';
import { drain } from '../drain.ts';
import { Pictures } from '../pictures.ts';
import type {
  Changes,
  ExportingStore,
  Format,
  NeighbourRecord,
  OperationRequest,
  PendingView,
  PlanContext,
  RawPart,
  RecordingStore,
  StateView,
  Store,
  StoreDescription,
  StorePlan,
  ThreadDetail,
  ThreadRecord,
  ThreadSummary,
} from '../store.ts';
import { planDelete } from './delete.ts';
import { exportRun } from './document.ts';
import type { Effect, RunFacts } from './effects.ts';
import { pendingChoice, planFork } from './fork.ts';
import { planImport } from './import.ts';
import { argumentsOf, neighboursOf } from './neighbours.ts';
import { originOf } from './origin.ts';
import type { Origin, RunPoints } from './points.ts';
import { era, isoTime, type RecordView } from './record.ts';
import { namesOf, resumeCode } from './resume.ts';
import type { Picture, RunSource } from './source.ts';
import { nextOf, noteOf, pendingOf, statusOf, type PointView } from './status.ts';
import type { PlanWriter } from './write.ts';

export class ClawdiaStore implements Store, ExportingStore, RecordingStore {
  readonly format: Format;
  readonly backend: Backend;
  readonly source: RunSource;
  readonly #writer: (context: PlanContext) => PlanWriter;
  readonly #behind = new WeakMap<Lineage, { readonly points: RunPoints; readonly origin: Origin | null }>();
  readonly #folded = new WeakMap<RunPoints, RunFacts>();
  readonly #pictures = new Pictures<Picture>();

  constructor(format: Format, backend: Backend, source: RunSource, writer: (context: PlanContext) => PlanWriter) {
    this.format = format;
    this.backend = backend;
    this.source = source;
    this.#writer = writer;
  }

  describe(): StoreDescription {
    const { framework, capabilities, unable } = this.format;
    return { framework, eras: [era], capabilities, unable, notes: this.source.notes(), pendingChoice };
  }

  threads(): Generator<readonly ThreadSummary[], void, void> {
    return this.source.threads();
  }

  threadSummary(thread: string): ThreadSummary | null {
    return this.source.summary(thread);
  }

  threadDetail(thread: string): ThreadDetail {
    return drain(this.threadDetailInBatches(thread));
  }

  *threadDetailInBatches(thread: string): Generator<number, ThreadDetail, void> {
    const points = yield* this.source.points(thread);
    if (points === null) throw noRun(thread);
    const facts = yield* this.#folding(points);
    return {
      thread,
      namespaces: [''],
      branches: 1,
      head: keyOf(points, points.head),
      status: statusOf(this.#view(points, points.head)),
      refused: this.source.refused(points, facts),
      bytes: points.places.reduce((sum, place) => sum + place.bytes, 0),
    };
  }

  *lineage(thread: string, _previous?: Lineage): Generator<number, Lineage, void> {
    const points = yield* this.source.points(thread);
    if (points === null) throw noRun(thread);
    const origin = originOf(this, points);
    const lineage = points.toLineage(origin);
    this.#behind.set(lineage, { points, origin });
    return lineage;
  }

  keyAt(lineage: Lineage, index: PointIndex): CheckpointKey {
    const id = stringAt(lineage.ids, index);
    return formatKey({ thread: lineage.thread, namespace: '', id, nth: lineage.nth[index] ?? 0 });
  }

  indexOf(lineage: Lineage, key: CheckpointKey): PointIndex {
    const parts = parseKey(key);
    if (parts === null || parts.thread !== lineage.thread || parts.namespace !== '') return -1;
    return this.#pointsBehind(lineage).points.find(parts.id, parts.nth);
  }

  #pointsBehind(lineage: Lineage): { readonly points: RunPoints; readonly origin: Origin | null } {
    const known = this.#behind.get(lineage);
    if (known !== undefined) return known;
    const points = this.pointsOf(lineage.thread);
    return { points, origin: originOf(this, points) };
  }

  checkpoints(lineage: Lineage, indices: readonly PointIndex[]): readonly Checkpoint[] {
    const { points, origin } = this.#pointsBehind(lineage);
    return indices.map((index) => this.#checkpoint(points, index, origin));
  }

  #checkpoint(points: RunPoints, index: PointIndex, origin: Origin | null): Checkpoint {
    const view = this.#view(points, index);
    const place = points.places[index]!;
    const link = points.linkOf(index);
    const from = index === 0 ? origin : null;
    const step = Number(place.seq);
    const happened = place.kind === 'record' ? (view.record?.event ?? null) : (view.checkpoint?.loop ?? null);
    return {
      key: keyOf(points, index),
      id: place.id,
      parent: index === 0 ? null : keyOf(points, index - 1),
      parentKind: link.kind === 'root' ? null : link.kind,
      parentReason: from?.reason ?? (link.reason === '' ? null : link.reason),
      missingParent: null,
      parentThread: from?.run ?? null,
      namespace: '',
      step: Number.isSafeInteger(step) ? step : null,
      source: place.kind === 'record' ? (view.record?.kind ?? null) : 'checkpoint_store',
      node: happened === null ? [] : [happened],
      time: place.kind === 'record' ? (view.record?.time ?? null) : isoTime(place.created),
      status: statusOf(view),
      next: nextOf(view),
      bytes: place.bytes,
      note: noteOf(view),
    };
  }

  state(key: CheckpointKey): StateView {
    this.find(key);
    return { root: null, provenance: new Map(), notes: [], dialect: 'json-serde' };
  }

  metadata(key: CheckpointKey): Cursor | null {
    const { points, index } = this.find(key);
    const { record, checkpoint } = this.#stored(points, index);
    return record?.root ?? checkpoint?.root ?? null;
  }

  pending(key: CheckpointKey): PendingView {
    const { points, index } = this.find(key);
    const facts = this.factsOf(points);
    const source = {
      recordOf: (effect: Effect): RecordView | null => this.recordAt(points, effect.opened),
      argumentsOf: (record: RecordView): Cursor | null => argumentsOf(this.source, record),
    };
    const resume = resumeCode(namesOf(points.run, this.recordAt(points, 0), this.backend.reader.kind));
    return pendingOf({ ...this.#view(points, index), facts }, source, this.source.refused(points, facts), resume);
  }

  raw(key: CheckpointKey): readonly RawPart[] {
    const { points, index } = this.find(key);
    return this.source.raw(points.places[index]!);
  }

  changesSince(token: string | null): Changes {
    const now = this.source.picture();
    const { token: next, earlier } = this.#pictures.take(now, token);
    return { token: next, threads: earlier === undefined ? 'all' : now.since(earlier) };
  }

  plan(request: OperationRequest, context: PlanContext): StorePlan {
    const writer = this.#writer(context);
    if (request.operation === 'import') return planImport(request, writer);
    if (request.operation === 'delete') return planDelete(this, request, writer);
    return planFork(this, request, writer, context.draw);
  }

  exportRecords(thread: string): Generator<ThreadRecord, void, void> {
    return exportRun(this.source, this.pointsOf(thread));
  }

  neighbours(thread: string, key?: CheckpointKey): Generator<NeighbourRecord, void, void> {
    const points = this.pointsOf(thread);
    const at = key === undefined ? null : this.find(key).index;
    return neighboursOf(this.source, points, at, (index) => keyOf(points, index));
  }

  // ── For the planner ──────────────────────────────────────────────────────────────────────────────────────────────

  /** All points of a run, as it stands now. Throws `not_found`. */
  pointsOf(run: string): RunPoints {
    const points = this.pointsIfAny(run);
    if (points === null) throw noRun(run);
    return points;
  }

  pointsIfAny(run: string): RunPoints | null {
    return drain(this.source.points(run));
  }

  factsOf(points: RunPoints): RunFacts {
    return drain(this.#folding(points));
  }

  *#folding(points: RunPoints): Generator<number, RunFacts, void> {
    let facts = this.#folded.get(points);
    if (facts === undefined) this.#folded.set(points, (facts = yield* this.source.facts(points)));
    return facts;
  }

  find(key: CheckpointKey): { readonly points: RunPoints; readonly index: PointIndex } {
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

  /** The n-th journal record of a run, null if it cannot be read. */
  recordAt(points: RunPoints, n: number): RecordView | null {
    const place = points.records[n];
    const reading = place === undefined ? null : this.source.record(place);
    return reading?.ok === true ? reading.view : null;
  }

  #view(points: RunPoints, index: PointIndex): PointView {
    return { points, index, facts: this.factsOf(points), ...this.#stored(points, index) };
  }

  /** What the point itself holds, without a look at the rest of the journal. */
  #stored(points: RunPoints, index: PointIndex): Pick<PointView, 'record' | 'checkpoint'> {
    const place = points.places[index];
    const record = place?.kind === 'record' ? this.source.record(place) : null;
    const checkpoint = place?.kind === 'checkpoint' ? this.source.checkpoint(place) : null;
    return {
      record: record?.ok === true ? record.view : null,
      checkpoint: checkpoint?.ok === true ? checkpoint.view : null,
    };
  }
}

function keyOf(points: RunPoints, index: PointIndex): CheckpointKey {
  const id = points.places[index]?.id ?? '';
  return formatKey({ thread: points.run, namespace: '', id, nth: points.nthOf(index) });
}

function noRun(run: string): ForkpointError {
  return new ForkpointError(
    'not_found',
    `There is no run ${shownName(run)} in this store.`,
    'List the threads; ids are case-sensitive.',
  );
}
