// The contract: every method and event between a window (or terminal) and the service, with its schemas.
// One map, so that a missing handler or a misspelt call does not compile. Params are always checked by the service.

import * as z from 'zod/mini';
import {
  Checkpoint,
  Counts,
  DiffSummary,
  FormatInfo,
  Operation,
  Plan,
  Provenance,
  StoreInfo,
  Thread,
  Warning,
} from '../model/shapes.ts';
import { Status } from '../model/status.ts';
import { OrdinalPath, ValueNode } from '../model/value-node.ts';
import { KnownLineage, LineagePage } from './lineage-page.ts';

const StoreId = z.string();
const Key = z.string();
const Bytes = z.custom<Uint8Array>((v) => v instanceof Uint8Array);

/** A thread as the list shows it: the cheap part at once, the rest when it has been read (then `detail` is not null). */
export const ThreadRow = z.object({
  thread: z.string(),
  checkpoints: z.number(),
  updatedAt: z.nullable(z.string()),
  detail: z.nullable(Thread),
});
export type ThreadRow = z.infer<typeof ThreadRow>;

/**
 * A value of a diff: enough to draw it. `text` is the whole text of a string or scalar up to 20,000 characters, or the tagged JSON of
 * a small list, map or object; else null.
 */
export const DiffSide = z.object({ node: ValueNode, text: z.nullable(z.string()) });
/** One change of a diff. `path` is logical (null where none can name it), `pointer` points into the tagged document. */
export const DiffRow = z.object({
  op: z.enum(['add', 'remove', 'replace', 'move']),
  channel: z.string(),
  path: z.nullable(z.string()),
  pointer: z.string(),
  from: z.nullable(z.string()),
  /** Role and id where the value is a chat message or stands inside one. */
  message: z.nullable(z.object({ role: z.string(), id: z.nullable(z.string()) })),
  before: z.nullable(DiffSide),
  after: z.nullable(DiffSide),
  /**
   * Of two texts too long for `text`: the part that differs, with some of what is equal around it, and how many characters are
   * equal before and after. Absent where the texts are short, or differ in more than 20,000 characters.
   */
  differing: z.optional(
    z.object({ before: z.string(), after: z.string(), equalBefore: z.number(), equalAfter: z.number() }),
  ),
});
export type DiffRow = z.infer<typeof DiffRow>;

/** Only rows of one channel (null: of all) whose path holds `path` (case-insensitive). */
export const DiffFilter = z.object({ path: z.string(), channel: z.nullable(z.string()) });
export type DiffFilter = z.infer<typeof DiffFilter>;

export const DiffView = z.object({
  before: z.nullable(Key),
  after: Key,
  summary: z.array(DiffSummary),
  equalChannels: z.number(),
  rows: z.array(DiffRow),
  /** All rows; more than `rows.length` when a window was asked for. */
  total: z.number(),
  /** Rows that a filter lets through; absent without one. The window is of these. */
  matched: z.optional(z.number()),
});
export type DiffView = z.infer<typeof DiffView>;

/** A chat message of the usual shapes, for the conversation view. Texts are cut at 4,000 characters, `chars` is the whole length. */
export const MessageView = z.object({
  ordinal: z.number(),
  role: z.string(),
  id: z.nullable(z.string()),
  name: z.nullable(z.string()),
  text: z.string(),
  chars: z.number(),
  /** Ordinal path, from the message, of the text (for "show all" and edit); null when the content has several parts. */
  textPath: z.nullable(OrdinalPath),
  toolCalls: z.array(z.object({ id: z.nullable(z.string()), name: z.string(), args: z.string() })),
  toolCallId: z.nullable(z.string()),
  /** `error` on a failed tool message. */
  status: z.nullable(z.string()),
});
export type MessageView = z.infer<typeof MessageView>;

