// Splicing: new bytes over one slice, everything else copied byte for byte. Only the headers that enclose the place are written
// anew (msgpack: counts of lists and maps, lengths of extensions), and only if they must change.
//
// `root` may be any cursor, also a value inside a larger cell; the result is always the new bytes of exactly that value.

import { ForkpointError } from '../../shared/model/errors.ts';
import type { Warning } from '../../shared/model/shapes.ts';
import { ByteWriter } from './byte-writer.ts';
import { patched, utf8, type Patch } from './bytes.ts';
import type { Cursor } from './cursor.ts';
import type { Dialect, Edit } from './edit.ts';
import { sameValue } from './diff/equal.ts';
import { changeWarning } from './edit-warnings.ts';
import { headerSize } from './msgpack/header.ts';
import { countHeader, extHeader, writeMapHeader, writeText } from './msgpack/write.ts';
import { openValue } from './open.ts';
import { atOrdinals, findPlace, parsePath, throughObjects, type Step } from './path.ts';
import { badValue, decodeMeasured, decodeTagged } from './tagged.ts';

/** Cursors from the root to the place, both included. */
function chainTo(root: Cursor, ordinals: readonly number[]): Cursor[] {
  const chain = [root];
  let cursor = root;
  for (const ordinal of ordinals) {
    cursor = cursor.child(ordinal);
    chain.push(cursor);
  }
  return chain;
}

/** Applies patches that lie in the innermost of `enclosing` and puts the lengths of enclosing extensions right. */
function rebuild(root: Cursor, enclosing: readonly Cursor[], patches: readonly Patch[]): Uint8Array {
  const all = [...patches];
  let growth = patches.reduce((sum, p) => sum + p.bytes.length - (p.end - p.start), 0);
  for (const cursor of enclosing.toReversed()) {
    const code = cursor.object?.code;
    if (code === undefined || growth === 0) continue;
    const header = headerSize(cursor.source[cursor.start] ?? 0);
    const bytes = extHeader(code, cursor.end - cursor.start - header + growth);
    all.push({ start: cursor.start, end: cursor.start + header, bytes });
    growth += bytes.length - header;
  }
  return patched(root.source, root.start, root.end, all);
}

/** New bytes of the root with the value at the place replaced. */
export function replaceAt(root: Cursor, ordinals: readonly number[], bytes: Uint8Array): Uint8Array {
  const chain = chainTo(root, ordinals);
  const place = chain.at(-1) ?? root;
  return rebuild(root, chain.slice(0, -1), [{ start: place.start, end: place.end, bytes }]);
}

/** The header of a msgpack container with another count. */
function recounted(container: Cursor, count: number): Patch {
  const header = headerSize(container.source[container.start] ?? 0);
  return {
    start: container.start,
    end: container.start + header,
    bytes: countHeader(container.kind === 'map' ? 'map' : 'list', count),
  };
}

/** Where the entry (its key included) begins. */
function entryStart(container: Cursor, ordinal: number): number {
  return container.kind === 'map' ? container.key(ordinal).start : container.child(ordinal).start;
}

/** New bytes of the root without the list item or map entry at the place. */
export function removeAt(root: Cursor, ordinals: readonly number[]): Uint8Array {
  const chain = chainTo(root, ordinals);
  const place = chain.at(-1);
  const container = chain.at(-2);
  const ordinal = ordinals.at(-1);
  if (place === undefined || container === undefined || ordinal === undefined || container.kind === 'object') {
    throw new ForkpointError(
      'bad_value',
      'Only a list item or a map entry can be removed, not a whole state or the content of an object.',
      'Set the value to null, or remove the entry that holds it.',
    );
  }
  let start = entryStart(container, ordinal);
  let end = place.end;
  const patches: Patch[] = [];
  if (container.encoding === 'msgpack') patches.push(recounted(container, container.count - 1));
  else if (ordinal > 0) start = container.child(ordinal - 1).end;
  else if (container.count > 1) end = entryStart(container, 1);
  patches.push({ start, end, bytes: new Uint8Array(0) });
  return rebuild(root, chain.slice(0, -1), patches);
}

/** How the enclosing JSON is spaced: the bytes between two entries, and between a key and its value. */
interface Gaps {
  readonly between: Uint8Array;
  readonly colon: Uint8Array;
}

