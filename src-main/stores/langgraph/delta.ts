// Delta channels: their values are not stored at most checkpoints. LangGraph rebuilds one from the nearest ancestor that stores it
// and from the updates that stand at that ancestor and at those after it; so does this, on stored bytes, for the point that is looked at.

import { isDamaged, keysOf, openCellOrDamaged, textOf } from './cells.ts';
import { chooseReducer, replay, step } from './delta-reducers.ts';
import type { Choice, Evidence } from './delta-reducers.ts';
import { isRouting } from './next.ts';
import { deltaChannels, editDialect, inSnapshot, openPoint } from './point.ts';
import type { Point } from './point.ts';
import { encodingOf, listOf } from './reducers.ts';
import type { RowReader } from './rows.ts';
import { openValue } from '../../values/open.ts';
import { compose, setMember } from '../../values/splice.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Dialect } from '../../values/edit.ts';
import type { SqliteReader } from '../backend.ts';

/** What is known of one delta channel at a point that does not store it. */
export interface Rebuilt {
  readonly channel: string;
  /** Null where the updates cannot be put together, or nothing was ever written. */
  readonly value: Cursor | null;
  /** Null where how the channel takes its updates cannot be told, or there are none. */
  readonly choice: Choice | null;
  /** The value that an ancestor stores. */
  readonly seed: Cursor | null;
  readonly updates: readonly Cursor[];
  /** Ancestors whose updates were counted in, though more than one child began from them: some may be another branch's. */
  readonly shared: readonly string[];
  readonly damaged: boolean;
}

/** The state of a point with its delta channels, as LangGraph would load it. */
export interface ShownState {
  readonly root: Cursor;
  readonly rebuilt: ReadonlyMap<string, Rebuilt>;
  /** Channels that are stored here as a snapshot. */
  readonly snapshots: readonly string[];
}

/** Ancestors between two values that a long walk keeps, so that going back step by step does not walk all of it again. */
const keptEvery = 64;
/** Bytes of values kept. */
const maxBytes = 32 << 20;

interface Kept {
  readonly value: Cursor;
  readonly choice: Choice | null;
  readonly shared: readonly string[];
}

interface Walked {
  /** Nearest first. */
  readonly chain: readonly string[];
  readonly seed: Cursor | null;
  /** Set where the walk ended at a point whose value is known already. */
  readonly kept: Kept | null;
}

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);
const alone = (value: Cursor): Cursor => openValue(value.encoding, value.slice());

export class DeltaReader {
  readonly #read: RowReader;
  readonly #reader: SqliteReader;
  readonly #token: () => string;
  #tokenOfKept = '';
  #bytes = 0;
  readonly #kept = new Map<string, Kept>();
  readonly #branching = new Map<string, ReadonlySet<string>>();
  readonly #evidence = new Map<string, readonly Evidence[]>();

  /** `token`: the store's version, which changes with every commit of anybody. */
  constructor(read: RowReader, reader: SqliteReader, token: () => string) {
    this.#read = read;
    this.#reader = reader;
    this.#token = token;
  }

  /** The values of a point with those of its delta channels put in; null for a point without values. */
  shown(point: Point): ShownState | null {
    if (point.values === null) return null;
    const values = point.values;
    const snapshots = keysOf(values).filter((c) => inSnapshot(values.get(c)) !== null);
    const missing = deltaChannels(point).filter(
      (c) => !isRouting(c) && values.ordinalOf(c) < 0 && (point.versions?.ordinalOf(c) ?? -1) >= 0,
    );
    if (snapshots.length === 0 && missing.length === 0) return { root: values, rebuilt: new Map(), snapshots };
    const dialect = editDialect(point);
    let root = alone(values);
    const put = (channel: string, bytes: Uint8Array): void => {
      root = openValue(root.encoding, setMember(root, channel, bytes, dialect));
    };
    for (const channel of snapshots) {
      const inner = inSnapshot(values.get(channel));
      if (inner !== null) put(channel, inner.slice());
    }
    const rebuilt = this.#rebuild(point, missing);
    for (const [channel, { value, seed, updates }] of rebuilt) {
      if (value !== null) put(channel, value.slice());
      else if (updates.length > 0) put(channel, apart(seed, updates, dialect));
    }
    return { root, rebuilt, snapshots };
  }

