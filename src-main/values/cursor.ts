// A cursor: one value inside stored bytes, read in place. It is the only way the product looks at a state.
//
// Two readers make cursors: `json/` (UTF-8 text) and `msgpack/`. A cursor knows its span; children are found when asked for,
// so that reaching one child of a 100 MB state builds nothing of the rest. Nothing is ever decoded into objects and encoded again:
// views read slices, a diff compares slices, an edit splices bytes over one slice and copies everything else.

import type { ValueKind } from '../../shared/model/value-node.ts';

export type Encoding = 'json' | 'msgpack';

/** How an object was written (the `via` of `$object` in tagged JSON, `docs/cli.md`). */
export type Via = 'value' | 'args' | 'kwargs' | 'method' | 'pydantic1' | 'json' | 'numpy' | 'snapshot';

/**
 * Kinds beyond plain JSON:
 * - `bytes`   msgpack bin.
 * - `object`  an instance that a serializer wrote as data; exactly one child, its body. Logical paths pass through it.
 * - `ext`     a msgpack extension that is not a known object; no children.
 * - `opaque`  a whole cell that cannot be read without running code or a key (pickle, encrypted); no children.
 */
export interface Cursor {
  readonly encoding: Encoding;
  readonly kind: ValueKind;
  /** The buffer this value lies in; never changed. */
  readonly source: Uint8Array;
  /** Byte span of this value within `source`, its header included. JSON: without surrounding white space. */
  readonly start: number;
  readonly end: number;

  /** The stored bytes of exactly this value: a view, not a copy. */
  slice(): Uint8Array;

  /** Children: list items, map entries in stored order (repeated keys all count), 1 for `object`, else 0. */
  readonly count: number;
  /** Child by ordinal. Throws RangeError outside 0..count-1. */
  child(ordinal: number): Cursor;
  /** Byte span of a child, without making a cursor of it. The ordinal must be within 0..count-1. */
  childStart(ordinal: number): number;
  childEnd(ordinal: number): number;
  /** Key of a map entry by ordinal, itself a cursor (msgpack keys can be anything). Throws unless kind is `map`. */
  key(ordinal: number): Cursor;
  /** Ordinal of the last entry whose key is this string; -1 if none, or if this is not a map. */
  ordinalOf(key: string): number;
  /** `child(ordinalOf(key))`, or null. */
  get(key: string): Cursor | null;

  /** Strings: false if the bytes are not valid Unicode (bad UTF-8; a lone surrogate escaped in JSON). */
  isUnicode(): boolean;
  /** Text of a valid string. Throws ForkpointError('corrupt') if it is not valid Unicode. */
  text(): string;
  /** Raw payload: string or bin content; JSON string: the escaped text between its quotes; ext and opaque: the data. */
  payload(): Uint8Array;

  /** Booleans. */
  bool(): boolean;
  /**
   * Numbers, as the text that tagged JSON prints: JSON's own lexeme; msgpack integers in decimal, floats by their
   * shortest form that reads back, always with a point or an exponent. Non-finite: `NaN`, `Infinity`, `-Infinity`.
   */
  lexeme(): string;
  /** Numbers as a JavaScript number, rounded if need be. For sorting and drawing only. */
  approximate(): number;
  /** Floats in msgpack: 4 or 8 bytes. JSON: 0. */
  readonly floatWidth: 0 | 4 | 8;

  /** Set for kind `object`. */
  readonly object: ObjectTag | null;
  /** Set for kind `ext`: the signed extension code. */
  readonly extCode: number | null;
  /** Set for kind `opaque`: `pickle`, `aes`, … */
  readonly opaqueEncoding: string | null;
  /** For kind `opaque`: the class of what is pickled (`builtins.complex`), null where it cannot be told. */
  readonly opaqueClass: string | null;
}

export interface ObjectTag {
  /** `module.Name` as stored; `''` where there is none (numpy, snapshot). */
  readonly className: string;
  readonly via: Via;
  /** The method named by the payload, null where the writer's default stands. */
  readonly method: string | null;
  /** msgpack extension code. */
  readonly code: number;
  /** Tag of tagged JSON when a shorter one than `$object` fits both ways exactly. */
  readonly short: 'set' | 'tuple' | 'datetime' | 'uuid' | 'decimal' | null;
}
