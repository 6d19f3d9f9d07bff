// Cursor over checked msgpack. Children are indexed in one typed array when they are first asked for; strings and
// numbers are decoded only when read; the extensions that LangGraph writes descend as `object`.

import type { ValueKind } from '../../../shared/model/value-node.ts';
import { corrupt, unicodeAt } from '../bytes.ts';
import type { Cursor, ObjectTag } from '../cursor.ts';
import { KeyIndex } from '../key-index.ts';
import { fewOffsets, type Offsets } from '../offsets.ts';
import { floatText } from './float-text.ts';
import { countAt, extCodeAt, familyOf, headerSize, skipMsgpack, type Family } from './header.ts';
import { objectShape, type ObjectShape } from './objects.ts';

const kindOfFamily: Readonly<Record<Exclude<Family, 'ext'>, ValueKind>> = {
  nil: 'null',
  bool: 'boolean',
  int: 'integer',
  float: 'float',
  str: 'string',
  bin: 'bytes',
  array: 'list',
  map: 'map',
};

export class MsgpackCursor implements Cursor {
  readonly encoding = 'msgpack';
  readonly source: Buffer;
  readonly start: number;
  readonly end: number;
  readonly opaqueEncoding = null;
  readonly opaqueClass = null;
  readonly #family: Family;
  #shape: ObjectShape | null | undefined = undefined;
  /** Start of every key and value in stored order, and the end of the last. */
  #offsets: Offsets | null = null;
  #keys: KeyIndex | null = null;
  /** The container last asked for, as in the JSON cursor: one per level, so what is kept alive is a single path. */
  #last: MsgpackCursor | null = null;
  #text: string | null | undefined = undefined;

  /** `[start, end)` must be exactly one value that has been skipped over. */
  constructor(source: Buffer, start: number, end: number) {
    this.source = source;
    this.start = start;
    this.end = end;
    this.#family = familyOf(source[start]!);
  }

  #objectShape(): ObjectShape | null {
    if (this.#family !== 'ext') return null;
    if (this.#shape === undefined) {
      const t = this.source[this.start]!;
      this.#shape = objectShape(this.source, this.start + headerSize(t), this.end, extCodeAt(this.source, this.start));
    }
    return this.#shape;
  }

