// The ways an operation begins: from an action, a row of the tree, a message. Nothing is planned here; the sheet does that.

import { useOperation, type ThreadOperation } from '../../state/operation.ts';

/** Opens the sheet with the value at `path` in the editor. */
export function editValue(store: string, key: string, path: string): void {
  useOperation.getState().open({ operation: 'edit', store, key, edits: [], path });
}

/** Opens the sheet with the value at `path` removed, or an item to be typed at the end of it. */
export function removeValue(store: string, key: string, path: string): void {
  useOperation.getState().open({ operation: 'edit', store, key, edits: [{ op: 'remove', path }] });
}

export function appendTo(store: string, key: string, path: string): void {
  useOperation.getState().open({ operation: 'edit', store, key, edits: [{ op: 'append', path, value: '' }] });
}

export function forkFrom(store: string, key: string): void {
  useOperation.getState().open({ operation: 'fork', store, key, edits: [] });
}

export function changeThread(operation: ThreadOperation, store: string, thread: string): void {
  useOperation.getState().open({ operation, store, thread });
}

/** A null id is the last operation. */
export function undoOperation(store: string, operationId: string | null): void {
  useOperation.getState().open({ operation: 'undo', store, operationId });
}
