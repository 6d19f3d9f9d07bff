// The tasks of a checkpoint: what would run next, joined with the rows that tasks have written there so far.

import { bodyOf, openCellOrDamaged, stringMember } from './cells.ts';
import { nullTask } from './ids.ts';
import { nextTasks } from './next.ts';
import type { NextTask } from './next.ts';

import type { Point } from './point.ts';
import { isOwnName } from './older-routing.ts';
import { byCodePoint, olderPullIds, olderPushIds, pullTaskIds, pushTaskId, uuid5, xxh3 } from './task-id.ts';
import type { TaskSeed } from './task-id.ts';
import { parseTaskPath } from './task-path.ts';
import type { TaskPath } from './task-path.ts';
import type { WriteRow } from './rows.ts';
import type { Cursor } from '../../values/cursor.ts';

/** Rows that stand for what happened to a task, not for a result of it. */
const notices: ReadonlySet<string> = new Set([
  '__error__',
  '__scheduled__',
  '__interrupt__',
  '__resume__',
  '__error_source_node__',
]);

export interface TaskWrites {
  readonly id: string;
  readonly path: TaskPath;
  readonly rows: readonly WriteRow[];
}

/** A task of the next superstep with what it has left behind. */
export interface PlannedTask {
  readonly next: NextTask;
  /** From its rows, else computed; null where it cannot be told. */
  readonly id: string | null;
  readonly name: string;
  readonly rows: readonly WriteRow[];
  /** It has stored results: it will not run again unless the checkpoint is addressed by id. */
  readonly finished: boolean;
  readonly error: Cursor | null;
  /** A handler of the node took the error over, and has not failed itself. */
  readonly handled: boolean;
  /** What the handler that took over failed with. */
  readonly handlerError: Cursor | null;
  readonly interrupts: readonly StoredInterrupt[];
}

export interface StoredInterrupt {
  readonly id: string | null;
  readonly value: Cursor | null;
  readonly schema: Cursor | null;
}

export interface PointTasks {
  /** Null when what runs next cannot be told. */
  readonly planned: readonly PlannedTask[] | null;
  /** Groups of rows that belong to no planned task: update_state, @task calls, error handlers. */
  readonly others: readonly TaskWrites[];
  /** Rows that no task owns (`Command`). */
  readonly unowned: readonly WriteRow[];
}

export function groupWrites(rows: readonly WriteRow[]): TaskWrites[] {
  const groups = new Map<string, WriteRow[]>();
  for (const row of rows) {
    const group = groups.get(row.task);
    if (group === undefined) groups.set(row.task, [row]);
    else group.push(row);
  }
  return [...groups].map(([id, group]) => {
    const paths = group.map((r) => parseTaskPath(r.path));
    return {
      id,
      path: paths.find((p) => p.kind !== 'none' && p.kind !== 'update') ?? paths[0] ?? { kind: 'none' },
      rows: group,
    };
  });
}

/** A list of texts; null for anything else. */
function textsOf(list: Cursor | null): string[] | null {
  if (list?.kind !== 'list' || list.count === 0) return null;
  const parts = Array.from({ length: list.count }, (_, i) => list.child(i));
  return parts.every((part) => part.kind === 'string' && part.isUnicode()) ? parts.map((part) => part.text()) : null;
}

/** Interrupts had no id until July 2025; LangGraph takes the hash of their namespace for one. */
function idOfNamespace(ns: Cursor | null): string | null {
  const parts = textsOf(ns);
  return parts === null ? null : xxh3(parts.join('|'));
}

/** The interrupts of one `__interrupt__` row, in all shapes that LangGraph has written. */
export function interruptsOf(row: WriteRow): StoredInterrupt[] {
  const cell = openCellOrDamaged(row.type, row.value);
  const list = cell.kind === 'list' ? Array.from({ length: cell.count }, (_, i) => cell.child(i)) : [cell];
  return list.map((item) => {
    const body = bodyOf(item);
    if (body.kind !== 'map') return { id: null, value: item.kind === 'null' ? null : item, schema: null };
    const schema = body.get('response_schema');
    return {
      id: stringMember(body, 'id') ?? idOfNamespace(body.get('ns')),
      value: body.get('value'),
      schema: schema === null || schema.kind === 'null' ? null : schema,
    };
  });
}

const isResult = (row: WriteRow): boolean => !notices.has(row.channel);

/** Step that tasks of this checkpoint run in. */
const runStep = (point: Point): number | null => (point.step === null ? null : point.step + 1);

