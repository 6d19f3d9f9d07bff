// Checkpoint keys: made by us, unique within a store, stable while the row exists. Ids of the frameworks are labels and may repeat.

/**
 * Text of a key: the parts `thread/namespace/id` with `%`, `/`, `#` and control characters percent-escaped,
 * then `#n` where an earlier record of the thread and namespace has the same id: the first never has it, so that no key changes when
 * another record is added (n is whatever the format guarantees to be stable: a row number, or the occurrence, 2 for the second).
 */
export type CheckpointKey = string & { readonly __brand: 'CheckpointKey' };

export interface KeyParts {
  readonly thread: string;
  readonly namespace: string;
  readonly id: string;
  /** 0 for the first record of the id. */
  readonly nth: number;
}

// oxlint-disable-next-line no-control-regex -- control characters are exactly what must not stand in a key
const unsafe = /[%/#\u0000-\u001f\u007f]/g;

function escapePart(part: string): string {
  return part.replace(unsafe, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

function unescapePart(part: string): string {
  return part.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export function formatKey(parts: KeyParts): CheckpointKey {
  const text = `${escapePart(parts.thread)}/${escapePart(parts.namespace)}/${escapePart(parts.id)}`;
  return (parts.nth > 0 ? `${text}#${parts.nth}` : text) as CheckpointKey;
}

/** The parts of a key, or null if the text is not one. */
export function parseKey(text: string): KeyParts | null {
  const hash = text.lastIndexOf('#');
  const body = hash < 0 ? text : text.slice(0, hash);
  const nth = hash < 0 ? 0 : Number(text.slice(hash + 1));
  if (hash >= 0 && !(Number.isSafeInteger(nth) && nth > 0)) return null;
  const parts = body.split('/');
  const [thread, namespace, id] = parts;
  if (parts.length !== 3 || thread === undefined || namespace === undefined || id === undefined) return null;
  return { thread: unescapePart(thread), namespace: unescapePart(namespace), id: unescapePart(id), nth };
}

/** Parts of a composite id (thread of several parts, namespace path) joined by `/`, with `/` and `%` inside a part escaped. */
export function joinParts(parts: readonly string[]): string {
  return parts.map((p) => p.replace(/[%/]/g, (c) => (c === '/' ? '%2F' : '%25'))).join('/');
}

export function splitParts(joined: string): string[] {
  return joined.split('/').map((p) => p.replace(/%2F|%25/g, (c) => (c === '%2F' ? '/' : '%')));
}
