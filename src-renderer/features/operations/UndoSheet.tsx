// The sheet of undo: which operation it takes back and what that removes or puts back, before anything is written.

import type { ReactNode } from 'react';
import type { Operation } from '../../../shared/model/shapes.ts';
import { useCall, useService } from '../../service/client.ts';
import type { ServiceClient } from '../../../shared/contract/service.ts';
import { useMessages } from '../../state/messages.ts';
import { useOperation } from '../../state/operation.ts';
import { useOpenStore } from '../../state/session.ts';
import { useView } from '../../state/view.ts';
import * as format from '../../ui/format.ts';
import { Sheet } from '../../ui/overlays.tsx';
import { ReadingLine } from '../inspector/ReadingLine.tsx';
import { newestFirst } from './log-order.ts';
import { rowsOf } from './moved.ts';
import { Moved, PlanError, Section, SheetButtons, Warnings, Written, planNote } from './PlanParts.tsx';
import { undoOperation } from './start.ts';
import { usePlan } from './use-plan.ts';

/** Undoing an undo is a redo, and says so. */
export const operationWord = (operation: Pick<Operation, 'operation'>): string =>
  operation.operation === 'undo' ? 'the undo' : `the ${operation.operation}`;

export function UndoSheet(props: { readonly store: string; readonly operationId: string | null }): ReactNode {
  const { store } = props;
  const client = useService();
  const open = useOpenStore();
  const log = useCall('operations.list', { store });
  const operation =
    props.operationId === null
      ? newestFirst(log.data ?? []).find((o) => o.undoable && !o.undone)
      : log.data?.find((o) => o.operationId === props.operationId);
  const planning = usePlan(store, { operation: 'undo', operationId: props.operationId });
  const { view } = planning;
  const close = (): void => useOperation.getState().close();
  const what = operation === undefined ? 'the last operation' : operationWord(operation);
  const files = open?.info.backend !== 'sqlite';
  const unit = files ? 'record' : 'row';
  const time = operation === undefined ? null : format.millisOf(operation.time);

  const commit = async (): Promise<void> => {
    const done = await planning.commit();
    if (done === null) return;
    close();
    await leaveWhatIsGone(client, store, done.plan.thread);
    const { operationId } = done.plan;
    useMessages
      .getState()
      .say(
        `Took back ${what}: ${format.counted(rowsOf(done), unit)} as before.`,
        operationId === null ? null : { label: 'Redo', perform: () => undoOperation(store, operationId) },
      );
  };

  return (
    <Sheet
      open
      title="Undo"
      heading={`Undo ${what}`}
      description="Every row and byte that it touched is put back as it was."
      onClose={() => {
        if (!planning.committing) close();
      }}
      note={planNote(planning, unit)}
      buttons={
        <SheetButtons
          planning={planning}
          ready
          words={view === null ? 'Commit' : `Commit undo · ${format.counted(rowsOf(view), unit)}`}
          onCancel={close}
          onCommit={() => void commit()}
        />
      }
    >
      <ReadingLine active={planning.slow} text="Working out what would be put back" />
      <Moved text={planning.moved} />
      {operation !== undefined && (
        <Section title="Which operation">
          <dl className="facts">
            <dt>operation</dt>
            <dd>{operation.operation}</dd>
            {operation.thread !== null && (
              <>
                <dt>thread</dt>
                <dd className="mono ellipsis">{operation.thread}</dd>
              </>
            )}
            <dt>when</dt>
            <dd>{time === null ? operation.time : format.exactTime(time)}</dd>
          </dl>
        </Section>
      )}
      {planning.error !== null && <PlanError error={planning.error} onRetry={planning.retry} />}
      {view !== null && (
        <>
          <Section title="What is put back">
            <Written view={view} files={files} />
          </Section>
          <Warnings warnings={view.plan.warnings} />
        </>
      )}
    </Sheet>
  );
}

/** The thread that is shown may be gone with the undo: then the one it came from is shown. */
async function leaveWhatIsGone(client: ServiceClient, store: string, from: string | null): Promise<void> {
  const view = useView.getState();
  if (view.store !== store || view.thread === null) return;
  try {
    const thread = await client.call('thread.get', { store, thread: view.thread });
    if (thread.checkpoints > 0) return;
  } catch {
    // Not found: it went with the undo.
  }
  view.showThread(from === view.thread ? null : from);
}
