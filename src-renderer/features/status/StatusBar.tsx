// What is selected, exactly; how long the last read took; what was done to this store, with undo.

import type { ReactNode } from 'react';
import { useHost } from '../../host/host.ts';
import { useCall, useConnection, useRevision } from '../../service/client.ts';
import { useMessages } from '../../state/messages.ts';
import { newestFirst } from '../operations/log-order.ts';
import { useOperationsLog } from '../operations/operations-log-state.ts';
import { useOperation } from '../../state/operation.ts';
import { useReads } from '../../state/reads.ts';
import { useView } from '../../state/view.ts';
import { counted, bytes, clockTime, exactTime, millisOf } from '../../ui/format.ts';
import { nodeOrSource, stepName, useSelected } from '../lineage/selected.ts';
import './status.css';

export function StatusBar(): ReactNode {
  const key = useView((v) => v.checkpoint);
  const host = useHost();
  const selected = useSelected();
  const read = useReads((s) => s.last);
  const connection = useConnection();
  const { say, sayError } = useMessages.getState();
  const time = millisOf(selected?.time ?? null);
  return (
    <div className="statusbar" role="region" aria-label="Status">
      {key !== null && (
        <button
          type="button"
          className="statusbar-key mono ellipsis"
          title="Copy this key"
          onClick={() => {
            host.copy(key).then(() => say('Copied the key of this checkpoint.'), sayError);
          }}
        >
          {key}
        </button>
      )}
      {selected !== null && (
        <>
          {(selected.step !== null || nodeOrSource(selected) !== null) && <span>{stepName(selected)}</span>}
          {time !== null && <time title={exactTime(time)}>{clockTime(time)}</time>}
          {selected.bytes !== null && <span>{bytes(selected.bytes)}</span>}
        </>
      )}
      <span className="statusbar-space" />
      {!connection.connected && <span className="statusbar-lost">not connected</span>}
      {read !== null && <span className="statusbar-read">read in {read} ms</span>}
      <Operations />
    </div>
  );
}

function Operations(): ReactNode {
  const store = useView((v) => v.store);
  const revision = useRevision(store, null);
  const { data } = useCall('operations.list', store === null ? null : { store }, { revision });
  const standing = newestFirst(data ?? []).filter((o) => !o.undone);
  const last = standing.find((o) => o.undoable);
  if (store === null || standing.length === 0) return null;
  return (
    <span>
      <button
        type="button"
        className="statusbar-operations"
        title="Show what was written to this store"
        onClick={() => useOperationsLog.setState({ open: true })}
      >
        {counted(standing.length, 'operation')}
      </button>
      {last !== undefined && (
        <>
          ,{' '}
          <button
            type="button"
            className="link"
            title={`Undo: ${last.operation}${last.thread === null ? '' : ` of ${last.thread}`}`}
            onClick={() => useOperation.getState().open({ operation: 'undo', store, operationId: last.operationId })}
          >
            undo last
          </button>
        </>
      )}
    </span>
  );
}
