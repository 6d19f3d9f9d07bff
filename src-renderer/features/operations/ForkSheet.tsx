// The sheet of a fork, with or without edits: where to, the edits, what changes in the state, what is written, the code that carries on.

import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { OperationArgs, PlanView } from '../../../shared/contract/methods.ts';
import { parseKey } from '../../../shared/model/key.ts';
import { useCall } from '../../service/client.ts';
import { useMessages } from '../../state/messages.ts';
import { useOperation } from '../../state/operation.ts';
import type { OperationStart } from '../../state/operation.ts';
import { useOpenStore } from '../../state/session.ts';
import { useView } from '../../state/view.ts';
import { Button } from '../../ui/controls.tsx';
import * as format from '../../ui/format.ts';
import { Sheet } from '../../ui/overlays.tsx';
import { ReadingLine } from '../inspector/ReadingLine.tsx';
import { useSelectedRows } from '../inspector/selected.ts';
import { stepName } from '../lineage/selected.ts';
import { AddEdit } from './AddEdit.tsx';
import { Changes } from './Changes.tsx';
import { EditSection } from './EditSection.tsx';
import { isUntouched, toShapes } from './edits.ts';
import { WhatIsPending, WhereTo } from './ForkTarget.tsx';
import type { Place } from './ForkTarget.tsx';
import { rowsOf } from './moved.ts';
import { keepKinds, kindProposals } from './number-kind.ts';
import { Moved, PlanError, Section, SheetButtons, Then, Warnings, Written, planNote } from './PlanParts.tsx';
import { undoOperation } from './start.ts';
import { useCheck } from './use-check.ts';
import { useEdits } from './use-edits.ts';
import { usePlan } from './use-plan.ts';

type Start = Extract<OperationStart, { operation: 'fork' | 'edit' }>;

