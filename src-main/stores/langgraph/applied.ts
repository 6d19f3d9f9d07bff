// The state as LangGraph's get_state of the latest shows it: the stored values with the writes of `Command` and of finished
// tasks applied. How a channel takes its writes is inferred from the steps that the thread has already made.

import { isDamaged, keysOf, openCellOrDamaged, textOf } from './cells.ts';
import type { DeltaReader, ShownState } from './delta.ts';
import { fadingOf } from './fading.ts';
import { nullTask } from './ids.ts';
import { isRouting } from './next.ts';
import { isOwnName } from './older-routing.ts';
import { deltaChannels, editDialect, openPoint } from './point.ts';
import type { Point } from './point.ts';
import { likelier, reducers } from './reducers.ts';
import type { Reducer } from './reducers.ts';
import { inApplyOrder, tasksOf } from './tasks.ts';
import type { RowReader, WriteRow } from './rows.ts';
import { openValue } from '../../values/open.ts';
import { removeAt, replaceAt, setMember } from '../../values/splice.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Dialect } from '../../values/edit.ts';
import type { SqliteReader } from '../backend.ts';

/** Steps of the thread's history that are held against the reducers before a note says that they did not tell. */
export const samplesRead = 200;

export interface AppliedState {
  /** Null when nothing was to be applied. */
  readonly root: Cursor | null;
  readonly derived: readonly string[];
  readonly notes: readonly string[];
}

const isState = (channel: string): boolean => !isRouting(channel) && !/^__.*__$/.test(channel);

/** Writes of state channels, per channel, in the order that LangGraph applies them. */
function stateWrites(rows: readonly WriteRow[]): Map<string, Cursor[]> {
  const writes = new Map<string, Cursor[]>();
  for (const row of rows) {
    if (!isState(row.channel)) continue;
    const cell = openCellOrDamaged(row.type, row.value);
    // Said by `applyWrites`; in the history it only means one step less to learn from.
    if (isDamaged(cell)) continue;
    const list = writes.get(row.channel);
    if (list === undefined) writes.set(row.channel, [cell]);
    else list.push(cell);
  }
  return writes;
}

function finishedWrites(point: Point, rows: readonly WriteRow[]): Map<string, Cursor[]> {
  const tasks = tasksOf(point, rows);
  // Before version 3 a node also wrote its own name to a channel of that name, which is no state.
  const isMark = (row: WriteRow): boolean =>
    point.version !== null && point.version < 3 && isOwnName(row.channel, openCellOrDamaged(row.type, row.value));
  return stateWrites(
    inApplyOrder(tasks.planned ?? [])
      .filter((t) => t.finished)
      .flatMap((t) => t.rows)
      .filter((row) => !isMark(row)),
  );
}

interface OpenChannel {
  readonly channel: string;
  readonly before: Cursor | null;
  readonly writes: readonly Cursor[];
  candidates: readonly { readonly reducer: Reducer; readonly result: Uint8Array }[];
  samples: number;
  contradicted: boolean;
}

const distinct = (open: OpenChannel): number =>
  new Set(open.candidates.map((c) => Buffer.from(c.result).toString('latin1'))).size;

/** Rows looked at, nearest first, in search of steps that wrote to a channel. */
const rowsSearched = 2_000;

interface Sample {
  readonly before: Point;
  readonly after: Point;
  readonly rows: readonly WriteRow[];
}

