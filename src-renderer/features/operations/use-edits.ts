// The edits of a sheet while they are typed: opened from what is stored, changed, dropped; one of them in the editor at a time.

import { useCallback, useEffect, useRef, useState } from 'react';
import type { EditShape } from '../../../shared/contract/methods.ts';
import { ForkpointError, asForkpointError } from '../../../shared/model/errors.ts';
import { useService } from '../../service/client.ts';
import * as format from '../../ui/format.ts';
import { fromShape, isEmptyHanded, newValue, typedEdit } from './edits.ts';
import type { TypedEdit } from './edits.ts';

/** The editor takes values up to this size; larger ones are edited piece by piece. */
const largestEdit = 1_000_000;

export interface Edits {
  readonly edits: readonly TypedEdit[];
  /** Id of the edit whose editor is open. */
  readonly open: number | null;
  /** Why the last value could not be opened. */
  readonly error: ForkpointError | null;
  /** Opens the value at `path`; with `create` a value that is not there begins empty. */
  readonly add: (op: EditShape['op'], path: string, create: boolean) => void;
  readonly show: (id: number) => void;
  readonly type: (id: number, text: string) => void;
  readonly drop: (id: number) => void;
  readonly change: (one: (edit: TypedEdit) => TypedEdit) => void;
}

export function useEdits(
  store: string,
  key: string,
  begin: { readonly edits: readonly EditShape[]; readonly path?: string },
): Edits {
  const client = useService();
  const [edits, setEdits] = useState<readonly TypedEdit[]>(() => begin.edits.map(fromShape));
  const [open, setOpen] = useState<number | null>(() => edits.find(isEmptyHanded)?.id ?? null);
  const [error, setError] = useState<ForkpointError | null>(null);

  const put = useCallback((edit: TypedEdit) => {
    setEdits((all) => [...all, edit]);
    if (edit.op !== 'remove') setOpen(edit.id);
  }, []);

  const set = useCallback(
    async (path: string, create: boolean): Promise<void> => {
      try {
        const at = await client.call('state.resolve', { store, key, applied: false, path });
        if (at === null) {
          if (create) return put(newValue('set', path));
          throw new ForkpointError(
            'not_found',
            `${path} is not stored at this checkpoint, so it cannot be edited here. Nothing was changed.`,
            'Look at the state as it is stored, or edit the checkpoint that holds it.',
          );
        }
        const { value, bytes } = await client.call('state.value', {
          store,
          key,
          applied: false,
          path: at,
          limit: largestEdit,
          indent: 2,
        });
        if (value === null) {
          throw new ForkpointError(
            'unable',
            `${path} is ${format.bytes(bytes)}; the editor takes values up to 1 MB. Nothing was changed.`,
            'Edit a value inside it.',
          );
        }
        put(typedEdit(path, value));
      } catch (thrown) {
        setError(asForkpointError(thrown));
      }
    },
    [client, store, key, put],
  );

  const add = useCallback(
    (op: EditShape['op'], path: string, create: boolean): void => {
      setError(null);
      if (op === 'set') void set(path, create);
      else put(newValue(op, path));
    },
    [set, put],
  );

  const began = useRef(false);
  const { path } = begin;
  useEffect(() => {
    if (began.current || path === undefined) return;
    began.current = true;
    add('set', path, false);
  }, [add, path]);

  const change = (one: (edit: TypedEdit) => TypedEdit): void => setEdits((all) => all.map(one));
  return {
    edits,
    open,
    error,
    add,
    show: setOpen,
    type: (id, text) => change((e) => (e.id === id ? { ...e, text } : e)),
    drop: (id) => setEdits((all) => all.filter((e) => e.id !== id)),
    change,
  };
}
