// Namespaces: tinyagents stores a list of names; SQLite holds it as compact JSON text and compares that text, byte for byte.

import { joinParts, splitParts } from '../../../shared/model/key.ts';

/** Compact JSON of a list of names: the only text that the framework finds again in SQLite. */
export function namespaceText(parts: readonly string[]): string {
  return JSON.stringify(parts);
}

/** A stored list of names as text, null if the text is not one. */
export function parseNames(text: string): readonly string[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(value)) return null;
  const names: string[] = [];
  for (const item of value as unknown[]) {
    if (typeof item !== 'string') return null;
    names.push(item);
  }
  return names;
}

/**
 * What people see: the parts joined by `/`, `''` for the root. A text that is not the canonical form (`[ ]`), which no graph will
 * find, keeps its own line under that very text, and so does the list of one empty name, which would read like the root.
 */
export function namespaceOfText(text: string): string {
  const parts = parseNames(text);
  if (parts === null || namespaceText(parts) !== text) return text;
  if (parts.length === 1 && parts[0] === '') return text;
  return joinParts(parts);
}

/** Stored texts that a shown namespace can stand for, likeliest first. */
export function textsOfNamespace(namespace: string): readonly string[] {
  if (namespace === '') return ['[]'];
  const canonical = namespaceText(splitParts(namespace));
  return canonical === namespace ? [canonical] : [canonical, namespace];
}

/** The node that embeds the sub-graph of a shown namespace: its last part. */
export function embeddingNode(namespace: string): string {
  return splitParts(namespace).at(-1) ?? '';
}
