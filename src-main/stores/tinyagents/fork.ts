// Forking and editing a point, as the runtime needs it.
//
// Into a new thread: the points that lead to it are copied with their ids and ledger (only `thread_id` rewritten, as the framework's
// own copy does), then one record `source: fork` whose parent is the copied point. In place: one record `source: update`, one step
// on, parent = the point; it becomes the latest because it is last. Pending activations and barrier arrivals are never touched:
// without them tasks run without their argument and joins are lost, silently.
//
// A pause inside a sub-graph needs the sub-graph's own latest record too (the framework's `fork_state` leaves it out, and a resume of
// such a fork fails): it is written before the root's record.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import { applyEdits } from '../../values/splice.ts';
import type { EditRequest, ForkRequest, PendingChoice, PlanContext, StorePlan } from '../store.ts';
import { embeddingNode, namespaceOfText, namespaceText } from './namespace.ts';
import { checkedRecord, drawnId, emptyList, metadataText, nullText, rewriteRecord, stringText } from './new-record.ts';
import { countingWrites, losesOnResume, skippedTasks } from './pending.ts';
import { placeAt } from './place.ts';
import type { ThreadPoints } from './points.ts';
import { developmentReason, eraBefore16, interruptedNodes, readRecord, type RecordView } from './record.ts';
import { resumeCode } from './resume.ts';
import type { LedgerEntry, Place, TinyagentsSource } from './source.ts';
import { statusOfRecord } from './status.ts';
import type { NewLedgerRow, NewRecord, PlanWriter } from './write.ts';

/** What the planner asks of an open store. */
export interface ForkGround {
  readonly source: TinyagentsSource;
  find(key: ForkRequest['key']): { readonly points: ThreadPoints; readonly index: PointIndex };
}

/** What a fork does with the pending work of its point: the planner takes it from `ForkRequest.pending`. */
export const pendingChoice: PendingChoice = {
  keep: 'Questions, errors and finished work of this step stand in the fork as they stand here',
  drop: 'The step runs again in the fork, from its beginning',
  always: false,
};

export function planFork(
  ground: ForkGround,
  request: ForkRequest | EditRequest,
  context: PlanContext,
  writer: PlanWriter,
): StorePlan {
  if (request.operation === 'edit' && request.edits.length === 0) {
    throw new ForkpointError('bad_value', 'There is nothing to edit.', 'Give at least one edit.');
  }
  const { points, index } = ground.find(request.key);
  const place = placeAt(points, index);
  if (place.namespace !== '') {
    throw new ForkpointError(
      'unable',
      `\`${place.id}\` is a point of the sub-graph \`${place.namespace}\`: tinyagents resumes a graph at its root, so a fork of it alone cannot run. Nothing was changed.`,
      'Fork the point of the root graph that stands after it.',
    );
  }
  const target = request.operation === 'fork' && request.target.kind === 'thread' ? request.target.thread : null;
  const keep = request.operation === 'fork' && request.pending === 'keep';
  return target === null
    ? forkInPlace(ground, points, index, request, keep, context, writer)
    : forkIntoThread(ground, points, index, request, target, keep, context, writer);
}

