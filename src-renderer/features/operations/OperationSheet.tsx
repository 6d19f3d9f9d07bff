// The sheet of the operation that was started (`state/operation.ts`), and the log of those that were done.

import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { registerActions } from '../../actions/action.ts';
import { useHost } from '../../host/host.ts';
import { useService } from '../../service/client.ts';
import { useMessages } from '../../state/messages.ts';
import { useOperation } from '../../state/operation.ts';
import { ForkSheet } from './ForkSheet.tsx';
import { ImportSheet } from './ImportSheet.tsx';
import { operationActions } from './operation-actions.ts';
import { OperationsLog } from './OperationsLog.tsx';
import { UndoSheet } from './UndoSheet.tsx';
import './operations.css';

export default function OperationSheet(): ReactNode {
  const start = useOperation((s) => s.start);
  const client = useService();
  const host = useHost();
  // What was said before is behind the sheet now, and its Undo may be what the sheet is about.
  useEffect(() => {
    if (start !== null) useMessages.setState((s) => ({ messages: s.messages.filter((m) => m.kind === 'error') }));
  }, [start]);
  useEffect(() => registerActions('operations', operationActions(client, host)), [client, host]);
  return (
    <>
      {start !== null && (start.operation === 'fork' || start.operation === 'edit') && <ForkSheet start={start} />}
      {start?.operation === 'undo' && <UndoSheet store={start.store} operationId={start.operationId} />}
      {start?.operation === 'import' && <ImportSheet store={start.store} file={start.file} />}
      <OperationsLog />
    </>
  );
}
