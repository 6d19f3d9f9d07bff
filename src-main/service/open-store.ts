// One open store: its listing, lineages and states in bounded caches, kept true while other processes write.

import type { Checkpoint, DiffSummary, StoreInfo } from '../../shared/model/shapes.ts';
import { ForkpointError } from '../../shared/model/errors.ts';
import type { Lineage, PointIndex } from '../../shared/model/lineage.ts';
import type { CheckpointKey } from '../../shared/model/key.ts';
import { parseKey } from '../../shared/model/key.ts';
import { recordInstead } from '../analysis/compare.ts';
import { takesKey, type StateView, type Store } from '../stores/store.ts';
import type { ValueDiff } from '../values/diff/tree.ts';
import type { EventSource } from './events.ts';
import { storeInfo } from './store-info.ts';
import { Lineages } from './lineages.ts';
import { ThreadList } from './thread-list.ts';
import { WeightedCache } from './weighted-cache.ts';

/** Bytes of states kept; one that is larger stays alone. */
const maxStateBytes = 48 << 20;
/** Rows of "what each checkpoint did" kept. */
const maxSummaries = 5000;
/** Rows of checkpoints kept. */
const maxRows = 5000;
/** A diff keeps the two states that it speaks of, so only the latest few. */
const maxDiffs = 2;
/** So many points in one look are a writer that nobody can follow with the eye: then the store is looked at once a second only. */
const manyPoints = 40;
const busyMillis = 1000;

export class OpenStore {
  readonly id: string;
  readonly store: Store;
  readonly threads: ThreadList;
  readonly lineages: Lineages;
  readonly summaries = new WeightedCache<readonly DiffSummary[]>(maxSummaries);
  readonly diffs = new WeightedCache<ValueDiff>(maxDiffs);
  readonly #rows = new WeightedCache<{ readonly row: Checkpoint; readonly isHead: boolean }>(maxRows);
  readonly #states = new WeightedCache<StateView>(maxStateBytes);
  readonly #events: EventSource;
  readonly #stopWatching: () => void;
  readonly #watched: boolean;
  #token: string | null = null;
  #gone: string | null = null;
  /** Changes that others made before this time are looked at when it has come. */
  #quietUntil = 0;
  #later: NodeJS.Timeout | null = null;
  #hasReadAhead = false;
  readonly #closing = new AbortController();

  constructor(id: string, store: Store, events: EventSource, live: boolean) {
    this.id = id;
    this.store = store;
    this.#events = events;
    this.threads = new ThreadList(
      store,
      (listed, complete) => {
        if (complete) this.#readAhead();
        events.emit('threads.progress', { store: id, listed, complete });
      },
      live,
    );
    this.lineages = new Lineages(store);
    this.#token = store.changesSince(null).token;
    this.#watched = live;
    this.#stopWatching = live ? store.backend.watch((event) => this.#onPlace(event)) : () => undefined;
    this.threads.start();
  }

