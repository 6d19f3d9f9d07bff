// One checkpoint record: the members that the framework's runtime looks at, read in place from its stored JSON text.
//
// The same struct was written by every release since 0.2.0; later ones added members. `state` is never read here.

import { asForkpointError } from '../../../shared/model/errors.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';

/** Releases by what their records look like. 0.2.0 and 1.5.0 write the same shape, so they are one era here. */
export const eras = ['0.2.0–1.5.0', '1.6.0–2.1.0', '2.1.1', 'development (record format 2)'] as const;
export type Era = (typeof eras)[number];
export const [eraBefore16, eraBefore211, era211, eraDevelopment] = eras;

/** A task that would run next. `argument` is what a `Send` gave it; `task` is set only on tasks carried over from a stopped step. */
export interface Activation {
  readonly node: string;
  readonly task: string | null;
  readonly argument: Cursor | null;
}

export interface InterruptMember {
  readonly id: string | null;
  readonly node: string | null;
  readonly payload: Cursor | null;
}

/** A completion marker or control write, inline or from the ledger. */
export interface WriteMember {
  readonly node: string;
  readonly task: string;
  readonly idx: string;
  readonly channel: string;
  readonly payload: Cursor | null;
}

export interface BarrierMember {
  readonly node: string;
  readonly arrived: readonly string[];
}

/** What tells how a record hangs together with others: all that a lineage is made of. */
export interface RecordHead {
  /** The whole record. */
  readonly root: Cursor;
  readonly thread: string;
  readonly id: string;
  readonly parent: string | null;
  readonly namespace: readonly string[];
  /** What would run next, as the runtime reads it: the activations, or the bare node names where a record has none. */
  readonly pending: readonly Activation[];
  /** The stored `next_nodes`: what SQLite projects into a column. */
  readonly nextNodes: readonly string[];
  readonly metadata: Cursor | null;
  readonly step: number | null;
  /** 1 for every published release; 2 is the unreleased format, which is read and never written. */
  readonly version: number;
  /** Milliseconds since 1970; only record format 2 says. */
  readonly createdAt: number | null;
}

export interface RecordView extends RecordHead {
  readonly run: string | null;
  readonly state: Cursor | null;
  readonly completed: readonly string[];
  readonly writes: readonly WriteMember[];
  readonly interrupts: readonly InterruptMember[];
  readonly barriers: readonly BarrierMember[];
  /** Null where the metadata does not say; the framework then takes `loop` and 0. */
  readonly source: string | null;
  readonly failedNode: string | null;
  readonly error: Cursor | null;
  readonly era: Era;
}

export type RecordReading =
  | { readonly ok: true; readonly record: RecordView }
  | { readonly ok: false; readonly reason: string };

type HeadReading = { readonly ok: true; readonly record: RecordHead } | { readonly ok: false; readonly reason: string };

export function textOf(value: Cursor | null): string | null {
  return value !== null && value.kind === 'string' && value.isUnicode() ? value.text() : null;
}

function itemsOf(value: Cursor | null): readonly Cursor[] {
  if (value === null || value.kind !== 'list') return [];
  return Array.from({ length: value.count }, (_, i) => value.child(i));
}

/** A list of names; null if the value is not one. */
export function namesOf(value: Cursor | null): readonly string[] | null {
  if (value === null || value.kind !== 'list') return null;
  const names: string[] = [];
  for (const item of itemsOf(value)) {
    const name = textOf(item);
    if (name === null) return null;
    names.push(name);
  }
  return names;
}

function integerOf(value: Cursor | null): number | null {
  if (value === null || value.kind !== 'integer') return null;
  const number = value.approximate();
  return Number.isSafeInteger(number) ? number : null;
}

/** The digits of an integer as they are stored, null of anything else. */
export function lexemeOf(value: Cursor | null): string | null {
  return value !== null && value.kind === 'integer' ? value.lexeme() : null;
}

export function activationsOf(value: Cursor | null): readonly Activation[] {
  return itemsOf(value).map((item) => ({
    node: textOf(item.get('node')) ?? '',
    task: textOf(item.get('task_id')),
    argument: item.get('send_arg'),
  }));
}

export function writeOf(value: Cursor): WriteMember {
  return {
    node: textOf(value.get('node')) ?? '',
    task: textOf(value.get('task_id')) ?? '',
    idx: lexemeOf(value.get('idx')) ?? '0',
    channel: textOf(value.get('channel')) ?? '',
    payload: value.get('payload'),
  };
}

/** Opens the text of a record or ledger line; a sentence part instead of an error where it is not JSON. */
export function openLine(bytes: Uint8Array): Cursor | { readonly reason: string } {
  try {
    return openValue('json', bytes);
  } catch (thrown) {
    return { reason: asForkpointError(thrown).message };
  }
}

