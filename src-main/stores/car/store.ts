// An opened CAR store: a folder of waiting workflow runs, one file each.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { parseKey, type CheckpointKey } from '../../../shared/model/key.ts';
import { stringAt, type Lineage, type PointIndex } from '../../../shared/model/lineage.ts';
import type { Checkpoint, Provenance } from '../../../shared/model/shapes.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import { compose } from '../../values/splice.ts';
import type { Backend, FilesReader } from '../backend.ts';
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
import { openState, stateAfter } from './deltas.ts';
import { planDelete } from './delete.ts';
import { exportRun, planImport } from './document.ts';
import { fileOf, RunFolder, type RunFiles } from './folder.ts';
import { placeOf, planFork } from './fork.ts';
import { Neighbours } from './neighbours.ts';
import { claimOf, differingId, pendingAt, refusalOf, statusAt } from './pending.ts';
import { resultAt, type RunPoints } from './points.ts';
import { eraOf, eras, textOf, type RunView } from './run-file.ts';

/** Milliseconds of work between two chances to stop. */
const pauseAfter = 8;
/** Files whose era is looked at when the store is described. */
const erasLookedAt = 64;

export class CarStore implements Store, ExportingStore, RecordingStore {
  readonly format: Format;
  readonly backend: Backend;
  readonly folder: RunFolder;
  readonly #neighbours: Neighbours;
  readonly #behind = new WeakMap<Lineage, RunPoints>();
  readonly #pictures = new Pictures<ReadonlyMap<string, string>>();

  /** @param folder below the root that holds the runs, `''` where the root does */
  constructor(format: Format, backend: Backend<FilesReader>, folder: string) {
    this.format = format;
    this.backend = backend;
    this.folder = new RunFolder(backend.reader, folder);
    this.#neighbours = new Neighbours(this.folder);
  }

  describe(): StoreDescription {
    const runs = [...this.folder.runs().values()];
    const seen = new Set<string>();
    const differing: string[] = [];
    for (const files of runs.slice(0, erasLookedAt)) {
      const { reading } = this.folder.points(files);
      if (!reading.ok) continue;
      seen.add(eraOf(reading.run));
      const differs = differingId(files.stem, reading.run);
      if (differs !== null) differing.push(differs);
    }
    const both = runs.filter((files) => files.waiting !== null && files.claimed !== null);
    const temporaries = this.folder.temporaries();
    return {
      framework: this.format.framework,
      eras: eras.filter((era) => seen.has(era)),
      capabilities: this.format.capabilities,
      unable: this.format.unable,
      notes: [
        ...(temporaries === 0
          ? []
          : [
              `${temporaries} ${temporaries === 1 ? 'file was' : 'files were'} left by a save that was cut short (\`.….tmp\`); CAR does not look at them.`,
            ]),
        ...both.map((files) => claimOf(files) ?? ''),
        ...differing,
        ...this.#neighbours.notes(),
      ],
    };
  }

  *threads(): Generator<readonly ThreadSummary[], void, void> {
    let batch: ThreadSummary[] = [];
    let since = performance.now();
    for (const files of this.folder.runs().values()) {
      const summary = this.#summary(files);
      if (summary !== null) batch.push(summary);
      if (performance.now() - since < pauseAfter) continue;
      yield batch;
      batch = [];
      since = performance.now();
    }
    yield batch;
  }

