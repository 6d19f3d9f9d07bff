// Python objects as LangGraph writes them: msgpack extensions 0–7, whose payload is msgpack again.
// (JsonPlusSerializer of langgraph-checkpoint, `jsonplus.py`: `_msgpack_default` writes, `_msgpack_ext_hook` reads.)
// An extension counts as an object only if its payload has the known shape exactly; anything else stays a plain `ext`.

import { isUtf8 } from 'node:buffer';
import { asBuffer } from '../bytes.ts';
import type { ObjectTag, Via } from '../cursor.ts';
import { countAt, familyOf, headerSize, trySkip, type Family } from './header.ts';

/** Index = extension code. */
export const vias = [
  'value',
  'args',
  'kwargs',
  'method',
  'pydantic1',
  'json',
  'numpy',
  'snapshot',
] as const satisfies Via[];

/** What the writer of code 5 always puts behind the fields. */
export const pydanticMethod = 'model_validate_json';

export interface ObjectShape {
  readonly tag: ObjectTag;
  readonly bodyStart: number;
  readonly bodyEnd: number;
}

/** A string that is valid Unicode, else null. */
function textAt(b: Uint8Array, start: number, end: number): string | null {
  const t = b[start]!;
  if (familyOf(t) !== 'str') return null;
  const data = b.subarray(start + headerSize(t), end);
  return isUtf8(data) ? asBuffer(data).toString('utf8') : null;
}

/** Whether a body of this family can stand in a payload of this code. */
function bodyFits(code: number, family: Family): boolean {
  if (code === 1) return family === 'array';
  if (code === 2 || code === 4 || code === 5) return family === 'map';
  return true;
}

/** `module.Name`, or null if it would not split back at its last dot. */
function classNameOf(module: string | null, name: string | null): string | null {
  return module === null || name === null || name.includes('.') ? null : `${module}.${name}`;
}

/** The shape of the payload `[start, end)` of extension `code`, null if it is not a known object. Never throws. */
export function objectShape(b: Uint8Array, start: number, end: number, code: number): ObjectShape | null {
  if (code < 0 || code > 7 || start >= end) return null;
  const via = vias[code];
  if (via === undefined) return null;
  if (code === 7) {
    if (trySkip(b, start, end) !== end) return null;
    return { tag: { className: '', via, method: null, code, short: null }, bodyStart: start, bodyEnd: end };
  }
  if (familyOf(b[start]!) !== 'array') return null;
  const first = start + headerSize(b[start]!);
  if (first > end) return null;
  const count = countAt(b, start);
  if (count !== (code === 3 || code === 5 || code === 6 ? 4 : 3)) return null;
  const at = [first];
  for (let i = 0; i < count; i++) {
    const next = trySkip(b, at[i]!, end);
    if (next < 0) return null;
    at.push(next);
  }
  if (at[count] !== end) return null;

  if (code === 6) {
    if (!isArray(b, at)) return null;
    return { tag: { className: '', via, method: null, code, short: null }, bodyStart: start, bodyEnd: end };
  }
  const className = classNameOf(textAt(b, at[0]!, at[1]!), textAt(b, at[1]!, at[2]!));
  if (className === null) return null;
  const bodyStart = at[2]!;
  const bodyEnd = at[3]!;
  if (!bodyFits(code, familyOf(b[bodyStart]!))) return null;
  let method: string | null = null;
  if (count === 4) {
    method = textAt(b, at[3]!, at[4]!);
    if (method === null) return null;
    if (code === 5 && method === pydanticMethod) method = null;
  }
  const short = shortTag(b, code, className, method, bodyStart, bodyEnd);
  return { tag: { className, via, method, code, short }, bodyStart, bodyEnd };
}

/** numpy: `[dtype, [shape…], "C" | "F", bin]`. */
function isArray(b: Uint8Array, at: readonly number[]): boolean {
  const [dtype, shape, order, data, end] = at;
  if (dtype === undefined || shape === undefined || order === undefined || data === undefined || end === undefined) {
    return false;
  }
  if (textAt(b, dtype, shape) === null || familyOf(b[shape]!) !== 'array' || familyOf(b[data]!) !== 'bin') return false;
  const layout = textAt(b, order, data);
  if (layout !== 'C' && layout !== 'F') return false;
  let size = shape + headerSize(b[shape]!);
  for (let i = countAt(b, shape); i > 0; i--) {
    if (familyOf(b[size]!) !== 'int') return false;
    size = trySkip(b, size, order);
  }
  return true;
}

const datetimeText =
  /^\d{4}-\d\d-\d\d(?:[T ]\d\d(?::\d\d(?::\d\d(?:[.,]\d{3}(?:\d{3})?)?)?)?(?:Z|[+-]\d\d:?\d\d(?::?\d\d(?:\.\d{1,6})?)?)?)?$/;
const uuidText = /^(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;
const decimalText = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|s?nan\d*)$/i;

/** Texts that stand behind `$datetime`, `$uuid` and `$decimal`, stored and typed alike: what the class's constructor takes. */
export const shortTexts = { datetime: datetimeText, uuid: uuidText, decimal: decimalText } as const;

interface ShortForm {
  readonly code: number;
  readonly className: string;
  readonly method: string | null;
}

/** The stored form behind each short tag. */
export const shortForms: Readonly<Record<NonNullable<ObjectTag['short']>, ShortForm>> = {
  set: { code: 0, className: 'builtins.set', method: null },
  tuple: { code: 0, className: 'builtins.tuple', method: null },
  datetime: { code: 3, className: 'datetime.datetime', method: 'fromisoformat' },
  uuid: { code: 0, className: 'uuid.UUID', method: null },
  decimal: { code: 0, className: 'decimal.Decimal', method: null },
};
const shortNames = ['set', 'tuple', 'datetime', 'uuid', 'decimal'] as const;

function shortTag(
  b: Uint8Array,
  code: number,
  className: string,
  method: string | null,
  bodyStart: number,
  bodyEnd: number,
): ObjectTag['short'] {
  for (const name of shortNames) {
    const form = shortForms[name];
    if (form.code !== code || form.className !== className || form.method !== method) continue;
    if (name === 'set' || name === 'tuple') return familyOf(b[bodyStart]!) === 'array' ? name : null;
    const text = textAt(b, bodyStart, bodyEnd);
    return text !== null && shortTexts[name].test(text) ? name : null;
  }
  return null;
}
