// Tagged JSON: a state as lossless JSON text, and back (the table of tags stands in `docs/cli.md`).
//
// Reading it back uses our own JSON cursor, because JSON.parse would round numbers. Both ways are iterative:
// the depth of a state costs memory, never stack.

import { ForkpointError } from '../../shared/model/errors.ts';
import { asBuffer, utf8 } from './bytes.ts';
import type { Cursor } from './cursor.ts';
import type { Dialect } from './edit.ts';
import { JsonTextWriter } from './json-text-writer.ts';
import { stringKeys } from './map-keys.ts';
import { shortForms, shortTexts, vias } from './msgpack/objects.ts';
import { openValue } from './open.ts';
import { sinkFor, type ValueSink } from './value-sink.ts';

// ── Encoding ───────────────────────────────────────────────────────────────────────────────────────────────────────

function base64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64');
}

const nanBits = '7ff8000000000000';

function floatJson(cursor: Cursor): string {
  if (cursor.floatWidth === 4) return `{"$float":{"bits":"${asBuffer(cursor.slice()).toString('hex', 1)}"}}`;
  const lexeme = cursor.lexeme();
  if (lexeme === 'NaN') {
    const bits = cursor.floatWidth === 8 ? asBuffer(cursor.slice()).toString('hex', 1) : nanBits;
    return bits === nanBits ? '{"$float":"NaN"}' : `{"$float":{"bits":"${bits}"}}`;
  }
  return lexeme.endsWith('y') ? `{"$float":"${lexeme}"}` : lexeme;
}

/** One value without children, as compact JSON. */
function leafJson(cursor: Cursor): string {
  switch (cursor.kind) {
    case 'null':
      return 'null';
    case 'boolean':
      return cursor.bool() ? 'true' : 'false';
    case 'integer':
      return cursor.lexeme();
    case 'float':
      return floatJson(cursor);
    case 'string':
      return cursor.isUnicode() ? JSON.stringify(cursor.text()) : `{"$text":"${base64(cursor.payload())}"}`;
    case 'bytes':
      return `{"$bytes":"${base64(cursor.payload())}"}`;
    case 'ext':
      return `{"$ext":{"code":${cursor.extCode},"data":"${base64(cursor.payload())}"}}`;
    case 'opaque': {
      const encoding = JSON.stringify(cursor.opaqueEncoding);
      const data = cursor.payload();
      const named = cursor.opaqueClass === null ? '' : `,"class":${JSON.stringify(cursor.opaqueClass)}`;
      return `{"$opaque":{"encoding":${encoding}${named},"bytes":${data.length},"data":"${base64(data)}"}}`;
    }
    case 'list':
    case 'map':
    case 'object':
      throw new TypeError(`a ${cursor.kind} is no leaf`);
  }
}

/** No character of text takes more: an escape has six bytes, and two of them may make one character of the output. */
const bytesPerCharacter = 12;

/** Enough of a long leaf to go beyond the limit, where it is cut: a string of 100 MB is not decoded for one line. */
function beginningOf(cursor: Cursor, limit: number): string {
  if (cursor.kind === 'integer' || cursor.kind === 'float') return cursor.lexeme();
  const head = asBuffer(cursor.payload()).subarray(0, limit * bytesPerCharacter);
  if (cursor.kind !== 'string') return `{"$${cursor.kind}":"${base64(head)}`;
  return cursor.encoding === 'json' ? `"${head.toString('utf8')}` : JSON.stringify(head.toString('utf8'));
}

interface EncodeFrame {
  readonly form: 'list' | 'object' | 'pairs' | 'pair' | 'body';
  readonly cursor: Cursor;
  /** Keys of a plain object; null for the rest. */
  readonly keys: readonly string[] | null;
  readonly count: number;
  next: number;
  /** Brackets to close when all is written. */
  readonly closes: number;
}

/**
 * Tagged JSON text of a value: compact, or indented as JSON.stringify does it.
 * With `limit`, a text longer than so many characters is cut there and ends in `…` (it is then no JSON); the rest is not read.
 */