export function ForkSheet(props: { readonly start: Start }): ReactNode {
  const { start } = props;
  const { store, key } = start;
  const open = useOpenStore();
  const rows = useSelectedRows(store, key, null);
  const typing = useEdits(store, key, start);
  const { edits } = typing;
  const [place, setPlace] = useState<Place>('thread');
  const [thread, setThread] = useState<string | null>(null);
  const [pending, setPending] = useState<'keep' | 'drop' | null>(null);
  const [leave, setLeave] = useState<readonly string[]>([]);
  const [asking, setAsking] = useState(false);
  const waiting = useCall('pending.get', { store, key });
  const canFork = open?.info.capabilities.includes('fork') ?? true;
  // A format that cannot edit cannot change a thread in place either: its forks are copies.
  const canEdit = open?.info.capabilities.includes('edit') ?? true;

  const shapes = toShapes(edits);
  const check = useCheck(store, key, shapes);
  const args: OperationArgs | null =
    shapes === null
      ? null
      : canFork
        ? {
            operation: 'fork',
            key,
            edits: shapes,
            target:
              place === 'in-place' ? { kind: 'in-place' } : { kind: 'thread', thread: thread === '' ? null : thread },
            pending,
            leave: [...leave],
          }
        : { operation: 'edit', key, edits: shapes, leave: [...leave] };
  const planning = usePlan(store, args);
  const { view } = planning;
  const chosenThread = place === 'thread' ? (view?.plan.target?.thread ?? null) : null;

  const unsaved = edits.some((e) => !isUntouched(e));
  useEffect(() => {
    useOperation.getState().setUnsaved(unsaved);
  }, [unsaved]);
  const close = (): void => {
    if (planning.committing) return;
    if (unsaved && !asking) setAsking(true);
    else if (asking) setAsking(false);
    else useOperation.getState().close();
  };

  const commit = async (): Promise<void> => {
    const done = await planning.commit();
    if (done !== null) forked(store, done, shapes?.length ?? 0, unit);
  };

  const id = parseKey(key);
  const row = rows?.checkpoint?.checkpoint ?? null;
  const name = row === null ? (id?.id ?? key) : stepName(row);
  const files = open?.info.backend !== 'sqlite';
  const unit = files ? 'record' : 'row';
  const diff = check.diff ?? view?.diff ?? null;
  const copied = rows?.depth ?? 0;
  const count = view === null ? 0 : rowsOf(view);
  const begun =
    waiting.data?.tasks.some((t) => t.interrupts.length > 0 || t.writes.length > 0 || t.error !== null) ?? false;
  const choice = open?.info.pendingChoice ?? null;
  const keeps = pending ?? (rows?.isHead === true ? 'keep' : 'drop');
  // An id that is taken is said where it was typed.
  const taken = planning.error?.code === 'exists' ? planning.error : null;
  const editing = edits.length > 0 && edits.every(isUntouched) && start.operation === 'edit';

  return (
    <Sheet
      open
      title={start.operation === 'edit' ? 'Edit' : 'Fork'}
      heading={start.operation === 'edit' ? `Edit the state at ${name}` : `Fork from ${name}`}
      description="Nothing is written until Commit. Undo stays possible afterwards."
      onClose={close}
      note={asking ? 'What you typed would be lost.' : planNote(planning, unit)}
      buttons={
        asking ? (
          <>
            <Button autoFocus onClick={() => setAsking(false)}>
              Keep editing
            </Button>
            <Button look="danger" onClick={() => useOperation.getState().close()}>
              Discard
            </Button>
          </>
        ) : (
          <SheetButtons
            planning={planning}
            ready={args !== null && check.error === null && !editing}
            words={view === null ? 'Commit' : `Commit fork · ${format.counted(count, unit)}`}
            onCancel={close}
            onCommit={() => void commit()}
          />
        )
      }
    >
      <ReadingLine active={planning.slow} text="Working out what would be written" />
      <Moved text={planning.moved} />
      {canFork && (
        <WhereTo
          place={place}
          onPlace={setPlace}
          mayStay={canEdit}
          thread={thread}
          onThread={setThread}
          proposed={chosenThread ?? `${id?.thread ?? ''}-fork-1`}
          takes={
            copied > 0 && count >= copied
              ? `${format.counted(copied, 'checkpoint')} of this branch ${copied === 1 ? 'is' : 'are'} copied; the original stays as it is`
              : 'The original stays as it is'
          }
          error={taken}
        />
      )}
      {/* An edit begins the step anew, and so does a new checkpoint of the same thread: there is a choice only for a plain copy. */}
      {canFork && choice !== null && (begun || choice.always) && place === 'thread' && shapes?.length === 0 && (
        <WhatIsPending choice={choice} keeps={keeps} onKeep={setPending} />
      )}
      {edits.map((e) => (
        <EditSection
          key={e.id}
          edit={e}
          open={e.id === typing.open}
          error={e.id === typing.open || typing.open === null ? check.error : null}
          onOpen={() => typing.show(e.id)}
          onText={(text) => typing.type(e.id, text)}
          onDrop={() => typing.drop(e.id)}
        />
      ))}
      {canEdit && <AddEdit onAdd={(op, path) => typing.add(op, path, true)} first={edits.length === 0} />}
      {typing.error !== null && <PlanError error={typing.error} />}
      {diff !== null && diff.total > 0 && <Changes diff={diff} store={store} />}
      {view !== null && view.follows.length > 0 && (
        <Section title="What follows from it">
          {view.follows.map((f) => (
            <label key={f.code} className="follow">
              <input
                type="checkbox"
                checked={!leave.includes(f.code)}
                onChange={() =>
                  setLeave((all) => (all.includes(f.code) ? all.filter((c) => c !== f.code) : [...all, f.code]))
                }
              />
              <span>{f.message}</span>
            </label>
          ))}
        </Section>
      )}
      {planning.error !== null && taken === null && <PlanError error={planning.error} onRetry={planning.retry} />}
      {view !== null && (
        <div className={planning.current || planning.error === null ? '' : 'stale'}>
          <Section title="What is written">
            <Written view={view} files={files} />
          </Section>
          <Warnings
            warnings={view.plan.warnings}
            remedies={{
              question_dropped:
                shapes?.length === 0 && place === 'thread' && keeps === 'drop'
                  ? { label: 'Keep it waiting instead', perform: () => setPending('keep') }
                  : shapes?.length === 0 && place === 'in-place'
                    ? {
                        label: 'Fork into a new thread to keep it waiting',
                        perform: () => {
                          setPlace('thread');
                          setPending('keep');
                        },
                      }
                    : undefined,
              host_resume: { label: 'Leave the pending work here instead', perform: () => setPending('drop') },
              pending_dropped: toNewThread('Fork into a new thread to keep them', place, setPlace),
              becomes_head: toNewThread('Fork into a new thread instead', place, setPlace),
              repeated_id: toNewThread('Fork into a new thread instead', place, setPlace),
              number_kind: {
                label: 'Keep the kind that stood there',
                perform: () =>
                  typing.change((e) =>
                    e.original === null ? e : { ...e, text: keepKinds(e.text, kindProposals(e.original, e.text)) },
                  ),
              },
              send_left: { label: 'Let it follow the edit', perform: () => setLeave([]) },
            }}
          />
          <Then view={view} />
        </div>
      )}
    </Sheet>
  );
}

function toNewThread(
  label: string,
  place: string,
  setPlace: (place: 'thread') => void,
): { readonly label: string; readonly perform: () => void } | undefined {
  return place === 'in-place' ? { label, perform: () => setPlace('thread') } : undefined;
}

/** Closes the sheet, goes to the fork, says what was done. */
function forked(store: string, done: PlanView, edits: number, unit: string): void {
  useOperation.getState().setUnsaved(false);
  useOperation.getState().close();
  const { target, counts, operationId } = done.plan;
  if (target !== null) {
    const view = useView.getState();
    view.compare(null);
    view.showThread(target.thread);
    if (target.checkpoint !== null) view.showCheckpoint(target.checkpoint);
  }
  const rows = counts.insert + counts.update + counts.delete;
  const edited = edits > 0 ? ` with ${format.counted(edits, 'edit')}` : '';
  useMessages
    .getState()
    .say(
      `Forked${target === null ? '' : ` to ${target.thread}`}${edited}: ${format.counted(rows, unit)} written.`,
      operationId === null ? null : { label: 'Undo', perform: () => undoOperation(store, operationId) },
    );
}
