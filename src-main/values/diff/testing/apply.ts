// Applies an RFC 6902 patch to parsed JSON: our own oracle, strict about places that must exist.

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };
interface Operation {
  op: 'add' | 'remove' | 'replace' | 'move';
  path: string;
  from?: string;
  value?: JsonValue;
}

/** Objects are made without a prototype, so that `__proto__` is a key like any other. */
export function parseJson(text: string): JsonValue {
  return bare(JSON.parse(text) as JsonValue);
}

function bare(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(bare);
  if (value === null || typeof value !== 'object') return value;
  const out = Object.create(null) as { [key: string]: JsonValue };
  for (const key of Object.keys(value)) out[key] = bare(value[key] ?? null);
  return out;
}

export function applyPatch(document: JsonValue, patch: string): JsonValue {
  let root = document;
  for (const operation of parseJson(patch) as unknown as Operation[]) {
    if (operation.op === 'move') {
      const from = operation.from ?? '';
      const [without, taken] = take(root, from);
      root = put(without, operation.path, taken, 'add');
    } else if (operation.op === 'remove') {
      root = take(root, operation.path)[0];
    } else root = put(root, operation.path, operation.value ?? null, operation.op);
  }
  return root;
}

const tokens = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((t) => t.replaceAll('~1', '/').replaceAll('~0', '~'));

function parentOf(root: JsonValue, path: string): [JsonValue, string] {
  const parts = tokens(path);
  const last = parts.pop() ?? '';
  let at = root;
  for (const part of parts) {
    const next = Array.isArray(at) ? at[Number(part)] : at !== null && typeof at === 'object' ? at[part] : undefined;
    if (next === undefined) throw new Error(`nothing at ${path}`);
    at = next;
  }
  return [at, last];
}

function take(root: JsonValue, path: string): [JsonValue, JsonValue] {
  if (path === '') return [null, root];
  const [parent, last] = parentOf(root, path);
  if (Array.isArray(parent)) {
    const i = Number(last);
    if (!(i < parent.length)) throw new Error(`nothing at ${path}`);
    const [taken] = parent.splice(i, 1);
    return [root, taken ?? null];
  }
  if (parent === null || typeof parent !== 'object' || !(last in parent)) throw new Error(`nothing at ${path}`);
  const taken = parent[last] ?? null;
  delete parent[last];
  return [root, taken];
}

function put(root: JsonValue, path: string, value: JsonValue, how: 'add' | 'replace'): JsonValue {
  if (path === '') return value;
  const [parent, last] = parentOf(root, path);
  if (Array.isArray(parent)) {
    const i = Number(last);
    if (how === 'add') {
      if (i > parent.length) throw new Error(`beyond the end: ${path}`);
      parent.splice(i, 0, value);
    } else {
      if (!(i < parent.length)) throw new Error(`nothing at ${path}`);
      parent[i] = value;
    }
  } else if (parent !== null && typeof parent === 'object') {
    if (how === 'replace' && !(last in parent)) throw new Error(`nothing at ${path}`);
    parent[last] = value;
  } else throw new Error(`no container at ${path}`);
  return root;
}
