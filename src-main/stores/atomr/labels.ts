// Labels of rows: what the runner wrote about why a row exists. They are never read by atomr itself; they are all that tells of a pause
// or of a fork. `after:<node>` exists in its code and is never written.

export type Label =
  /** A layer of the graph was done. */
  | { readonly kind: 'layer' }
  /** A step asked something; the row of the step before was replaced. */
  | { readonly kind: 'interrupt'; readonly node: string }
  /** A break point before a node; the row of the step before was replaced. */
  | { readonly kind: 'before'; readonly node: string }
  /** First row of a run that was made from another run's row of the same super step. */
  | { readonly kind: 'fork'; readonly run: string }
  /** State that a sub-graph was called with. */
  | { readonly kind: 'seed' }
  /** By hand: any text is accepted. */
  | { readonly kind: 'other' };

export const forkPrefix = 'fork-of:';

export function readLabel(label: string | null): Label {
  if (label === null) return { kind: 'other' };
  if (label.startsWith('layer:')) return { kind: 'layer' };
  if (label.startsWith('interrupt:')) return { kind: 'interrupt', node: label.slice('interrupt:'.length) };
  if (label.startsWith('before:')) return { kind: 'before', node: label.slice('before:'.length) };
  if (label.startsWith(forkPrefix)) return { kind: 'fork', run: label.slice(forkPrefix.length) };
  return { kind: label === 'subgraph-seed' ? 'seed' : 'other' };
}

export type Pause = Extract<Label, { readonly kind: 'interrupt' | 'before' }>;

export function isPause(label: Label): label is Pause {
  return label.kind === 'interrupt' || label.kind === 'before';
}

/** Channel in which a question is kept. It stays in the state of every later row: its presence does not mean that the run waits. */
export const payloadChannel = '__interrupt_payload__';
