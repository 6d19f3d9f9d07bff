// A store whose points are records in the order of their insertion: lineage, keys, windows of points, what changed. A format gives a
// source (one for each backend) and says what a record means.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey, parseKey, type CheckpointKey } from '../../../shared/model/key.ts';
import { stringAt, type Lineage, type PointIndex } from '../../../shared/model/lineage.ts';
import type { Checkpoint, Provenance } from '../../../shared/model/shapes.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Backend } from '../backend.ts';
import { letGo } from '../let-go.ts';
import { Pictures } from '../pictures.ts';
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
import type { RecordPoints } from './points.ts';
import type { Picture, RecordSource } from './source.ts';

/** Threads whose points are kept, for questions about single points. */
const keptThreads = 8;
/** Milliseconds that `changesSince` reads new points for; a thread that grew by more is then one of which any point may be new. */
const readsFor = 8;

export abstract class RecordStore<Points extends RecordPoints, Source extends RecordSource<Points>>
  implements Store, ExportingStore
{
  readonly format: Format;
  readonly backend: Backend;
  readonly source: Source;
  readonly #eras: () => readonly string[];
  readonly #kept = new Map<string, Points>();
  readonly #behind = new WeakMap<Lineage, Points>();
  readonly #pictures = new Pictures<Picture>();

  constructor(format: Format, backend: Backend, source: Source, eras: () => readonly string[]) {
    this.format = format;
    this.backend = backend;
    this.source = source;
    this.#eras = eras;
  }

  // ── What the format says ─────────────────────────────────────────────────────────────────────────────────────────

  abstract threadDetail(thread: string): ThreadDetail;
  protected abstract checkpointAt(points: Points, index: PointIndex): Checkpoint;
  abstract state(key: CheckpointKey, applied?: boolean): StateView;
  abstract metadata(key: CheckpointKey): Cursor | null;
  abstract pending(key: CheckpointKey): PendingView;
  abstract raw(key: CheckpointKey): readonly RawPart[];
  abstract plan(request: OperationRequest, context: PlanContext): StorePlan;
  abstract exportRecords(thread: string): Generator<ThreadRecord, void, void>;

  // ── What holds for all of them ───────────────────────────────────────────────────────────────────────────────────

  describe(): StoreDescription {
    return {
      framework: this.format.framework,
      eras: this.eras(),
      capabilities: this.format.capabilities,
      unable: this.format.unable,
      notes: this.source.notes(),
    };
  }

  /** Eras seen in the store as it is now. */
  protected eras(): readonly string[] {
    return this.#eras();
  }

  threads(): Generator<readonly ThreadSummary[], void, void> {
    return this.source.threads();
  }

  threadSummary(thread: string): ThreadSummary | null {
    return this.source.summary(thread);
  }

  /** Points that were read in batches are kept, and `threadDetail` finds them. */
  *threadDetailInBatches(thread: string): Generator<number, ThreadDetail, void> {
    const points = yield* this.source.points(thread, this.#kept.get(thread) ?? null);
    if (points.count > 0) this.#keep(points);
    if (this.source.checking !== undefined) yield* this.source.checking(thread);
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
    return formatKey({
      thread: lineage.thread,
      namespace: lineage.namespaces[lineage.namespace[index] ?? 0] ?? '',
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

  checkpoints(lineage: Lineage, indices: readonly PointIndex[]): readonly Checkpoint[] {
    const points = this.#pointsBehind(lineage);
    return indices.map((index) => this.checkpointAt(points, index));
  }

  changesSince(token: string | null): Changes {
    const now = this.source.picture();
    const { token: next, earlier } = this.#pictures.take(now, token);
    const touched = earlier === undefined ? 'all' : now.since(earlier);
    if (touched === 'all') return { token: next, threads: 'all' };
    const points: CheckpointKey[] = [];
    const whole: string[] = [];
    const until = performance.now() + readsFor;
    for (const [thread, change] of touched) {
      // Of a thread that nobody looks at, nothing is read here.
      const read = change === null ? null : this.#readOn(thread, until);
      if (change === null || read === null) {
        whole.push(thread);
        continue;
      }
      const found = new Set<PointIndex>();
      for (let i = read.count - 1; i >= 0 && change.isNew(read, i); i -= 1) found.add(i).add(read.parentOf(i));
      for (const { namespace, id } of change.written) found.add(read.lastOf(namespace, id));
      for (const index of found) if (index >= 0) points.push(read.keyOf(index));
    }
    return { token: next, threads: [...touched.keys()], points, whole };
  }

  /** The points of a thread that is kept, read on; null where it is not kept, or grew by more than can be read in passing. */
  #readOn(thread: string, until: number): Points | null {
    const kept = this.#kept.get(thread);
    if (kept === undefined) return null;
    const steps = this.source.points(thread, kept);
    for (;;) {
      const step = steps.next();
      if (step.done !== true) {
        if (performance.now() > until) return null;
        continue;
      }
      if (step.value !== kept) return null;
      return kept;
    }
  }

  // ── For the formats ──────────────────────────────────────────────────────────────────────────────────────────────

  /** All points of a thread, as it stands now. Throws `not_found`. */
  pointsOf(thread: string): Points {
    const steps = this.source.points(thread, this.#kept.get(thread) ?? null);
    for (;;) {
      const step = steps.next();
      if (step.done !== true) continue;
      if (step.value.count === 0) throw noThread(thread);
      this.#keep(step.value);
      return step.value;
    }
  }

  /** A point by its key. Throws `not_found`. */
  find(key: CheckpointKey): { readonly points: Points; readonly index: PointIndex } {
    const parts = parseKey(key);
    const points = parts === null ? null : this.pointsOf(parts.thread);
    const index = points === null || parts === null ? -1 : points.find(parts.namespace, parts.id, parts.nth);
    if (points === null || index < 0) throw noPoint(key);
    return { points, index };
  }

  #pointsBehind(lineage: Lineage): Points {
    return this.#behind.get(lineage) ?? this.pointsOf(lineage.thread);
  }

  #keep(points: Points): void {
    this.#kept.delete(points.thread);
    this.#kept.set(points.thread, points);
    letGo(this.#kept, keptThreads);
  }
}

/** Every member of a stored state, as one that stands where it is. */
export function storedMembers(root: Cursor | null): ReadonlyMap<string, Provenance> {
  const provenance = new Map<string, Provenance>();
  if (root?.kind !== 'map') return provenance;
  for (let i = 0; i < root.count; i += 1) {
    const name = root.key(i);
    if (name.kind === 'string' && name.isUnicode()) provenance.set(name.text(), 'stored');
  }
  return provenance;
}

export function noThread(thread: string): ForkpointError {
  return new ForkpointError(
    'not_found',
    `There is no thread ${shownName(thread)} in this store.`,
    'List the threads; ids are case-sensitive.',
  );
}

export function noPoint(key: string): ForkpointError {
  return new ForkpointError(
    'not_found',
    `There is no checkpoint \`${key}\` in this store.`,
    'Reload the thread: it may have been removed.',
  );
}
