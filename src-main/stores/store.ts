// The Store interface: what a format answers, for every framework alike. The wall that everything else leans on.
//
// A *format* (one folder each) is pure over a backend's reader: it detects, describes and plans. It never opens, locks or writes
// anything; a clock and an id source are given to it. Nothing above `stores/` may ask which format it has: if the window needs to
// know, it is a capability or a field here. Missing is not empty: `null` with a reason beats a default.

import type { Lineage, PointIndex } from '../../shared/model/lineage.ts';
import type { CheckpointKey } from '../../shared/model/key.ts';
import type { Checkpoint, Provenance, Unable, Warning } from '../../shared/model/shapes.ts';
import type { Status } from '../../shared/model/status.ts';
import type { Cursor } from '../values/cursor.ts';
import type { Dialect, Edit } from '../values/edit.ts';
import type { Backend, BackendReader, ChangeSet, FilesReader, RelyingReader } from './backend.ts';

// ── Detection ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A verdict of one format on one place. Passes run in order (path, schema, content); the first `yes` wins, every `no` is kept as a reason. */
export type Detection =
  | { readonly verdict: 'yes'; readonly eras: readonly string[] }
  /** Recognised but not readable here (a later or earlier layout): the sentence names it. */
  | { readonly verdict: 'refused'; readonly reason: string }
  | { readonly verdict: 'no'; readonly reason: string };

/** One framework × backend, as `formats` lists it. */
export interface Format<R extends BackendReader = BackendReader> {
  /** `langgraph`, `tinyagents`: the word that scripts see. */
  readonly format: string;
  /** `LangGraph (Python)`: the word that people see. */
  readonly framework: string;
  readonly backend: R['kind'];
  readonly eras: readonly string[];
  readonly capabilities: readonly string[];
  readonly unable: readonly Unable[];
  /** How deep the files of a folder store lie; absent: 1, the folder itself. */
  readonly depth?: number;
  detect(reader: R): Detection;
  /** `around`: the folder that was named, where the store was found inside it; what stands beside the store there may be read. */
  open(backend: Backend<R>, around?: FilesReader): Store;
}

// ── Reading ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a listing knows of a thread without reading any state. */
export interface ThreadSummary {
  readonly thread: string;
  readonly parts: readonly string[] | null;
  readonly checkpoints: number;
  /** ISO 8601 with the precision that the store has. */
  readonly updatedAt: string | null;
}

/** What takes a little reading: given for the visible rows only. */
export interface ThreadDetail {
  readonly thread: string;
  readonly namespaces: readonly string[];
  readonly branches: number;
  readonly head: CheckpointKey | null;
  readonly status: Status;
  /** What the framework itself would say if it cannot read this thread. */
  readonly refused: string | null;
  readonly bytes: number | null;
}

/** The state at a point, with where each top-level member comes from. */
export interface StateView {
  /** Null for formats or points that hold no state. */
  readonly root: Cursor | null;
  readonly provenance: ReadonlyMap<string, Provenance>;
  /** Sentences about this state that a person should know ("`messages` is not stored at this checkpoint: …"). */
  readonly notes: readonly string[];
  /** How new values in this state are written. */
  readonly dialect: Dialect;
  /** Why the planner would refuse any fork or edit of this point; absent where nothing about the point itself forbids it. */
  readonly unforkable?: string;
}

export interface InterruptView {
  readonly id: string | null;
  readonly value: Cursor | null;
  readonly schema: Cursor | null;
}

export interface TaskView {
  readonly id: string | null;
  readonly name: string | null;
  readonly error: Cursor | null;
  readonly interrupts: readonly InterruptView[];
  readonly writes: readonly { readonly channel: string; readonly value: Cursor | null }[];
  /** Argument that the task was sent with (LangGraph Send, tinyagents send_arg). */
  readonly argument: Cursor | null;
  /** What runs instead of what `argument` says, where a person has changed it since (LangGraph: a reviewer's tool call). */
  readonly edited?: Cursor | null;
}

export interface PendingView {
  readonly status: Status;
  readonly next: readonly string[];
  readonly tasks: readonly TaskView[];
  readonly resumable: boolean;
  /** Why it stopped, or why it cannot be told; null when nothing needs saying. */
  readonly reason: string | null;
  /** How the user's own code carries on from here; null if it cannot. */
  readonly resume: ResumeCode | null;
}

export interface ResumeCode {
  readonly language: string;
  readonly code: string;
}

/** The stored bytes of a point: the columns of its row and its neighbours' rows, or its span of a file. */
export interface RawPart {
  /** `checkpoints.checkpoint`, `writes[2].value`, `a.jsonl:120-940`. */
  readonly where: string;
  /** `null`, `integer`, `real`, `text`, `blob` for SQLite; `bytes` for files. */
  readonly storage: string;
  readonly bytes: Uint8Array;
}

