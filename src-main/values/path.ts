// Paths: the text by which people and scripts name a place in a state, and the way to it (the rules stand in `docs/cli.md`).
//
// A path is logical: it passes through objects (`$object`, `$set`, …) without naming them. Empty or beginning with `/` it is a
// JSON Pointer, else dotted (`messages[0].content`, `["a.b"]`). A place that no logical path can name is reached by naming the
// tags too (`/m/$map/3/1`); where both readings lead somewhere, the logical one counts.

import { ForkpointError } from '../../shared/model/errors.ts';
import type { Cursor } from './cursor.ts';
import { isPlainObject } from './map-keys.ts';

/**
 * One step of a path.
 * - `key`   a map's key only (dotted: bare or quoted).
 * - `index` a list's index or a map's integer key (dotted `[n]`). Text, because integer keys may have 64 bits.
 * - `token` of a JSON Pointer: a map's key, or a list's index if it is one.
 */
export type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: string }
  | { readonly kind: 'token'; readonly token: string };

function badPath(text: string, what: string, hint: string): ForkpointError {
  return new ForkpointError('bad_value', `The path ${JSON.stringify(text)} cannot be read: ${what}.`, hint);
}

const quoteHint = 'Write keys with special characters as ["…"], for example state["a.b"][0].';

/** Behind the JSON string that begins at `from`; -1 if it does not end. */
function endOfQuoted(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i + 1;
  }
  return -1;
}

function parsePointer(text: string): Step[] {
  return text
    .slice(1)
    .split('/')
    .map((raw) => {
      if (/~(?![01])/.test(raw))
        throw badPath(text, '~ must be followed by 0 or 1', 'Write ~ in a key as ~0 and / as ~1.');
      return { kind: 'token', token: raw.replaceAll('~1', '/').replaceAll('~0', '~') };
    });
}

function parseDotted(text: string): Step[] {
  const steps: Step[] = [];
  let i = 0;
  while (i < text.length) {
    if (text[i] === '[') {
      if (text[i + 1] === '"') {
        const close = endOfQuoted(text, i + 1);
        if (close < 0 || text[close] !== ']') throw badPath(text, 'a key in ["…"] is not closed', quoteHint);
        let key: unknown;
        try {
          key = JSON.parse(text.slice(i + 1, close));
        } catch {
          throw badPath(text, 'a key in ["…"] is not a JSON string', quoteHint);
        }
        steps.push({ kind: 'key', key: String(key) });
        i = close + 1;
      } else {
        const close = text.indexOf(']', i);
        const index = close < 0 ? '' : text.slice(i + 1, close);
        if (!/^-?\d+$/.test(index)) throw badPath(text, 'brackets hold an index or a key in quotes', quoteHint);
        steps.push({ kind: 'index', index: index.replace(/^(-?)0+(?=\d)/, '$1').replace(/^-0$/, '0') });
        i = close + 1;
      }
    } else {
      if (steps.length > 0) {
        if (text[i] !== '.') throw badPath(text, 'a dot is missing behind ]', quoteHint);
        i++;
      }
      let close = i;
      while (close < text.length && !'.[='.includes(text[close] ?? '')) close++;
      if (text[close] === '=') throw badPath(text, 'a key that holds = must be quoted', quoteHint);
      if (close === i) throw badPath(text, 'a key is missing', 'Write an empty key as [""].');
      steps.push({ kind: 'key', key: text.slice(i, close) });
      i = close;
    }
  }
  return steps;
}

/** Steps of a path, `[]` for the root. Throws `bad_value`. */
export function parsePath(text: string): Step[] {
  if (text === '') return [];
  return text.startsWith('/') ? parsePointer(text) : parseDotted(text);
}

/**
 * Splits `<path>=<value>` at the first `=` outside brackets and quotes; null if there is none.
 * A bracket that never closes is part of a JSON Pointer and counts as an ordinary character.
 */