  /** Null where the file went away meanwhile. */
  #summary(files: RunFiles): ThreadSummary | null {
    try {
      return this.folder.summary(files);
    } catch (thrown) {
      if (thrown instanceof ForkpointError && thrown.code === 'not_found') return null;
      throw thrown;
    }
  }

  threadSummary(thread: string): ThreadSummary | null {
    const files = this.folder.filesOf(thread);
    return files === null ? null : this.#summary(files);
  }

  threadDetail(thread: string): ThreadDetail {
    const files = this.folder.requireFiles(thread);
    const points = this.folder.points(files);
    const { reading } = points;
    return {
      thread,
      namespaces: [''],
      branches: 1,
      head: points.head < 0 ? null : points.keyAt(points.head),
      status: statusAt(points, files, points.gate),
      refused: reading.ok ? refusalOf(reading.run) : `CAR cannot read this run: ${reading.reason}.`,
      bytes: (files.waiting?.size ?? 0) + (files.claimed?.size ?? 0),
    };
  }

  // oxlint-disable-next-line require-yield -- one file is one reading
  *lineage(thread: string): Generator<number, Lineage, void> {
    const points = this.folder.points(this.folder.requireFiles(thread));
    const lineage = points.toLineage();
    this.#behind.set(lineage, points);
    return lineage;
  }

  keyAt(lineage: Lineage, index: PointIndex): CheckpointKey {
    return this.#pointsBehind(lineage).keyAt(index);
  }

  indexOf(lineage: Lineage, key: CheckpointKey): PointIndex {
    const parts = parseKey(key);
    if (parts === null || parts.thread !== lineage.thread || parts.namespace !== '') return -1;
    return this.#pointsBehind(lineage).find(parts.id, parts.nth);
  }

  #pointsBehind(lineage: Lineage): RunPoints {
    const points = this.#behind.get(lineage);
    if (points !== undefined) return points;
    throw new TypeError(`a lineage of ${shownName(stringAt(lineage.ids, 0))} that this store did not give`);
  }

  checkpoints(lineage: Lineage, indices: readonly PointIndex[]): readonly Checkpoint[] {
    const points = this.#pointsBehind(lineage);
    const files = this.folder.filesOf(lineage.thread) ?? { stem: lineage.thread, waiting: null, claimed: null };
    return indices.map((index) => this.#checkpoint(points, files, index));
  }

  #checkpoint(points: RunPoints, files: RunFiles, index: PointIndex): Checkpoint {
    const { reading } = points;
    const run = reading.ok ? reading.run : null;
    const id = points.ids[index] ?? '';
    const isGate = index === points.gate;
    const next = isGate ? (run?.pausedStage ?? null) : (points.ids[index + 1] ?? null);
    return {
      key: points.keyAt(index),
      id,
      parent: index === 0 ? null : points.keyAt(index - 1),
      parentKind: index === 0 ? null : 'inferred',
      parentReason: index === 0 ? null : points.reasonOf(index),
      missingParent: null,
      parentThread: null,
      namespace: '',
      step: points.stepOf(index),
      source: null,
      // A gate does nothing before it is answered, but the run has come to it: CAR counts the visit.
      node: isGate ? (next === null ? [] : [next]) : [id],
      time: isGate ? (run?.createdAt ?? null) : null,
      status: statusAt(points, files, index),
      next: next === null ? [] : [next],
      bytes: points.sizes[index] ?? null,
      note: noteOf(points, files, index),
    };
  }

  state(key: CheckpointKey): StateView {
    const { points, index } = this.find(key);
    const run = requireRun(points);
    const unforkable = unforkableReason(points, run, index);
    const dialect = 'json-serde' as const;
    const more = unforkable === null ? {} : { unforkable };
    const notes: string[] = [];
    const refusal = refusalOf(run);
    if (refusal !== null) notes.push(refusal);
    if (index === points.gate) {
      if (run.state === null) notes.push('This file holds no state: its `wf_state` is missing or no object.');
      return { root: run.state, provenance: provenanceOf(run.state, 'stored'), notes, dialect, ...more };
    }
    const derived = stateAfter(run, index + 1);
    if (derived === null) {
      return { root: null, provenance: new Map(), notes: [...notes, 'This file holds no state.'], dialect, ...more };
    }
    notes.push(
      'Derived: CAR stores the state of the gate only. This is that state without what the later stages wrote, by their results; a value from the start of the run that a later stage wrote over cannot be told from one that came later.',
    );
    const root = openState(derived);
    const provenance = provenanceOf(root, 'derived');
    for (const name of derived.lost) {
      provenance.set(name, 'absent');
      notes.push(`What ${shownName(name)} held here was written over by a later stage and is not known any more.`);
    }
    return { root, provenance, notes, dialect, ...more };
  }

  /** Of a stage its result; of the gate everything in the file but the state and the results. */
  metadata(key: CheckpointKey): Cursor | null {
    const { points, index } = this.find(key);
    if (!points.reading.ok) return null;
    const { run } = points.reading;
    const result = index === points.gate ? null : resultAt(run, index);
    if (result !== null) return result;
    const members: [string, Uint8Array][] = [];
    for (let i = 0; i < run.root.count; i += 1) {
      const name = textOf(run.root.key(i));
      if (name === null || name === 'wf_state' || name === 'stage_results') continue;
      members.push([name, run.root.child(i).slice()]);
    }
    return openValue('json', compose('json-serde', members));
  }

  pending(key: CheckpointKey): PendingView {
    const { files, points, index } = this.find(key);
    return pendingAt(points, files, index);
  }

  raw(key: CheckpointKey): readonly RawPart[] {
    const { files, points, index } = this.find(key);
    const { path } = fileOf(files);
    const result = points.reading.ok && index < points.gate ? resultAt(points.reading.run, index) : null;
    if (result !== null) {
      return [{ where: `${path}:${result.start}-${result.end}`, storage: 'bytes', bytes: result.slice() }];
    }
    return [{ where: path, storage: 'bytes', bytes: this.folder.reader.read(path) }];
  }

  changesSince(token: string | null): Changes {
    const now = this.folder.picture();
    const { token: next, earlier } = this.#pictures.take(now, token);
    if (earlier === undefined) return { token: next, threads: 'all' };
    const touched = [...now].filter(([stem, stamp]) => earlier.get(stem) !== stamp).map(([stem]) => stem);
    return { token: next, threads: [...touched, ...[...earlier.keys()].filter((stem) => !now.has(stem))] };
  }

  plan(request: OperationRequest, context: PlanContext): StorePlan {
    switch (request.operation) {
      case 'import':
        return planImport(this.folder, request, context);
      case 'delete':
        return planDelete(this.folder, request, context);
      case 'fork':
      case 'edit':
        return planFork(this, request, context);
    }
  }

  exportRecords(thread: string): Generator<ThreadRecord, void, void> {
    return exportRun(this.folder, this.folder.requireFiles(thread));
  }

  neighbours(thread: string, key?: CheckpointKey): Generator<NeighbourRecord, void, void> {
    const files = this.folder.requireFiles(thread);
    return this.#neighbours.of(files, this.folder.points(files), key ?? null);
  }

  /** A point by its key, as the run stands now. Throws `not_found`. */
  find(key: CheckpointKey): { readonly files: RunFiles; readonly points: RunPoints; readonly index: PointIndex } {
    const parts = parseKey(key);
    const files = parts === null || parts.namespace !== '' ? null : this.folder.filesOf(parts.thread);
    if (files !== null && parts !== null) {
      const points = this.folder.points(files);
      const index = points.find(parts.id, parts.nth);
      if (index >= 0) return { files, points, index };
    }
    throw new ForkpointError(
      'not_found',
      `There is no checkpoint ${shownName(key)} in this store.`,
      'Reload the thread: the run may have gone on or finished.',
    );
  }
}

