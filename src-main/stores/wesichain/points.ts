// The points of one thread in the store's order, and how they hang together. wesichain stores no parent anywhere: every link here is
// inferred from what the record says of itself (node, step, time) and from the queues before it, and says why. All rules look
// backwards only, so an append extends what is there.
//
// Steps are no order: parallel branches repeat a number, a resume skips one, a new run begins at 1 again, a fork may set any.

import type { LinkKind, PointIndex } from '../../../shared/model/lineage.ts';
import { RecordPoints } from '../records/points.ts';

/** What a source tells of a record without keeping its text. */
export interface PointHeader {
  /** Row number, or byte offset of the line. */
  readonly position: number;
  readonly bytes: number;
  readonly seq: string;
  readonly createdAt: string | null;
  readonly node: string | null;
  readonly step: string | null;
  /** Names in the queue; null where the record has none. */
  readonly queue: readonly string[] | null;
}

export const reasons = {
  elsewhere:
    'The first point of this thread, but not of its run (its step is not 1): it was continued from a checkpoint that the store does not name.',
  copy: 'The same node, step and time as that point: it was saved again, with another state or as it was.',
  follows: 'wesichain stores no parents. This node was waiting in the queue of the point before, and the step fits.',
  resumed:
    'wesichain stores no parents. This node was waiting in the queue of the point before; the step that is left out tells of a resume.',
  branch:
    'wesichain stores no parents. This node was not waiting at the point before, but at this earlier one, and the step is that of a resume from it: a branch.',
  again:
    'A new run begins here: the step is 1 again and nothing was left to run. With `auto_resume` it took over the state of the point before; a plain run brings a state of its own.',
  fresh:
    'A new run begins here with a state of its own: the step is 1 again although the thread had something left to run, which a resume would have continued.',
  freshUnknown: 'A new run begins here: the step is 1 again. wesichain 0.1.0 kept no queue that would tell more.',
  updated:
    'The next step after the point before, though no queue named this node: the state was updated by hand (`update_state`), or the row before was written by 0.1.0, which kept no queue.',
  byHand: 'The next step after the point before, though this node was not waiting there: the record was saved by hand.',
  byStep: 'wesichain 0.1.0 kept no queue; the step is the next after the point before.',
  order: 'Neither node nor step tell where this point came from; it is drawn after the one before it in the store.',
} as const;

/** Points with several things waiting that are looked at, newest first, for one that a branch could have come from. */
const wideLookedAt = 1000;

type Link = readonly [parent: number, link: LinkKind, reason: string];

/** A step as a number to compare by; past 2^53 it is none that a run reaches. */
function stepNumber(step: string | null): number | null {
  const number = step === null ? Number.NaN : Number(step);
  return Number.isSafeInteger(number) ? number : null;
}

interface SavedPoint {
  readonly node: string;
  readonly step: string | null;
  index: number;
}

/** Points by time, node and step. Two points of one time are rare: only then a text is made of the other two. */
class SavedPoints {
  readonly #byTime = new Map<string, SavedPoint | Map<string, number>>();

  get({ createdAt, node, step }: PointHeader): number | undefined {
    const held = createdAt === null || node === null ? undefined : this.#byTime.get(createdAt);
    if (held === undefined) return undefined;
    if (held instanceof Map) return held.get(`${node}\u0000${step}`);
    return held.node === node && held.step === step ? held.index : undefined;
  }

  set({ createdAt, node, step }: PointHeader, index: number): void {
    if (createdAt === null || node === null) return;
    const held = this.#byTime.get(createdAt);
    if (held === undefined) this.#byTime.set(createdAt, { node, step, index });
    else if (held instanceof Map) held.set(`${node}\u0000${step}`, index);
    else if (held.node === node && held.step === step) held.index = index;
    else {
      const both = new Map([[`${held.node}\u0000${held.step}`, held.index]]);
      this.#byTime.set(createdAt, both.set(`${node}\u0000${step}`, index));
    }
  }
}

