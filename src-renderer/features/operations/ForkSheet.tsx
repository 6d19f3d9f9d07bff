// The sheet of a fork, with or without edits: where to, the edits, what changes in the state, what is written, the code that carries on.

import { useCallback, useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { OperationArgs, PlanView, Result } from '../../../shared/contract/methods.ts';
import { ForkpointError, asForkpointError } from '../../../shared/model/errors.ts';
import { parseKey } from '../../../shared/model/key.ts';
import { useCall, useService } from '../../service/client.ts';
import { useMessages } from '../../state/messages.ts';
import { useOperation } from '../../state/operation.ts';
import type { OperationStart } from '../../state/operation.ts';
import { useOpenStore } from '../../state/session.ts';
import { useView } from '../../state/view.ts';
import { Button, ProgressLine } from '../../ui/controls.tsx';
import * as format from '../../ui/format.ts';
import { Sheet } from '../../ui/overlays.tsx';
import { DiffCard } from '../inspector/diff/DiffCard.tsx';
import { DiffSummaryChips } from '../inspector/diff/DiffSummaryChips.tsx';
import { stepAndNode, useSelectedRows } from '../inspector/selected.ts';
import { EditSection } from './EditSection.tsx';
import { fromShape, isUntouched, toShapes, typedEdit } from './edits.ts';
import type { TypedEdit } from './edits.ts';
import { rowsOf } from './moved.ts';
import { keepKinds, kindProposals } from './number-kind.ts';
import { Moved, PlanError, Section, SheetButtons, Then, Warnings, Written, planNote } from './PlanParts.tsx';
import { undoOperation } from './start.ts';
import { usePlan } from './use-plan.ts';

/** The editor takes values up to this size; larger ones are edited piece by piece. */
const largestEdit = 1_000_000;

type Start = Extract<OperationStart, { operation: 'fork' | 'edit' }>;

export function ForkSheet(props: { readonly start: Start }): ReactNode {
  const { start } = props;
  const { store, key } = start;
  const client = useService();
  const open = useOpenStore();
  const rows = useSelectedRows(store, key, null);
  const [edits, setEdits] = useState<readonly TypedEdit[]>(() => start.edits.map(fromShape));
  const [openEdit, setOpenEdit] = useState<number | null>(null);
  const [place, setPlace] = useState<'thread' | 'in-place'>('thread');
  const [thread, setThread] = useState<string | null>(null);
  const [pending, setPending] = useState<'keep' | 'drop' | null>(null);
  const [leave, setLeave] = useState<readonly string[]>([]);
  const [asking, setAsking] = useState(false);
  const [loadError, setLoadError] = useState<ForkpointError | null>(null);
  const waiting = useCall('pending.get', { store, key });
  const canFork = open?.info.capabilities.includes('fork') ?? true;

  const edit = useCallback(
    async (path: string): Promise<void> => {
      setLoadError(null);
      try {
        const at = await client.call('state.resolve', { store, key, applied: false, path });
        if (at === null) {
          throw new ForkpointError(
            'not_found',
            `${path} is not stored at this checkpoint, so it cannot be edited here. Nothing was changed.`,
            'Look at the state as it is stored, or edit the checkpoint that holds it.',
          );
        }
        const { value, bytes } = await client.call('state.value', {
          store,
          key,
          applied: false,
          path: at,
          limit: largestEdit,
          indent: 2,
        });
        if (value === null) {
          throw new ForkpointError(
            'unable',
            `${path} is ${format.bytes(bytes)}; the editor takes values up to 1 MB. Nothing was changed.`,
            'Edit a value inside it.',
          );
        }
        const made = typedEdit(path, value);
        setEdits((all) => [...all, made]);
        setOpenEdit(made.id);
      } catch (thrown) {
        setLoadError(asForkpointError(thrown));
      }
    },
    [client, store, key],
  );
  const began = useRef(false);
  useEffect(() => {
    if (began.current || start.path === undefined) return;
    began.current = true;
    void edit(start.path);
  }, [edit, start.path]);

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
  const name = row === null ? (id?.id ?? key) : stepAndNode(row);
  const files = open?.info.backend !== 'sqlite';
  const unit = files ? 'record' : 'row';
  const diff = check.diff ?? view?.diff ?? null;
  const copied = rows?.depth ?? 0;
  const count = view === null ? 0 : rowsOf(view);
  const begun =
    waiting.data?.tasks.some((t) => t.interrupts.length > 0 || t.writes.length > 0 || t.error !== null) ?? false;
  const keeps = pending ?? (rows?.isHead === true ? 'keep' : 'drop');
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
      <ProgressLine active={planning.slow} />
      <Moved text={planning.moved} />
      {canFork && (
        <Section title="Where to">
          <div className="choice">
            <input
              type="radio"
              id="to-thread"
              name="where-to"
              checked={place === 'thread'}
              onChange={() => setPlace('thread')}
            />
            <label htmlFor="to-thread">New thread</label>
            <input
              className="field mono choice-thread"
              type="text"
              aria-label="Id of the new thread"
              placeholder={chosenThread ?? `${id?.thread ?? ''}-fork-1`}
              value={thread ?? ''}
              spellCheck={false}
              onFocus={() => setPlace('thread')}
              onChange={(event) => {
                setPlace('thread');
                setThread(event.target.value === '' ? null : event.target.value);
              }}
            />
            <small>
              {copied > 0 && count >= copied
                ? `${format.counted(copied, 'checkpoint')} of this branch ${copied === 1 ? 'is' : 'are'} copied; the original stays as it is`
                : 'The original stays as it is'}
            </small>
          </div>
          <Choice
            name="where-to"
            id="to-here"
            label="This thread"
            checked={place === 'in-place'}
            onChoose={() => setPlace('in-place')}
          >
            The fork becomes its head: the next run without a checkpoint id continues here
          </Choice>
        </Section>
      )}
      {/* An edit begins the step anew, and so does a new checkpoint of the same thread: there is a choice only for a plain copy. */}
      {canFork && begun && place === 'thread' && shapes?.length === 0 && (
        <Section title="What is pending">
          <Choice
            name="pending"
            id="pending-keep"
            label="Goes along"
            checked={keeps === 'keep'}
            onChoose={() => setPending('keep')}
          >
            Questions, errors and finished writes of this step stand in the fork as they stand here
          </Choice>
          <Choice
            name="pending"
            id="pending-drop"
            label="Stays here"
            checked={keeps === 'drop'}
            onChoose={() => setPending('drop')}
          >
            The step runs again in the fork, from its beginning
          </Choice>
        </Section>
      )}
      {edits.map((e) => (
        <EditSection
          key={e.id}
          edit={e}
          open={e.id === openEdit}
          error={e.id === openEdit || openEdit === null ? check.error : null}
          onOpen={() => setOpenEdit(e.id)}
          onText={(text) => setEdits((all) => all.map((one) => (one.id === e.id ? { ...one, text } : one)))}
          onDrop={() => setEdits((all) => all.filter((one) => one.id !== e.id))}
        />
      ))}
      <AddEdit onAdd={(path) => void edit(path)} first={edits.length === 0} />
      {loadError !== null && <PlanError error={loadError} />}
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
      {planning.error !== null && <PlanError error={planning.error} onRetry={planning.retry} />}
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
              pending_dropped: toNewThread('Fork into a new thread to keep them', place, setPlace),
              becomes_head: toNewThread('Fork into a new thread instead', place, setPlace),
              repeated_id: toNewThread('Fork into a new thread instead', place, setPlace),
              number_kind: {
                label: 'Keep the kind that stood there',
                perform: () =>
                  setEdits((all) =>
                    all.map((e) =>
                      e.original === null ? e : { ...e, text: keepKinds(e.text, kindProposals(e.original, e.text)) },
                    ),
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

function Choice(props: {
  readonly name: string;
  readonly id: string;
  readonly label: string;
  readonly checked: boolean;
  readonly onChoose: () => void;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <div className="choice">
      <input type="radio" id={props.id} name={props.name} checked={props.checked} onChange={props.onChoose} />
      <label htmlFor={props.id}>{props.label}</label>
      <small>{props.children}</small>
    </div>
  );
}

function toNewThread(
  label: string,
  place: string,
  setPlace: (place: 'thread') => void,
): { readonly label: string; readonly perform: () => void } | undefined {
  return place === 'in-place' ? { label, perform: () => setPlace('thread') } : undefined;
}

/** Rows of a preview that are drawn; the rest is in the Diff tab after the commit. */
const mostRows = 40;

function Changes(props: { readonly diff: NonNullable<PlanView['diff']>; readonly store: string }): ReactNode {
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

function AddEdit(props: { readonly first: boolean; readonly onAdd: (path: string) => void }): ReactNode {
  const [open, setOpen] = useState(false);
  const [path, setPath] = useState('');
  if (!open) {
    return (
      <button type="button" className="link add-edit" onClick={() => setOpen(true)}>
        {props.first ? 'Edit a value…' : 'Edit another value…'}
      </button>
    );
  }
  return (
    <form
      className="add-edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (path.trim() === '') return;
        props.onAdd(path.trim());
        setPath('');
        setOpen(false);
      }}
    >
      <input
        className="field mono"
        type="text"
        autoFocus
        aria-label="Path of the value"
        placeholder="plan, orders[0].price, messages[-1].content"
        spellCheck={false}
        value={path}
        onChange={(event) => setPath(event.target.value)}
      />
      <Button type="submit" disabled={path.trim() === ''}>
        Edit
      </Button>
      <Button look="quiet" onClick={() => setOpen(false)}>
        Close
      </Button>
    </form>
  );
}

interface Check {
  readonly error: string | null;
  readonly diff: Result<'edit.check'>['diff'];
}

/** What the service says of the edits as they stand, a moment after the last key. */
function useCheck(store: string, key: string, edits: ReturnType<typeof toShapes>): Check {
  const client = useService();
  const [check, setCheck] = useState<Check>({ error: null, diff: null });
  const text = edits === null ? null : JSON.stringify(edits);
  const wanted = useRef(edits);
  useEffect(() => {
    wanted.current = edits;
  });
  useEffect(() => {
    const asked = wanted.current;
    if (asked === null) return;
    if (asked.length === 0) {
      setCheck({ error: null, diff: null });
      return;
    }
    const controller = new AbortController();
    const timer = setTimeout(() => {
      client.call('edit.check', { store, key, edits: asked }, { signal: controller.signal }).then(
        ({ error, diff }) => {
          if (controller.signal.aborted) return;
          // While the text is wrong the last right difference stays: it says what was meant so far, and nothing jumps.
          setCheck((last) =>
            error === null
              ? { error: null, diff }
              : { error: [error.message, error.hint].filter((t) => t !== null).join(' '), diff: last.diff },
          );
        },
        (thrown: unknown) => {
          if (!controller.signal.aborted) setCheck((last) => ({ ...last, error: asForkpointError(thrown).message }));
        },
      );
    }, 200);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [client, store, key, text]);
  return check;
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
