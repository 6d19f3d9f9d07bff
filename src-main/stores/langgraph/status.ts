// Why a checkpoint stands where it stands: its status, what is next, and the one line that says what stopped it.

import { bodyOf, isDamaged, keysOf, openCellOrDamaged, stringMember } from './cells.ts';
import { isNodeMark } from './older-routing.ts';
import { openPoint } from './point.ts';
import type { Point } from './point.ts';
import { candidateIds, tasksOf } from './tasks.ts';
import type { PlannedTask, PointTasks } from './tasks.ts';
import type { RowReader, WriteRow } from './rows.ts';
import { shortText } from '../../values/describe.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Status } from '../../../shared/model/status.ts';

const noteLength = 160;

/** A checkpoint with its writes and tasks. */
export interface Situation {
  readonly point: Point;
  readonly writes: readonly WriteRow[];
  readonly tasks: PointTasks;
  readonly isHead: boolean;
  /** For a sub-graph's checkpoint: what its parent graph's task has come to. */
  readonly host: HostTask | null;
}

/** State of the task that a sub-graph runs in. `unknown`: it has left nothing yet, or cannot be found. */
export type HostTask = 'waiting' | 'failed' | 'finished' | 'unknown';

export interface Verdict {
  readonly status: Status;
  /** As LangGraph's `get_state` gives it: of the thread for a head, of the checkpoint by its id for others. */
  readonly next: readonly string[];
  readonly note: string | null;
}

/** A task's question counts while nothing answered it; at a point that the run has left, it counts as what it stopped for. */
export function asks(task: PlannedTask, isHead: boolean): boolean {
  return task.interrupts.length > 0 && !(isHead && task.finished);
}

const line = (text: string): string => text.split('\n', 1)[0] ?? '';

/** Members by which questions are usually asked, the most telling first. */
const questionNames = ['question', 'ask', 'query', 'prompt', 'message', 'description', 'reason', 'text', 'title'];
/** Requests for approval hold their words two levels down: `{action_requests: [{name, args, description}]}`. */
const questionDepth = 3;

/** The words for a person in a question: under a usual name, else its first text, else those of its first part that has some. */
function wordsOf(value: Cursor, depth = questionDepth): Cursor | null {
  const body = bodyOf(value);
  if (body.kind === 'string') return body.isUnicode() ? body : null;
  if (depth === 0 || (body.kind !== 'map' && body.kind !== 'list')) return null;
  const named = questionNames.map((name) => body.get(name)).find((text) => text?.kind === 'string' && text.isUnicode());
  if (named !== undefined) return named;
  const parts = Array.from({ length: Math.min(body.count, 8) }, (_, i) => bodyOf(body.child(i)));
  const text = parts.find((part) => part.kind === 'string' && part.isUnicode());
  if (text !== undefined) return text;
  for (const part of parts) {
    const words = part.kind === 'string' ? null : wordsOf(part, depth - 1);
    if (words !== null) return words;
  }
  return null;
}

/** The human-in-the-loop middleware says the same words of every tool: there the tools' names are the question. */
const saysNothing = /^Tool execution (requires|pending) approval/;

function toolsToApprove(body: Cursor): string | null {
  const requests = body.get('action_requests') ?? body.get('actionRequests');
  if (requests?.kind !== 'list' || requests.count === 0) return null;
  const names: string[] = [];
  for (let i = 0; i < requests.count; i++) {
    const name = stringMember(bodyOf(requests.child(i)), 'name');
    const said = stringMember(bodyOf(requests.child(i)), 'description');
    if (name === null || (said !== null && !saysNothing.test(said))) return null;
    names.push(name);
  }
  return `approve ${names.join(', ')}?`;
}

