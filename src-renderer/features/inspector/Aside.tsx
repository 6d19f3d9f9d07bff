// Facts beside the tabs: the checkpoint, where its bytes are, what is pending.

import type { ReactNode } from 'react';
import type { Result } from '../../../shared/contract/methods.ts';
import { parseKey } from '../../../shared/model/key.ts';
import { statusMark, statusWord } from '../../../shared/model/status.ts';
import { useView } from '../../state/view.ts';
import { Button } from '../../ui/controls.tsx';
import * as format from '../../ui/format.ts';
import { byUrgency, counted, questionLine } from './pending/tasks.ts';
import { useCopy } from './ResumeCode.tsx';
import { stepName } from '../lineage/selected.ts';
import { Sentence } from './Sentence.tsx';
import { stepAndNode } from './selected.ts';
import type { SelectedRows } from './selected.ts';

export function Aside(props: {
  readonly checkpoint: string;
  readonly rows: SelectedRows | null;
  readonly about: Result<'state.about'> | null;
  readonly pending: Result<'pending.get'> | null;
}): ReactNode {
  return (
    <aside className="aside" aria-label="About this checkpoint">
      <Facts checkpoint={props.checkpoint} rows={props.rows} next={props.pending?.next ?? null} />
      <Bytes about={props.about} />
      <PendingBrief pending={props.pending} />
    </aside>
  );
}

function Facts(props: {
  readonly checkpoint: string;
  readonly rows: SelectedRows | null;
  /** What is left to run as far as it was read: tasks that have finished are not next any more. */
  readonly next: readonly string[] | null;
}): ReactNode {
  const copy = useCopy();
  const row = props.rows?.checkpoint?.checkpoint ?? null;
  const parent = props.rows?.parent?.checkpoint ?? null;
  const id = parseKey(props.checkpoint)?.id ?? props.checkpoint;
  const time = format.millisOf(row?.time ?? null);
  const next = props.next ?? row?.next ?? [];
  const parentTime = format.millisOf(parent?.time ?? null);
  return (
    <section>
      <h3 className="section-label">Checkpoint</h3>
      <dl className="facts">
        <dt>id</dt>
        <dd>
          <button
            type="button"
            className="mono ellipsis fact-id"
            title={`${id}\nPress to copy`}
            onClick={() => copy(id, 'Copied the checkpoint’s id.')}
          >
            {id}
          </button>
        </dd>
        <dt>step · node</dt>
        <dd className="ellipsis">{row === null ? '–' : stepAndNode(row).replace(/^step /, '')}</dd>
        <dt>time</dt>
        <dd className="ellipsis" title={time === null ? undefined : format.exactTime(time)}>
          {time === null ? '–' : format.clockTime(time)}{' '}
          {time !== null && parentTime !== null && <span className="faint">{format.elapsed(time - parentTime)}</span>}
        </dd>
        <dt>parent</dt>
        <dd>
          {row?.parent != null ? (
            <button type="button" className="link" onClick={() => useView.getState().showCheckpoint(row.parent)}>
              {parent === null ? (parseKey(row.parent)?.id ?? row.parent) : stepName(parent)}
            </button>
          ) : row?.missingParent != null ? (
            <span title={row.missingParent}>not in this store</span>
          ) : row?.parentThread != null ? (
            <button type="button" className="link" onClick={() => useView.getState().showThread(row.parentThread)}>
              in {row.parentThread}
            </button>
          ) : (
            <span className="faint">none: the thread begins here</span>
          )}
          {row?.parentKind === 'inferred' && (
            <small className="fact-reason faint selectable">
              inferred
              {row.parentReason !== null && (
                <>
                  : <Sentence text={row.parentReason} />
                </>
              )}
            </small>
          )}
        </dd>
        <dt>next</dt>
        <dd className="ellipsis" data-status={row?.status}>
          {next.length > 0 && `${counted(next)} `}
          {row !== null && (
            <span className="status-mark">
              {statusMark[row.status]} {statusWord[row.status]}
            </span>
          )}
        </dd>
        {row?.source != null && (
          <>
            <dt>written by</dt>
            <dd className="ellipsis">{row.source}</dd>
          </>
        )}
        {row?.agent !== undefined && (
          <>
            <dt>agent</dt>
            <dd className="ellipsis" title={row.agent}>
              {row.agent}
            </dd>
          </>
        )}
        {row !== null && row.namespace !== '' && (
          <>
            <dt>namespace</dt>
            <dd className="mono ellipsis" title={row.namespace}>
              {row.namespace}
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

/** More members than this are summed up in the last line. */
const mostShares = 6;

function Bytes(props: { readonly about: Result<'state.about'> | null }): ReactNode {
  const { about } = props;
  if (about === null || about.shares.length === 0) return null;
  const shown = about.shares.slice(0, mostShares);
  const rest = about.shares.slice(mostShares);
  const restBytes = rest.reduce((n, s) => n + s.bytes, 0);
  const largest = Math.max(1, ...shown.map((s) => s.bytes));
  return (
    <section>
      <h3 className="section-label">
        Where the bytes are · <span className="unit">{format.bytes(about.bytes)}</span>
      </h3>
      <div className="shares">
        {shown.map((share) => (
          <div className="share" key={share.member}>
            <span className="ellipsis" title={share.member}>
              {share.member}
            </span>
            <span className="share-track" aria-hidden="true">
              <span className="share-bar" style={{ width: `${Math.max(0.6, (100 * share.bytes) / largest)}%` }} />
            </span>
            <span className="share-bytes">{format.bytes(share.bytes)}</span>
          </div>
        ))}
        {rest.length > 0 && (
          <div className="share">
            <span className="faint">{format.count(rest.length)} more</span>
            <span />
            <span className="share-bytes">{format.bytes(restBytes)}</span>
          </div>
        )}
      </div>
    </section>
  );
}

function PendingBrief(props: { readonly pending: Result<'pending.get'> | null }): ReactNode {
  const copy = useCopy();
  const { pending } = props;
  if (pending === null || (pending.tasks.length === 0 && pending.resume === null)) return null;
  const { resume } = pending;
  return (
    <section>
      <h3 className="section-label">Pending</h3>
      {byUrgency(pending.tasks)
        .slice(0, 3)
        .map((task, i) => {
          const asks = task.interrupts[0]?.value;
          const state = task.error !== null ? 'failed' : task.interrupts.length > 0 ? 'interrupted' : 'idle';
          return (
            // oxlint-disable-next-line react/no-array-index-key -- task ids may be missing
            <div key={i} className="pending-brief" data-status={state}>
              <span className="status-mark" aria-hidden="true">
                {statusMark[state]}
              </span>{' '}
              <b>{task.name ?? 'task'}</b>{' '}
              {asks != null && (
                <>
                  asks: <i>{questionLine(asks)}</i>
                </>
              )}
              {task.error !== null && <>failed: {questionLine(task.error)}</>}
              {asks == null && task.error === null && (
                <span className="dim">{task.writes.length > 0 ? 'has finished' : 'is next'}</span>
              )}
            </div>
          );
        })}
      {pending.tasks.length > 3 && <div className="faint">and {format.count(pending.tasks.length - 3)} more</div>}
      {resume !== null && (
        <Button onClick={() => copy(resume.code, 'Copied the resume code.')} title={resume.code}>
          Copy resume code
        </Button>
      )}
    </section>
  );
}
