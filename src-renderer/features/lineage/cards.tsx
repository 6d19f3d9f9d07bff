// What stands in the lineage as elements: cards of checkpoints, pills of folded runs, cards of folded sub-graphs, names of branches.

import { memo } from 'react';
import type { ReactNode } from 'react';
import type { Node, NodeProps } from '@xyflow/react';
import { isPlumbing } from '../../../shared/model/channels.ts';
import { statusMark, statusWord } from '../../../shared/model/status.ts';
import type { Status } from '../../../shared/model/status.ts';
import type { DiffSummary } from '../../../shared/model/shapes.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import { counted } from '../../ui/format.ts';
import { useLineageState } from './lineage-state.ts';
import type { LineageState, PointRow } from './lineage-state.ts';
import { nodeName, nodeOrSource, stepNumber } from './selected.ts';

export interface CardData extends Record<string, unknown> {
  readonly point: PointIndex;
  readonly last: PointIndex;
  readonly size: number;
  /** Of a fold: how many steps its opening shows. */
  readonly piece: number;
  /** -1 for sub-graphs. */
  readonly hue: number;
  /** On the way that leads to the selected point's branch. */
  readonly current: boolean;
  readonly selected: boolean;
  /** A and B while two are compared. */
  readonly letter: 'A' | 'B' | null;
  readonly name: string;
  readonly head: boolean;
}
export type CardNode = Node<CardData, 'point' | 'fold' | 'subgraph' | 'branch'>;

/** Routing, and the channel or node by which the input enters: where something else can be told, they tell nothing of the run. */
const isFrameworks = (name: string): boolean => isPlumbing(name) || name === '__start__';

/**
 * `messages +2 −1 · plan ~1`: the channels of the graph's own author. Where only the framework's own changed, in words; the diff names them.
 */
export function summaryText(summary: readonly DiffSummary[]): string {
  const own = summary.filter((s) => !isFrameworks(s.channel));
  if (own.length === 0) {
    if (summary.length === 0) return 'no change';
    return summary.some((s) => s.channel === '__start__' && s.added > 0) ? 'holds the input' : 'routing only';
  }
  return own
    .map((s) => {
      const parts = [
        s.added > 0 ? `+${s.added}` : '',
        s.removed > 0 ? `−${s.removed}` : '',
        s.changed > 0 ? `~${s.changed}` : '',
      ];
      return `${s.channel} ${parts.filter((p) => p !== '').join(' ')}`;
    })
    .join(' · ');
}

/**
 * The second line of a card: why it stopped, else what the format notes about it, else what it did to the state; where no state is
 * kept, what wrote it. `status` is null where it needs no colour.
 */
export function cardLine(row: PointRow): { readonly text: string; readonly status: Status | null } {
  const { checkpoint, summary } = row;
  const { status, note } = checkpoint;
  const stopped = status !== 'idle' && status !== 'unknown';
  if (stopped && (note !== null || status !== 'terminal')) {
    return { text: `${statusMark[status]} ${note ?? statusWord[status]}`, status };
  }
  const source = checkpoint.node.length > 0 ? checkpoint.source : null;
  const text = note ?? (summary === null ? (source ?? '') : summaryText(summary));
  return { text: status === 'terminal' ? `${statusMark[status]} ${text}` : text, status: null };
}

export const stepText = (row: PointRow): string =>
  row.checkpoint.step === null ? '' : stepNumber(row.checkpoint.step);

// React Flow's own element carries the frame (see `classOf`): each element counts while panning.
const PointCard = memo(function PointCard({ data }: NodeProps<CardNode>): ReactNode {
  const row = useLineageState((s) => s.rows.get(data.point));
  const line = row === undefined ? null : cardLine(row);
  return (
    <>
      <b>{row === undefined ? '…' : nodeName(row.checkpoint)}</b>
      <i>
        {row === undefined ? '' : stepText(row)}
        {data.letter !== null && ` ${data.letter}`}
      </i>
      <small data-status={line?.status ?? undefined} title={line?.text}>
        {line?.text ?? ''}
      </small>
    </>
  );
});

/** The nodes that a folded run went through, as far as read: `model ⇄ tools`. */
export function foldNames(s: Pick<LineageState, 'branches' | 'rows'>, first: PointIndex, last: PointIndex): string {
  const next = s.branches?.next[first] ?? -1;
  const names = new Set(
    [first, next, last].flatMap((p) => {
      const row = s.rows.get(p);
      return row === undefined ? [] : (nodeOrSource(row.checkpoint) ?? []);
    }),
  );
  // A framework's own node (`__start__`) tells nothing of the run.
  const own = [...names].filter((name) => !isFrameworks(name));
  return (own.length > 0 ? own : [...names]).slice(0, 2).join(' ⇄ ');
}

const FoldPill = memo(function FoldPill({ data }: NodeProps<CardNode>): ReactNode {
  const names = useLineageState((s) => foldNames(s, data.point, data.last));
  const text = `${counted(data.size, 'step')}${names === '' ? '' : ` · ${names}`}`;
  const opening = data.piece < data.size ? `the first ${data.piece} of them` : 'them';
  return <span title={`${text}: click to show ${opening}`}>{text}</span>;
});

const SubgraphCard = memo(function SubgraphCard({ data }: NodeProps<CardNode>): ReactNode {
  const row = useLineageState((s) => s.rows.get(data.last));
  return (
    <>
      <b>{data.name}</b>
      <i>sub-graph</i>
      <small title="Click to unfold">
        {counted(data.size, 'step')}
        {row !== undefined && row.checkpoint.status !== 'idle' && ` · ${statusWord[row.checkpoint.status]}`}
      </small>
    </>
  );
});

const BranchLabel = memo(function BranchLabel({ data }: NodeProps<CardNode>): ReactNode {
  return `${data.name}${data.head ? ' · head' : ''}`;
});

export const nodeTypes = { point: PointCard, fold: FoldPill, subgraph: SubgraphCard, branch: BranchLabel };
