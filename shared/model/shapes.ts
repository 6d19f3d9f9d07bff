// The public shapes of the terminal contract (`docs/cli.md`) as schemas. They only grow: fields may be added, never renamed or removed.

import * as z from 'zod/mini';
import { Status } from './status.ts';

/** A value in tagged JSON, already parsed. Numbers beyond JavaScript's are carried as text elsewhere (see `TaggedText`). */
export const Json: z.ZodMiniType<unknown> = z.unknown();

export const Unable = z.object({ operation: z.string(), reason: z.string() });
export type Unable = z.infer<typeof Unable>;

export const FormatInfo = z.object({
  format: z.string(),
  framework: z.string(),
  backend: z.string(),
  eras: z.array(z.string()),
  capabilities: z.array(z.string()),
  unable: z.array(Unable),
});
export type FormatInfo = z.infer<typeof FormatInfo>;

export const StoreInfo = z.object({
  path: z.string(),
  format: z.string(),
  framework: z.string(),
  backend: z.string(),
  eras: z.array(z.string()),
  capabilities: z.array(z.string()),
  unable: z.array(Unable),
  writable: z.boolean(),
  live: z.boolean(),
  threads: z.number(),
  checkpoints: z.number(),
  bytes: z.number(),
  /** Sentences about this store that a person should know (read-only, foreign tables, torn files); empty when none. */
  notes: z.array(z.string()),
  /** Set for a store with encrypted cells: by which cipher, whether a key was given that opens them, and where programs have it. */
  sealed: z.optional(z.object({ cipher: z.string(), open: z.boolean(), variable: z.string() })),
  /**
   * Set where a fork may keep or drop the pending work of its point: what either comes to; `always`, where these are two different forks
   * even of a point at which nothing is pending.
   */
  pendingChoice: z.optional(z.object({ keep: z.string(), drop: z.string(), always: z.boolean() })),
});
export type StoreInfo = z.infer<typeof StoreInfo>;

export const Thread = z.object({
  thread: z.string(),
  parts: z.nullable(z.array(z.string())),
  namespaces: z.array(z.string()),
  checkpoints: z.number(),
  branches: z.number(),
  head: z.nullable(z.string()),
  status: Status,
  refused: z.nullable(z.string()),
  updatedAt: z.nullable(z.string()),
  bytes: z.nullable(z.number()),
});
export type Thread = z.infer<typeof Thread>;

export const Checkpoint = z.object({
  key: z.string(),
  id: z.string(),
  parent: z.nullable(z.string()),
  parentKind: z.nullable(z.enum(['explicit', 'inferred'])),
  parentReason: z.nullable(z.string()),
  missingParent: z.nullable(z.string()),
  parentThread: z.nullable(z.string()),
  namespace: z.string(),
  step: z.nullable(z.number()),
  source: z.nullable(z.string()),
  /** The node or nodes that ran to make this checkpoint; empty where the store does not tell. */
  node: z.array(z.string()),
  time: z.nullable(z.string()),
  status: Status,
  next: z.array(z.string()),
  bytes: z.nullable(z.number()),
  /** One line on why it stopped (the question asked, the error); null when nothing did. Added for the window. */
  note: z.nullable(z.string()),
  /** Name of the agent whose graph made it, where the framework records one. */
  agent: z.optional(z.string()),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

export const Interrupt = z.object({ id: z.nullable(z.string()), value: Json, schema: Json });
export const PendingWrite = z.object({ channel: z.string(), value: Json });
export const Task = z.object({
  id: z.nullable(z.string()),
  name: z.nullable(z.string()),
  error: Json,
  interrupts: z.array(Interrupt),
  writes: z.array(PendingWrite),
});
export const Pending = z.object({
  status: Status,
  next: z.array(z.string()),
  tasks: z.array(Task),
  resumable: z.boolean(),
  reason: z.nullable(z.string()),
});
export type Pending = z.infer<typeof Pending>;

/** A record that a framework keeps about a thread beside its checkpoints, as `records` prints it. */
export const NeighbourRecord = z.object({
  record: z.string(),
  kind: z.string(),
  time: z.nullable(z.string()),
  checkpoint: z.nullable(z.string()),
  content: Json,
});
export type NeighbourRecord = z.infer<typeof NeighbourRecord>;

export const Provenance = z.enum(['stored', 'elsewhere', 'reconstructed', 'derived', 'opaque', 'absent']);
export type Provenance = z.infer<typeof Provenance>;

export const CheckpointDetail = z.extend(Checkpoint, {
  thread: z.string(),
  metadata: Json,
  state: Json,
  provenance: z.record(z.string(), Provenance),
  pending: Pending,
});
export type CheckpointDetail = z.infer<typeof CheckpointDetail>;

export const DiffSummary = z.object({
  channel: z.string(),
  added: z.number(),
  removed: z.number(),
  changed: z.number(),
});
export type DiffSummary = z.infer<typeof DiffSummary>;

export const DiffChange = z.object({
  op: z.enum(['add', 'remove', 'replace', 'move']),
  path: z.string(),
  from: z.optional(z.string()),
  before: z.optional(Json),
  after: z.optional(Json),
});
export const Diff = z.object({
  before: z.nullable(z.string()),
  after: z.string(),
  summary: z.array(DiffSummary),
  changes: z.array(DiffChange),
});
export type Diff = z.infer<typeof Diff>;

export const Warning = z.object({ code: z.string(), message: z.string(), remedy: z.nullable(z.string()) });
export type Warning = z.infer<typeof Warning>;

export const Counts = z.object({
  insert: z.number(),
  update: z.number(),
  delete: z.number(),
  bytes: z.number(),
});
export type Counts = z.infer<typeof Counts>;

export const PlannedChange = z.object({
  change: z.enum(['insert', 'update', 'delete']),
  where: z.string(),
  key: z.nullable(z.string()),
  bytes: z.number(),
});

export const Plan = z.object({
  planId: z.string(),
  operation: z.string(),
  thread: z.nullable(z.string()),
  checkpoint: z.nullable(z.string()),
  target: z.nullable(z.object({ thread: z.string(), checkpoint: z.nullable(z.string()) })),
  changes: z.array(PlannedChange),
  counts: Counts,
  warnings: z.array(Warning),
  diagnosis: z.nullable(
    z.object({ verdict: z.string(), evidence: z.array(z.string()), runsAgain: z.array(z.string()) }),
  ),
  resume: z.nullable(z.object({ language: z.string(), code: z.string() })),
  committed: z.boolean(),
  operationId: z.nullable(z.string()),
});
export type Plan = z.infer<typeof Plan>;

export const Operation = z.object({
  operationId: z.string(),
  time: z.string(),
  operation: z.string(),
  thread: z.nullable(z.string()),
  counts: Counts,
  undone: z.boolean(),
  undoable: z.boolean(),
  reason: z.nullable(z.string()),
});
export type Operation = z.infer<typeof Operation>;
