// Actions as objects: the keyboard, the palette and the menus are all drawn from one list, so that they cannot disagree.

export interface Action {
  /** Stable name, as `lineage.next`. */
  readonly id: string;
  /** What people read: "Next step". */
  readonly label: string;
  readonly group: 'Go' | 'View' | 'Lineage' | 'State' | 'Change' | 'Store' | 'Help';
  /**
   * Keys, the first is shown. Parts joined by `+`, `Mod` is Ctrl (Cmd on a Mac): `Mod+k`, `Shift+ArrowLeft`, `e`.
   * A shortcut without Mod does nothing while a text field has the focus.
   */
  readonly shortcut?: readonly string[];
  /** A key only: another action of the same meaning stands in the palette. */
  readonly hidden?: boolean;
  /** Whether it can be done now; asked each time. What cannot be done is not shown. */
  readonly when?: () => boolean;
  readonly perform: () => void | Promise<void>;
}

const lists = new Map<string, readonly Action[]>();
const listeners = new Set<() => void>();

/** A feature's actions, under its name; registering again replaces them. Returns the way to take them out. */
export function registerActions(feature: string, actions: readonly Action[]): () => void {
  lists.set(feature, actions);
  for (const listener of listeners) listener();
  return () => {
    if (lists.get(feature) !== actions) return;
    lists.delete(feature);
    for (const listener of listeners) listener();
  };
}

/** Calls when actions come or go (not when only what is possible changes). Returns the stop function. */
export function onActionsChanged(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const allActions = (): readonly Action[] => [...lists.values()].flat();

/** What can be done now. */
export const possibleActions = (): readonly Action[] => allActions().filter((a) => a.when?.() ?? true);

export const actionById = (id: string): Action | undefined => allActions().find((a) => a.id === id);
