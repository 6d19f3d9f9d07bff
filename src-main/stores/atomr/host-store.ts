// An opened host of atomr: one thread for each branch of an agent, one point for each file.

import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { Checkpoint } from '../../../shared/model/shapes.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import { compose } from '../../values/splice.ts';
import type { Backend, FilesReader } from '../backend.ts';
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
import { planHostDelete } from './host-delete.ts';
import { exportBranch, planHostImport } from './host-document.ts';
import { documentDialect, hostName, jsonDialect, memoryMember } from './host-file.ts';
import { planHostFork } from './host-fork.ts';
import { neighboursOfBranch } from './host-neighbours.ts';
import type { HostPoints } from './host-points.ts';
import { HostSource } from './host-source.ts';
import { branchCode } from './resume.ts';
import { isoTime } from './rows.ts';

export class AtomrHostStore extends RecordStore<HostPoints, HostSource> implements RecordingStore {
  readonly #reader: FilesReader;

  constructor(format: Format, backend: Backend<FilesReader>, eras: () => readonly string[]) {
    super(format, backend, new HostSource(backend.reader), eras);
    this.#reader = backend.reader;
  }

  threadDetail(thread: string): ThreadDetail {
    const points = this.pointsOf(thread);
    return {
      thread,
      namespaces: points.namespaces(),
      branches: points.leaves(),
      head: points.keyOf(points.count - 1),
      status: 'unknown',
      refused: this.source.refused(points),
      bytes: this.source.size(points),
    };
  }

  protected checkpointAt(points: HostPoints, index: PointIndex): Checkpoint {
    const parent = points.parentOf(index);
    const link = points.linkOf(index);
    const reason = points.reasonOf(index);
    const elsewhere = link === 'other_thread' || link === 'missing';
    const time = points.timeOf(index);
    return {
      key: points.keyOf(index),
      id: points.idOf(index),
      parent: parent < 0 ? null : points.keyOf(parent),
      parentKind: link === 'inferred' ? 'inferred' : elsewhere ? 'explicit' : null,
      parentReason: elsewhere || reason === '' ? null : reason,
      missingParent: link === 'missing' ? reason : null,
      parentThread: link === 'other_thread' ? reason : null,
      namespace: '',
      step: null,
      source: null,
      node: [],
      time: Number.isNaN(time) ? null : isoTime(time),
      status: 'unknown',
      next: [],
      bytes: points.bytesOf(index),
      note: this.#noteAt(points, index),
    };
  }

  #noteAt(points: HostPoints, index: PointIndex): string | null {
    const file = points.fileOf(index);
    if (file === null) return null;
    const header = this.source.header(file);
    const refused = header.refusedBy[points.dialect];
    if (refused !== null) return `${hostName[points.dialect]} cannot load this file: ${refused}.`;
    const isCurrent = this.source.currentOf(points.place.agent) === points.place.branch;
    if (index === points.count - 1 && isCurrent) return 'CURRENT';
    return header.time === null || header.time === points.idOf(index) ? null : `holds ts_ms ${header.time}`;
  }

  state(key: CheckpointKey): StateView {
    const { points, index } = this.find(key);
    const { memory, header } = this.source.read(points, index);
    const notes: string[] = [];
    for (const dialect of ['rust', 'python'] as const) {
      const refused = header.refusedBy[dialect];
      if (refused !== null) notes.push(`${hostName[dialect]} cannot load this file: ${refused}.`);
    }
    if (memory !== null && memory.kind !== 'map') {
      notes.push('The working memory is no object: the Python host reads it as an empty one.');
    }
    const view = { root: memory, provenance: storedMembers(memory), notes, dialect: jsonDialect[points.dialect] };
    if (memory === null) return { ...view, unforkable: 'It holds no working memory.' };
    const own = header.refusedBy[points.dialect];
    return own === null
      ? view
      : { ...view, unforkable: `${hostName[points.dialect]} could not load the fork: ${own}.` };
  }

  /** Everything in the file but the working memory; stored texts as they stand. */
  metadata(key: CheckpointKey): Cursor | null {
    const { points, index } = this.find(key);
    const { root } = this.source.read(points, index);
    if (root === null) return null;
    const members: [string, Uint8Array][] = [];
    for (let i = 0; i < root.count; i += 1) {
      const name = root.key(i);
      if (name.kind !== 'string' || !name.isUnicode() || name.text() === memoryMember) continue;
      members.push([name.text(), root.child(i).slice()]);
    }
    return openValue('json', compose('json-serde', members));
  }

  pending(key: CheckpointKey): PendingView {
    const { points, index } = this.find(key);
    const isHead = index === points.count - 1;
    const refused = this.source.refused(points);
    const sentences = ['A branch holds the memory of an agent; of a run that is going on it says nothing.'];
    if (!isHead) sentences.push('A host takes the newest file of a branch: fork this point to go on from it.');
    const current = this.source.currentOf(points.place.agent);
    if (isHead && current !== points.place.branch) {
      sentences.push(
        `The agent works on the branch \`${current}\`: it goes on from here once it is switched to this one.`,
      );
    }
    if (refused !== null) sentences.unshift(refused);
    const resumable = isHead && refused === null;
    return {
      status: 'unknown',
      next: [],
      tasks: [],
      resumable,
      reason: sentences.join(' '),
      resume: resumable ? branchCode(points.place.agent.agent, points.place.branch, points.dialect) : null,
    };
  }

  raw(key: CheckpointKey): readonly RawPart[] {
    const { points, index } = this.find(key);
    return this.source.raw(points, index);
  }

  plan(request: OperationRequest, context: PlanContext): StorePlan {
    if (request.operation === 'import') return planHostImport(this.source, request, context);
    if (request.operation === 'delete') return planHostDelete(this.source, request, context);
    return planHostFork(this.source, this.find(request.key), request, context);
  }

  exportRecords(thread: string): Generator<ThreadRecord, void, void> {
    return exportBranch(this.source, this.pointsOf(thread));
  }

  dialect(thread: string): string {
    return documentDialect[this.pointsOf(thread).dialect];
  }

  *neighbours(thread: string, key?: CheckpointKey): Generator<NeighbourRecord, void, void> {
    for (const record of neighboursOfBranch(this.#reader, this.pointsOf(thread))) {
      if (key === undefined || record.checkpoint === key) yield record;
    }
  }
}
