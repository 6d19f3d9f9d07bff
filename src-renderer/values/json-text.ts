// JSON as text with places: numbers stay the lexemes they are, and depth is bounded, because the text comes from a store.

export type JsonPart =
  | { readonly kind: 'object'; readonly start: number; readonly end: number; readonly members: readonly JsonMember[] }
  | { readonly kind: 'array'; readonly start: number; readonly end: number; readonly items: readonly JsonPart[] }
  | { readonly kind: 'string' | 'number' | 'word'; readonly start: number; readonly end: number };

export interface JsonMember {
  /** The key as written, quotes included. */
  readonly key: string;
  readonly value: JsonPart;
}

/** Deeper than any hand would write, far from the depth at which a recursion would end the window. */
const deepest = 400;

const spaces = /[ \t\r\n]*/y;
// oxlint-disable-next-line no-control-regex -- JSON strings may not hold control characters
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const word = /true|false|null/y;

/** Null if the text is not JSON, or nests deeper than 400. */
export function parseJsonText(text: string): JsonPart | null {
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return null;
    at += found[0].length;
    return found[0];
  };
  const sign = (c: string): boolean => {
    take(spaces);
    if (text[at] !== c) return false;
    at++;
    return true;
  };
  const value = (depth: number): JsonPart | null => {
    if (depth > deepest) return null;
    take(spaces);
    const start = at;
    if (sign('{')) {
      const members: JsonMember[] = [];
      if (sign('}')) return { kind: 'object', start, end: at, members };
      do {
        take(spaces);
        const key = take(string);
        if (key === null || !sign(':')) return null;
        const member = value(depth + 1);
        if (member === null) return null;
        members.push({ key, value: member });
      } while (sign(','));
      return sign('}') ? { kind: 'object', start, end: at, members } : null;
    }
    if (sign('[')) {
      const items: JsonPart[] = [];
      if (sign(']')) return { kind: 'array', start, end: at, items };
      do {
        const item = value(depth + 1);
        if (item === null) return null;
        items.push(item);
      } while (sign(','));
      return sign(']') ? { kind: 'array', start, end: at, items } : null;
    }
    if (take(string) !== null) return { kind: 'string', start, end: at };
    if (take(number) !== null) return { kind: 'number', start, end: at };
    return take(word) === null ? null : { kind: 'word', start, end: at };
  };
  const root = value(0);
  take(spaces);
  return root !== null && at === text.length ? root : null;
}

/** The same text, indented by two; short lists and objects stay on their line. Text that is not JSON comes back as it is. */
export function indentJson(text: string, width = 100): string {
  const root = parseJsonText(text);
  if (root === null) return text;
  const write = (part: JsonPart, indent: string, room: number): string => {
    if (part.kind !== 'object' && part.kind !== 'array') return text.slice(part.start, part.end);
    const flat = flatten(text, part, room);
    if (flat !== null) return flat;
    const inner = `${indent}  `;
    const left = width - inner.length;
    const lines =
      part.kind === 'array'
        ? part.items.map((item) => inner + write(item, inner, left))
        : part.members.map((m) => `${inner}${m.key}: ${write(m.value, inner, left - m.key.length - 2)}`);
    const [open, close] = part.kind === 'array' ? ['[', ']'] : ['{', '}'];
    return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
  };
  return write(root, '', width);
}

/** On one line, or null if that takes more than `room` characters. */
function flatten(text: string, part: JsonPart, room: number): string | null {
  if (room < 2) return null;
  if (part.kind !== 'object' && part.kind !== 'array') {
    return part.end - part.start <= room ? text.slice(part.start, part.end) : null;
  }
  const [open, close] = part.kind === 'array' ? ['[', ']'] : ['{', '}'];
  const pieces: string[] = [];
  let left = room - 2;
  const count = part.kind === 'array' ? part.items.length : part.members.length;
  for (let i = 0; i < count; i++) {
    const item = part.kind === 'array' ? part.items[i] : part.members[i]?.value;
    const key = part.kind === 'array' ? '' : `${part.members[i]?.key ?? ''}: `;
    const piece = item === undefined ? null : flatten(text, item, left - key.length);
    if (piece === null) return null;
    pieces.push(key + piece);
    left -= key.length + piece.length + 2;
  }
  return `${open}${pieces.join(', ')}${close}`;
}

export interface Token {
  readonly kind: 'key' | 'string' | 'number' | 'word' | 'plain';
  readonly text: string;
}

/** The text in coloured pieces; joined they are the text. Works on cut and broken text too. */
export function jsonTokens(text: string): Token[] {
  const pattern =
    /("(?:[^"\\]|\\.)*"?)(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null|True|False|None)\b/gs;
  const tokens: Token[] = [];
  let end = 0;
  const add = (kind: Token['kind'], piece: string): void => {
    if (piece !== '') tokens.push({ kind, text: piece });
  };
  for (const found of text.matchAll(pattern)) {
    add('plain', text.slice(end, found.index));
    const [all, quoted, colon, digits] = found;
    if (quoted !== undefined) {
      add(colon === undefined ? 'string' : 'key', quoted);
      add('plain', colon ?? '');
    } else add(digits === undefined ? 'word' : 'number', all);
    end = found.index + all.length;
  }
  add('plain', text.slice(end));
  return tokens;
}