  /**
   * A delta channel's value after one more step's updates; null where it cannot be told.
   * @param rebuilt null for a channel that the point stores, or that nothing was written to before
   */
  after(
    point: Point,
    channel: string,
    before: Cursor | null,
    rebuilt: Rebuilt | null,
    updates: readonly Cursor[],
  ): Uint8Array | null {
    this.#forget();
    if (rebuilt !== null && rebuilt.value === null && rebuilt.updates.length > 0) return null;
    const dialect = editDialect(point);
    const choice = rebuilt?.choice ?? chooseReducer(before, updates, dialect, () => this.#evidenceOf(point, channel));
    return choice === null ? null : step(choice.reducer, before, updates, dialect);
  }

  #rebuild(point: Point, channels: readonly string[]): Map<string, Rebuilt> {
    this.#forget();
    const found = new Map<string, Rebuilt>();
    if (channels.length === 0) return found;
    const walks = this.#walk(point, channels, true);
    for (const channel of channels) {
      const walked = walks.get(channel);
      if (walked !== undefined) found.set(channel, this.#replayed(point, channel, walked));
    }
    return found;
  }

  #replayed(point: Point, channel: string, walked: Walked): Rebuilt {
    const { thread, namespace } = point.row;
    const dialect = editDialect(point);
    const seed = walked.kept?.value ?? walked.seed;
    const shared = new Set(walked.kept?.shared);
    const branching = walked.chain.length === 0 ? new Set<string>() : this.#branchingOf(thread, namespace);
    const steps: { readonly id: string; readonly updates: readonly Cursor[] }[] = [];
    let damaged = false;
    let onTheWay = point.row.id;
    const writes = this.#updatesAt(point, walked.chain, channel);
    for (const id of walked.chain) {
      const updates = writes.get(id) ?? [];
      damaged ||= updates.some(isDamaged);
      if (updates.length > 0 && branching.has(id) && this.#isShared(point, id, onTheWay, channel)) shared.add(id);
      steps.push({ id, updates });
      onTheWay = id;
    }
    steps.reverse();
    const updates = steps.flatMap((s) => s.updates);
    const base = { channel, seed: walked.seed, updates, shared: [...shared], damaged };
    if (updates.length === 0) {
      const choice = walked.kept?.choice ?? null;
      const kept = seed === null ? null : { value: seed, choice, shared: base.shared };
      if (kept !== null && walked.chain.length > 0) this.#keep(keyOf(thread, namespace, point.row.id, channel), kept);
      return { ...base, value: seed, choice };
    }
    const choice = walked.kept?.choice ?? chooseReducer(seed, updates, dialect, () => this.#evidenceOf(point, channel));
    const bytes = choice === null ? null : replay(choice.reducer, seed, updates, dialect);
    if (bytes === null && walked.kept !== null) {
      // The value kept on the way may hide what the updates before it were like.
      const whole = this.#walk(point, [channel], false).get(channel);
      if (whole !== undefined) return this.#replayed(point, channel, whole);
    }
    const value = bytes === null ? null : openValue(encodingOf(dialect), bytes);
    if (value !== null) {
      const kept = { value, choice, shared: base.shared };
      this.#keep(keyOf(thread, namespace, point.row.id, channel), kept);
      if (choice !== null) this.#keepBetween(point, channel, seed, steps, choice, base.shared);
    }
    return { ...base, value, choice };
  }

  /** Values on the way of a long walk. `steps`: oldest first. */
  #keepBetween(
    point: Point,
    channel: string,
    seed: Cursor | null,
    steps: readonly { readonly id: string; readonly updates: readonly Cursor[] }[],
    choice: Choice,
    shared: readonly string[],
  ): void {
    const { thread, namespace } = point.row;
    const dialect = editDialect(point);
    let before = seed;
    // A step's updates make the value of the step after it.
    for (let from = 0; from + keptEvery < steps.length; from += keptEvery) {
      const to = from + keptEvery;
      const updates = steps.slice(from, to).flatMap((s) => s.updates);
      const bytes = updates.length === 0 ? (before?.slice() ?? null) : replay(choice.reducer, before, updates, dialect);
      const id = steps[to]?.id;
      if (bytes === null || id === undefined) return;
      before = openValue(encodingOf(dialect), bytes);
      this.#keep(keyOf(thread, namespace, id, channel), { value: before, choice, shared });
    }
  }

  /** Ancestors of a point down to the nearest that stores each channel (or whose value is kept), in one walk for all of them. */
  #walk(point: Point, channels: readonly string[], useKept: boolean): Map<string, Walked> {
    const { thread, namespace } = point.row;
    const found = new Map<string, Walked>();
    const open = new Set(channels);
    const chain: string[] = [];
    if (useKept) this.#takeKept(point.row.id, point, chain, open, found);
    for (const row of open.size === 0 ? [] : this.#read.ancestors(thread, namespace, point.row.id)) {
      chain.push(row.id);
      const { values } = openPoint(row, point.dialect);
      for (const channel of open) {
        const value = values?.get(channel) ?? null;
        if (value === null) continue;
        found.set(channel, { chain: [...chain], seed: inSnapshot(value) ?? value, kept: null });
        open.delete(channel);
      }
      if (useKept) this.#takeKept(row.id, point, chain, open, found);
      if (open.size === 0) break;
    }
    for (const channel of open) found.set(channel, { chain, seed: null, kept: null });
    return found;
  }

