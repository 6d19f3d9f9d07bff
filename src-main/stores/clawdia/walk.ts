// Every string and list of a JSON value, in place. Without recursion: a hostile value may be nested ten thousand levels deep.

import type { Cursor } from '../../values/cursor.ts';
import { textOf } from './decode.ts';

export interface Visited {
  readonly value: Cursor;
  /** Name of the member that it is, or that the list is in which it stands; null at the root. */
  readonly name: string | null;
  /** The object whose member it is; null inside a list. */
  readonly owner: Cursor | null;
}

/** Values without children, in no particular order. */
export function* walk(root: Cursor): Generator<Visited, void, void> {
  const waiting: Visited[] = [{ value: root, name: null, owner: null }];
  for (;;) {
    const at = waiting.pop();
    if (at === undefined) return;
    const { value, name } = at;
    if (value.kind === 'map') {
      for (let i = value.count - 1; i >= 0; i -= 1) {
        waiting.push({ value: value.child(i), name: textOf(value.key(i)), owner: value });
      }
    } else if (value.kind === 'list') {
      for (let i = value.count - 1; i >= 0; i -= 1) waiting.push({ value: value.child(i), name, owner: null });
    } else {
      yield at;
    }
  }
}
