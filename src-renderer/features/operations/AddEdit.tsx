// The way to an edit by its path: set a value (also one that is not there yet), append to a list, remove.

import { useState } from 'react';
import type { ReactNode } from 'react';
import type { EditShape } from '../../../shared/contract/methods.ts';
import { Button } from '../../ui/controls.tsx';

const words: Readonly<Record<EditShape['op'], string>> = { set: 'Set', append: 'Append to', remove: 'Remove' };
const ops = ['set', 'append', 'remove'] as const;

export function AddEdit(props: {
  readonly first: boolean;
  readonly onAdd: (op: EditShape['op'], path: string) => void;
}): ReactNode {
  const [open, setOpen] = useState(false);
  const [op, setOp] = useState<EditShape['op']>('set');
  const [path, setPath] = useState('');
  if (!open) {
    return (
      <button type="button" className="link add-edit" onClick={() => setOpen(true)}>
        {props.first ? 'Edit a value…' : 'Edit another value…'}
      </button>
    );
  }
  return (
    <form
      className="add-edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (path.trim() === '') return;
        props.onAdd(op, path.trim());
        setPath('');
        setOpen(false);
      }}
    >
      <select
        className="field"
        aria-label="Kind of edit"
        value={op}
        onChange={(event) => setOp(ops.find((o) => o === event.target.value) ?? 'set')}
      >
        {ops.map((o) => (
          <option key={o} value={o}>
            {words[o]}
          </option>
        ))}
      </select>
      <input
        className="field mono"
        type="text"
        autoFocus
        aria-label="Path of the value"
        placeholder="plan, orders[0].price, messages[-1].content"
        spellCheck={false}
        value={path}
        onChange={(event) => setPath(event.target.value)}
      />
      <Button type="submit" disabled={path.trim() === ''}>
        {words[op]}
      </Button>
      <Button look="quiet" onClick={() => setOpen(false)}>
        Close
      </Button>
    </form>
  );
}