function forkIntoThread(
  ground: ForkGround,
  points: ThreadPoints,
  index: PointIndex,
  request: ForkRequest | EditRequest,
  target: string,
  keep: boolean,
  context: PlanContext,
  writer: PlanWriter,
): StorePlan {
  writer.expectNewThread(target);
  const trouble = ground.source.trouble(points.thread);
  const below = subgraphsBelow(ground, points, index);
  const wanted = new Set([index, ...below].flatMap((at) => readableAncestry(points, at, trouble.unreadable)));
  const copied = [...wanted].sort((a, b) => a - b);
  const places = copied.map((at) => placeAt(points, at));
  const texts = writer.texts(`the points that lead to \`${points.idOf(index)}\``, places);
  const ledger = ledgerOf(writer, points.thread, places);

  const counted = new Map<string, number>();
  const keyFor = (namespace: string, id: string) => {
    const seen = (counted.get(`${namespace}\u0000${id}`) ?? 0) + 1;
    counted.set(`${namespace}\u0000${id}`, seen);
    return formatKey({ thread: target, namespace, id, nth: seen === 1 ? 0 : seen });
  };
  const threadText = stringText(target);
  const records: NewRecord[] = copied.map((_, i) => {
    const place = places[i]!;
    const before = readable(texts[i]!, place);
    const text = rewriteRecord(before.root, { thread_id: threadText });
    return {
      record: checkedRecord(text, target, place.id),
      text,
      basis: place,
      key: keyFor(place.namespace, place.id),
    };
  });

  const place = placeAt(points, index);
  const source = readable(texts[copied.indexOf(index)]!, place);
  const edited = editState(source, request);
  const id = drawnId(context.draw.random(16));
  const text = rewriteRecord(
    source.root,
    {
      thread_id: threadText,
      checkpoint_id: stringText(id),
      parent_checkpoint_id: stringText(place.id),
      metadata: metadataText('fork', source.step ?? 0, interruptedNodes(source)),
      ...edited.members,
    },
    { run_id: nullText, ...(keep ? {} : { pending_writes: emptyList }) },
  );
  records.push({ record: checkedRecord(text, target, id), text, basis: place, key: keyFor('', id) });

  const rows: NewLedgerRow[] = ledger.map((entry) => ledgerRow(entry, entry.id));
  if (keep) rows.push(...marksCarriedOver(source, ledger, id));

  const warnings = [
    ...edited.warnings,
    ...pointWarnings(source),
    ...subgraphWarnings(points, below, request),
    ...writer.warnings(true),
  ];
  if (trouble.refused !== null) {
    warnings.push({
      code: 'source_damaged',
      message: `The thread that is forked is damaged (${trouble.refused}) The fork holds only whole records and can be resumed.`,
      remedy: null,
    });
  }
  return {
    changes: writer.newThread(target, records, writer.hasLedger ? rows : []),
    warnings,
    target: { thread: target, id },
    resume: source.pending.length === 0 ? null : resumeCode(target, null, statusOfRecord(source) === 'interrupted'),
    edited: edited.sides,
    follows: [],
  };
}

/** The point and what leads to it, as far as its records can be read. */
function readableAncestry(
  points: ThreadPoints,
  index: PointIndex,
  unreadable: ReadonlySet<number>,
): readonly PointIndex[] {
  const chain = points.ancestry(index);
  const last = chain.findLastIndex((at) => unreadable.has(points.positionOf(at)));
  // The point itself must be readable: whoever forks it is told if it is not.
  return chain.slice(Math.min(last + 1, chain.length - 1));
}

function forkInPlace(
  ground: ForkGround,
  points: ThreadPoints,
  index: PointIndex,
  request: ForkRequest | EditRequest,
  keep: boolean,
  context: PlanContext,
  writer: PlanWriter,
): StorePlan {
  const { thread } = points;
  const { noAppend } = ground.source.trouble(thread);
  if (noAppend !== null) {
    throw new ForkpointError(
      'unable',
      `Nothing may be appended to this thread: ${noAppend} Nothing was changed.`,
      'Fork into a new thread: that copies the whole records only.',
    );
  }
  // A sub-graph that went on since then must be put back to where it stood, or the resume would load its later record.
  const below = subgraphsBelow(ground, points, index);
  const moved = below.filter((at) => points.headOf(points.namespaceOf(at)) !== at);
  const place = placeAt(points, index);
  const places = [...moved.map((at) => placeAt(points, at)), place];
  const texts = writer.texts(`\`${place.id}\` of thread \`${thread}\``, places);
  const ledger = ledgerOf(writer, thread, [place]);

  const records: NewRecord[] = moved.map((_, i) => {
    const at = places[i]!;
    const before = readable(texts[i]!, at);
    const id = drawnId(context.draw.random(16));
    const text = rewriteRecord(
      before.root,
      {
        checkpoint_id: stringText(id),
        parent_checkpoint_id: stringText(at.id),
        metadata: metadataText('fork', before.step ?? 0, interruptedNodes(before)),
      },
      { run_id: nullText },
    );
    const key = formatKey({ thread, namespace: at.namespace, id, nth: 0 });
    return { record: checkedRecord(text, thread, id), text, basis: at, key };
  });

  const source = readable(texts.at(-1)!, place);
  const edited = editState(source, request);
  const id = drawnId(context.draw.random(16));
  const carried = keep ? marksCarriedOver(source, ledger, id) : [];
  const marksInside = keep && carried.length === 0 && skippedTasks(source, source.writes).size > 0;
  const text = rewriteRecord(
    source.root,
    {
      checkpoint_id: stringText(id),
      parent_checkpoint_id: stringText(place.id),
      metadata: metadataText('update', (source.step ?? 0) + 1, interruptedNodes(source)),
      ...edited.members,
    },
    { run_id: nullText, interrupts: emptyList, ...(marksInside ? {} : { pending_writes: emptyList }) },
  );
  records.push({
    record: checkedRecord(text, thread, id),
    text,
    basis: place,
    key: formatKey({ thread, namespace: '', id, nth: 0 }),
  });

  const warnings = [
    ...edited.warnings,
    ...pointWarnings(source),
    ...subgraphWarnings(points, below, request),
    ...writer.warnings(false),
  ];
  if (points.occurrences('', place.id).at(-1) !== index) {
    warnings.push({
      code: 'repeated_id',
      message: `The id \`${place.id}\` was used again later in this thread; tinyagents will take that later point for the parent of the new one.`,
      remedy: 'Fork into a new thread, where the id stands once.',
    });
  }
  return {
    changes: writer.append(thread, records, carried, points.positionOf(points.count - 1)),
    warnings,
    target: { thread, id },
    resume: source.pending.length === 0 ? null : resumeCode(thread, null, statusOfRecord(source) === 'interrupted'),
    edited: edited.sides,
    follows: [],
  };
}