export function encodeTagged(cursor: Cursor, options: { indent?: number; limit?: number } = {}): string {
  const limit = options.limit ?? Infinity;
  const writer = new JsonTextWriter(options.indent ?? 0, limit);
  // Indentation reaches into the tags of leaves, too: they are laid out as any other object.
  const pretty = (options.indent ?? 0) > 0;
  const stack: EncodeFrame[] = [];
  const leaf = (value: Cursor): void => {
    const json = value.end - value.start > limit * bytesPerCharacter ? beginningOf(value, limit) : leafJson(value);
    if (pretty && json.startsWith('{') && json.endsWith('}')) layOut(writer, json);
    else writer.raw(json);
  };
  const begin = (value: Cursor): void => {
    const frame = openFrame(writer, value);
    if (frame === null) leaf(value);
    else stack.push(frame);
  };

  begin(cursor);
  for (let frame = stack.at(-1); frame !== undefined && !writer.full; frame = stack.at(-1)) {
    if (frame.next === frame.count) {
      for (let i = 0; i < frame.closes; i++) writer.end();
      stack.pop();
      continue;
    }
    const i = frame.next++;
    switch (frame.form) {
      case 'object':
        writer.name(frame.keys?.[i] ?? '');
        begin(frame.cursor.child(i));
        break;
      case 'pairs':
        writer.beginList();
        stack.push({ form: 'pair', cursor: frame.cursor, keys: null, count: i * 2 + 2, next: i * 2, closes: 1 });
        break;
      case 'pair':
        begin(i % 2 === 0 ? frame.cursor.key(i / 2) : frame.cursor.child((i - 1) / 2));
        break;
      case 'list':
      case 'body':
        begin(frame.cursor.child(i));
        break;
    }
  }
  return writer.done();
}

/** Opens the brackets of a container and says how to go on; null for leaves. */
function openFrame(writer: JsonTextWriter, cursor: Cursor): EncodeFrame | null {
  const { count } = cursor;
  if (cursor.kind === 'list') {
    writer.beginList();
    return { form: 'list', cursor, keys: null, count, next: 0, closes: 1 };
  }
  if (cursor.kind === 'map') {
    const keys = stringKeys(cursor);
    writer.beginObject();
    if (keys !== null) return { form: 'object', cursor, keys, count, next: 0, closes: 1 };
    writer.name('$map');
    writer.beginList();
    return { form: 'pairs', cursor, keys: null, count, next: 0, closes: 2 };
  }
  const tag = cursor.object;
  if (tag === null) return null;
  writer.beginObject();
  if (tag.short !== null) {
    writer.name(`$${tag.short}`);
    return { form: 'body', cursor, keys: null, count, next: 0, closes: 1 };
  }
  writer.name('$object');
  writer.beginObject();
  writer.name('class');
  writer.raw(JSON.stringify(tag.className));
  writer.name('via');
  writer.raw(JSON.stringify(tag.via));
  if (tag.method !== null) {
    writer.name('method');
    writer.raw(JSON.stringify(tag.method));
  }
  writer.name('value');
  return { form: 'body', cursor, keys: null, count, next: 0, closes: 2 };
}

/** Writes the small tag object of a leaf with the writer's indentation. */
function layOut(writer: JsonTextWriter, json: string): void {
  const object = openValue('json', utf8(json));
  writer.beginObject();
  for (let i = 0; i < object.count; i++) {
    writer.name(object.key(i).text());
    const value = object.child(i);
    const text = asBuffer(value.slice()).toString('utf8');
    if (value.kind === 'map') layOut(writer, text);
    else writer.raw(text);
  }
  writer.end();
}

// ── Decoding ───────────────────────────────────────────────────────────────────────────────────────────────────────

export function badValue(what: string, hint: string): ForkpointError {
  return new ForkpointError('bad_value', `The value cannot be used: ${what}. Nothing was changed.`, hint);
}

const tagHint =
  'The tags of tagged JSON are listed in docs/cli.md; write a plain object with one such name as {"$map": [[name, value]]}.';

function malformed(tag: string, what: string): ForkpointError {
  return badValue(`${tag} ${what}`, tagHint);
}

function openText(text: string): Cursor {
  if (!text.isWellFormed()) {
    throw badValue('it holds half a character (a lone surrogate)', 'Write such a string as {"$text": base64}.');
  }
  try {
    return openValue('json', utf8(text));
  } catch (error) {
    if (!(error instanceof ForkpointError) || error.code !== 'corrupt') throw error;
    const reason = /: (.*)\. Nothing/s.exec(error.message)?.[1] ?? 'it is not JSON';
    throw badValue(
      `it is not JSON (${reason})`,
      'Text needs double quotes, also inside the quotes of a shell: --set \'name="Ann"\'.',
    );
  }
}

function base64Of(tag: string, value: Cursor): Uint8Array {
  if (value.kind !== 'string' || !value.isUnicode()) throw malformed(tag, 'must hold base64 in a string');
  const text = value.text();
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw malformed(tag, 'holds text that is not base64');
  return bytes;
}