/** Ids that a planned task may have, the likeliest first. */
export function candidateIds(point: Point, task: NextTask): readonly string[] {
  const step = runStep(point);
  if (step === null) return [];
  const seed: TaskSeed = { checkpoint: point.row.id, namespace: point.row.namespace, step, node: task.node };
  const push = task.kind === 'push';
  const older = (): readonly string[] => (push ? olderPushIds(seed, task.index) : olderPullIds(seed, task.triggers));
  if (point.dialect === 'python' && point.version === 1) return older();
  const id = push ? pushTaskId(seed, task.index, point.dialect) : null;
  const today = push ? (id === null ? [] : [id]) : pullTaskIds(seed, task.triggers, point.dialect);
  // langgraph 0.2 with a newer langgraph-checkpoint writes version 2 with the ids of version 1.
  const mixed = point.dialect === 'python' && point.version !== null && point.version < 4;
  return mixed ? [...today, ...older()] : today;
}

/** Names that stand elsewhere in the store than at the point. */
export interface KnownNames {
  /** A functional entrypoint that the point itself does not name. */
  readonly entrypoint: string | null;
  /** Nodes by the tasks that sub-graphs ran in: the namespace of such a sub-graph holds both. */
  readonly hosts: ReadonlyMap<string, string>;
}

const noNames: KnownNames = { entrypoint: null, hosts: new Map() };

/** Parts of a namespace that name a task; a number counts the sub-graphs of one task. */
const namesIn = (parts: readonly string[]): string[] => parts.filter((part) => part !== '' && !/^\d+$/.test(part));

/** The node that an interrupt says it was raised in, on the level of the point: until July 2025 it held its whole namespace. */
function interruptedNode(point: Point, group: TaskWrites): string | null {
  const depth = namesIn(point.row.namespace.split('|')).length;
  for (const row of group.rows) {
    if (row.channel !== '__interrupt__') continue;
    const value = openCellOrDamaged(row.type, row.value);
    const ns = bodyOf(value.kind === 'list' && value.count > 0 ? value.child(0) : value).get('ns');
    const own = namesIn(textsOf(ns) ?? [])[depth] ?? '';
    if (own.endsWith(`:${group.id}`)) return own.slice(0, -group.id.length - 1);
    // A sub-graph that keeps its state has no task in its namespace.
    if (own !== '' && !own.includes(':')) return own;
  }
  return null;
}

/** Before version 3 a node wrote its own name to the channel of its name. */
function markedNode(point: Point, group: TaskWrites): string | null {
  if (point.version === null || point.version >= 3) return null;
  return group.rows.find((row) => isOwnName(row.channel, openCellOrDamaged(row.type, row.value)))?.channel ?? null;
}

function withName(point: Point, group: TaskWrites, names: KnownNames): TaskWrites {
  if (group.path.kind !== 'none' || isUpdate(point, group)) return group;
  const node = interruptedNode(point, group) ?? markedNode(point, group) ?? names.hosts.get(group.id) ?? null;
  return node === null ? group : { ...group, path: { kind: 'pull', node } };
}

function matches(group: TaskWrites, task: NextTask): boolean {
  if (task.kind === 'push') return group.path.kind === 'push' && group.path.index === task.index;
  return group.path.kind === 'pull' && group.path.node === task.node;
}

/** All that is known about the tasks of a point. */
export function tasksOf(point: Point, writes: readonly WriteRow[], names: KnownNames = noNames): PointTasks {
  const stored = groupWrites(writes.filter((w) => w.task !== nullTask));
  // A task of an older version that today's LangGraph has run again has left rows under two ids: those of today count.
  const ofToday = (group: TaskWrites): number => (group.path.kind === 'none' ? 1 : 0);
  const groups = stored.sort((a, b) => ofToday(a) - ofToday(b)).map((group) => withName(point, group, names));
  const unowned = writes.filter((w) => w.task === nullTask);
  const told = nextTasks(point);
  const next = [...(told ?? []), ...seenRunning(point, told ?? [], groups)];
  if (told === null && next.length === 0) return { planned: null, others: groups, unowned };
  const free = new Set(groups);
  const named = next.map((task) => nameOf(task, groups, names.entrypoint));
  const ids = named.map((task) => candidateIds(point, task));
  const owned = named.map((task, i) => {
    const group =
      [...free].find((g) => matches(g, task)) ?? [...free].find((g) => ids[i]?.includes(g.id) === true) ?? null;
    if (group !== null) free.delete(group);
    return group;
  });
  // A join that has no version yet keeps an id from being computed: one task and one group left over belong together.
  const lost = owned.flatMap((group, i) => (group === null ? [i] : []));
  const loose = [...free].filter((g) => g.path.kind === 'none' && !isUpdate(point, g) && !isCall(g));
  const [task] = lost;
  const group = loose.length === 1 || (task !== undefined && named[task]?.guessed === true) ? entryAmong(loose) : null;
  if (lost.length === 1 && task !== undefined && group !== null) {
    owned[task] = group;
    free.delete(group);
  }
  /** Of two with the same question, nothing tells the entrypoint from its call. */
  const unsure = loose.length > 1 ? group : null;
  const planned = named.map((next, i): PlannedTask => {
    const rows = owned[i]?.rows ?? [];
    const errorRow = rows.find((r) => r.channel === '__error__');
    const handler = groups.find((g) => g.path.kind === 'handler' && g.path.node === next.node) ?? null;
    const handlerRow =
      handler?.rows.some(isResult) === true ? undefined : handler?.rows.find((r) => r.channel === '__error__');
    return {
      next,
      id: owned[i] !== null && owned[i] === unsure ? null : (owned[i]?.id ?? ids[i]?.[0] ?? null),
      name: next.node,
      rows,
      finished: rows.some(isResult),
      error: errorRow === undefined ? null : openCellOrDamaged(errorRow.type, errorRow.value),
      handled: rows.some((r) => r.channel === '__error_source_node__') && handlerRow === undefined,
      handlerError: handlerRow === undefined ? null : openCellOrDamaged(handlerRow.type, handlerRow.value),
      interrupts: rows.filter((r) => r.channel === '__interrupt__').flatMap(interruptsOf),
    };
  });
  return { planned, others: [...free], unowned };
}