/** The steps that this thread has made, nearest first: own ancestors, then the newest of the rest of the namespace. */
function* steps(
  read: RowReader,
  reader: SqliteReader,
  point: Point,
  channels: readonly string[],
): Generator<Sample, void, void> {
  const { thread, namespace } = point.row;
  const marks = channels.map(() => '?').join(', ');
  const wroteSql = `SELECT 1 AS one FROM writes WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ? AND channel IN (${marks}) LIMIT 1`;
  const parentSql =
    'SELECT parent_checkpoint_id AS parent FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ?';
  const sample = (parent: string, child: string): Sample | null => {
    if (parent === point.row.id || reader.get(wroteSql, [thread, namespace, parent, ...channels]) === null) return null;
    const beforeRow = read.checkpoint(thread, namespace, parent);
    const afterRow = read.checkpoint(thread, namespace, child);
    if (beforeRow === null || afterRow === null) return null;
    const before = openPoint(beforeRow, point.dialect);
    const after = openPoint(afterRow, point.dialect);
    // Only a superstep shows what the graph makes of its tasks' writes; an update or a copy does not.
    if (after.source !== 'loop' || before.values === null || after.values === null) return null;
    return { before, after, rows: read.writes(thread, namespace, parent) };
  };
  const used = new Set<string>();
  for (let at = point.row.id; used.size < rowsSearched && !used.has(at);) {
    used.add(at);
    const parent = reader.get(parentSql, [thread, namespace, at])?.['parent'] ?? null;
    if (parent === null) break;
    const found = sample(textOf(parent), at);
    if (found !== null) yield found;
    at = textOf(parent);
  }
  const others = reader.all(
    `SELECT checkpoint_id AS child, parent_checkpoint_id AS parent FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ? ORDER BY checkpoint_id DESC LIMIT ${rowsSearched}`,
    [thread, namespace],
  );
  for (const { child, parent } of others) {
    if (parent === null || parent === undefined || used.has(textOf(child))) continue;
    const found = sample(textOf(parent), textOf(child));
    if (found !== null) yield found;
  }
}

function narrow(open: OpenChannel[], dialect: Dialect, samples: Iterable<Sample>): boolean {
  let left = samplesRead;
  for (const sample of samples) {
    if (open.every((o) => distinct(o) <= 1 && o.samples > 0)) return true;
    if (left-- === 0) return false;
    const commanded = stateWrites(sample.rows.filter((r) => r.task === nullTask));
    const writes = finishedWrites(sample.before, sample.rows);
    for (const channel of open) {
      const wrote = writes.get(channel.channel);
      const after = sample.after.values?.get(channel.channel) ?? null;
      if (wrote === undefined || after === null || commanded.has(channel.channel)) continue;
      const before = sample.before.values?.get(channel.channel) ?? null;
      const fitting = channel.candidates.filter(({ reducer }) => {
        const expected = reducer.apply(before, wrote, dialect);
        return expected !== null && reducer.agrees(expected, after);
      });
      channel.samples++;
      if (fitting.length === 0) channel.contradicted = true;
      channel.candidates = fitting;
    }
  }
  return true;
}

/** Applies one round of writes to a map of values. */
function round(
  root: Cursor,
  writes: ReadonlyMap<string, readonly Cursor[]>,
  dialect: Dialect,
  samples: (channels: readonly string[]) => Iterable<Sample>,
  derived: Set<string>,
  notes: string[],
): Cursor {
  const open = [...writes].map(([channel, list]): OpenChannel => {
    const before = root.get(channel);
    return {
      channel,
      before,
      writes: list,
      candidates: reducers.flatMap((reducer) => {
        const result = reducer.apply(before, list, dialect);
        return result === null ? [] : [{ reducer, result }];
      }),
      samples: 0,
      contradicted: false,
    };
  });
  // Also where all candidates give the same: one step of the history may show that it is none of them.
  const told = open.filter((o) => o.candidates.length > 0);
  const complete = told.length === 0 || narrow(told, dialect, samples(told.map((o) => o.channel)));
  let at = root;
  for (const channel of open) {
    const choice = channel.candidates.toSorted((a, b) => likelier(a.reducer, b.reducer, channel.writes.length))[0];
    if (choice === undefined) {
      notes.push(
        channel.contradicted
          ? `\`${channel.channel}\` has ${channel.writes.length} stored writes that are not applied here: its reducer is none that Forkpoint knows.`
          : `\`${channel.channel}\` has ${channel.writes.length} stored writes that are not applied here: how they combine with its value cannot be told.`,
      );
      continue;
    }
    if (distinct(channel) > 1) {
      notes.push(
        `How \`${channel.channel}\` takes its writes is not in the store and ${complete ? "this thread's history does not tell" : `the ${samplesRead} nearest steps do not tell`}: here ${choice.reducer.describe}.`,
      );
    }
    derived.add(channel.channel);
    at = openValue(at.encoding, setMember(at, channel.channel, choice.result, dialect));
  }
  return at;
}