/** Where the bytes of a point are: per top-level member of the state, and the rest. */
export interface ByteShare {
  readonly member: string;
  readonly bytes: number;
}

export interface StoreDescription {
  readonly framework: string;
  readonly eras: readonly string[];
  readonly capabilities: readonly string[];
  readonly unable: readonly Unable[];
  readonly notes: readonly string[];
  /** Absent where a fork knows one way to treat the pending work of its point, so that `ForkRequest.pending` makes no difference. */
  readonly pendingChoice?: PendingChoice;
}

/** What the two ways to fork a point with pending work come to, each in a few words without a full stop. */
export interface PendingChoice {
  readonly keep: string;
  readonly drop: string;
  /** True where the choice makes two different forks of any point, whether work is pending there or not. */
  readonly always: boolean;
}

/** What changed since a token: the threads touched, or `all` when it cannot be told more narrowly. */
export interface Changes {
  readonly token: string;
  readonly threads: readonly string[] | 'all';
  /**
   * Points of these threads whose record or writes are new, and the parents of new ones. Every other point is as it was, except for what
   * follows from being a head or a child of one of these. Absent: any point of the threads may have changed.
   */
  readonly points?: readonly CheckpointKey[];
  /** Beside `points`: those of `threads` of which any point may have changed all the same (nobody has looked at them lately, say). */
  readonly whole?: readonly string[];
}

/**
 * An opened store. Listing methods are generators of batches: the caller may stop between batches, and each batch
 * keeps the thread for at most about 20 ms. Keys that do not exist (any more) throw `not_found`.
 */
export interface Store {
  readonly format: Format;
  readonly backend: Backend;
  describe(): StoreDescription;
  /** All threads, in the store's cheapest order. Reads no state. */
  threads(): Generator<readonly ThreadSummary[], void, void>;
  /** One thread's summary, null if it does not exist. */
  threadSummary(thread: string): ThreadSummary | null;
  threadDetail(thread: string): ThreadDetail;
  /** `threadDetail` in batches, for formats that read every point of a thread for it; absent where it is a few questions to an index. */
  threadDetailInBatches?(thread: string): Generator<number, ThreadDetail, void>;
  /** Columns over all namespaces of a thread; `previous` lets an append read only what is new. */
  lineage(thread: string, previous?: Lineage): Generator<number, Lineage, void>;
  keyAt(lineage: Lineage, index: PointIndex): CheckpointKey;
  /** Position of a key, -1 if it is not in this lineage. */
  indexOf(lineage: Lineage, key: CheckpointKey): PointIndex;
  /** Full rows for a window of points, in the order asked for. */
  checkpoints(lineage: Lineage, indices: readonly PointIndex[]): readonly Checkpoint[];
  /** `applied`: with the writes that finished tasks and commands have left. */
  state(key: CheckpointKey, applied?: boolean): StateView;
  /** The framework's metadata of a point (for formats without states: its record); null if there is none. */
  metadata(key: CheckpointKey): Cursor | null;
  pending(key: CheckpointKey): PendingView;
  raw(key: CheckpointKey): readonly RawPart[];
  changesSince(token: string | null): Changes;
  /** Plans an operation; pure. Throws `unable` with the reason where this store or point cannot do it. */
  plan(request: OperationRequest, context: PlanContext): StorePlan;
}

// ── Planning ───────────────────────────────────────────────────────────────────────────────────────────────────────

export interface ForkRequest {
  readonly operation: 'fork';
  readonly key: CheckpointKey;
  readonly edits: readonly Edit[];
  /** Where to: a new thread of this id, or the same thread. */
  readonly target: { readonly kind: 'thread'; readonly thread: string } | { readonly kind: 'in-place' };
  /** Pending writes of the point: keep them (a clone as it stands), or drop them (the step runs again). */
  readonly pending: 'keep' | 'drop';
  /** Second changes that follow an edit and are on by default (`send_follows`): the codes to leave alone. */
  readonly leave: readonly string[];
}

/** `edit` is a fork in place that must carry an edit. */
export interface EditRequest {
  readonly operation: 'edit';
  readonly key: CheckpointKey;
  readonly edits: readonly Edit[];
  readonly leave: readonly string[];
}

export interface ImportRequest {
  readonly operation: 'import';
  readonly document: ThreadDocument;
  readonly thread: string;
}

