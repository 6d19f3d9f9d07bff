// Edits of a state that atomr stores as JSON, and what a person should know of them: which of atomr's two languages reads what.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Dialect, Edit } from '../../values/edit.ts';
import { openValue } from '../../values/open.ts';
import { applyEdits } from '../../values/splice.ts';

export interface EditedState {
  /** New text of the whole value; null where it stays as it is. */
  readonly bytes: Uint8Array | null;
  readonly warnings: readonly Warning[];
  readonly sides: { readonly before: Cursor; readonly after: Cursor } | null;
}

export function editState(before: Cursor, edits: readonly Edit[], dialect: Dialect): EditedState {
  if (edits.length === 0) return { bytes: null, warnings: [], sides: null };
  const { bytes, warnings } = applyEdits(before, edits, dialect);
  return { bytes, warnings, sides: { before, after: openValue('json', bytes) } };
}

/** Names of the members of a map, in order. */
export function memberNames(value: Cursor): ReadonlySet<string> {
  const names = new Set<string>();
  for (let i = 0; value.kind === 'map' && i < value.count; i += 1) {
    const name = value.key(i);
    if (name.kind === 'string' && name.isUnicode()) names.add(name.text());
  }
  return names;
}

const largest = 2n ** 64n - 1n;
const smallest = -(2n ** 63n);

/** Whether an integer stands in the value that serde reads as a float. Iterative: the depth of a state is not bounded. */
function hasHugeInteger(value: Cursor): boolean {
  const open = [value];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at.kind === 'integer') {
      const lexeme = at.lexeme();
      if (lexeme.length < 19) continue;
      const number = BigInt(lexeme);
      if (number > largest || number < smallest) return true;
    }
    if (at.kind !== 'list' && at.kind !== 'map') continue;
    for (let i = 0; i < at.count; i += 1) open.push(at.child(i));
  }
  return false;
}

/** What an edit brings that Rust reads as something else. Only what the edits touched is looked at. */
export function hugeIntegerWarnings(edits: readonly Edit[]): Warning[] {
  const huge = edits.some((edit) => {
    if (edit.op === 'remove') return false;
    return hasHugeInteger(openValue('json', Buffer.from(edit.value)));
  });
  if (!huge) return [];
  return [
    {
      code: 'integer_too_large',
      message:
        'An integer of this edit is beyond 64 bits: atomr reads it as a float, and a step that wants an integer sees nothing.',
      remedy: 'Write it as a text.',
    },
  ];
}

export function nothingToEdit(): ForkpointError {
  return new ForkpointError('bad_value', 'There is nothing to edit.', 'Give at least one edit.');
}