export class ThreadPoints extends RecordPoints {
  readonly #queues: (readonly string[] | null)[] = [];
  /** Lists of names that were met, so that equal ones are kept once. */
  readonly #lists = new Map<string, readonly string[]>();
  #lastNames: readonly string[] = [];
  readonly #steps: (number | null)[] = [];
  /** The last point that has a time, node and step: a record saved again keeps all three. */
  readonly #saved = new SavedPoints();
  /** By node that was waiting, and the step of the point where it was: the last such point. */
  readonly #waiting = new Map<string, Map<number | null, number>>();
  /** Points where several things were waiting, in order. */
  readonly #wide: number[] = [];
  #queueless = 0;

  add(header: PointHeader): void {
    const { position, bytes, createdAt, queue } = header;
    const step = stepNumber(header.step);
    const [parent, link, reason] = this.#link(header, step);
    const time = createdAt === null ? Number.NaN : Date.parse(createdAt);
    const own = { position, bytes, id: header.seq, namespace: '', host: -1, time, step };
    const index = this.push({ ...own, parent, link, reason });
    this.#queues.push(queue === null ? null : this.#interned(queue));
    this.#steps.push(step);
    if (queue === null) this.#queueless += 1;
    this.#saved.set(header, index);
    for (const node of queue ?? []) {
      let steps = this.#waiting.get(node);
      if (steps === undefined) this.#waiting.set(node, (steps = new Map()));
      steps.set(step, index);
    }
    if ((queue?.length ?? 0) > 1) this.#wide.push(index);
  }

  #interned(names: readonly string[]): readonly string[] {
    if (names === this.#lastNames) return names;
    const text = names.join('\u0000');
    let known = this.#lists.get(text);
    if (known?.length !== names.length) this.#lists.set(text, (known = names));
    this.#lastNames = known;
    return known;
  }

  #link(header: PointHeader, step: number | null): Link {
    const before = this.count - 1;
    const firstStep = step !== null && step > 1;
    if (before < 0) return [-1, 'root', firstStep ? reasons.elsewhere : ''];
    const copied = this.#saved.get(header);
    if (copied !== undefined) return [copied, 'inferred', reasons.copy];

    const queue = this.queueOf(before);
    const stepBefore = this.#steps[before] ?? null;
    const gap = step === null || stepBefore === null ? null : step - stepBefore;
    if (queue !== null && gap !== null && header.node !== null && queue.includes(header.node)) {
      // As many more starts as there were items: what was running already added none, what was waiting one each.
      if (gap >= 0 && gap <= queue.length) return [before, 'inferred', reasons.follows];
      if (gap === queue.length + 1) return [before, 'inferred', reasons.resumed];
    }
    const branch = step === null || header.node === null ? -1 : this.#branchPoint(header.node, step);
    if (branch >= 0) return [branch, 'inferred', reasons.branch];
    if (step === 1) {
      if (queue === null) return [-1, 'root', reasons.freshUnknown];
      return queue.length > 0 ? [-1, 'root', reasons.fresh] : [before, 'inferred', reasons.again];
    }
    if (gap === 1) {
      if (queue === null) return [before, 'inferred', reasons.byStep];
      const emptied = queue.length === 0 || header.queue?.length === 0;
      return [before, 'inferred', emptied ? reasons.updated : reasons.byHand];
    }
    return [before, 'inferred', reasons.order];
  }

  /** The latest earlier point that a resume could have continued with this node at this step; -1 if there is none. */
  #branchPoint(node: string, step: number): number {
    // One thing waiting: the resume adds one to the step, the start another.
    const plain = this.#waiting.get(node)?.get(step - 2) ?? -1;
    let seen = 0;
    for (let i = this.#wide.length - 1; i >= 0 && seen < wideLookedAt; i -= 1, seen += 1) {
      const at = this.#wide[i]!;
      if (at <= plain) break;
      const gap = step - (this.#steps[at] ?? Number.NaN);
      const queue = this.queueOf(at) ?? [];
      if (gap >= 2 && gap <= queue.length + 1 && queue.includes(node)) return at;
    }
    return plain;
  }

  /** Names in the queue of a point; null where the record has none. */
  queueOf(index: PointIndex): readonly string[] | null {
    return this.#queues[index] ?? null;
  }

  /** Whether none of the records has a queue. */
  isQueueless(): boolean {
    return this.#queueless === this.count;
  }

  isCopy(index: PointIndex): boolean {
    return this.reasonOf(index) === reasons.copy;
  }
}