/** The question of an interrupt on one line, as a person would say it: without quotes. A value without words is shown by its shape. */
function question(value: Cursor | null): string {
  if (value === null) return 'It waits for an answer.';
  if (isDamaged(value)) return 'What it asked cannot be read: the stored question is damaged.';
  const tools = toolsToApprove(bodyOf(value));
  if (tools !== null) return tools.length <= noteLength ? tools : `${tools.slice(0, noteLength - 1).toWellFormed()}…`;
  const words = wordsOf(value);
  if (words === null || words.payload().length > 16 * noteLength) return shortText(words ?? value, noteLength);
  const text = words.text().replace(/\s+/g, ' ').trim();
  if (text === '') return shortText(value, noteLength);
  return text.length <= noteLength ? text : `${text.slice(0, noteLength - 1).toWellFormed()}…`;
}

function errorLine(error: Cursor): string {
  if (isDamaged(error)) return 'It failed; the stored error is damaged and cannot be read.';
  const body = bodyOf(error);
  const message = body.get('message');
  const name = body.get('name');
  if (message?.kind === 'string' && message.isUnicode()) {
    const prefix = name?.kind === 'string' && name.isUnicode() ? `${name.text()}: ` : '';
    return line(`${prefix}${message.text()}`).slice(0, noteLength);
  }
  return error.kind === 'string' && error.isUnicode()
    ? line(error.text()).slice(0, noteLength)
    : shortText(error, noteLength);
}