function readable(text: Uint8Array, place: Place): RecordView {
  const reading = readRecord(text);
  if (reading.ok && reading.record.version >= 2) {
    throw new ForkpointError('unable', `${developmentReason} Nothing was changed.`);
  }
  if (!reading.ok || reading.record.id !== place.id) {
    throw new ForkpointError(
      'corrupt',
      `The record of \`${place.id}\` cannot be read${reading.ok ? '' : `: ${reading.reason}`}. Nothing was changed.`,
      'Fork a point whose own line of ancestors is whole.',
    );
  }
  return reading.record;
}

/**
 * The latest records of the sub-graphs that pending nodes of this point are in the middle of, as they stood at this point. Releases
 * before 1.6 never pause with a sub-graph (they swallow the question), so nothing is waited for there.
 *
 * A sub-graph's namespace ends in the node that embeds it, but what stands before is not the embedding graph's namespace: a
 * sub-graph of `["outer"]` at its node `inner` is measured to be `["inner"]`. So each one found is followed by its own pending nodes.
 */
function subgraphsBelow(ground: ForkGround, points: ThreadPoints, index: PointIndex): PointIndex[] {
  const others = points.namespaces().filter((namespace) => namespace !== '');
  if (others.length === 0) return [];
  const record = readable(ground.source.read(placeAt(points, index)), placeAt(points, index));
  if (record.era === eraBefore16) return [];
  const latest = new Map<string, PointIndex>();
  for (let at = index - 1; at >= 0 && latest.size < others.length; at -= 1) {
    const namespace = points.namespaceOf(at);
    if (namespace !== '' && !latest.has(namespace)) latest.set(namespace, at);
  }
  if (record.interrupts.length > 0) {
    for (const [namespace, at] of latest) {
      if (points.nextOf(at).length === 0) latest.set(namespace, waitingBeside(points, index, at) ?? at);
    }
  }
  const below = new Set<PointIndex>();
  const nodes = record.pending.map((a) => a.node);
  // The list grows while it is walked.
  for (const node of nodes) {
    for (const [namespace, at] of latest) {
      const next = points.nextOf(at);
      if (below.has(at) || next.length === 0 || embeddingNode(namespace) !== node) continue;
      below.add(at);
      nodes.push(...next);
    }
  }
  return [...below].sort((a, b) => a - b);
}

/**
 * A fan-out may run the same sub-graph several times at once, all in one namespace. If the last record is of a run that has finished
 * there while others ask, tinyagents loads the finished one and cannot resume; what the step at `index` asks with is the last of the
 * others' ends. Null if there is none.
 */
function waitingBeside(points: ThreadPoints, index: PointIndex, finished: PointIndex): PointIndex | null {
  const namespace = points.namespaceOf(finished);
  const wentOn = new Set<PointIndex>();
  for (let at = finished; at > points.parentOf(index); at -= 1) {
    if (points.namespaceOf(at) !== namespace) continue;
    if (points.nextOf(at).length > 0 && !wentOn.has(at)) return at;
    wentOn.add(points.parentOf(at));
  }
  return null;
}

interface EditedState {
  readonly members: { readonly state?: Uint8Array };
  readonly warnings: readonly Warning[];
  readonly sides: { readonly before: Cursor; readonly after: Cursor } | null;
}