export function splitAssignment(text: string): { readonly path: string; readonly value: string } | null {
  let i = 0;
  while (i < text.length) {
    const c = text[i];
    if (c === '=') return { path: text.slice(0, i), value: text.slice(i + 1) };
    let next = i + 1;
    if (c === '"') {
      const close = endOfQuoted(text, i);
      if (close > 0) next = close;
    } else if (c === '[') {
      const quoted = text[i + 1] === '"' ? endOfQuoted(text, i + 1) : i + 1;
      const close = quoted < 0 ? -1 : text.indexOf(']', quoted);
      if (close >= 0) next = close + 1;
    }
    i = next;
  }
  return null;
}

/** What a path passes through without naming it: the innermost body of nested objects, with the ordinals on the way. */
export function throughObjects(cursor: Cursor): { readonly cursor: Cursor; readonly ordinals: readonly number[] } {
  let at = cursor;
  const ordinals: number[] = [];
  while (at.kind === 'object') {
    at = at.child(0);
    ordinals.push(0);
  }
  return { cursor: at, ordinals };
}

const listIndex = /^(?:0|[1-9]\d*)$/;

/** Position in a list that a step names; -1 if none. Negative indexes (dotted only) count from the end. */
function indexInList(step: Step, count: number): number {
  if (step.kind === 'key') return -1;
  const text = step.kind === 'index' ? step.index : step.token;
  if (step.kind === 'token' && !listIndex.test(text)) return -1;
  const n = Number(text);
  const index = n < 0 ? count + n : n;
  return index >= 0 && index < count ? index : -1;
}

/** Last entry whose key is this integer, however wide it is stored; -1 if none. */
export function ordinalOfInteger(map: Cursor, integer: string): number {
  for (let i = map.count - 1; i >= 0; i--) {
    const key = map.key(i);
    if (key.kind === 'integer' && key.lexeme() === integer) return i;
  }
  return -1;
}

function logicalChild(container: Cursor, step: Step): number {
  if (container.kind === 'list') return indexInList(step, container.count);
  if (container.kind !== 'map') return -1;
  if (step.kind === 'index') return ordinalOfInteger(container, step.index);
  return container.ordinalOf(step.kind === 'key' ? step.key : step.token);
}

/** What tags of the tagged document a run of steps names at a cursor: ordinals to go down, steps used up. */
function taggedChild(cursor: Cursor, steps: readonly Step[], at: number): { ordinals: number[]; used: number } | null {
  const name = nameOf(steps[at]);
  if (cursor.kind === 'map') {
    if (name !== '$map' || isPlainObject(cursor)) return null;
    const pair = indexOf(steps[at + 1]);
    if (pair === null || pair >= cursor.count || indexOf(steps[at + 2]) !== 1) return null;
    return { ordinals: [pair], used: 3 };
  }
  const tag = cursor.object;
  if (tag === null) return null;
  if (tag.short !== null) return name === `$${tag.short}` ? { ordinals: [0], used: 1 } : null;
  return name === '$object' && nameOf(steps[at + 1]) === 'value' ? { ordinals: [0], used: 2 } : null;
}

function nameOf(step: Step | undefined): string | null {
  if (step === undefined || step.kind === 'index') return null;
  return step.kind === 'key' ? step.key : step.token;
}

function indexOf(step: Step | undefined): number | null {
  if (step === undefined || step.kind === 'key') return null;
  const text = step.kind === 'index' ? step.index : step.token;
  return listIndex.test(text) ? Number(text) : null;
}

/** Ordinals of the place that the steps name, null if nothing is there. */
export function findPlace(root: Cursor, steps: readonly Step[]): number[] | null {
  interface Branch {
    readonly cursor: Cursor;
    readonly at: number;
    readonly ordinals: readonly number[];
  }
  // Depth-first over the readings, the logical one of every step first. A place already tried with as many steps left cannot
  // lead elsewhere the second time, so the work stays linear even where tags and keys spell the same.
  const tried = new Set<string>();
  const branches: Branch[] = [{ cursor: root, at: 0, ordinals: [] }];
  for (let branch = branches.pop(); branch !== undefined; branch = branches.pop()) {
    const { cursor, at, ordinals } = branch;
    if (at === steps.length) return [...ordinals];
    const mark = `${cursor.start}:${cursor.end}:${ordinals.length}:${at}`;
    if (tried.has(mark)) continue;
    tried.add(mark);
    const tagged = taggedChild(cursor, steps, at);
    if (tagged !== null) {
      const next = atOrdinals(cursor, tagged.ordinals);
      branches.push({ cursor: next, at: at + tagged.used, ordinals: [...ordinals, ...tagged.ordinals] });
    }
    const step = steps[at];
    if (step === undefined) continue;
    const inner = throughObjects(cursor);
    const child = logicalChild(inner.cursor, step);
    if (child >= 0) {
      branches.push({
        cursor: inner.cursor.child(child),
        at: at + 1,
        ordinals: [...ordinals, ...inner.ordinals, child],
      });
    }
  }
  return null;
}