/** Tagged JSON texts: values of pending work may be anything that a framework stores. Cut texts say so. */
const Tagged = z.nullable(z.string());
export const PendingShape = z.object({
  status: Status,
  next: z.array(z.string()),
  tasks: z.array(
    z.object({
      id: z.nullable(z.string()),
      name: z.nullable(z.string()),
      error: Tagged,
      argument: Tagged,
      /** What runs instead of the argument, where a person has changed it. */
      edited: Tagged,
      interrupts: z.array(z.object({ id: z.nullable(z.string()), value: Tagged, schema: Tagged })),
      writes: z.array(z.object({ channel: z.string(), value: Tagged })),
    }),
  ),
  resumable: z.boolean(),
  reason: z.nullable(z.string()),
  resume: z.nullable(z.object({ language: z.string(), code: z.string() })),
});
export type PendingShape = z.infer<typeof PendingShape>;

/** A record beside the points, without its content. */
export const RecordRow = z.object({
  record: z.string(),
  kind: z.string(),
  time: z.nullable(z.string()),
  checkpoint: z.nullable(Key),
  bytes: z.number(),
});
export type RecordRow = z.infer<typeof RecordRow>;

export const EditShape = z.union([
  z.object({ op: z.literal('set'), path: z.string(), value: z.string() }),
  z.object({ op: z.literal('append'), path: z.string(), value: z.string() }),
  z.object({ op: z.literal('remove'), path: z.string() }),
]);
export type EditShape = z.infer<typeof EditShape>;

/** What an operation is asked with; the service turns it into a request of the store. */
export const OperationArgs = z.union([
  z.object({
    operation: z.literal('fork'),
    key: Key,
    edits: z.array(EditShape),
    /** New thread by default; a null id lets the service choose `<thread>-fork-N`. */
    target: z.union([
      z.object({ kind: z.literal('thread'), thread: z.nullable(z.string()) }),
      z.object({ kind: z.literal('in-place') }),
    ]),
    /** Null: kept for an unedited head, else dropped. */
    pending: z.nullable(z.enum(['keep', 'drop'])),
    leave: z.array(z.string()),
  }),
  z.object({ operation: z.literal('edit'), key: Key, edits: z.array(EditShape), leave: z.array(z.string()) }),
  /** `document`: id given by `import.upload`. */
  z.object({ operation: z.literal('import'), document: z.string(), into: z.nullable(z.string()) }),
  /** The whole thread. */
  z.object({ operation: z.literal('delete'), thread: z.string() }),
  /**
   * `to`: the store that gets the copy, one of the same framework; null: the same store. A null `into` lets the service choose:
   * `<thread>-copy-N`, in another store the thread's own id.
   */
  z.object({
    operation: z.literal('copy'),
    thread: z.string(),
    into: z.nullable(z.string()),
    to: z.nullable(StoreId),
  }),
  z.object({ operation: z.literal('rename'), thread: z.string(), into: z.string() }),
  z.object({ operation: z.literal('undo'), operationId: z.nullable(z.string()) }),
]);
export type OperationArgs = z.infer<typeof OperationArgs>;

/** A plan with what the sheet shows beside it. */
export const PlanView = z.object({
  plan: Plan,
  /** Per table or file: rows and bytes. */
  written: z.array(z.object({ where: z.string(), counts: Counts })),
  diff: z.nullable(DiffView),
  follows: z.array(z.object({ code: z.string(), message: z.string(), left: z.boolean() })),
});
export type PlanView = z.infer<typeof PlanView>;

const none = z.object({});
const at = { store: StoreId, key: Key };
/** The state as stored, or with the writes that finished tasks have left. */
const stateAt = { ...at, applied: z.boolean(), path: OrdinalPath };

