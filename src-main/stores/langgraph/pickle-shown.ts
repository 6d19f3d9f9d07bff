// A pickle as a value for the eye: msgpack in the form in which LangGraph writes objects, so that the same cursor shows both.

import { isKind } from './pickle.ts';
import type { Pickled, PickledObject } from './pickle.ts';
import { ByteWriter } from '../../values/byte-writer.ts';
import {
  extHeader,
  maxInteger,
  minInteger,
  writeArrayHeader,
  writeBinary,
  writeBool,
  writeFloat64,
  writeInteger,
  writeMapHeader,
  writeNil,
  writeText,
} from '../../values/msgpack/write.ts';

/** Deeper than any state, and far from where the stack of calls ends. */
const deepest = 400;
/** What is referred to many times is written out each time: a pickle of a few bytes can stand for more than any memory holds. */
const largest = (bytes: number): number => 64 * bytes + (1 << 20);

/**
 * The value as msgpack, for the eye: objects as their class with arguments and state. Null where it cannot be shown in full
 * (it contains itself, is nested too deep, or unfolds to more than it should).
 */
export function pickleAsMsgpack(value: Pickled, bytes: number): Uint8Array | null {
  const limit = largest(bytes);
  const w = new ByteWriter();
  let complete = true;
  const within = new Set<Pickled>();
  const write = (at: Pickled, depth: number): void => {
    if (depth > deepest || w.length > limit) complete = false;
    if (!complete) return;
    if (at === null) writeNil(w);
    else if (typeof at === 'boolean') writeBool(w, at);
    else if (typeof at === 'number') writeFloat64(w, at);
    else if (typeof at === 'string') writeText(w, at.toWellFormed());
    else if (at instanceof Uint8Array) writeBinary(w, at);
    else if (typeof at === 'bigint') {
      if (at >= minInteger && at <= maxInteger) writeInteger(w, at);
      else object('builtins', 'int', (put) => put(String(at)), 0, depth);
    } else {
      if (within.has(at)) {
        complete = false;
        return;
      }
      within.add(at);
      if (at.kind === 'object') writeObject(at, depth);
      else if (at.kind === 'list' || at.kind === 'tuple') {
        writeArrayHeader(w, at.items.length);
        for (const item of at.items) write(item, depth + 1);
      } else if (at.kind === 'dict') {
        const entries = lastOfEach(at.entries);
        writeMapHeader(w, entries.length);
        for (const [key, item] of entries) {
          write(key, depth + 1);
          write(item, depth + 1);
        }
      } else if (at.kind === 'set')
        object('builtins', 'set', (put) => put({ kind: 'list', items: at.items }), 0, depth);
      else if (at.kind === 'global') object('', 'global', (put) => put(`${at.module}.${at.name}`), 0, depth);
      within.delete(at);
    }
  };
  const object = (
    module: string,
    name: string,
    body: (put: (value: Pickled) => void) => void,
    code: number,
    depth: number,
  ): void => {
    const start = w.length;
    writeArrayHeader(w, 3);
    // A nested class (`Outer.Inner`) is named by its last part; the rest goes with the module.
    const dot = name.lastIndexOf('.');
    writeText(w, dot < 0 ? module : `${module}.${name.slice(0, dot)}`);
    writeText(w, name.slice(dot + 1));
    body((value) => write(value, depth + 1));
    w.insert(start, extHeader(code, w.length - start));
  };
  const writeObject = (at: PickledObject, depth: number): void => {
    const parts: [string, Pickled][] = [];
    if (at.args.length > 0) parts.push(['args', { kind: 'tuple', items: [...at.args] }]);
    if (at.state !== null) parts.push(['state', at.state]);
    if (at.items.length > 0) parts.push(['items', { kind: 'list', items: at.items }]);
    if (at.entries.length > 0) parts.push(['entries', { kind: 'dict', entries: at.entries }]);
    const [only] = parts;
    if (parts.length === 0 || (parts.length === 1 && only?.[0] === 'args')) {
      object(at.module, at.name, (put) => put({ kind: 'tuple', items: [...at.args] }), 1, depth);
    } else if (parts.length === 1 && only?.[0] === 'state' && isKind(at.state, 'dict')) {
      object(at.module, at.name, (put) => put(at.state), 2, depth);
    } else object(at.module, at.name, (put) => put({ kind: 'dict', entries: parts }), 2, depth);
  };
  write(value, 0);
  return complete ? w.done() : null;
}

/** Entries with each text key once, the later value in the earlier place, as a Python dict has them. */
function lastOfEach(entries: readonly [Pickled, Pickled][]): [Pickled, Pickled][] {
  const places = new Map<Pickled, number>();
  const kept: [Pickled, Pickled][] = [];
  for (const [key, value] of entries) {
    const place = typeof key === 'object' ? undefined : places.get(key);
    const entry = place === undefined ? undefined : kept[place];
    if (entry !== undefined) entry[1] = value;
    else {
      places.set(key, kept.length);
      kept.push([key, value]);
    }
  }
  return kept;
}