/** Ordinals of the place that a path names, null if nothing is there. Throws `bad_value` on a path that cannot be read. */
export function ordinalsOf(root: Cursor, text: string): number[] | null {
  return findPlace(root, parsePath(text));
}

/** The value that a path names, null if nothing is there. Throws `bad_value` on a path that cannot be read. */
export function resolvePath(root: Cursor, text: string): Cursor | null {
  const ordinals = ordinalsOf(root, text);
  return ordinals === null ? null : atOrdinals(root, ordinals);
}

/** The value at a place. Throws `not_found` if the state has no such place. */
export function atOrdinals(root: Cursor, ordinals: readonly number[]): Cursor {
  let cursor = root;
  for (const ordinal of ordinals) {
    if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal >= cursor.count) {
      throw new ForkpointError(
        'not_found',
        `The state has no place [${ordinals.join(', ')}].`,
        'The state may have changed since it was shown; reload it.',
      );
    }
    cursor = cursor.child(ordinal);
  }
  return cursor;
}

/** Keys that may stand bare in a dotted path and are easy on shells: no `.`, `[`, `]`, `=`, quotes, slashes, spaces. */
const bareKey = /^[\p{L}\p{N}_$:@][\p{L}\p{N}_$:@+|-]*$/u;

function keyText(key: string, first: boolean): string {
  if (bareKey.test(key)) return first ? key : `.${key}`;
  return `[${JSON.stringify(key)}]`;
}

/** The text of one logical step into a list or map, null if it cannot be named so. */
function stepText(container: Cursor, ordinal: number, first: boolean): string | null {
  if (container.kind === 'list') return `[${ordinal}]`;
  if (container.kind !== 'map') return null;
  const key = container.key(ordinal);
  if (key.kind === 'string' && key.isUnicode()) {
    const text = key.text();
    return container.ordinalOf(text) === ordinal ? keyText(text, first) : null;
  }
  if (key.kind === 'integer') {
    const text = key.lexeme();
    return ordinalOfInteger(container, text) === ordinal ? `[${text}]` : null;
  }
  return null;
}

/**
 * The logical path of a place in its dotted form, `''` for the root; null where none can name it (the body of an object, an
 * earlier one of repeated keys, keys that are neither Unicode strings nor integers).
 */
export function logicalPathOf(root: Cursor, ordinals: readonly number[]): string | null {
  let cursor = root;
  let path = '';
  let named = true;
  for (const ordinal of ordinals) {
    if (cursor.kind === 'object') {
      named = false;
    } else {
      const step = stepText(cursor, ordinal, path === '');
      if (step === null) return null;
      path += step;
      named = true;
    }
    cursor = atOrdinals(cursor, [ordinal]);
  }
  return named ? path : null;
}

function token(text: string): string {
  return `/${text.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** JSON Pointer of a place within the tagged document of the root. */
export function pointerOf(root: Cursor, ordinals: readonly number[]): string {
  let cursor = root;
  let pointer = '';
  for (const ordinal of ordinals) {
    if (cursor.kind === 'list') pointer += `/${ordinal}`;
    else if (cursor.object !== null)
      pointer += cursor.object.short === null ? '/$object/value' : `/$${cursor.object.short}`;
    else if (isPlainObject(cursor)) pointer += token(cursor.key(ordinal).text());
    else pointer += `/$map/${ordinal}/1`;
    cursor = atOrdinals(cursor, [ordinal]);
  }
  return pointer;
}