function editState(record: RecordView, request: ForkRequest | EditRequest): EditedState {
  if (request.edits.length === 0) return { members: {}, warnings: [], sides: null };
  const before = record.state;
  if (before === null) {
    throw new ForkpointError('unable', `\`${record.id}\` holds no state to edit. Nothing was changed.`);
  }
  const { bytes, warnings } = applyEdits(before, request.edits, 'json-serde');
  const after = openValue('json', bytes);
  return {
    members: { state: bytes },
    warnings: [...warnings, ...memberWarnings(before, after)],
    sides: { before, after },
  };
}

/** The graph's state is a Rust type: what it does not know is dropped, what it misses may make the record unreadable. */
function memberWarnings(before: Cursor, after: Cursor): Warning[] {
  if (before.kind !== 'map' || after.kind !== 'map') return [];
  const names = (map: Cursor) => {
    const found = new Set<string>();
    for (let i = 0; i < map.count; i += 1) {
      const name = map.key(i);
      if (name.kind === 'string' && name.isUnicode()) found.add(name.text());
    }
    return found;
  };
  const had = names(before);
  const has = names(after);
  const added = [...has].filter((name) => !had.has(name)).map((name) => `\`${name}\``);
  const removed = [...had].filter((name) => !has.has(name)).map((name) => `\`${name}\``);
  const warnings: Warning[] = [];
  if (added.length > 0) {
    warnings.push({
      code: 'new_member',
      message: `${added.join(', ')} was not part of the state: if the graph's state type has no such field, the next checkpoint drops it.`,
      remedy: null,
    });
  }
  if (removed.length > 0) {
    warnings.push({
      code: 'removed_member',
      message: `${removed.join(', ')} is gone from the state: if the graph's state type needs it, tinyagents cannot read the new point.`,
      remedy: 'Set it to an empty value instead.',
    });
  }
  return warnings;
}

function pointWarnings(record: RecordView): Warning[] {
  const warnings: Warning[] = [];
  if (record.pending.length === 0) {
    warnings.push({
      code: 'terminal',
      message:
        'Nothing is pending at this point, so tinyagents cannot resume the fork ("checkpoint has no pending nodes to resume").',
      remedy: 'Fork an earlier point to run on from there.',
    });
  }
  if (losesOnResume(record)) {
    warnings.push({
      code: 'lost_arguments',
      message:
        'tinyagents before 1.6 did not store what the tasks of this fan-out were sent: a resume runs them without their argument, and a fork cannot repair that.',
      remedy: 'Fork the point before the fan-out.',
    });
  }
  return warnings;
}

/** A sub-graph in the middle of its run works on a state of its own, made from the root's when it began. */
function subgraphWarnings(
  points: ThreadPoints,
  below: readonly PointIndex[],
  request: ForkRequest | EditRequest,
): Warning[] {
  if (below.length === 0 || request.edits.length === 0) return [];
  const names = below.map((at) => `\`${points.namespaceOf(at)}\``).join(', ');
  return [
    {
      code: 'subgraph_state',
      message: `The sub-graph ${names} is in the middle of its run with a state of its own: this edit of the root's state does not reach it.`,
      remedy: 'Fork the point before the sub-graph began, and edit there.',
    },
  ];
}

/** Rows of exactly these points: an id alone may stand in several namespaces. */
function ledgerOf(writer: PlanWriter, thread: string, places: readonly Place[]): readonly LedgerEntry[] {
  const wanted = new Set(places.map((place) => `${place.namespace}\u0000${place.id}`));
  return writer
    .ledger(thread, places)
    .filter((entry) => wanted.has(`${namespaceOfText(entry.namespaceText)}\u0000${entry.id}`));
}

function ledgerRow(entry: LedgerEntry, id: string): NewLedgerRow {
  return { namespaceText: entry.namespaceText, id, write: entry.write, from: entry, line: null };
}

/** Ledger rows that say "this pending task is done": they must count for the new point as they did for the old one. */
function marksCarriedOver(record: RecordView, ledger: readonly LedgerEntry[], id: string): NewLedgerRow[] {
  const text = namespaceText(record.namespace);
  const own = ledger.filter((entry) => entry.id === record.id && entry.namespaceText === text);
  if (own.length === 0) return [];
  const writes = countingWrites(
    record,
    own.map((entry) => entry.write),
  );
  return skippedTasks(record, writes).size === 0 ? [] : own.map((entry) => ledgerRow(entry, id));
}