export const methods = {
  'host.info': {
    params: none,
    result: z.object({ version: z.string(), readOnly: z.boolean(), sample: z.nullable(z.string()) }),
  },
  'formats.list': { params: none, result: z.array(FormatInfo) },

  /** Stores that are open, in the order they were opened. */
  'stores.list': { params: none, result: z.array(z.object({ store: StoreId, info: StoreInfo })) },
  /** Opens a path (a host may refuse paths that were not named at start); opening twice gives the same store. */
  'stores.open': { params: z.object({ path: z.string() }), result: z.object({ store: StoreId, info: StoreInfo }) },
  'stores.close': { params: z.object({ store: StoreId }), result: none },
  /** Gives an encrypted store its key, which is kept in the service's memory while the store is open. `bad_value` if it does not fit. */
  'stores.unlock': {
    params: z.object({ store: StoreId, key: z.string() }),
    result: z.object({ store: StoreId, info: StoreInfo }),
  },

  'threads.list': {
    params: z.object({
      store: StoreId,
      search: z.string(),
      status: z.nullable(Status),
      from: z.number(),
      count: z.number(),
    }),
    result: z.object({
      rows: z.array(ThreadRow),
      /** Threads that match; all threads of the store. */
      matched: z.number(),
      total: z.number(),
      /** False while the listing still runs; ask again on `threads.progress`. */
      complete: z.boolean(),
      /** Threads per status, as far as read; `unread` is how many are not read yet. */
      statusCounts: z.partialRecord(Status, z.number()),
      unread: z.number(),
    }),
  },
  'thread.get': { params: z.object({ store: StoreId, thread: z.string() }), result: Thread },

  /** What follows the points that are known; `lineage-reading.ts` asks until it has all of them. */
  'lineage.page': {
    params: z.object({ store: StoreId, thread: z.string(), known: z.nullable(KnownLineage) }),
    result: LineagePage,
  },
  /** Rows for a window, by index into the lineage that the service last gave for this thread, with what each did to the state. */
  'checkpoints.get': {
    params: z.object({ store: StoreId, thread: z.string(), indices: z.array(z.number()), summaries: z.boolean() }),
    result: z.array(z.object({ index: z.number(), checkpoint: Checkpoint, summary: z.nullable(z.array(DiffSummary)) })),
  },

  'state.children': {
    params: z.object({ ...stateAt, from: z.number(), count: z.number() }),
    result: z.object({ node: z.nullable(ValueNode), children: z.array(ValueNode), total: z.number() }),
  },
  /** Provenance and notes of a state as a whole. */
  'state.about': {
    params: z.object({ ...at, applied: z.boolean() }),
    result: z.object({
      provenance: z.record(z.string(), Provenance),
      notes: z.array(z.string()),
      bytes: z.number(),
      /** Per top-level member, largest first. */
      shares: z.array(z.object({ member: z.string(), bytes: z.number() })),
      /** Top-level members that hold chat messages. */
      conversations: z.array(z.object({ member: z.string(), path: OrdinalPath, messages: z.number() })),
      /** Why this checkpoint cannot be forked or edited, in a sentence; null or absent where nothing about it forbids it. */
      unforkable: z.optional(z.nullable(z.string())),
      /** The format keeps no state at this point: what is shown is the point's record, which cannot be edited. */
      isRecord: z.optional(z.boolean()),
    }),
  },
  /** Part of a long text: characters are counted in UTF-16 units. */
  'state.text': {
    params: z.object({ ...stateAt, from: z.number(), count: z.number() }),
    result: z.object({ text: z.string(), total: z.number() }),
  },
  /** A whole value as tagged JSON; null when it is larger than `limit` bytes. `indent` 0 is compact. */
  'state.value': {
    params: z.object({ ...stateAt, limit: z.number(), indent: z.number() }),
    result: z.object({ value: z.nullable(z.string()), bytes: z.number(), path: z.nullable(z.string()) }),
  },
  'state.messages': {
    params: z.object({ ...stateAt, from: z.number(), count: z.number() }),
    result: z.object({ messages: z.array(MessageView), total: z.number() }),
  },
  /** From a logical path to ordinals; null if nothing is there. */
  'state.resolve': {
    params: z.object({ ...at, applied: z.boolean(), path: z.string() }),
    result: z.nullable(OrdinalPath),
  },
  /** Places in this state whose key or text holds `text` (case-insensitive), in stored order. */
  'state.find': {
    params: z.object({ ...at, applied: z.boolean(), text: z.string(), limit: z.number() }),
    result: z.object({ places: z.array(OrdinalPath), more: z.boolean() }),
  },

  /** `before` null: against the parent (a root against the empty state). */
  'diff.get': {
    params: z.object({
      store: StoreId,
      before: z.nullable(Key),
      after: Key,
      from: z.number(),
      count: z.number(),
      filter: z.optional(DiffFilter),
    }),
    result: DiffView,
  },
  'diff.patch': {
    params: z.object({ store: StoreId, before: z.nullable(Key), after: Key }),
    result: z.object({ patch: z.string() }),
  },

  'pending.get': { params: z.object(at), result: PendingShape },
  'raw.get': {
    params: z.object(at),
    result: z.array(z.object({ where: z.string(), storage: z.string(), bytes: z.number() })),
  },
  'raw.bytes': {
    params: z.object({ ...at, part: z.number(), from: z.number(), count: z.number() }),
    result: z.object({ bytes: Bytes, total: z.number() }),
  },

  /** What stands beside the points of a thread, in the store's order; with `key` only what belongs to that point. */
  'records.list': {
    params: z.object({
      store: StoreId,
      thread: z.string(),
      key: z.nullable(Key),
      from: z.number(),
      count: z.number(),
    }),
    result: z.object({ records: z.array(RecordRow), total: z.number() }),
  },
  /** The content of one record; null when it is larger than `limit` bytes. */
  'records.content': {
    params: z.object({ store: StoreId, thread: z.string(), record: z.string(), limit: z.number() }),
    result: z.object({ content: z.nullable(z.string()), bytes: z.number() }),
  },

  /** Checks one edit as it is typed: an error sentence, or the diff that it will make. */
  'edit.check': {
    params: z.object({ ...at, edits: z.array(EditShape) }),
    result: z.object({
      error: z.nullable(z.object({ message: z.string(), hint: z.nullable(z.string()) })),
      warnings: z.array(Warning),
      diff: z.nullable(DiffView),
    }),
  },

  'operation.plan': { params: z.object({ store: StoreId, args: OperationArgs }), result: PlanView },
  'operation.commit': {
    params: z.object({ store: StoreId, args: OperationArgs, expect: z.string() }),
    result: PlanView,
  },
  'operations.list': { params: z.object({ store: StoreId }), result: z.array(Operation) },

  /** The thread document, a chunk at a time: call with the last `next` until it is null. */
  'thread.export': {
    params: z.object({ store: StoreId, thread: z.string(), cursor: z.nullable(z.string()) }),
    result: z.object({ chunk: Bytes, next: z.nullable(z.string()) }),
  },
  /** A document to import, a chunk at a time; the id stands for it in `operation.plan`. */
  'import.upload': {
    params: z.object({ document: z.nullable(z.string()), chunk: Bytes, last: z.boolean() }),
    result: z.object({ document: z.string() }),
  },
} as const;

export type Methods = typeof methods;
export type MethodName = keyof Methods;
export type Params<M extends MethodName> = z.infer<Methods[M]['params']>;
export type Result<M extends MethodName> = z.infer<Methods[M]['result']>;

/** What a window may subscribe to. */
export const events = {
  /** Another process (or an operation of ours) changed a store. */
  'store.changed': z.object({ store: StoreId, threads: z.union([z.array(z.string()), z.literal('all')]) }),
  /** The store was deleted or replaced by another file; it is closed for reading until opened again. */
  'store.gone': z.object({ store: StoreId, message: z.string() }),
  /** The listing of threads went on. */
  'threads.progress': z.object({ store: StoreId, listed: z.number(), complete: z.boolean() }),
  /** A long call says what it is reading. */
  'call.progress': z.object({ call: z.number(), text: z.string(), done: z.number(), total: z.nullable(z.number()) }),
} as const;
export type Events = typeof events;
export type EventName = keyof Events;
export type EventOf<E extends EventName> = z.infer<Events[E]>;
