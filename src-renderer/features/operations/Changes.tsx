// What typed edits change in the state, in the sheet's own width.

import type { ReactNode } from 'react';
import type { PlanView } from '../../../shared/contract/methods.ts';
import * as format from '../../ui/format.ts';
import { DiffCard } from '../inspector/diff/DiffCard.tsx';
import { DiffSummaryChips } from '../inspector/diff/DiffSummaryChips.tsx';
import { Section } from './PlanParts.tsx';

/** Rows of a preview that are drawn; the rest is in the Diff tab after the commit. */
const mostRows = 40;

export function Changes(props: { readonly diff: NonNullable<PlanView['diff']>; readonly store: string }): ReactNode {
  const { diff } = props;
  const shown = diff.rows.slice(0, mostRows);
  return (
    <Section title="What changes in the state">
      {diff.summary.length > 1 && <DiffSummaryChips summary={diff.summary} equalChannels={0} />}
      <div className="sheet-diff">
        {shown.map((row, i) => (
          // oxlint-disable-next-line react/no-array-index-key -- a path may change twice in one plan
          <DiffCard key={`${row.pointer} ${i}`} row={row} store={props.store} before={null} after={null} />
        ))}
      </div>
      {diff.total > shown.length && (
        <p className="dim">and {format.counted(diff.total - shown.length, 'more change')}</p>
      )}
    </Section>
  );
}
