// The edits of a sheet as they are typed, and what they are as edits of the contract.

import type { EditShape } from '../../../shared/contract/methods.ts';
import { parseJsonText } from '../../values/json-text.ts';

export interface TypedEdit {
  readonly id: number;
  readonly op: EditShape['op'];
  readonly path: string;
  /** Text that stood there when it was opened; null for an edit that came from elsewhere. */
  readonly original: string | null;
  readonly text: string;
  /** True for a value that did not stand there: set at a path that is not there yet, or appended. */
  readonly isNew: boolean;
}

let nextId = 1;

export const typedEdit = (path: string, original: string): TypedEdit => ({
  id: nextId++,
  op: 'set',
  path,
  original,
  text: original,
  isNew: false,
});

export const fromShape = (edit: EditShape): TypedEdit => ({
  id: nextId++,
  op: edit.op,
  path: edit.path,
  original: null,
  text: edit.op === 'remove' ? '' : edit.value,
  isNew: edit.op === 'append',
});

/** An edit that begins with nothing: a value to be typed, or a removal. */
export const newValue = (op: EditShape['op'], path: string): TypedEdit => ({
  id: nextId++,
  op,
  path,
  original: null,
  text: '',
  isNew: op !== 'remove',
});

/** True for an edit whose value is yet to be typed. */
export const isEmptyHanded = (edit: TypedEdit): boolean => edit.op !== 'remove' && edit.text === '';

/** True while the edit would change nothing: what stood there is still there. */
export const isUntouched = (edit: TypedEdit): boolean => edit.op === 'set' && edit.original === edit.text;

/** Why the text cannot be a value, in a sentence; null if it can. */
export function syntaxError(edit: TypedEdit): string | null {
  if (edit.op === 'remove' || parseJsonText(edit.text) !== null) return null;
  const bare = edit.text.trim();
  if (bare === '') return edit.isNew ? 'Type the new value as JSON.' : 'A value is missing.';
  if (/^[^[{"\d-]/.test(bare) && !/[\n:]/.test(bare)) return 'This is not JSON yet. A text stands in double quotes.';
  return 'This is not JSON yet.';
}

/** The edits as they are asked for; null while one of them cannot be read. Untouched ones are left out. */
export function toShapes(edits: readonly TypedEdit[]): EditShape[] | null {
  const shapes: EditShape[] = [];
  for (const edit of edits) {
    if (isUntouched(edit)) continue;
    if (syntaxError(edit) !== null) return null;
    if (edit.op === 'remove') shapes.push({ op: 'remove', path: edit.path });
    else shapes.push({ op: edit.op, path: edit.path, value: edit.text });
  }
  return shapes;
}
