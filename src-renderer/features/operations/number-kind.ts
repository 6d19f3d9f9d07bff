// The kind of a number that stood there: typing 5 over 240.0 would make an integer of a float, which the graph's own code may not take.

import { parseJsonText } from '../../values/json-text.ts';
import type { JsonPart } from '../../values/json-text.ts';

/** One number whose kind would change, and how it would be written in the kind that stood there. */
export interface KindProposal {
  /** Span in the edited text. */
  readonly start: number;
  readonly end: number;
  readonly typed: string;
  readonly proposed: string;
  /** What stood there. */
  readonly was: string;
}

const isFloat = (lexeme: string): boolean => /[.eE]/.test(lexeme);

/** The same number in the other kind; null where it has none (2.5 is no integer). */
export function otherKind(lexeme: string): string | null {
  if (!isFloat(lexeme)) return `${lexeme}.0`;
  const found = /^(-?\d+)\.0+$/.exec(lexeme);
  return found === null || found[1] === '-0' ? null : (found[1] ?? null);
}

/** Numbers of `edited` that stand where `original` has a number of the other kind. Both are tagged JSON texts. */
export function kindProposals(original: string, edited: string): KindProposal[] {
  const before = parseJsonText(original);
  const after = parseJsonText(edited);
  const proposals: KindProposal[] = [];
  const walk = (a: JsonPart | undefined, b: JsonPart | undefined): void => {
    if (a === undefined || b === undefined || a.kind !== b.kind) return;
    if (a.kind === 'number') {
      const was = original.slice(a.start, a.end);
      const typed = edited.slice(b.start, b.end);
      const proposed = isFloat(was) === isFloat(typed) ? null : otherKind(typed);
      if (proposed !== null) proposals.push({ start: b.start, end: b.end, typed, proposed, was });
    } else if (a.kind === 'array' && b.kind === 'array') {
      b.items.forEach((item, i) => walk(a.items[i], item));
    } else if (a.kind === 'object' && b.kind === 'object') {
      const known = new Map(a.members.map((m) => [m.key, m.value]));
      for (const member of b.members) walk(known.get(member.key), member.value);
    }
  };
  if (before !== null && after !== null) walk(before, after);
  return proposals;
}

/** The edited text with the kinds that stood there. */
export function keepKinds(edited: string, proposals: readonly KindProposal[]): string {
  let text = edited;
  for (const p of [...proposals].sort((a, b) => b.start - a.start)) {
    text = text.slice(0, p.start) + p.proposed + text.slice(p.end);
  }
  return text;
}