/** Before version 3 the edges of the graph are not in the store. */
function olderNote(point: Point): string {
  if (point.version === null) return 'It does not say which format version it is of: what runs next cannot be told.';
  const ran = keysOf(point.values).filter((c) => isNodeMark(point, c, point.values?.get(c) ?? null));
  return `Stored in format version ${point.version}, where the store does not tell which nodes follow ${ran.map((c) => `\`${c}\``).join(', ')}. None has been seen to: the run has probably ended here.`;
}

/** Before version 3: what a node failed with that nothing names. */
function namelessError(point: Point, tasks: PointTasks): Cursor | null {
  if (point.version === null || point.version >= 3) return null;
  const row = tasks.others
    .filter((group) => group.path.kind === 'none')
    .flatMap((group) => group.rows)
    .find(({ channel }) => channel === '__error__');
  return row === undefined ? null : openCellOrDamaged(row.type, row.value);
}

export function verdictOf(situation: Situation): Verdict {
  const { point, tasks, isHead, host } = situation;
  if (point.problem !== null) return { status: 'unknown', next: [], note: point.problem };
  const nameless = namelessError(point, tasks);
  if (nameless !== null && (tasks.planned ?? []).length === 0) {
    return { status: 'failed', next: [], note: errorLine(nameless) };
  }
  if (tasks.planned === null) {
    return {
      status: 'unknown',
      next: [],
      note:
        point.version !== null && point.version >= 4
          ? 'This checkpoint is damaged: what it says of its channels does not fit together.'
          : olderNote(point),
    };
  }
  if (tasks.planned.length === 0) return { status: 'terminal', next: [], note: null };
  // At a head, tasks that have finished do not run again; a checkpoint named by its id runs its whole step anew.
  const next = tasks.planned.filter((t) => !(isHead && t.finished)).map((t) => t.name);
  if (host === 'finished' && isHead) {
    // A hand-over to the parent graph leaves the sub-graph where it was, with its next node standing there for ever.
    return { status: 'terminal', next, note: 'Its parent task has finished: nothing here runs any more.' };
  }
  const asking = tasks.planned.find((t) => asks(t, isHead));
  if (asking !== undefined) {
    return { status: 'interrupted', next, note: question(asking.interrupts[0]?.value ?? null) };
  }
  const failed = tasks.planned.find((t) => t.error !== null && !t.finished && !t.handled);
  if (failed?.error) return { status: 'failed', next, note: errorLine(failed.handlerError ?? failed.error) };
  if (nameless !== null) return { status: 'failed', next, note: errorLine(nameless) };
  return { status: 'idle', next, note: null };
}

/** The newest row of a functional thread names its entrypoint even where the first one does not. */
function entrypointOf(read: RowReader, point: Point): string | null {
  const { thread, namespace, id } = point.row;
  for (const child of read.children(thread, namespace, id)) {
    const row = read.checkpoint(thread, namespace, child);
    if (row === null) continue;
    const seen = openPoint(row, point.dialect).seen;
    for (let i = 0; i < (seen?.count ?? 0); i++) {
      const key = seen?.key(i);
      if (seen === null || key?.kind !== 'string' || !key.isUnicode() || key.text().startsWith('__')) continue;
      if (seen.child(i).ordinalOf('__start__') >= 0) return key.text();
    }
  }
  return null;
}

/** Nodes by the tasks that sub-graphs of a namespace ran in. */
function hostsUnder(read: RowReader, thread: string, namespace: string): Map<string, string> {
  const under = namespace === '' ? '' : `${namespace}|`;
  const hosts = new Map<string, string>();
  for (const found of read.namespaces(thread)) {
    if (!found.startsWith(under)) continue;
    const part = found.slice(under.length).split('|', 1)[0] ?? '';
    // A task's id holds no colon; a node's name may.
    const colon = part.lastIndexOf(':');
    if (colon > 0) hosts.set(part.slice(colon + 1), part.slice(0, colon));
  }
  return hosts;
}

/** Tasks of a point, with the names looked up that only stand elsewhere. */
export function tasksAt(read: RowReader, point: Point, writes: readonly WriteRow[]): PointTasks {
  const tasks = tasksOf(point, writes);
  const unnamed =
    tasks.planned?.some(
      (t) =>
        t.next.guessed &&
        t.name === '__start__' &&
        (t.rows.length === 0 || t.id === null || !candidateIds(point, t.next).includes(t.id)),
    ) === true;
  const nameless = point.version !== null && point.version < 3 && tasks.others.some((g) => g.path.kind === 'none');
  if (!unnamed && !nameless) return tasks;
  const entrypoint = unnamed ? entrypointOf(read, point) : null;
  const hosts = hostsUnder(read, point.row.thread, point.row.namespace);
  const here = writes.some((w) => hosts.has(w.task));
  return entrypoint === null && !here ? tasks : tasksOf(point, writes, { entrypoint, hosts });
}

/** The task that a namespace runs in, as its parent checkpoint's rows tell. */
export function hostTaskOf(read: RowReader, point: Point): HostTask | null {
  const { thread, namespace } = point.row;
  if (namespace === '') return null;
  const parents = point.metadata?.get('parents') ?? null;
  if (parents?.kind !== 'map') return 'unknown';
  const segments = namespace.split('|').filter((s) => !/^\d+$/.test(s));
  const own = segments.at(-1) ?? '';
  const container = segments.slice(0, -1).join('|');
  const under = parents.get(container) ?? parents.get('');
  if (under?.kind !== 'string' || !under.isUnicode()) return 'unknown';
  const [name, task] = [own.split(':')[0] ?? own, own.includes(':') ? own.slice(own.indexOf(':') + 1) : null];
  const row = read.checkpoint(thread, container, under.text()) ?? read.checkpoint(thread, '', under.text());
  if (row === null) return 'unknown';
  const writes = read.writes(thread, row.namespace, row.id);
  const planned = tasksOf(openPoint(row, point.dialect), writes).planned ?? [];
  const hosts = planned.filter((t) => (task === null ? t.name === name : t.id === task));
  if (hosts.length === 0) {
    // The id could not be computed for a planned task: the rows themselves still say who wrote them.
    const rows = task === null ? [] : writes.filter((w) => w.task === task);
    if (rows.length === 0) return 'unknown';
    if (rows.some((r) => r.channel === '__interrupt__')) return 'waiting';
    return rows.every((r) => r.channel === '__error__') ? 'failed' : 'finished';
  }
  if (hosts.some((t) => !t.finished && t.interrupts.length > 0)) return 'waiting';
  if (hosts.some((t) => !t.finished && t.error !== null)) return 'failed';
  return hosts.every((t) => t.finished) ? 'finished' : 'unknown';
}

export function situationOf(read: RowReader, point: Point, isHead?: boolean): Situation {
  const { thread, namespace, id } = point.row;
  const writes = read.writes(thread, namespace, id);
  return {
    point,
    writes,
    tasks: tasksAt(read, point, writes),
    isHead: isHead ?? read.head(thread, namespace) === id,
    host: hostTaskOf(read, point),
  };
}
