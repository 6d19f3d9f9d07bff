// What changed, per channel: "messages +2 ~1", then how many channels are equal.

import type { ReactNode } from 'react';
import { isPlumbing } from '../../../../shared/model/channels.ts';
import type { DiffSummary } from '../../../../shared/model/shapes.ts';
import * as format from '../../../ui/format.ts';

export function DiffSummaryChips(props: {
  readonly summary: readonly DiffSummary[];
  readonly equalChannels: number;
  /** With `onChoose` the chips are buttons that show one channel alone. */
  readonly chosen?: string | null;
  readonly onChoose?: (channel: string) => void;
}): ReactNode {
  const { onChoose } = props;
  return (
    <div className="summary-chips">
      {props.summary.map((s) => {
        const content = (
          <>
            {s.channel === '' ? 'the whole state' : s.channel}{' '}
            {s.added > 0 && <span className="sign-add">+{format.count(s.added)}</span>}{' '}
            {s.removed > 0 && <span className="sign-del">−{format.count(s.removed)}</span>}{' '}
            {s.changed > 0 && <span className="sign-chg">~{format.count(s.changed)}</span>}
          </>
        );
        return onChoose === undefined ? (
          <span key={s.channel} className={`summary-chip ${isPlumbing(s.channel) ? 'summary-quiet' : ''}`}>
            {content}
          </span>
        ) : (
          <button
            key={s.channel}
            type="button"
            className={`summary-chip ${isPlumbing(s.channel) ? 'summary-quiet' : ''}`}
            aria-pressed={props.chosen === s.channel}
            title={`Show only ${s.channel === '' ? 'the whole state' : s.channel}`}
            onClick={() => onChoose(s.channel)}
          >
            {content}
          </button>
        );
      })}
      {props.equalChannels > 0 && (
        <span className="summary-chip summary-equal">{format.counted(props.equalChannels, 'channel')} equal</span>
      )}
    </div>
  );
}
