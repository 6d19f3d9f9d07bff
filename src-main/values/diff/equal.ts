// Whether two values are the same value. Equal bytes in the same encoding are equal at once; different bytes need a look.

import type { Cursor } from '../cursor.ts';
import { asBuffer, sameBytes } from '../bytes.ts';
import { encodeTagged } from '../tagged.ts';

/** Same tagged JSON, members in the same order. Reads both only if their bytes differ and could still mean the same. */
export function sameValue(a: Cursor, b: Cursor): boolean {
  if (a.encoding === b.encoding && sameSlice(a, b)) return true;
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'null':
      return true;
    case 'boolean':
      return a.bool() === b.bool();
    case 'integer':
      return a.lexeme() === b.lexeme();
    case 'float':
    case 'opaque':
    case 'ext':
      return encodeTagged(a) === encodeTagged(b);
    case 'string':
      // one spelling per text in msgpack; JSON may escape the same text in several ways
      return a.isUnicode() && b.isUnicode() ? a.text() === b.text() : encodeTagged(a) === encodeTagged(b);
    case 'bytes':
      return sameBytes(a.payload(), b.payload());
    case 'object':
      return sameClass(a, b) && sameValue(a.child(0), b.child(0));
    case 'list':
    case 'map': {
      if (a.count !== b.count) return false;
      for (let i = 0; i < a.count; i++) {
        if (a.kind === 'map' && !sameValue(a.key(i), b.key(i))) return false;
        if (!sameValue(a.child(i), b.child(i))) return false;
      }
      return true;
    }
  }
}

export function sameSlice(a: Cursor, b: Cursor): boolean {
  const length = a.end - a.start;
  return (
    length === b.end - b.start &&
    ((a.source === b.source && a.start === b.start) ||
      asBuffer(a.source).compare(b.source, b.start, b.end, a.start, a.end) === 0)
  );
}

/** Same class written the same way: only then do the bodies compare. */
export function sameClass(a: Cursor, b: Cursor): boolean {
  const [x, y] = [a.object, b.object];
  return (
    x !== null &&
    y !== null &&
    x.className === y.className &&
    x.via === y.via &&
    x.method === y.method &&
    x.code === y.code &&
    x.short === y.short
  );
}