function textOf(tag: string, value: Cursor | null): string {
  if (value === null || value.kind !== 'string' || !value.isUnicode()) throw malformed(tag, 'must hold a string');
  return value.text();
}

/** Members of the object behind a tag; refuses members that do not belong there. */
function membersOf(tag: string, value: Cursor, required: readonly string[], optional: readonly string[]): Cursor {
  const keys = value.kind === 'map' ? plainKeys(value) : null;
  if (keys === null || !required.every((name) => keys.includes(name))) {
    throw malformed(tag, `must hold an object with ${required.join(', ')}`);
  }
  const stranger = keys.find((name) => !required.includes(name) && !optional.includes(name));
  if (stranger !== undefined) throw malformed(tag, `has an unknown member ${JSON.stringify(stranger)}`);
  return value;
}

function member(value: Cursor, name: string): Cursor {
  const found = value.get(name);
  if (found === null) throw new TypeError(`${name} has been checked`);
  return found;
}

/** Keys of an object in the tagged text; they must be Unicode and differ. */
function plainKeys(map: Cursor): string[] {
  const keys: string[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < map.count; i++) {
    const key = map.key(i);
    if (!key.isUnicode())
      throw badValue('a name is not valid Unicode', 'Write it as {"$map": [[{"$text": base64}, value]]}.');
    const text = key.text();
    if (seen.has(text)) {
      throw badValue(
        `the name ${JSON.stringify(text)} stands twice in one object`,
        'Write repeated names as {"$map": [[name, value], …]}.',
      );
    }
    seen.add(text);
    keys.push(text);
  }
  return keys;
}

interface DecodeFrame {
  readonly form: 'list' | 'object' | 'pairs' | 'pair' | 'body';
  readonly cursor: Cursor;
  readonly keys: readonly string[] | null;
  readonly count: number;
  next: number;
}

/** The name of the tag that a map stands for, null for plain maps. */
function tagOf(keys: readonly string[]): string | null {
  const [only] = keys;
  return keys.length === 1 && only?.startsWith('$') === true ? only : null;
}

function decodeFloat(value: Cursor, sink: ValueSink): void {
  if (value.kind === 'string') {
    const text = value.isUnicode() ? value.text() : '';
    if (text !== 'NaN' && text !== 'Infinity' && text !== '-Infinity') {
      throw malformed('$float', 'must be "NaN", "Infinity", "-Infinity" or {"bits": hex}');
    }
    sink.nonFinite(text);
    return;
  }
  const bits = textOf('$float', member(membersOf('$float', value, ['bits'], []), 'bits'));
  if (!/^(?:[0-9a-f]{8}|[0-9a-f]{16})$/i.test(bits))
    throw malformed('$float', 'bits must be 8 or 16 hexadecimal digits');
  sink.floatBits(Buffer.from(bits, 'hex'));
}

function decodeExt(value: Cursor, sink: ValueSink): void {
  membersOf('$ext', value, ['code', 'data'], []);
  const code = member(value, 'code');
  const number = code.kind === 'integer' ? Number(code.lexeme()) : NaN;
  if (!(number >= -128 && number <= 127)) throw malformed('$ext', 'code must be an integer from -128 to 127');
  sink.ext(number, base64Of('$ext', member(value, 'data')));
}

function isVia(text: string): text is (typeof vias)[number] {
  return (vias as readonly string[]).includes(text);
}

/** Begins an object and gives the cursor of its body. */
function decodeObject(value: Cursor, sink: ValueSink): Cursor {
  membersOf('$object', value, ['class', 'via', 'value'], ['method']);
  const className = textOf('$object', member(value, 'class'));
  const via = textOf('$object', member(value, 'via'));
  if (!isVia(via)) throw malformed('$object', `has an unknown via ${JSON.stringify(via)}`);
  const given = value.get('method');
  const method = given === null ? null : textOf('$object', given);
  const bare = via === 'numpy' || via === 'snapshot';
  if (bare ? className !== '' : !className.includes('.')) {
    throw malformed('$object', bare ? `via ${via} has an empty class` : 'class must be module.Name');
  }
  if (via === 'method' ? method === null : method !== null && via !== 'json') {
    throw malformed('$object', via === 'method' ? 'via method needs a method' : `via ${via} has no method`);
  }
  sink.beginObject({ code: vias.indexOf(via), className, method, short: null });
  return member(value, 'value');
}

function isShort(name: string): name is keyof typeof shortForms {
  return Object.hasOwn(shortForms, name);
}