/**
 * Before version 3 the edges of the graph are not in the store; a task that has left rows under a node's name is one of the step
 * all the same.
 */
function seenRunning(point: Point, told: readonly NextTask[], groups: readonly TaskWrites[]): NextTask[] {
  if (point.version === null || point.version >= 3 || point.values === null) return [];
  if (told.some((task) => task.guessed)) return [];
  return groups.flatMap((group, i): NextTask[] => {
    if (group.path.kind !== 'pull' || isUpdate(point, group)) return [];
    const { node } = group.path;
    const known = told.some((task) => task.node === node);
    const again = groups.some((g, j) => j < i && g.path.kind === 'pull' && g.path.node === node);
    return known || again ? [] : [{ kind: 'pull', node, index: -1, triggers: [], argument: null, guessed: false }];
  });
}

/** Of an entrypoint and its calls, none of them named: a question or an error goes up from a call to the entrypoint, which has both. */
function entryAmong(groups: readonly TaskWrites[]): TaskWrites | null {
  const left = (group: TaskWrites): string[] =>
    group.rows.flatMap((row) => {
      if (row.channel === '__interrupt__') return interruptsOf(row).flatMap(({ id }) => id ?? []);
      return row.channel === '__error__'
        ? [Buffer.from(openCellOrDamaged(row.type, row.value).slice()).toString('hex')]
        : [];
    });
  const all = groups.map((group) => ({ group, left: left(group) }));
  const shared = all.find((a) => a.left.some((one) => all.some((b) => b !== a && b.left.includes(one))));
  if (shared !== undefined || groups.length === 1) return (shared ?? all[0])?.group ?? null;
  return null;
}

/** A guessed start named by its rows or by a later checkpoint, where one of them tells. */
function nameOf(task: NextTask, groups: readonly TaskWrites[], entrypoint: string | null): NextTask {
  if (!task.guessed) return task;
  for (const { path } of groups) {
    if (path.kind === 'pull') return { ...task, node: path.node };
    if (path.kind === 'call') return { ...task, node: path.entrypoint };
  }
  return entrypoint === null ? task : { ...task, node: entrypoint };
}

/** Rows of a @task call: its result, and what it asked before. */
const isCall = (group: TaskWrites): boolean => group.rows.some((r) => r.channel === '__return__');

/** Order in which LangGraph applies the results of a step: nodes by name, then Sends by position. */
export function inApplyOrder(tasks: readonly PlannedTask[]): PlannedTask[] {
  return [...tasks].sort((a, b) => {
    if (a.next.kind !== b.next.kind) return a.next.kind === 'pull' ? -1 : 1;
    return a.next.kind === 'push' ? a.next.index - b.next.index : byCodePoint(a.name, b.name);
  });
}

/** Names of the nodes that finished at a point, in the order their results are applied; each once. */
export function finishedNames(tasks: PointTasks): string[] {
  const names = new Set<string>();
  for (const task of inApplyOrder(tasks.planned ?? [])) if (task.finished) names.add(task.name);
  for (const group of tasks.others) {
    if (group.path.kind === 'pull' && group.rows.some(isResult)) names.add(group.path.node);
  }
  return [...names];
}

/**
 * True for rows that update_state left: its id is uuid5 of the checkpoint, its path says `__interrupt__`. As `__input__` it leaves the
 * input at the very checkpoint that it makes, where the task that takes it has not run.
 */
export function isUpdate(point: Point, group: TaskWrites): boolean {
  if (group.path.kind === 'update' || group.rows.some((row) => row.channel === '__start__')) return true;
  return group.id === uuid5(point.row.id, '__interrupt__');
}