/** Delta channels take their updates by the reducer that their value was rebuilt with. */
function deltaRound(
  root: Cursor,
  writes: ReadonlyMap<string, readonly Cursor[]>,
  point: Point,
  shown: ShownState,
  delta: DeltaReader,
  derived: Set<string>,
  notes: string[],
): Cursor {
  let at = root;
  for (const [channel, updates] of writes) {
    const bytes = delta.after(point, channel, at.get(channel), shown.rebuilt.get(channel) ?? null, updates);
    if (bytes === null) {
      notes.push(
        `\`${channel}\` has ${updates.length} stored writes that are not applied here: how it takes its updates cannot be told.`,
      );
      continue;
    }
    derived.add(channel);
    at = openValue(at.encoding, setMember(at, channel, bytes, editDialect(point)));
  }
  return at;
}

/** Applies what has been written at a point to its values, those of delta channels included. */
export function applyWrites(
  read: RowReader,
  reader: SqliteReader,
  delta: DeltaReader,
  point: Point,
  shown: ShownState,
  rows: readonly WriteRow[],
): AppliedState {
  const dialect = editDialect(point);
  const derived = new Set<string>();
  const notes: string[] = [];
  const samples = (channels: readonly string[]) => steps(read, reader, point, channels);
  const deltas = new Set(deltaChannels(point));
  const part = (writes: ReadonlyMap<string, Cursor[]>, ofDelta: boolean): Map<string, Cursor[]> =>
    new Map([...writes].filter(([channel]) => deltas.has(channel) === ofDelta));
  const damaged = rows.filter((r) => isState(r.channel) && isDamaged(openCellOrDamaged(r.type, r.value)));
  for (const channel of new Set(damaged.map((r) => r.channel))) {
    notes.push(`A stored write to \`${channel}\` is damaged and is not applied here.`);
  }
  let root = openValue(shown.root.encoding, shown.root.slice());
  const apply = (writes: ReadonlyMap<string, Cursor[]>): void => {
    root = round(root, part(writes, false), dialect, samples, derived, notes);
    root = deltaRound(root, part(writes, true), point, shown, delta, derived, notes);
  };
  apply(stateWrites(rows.filter((r) => r.task === nullTask)));
  const tasks = tasksOf(point, rows);
  if (tasks.planned === null && rows.some((r) => r.task !== nullTask)) {
    notes.push('What runs next at this checkpoint cannot be told, so writes of finished tasks are not applied.');
  } else {
    const finished = finishedWrites(point, rows);
    apply(finished);
    if (tasks.planned?.some((t) => t.finished) === true) {
      const untouched = keysOf(point.values).filter((c) => isState(c) && !deltas.has(c) && !finished.has(c));
      for (const [channel, rest] of fadingOf(read, point, untouched)) {
        const ordinal = root.ordinalOf(channel);
        if (ordinal < 0) continue;
        derived.add(channel);
        const bytes = rest === null ? removeAt(root, [ordinal]) : replaceAt(root, [ordinal], rest.slice());
        root = openValue(root.encoding, bytes);
        notes.push(
          `\`${channel}\` lasts one step, as an earlier step of this thread shows: it is ${rest === null ? 'taken away' : 'emptied'} here.`,
        );
      }
    }
  }
  return { root: derived.size > 0 ? root : null, derived: [...derived], notes };
}