  /** The thread that a window shows first is read while that window is still being loaded. */
  #readAhead(): void {
    const { newest } = this.threads;
    if (this.#hasReadAhead || !this.#watched || newest === null) return;
    this.#hasReadAhead = true;
    // Who asks for it is told what is wrong with it.
    this.lineages.get(newest, this.#closing.signal, undefined, true).catch(() => undefined);
  }

  /** Why nothing can be read any more; null while it can. */
  get gone(): string | null {
    return this.#gone;
  }

  info(readOnly: boolean): StoreInfo {
    const counts = { threads: this.threads.count, checkpoints: this.threads.checkpoints };
    const info = storeInfo(this.store, readOnly, counts);
    return { ...info, live: info.live && this.#watched && this.#gone === null };
  }

  state(key: CheckpointKey, applied: boolean): StateView {
    const name = `${applied ? '+' : '='}${key}`;
    let view = this.#states.get(name);
    if (view === undefined) {
      view = this.store.state(key, applied);
      this.#states.set(name, view, (view.root?.source.byteLength ?? 0) + 512);
    }
    return view;
  }

  /** A state as a window looks at it: where the format keeps none, the point's record stands for it. */
  lookedAt(key: CheckpointKey, applied: boolean): { readonly view: StateView; readonly isRecord: boolean } {
    const view = this.state(key, applied);
    const root = recordInstead(this.store, key, view);
    return root === null ? { view, isRecord: false } : { view: { ...view, root }, isRecord: true };
  }

  /** The row of one checkpoint. Throws `not_found`. */
  async checkpoint(key: CheckpointKey, signal: AbortSignal): Promise<Checkpoint> {
    const thread = parseKey(key)?.thread;
    const lineage = thread === undefined ? null : await this.lineages.get(thread, signal);
    const index = lineage === null ? -1 : this.store.indexOf(lineage, key);
    const row = lineage === null || index < 0 ? undefined : this.rows(lineage, [index])[0];
    if (row === undefined) throw new ForkpointError('not_found', `There is no checkpoint ${key} in this store.`);
    return row;
  }

  /** Rows of points, in the order of `indices`: from memory where nothing has touched them since they were read. */
  rows(lineage: Lineage, indices: readonly PointIndex[]): readonly Checkpoint[] {
    const found = indices.map((index) => {
      const known = this.#rows.get(this.store.keyAt(lineage, index));
      return known?.isHead === isHead(lineage, index) ? known.row : null;
    });
    const missing = indices.filter((_, i) => found[i] === null);
    const read = this.store.checkpoints(lineage, missing);
    for (const [i, row] of read.entries()) {
      // A parent that is missing may turn up, and what could not be read may be readable the next time.
      if (row.missingParent !== null || row.status === 'unknown') continue;
      this.#rows.set(row.key, { row, isHead: isHead(lineage, missing[i] ?? -1) }, 1);
    }
    let next = 0;
    return found.flatMap((row) => row ?? read[next++] ?? []);
  }

  /** Reads what changed since the last look, and says so. */
  #refresh(own: boolean): void {
    if (this.#gone !== null) return;
    const { token, threads, points, whole } = this.store.changesSince(this.#token);
    this.#token = token;
    if (threads !== 'all' && threads.length === 0) return;
    this.lineages.touch(threads);
    if (threads === 'all') {
      this.#states.clear();
      this.#rows.clear();
      this.summaries.clear();
      this.threads.start();
    } else {
      const narrowed = points === undefined ? null : { points: new Set<string>(points), whole: new Set(whole) };
      this.#forget(new Set(threads), narrowed);
      this.threads.touch(threads, own);
      if (points !== undefined && points.length >= manyPoints) this.#quietUntil = performance.now() + busyMillis;
    }
    this.diffs.clear();
    this.#events.emit('store.changed', { store: this.id, threads: threads === 'all' ? 'all' : [...threads] });
  }

  /** Gives up what may have changed: where it is `narrowed` only those points, their children, heads, and what writes were applied to. */
  #forget(
    threads: ReadonlySet<string>,
    narrowed: { readonly points: ReadonlySet<string>; readonly whole: ReadonlySet<string> } | null,
  ): void {
    const isOld = (key: string): boolean =>
      narrowed?.points.has(key) === true || (narrowed?.whole ?? threads).has(parseKey(key)?.thread ?? '');
    this.#states.deleteWhere((name) =>
      name.startsWith('+') ? threads.has(parseKey(name.slice(1))?.thread ?? '') : isOld(name.slice(1)),
    );
    this.summaries.deleteWhere((name) => isOld(name.slice(1)));
    this.#rows.deleteWhere(
      (key, { row, isHead }) =>
        (isHead && threads.has(parseKey(key)?.thread ?? '')) || isOld(key) || isOld(row.parent ?? ''),
    );
  }

  /** Opens encrypted cells: whatever was read before is read again. Throws `bad_value` if the key does not fit. */
  unlock(key: string): void {
    if (!takesKey(this.store)) {
      throw new ForkpointError('unable', 'Stores of this format have no encrypted cells.');
    }
    this.store.unlock(key);
    this.#states.clear();
    this.#rows.clear();
    this.summaries.clear();
    this.diffs.clear();
    this.threads.startOver();
    this.#events.emit('store.changed', { store: this.id, threads: 'all' });
  }

  /** To be called when the store may have changed, after a write of our `own` too: what was written is written, whatever reading says. */
  follow(own = true): void {
    try {
      this.#refresh(own);
    } catch (error) {
      // Half-written by another process, or damaged: the next change asks again, and reading says what is wrong by itself.
      if (!(error instanceof ForkpointError) || error.code === 'internal') throw error;
      this.#token = null;
      this.#events.emit('store.changed', { store: this.id, threads: 'all' });
    }
  }

  close(): void {
    this.#stopWatching();
    this.#closing.abort();
    this.threads.stop();
    this.lineages.stop();
    if (this.#later !== null) clearTimeout(this.#later);
    this.#states.clear();
    this.#rows.clear();
    this.summaries.clear();
    this.diffs.clear();
    this.store.backend.close();
  }

  #onPlace(event: 'changed' | 'replaced' | 'gone'): void {
    if (this.#gone !== null) return;
    if (event === 'changed') {
      const wait = this.#quietUntil - performance.now();
      if (wait <= 0) this.follow(false);
      else {
        this.#later ??= setTimeout(() => {
          this.#later = null;
          this.follow(false);
        }, wait);
        this.#later.unref();
      }
      return;
    }
    this.#gone =
      event === 'gone'
        ? `\`${this.store.backend.path}\` is no longer there. Forkpoint did not touch it.`
        : `\`${this.store.backend.path}\` was replaced by another file. Forkpoint did not touch it.`;
    this.threads.stop();
    this.lineages.stop();
    this.#events.emit('store.gone', { store: this.id, message: this.#gone });
  }
}

function isHead(lineage: Lineage, index: PointIndex): boolean {
  return lineage.heads[lineage.namespace[index] ?? 0] === index;
}
