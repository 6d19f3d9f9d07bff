// What a person should know about a replaced value: values are taken literally, so a changed kind may be a slip of the keyboard.

import type { Warning } from '../../shared/model/shapes.ts';
import { asBuffer } from './bytes.ts';
import type { Cursor } from './cursor.ts';
import { encodeTagged } from './tagged.ts';

const longestSpelling = 60;

/** Tagged text of a value for a sentence, null if it is too long for one. */
function spelling(cursor: Cursor): string | null {
  const text = encodeTagged(cursor, { limit: longestSpelling });
  return text.length > longestSpelling ? null : text;
}

function typeName(cursor: Cursor): string {
  if (cursor.object !== null) return cursor.object.short ?? (cursor.object.className || cursor.object.via);
  return cursor.kind;
}

function article(name: string): string {
  if (name === 'null') return name;
  return /^[aeiou]/i.test(name) ? `an ${name}` : `a ${name}`;
}

/** The new value spelt in the kind that stood there, null if it has none. */
function otherSpelling(before: Cursor, after: Cursor): string | null {
  if (before.kind === 'float' && after.kind === 'integer') return `${after.lexeme()}.0`;
  if (before.kind === 'integer' && after.kind === 'float') {
    const value = after.approximate();
    return Number.isSafeInteger(value) ? BigInt(value).toString() : null;
  }
  if (before.floatWidth === 4 && after.kind === 'float') {
    const bits = Buffer.alloc(4);
    bits.writeFloatBE(after.approximate());
    return `{"$float":{"bits":"${bits.toString('hex')}"}}`;
  }
  if (before.kind === 'string' && (after.kind === 'integer' || after.kind === 'float' || after.kind === 'boolean')) {
    return JSON.stringify(asText(after));
  }
  if (after.kind !== 'string' || !after.isUnicode()) return null;
  const text = after.text();
  if (before.kind === 'integer') return /^-?(?:0|[1-9]\d*)$/.test(text) ? text : null;
  if (before.kind === 'float') return /^-?(?:0|[1-9]\d*)(?:\.\d+(?:e[+-]?\d+)?|e[+-]?\d+)$/i.test(text) ? text : null;
  if (before.kind === 'boolean') return text === 'true' || text === 'false' ? text : null;
  return before.kind === 'null' && text === 'null' ? text : null;
}

function asText(cursor: Cursor): string {
  if (cursor.kind === 'boolean') return String(cursor.bool());
  return cursor.encoding === 'json' ? asBuffer(cursor.slice()).toString('utf8') : cursor.lexeme();
}

function isNumber(cursor: Cursor): boolean {
  return cursor.kind === 'integer' || cursor.kind === 'float';
}

/** `number_kind` or `type_change` with the other spelling as remedy; null if the new value is of the same type. */
export function changeWarning(path: string, before: Cursor, after: Cursor): Warning | null {
  const numbers = isNumber(before) && isNumber(after);
  if (numbers && before.kind === after.kind && before.floatWidth === after.floatWidth) return null;
  const was = before.floatWidth === 4 ? 'float32' : typeName(before);
  const is = numbers && after.floatWidth === 4 ? 'float32' : typeName(after);
  if (!numbers && was === is) return null;
  const place = path === '' ? 'The state' : `"${path}"`;
  const other = otherSpelling(before, after);
  const old = spelling(before);
  const now = spelling(after);
  return {
    code: numbers ? 'number_kind' : 'type_change',
    message: `${place} was ${article(was)}${old === null ? '' : ` (${old})`} and becomes ${article(is)}${now === null ? '' : ` (${now})`}.`,
    remedy: other === null ? null : `Write ${other} to keep ${article(was)}.`,
  };
}