function requireRun(points: RunPoints): RunView {
  if (points.reading.ok) return points.reading.run;
  throw new ForkpointError(
    'corrupt',
    `The file of run ${shownName(points.thread)} cannot be read: ${points.reading.reason}. Nothing was changed.`,
    'Look at its raw bytes.',
  );
}

function unforkableReason(points: RunPoints, run: RunView, index: PointIndex): string | null {
  if (run.refused !== null) return `CAR 0.60.0 cannot read this run: ${run.refused}.`;
  const place = placeOf(points, run, index);
  return 'unable' in place ? place.unable : null;
}

function provenanceOf(state: Cursor | null, provenance: Provenance): Map<string, Provenance> {
  const members = new Map<string, Provenance>();
  for (let i = 0; i < (state?.count ?? 0); i += 1) {
    const name = textOf(state!.key(i));
    if (name !== null) members.set(name, provenance);
  }
  return members;
}

/** One line of why the run stopped, or how a stage ended. */
function noteOf(points: RunPoints, files: RunFiles, index: PointIndex): string | null {
  const { reading } = points;
  if (!reading.ok) return `This file cannot be read: ${reading.reason}.`;
  const { run } = reading;
  if (index < points.gate) {
    const error = textOf(resultAt(run, index)?.get('error') ?? null);
    return error;
  }
  const refusal = refusalOf(run);
  if (refusal !== null) return refusal;
  if (files.waiting === null) return 'claimed by a resume';
  return run.prompt;
}
