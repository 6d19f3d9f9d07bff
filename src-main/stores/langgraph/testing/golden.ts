// What the frameworks themselves answered for the fixture stores, in one shape, and the comparison of such an answer with a cursor.
// The golden files have tags of their own (`$msg`, `$repr`, `$bytes` in hex …): this is the one place that knows them.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { bodyOf } from '../cells.ts';
import type { Cursor } from '../../../values/cursor.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonMap = { readonly [key: string]: Json };

export interface GoldenInterrupt {
  readonly id: string | null;
  readonly value: Json;
  readonly schema: Json;
}
export interface GoldenTask {
  readonly id: string | null;
  readonly name: string;
  readonly error: Json;
  readonly interrupts: readonly GoldenInterrupt[];
  /** The newest checkpoint of the sub-graph that ran in this task, null where there is none. */
  readonly state: GoldenPoint | null;
}
export interface GoldenPoint {
  readonly id: string;
  readonly namespace: string;
  readonly parent: string | null | undefined;
  readonly source: string | null;
  readonly step: number | null;
  readonly next: readonly string[];
  readonly tasks: readonly GoldenTask[];
  readonly values: JsonMap;
  /** Where LangGraph fails to read it. */
  readonly fault: string | null;
}
export interface GoldenThread {
  readonly thread: string;
  readonly latest: GoldenPoint;
  readonly history: readonly GoldenPoint[];
  readonly namespaces: ReadonlyMap<string, readonly GoldenPoint[]>;
  /** Sub-graphs that LangGraph read with another graph's channels: only their rows can be trusted. */
  readonly unfound: readonly string[];
}

const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const map = (value: Json | undefined): JsonMap => (isMap(value) ? value : {});
const list = (value: Json | undefined): readonly Json[] => (isList(value) ? value : []);
const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

function pointOf(json: JsonMap): GoldenPoint {
  return {
    id: text(json['checkpoint_id'] ?? json['id']) ?? '',
    namespace: text(json['ns']) ?? '',
    parent: 'parent_id' in json ? text(json['parent_id']) : 'parent' in json ? text(json['parent']) : undefined,
    source: text(json['source']),
    step: typeof json['step'] === 'number' ? json['step'] : null,
    next: list(json['next']).map((n) => text(n) ?? ''),
    tasks: list(json['tasks']).map((t) => {
      const task = map(t);
      return {
        id: text(task['id']),
        name: text(task['name']) ?? '',
        error: task['error'] ?? null,
        state: isMap(task['state']) && text(task['state']['checkpoint_id']) !== null ? pointOf(task['state']) : null,
        interrupts: list(task['interrupts']).map((i) => {
          const interrupt = map(i);
          return {
            id: text(interrupt['id']),
            value: interrupt['value'] ?? null,
            schema: interrupt['response_schema'] ?? null,
          };
        }),
      };
    }),
    values: map(json['values']),
    fault: text(json['error']),
  };
}

function threadOf(thread: string, json: JsonMap): GoldenThread {
  return {
    thread,
    latest: pointOf(map(json['latest'])),
    history: list(json['history']).map((p) => pointOf(map(p))),
    namespaces: new Map(
      Object.entries(map(json['namespaces'])).map(([ns, points]) => [ns, list(points).map((p) => pointOf(map(p)))]),
    ),
    unfound: isMap(json['unfound'])
      ? Object.keys(json['unfound'])
      : list(json['unfound']).map((u) => text(u) ?? text(map(u)['ns']) ?? ''),
  };
}

/** Goldens of one store: from the file beside it, or from the one of its folder. */
export function goldenOf(path: string, storeName: string): GoldenThread[] {
  const file = readFileSync(path);
  const content = path.endsWith('.gz') ? gunzipSync(file) : file;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON.parse gives JSON
  const json = map(JSON.parse(content.toString('utf8')) as Json);
  if (isList(json['threads'])) return json['threads'].map((t) => threadOf(text(map(t)['thread_id']) ?? '', map(t)));
  return Object.entries(map(json[storeName])).map(([thread, answer]) => threadOf(thread, map(answer)));
}

