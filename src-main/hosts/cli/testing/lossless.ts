// A second opinion for tests: JSON with its numbers as they are spelt, and RFC 6902 applied to it to the letter. Shares no code with
// the product, so that the two cannot be wrong in the same way.

export type Json =
  | { readonly kind: 'number' | 'word'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'list'; items: Json[] }
  | { readonly kind: 'object'; members: Map<string, Json> };

/** Exactly one document; repeated names are an error. */
export function parse(source: string): Json {
  const tokens =
    source.match(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|\S/gs) ?? [];
  let at = 0;
  const take = (wanted: string): void => {
    if (tokens[at++] !== wanted)
      throw new Error(`${wanted} is missing before ${tokens.slice(at - 1, at + 5).join(' ')}`);
  };
  const rest = (close: string, one: () => void): void => {
    if (tokens[at] === close) at++;
    else
      for (;;) {
        one();
        if (tokens[at] === close) return void at++;
        take(',');
      }
  };
  const string = (): string => String(JSON.parse(tokens[at++] ?? ''));
  const value = (): Json => {
    const token = tokens[at] ?? '';
    if (token === '[') {
      at++;
      const items: Json[] = [];
      rest(']', () => items.push(value()));
      return { kind: 'list', items };
    }
    if (token === '{') {
      at++;
      const members = new Map<string, Json>();
      rest('}', () => {
        const name = string();
        if (members.has(name)) throw new Error(`${name} stands twice`);
        take(':');
        members.set(name, value());
      });
      return { kind: 'object', members };
    }
    if (token.startsWith('"')) return { kind: 'string', text: string() };
    at++;
    if (/^-?\d/.test(token)) return { kind: 'number', text: token };
    if (/^(?:true|false|null)$/.test(token)) return { kind: 'word', text: token };
    throw new Error(`no JSON: ${token}`);
  };
  const whole = value();
  if (at !== tokens.length) throw new Error(`more than one document: ${tokens.slice(at, at + 5).join(' ')}`);
  return whole;
}

/** Compact text; `sorted` puts names in order, for comparing by meaning. */
export function textOf(json: Json, sorted = false): string {
  switch (json.kind) {
    case 'list':
      return `[${json.items.map((item) => textOf(item, sorted)).join(',')}]`;
    case 'object': {
      const members = [...json.members];
      if (sorted) members.sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${members.map(([name, v]) => `${JSON.stringify(name)}:${textOf(v, sorted)}`).join(',')}}`;
    }
    case 'string':
      return JSON.stringify(json.text);
    case 'number':
    case 'word':
      return json.text;
  }
}

export function member(json: Json | undefined, name: string): Json {
  const found = json?.kind === 'object' ? json.members.get(name) : undefined;
  if (found === undefined) throw new Error(`no member ${name}`);
  return found;
}

export const itemsOf = (json: Json): readonly Json[] => (json.kind === 'list' ? json.items : []);

export const stringOf = (json: Json): string => (json.kind === 'string' ? json.text : '');

const copyOf = (json: Json): Json => parse(textOf(json));

function tokensOf(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) throw new Error(`no pointer: ${pointer}`);
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function indexOf(token: string, most: number): number {
  if (!/^(?:0|[1-9]\d*)$/.test(token) || Number(token) > most) throw new Error(`no index here: ${token}`);
  return Number(token);
}

function at(root: Json, tokens: readonly string[]): Json {
  let json = root;
  for (const token of tokens) {
    if (json.kind === 'list') json = json.items[indexOf(token, json.items.length - 1)] ?? root;
    else json = member(json, token);
  }
  return json;
}

/** The document after the patch; throws wherever RFC 6902 wants an error. */
export function patched(document: Json, patch: Json): Json {
  let root = copyOf(document);
  const remove = (pointer: string): Json => {
    const tokens = tokensOf(pointer);
    const last = tokens.pop();
    const parent = at(root, tokens);
    if (last === undefined) throw new Error('the root cannot be removed');
    const found = at(parent, [last]);
    if (parent.kind === 'list') parent.items.splice(Number(last), 1);
    else if (parent.kind === 'object') parent.members.delete(last);
    return found;
  };
  const add = (pointer: string, value: Json): void => {
    const tokens = tokensOf(pointer);
    const last = tokens.pop();
    if (last === undefined) return void (root = value);
    const parent = at(root, tokens);
    if (parent.kind === 'list')
      parent.items.splice(last === '-' ? parent.items.length : indexOf(last, parent.items.length), 0, value);
    else if (parent.kind === 'object') parent.members.set(last, value);
    else throw new Error(`nothing can be added at ${pointer}`);
  };
  for (const one of itemsOf(patch)) {
    const path = stringOf(member(one, 'path'));
    switch (stringOf(member(one, 'op'))) {
      case 'add':
        add(path, copyOf(member(one, 'value')));
        break;
      case 'remove':
        remove(path);
        break;
      case 'replace':
        if (path !== '') remove(path);
        add(path, copyOf(member(one, 'value')));
        break;
      case 'move':
        add(path, remove(stringOf(member(one, 'from'))));
        break;
      default:
        throw new Error(`no operation: ${textOf(one)}`);
    }
  }
  return root;
}

interface Place {
  /** Null where only the pointer can name it. */
  readonly dotted: string | null;
  readonly pointer: string;
  readonly value: Json;
}

const escaped = (key: string): string => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** What paths pass through without naming it. */
function bodyOf(json: Json): Json {
  for (let body = json; ;) {
    const [name, value] = (body.kind === 'object' && body.members.size === 1 ? [...body.members][0] : undefined) ?? [];
    if (value === undefined) return body;
    if (name === '$object') body = member(value, 'value');
    else if (name === '$set' || name === '$tuple') body = value;
    else return body;
  }
}

/** Every place of a tagged document that a path can name, by the rules of `docs/cli.md`. */
export function* placesOf(value: Json, dotted: string | null = '', pointer = ''): Generator<Place> {
  yield { dotted, pointer, value };
  const body = bodyOf(value);
  const below = (step: string): string | null => (dotted === null ? null : dotted + step);
  if (body.kind === 'list') {
    for (const [i, item] of body.items.entries()) yield* placesOf(item, below(`[${i}]`), `${pointer}/${i}`);
    return;
  }
  if (body.kind !== 'object') return;
  const [tag] = body.members.size === 1 ? body.members.keys() : [];
  if (tag?.startsWith('$') !== true) {
    for (const [key, v] of body.members)
      yield* placesOf(v, below(`[${JSON.stringify(key)}]`), `${pointer}${escaped(key)}`);
    return;
  }
  if (tag !== '$map') return;
  const pairs = itemsOf(member(body, '$map')).map(itemsOf);
  for (const [i, [key, v]] of pairs.entries()) {
    if (key === undefined || v === undefined) continue;
    const isLast = pairs.findLastIndex(([other]) => other !== undefined && textOf(other) === textOf(key)) === i;
    const nameable = isLast && (key.kind === 'string' || (key.kind === 'number' && /^-?\d+$/.test(key.text)));
    yield* placesOf(v, nameable ? below(`[${textOf(key)}]`) : null, `${pointer}/$map/${i}/1`);
  }
}
