// The sheet of an operation over a whole thread: copy, rename, delete. What is written and what goes is seen before anything is.

import { useState } from 'react';
import type { ReactNode } from 'react';
import type { OperationArgs, PlanView } from '../../../shared/contract/methods.ts';
import { useCall } from '../../service/client.ts';
import { useMessages } from '../../state/messages.ts';
import { useOperation, type ThreadOperation } from '../../state/operation.ts';
import { useOpenStore, useSession } from '../../state/session.ts';
import { useView } from '../../state/view.ts';
import * as format from '../../ui/format.ts';
import { Sheet } from '../../ui/overlays.tsx';
import { ReadingLine } from '../inspector/ReadingLine.tsx';
import { rowsOf } from './moved.ts';
import { Moved, PlanError, Section, SheetButtons, Then, Warnings, Written, planNote } from './PlanParts.tsx';
import { undoOperation } from './start.ts';
import { usePlan } from './use-plan.ts';

interface Words {
  readonly title: string;
  readonly heading: string;
  readonly description: string;
  readonly written: string;
  readonly done: string;
}

const words: Readonly<Record<ThreadOperation, Words>> = {
  copy: {
    title: 'Copy',
    heading: 'Copy a thread',
    description: 'Nothing is written until Commit. Undo stays possible afterwards.',
    written: 'What is written',
    done: 'Copied',
  },
  rename: {
    title: 'Rename',
    heading: 'Rename a thread',
    description: 'Nothing is written until Commit. Undo stays possible afterwards.',
    written: 'What is written, and what goes',
    done: 'Renamed',
  },
  delete: {
    title: 'Delete',
    heading: 'Delete a thread',
    description: 'Nothing is removed until Commit. Undo puts every row and byte back.',
    written: 'What goes',
    done: 'Deleted',
  },
};

export function ThreadSheet(props: {
  readonly operation: ThreadOperation;
  readonly store: string;
  readonly thread: string;
}): ReactNode {
  const { operation, store, thread } = props;
  const own = useOpenStore();
  const stores = useSession((s) => s.stores);
  const others = stores.filter(
    (o) =>
      o.store !== store &&
      o.info.format === own?.info.format &&
      o.info.writable &&
      o.info.capabilities.includes('import'),
  );
  const [into, setInto] = useState('');
  const [to, setTo] = useState<string | null>(null);
  const facts = useCall('thread.get', { store, thread }).data;
  const planning = usePlan(store, argsOf(operation, thread, into, to));
  const { view } = planning;
  const target = stores.find((o) => o.store === (to ?? store)) ?? own;
  const files = target?.info.backend !== 'sqlite';
  const unit = files ? 'record' : 'row';
  const close = (): void => useOperation.getState().close();
  const say = words[operation];

  const commit = async (): Promise<void> => {
    const done = await planning.commit();
    if (done === null) return;
    close();
    if (to === null) follow(operation, thread, done);
    const { operationId } = done.plan;
    const name = done.plan.target?.thread ?? thread;
    const where = to === null ? '' : ` in ${target?.info.path.split(/[/\\]/).at(-1) ?? 'the other store'}`;
    useMessages
      .getState()
      .say(
        `${say.done} ${operation === 'delete' ? thread : `${thread} → ${name}${where}`}: ${format.counted(rowsOf(done), unit)}.`,
        operationId === null ? null : { label: 'Undo', perform: () => undoOperation(to ?? store, operationId) },
      );
  };

  return (
    <Sheet
      open
      title={say.title}
      heading={say.heading}
      description={say.description}
      onClose={() => {
        if (!planning.committing) close();
      }}
      note={planNote(planning, unit)}
      buttons={
        <SheetButtons
          planning={planning}
          ready={planning.asked}
          words={view === null ? 'Commit' : `Commit ${operation} · ${format.counted(rowsOf(view), unit)}`}
          onCancel={close}
          onCommit={() => void commit()}
        />
      }
    >
      <ReadingLine active={planning.slow} text="Working out what this does" />
      <Moved text={planning.moved} />
      <Section title="Which thread">
        <dl className="facts">
          <dt>thread</dt>
          <dd className="mono ellipsis">{thread}</dd>
          {facts !== null && (
            <>
              <dt>holds</dt>
              <dd>
                {format.counted(facts.checkpoints, 'step')}
                {facts.bytes === null ? '' : ` · ${format.bytes(facts.bytes)}`}
              </dd>
            </>
          )}
        </dl>
      </Section>
      {operation !== 'delete' && (
        <Section title={operation === 'copy' ? 'Where to' : 'New id'}>
          {operation === 'copy' && others.length > 0 && (
            <select
              className="field"
              aria-label="Store of the copy"
              value={to ?? ''}
              onChange={(event) => setTo(event.target.value === '' ? null : event.target.value)}
            >
              <option value="">this store</option>
              {others.map((o) => (
                <option key={o.store} value={o.store}>
                  {o.info.path}
                </option>
              ))}
            </select>
          )}
          <input
            className="field mono"
            type="text"
            aria-label="Id of the new thread"
            placeholder={operation === 'copy' ? (view?.plan.target?.thread ?? '') : 'the new id'}
            spellCheck={false}
            value={into}
            onChange={(event) => setInto(event.target.value)}
          />
        </Section>
      )}
      {planning.error !== null && <PlanError error={planning.error} onRetry={planning.retry} />}
      {view !== null && planning.asked && (
        <>
          <Section title={say.written}>
            <Written view={view} files={files} />
          </Section>
          <Warnings warnings={view.plan.warnings} />
          <Then view={view} />
        </>
      )}
    </Sheet>
  );
}

/** Null while it cannot be asked yet: a rename without a name. */
function argsOf(operation: ThreadOperation, thread: string, into: string, to: string | null): OperationArgs | null {
  switch (operation) {
    case 'copy':
      return { operation, thread, into: into === '' ? null : into, to };
    case 'rename':
      return into === '' ? null : { operation, thread, into };
    case 'delete':
      return { operation, thread };
  }
}

/** The window goes where the thread is now. */
function follow(operation: ThreadOperation, thread: string, { plan }: PlanView): void {
  const view = useView.getState();
  if (plan.target !== null) view.showThread(plan.target.thread);
  else if (operation === 'delete' && view.thread === thread) view.showThread(null);
}
