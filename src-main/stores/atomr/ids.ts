// Threads of atomr: a workflow and one of its runs, or an agent and one of its branches. Both parts are the user's own texts, of any
// characters; the thread is the two joined.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { joinParts, splitParts } from '../../../shared/model/key.ts';
import { shownName } from '../../../shared/model/shown-name.ts';

export type Parts = readonly [outer: string, inner: string];

export const threadOf = (outer: string, inner: string): string => joinParts([outer, inner]);

/** The two parts of a thread, null where the text is not one as we write them. */
export function partsOf(thread: string): Parts | null {
  const parts = splitParts(thread);
  const [outer, inner] = parts;
  if (parts.length !== 2 || outer === undefined || inner === undefined || joinParts(parts) !== thread) return null;
  return [outer, inner];
}

/** The parts of a thread that is to be made. Throws `bad_value`, saying what the parts are. */
export function newParts(thread: string, what: 'run' | 'branch', sibling: string): Parts {
  const parts = partsOf(thread);
  const example = `\`${sibling}/<${what}>\``;
  if (parts === null) {
    throw new ForkpointError(
      'bad_value',
      `${shownName(thread)} is no ${what === 'run' ? 'workflow and run' : 'agent and branch'} joined by \`/\`. Nothing was changed.`,
      `Write ${example}; a \`/\` inside a part is written %2F, a \`%\` is written %25.`,
    );
  }
  if (!parts.every((part) => part.isWellFormed())) {
    throw new ForkpointError(
      'bad_value',
      'This id is not valid Unicode text. Nothing was changed.',
      'Choose another id.',
    );
  }
  return parts;
}

/** The meetings harness keeps the list of its runs as a run of its own. */
export function indexReason(points: { readonly workflow: string; readonly run: string }): string | null {
  return points.workflow === 'meetings-harness' && points.run === '_index'
    ? 'It is the index of the meetings harness, not a run: nothing would start from a copy of it.'
    : null;
}
