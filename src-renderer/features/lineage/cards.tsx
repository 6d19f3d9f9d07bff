// What stands in the lineage as elements: cards of checkpoints, pills of folded runs, cards of folded sub-graphs, names of branches.

import { memo } from 'react';
import type { CSSProperties, ReactNode } from 'react';
import type { Node, NodeProps } from '@xyflow/react';
import { statusMark, statusWord } from '../../../shared/model/status.ts';
import type { DiffSummary } from '../../../shared/model/shapes.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import { counted } from '../../ui/format.ts';
import { useLineageState } from './lineage-state.ts';
import type { PointRow } from './lineage-state.ts';
import { nodeName } from './selected.ts';

export interface CardData extends Record<string, unknown> {
  readonly point: PointIndex;
  readonly last: PointIndex;
  readonly size: number;
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

const hueOf = (data: CardData): CSSProperties =>
  ({ '--c': data.hue < 0 ? 'var(--line2)' : `var(--b${data.hue}${data.current ? '' : 'd'})` }) as CSSProperties;

/** `messages +2 −1 · plan ~1` */
export function summaryText(summary: readonly DiffSummary[]): string {
  if (summary.length === 0) return 'no change';
  return summary
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

/** The second line of a card: why it stopped, else what it did to the state. */
function Line(props: { readonly row: PointRow }): ReactNode {
  const { checkpoint, summary } = props.row;
  const stopped = checkpoint.status !== 'idle' && checkpoint.status !== 'unknown';
  if (stopped && (checkpoint.note !== null || checkpoint.status !== 'terminal')) {
    return (
      <small
        className="status-mark"
        data-status={checkpoint.status}
        title={checkpoint.note ?? statusWord[checkpoint.status]}
      >
        {statusMark[checkpoint.status]} {checkpoint.note ?? statusWord[checkpoint.status]}
      </small>
    );
  }
  const text = summary === null ? '' : summaryText(summary);
  return (
    <small title={text}>
      {checkpoint.status === 'terminal' && <span title="finished">■ </span>}
      {text}
    </small>
  );
}

const PointCard = memo(function PointCard({ data }: NodeProps<CardNode>): ReactNode {
  const row = useLineageState((s) => s.rows.get(data.point));
  const flags = [
    'card',
    data.selected ? 'card-selected' : '',
    data.letter === 'B' ? 'card-compared' : '',
    data.current ? '' : 'card-off',
  ].join(' ');
  return (
    <div className={flags} style={hueOf(data)}>
      <b>
        <span className="ellipsis">{row === undefined ? '…' : nodeName(row.checkpoint)}</span>
        <i>
          {row?.checkpoint.step ?? ''}
          {data.letter !== null && <em> {data.letter}</em>}
        </i>
      </b>
      {row === undefined ? <small>&nbsp;</small> : <Line row={row} />}
    </div>
  );
});

/** The nodes that a folded run went through, as far as read: `model ⇄ tools`. */
function useFoldNames(first: PointIndex, last: PointIndex): string {
  return useLineageState((s) => {
    const next = s.branches?.next[first] ?? -1;
    const names = [first, next, last]
      .map((p) => s.rows.get(p))
      .flatMap((r) => (r === undefined ? [] : [nodeName(r.checkpoint)]));
    return [...new Set(names)].slice(0, 2).join(' ⇄ ');
  });
}

const FoldPill = memo(function FoldPill({ data }: NodeProps<CardNode>): ReactNode {
  const names = useFoldNames(data.point, data.last);
  return (
    <div className="pill" title={`${counted(data.size, 'step')}${names === '' ? '' : ` · ${names}`}: click to unfold`}>
      <span className="ellipsis">
        {counted(data.size, 'step')}
        {names !== '' && ` · ${names}`}
      </span>
    </div>
  );
});

const SubgraphCard = memo(function SubgraphCard({ data }: NodeProps<CardNode>): ReactNode {
  const row = useLineageState((s) => s.rows.get(data.last));
  return (
    <div className={`card card-subgraph ${data.current ? '' : 'card-off'}`} style={hueOf(data)} title="Click to unfold">
      <b>
        <span className="ellipsis">{data.name}</span>
        <i>sub-graph</i>
      </b>
      <small>
        {counted(data.size, 'step')}
        {row !== undefined && row.checkpoint.status !== 'idle' && ` · ${statusWord[row.checkpoint.status]}`}
      </small>
    </div>
  );
});

const BranchLabel = memo(function BranchLabel({ data }: NodeProps<CardNode>): ReactNode {
  return (
    <div
      className="branch-label"
      style={{ '--c': data.hue < 0 ? 'var(--dim)' : `var(--b${data.hue})` } as CSSProperties}
    >
      {data.name}
      {data.head && <span> · head</span>}
    </div>
  );
});

export const nodeTypes = { point: PointCard, fold: FoldPill, subgraph: SubgraphCard, branch: BranchLabel };