function eraOf(
  root: Cursor,
  pending: readonly Activation[],
  writes: readonly WriteMember[],
  metadata: Cursor | null,
): Era {
  if (root.ordinalOf('barrier_arrivals') < 0 && root.ordinalOf('pending_activations') < 0) return eraBefore16;
  const ledgered =
    writes.some((w) => w.task !== '') ||
    pending.some((a) => a.task !== null) ||
    (metadata?.ordinalOf('interrupted_nodes') ?? -1) >= 0;
  return ledgered ? era211 : eraBefore211;
}

/** Reads a record's text. What the framework itself could not decode is told as a reason, never guessed at. */
export function readRecord(bytes: Uint8Array): RecordReading {
  const root = openLine(bytes);
  if ('reason' in root) return { ok: false, reason: root.reason };
  return readRecordAt(root);
}

export function readHeadAt(root: Cursor): HeadReading {
  if (root.kind !== 'map') return { ok: false, reason: 'it is not a JSON object' };
  const thread = textOf(root.get('thread_id'));
  const id = textOf(root.get('checkpoint_id'));
  const namespace = namesOf(root.get('namespace'));
  if (thread === null) return { ok: false, reason: 'its `thread_id` is missing or not a text' };
  if (id === null) return { ok: false, reason: 'its `checkpoint_id` is missing or not a text' };
  if (namespace === null) return { ok: false, reason: 'its `namespace` is missing or not a list of names' };

  const version = integerOf(root.get('version')) ?? 1;
  if (version > 2) return { ok: false, reason: laterReason(version) };
  // Format 2 renamed the list, and still takes the old one of a record that a release wrote.
  const tasks = version === 2 ? activationsOf(root.get('tasks')) : [];
  const activations = tasks.length > 0 ? tasks : activationsOf(root.get('pending_activations'));
  const nextNodes = namesOf(root.get('next_nodes')) ?? [];
  const pending =
    activations.length > 0 ? activations : nextNodes.map((node) => ({ node, task: null, argument: null }) as const);
  const metadata = root.get('metadata');
  return {
    ok: true,
    record: {
      root,
      thread,
      id,
      parent: textOf(root.get('parent_checkpoint_id')),
      namespace,
      pending,
      nextNodes,
      metadata,
      step: integerOf(metadata?.kind === 'map' ? metadata.get('step') : null),
      version,
      createdAt: version === 2 ? integerOf(root.get('created_at')) : null,
    },
  };
}

export function readRecordAt(root: Cursor): RecordReading {
  const head = readHeadAt(root);
  return head.ok ? { ok: true, record: withRest(head.record) } : head;
}

/** The whole record of a head. */
export function withRest(head: RecordHead): RecordView {
  const { root, pending, metadata, version } = head;
  const writes = itemsOf(root.get('pending_writes')).map(writeOf);
  const about = metadata !== null && metadata.kind === 'map' ? metadata : null;
  return {
    ...head,
    run: textOf(root.get('run_id')),
    state: root.get('state'),
    completed: completedOf(root, version),
    writes,
    interrupts: itemsOf(root.get('interrupts')).map((item) => ({
      id: textOf(item.get('id')),
      node: textOf(item.get('node')),
      payload: item.get('payload'),
    })),
    barriers: itemsOf(root.get('barrier_arrivals')).map((item) => ({
      node: textOf(item.get('node')) ?? '',
      arrived: namesOf(item.get('arrived')) ?? [],
    })),
    source: textOf(about?.get('source') ?? null),
    failedNode: textOf(about?.get('failed_node') ?? null),
    error: about?.get('error') ?? null,
    era: version === 2 ? eraDevelopment : eraOf(root, pending, writes, about),
  };
}

function completedOf(root: Cursor, version: number): readonly string[] {
  const nodes = version === 2 ? itemsOf(root.get('completed')).map((item) => textOf(item.get('node')) ?? '') : [];
  return nodes.length > 0 ? nodes : (namesOf(root.get('completed_tasks')) ?? []);
}

/** Nodes that ran to make this record: the finished tasks, else those that left writes. */
export function nodesThatRan(record: RecordView): readonly string[] {
  return record.completed.length > 0 ? record.completed : record.writes.map((w) => w.node);
}

/** Nodes that a resume value is meant for, by the framework's own order of looking. */
export function interruptedNodes(record: RecordView): readonly string[] {
  const about = record.metadata?.kind === 'map' ? namesOf(record.metadata.get('interrupted_nodes')) : null;
  if (about !== null && about.length > 0) return about;
  const pending = new Set(record.pending.map((a) => a.node));
  const asked = record.interrupts.map((i) => i.node).filter((node) => node !== null && pending.has(node));
  return [...new Set(asked)] as readonly string[];
}

/** Why nothing is written to a store, or made of a record, of the unreleased format. */
export const developmentReason =
  'It was written by an unreleased development version of tinyagents (record format 2): Forkpoint shows it, and writes only the format of the releases 0.2.0 to 2.1.1.';

function laterReason(version: number): string {
  return `it was written by a later version of tinyagents (record format ${version}), which Forkpoint does not know`;
}