const compact: Gaps = { between: utf8(','), colon: utf8(':') };

/** Spacing taken from the container itself, else from the nearest enclosing one that shows it on a single line. */
function gapsOf(chain: readonly Cursor[], inner: Cursor): Gaps {
  let between: Uint8Array | null = null;
  let colon: Uint8Array | null = null;
  for (const container of [inner, ...chain.toReversed()]) {
    if (container.kind !== 'list' && container.kind !== 'map') continue;
    const own = container.start === inner.start && container.end === inner.end;
    if (between === null && container.count > 1) {
      const gap = container.source.subarray(container.child(0).end, entryStart(container, 1));
      if (own || !gap.includes(0x0a)) between = gap;
    }
    if (colon === null && container.kind === 'map' && container.count > 0) {
      const gap = container.source.subarray(container.key(0).end, container.child(0).start);
      if (own || !gap.includes(0x0a)) colon = gap;
    }
    // One member tells the writer's habit for both: json.dumps writes ": " only together with ", ".
    if (between === null && colon !== null && colon.length === 2 && colon[1] === 0x20) between = utf8(', ');
  }
  return { between: between ?? compact.between, colon: colon ?? compact.colon };
}

/**
 * New bytes of the root with an entry put into the list or map at the place `ordinals`, before its entry `index`
 * (`index` = count: at the end). A map needs the key's bytes in its own encoding. JSON is spaced like its neighbours.
 */
export function insertAt(
  root: Cursor,
  ordinals: readonly number[],
  index: number,
  bytes: Uint8Array,
  keyBytes?: Uint8Array,
): Uint8Array {
  const chain = chainTo(root, ordinals);
  const container = chain.at(-1) ?? root;
  const { kind, count } = container;
  if (kind !== 'list' && kind !== 'map') throw new TypeError(`cannot insert into a ${kind}`);
  if ((kind === 'map') !== (keyBytes !== undefined))
    throw new TypeError('a map entry needs a key, a list item has none');
  if (!Number.isInteger(index) || index < 0 || index > count) {
    throw new RangeError(`no position ${index} in a ${kind} of ${count}`);
  }
  if (container.encoding === 'msgpack') {
    const at = index < count ? entryStart(container, index) : container.end;
    const entry = keyBytes === undefined ? bytes : Buffer.concat([keyBytes, bytes]);
    return rebuild(root, chain, [recounted(container, count + 1), { start: at, end: at, bytes: entry }]);
  }
  const gaps = gapsOf(chain.slice(0, -1), container);
  const entry = keyBytes === undefined ? bytes : Buffer.concat([keyBytes, gaps.colon, bytes]);
  if (index < count) {
    const at = entryStart(container, index);
    return rebuild(root, chain, [{ start: at, end: at, bytes: Buffer.concat([entry, gaps.between]) }]);
  }
  if (count > 0) {
    const at = container.child(count - 1).end;
    return rebuild(root, chain, [{ start: at, end: at, bytes: Buffer.concat([gaps.between, entry]) }]);
  }
  return rebuild(root, chain, [{ start: container.start + 1, end: container.end - 1, bytes: entry }]);
}

/** A key in the spelling of a dialect. */
export function keyBytesOf(key: string, dialect: Dialect): Uint8Array {
  if (dialect !== 'msgpack') return utf8(JSON.stringify(key));
  if (!key.isWellFormed()) throw badValue('a key is not valid Unicode', 'msgpack holds keys in UTF-8.');
  const w = new ByteWriter();
  writeText(w, key);
  return w.done();
}

/**
 * New bytes of a map with one member set: the last entry of that key is replaced, else a new one stands at the end.
 * An object whose body is a map may be given too.
 */
export function setMember(map: Cursor, key: string, bytes: Uint8Array, dialect: Dialect): Uint8Array {
  const { cursor, ordinals } = throughObjects(map);
  if (cursor.kind !== 'map') throw new TypeError(`a ${cursor.kind} has no members`);
  const ordinal = cursor.ordinalOf(key);
  if (ordinal >= 0) return replaceAt(map, [...ordinals, ordinal], bytes);
  const spaced = dialect === 'json-python' && cursor.count === 0;
  if (!spaced) return insertAt(map, ordinals, cursor.count, bytes, keyBytesOf(key, dialect));
  return replaceAt(map, ordinals, compose(dialect, [[key, bytes]]));
}