  get kind(): ValueKind {
    if (this.#family === 'ext') return this.#objectShape() === null ? 'ext' : 'object';
    return kindOfFamily[this.#family];
  }

  get object(): ObjectTag | null {
    return this.#objectShape()?.tag ?? null;
  }

  get extCode(): number | null {
    return this.#family === 'ext' && this.#objectShape() === null ? extCodeAt(this.source, this.start) : null;
  }

  get floatWidth(): 0 | 4 | 8 {
    if (this.#family !== 'float') return 0;
    return this.source[this.start] === 0xca ? 4 : 8;
  }

  slice(): Uint8Array {
    return this.source.subarray(this.start, this.end);
  }

  get count(): number {
    if (this.#family === 'array' || this.#family === 'map') return countAt(this.source, this.start);
    return this.#objectShape() === null ? 0 : 1;
  }

  #children(): Offsets {
    if (this.#offsets === null) {
      const parts = this.count * (this.#family === 'map' ? 2 : 1);
      // A checked value holds at least `parts` bytes, so this allocation is bounded by the cell.
      const offsets = parts < fewOffsets ? Array<number>(parts + 1).fill(0) : new Uint32Array(parts + 1);
      let at = this.start + headerSize(this.source[this.start]!);
      for (let i = 0; i < parts; i++) {
        offsets[i] = at;
        at = skipMsgpack(this.source, at, this.end);
      }
      offsets[parts] = at;
      this.#offsets = offsets;
    }
    return this.#offsets;
  }

  child(ordinal: number): Cursor {
    if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal >= this.count) {
      throw new RangeError(`no child ${ordinal} in a ${this.kind} of ${this.count}`);
    }
    const shape = this.#objectShape();
    if (shape !== null) {
      this.#last ??= new MsgpackCursor(this.source, shape.bodyStart, shape.bodyEnd);
      return this.#last;
    }
    const offsets = this.#children();
    const at = this.#family === 'map' ? ordinal * 2 + 1 : ordinal;
    const start = offsets[at]!;
    if (this.#last?.start === start) return this.#last;
    const child = new MsgpackCursor(this.source, start, offsets[at + 1]!);
    if (child.#family === 'map' || child.#family === 'array' || child.#family === 'ext') this.#last = child;
    return child;
  }

  childStart(ordinal: number): number {
    return this.#objectShape()?.bodyStart ?? this.#children()[this.#family === 'map' ? ordinal * 2 + 1 : ordinal]!;
  }

  childEnd(ordinal: number): number {
    return this.#objectShape()?.bodyEnd ?? this.#children()[this.#family === 'map' ? ordinal * 2 + 2 : ordinal + 1]!;
  }

  key(ordinal: number): Cursor {
    if (this.#family !== 'map') throw new TypeError(`a ${this.kind} has no keys`);
    if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal >= this.count) {
      throw new RangeError(`no entry ${ordinal} in a map of ${this.count}`);
    }
    const offsets = this.#children();
    return new MsgpackCursor(this.source, offsets[ordinal * 2]!, offsets[ordinal * 2 + 1]!);
  }

  ordinalOf(key: string): number {
    if (this.#family !== 'map' || !key.isWellFormed()) return -1;
    this.#keys ??= new KeyIndex(this.count, (ordinal) => {
      const at = this.#children()[ordinal * 2]!;
      const t = this.source[at]!;
      if (familyOf(t) !== 'str') return null;
      return this.source.subarray(at + headerSize(t), this.#children()[ordinal * 2 + 1]);
    });
    return this.#keys.find(key);
  }

  get(key: string): Cursor | null {
    const ordinal = this.ordinalOf(key);
    return ordinal < 0 ? null : this.child(ordinal);
  }

  /** The decoded text, null if it is not Unicode; kept, because asking whether it is and reading it go together. */
  #unicode(): string | null {
    if (this.#text === undefined) {
      this.#text = unicodeAt(this.source, this.start + headerSize(this.source[this.start]!), this.end);
    }
    return this.#text;
  }

  isUnicode(): boolean {
    return this.#family === 'str' && this.#unicode() !== null;
  }

  text(): string {
    if (this.#family !== 'str') throw new TypeError(`a ${this.kind} has no text`);
    const text = this.#unicode();
    if (text === null) throw corrupt('a string is not valid UTF-8', this.start);
    return text;
  }

  payload(): Uint8Array {
    if (this.#family !== 'str' && this.#family !== 'bin' && this.#family !== 'ext') {
      throw new TypeError(`a ${this.kind} has no payload`);
    }
    return this.source.subarray(this.start + headerSize(this.source[this.start]!), this.end);
  }

  bool(): boolean {
    if (this.#family !== 'bool') throw new TypeError(`a ${this.kind} is not a boolean`);
    return this.source[this.start] === 0xc3;
  }

  #integer(): number | bigint {
    const b = this.source;
    const at = this.start;
    const t = b[at]!;
    switch (t) {
      case 0xcc:
        return b.readUInt8(at + 1);
      case 0xcd:
        return b.readUInt16BE(at + 1);
      case 0xce:
        return b.readUInt32BE(at + 1);
      case 0xcf:
        return b.readBigUInt64BE(at + 1);
      case 0xd0:
        return b.readInt8(at + 1);
      case 0xd1:
        return b.readInt16BE(at + 1);
      case 0xd2:
        return b.readInt32BE(at + 1);
      case 0xd3:
        return b.readBigInt64BE(at + 1);
      default:
        return t <= 0x7f ? t : t - 0x100;
    }
  }

  #float(): number {
    const b = this.source;
    return this.floatWidth === 4 ? b.readFloatBE(this.start + 1) : b.readDoubleBE(this.start + 1);
  }

  lexeme(): string {
    if (this.#family === 'int') return String(this.#integer());
    if (this.#family === 'float') return floatText(this.#float(), this.floatWidth === 4 ? 4 : 8);
    throw new TypeError(`a ${this.kind} is not a number`);
  }

  approximate(): number {
    if (this.#family === 'int') return Number(this.#integer());
    if (this.#family === 'float') return this.#float();
    throw new TypeError(`a ${this.kind} is not a number`);
  }
}