  #takeKept(id: string, point: Point, chain: readonly string[], open: Set<string>, found: Map<string, Walked>): void {
    for (const channel of open) {
      const key = keyOf(point.row.thread, point.row.namespace, id, channel);
      const kept = this.#kept.get(key);
      if (kept === undefined) continue;
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      found.set(channel, { chain: [...chain], seed: kept.value, kept });
      open.delete(channel);
    }
  }

  #updatesAt(point: Point, ids: readonly string[], channel: string): Map<string, Cursor[]> {
    if (ids.length === 0) return new Map();
    const rows = this.#read.writesTo(point.row.thread, point.row.namespace, ids, channel);
    return new Map([...rows].map(([id, list]) => [id, list.map((r) => openCellOrDamaged(r.type, r.value))]));
  }

  /** Whether a child other than the one on the way can have had a part in the updates of an ancestor. */
  #isShared(point: Point, id: string, onTheWay: string, channel: string): boolean {
    const { thread, namespace } = point.row;
    return this.#read.children(thread, namespace, id).some((child) => {
      if (child === onTheWay) return false;
      const row = this.#read.checkpoint(thread, namespace, child);
      // One that stores the channel itself began from that, and left its own updates elsewhere.
      return row === null || openPoint(row, point.dialect).values?.get(channel) === null;
    });
  }

  /** Checkpoints of a namespace that have more than one child. */
  #branchingOf(thread: string, namespace: string): ReadonlySet<string> {
    const key = keyOf(thread, namespace);
    let ids = this.#branching.get(key);
    if (ids === undefined) {
      const rows = this.#reader.all(
        `SELECT parent_checkpoint_id AS id FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ? AND parent_checkpoint_id IS NOT NULL
         GROUP BY parent_checkpoint_id HAVING COUNT(*) > 1`,
        [thread, namespace],
      );
      ids = new Set(rows.map((r) => textOf(r['id'])));
      this.#branching.set(key, ids);
    }
    return ids;
  }

  /** Steps that led to a stored value of the channel: the nearest before the point, and the nearest before the thread's newest. */
  #evidenceOf(point: Point, channel: string): readonly Evidence[] {
    const { thread, namespace } = point.row;
    const key = keyOf(thread, namespace, channel);
    const known = this.#evidence.get(key);
    if (known !== undefined) return known;
    const samples: Evidence[] = [];
    const used = new Set<string>();
    for (const from of [point.row.id, this.#read.head(thread, namespace)]) {
      for (let at = from, left = samplesFrom; at !== null && left > 0; left--) {
        const holder = this.#holderFrom(point, at, channel, used);
        if (holder === null) break;
        const value = holder.values?.get(channel) ?? null;
        const walked = this.#walk(holder, [channel], false).get(channel);
        at = walked?.chain.at(-1) ?? null;
        // Only a superstep shows what became of the updates before it: an update or a copy may have stored another value.
        if (value === null || walked === undefined || holder.source !== 'loop') continue;
        const writes = this.#updatesAt(holder, walked.chain, channel);
        const updates = walked.chain.toReversed().flatMap((id) => writes.get(id) ?? []);
        if (updates.length === 0 || updates.some(isDamaged)) continue;
        const branching = this.#branchingOf(thread, namespace);
        if (walked.chain.some((id) => branching.has(id))) continue;
        samples.push({ before: walked.seed, updates, after: inSnapshot(value) ?? value });
      }
    }
    this.#evidence.set(key, samples);
    return samples;
  }

  /** The nearest point from `id` (itself included) that stores the channel and was not looked at. */
  #holderFrom(point: Point, id: string, channel: string, used: Set<string>): Point | null {
    const { thread, namespace } = point.row;
    for (let at: string | null = id; at !== null && !used.has(at);) {
      used.add(at);
      const row = this.#read.checkpoint(thread, namespace, at);
      if (row === null) return null;
      const found = openPoint(row, point.dialect);
      if ((found.values?.ordinalOf(channel) ?? -1) >= 0) return found;
      at = row.parent;
    }
    return null;
  }

  /** A commit of anybody may have added updates to any checkpoint. */
  #forget(): void {
    const token = this.#token();
    if (token === this.#tokenOfKept) return;
    this.#tokenOfKept = token;
    this.#kept.clear();
    this.#branching.clear();
    this.#evidence.clear();
    this.#bytes = 0;
  }

  #keep(key: string, kept: Kept): void {
    const before = this.#kept.get(key);
    if (before !== undefined) this.#bytes -= sizeOf(before);
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    this.#bytes += sizeOf(kept);
    for (const [oldest, old] of this.#kept) {
      if (this.#bytes <= maxBytes || oldest === key) return;
      this.#kept.delete(oldest);
      this.#bytes -= sizeOf(old);
    }
  }
}

/** Stored values of a channel that are held against the reducers, from each end. */
const samplesFrom = 2;

const sizeOf = (kept: Kept): number => kept.value.end - kept.value.start;

/** Updates that could not be put together, beside the value that they follow. */
function apart(seed: Cursor | null, updates: readonly Cursor[], dialect: Dialect): Uint8Array {
  // What is damaged, or in a form that only its writer knows, cannot stand in a value.
  const readable = updates.filter((u) => u.encoding === encodingOf(dialect) && u.kind !== 'opaque');
  const list = listOf(
    readable.map((u) => u.slice()),
    dialect,
  );
  return compose(
    dialect,
    seed === null
      ? [['updates', list]]
      : [
          ['seed', seed.slice()],
          ['updates', list],
        ],
  );
}
