// Where decoded values go: one sink per dialect, which knows what the framework's own writer would have written
// and refuses what its encoding cannot hold.

import { ForkpointError } from '../../shared/model/errors.ts';
import { ByteWriter } from './byte-writer.ts';
import { utf8 } from './bytes.ts';
import type { Dialect } from './edit.ts';
import { objectShape, pydanticMethod, type shortForms } from './msgpack/objects.ts';
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
  writeString,
  writeText,
} from './msgpack/write.ts';
import { openValue } from './open.ts';

/** What an extension is to say besides its body. */
export interface ObjectHead {
  readonly code: number;
  readonly className: string;
  readonly method: string | null;
  readonly short: keyof typeof shortForms | null;
}

/** Takes the values of one document in order. In a map, key and value alternate. */
export interface ValueSink {
  nil(): void;
  bool(value: boolean): void;
  /** Lexeme of JSON's grammar without point and exponent. */
  integer(lexeme: string): void;
  /** Lexeme of JSON's grammar with point or exponent. */
  float(lexeme: string): void;
  nonFinite(text: 'NaN' | 'Infinity' | '-Infinity'): void;
  /** 4 or 8 bytes, big-endian. */
  floatBits(bits: Uint8Array): void;
  text(text: string): void;
  /** A string that is not Unicode: raw bytes (msgpack), the escaped text between the quotes (JSON). */
  rawText(bytes: Uint8Array): void;
  bytes(bytes: Uint8Array): void;
  ext(code: number, data: Uint8Array): void;
  beginList(count: number): void;
  beginMap(count: number): void;
  /** Exactly one value follows, then `end`. */
  beginObject(head: ObjectHead): void;
  end(): void;
  /** Most containers that were open at once. */
  readonly deepest: number;
  done(): Uint8Array;
}

function cannotHold(what: string, hint: string): ForkpointError {
  return new ForkpointError('bad_value', `The value cannot be stored: ${what}. Nothing was changed.`, hint);
}

export function sinkFor(dialect: Dialect): ValueSink {
  return dialect === 'msgpack' ? new MsgpackSink() : new JsonSink(dialect);
}

class JsonSink implements ValueSink {
  readonly #w = new ByteWriter();
  readonly #nonFinite: boolean;
  /** serde_json refuses to read numbers beyond float64 and strings that are not Unicode: one such value would lose the whole record. */
  readonly #strict: boolean;
  readonly #comma: string;
  readonly #colon: string;
  /** Values written so far in each open list or map; a map counts keys and values. */
  readonly #counts: number[] = [];
  readonly #isMap: boolean[] = [];
  deepest = 0;

  constructor(dialect: Exclude<Dialect, 'msgpack'>) {
    const python = dialect === 'json-python';
    this.#comma = python ? ', ' : ',';
    this.#colon = python ? ': ' : ':';
    this.#nonFinite = python;
    this.#strict = dialect === 'json-serde';
  }

  #before(isText: boolean): void {
    const depth = this.#counts.length - 1;
    if (depth < 0) return;
    const written = this.#counts[depth] ?? 0;
    this.#counts[depth] = written + 1;
    const isMap = this.#isMap[depth] === true;
    if (isMap && written % 2 === 0 && !isText) {
      throw cannotHold('JSON has only strings as keys', 'Write the key as a string.');
    }
    if (isMap && written % 2 === 1) this.#w.text(this.#colon);
    else if (written > 0) this.#w.text(this.#comma);
  }

  nil(): void {
    this.#raw('null');
  }

  bool(value: boolean): void {
    this.#raw(value ? 'true' : 'false');
  }

  integer(lexeme: string): void {
    this.float(lexeme);
  }

  float(lexeme: string): void {
    if (this.#strict && !Number.isFinite(Number(lexeme))) {
      throw cannotHold(
        `${lexeme.slice(0, 40)} is beyond the range that the framework reads`,
        'Use a number below 1.8e308.',
      );
    }
    this.#raw(lexeme);
  }

  #raw(json: string): void {
    this.#before(false);
    this.#w.text(json);
  }

  nonFinite(text: string): void {
    if (!this.#nonFinite) {
      throw cannotHold(`${text} has no form in this store's JSON`, 'Use null, a string or an ordinary number.');
    }
    this.#raw(text);
  }

  floatBits(): never {
    throw cannotHold('JSON has no floats by their bits', 'Write the number in decimal.');
  }

  text(text: string): void {
    this.#before(true);
    this.#w.text(JSON.stringify(text));
  }

  rawText(bytes: Uint8Array): void {
    const quoted = Buffer.concat([utf8('"'), bytes, utf8('"')]);
    let unicode: boolean;
    try {
      unicode = openValue('json', quoted).isUnicode();
    } catch (error) {
      if (!(error instanceof ForkpointError)) throw error;
      throw cannotHold(
        '$text does not hold the escaped text of a JSON string',
        'It is what stands between the quotes, in base64.',
      );
    }
    if (this.#strict && !unicode) {
      throw cannotHold(
        'the framework reads only strings that are valid Unicode',
        'Write the text as an ordinary string.',
      );
    }
    this.#before(true);
    this.#w.bytes(quoted);
  }

  bytes(): never {
    throw cannotHold('JSON has no binary values', 'Write the base64 as a plain string if the application reads it so.');
  }

  ext(): never {
    throw cannotHold('JSON has no msgpack extensions', 'Use plain JSON in this store.');
  }

  beginObject(): never {
    throw cannotHold('this store holds no Python objects', 'Use plain JSON in this store.');
  }

  beginList(): void {
    this.#before(false);
    this.#w.text('[');
    this.#open(false);
  }

  beginMap(): void {
    this.#before(false);
    this.#w.text('{');
    this.#open(true);
  }

  #open(isMap: boolean): void {
    this.#counts.push(0);
    this.#isMap.push(isMap);
    this.deepest = Math.max(this.deepest, this.#isMap.length);
  }

  end(): void {
    this.#counts.pop();
    this.#w.text(this.#isMap.pop() === true ? '}' : ']');
  }

  done(): Uint8Array {
    return this.#w.done();
  }
}