/** Takes a whole thread out of the store: all its namespaces, and what the framework keeps for it alone. */
export interface DeleteRequest {
  readonly operation: 'delete';
  readonly thread: string;
  /**
   * The thread gets this id, and a copy of it stands there by then: what the framework keeps for the thread and a copy does not carry
   * goes over to it, and what both refer to stays. Null: the thread goes.
   */
  readonly into: string | null;
}

export type OperationRequest = ForkRequest | EditRequest | ImportRequest | DeleteRequest;

/** Clock and identities, drawn anew for preview and commit; tests give fixed ones. */
export interface Draw {
  /** Milliseconds since 1970. */
  now(): number;
  /** n random bytes. */
  random(n: number): Uint8Array;
}

export interface PlanContext {
  readonly draw: Draw;
  /** Everything the plan depends on must be read through this. */
  readonly relying: RelyingReader<BackendReader>;
}

export interface StorePlan {
  readonly changes: ChangeSet;
  readonly warnings: readonly Warning[];
  /** The thread and (drawn) id that the user continues from. */
  readonly target: { readonly thread: string; readonly id: string } | null;
  readonly resume: ResumeCode | null;
  /** State before and after, for the preview's diff; null where nothing of the state changes. */
  readonly edited: { readonly before: Cursor; readonly after: Cursor } | null;
  /** Second changes that follow from the edit (code and sentence), each of which can be left alone. */
  readonly follows: readonly { readonly code: string; readonly message: string }[];
}

// ── Export ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The thread document (`docs/formats/thread-json.md`): rows or records of one thread as the store holds them, lossless.
 * Formats make and take the `records`; the envelope is the operations layer's.
 */
export interface ThreadDocument {
  readonly format: string;
  readonly framework: string;
  readonly dialect: string;
  readonly thread: string;
  readonly records: readonly ThreadRecord[];
}

/** One stored row or record. Cells hold exact bytes and storage class. */
export interface ThreadRecord {
  /** Table or kind of file: `checkpoints`, `writes`, `record`, `ledger`. */
  readonly kind: string;
  readonly cells: readonly {
    readonly name: string;
    readonly storage: 'null' | 'integer' | 'real' | 'text' | 'blob';
    readonly bytes: Uint8Array;
  }[];
}

/** Formats that can export give their records one after the other. */
export interface ExportingStore {
  exportRecords(thread: string): Generator<ThreadRecord, void, void>;
  /** Which of several writers made a thread's rows, where those cannot read each other's (`js`, `python`); goes into the document. */
  dialect?(thread: string): string | null;
}

/** Whether a store gives its threads as documents. */
export function canExport(store: Store): store is Store & ExportingStore {
  return 'exportRecords' in store && typeof store.exportRecords === 'function';
}

// ── Encrypted states ──────────────────────────────────────────────────────────────────────────────────────────────────

/** What a store says of its encrypted cells. */
export interface Sealed {
  readonly cipher: string;
  /** Whether a key was given that opens them. */
  readonly open: boolean;
}

/**
 * Formats whose cells may be encrypted. A key is kept in memory as long as the store is open: it is never written anywhere, and
 * stands in no plan, log or address.
 */
export interface SealedStore {
  /** Name of the environment variable that the framework itself takes the key from. */
  readonly keyVariable: string;
  /** Null where the newest cells are not encrypted. */
  sealed(): Sealed | null;
  /** Opens the cells from now on, and seals what is written. Throws `bad_value` if the key is none or does not fit. */
  unlock(key: string): void;
}

/** Whether a store may hold encrypted cells. */
export function takesKey(store: Store): store is Store & SealedStore {
  return 'unlock' in store && typeof store.unlock === 'function';
}

// ── What stands beside the points ──────────────────────────────────────────────────────────────────────────────────

/** A journal record, step record, event, content or result: what a framework keeps about a thread beside its checkpoints. */
export interface NeighbourRecord {
  /** Unique within the thread and stable while the record exists. */
  readonly record: string;
  /** The store's own word for what it is (`journal`, `step_record`, `outbox`). */
  readonly kind: string;
  /** ISO 8601 with the precision that the store has. */
  readonly time: string | null;
  /** The point that it belongs to, where the store tells. */
  readonly checkpoint: CheckpointKey | null;
  readonly content: Cursor;
}

/** Formats that keep records beside the points give them in the store's order. */
export interface RecordingStore {
  /** `key`: only those that belong to that point, which must be one of the thread. */
  neighbours(thread: string, key?: CheckpointKey): Generator<NeighbourRecord, void, void>;
}

/** Whether a store keeps records beside its points; those that do name `records` in their capabilities. */
export function keepsRecords(store: Store): store is Store & RecordingStore {
  return 'neighbours' in store && typeof store.neighbours === 'function';
}