/** `setMember` for several keys, of which none may be given twice; what is replaced is replaced in one copy of the bytes. */
export function setMembers(
  map: Cursor,
  members: readonly (readonly [key: string, bytes: Uint8Array])[],
  dialect: Dialect,
): Uint8Array {
  const { cursor, ordinals } = throughObjects(map);
  const patches: Patch[] = [];
  const missing: (readonly [string, Uint8Array])[] = [];
  for (const [key, bytes] of members) {
    const ordinal = cursor.kind === 'map' ? cursor.ordinalOf(key) : -1;
    const place = ordinal < 0 ? null : cursor.child(ordinal);
    if (place === null) missing.push([key, bytes]);
    else patches.push({ start: place.start, end: place.end, bytes });
  }
  let all = rebuild(map, chainTo(map, ordinals), patches);
  for (const [key, bytes] of missing) all = setMember(openValue(map.encoding, all), key, bytes, dialect);
  return all;
}

/** A map written in a dialect from keys and values that are already in its encoding. */
export function compose(dialect: Dialect, entries: readonly (readonly [key: string, value: Uint8Array])[]): Uint8Array {
  const w = new ByteWriter();
  if (dialect === 'msgpack') writeMapHeader(w, entries.length);
  else w.text('{');
  const [between, colon] = dialect === 'json-python' ? [', ', ': '] : [',', ':'];
  entries.forEach(([key, value], i) => {
    if (dialect !== 'msgpack' && i > 0) w.text(between);
    w.bytes(keyBytesOf(key, dialect));
    if (dialect !== 'msgpack') w.text(colon);
    w.bytes(value);
  });
  if (dialect !== 'msgpack') w.text('}');
  return w.done();
}

// ── Edits ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An edit may change what an object holds, but not break the shape by which the framework knows it. */
function checkObjects(before: Cursor, after: Cursor, ordinals: readonly number[], path: string): void {
  let was = before;
  let is = after;
  for (const ordinal of ordinals) {
    if (was.kind === 'object' && is.object?.code !== was.object?.code) {
      throw badValue(
        `the object around ${JSON.stringify(path)} would no longer have the shape that the framework reads`,
        'Replace the whole object, or give its content the type that it has now.',
      );
    }
    was = was.child(ordinal);
    is = is.child(ordinal);
  }
}

/**
 * How deep the frameworks' own readers and writers go: serde_json reads 127 levels, ormsgpack writes 255, Python's json module
 * stops near 1,000. Some levels are left for the record around the state.
 */
const deepest: Readonly<Record<Dialect, number>> = {
  'json-serde': 120,
  msgpack: 250,
  'json-python': 900,
  'json-js': Infinity,
};

/** Bytes of the value of an edit that is to stand `level` levels below the root. */
function valueBytes(edit: Exclude<Edit, { op: 'remove' }>, dialect: Dialect, level: number): Uint8Array {
  const { bytes, depth } = decodeMeasured(edit.value, dialect);
  if (depth > 0 && level + depth > deepest[dialect]) {
    throw badValue(
      `${JSON.stringify(edit.path)} would be nested ${level + depth} levels deep, and the framework goes no deeper than about ${deepest[dialect]}`,
      'Use a flatter value.',
    );
  }
  return bytes;
}

function insert(
  root: Cursor,
  parent: readonly number[],
  index: number,
  bytes: Uint8Array,
  keyBytes?: Uint8Array,
): { readonly bytes: Uint8Array; readonly around: readonly number[] } {
  return { bytes: insertAt(root, parent, index, bytes, keyBytes), around: parent };
}