class MsgpackSink implements ValueSink {
  readonly #w = new ByteWriter();
  /** Open objects with where their payload begins; null for lists and maps, whose headers stand already. */
  readonly #stack: ({ readonly head: ObjectHead; readonly start: number } | null)[] = [];
  deepest = 0;

  #open(object: { readonly head: ObjectHead; readonly start: number } | null): void {
    this.#stack.push(object);
    this.deepest = Math.max(this.deepest, this.#stack.length);
  }

  nil(): void {
    writeNil(this.#w);
  }

  bool(value: boolean): void {
    writeBool(this.#w, value);
  }

  integer(lexeme: string): void {
    if (lexeme === '-0') throw cannotHold('-0 is not an integer', 'Write -0.0 or 0.');
    // Before BigInt: reading a number of a million digits would take seconds.
    const value = lexeme.length > 20 ? maxInteger + 1n : BigInt(lexeme);
    if (value < minInteger || value > maxInteger) {
      throw cannotHold('an integer lies beyond 64 bits', 'msgpack, and so the framework, holds -2^63 … 2^64-1.');
    }
    writeInteger(this.#w, value);
  }

  float(lexeme: string): void {
    const value = Number(lexeme);
    if (!Number.isFinite(value)) {
      throw cannotHold(
        `${lexeme.slice(0, 40)} is beyond the range of floats`,
        'Write {"$float": "Infinity"} if that is meant.',
      );
    }
    writeFloat64(this.#w, value);
  }

  nonFinite(text: string): void {
    writeFloat64(this.#w, Number(text));
  }

  floatBits(bits: Uint8Array): void {
    this.#w.byte(bits.length === 4 ? 0xca : 0xcb);
    this.#w.bytes(bits);
  }

  text(text: string): void {
    writeText(this.#w, text);
  }

  rawText(bytes: Uint8Array): void {
    writeString(this.#w, bytes);
  }

  bytes(bytes: Uint8Array): void {
    writeBinary(this.#w, bytes);
  }

  ext(code: number, data: Uint8Array): void {
    this.#w.bytes(extHeader(code, data.length));
    this.#w.bytes(data);
  }

  beginList(count: number): void {
    writeArrayHeader(this.#w, count);
    this.#open(null);
  }

  beginMap(count: number): void {
    writeMapHeader(this.#w, count);
    this.#open(null);
  }

  beginObject(head: ObjectHead): void {
    this.#open({ head, start: this.#w.length });
    if (head.code === 6 || head.code === 7) return;
    const dot = head.className.lastIndexOf('.');
    writeArrayHeader(this.#w, head.code === 3 || head.code === 5 ? 4 : 3);
    this.text(head.className.slice(0, dot));
    this.text(head.className.slice(dot + 1));
  }

  end(): void {
    const open = this.#stack.pop();
    if (open === undefined || open === null) return;
    const { head, start } = open;
    if (head.code === 3 || head.code === 5) this.text(head.method ?? pydanticMethod);
    const payload = this.#w.since(start);
    const shape = objectShape(payload, 0, payload.length, head.code);
    if (shape === null || (head.short !== null && shape.tag.short !== head.short)) {
      throw cannotHold(
        `the content of ${head.className === '' ? 'an object' : head.className} does not have the shape that its "via" demands`,
        'args takes a list; kwargs, json and pydantic1 take an object; numpy takes [dtype, shape, order, bytes].',
      );
    }
    this.#w.insert(start, extHeader(head.code, payload.length));
  }

  done(): Uint8Array {
    return this.#w.done();
  }
}
