// The sheet of the operation that was started (`state/operation.ts`), and the log of those that were done.

import { useEffect } from 'react';
import type { ReactNode } from 'react';
import type { ForkpointError } from '../../../shared/model/errors.ts';
import { useMessages } from '../../state/messages.ts';
import { useOperation } from '../../state/operation.ts';
import { Button } from '../../ui/controls.tsx';
import { Dialog } from '../../ui/overlays.tsx';
import { Boundary } from '../inspector/Boundary.tsx';
import { ForkSheet } from './ForkSheet.tsx';
import { ImportSheet } from './ImportSheet.tsx';
import { OperationsLog } from './OperationsLog.tsx';
import { ThreadSheet } from './ThreadSheet.tsx';
import { UndoSheet } from './UndoSheet.tsx';
import './operations.css';

export default function OperationSheet(): ReactNode {
  const start = useOperation((s) => s.start);
  // What was said before is behind the sheet now, and its Undo may be what the sheet is about.
  useEffect(() => {
    if (start !== null) useMessages.setState((s) => ({ messages: s.messages.filter((m) => m.kind === 'error') }));
  }, [start]);
  return (
    <>
      <Boundary of={start} fallback={brokenSheet}>
        {start !== null && (start.operation === 'fork' || start.operation === 'edit') && <ForkSheet start={start} />}
        {start?.operation === 'undo' && <UndoSheet store={start.store} operationId={start.operationId} />}
        {(start?.operation === 'copy' || start?.operation === 'rename' || start?.operation === 'delete') && (
          <ThreadSheet operation={start.operation} store={start.store} thread={start.thread} />
        )}
        {start?.operation === 'import' && <ImportSheet store={start.store} file={start.file} />}
      </Boundary>
      <Boundary of={null} fallback={nothing}>
        <OperationsLog />
      </Boundary>
    </>
  );
}

const brokenSheet = (error: ForkpointError, retry: () => void): ReactNode => <Broken error={error} onRetry={retry} />;
const nothing = (): ReactNode => null;

/** A sheet that broke is a question in its place: the window behind it goes on. */
function Broken(props: { readonly error: ForkpointError; readonly onRetry: () => void }): ReactNode {
  const close = (): void => useOperation.getState().close();
  return (
    <Dialog
      open
      title="This sheet broke"
      description="Nothing was written by it."
      onClose={close}
      buttons={
        <>
          <Button onClick={close}>Close</Button>
          <Button onClick={props.onRetry}>Show it again</Button>
        </>
      }
    >
      {props.error.message} {props.error.hint}
    </Dialog>
  );
}