/** Creates the last part of a path whose place does not exist yet. */
function create(root: Cursor, path: string, steps: readonly Step[], bytes: Uint8Array, dialect: Dialect) {
  const last = steps.at(-1);
  const parent = findPlace(root, steps.slice(0, -1));
  if (last === undefined || parent === null) {
    throw badValue(
      `the place that holds ${JSON.stringify(path)} does not exist`,
      'Only the last part of a path is created; set the part before it first.',
    );
  }
  const { cursor: container, ordinals } = throughObjects(atOrdinals(root, parent));
  const place = [...parent, ...ordinals];
  const { kind, count } = container;
  if (kind === 'list') {
    const index = last.kind === 'key' ? null : last.kind === 'index' ? last.index : last.token;
    if (index === String(count) || (last.kind === 'token' && index === '-')) return insert(root, place, count, bytes);
    throw badValue(
      index !== null && /^-?\d+$/.test(index)
        ? `${JSON.stringify(path)} lies beyond the list, which has ${count} item${count === 1 ? '' : 's'}`
        : `${JSON.stringify(path)} names a key, but a list stands there`,
      'Use --append to add an item at the end.',
    );
  }
  if (kind === 'map') {
    const key = last.kind === 'token' ? last.token : last.kind === 'key' ? last.key : null;
    if (key !== null) {
      if (!key.isWellFormed()) throw badValue('the key is not valid Unicode', 'Reach it by its tagged form.');
      return insert(root, place, count, bytes, keyBytesOf(key, dialect));
    }
    if (dialect === 'msgpack' && last.kind === 'index') {
      return insert(root, place, count, bytes, decodeTagged(last.index, dialect));
    }
    throw badValue(
      `${JSON.stringify(path)} is an index, but a map stands there`,
      'Write a key of digits as ["…"] in quotes, or bare behind a dot.',
    );
  }
  throw badValue(
    `${JSON.stringify(path)} lies inside ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}, which has no parts`,
    'Set the value that holds it.',
  );
}

function applyEdit(root: Cursor, edit: Edit, dialect: Dialect, warnings: Warning[]): Cursor {
  const steps = parsePath(edit.path);
  const place = findPlace(root, steps);
  let result: { readonly bytes: Uint8Array; readonly around: readonly number[] };
  if (edit.op === 'remove') {
    if (place === null) {
      throw new ForkpointError(
        'not_found',
        `There is nothing at ${JSON.stringify(edit.path)} to remove. Nothing was changed.`,
        'Look at the state with show; a path is taken as it is spelt there.',
      );
    }
    result = { bytes: removeAt(root, place), around: place.slice(0, -1) };
  } else if (edit.op === 'append') {
    const bytes = valueBytes(edit, dialect, (place ?? steps).length + 1);
    if (place === null) {
      throw badValue(`there is no list at ${JSON.stringify(edit.path)}`, 'Set it to a list first.');
    }
    const { cursor: list, ordinals } = throughObjects(atOrdinals(root, place));
    if (list.kind !== 'list') {
      throw badValue(
        `${JSON.stringify(edit.path)} is ${/^[aeiou]/.test(list.kind) ? 'an' : 'a'} ${list.kind}, not a list`,
        'Only lists can be appended to.',
      );
    }
    result = insert(root, [...place, ...ordinals], list.count, bytes);
  } else {
    const bytes = valueBytes(edit, dialect, (place ?? steps).length);
    if (place === null) {
      result = create(root, edit.path, steps, bytes, dialect);
    } else {
      const [before, value] = [atOrdinals(root, place), openValue(root.encoding, bytes)];
      // The same value again is no edit, however the stored one is spaced. (The check recurses: not where depth has no limit.)
      if (deepest[dialect] !== Infinity && sameValue(before, value)) return root;
      const warning = changeWarning(edit.path, before, value);
      if (warning !== null) warnings.push(warning);
      result = { bytes: replaceAt(root, place, bytes), around: place };
    }
  }
  const after = openValue(root.encoding, result.bytes);
  checkObjects(root, after, result.around, edit.path);
  return after;
}

/**
 * Applies edits in order; each sees what the ones before it left. Gives the new bytes of the root and what a person should know.
 * Throws `bad_value` (missing parent, index beyond the list, value that the dialect cannot hold, …) or `not_found` (nothing to remove).
 */
export function applyEdits(
  root: Cursor,
  edits: readonly Edit[],
  dialect: Dialect,
): { readonly bytes: Uint8Array; readonly warnings: readonly Warning[] } {
  if (root.kind === 'opaque') {
    throw new ForkpointError(
      'unable',
      'This value is pickled or encrypted and cannot be edited. Nothing was changed.',
      'It can be copied as it is.',
    );
  }
  const warnings: Warning[] = [];
  let current = root;
  for (const edit of edits) current = applyEdit(current, edit, dialect, warnings);
  return { bytes: current.slice(), warnings };
}