/** Writes a tagged value; gives the frame of what is still to come, null if it is complete. */
function decodeTag(tag: string, value: Cursor, sink: ValueSink): DecodeFrame | null {
  switch (tag) {
    case '$bytes':
      sink.bytes(base64Of(tag, value));
      return null;
    case '$text':
      sink.rawText(base64Of(tag, value));
      return null;
    case '$float':
      decodeFloat(value, sink);
      return null;
    case '$ext':
      decodeExt(value, sink);
      return null;
    case '$opaque':
      throw badValue('a pickled or encrypted value can be copied but not written', 'Leave the value as it is.');
    case '$map': {
      if (value.kind !== 'list') throw malformed(tag, 'must hold a list of [key, value] pairs');
      sink.beginMap(value.count);
      return { form: 'pairs', cursor: value, keys: null, count: value.count, next: 0 };
    }
    case '$object':
      return { form: 'body', cursor: decodeObject(value, sink), keys: null, count: 1, next: 0 };
    default: {
      const short = tag.slice(1);
      if (!isShort(short)) throw badValue(`${JSON.stringify(tag)} is not a known tag`, tagHint);
      if (short === 'set' || short === 'tuple') {
        if (value.kind !== 'list') throw malformed(tag, 'must hold a list');
      } else if (!shortTexts[short].test(textOf(tag, value))) {
        throw malformed(tag, `does not hold a ${short}`);
      }
      sink.beginObject({ ...shortForms[short], short });
      return { form: 'body', cursor: value, keys: null, count: 1, next: 0 };
    }
  }
}

/** Writes one value or opens it; gives the frame of what is still to come. */
function decodeValue(value: Cursor, sink: ValueSink): DecodeFrame | null {
  switch (value.kind) {
    case 'null':
      sink.nil();
      return null;
    case 'boolean':
      sink.bool(value.bool());
      return null;
    case 'integer':
      sink.integer(value.lexeme());
      return null;
    case 'float': {
      const lexeme = value.lexeme();
      if (/[yN]$/.test(lexeme)) throw badValue(`${lexeme} is not JSON`, `Write {"$float": "${lexeme}"}.`);
      sink.float(lexeme);
      return null;
    }
    case 'string':
      if (!value.isUnicode()) {
        throw badValue(
          'a string holds half a character (a lone surrogate)',
          'Write such a string as {"$text": base64}.',
        );
      }
      sink.text(value.text());
      return null;
    case 'list':
      sink.beginList(value.count);
      return { form: 'list', cursor: value, keys: null, count: value.count, next: 0 };
    case 'map': {
      const keys = plainKeys(value);
      const tag = tagOf(keys);
      if (tag !== null) return decodeTag(tag, value.child(0), sink);
      sink.beginMap(value.count);
      return { form: 'object', cursor: value, keys, count: value.count, next: 0 };
    }
    case 'bytes':
    case 'object':
    case 'ext':
    case 'opaque':
      throw new TypeError(`${value.kind} is no kind of JSON`);
  }
}

/**
 * Bytes of a tagged JSON text in a dialect. Throws `bad_value` for text that is not tagged JSON (unknown or malformed tags, bare
 * NaN, repeated names) and for values that the dialect cannot hold (bytes in JSON, integers beyond 64 bits in msgpack).
 */
export function decodeTagged(text: string, dialect: Dialect): Uint8Array {
  return decodeMeasured(text, dialect).bytes;
}

/** As `decodeTagged`; `depth` is how many containers stand within each other. */
export function decodeMeasured(text: string, dialect: Dialect): { readonly bytes: Uint8Array; readonly depth: number } {
  const sink = sinkFor(dialect);
  const stack: DecodeFrame[] = [];
  const begin = (value: Cursor): void => {
    const frame = decodeValue(value, sink);
    if (frame !== null) stack.push(frame);
  };
  begin(openText(text));
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (frame.next === frame.count) {
      if (frame.form !== 'pair') sink.end();
      stack.pop();
      continue;
    }
    const i = frame.next++;
    switch (frame.form) {
      case 'object':
        sink.text(frame.keys?.[i] ?? '');
        begin(frame.cursor.child(i));
        break;
      case 'pairs': {
        const pair = frame.cursor.child(i);
        if (pair.kind !== 'list' || pair.count !== 2) throw malformed('$map', 'must hold a list of [key, value] pairs');
        stack.push({ form: 'pair', cursor: pair, keys: null, count: 2, next: 0 });
        break;
      }
      case 'pair':
      case 'list':
        begin(frame.cursor.child(i));
        break;
      case 'body':
        begin(frame.cursor);
        break;
    }
  }
  return { bytes: sink.done(), depth: sink.deepest };
}
