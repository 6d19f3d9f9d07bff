// How the State tab is looked at (tree or conversation, searching or not), kept while one steps through checkpoints, and which value has the focus.

import { create } from 'zustand';
import type { OrdinalPath, ValueNode } from '../../../../shared/model/value-node.ts';

interface StatePane {
  readonly mode: { readonly kind: 'tree' | 'conversation'; readonly member: string | null };
  readonly finding: boolean;
  /** What was searched for, marked in the rows; `''` when nothing is. */
  readonly found: string;
}

export const useStatePane = create<StatePane>()(() => ({
  mode: { kind: 'tree', member: null },
  finding: false,
  found: '',
}));

/** The value that actions (edit, copy) mean. A plain cell: nothing is drawn from it. */
export const stateFocus: {
  current: { readonly at: OrdinalPath; readonly node: ValueNode; readonly key: string } | null;
} = {
  current: null,
};