// ── Values ──

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const items = (cursor: Cursor): Cursor[] => Array.from({ length: cursor.count }, (_, i) => cursor.child(i));
const tagOf = (golden: Json): string | null =>
  isMap(golden) ? (Object.keys(golden).find((k) => k.startsWith('$')) ?? null) : null;

/** Each golden item has a partner among the stored ones. */
function sameSet(golden: readonly Json[], stored: readonly Cursor[], at: string): string | null {
  if (golden.length !== stored.length) return `${at}: ${stored.length} items, expected ${golden.length}`;
  const free = new Set(stored);
  for (const item of golden) {
    const found = [...free].find(
      (c) =>
        disagreement(item, c, at) === null || (typeof item === 'string' && c.kind === 'integer' && c.lexeme() === item),
    );
    if (found === undefined) return `${at}: no ${JSON.stringify(item)}`;
    free.delete(found);
  }
  return null;
}

function sameMembers(golden: JsonMap, stored: Cursor, at: string): string | null {
  if (stored.kind !== 'map') return `${at}: ${stored.kind}, expected a map`;
  for (const [key, value] of Object.entries(golden)) {
    if (key.startsWith('$')) continue;
    const member = stored.get(key);
    if (member === null) {
      // JavaScript: a member that is undefined is left out by one side only.
      if (value === null) continue;
      return `${at}.${key}: missing`;
    }
    const problem = disagreement(value, member, `${at}.${key}`);
    if (problem !== null) return problem;
  }
  return null;
}

/** The first place where a stored value is not what the framework answered; null if there is none. */
export function disagreement(golden: Json, stored: Cursor, at = ''): string | null {
  if (stored.kind === 'object' && stored.object?.via === 'snapshot') return disagreement(golden, stored.child(0), at);
  if (stored.kind === 'map' && stored.get('lc') !== null) {
    const lc = javascriptObject(golden, stored, at);
    if (lc !== undefined) return lc;
  }
  const tag = tagOf(golden);
  if (tag === '$msg' && isMap(golden) && stored.kind === 'map') {
    // Python of 2024 wrote JSON constructors, and left out members that have their default.
    const kwargs = stored.get('kwargs');
    const path = stored.get('id');
    const name = path?.kind === 'list' && path.count > 0 ? path.child(path.count - 1).text() : '';
    if (kwargs === null || name !== golden['$msg']) return `${at}: ${name}`;
    const given = Object.fromEntries(Object.entries(golden).filter(([key]) => kwargs.get(key) !== null));
    return sameMembers(given, kwargs, at);
  }
  if (stored.kind === 'object') {
    // What Python itself could not load is null there; we show more.
    if (golden === null) return null;
    const body = bodyOf(stored);
    if (tag === '$msg' && isMap(golden)) {
      return stored.object?.className.endsWith(`.${text(golden['$msg'])}`) === true
        ? sameMembers(golden, body, at)
        : `${at}: ${stored.object?.className}`;
    }
    if (tag === '$set' && isMap(golden)) return sameSet(list(golden['$set']), items(body), at);
    if (isMap(golden) && (tag === '$repr' || tag === '$class')) {
      const className = stored.object?.className ?? '';
      const claimed = text(golden['$class']);
      if (claimed !== null && claimed !== className) return `${at}: ${className}, expected ${claimed}`;
      return isMap(golden['fields']) && body.kind === 'map' ? sameMembers(golden['fields'], body, at) : null;
    }
    return disagreement(golden, body, at);
  }
  switch (stored.kind) {
    case 'null':
      return golden === null || tag === '$repr' ? null : `${at}: null, expected ${JSON.stringify(golden)}`;
    case 'boolean':
      return golden === stored.bool() ? null : `${at}: ${stored.bool()}, expected ${JSON.stringify(golden)}`;
    case 'integer':
    case 'float': {
      if (isMap(golden) && tag === '$int')
        return text(golden['$int']) === stored.lexeme() ? null : `${at}: ${stored.lexeme()}`;
      if (isMap(golden) && tag === '$float')
        return text(golden['$float'])?.toLowerCase() === stored.lexeme().toLowerCase().replace('infinity', 'inf')
          ? null
          : `${at}: ${stored.lexeme()}`;
      return golden === stored.approximate() ? null : `${at}: ${stored.lexeme()}, expected ${JSON.stringify(golden)}`;
    }
    case 'string':
      return golden === stored.text()
        ? null
        : `${at}: ${JSON.stringify(stored.text())}, expected ${JSON.stringify(golden)}`;
    case 'bytes':
      return isMap(golden) && golden['$bytes'] === hex(stored.payload()) ? null : `${at}: bytes`;
    case 'list': {
      if (isMap(golden) && tag === '$tuple') return disagreement(golden['$tuple'] ?? null, stored, at);
      if (!isList(golden)) return `${at}: a list, expected ${JSON.stringify(golden)}`;
      if (golden.length !== stored.count) return `${at}: ${stored.count} items, expected ${golden.length}`;
      for (const [i, item] of golden.entries()) {
        const problem = disagreement(item, stored.child(i), `${at}[${i}]`);
        if (problem !== null) return problem;
      }
      return null;
    }
    case 'map': {
      if (!isMap(golden)) return `${at}: a map, expected ${JSON.stringify(golden)}`;
      if (Object.keys(golden).some((k) => k.startsWith('$key:')) || tag === '$map') return null;
      if (Object.keys(golden).length !== stored.count && !items(stored).some((c) => c.get('lc') !== null)) {
        return `${at}: ${stored.count} members, expected ${Object.keys(golden).length}`;
      }
      return sameMembers(golden, stored, at);
    }
    case 'ext':
    case 'opaque':
      return `${at}: ${stored.kind}`;
  }
}

