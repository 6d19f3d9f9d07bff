// Cursor over checked JSON text. Children are indexed in one typed array when they are first asked for; numbers stay their lexeme.

import type { ValueKind } from '../../../shared/model/value-node.ts';
import { corrupt, unicodeAt } from '../bytes.ts';
import type { Cursor } from '../cursor.ts';
import { KeyIndex } from '../key-index.ts';
import type { Offsets } from '../offsets.ts';
import type { LargeParts } from './large-parts.ts';
import { listSpans, mapSpans, skipString } from './skip.ts';

const BACKSLASH = 0x5c;

function numberKind(b: Uint8Array, start: number, end: number): 'integer' | 'float' {
  for (let i = start; i < end; i++) {
    const c = b[i]!;
    // . E e, or the I of Infinity
    if (c === 0x2e || c === 0x65 || c === 0x45 || c === 0x49) return 'float';
  }
  return 'integer';
}

function kindAt(b: Uint8Array, start: number, end: number): ValueKind {
  switch (b[start]!) {
    case 0x22:
      return 'string';
    case 0x5b:
      return 'list';
    case 0x7b:
      return 'map';
    case 0x74:
    case 0x66:
      return 'boolean';
    case 0x6e:
      return 'null';
    case 0x4e:
    case 0x49:
      return 'float';
    default:
      return numberKind(b, start, end);
  }
}

export class JsonCursor implements Cursor {
  readonly encoding = 'json';
  readonly kind: ValueKind;
  readonly source: Buffer;
  readonly start: number;
  readonly end: number;
  readonly floatWidth = 0;
  readonly object = null;
  readonly extCode = null;
  readonly opaqueEncoding = null;
  readonly opaqueClass = null;
  readonly parts: LargeParts;
  #spans: Offsets | null = null;
  #keys: KeyIndex | null = null;
  /**
   * The container last asked for: reaching its children one after the other from the root must not index it every time.
   * One per level, so what is kept alive is a single path.
   */
  #last: JsonCursor | null = null;
  #text: string | null | undefined = undefined;

  /** `[start, end)` must be exactly one value that `checkJson` accepted; `parts` are those of the whole text. */
  constructor(source: Buffer, start: number, end: number, parts: LargeParts) {
    this.source = source;
    this.parts = parts;
    this.start = start;
    this.end = end;
    this.kind = kindAt(source, start, end);
  }

  slice(): Uint8Array {
    return this.source.subarray(this.start, this.end);
  }

  #children(): Offsets {
    this.#spans ??=
      this.kind === 'map'
        ? mapSpans(this.source, this.start, this.end, this.parts)
        : listSpans(this.source, this.start, this.end, this.parts);
    return this.#spans;
  }

  get count(): number {
    if (this.kind === 'map') return this.#children().length / 3;
    if (this.kind === 'list') return this.#children().length / 2;
    return 0;
  }

  child(ordinal: number): Cursor {
    if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal >= this.count) {
      throw new RangeError(`no child ${ordinal} in a ${this.kind} of ${this.count}`);
    }
    const spans = this.#children();
    const at = this.kind === 'map' ? ordinal * 3 + 1 : ordinal * 2;
    const start = spans[at]!;
    if (this.#last?.start === start) return this.#last;
    const child = new JsonCursor(this.source, start, spans[at + 1]!, this.parts);
    if (child.kind === 'map' || child.kind === 'list') this.#last = child;
    return child;
  }

  childStart(ordinal: number): number {
    return this.#children()[this.kind === 'map' ? ordinal * 3 + 1 : ordinal * 2]!;
  }

  childEnd(ordinal: number): number {
    return this.#children()[this.kind === 'map' ? ordinal * 3 + 2 : ordinal * 2 + 1]!;
  }

  key(ordinal: number): Cursor {
    if (this.kind !== 'map') throw new TypeError(`a ${this.kind} has no keys`);
    if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal >= this.count) {
      throw new RangeError(`no entry ${ordinal} in a map of ${this.count}`);
    }
    const start = this.#children()[ordinal * 3]!;
    return new JsonCursor(this.source, start, skipString(this.source, start), this.parts);
  }

  ordinalOf(key: string): number {
    if (this.kind !== 'map' || !key.isWellFormed()) return -1;
    this.#keys ??= new KeyIndex(this.count, (ordinal) => {
      const name = this.key(ordinal);
      const payload = name.payload();
      if (!payload.includes(BACKSLASH)) return payload;
      return name.isUnicode() ? Buffer.from(name.text(), 'utf8') : null;
    });
    return this.#keys.find(key);
  }

  get(key: string): Cursor | null {
    const ordinal = this.ordinalOf(key);
    return ordinal < 0 ? null : this.child(ordinal);
  }

  /** The decoded text, null if it is not Unicode; kept, because asking whether it is and reading it go together. */
  #unescaped(): string | null {
    if (this.#text !== undefined) return this.#text;
    let text = unicodeAt(this.source, this.start + 1, this.end - 1);
    if (text !== null && text.includes('\\')) {
      const parsed: unknown = JSON.parse(`"${text}"`);
      text = typeof parsed === 'string' && parsed.isWellFormed() ? parsed : null;
    }
    this.#text = text;
    return text;
  }

  isUnicode(): boolean {
    return this.kind === 'string' && this.#unescaped() !== null;
  }

  text(): string {
    if (this.kind !== 'string') throw new TypeError(`a ${this.kind} has no text`);
    const text = this.#unescaped();
    if (text === null) throw corrupt('a string is not valid Unicode', this.start);
    return text;
  }

  payload(): Uint8Array {
    if (this.kind !== 'string') throw new TypeError(`a ${this.kind} has no payload`);
    return this.source.subarray(this.start + 1, this.end - 1);
  }

  bool(): boolean {
    if (this.kind !== 'boolean') throw new TypeError(`a ${this.kind} is not a boolean`);
    return this.source[this.start] === 0x74;
  }

  lexeme(): string {
    if (this.kind !== 'integer' && this.kind !== 'float') throw new TypeError(`a ${this.kind} is not a number`);
    return this.source.toString('latin1', this.start, this.end);
  }

  approximate(): number {
    return Number(this.lexeme());
  }
}
