// The log of operations on the open store, newest first, each with Undo while it can be taken back.

import type { ReactNode } from 'react';
import { useCall, useRevision } from '../../service/client.ts';
import { useNow } from '../../state/clock.ts';
import { useView } from '../../state/view.ts';
import { Button, EmptyState, ProgressLine } from '../../ui/controls.tsx';
import * as format from '../../ui/format.ts';
import { Dialog } from '../../ui/overlays.tsx';
import { Sentence } from '../inspector/Sentence.tsx';
import { newestFirst } from './log-order.ts';
import { useOperationsLog } from './operations-log-state.ts';
import { undoOperation } from './start.ts';

export function OperationsLog(): ReactNode {
  const open = useOperationsLog((s) => s.open);
  const store = useView((v) => v.store);
  if (!open || store === null) return null;
  return <Log store={store} />;
}

function Log(props: { readonly store: string }): ReactNode {
  const { store } = props;
  const revision = useRevision(store, null);
  const log = useCall('operations.list', { store }, { revision });
  const close = (): void => useOperationsLog.setState({ open: false });
  const now = useNow();
  return (
    <Dialog
      open
      title="Operations"
      description="What Forkpoint has written to this store. Undo shows first what it puts back."
      onClose={close}
      buttons={<Button onClick={close}>Close</Button>}
    >
      <ProgressLine active={log.slow} />
      {log.error !== null && <div className="block-error">{log.error.message}</div>}
      {log.data?.length === 0 && (
        <EmptyState small title="Nothing was written">
          Forks, edits and imports are listed here, and can be taken back.
        </EmptyState>
      )}
      <ul className="log-list" aria-label="Operations">
        {newestFirst(log.data ?? []).map((o) => {
          const time = format.millisOf(o.time);
          const rows = o.counts.insert + o.counts.update + o.counts.delete;
          return (
            <li key={o.operationId} className={`log-row ${o.undone ? 'log-undone' : ''}`}>
              <div className="log-main">
                <b>{o.operation}</b> {o.thread !== null && <span className="mono ellipsis">{o.thread}</span>}
              </div>
              <div className="log-facts faint" title={time === null ? o.time : format.exactTime(time)}>
                {time === null ? o.time : format.ago(time, now)} · {format.counted(rows, 'row')} ·{' '}
                {format.bytes(o.counts.bytes)}
                {o.undone && ' · undone'}
                {!o.undone && o.reason !== null && (
                  <>
                    {' '}
                    · <Sentence text={o.reason} />
                  </>
                )}
              </div>
              <Button
                disabled={!o.undoable}
                title={o.reason ?? undefined}
                aria-label={`Undo ${o.operation}${o.thread === null ? '' : ` of ${o.thread}`}`}
                onClick={() => {
                  close();
                  undoOperation(store, o.operationId);
                }}
              >
                Undo
              </Button>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}