/** Objects that LangGraph.js writes as `lc` records; undefined where the golden shows the record itself. */
function javascriptObject(golden: Json, stored: Cursor, at: string): string | null | undefined {
  const tag = tagOf(golden);
  const args = stored.get('args');
  if (stored.get('type')?.text() === 'undefined') return golden === null ? null : `${at}: undefined`;
  if (stored.get('type')?.text() === 'delta_snapshot') {
    const value = stored.get('value');
    return value === null ? `${at}: empty snapshot` : disagreement(golden, value, at);
  }
  if (!isMap(golden) || tag === null || args === null) return undefined;
  const first = args.count > 0 ? args.child(0) : null;
  if (tag === '$set') return sameSet(list(golden['$set']), first === null ? [] : items(first), at);
  if (tag === '$map') return first === null ? `${at}: empty map` : disagreement(golden['$map'] ?? null, first, at);
  if (tag === '$bytes')
    return first !== null && hex(Uint8Array.from(items(first), (c) => c.approximate())) === golden['$bytes']
      ? null
      : `${at}: bytes`;
  if (tag === '$error') return first?.text() === golden['$error'] ? null : `${at}: error`;
  if (tag === '$regexp')
    return `/${first?.text()}/${args.child(1).text()}` === golden['$regexp'] ? null : `${at}: regexp`;
  return undefined;
}

/** Values of a channel that a graph shows before anything was written to it. */
export function isEmptyDefault(golden: Json): boolean {
  return (
    golden === null ||
    golden === 0 ||
    golden === '' ||
    golden === false ||
    (isList(golden) && golden.length === 0) ||
    (tagOf(golden) === '$set' && isMap(golden) && list(golden['$set']).length === 0) ||
    (isMap(golden) && Object.keys(golden).length === 0)
  );
}
