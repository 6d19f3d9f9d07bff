// Ctrl/Cmd+K: every action that can be done now, every thread, every checkpoint of the thread by id.

import { Command } from 'cmdk';
import { Dialog as BaseDialog } from '@base-ui/react/dialog';
import { useDeferredValue, useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { possibleActions, registerActions } from '../../actions/action.ts';
import { performAction } from '../../actions/keyboard.ts';
import type { ThreadRow } from '../../../shared/contract/methods.ts';
import { stringAt } from '../../../shared/model/lineage.ts';
import type { Lineage } from '../../../shared/model/lineage.ts';
import type { Branches } from '../../../shared/layout/branches.ts';
import { useCall } from '../../service/client.ts';
import { keyAt, selectPoint, useLineageState } from '../lineage/lineage-state.ts';
import { stepNumber } from '../lineage/selected.ts';
import { useView } from '../../state/view.ts';
import { Kbd } from '../../ui/controls.tsx';
import { counted } from '../../ui/format.ts';
import './palette.css';

const shownThreads = 8;
const shownCheckpoints = 8;

/** Points whose id holds `text`, at most `limit`; ids are ASCII in practice, so bytes are compared as text once. */
export function findIds(lineage: Lineage, text: string, limit: number): number[] {
  const wanted = text.toLowerCase();
  const found: number[] = [];
  for (let i = lineage.count - 1; i >= 0 && found.length < limit; i--) {
    if (stringAt(lineage.ids, i).toLowerCase().includes(wanted)) found.push(i);
  }
  return found;
}

/** Points at the step that `text` names (`25`, `step 25`, `−1`), at most `limit`, the followed branch's own first. */
export function findSteps(branches: Branches, path: Int32Array, text: string, limit: number): number[] {
  const named = /^(?:step\s*)?([-−]?\d[\d,]*)$/i.exec(text)?.[1];
  if (named === undefined) return [];
  const wanted = Number(named.replace('−', '-').replaceAll(',', ''));
  const { step, count } = branches.lineage;
  const own = path.find((point) => step[point] === wanted);
  const found = own === undefined ? [] : [own];
  for (let i = 0; i < count && found.length < limit; i++) if (step[i] === wanted && i !== own) found.push(i);
  return found;
}

export function Palette(): ReactNode {
  const [open, setOpen] = useState(false);
  useEffect(
    () =>
      registerActions('palette', [
        {
          id: 'palette.open',
          label: 'Commands',
          group: 'Help',
          shortcut: ['Mod+k'],
          perform: () => setOpen((o) => !o),
        },
      ]),
    [],
  );
  return (
    <BaseDialog.Root open={open} onOpenChange={setOpen}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="scrim palette-scrim" />
        <BaseDialog.Popup className="palette" aria-label="Commands" data-modal-open="">
          <PaletteBody close={() => setOpen(false)} />
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  );
}

function PaletteBody(props: { readonly close: () => void }): ReactNode {
  const [text, setText] = useState('');
  const [value, setValue] = useState('');
  const query = useDeferredValue(text.trim());
  const store = useView((v) => v.store);
  const lineage = useLineageState((s) => s.lineage);
  const branches = useLineageState((s) => s.branches);
  const path = useLineageState((s) => s.path);
  const threads = useCall(
    'threads.list',
    store === null ? null : { store, search: query, status: null, from: 0, count: shownThreads },
  );
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const actions = possibleActions().filter(
    (a) =>
      a.id !== 'palette.open' &&
      a.hidden !== true &&
      words.every((w) => `${a.group} ${a.label}`.toLowerCase().includes(w)),
  );
  const ids = lineage === null || query.length < 3 ? [] : findIds(lineage, query, shownCheckpoints);
  const steps = branches === null ? [] : findSteps(branches, path, query, shownCheckpoints);
  const rows = threads.data?.rows ?? [];
  const matched = threads.data?.matched ?? 0;
  const run = (perform: () => void): void => {
    props.close();
    // After the dialog has given the focus back, so that an action may move it.
    requestAnimationFrame(perform);
  };

  const group = rows.length > 0 && <ThreadGroup rows={rows} matched={matched} query={query} run={run} />;
  // What is chosen is the first line, as long as the person has not moved to another that is still there.
  const found = [
    ...steps.map((i) => `step ${i}`),
    ...(words.length > 0 ? rows.map(threadValue) : []),
    ...ids.map((i) => `checkpoint ${i}`),
    ...actions.map((a) => a.id),
    ...(words.length === 0 ? rows.map(threadValue) : []),
    'threads more',
  ];
  const chosen = found.includes(value) ? value : (found[0] ?? '');

  return (
    <Command shouldFilter={false} label="Commands" loop value={chosen} onValueChange={setValue}>
      <Command.Input
        autoFocus
        className="palette-field"
        placeholder="Command, thread, step or checkpoint id"
        value={text}
        onValueChange={(next) => {
          setText(next);
          setValue('');
        }}
      />
      <Command.List className="palette-list">
        <Command.Empty className="palette-empty">Nothing here is called “{query}”.</Command.Empty>
        {steps.length > 0 && branches !== null && (
          <Command.Group heading="Steps of this thread">
            {steps.map((i) => (
              <Command.Item key={i} value={`step ${i}`} onSelect={() => run(() => selectPoint(i))}>
                <span>Go to step {stepNumber(branches.lineage.step[i] ?? null)}</span>
                <span className="palette-hint faint">{branches.branches[branches.branchOf[i] ?? -1]?.name}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {words.length > 0 && group}
        {ids.length > 0 && lineage !== null && (
          <Command.Group heading="Checkpoints of this thread">
            {ids.map((i) => {
              const id = stringAt(lineage.ids, i);
              return (
                <Command.Item
                  key={i}
                  value={`checkpoint ${i}`}
                  onSelect={() => run(() => useView.getState().showCheckpoint(keyAt(lineage, i)))}
                >
                  <span className="mono ellipsis">{id}</span>
                </Command.Item>
              );
            })}
          </Command.Group>
        )}
        {actions.length > 0 && (
          <Command.Group heading="Commands">
            {actions.map((a) => (
              <Command.Item key={a.id} value={a.id} onSelect={() => run(() => performAction(a))}>
                <span className="ellipsis">{a.label}</span>
                <span className="palette-hint">
                  {a.shortcut?.[0] === undefined ? (
                    <span className="faint">{a.group}</span>
                  ) : (
                    <Kbd shortcut={a.shortcut[0]} />
                  )}
                </span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {words.length === 0 && group}
      </Command.List>
    </Command>
  );
}

function ThreadGroup(props: {
  readonly rows: readonly ThreadRow[];
  readonly matched: number;
  readonly query: string;
  readonly run: (perform: () => void) => void;
}): ReactNode {
  const { rows, matched, query, run } = props;
  const more = matched - rows.length;
  return (
    <Command.Group heading="Threads">
      {rows.map((row) => (
        <Command.Item
          key={row.thread}
          value={threadValue(row)}
          onSelect={() => run(() => useView.getState().showThread(row.thread))}
        >
          <span className="ellipsis" dir="auto">
            {row.thread}
          </span>
          <span className="palette-hint faint">{counted(row.checkpoints, 'step')}</span>
        </Command.Item>
      ))}
      {more > 0 && (
        <Command.Item
          value="threads more"
          onSelect={() => run(() => useView.getState().filterThreads({ search: query, status: null }))}
        >
          <span className="dim">
            {counted(more, 'more thread')}: show {query === '' ? 'all' : 'them'} in the list
          </span>
        </Command.Item>
      )}
    </Command.Group>
  );
}

const threadValue = (row: ThreadRow): string => `thread ${row.thread}`;
