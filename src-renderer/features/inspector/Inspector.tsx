// The inspector of the selected checkpoint: State, Diff, Pending, Raw, and the facts beside them.

import { useEffect, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { ArrowLeftRight, Copy, PanelRight, X } from 'lucide-react';
import { tabs as allTabs } from '../../../shared/address/address.ts';
import type { Tab } from '../../../shared/address/address.ts';
import { registerActions } from '../../actions/action.ts';
import { useHost } from '../../host/host.ts';
import { useCall, useRevision, useService } from '../../service/client.ts';
import { useOpenStore } from '../../state/session.ts';
import { useView } from '../../state/view.ts';
import { Button, EmptyState } from '../../ui/controls.tsx';
import { Splitter, useRememberedSize } from '../../ui/splitter.tsx';
import { Aside } from './Aside.tsx';
import { Boundary } from './Boundary.tsx';
import { ChangeButtons } from './ChangeButtons.tsx';
import { DiffTab } from './diff/DiffTab.tsx';
import { copyPatch, inspectorActions, savePatch } from './inspector-actions.ts';
import { PendingTab } from './pending/PendingTab.tsx';
import { openTasks } from './pending/tasks.ts';
import { RawTab } from './raw/RawTab.tsx';
import { RecordsTab } from './records/RecordsTab.tsx';
import { useSelectedRows } from './selected.ts';
import type { SelectedRow, SelectedRows } from './selected.ts';
import { StateTab } from './state/StateTab.tsx';
import './inspector.css';
import './state/state.css';
import './diff/diff.css';

const words: Readonly<Record<Tab, string>> = {
  state: 'State',
  diff: 'Diff',
  pending: 'Pending',
  raw: 'Raw',
  records: 'Records',
};

export default function Inspector(): ReactNode {
  const store = useView((v) => v.store);
  const thread = useView((v) => v.thread);
  const checkpoint = useView((v) => v.checkpoint);
  const client = useService();
  const host = useHost();
  useEffect(() => registerActions('inspector', inspectorActions(client, host)), [client, host]);
  if (store === null || checkpoint === null) {
    return (
      <div className="inspector">
        <EmptyState small title={thread === null ? 'No thread selected' : 'No checkpoint selected'}>
          {thread === null
            ? 'Choose a thread to see its checkpoints.'
            : 'Choose a checkpoint above to see its state, what it changed, and what is pending.'}
        </EmptyState>
      </div>
    );
  }
  return <InspectorOf store={store} checkpoint={checkpoint} />;
}

function InspectorOf(props: { readonly store: string; readonly checkpoint: string }): ReactNode {
  const { store, checkpoint } = props;
  const keepsRecords = useOpenStore()?.info.capabilities.includes('records') ?? false;
  const tabs: readonly Tab[] = keepsRecords ? allTabs : allTabs.filter((t) => t !== 'records');
  const asked = useView((v) => v.tab);
  const tab = tabs.includes(asked) ? asked : 'state';
  const compared = useView((v) => v.compared);
  const thread = useView((v) => v.thread);
  const applied = useView((v) => v.applied);
  const client = useService();
  const host = useHost();
  const revision = useRevision(store, thread);
  const rows = useSelectedRows(store, checkpoint, compared);
  const pending = useCall('pending.get', { store, key: checkpoint }, { revision });
  const about = useCall('state.about', { store, key: checkpoint, applied }, { revision });
  const [width, setWidth] = useRememberedSize('aside', 320);
  /** In a narrow window the facts give way to the state and come over it when asked for. */
  const [factsOver, setFactsOver] = useState(false);
  const waiting = openTasks(pending.data?.tasks ?? []);

  const onTabKey = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const end = event.key === 'Home' ? 0 : event.key === 'End' ? tabs.length - 1 : null;
    if (step === 0 && end === null) return;
    const next = tabs[end ?? (tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    useView.getState().showTab(next);
    document.getElementById(`tab-${next}`)?.focus();
    event.preventDefault();
  };

  return (
    <div className="inspector">
      <div className="inspector-bar">
        <div className="tabs" role="tablist" aria-label="Inspector" onKeyDown={onTabKey}>
          {tabs.map((t) => (
            <button
              key={t}
              id={`tab-${t}`}
              type="button"
              role="tab"
              className="tab"
              aria-label={words[t]}
              aria-selected={t === tab}
              aria-controls="inspector-panel"
              tabIndex={t === tab ? 0 : -1}
              onClick={() => useView.getState().showTab(t)}
            >
              {words[t]}
              {t === 'pending' && waiting > 0 && (
                <b className="tab-count" data-status={pending.data?.status}>
                  {waiting}
                </b>
              )}
            </button>
          ))}
        </div>
        <span className="spring" />
        <Against rows={rows} />
        {tab === 'diff' && (
          <span className="button-pair">
            <Button onClick={() => void savePatch(client, host)} title="Save as an RFC 6902 patch">
              Export patch
            </Button>
            <Button icon aria-label="Copy patch" title="Copy the patch" onClick={() => void copyPatch(client, host)}>
              <Copy size={13} />
            </Button>
          </span>
        )}
        <ChangeButtons
          store={store}
          checkpoint={checkpoint}
          about={about.data}
          unread={about.data === null ? about.error : null}
        />
        <Button
          icon
          look="quiet"
          className="inspector-facts"
          aria-label="Facts"
          aria-expanded={factsOver}
          aria-controls="inspector-side"
          title="Facts about this checkpoint"
          onClick={() => setFactsOver(!factsOver)}
        >
          <PanelRight size={15} />
        </Button>
      </div>
      <div className="inspector-panel" id="inspector-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        <Boundary key={tab} of={`${checkpoint} ${compared}`}>
          {tab === 'state' && (
            <StateTab
              store={store}
              checkpoint={checkpoint}
              revision={revision}
              about={about.data}
              pending={pending.data}
            />
          )}
          {tab === 'diff' && <DiffTab store={store} before={compared} after={checkpoint} revision={revision} />}
          {tab === 'pending' && <PendingTab call={pending} />}
          {tab === 'raw' && <RawTab store={store} checkpoint={checkpoint} revision={revision} />}
          {tab === 'records' && thread !== null && (
            <RecordsTab store={store} thread={thread} checkpoint={checkpoint} revision={revision} />
          )}
        </Boundary>
      </div>
      <div
        className={factsOver ? 'inspector-side inspector-side-over' : 'inspector-side'}
        id="inspector-side"
        style={{ width }}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || !factsOver) return;
          event.stopPropagation();
          setFactsOver(false);
        }}
      >
        <Splitter
          label="Width of the facts"
          orientation="vertical"
          size={width}
          min={220}
          max={560}
          initial={320}
          after
          onResize={setWidth}
        />
        <Boundary of={checkpoint}>
          <Aside checkpoint={checkpoint} rows={rows} about={about.data} pending={pending.data} />
        </Boundary>
      </div>
    </div>
  );
}

/** "A step 25 against B step 23 (main)": what the diff is between, in the colours of their branches. */
function Against(props: { readonly rows: SelectedRows | null }): ReactNode {
  const compared = useView((v) => v.compared);
  const tab = useView((v) => v.tab);
  if (compared === null && tab !== 'diff') return null;
  const step = (row: SelectedRow | null | undefined): ReactNode => (
    <b style={{ color: row?.colour }}>step {row?.checkpoint.step ?? '–'}</b>
  );
  if (compared === null) {
    const { checkpoint = null, parent = null } = props.rows ?? {};
    if (checkpoint === null) return null;
    return (
      <span className="against dim">
        {parent === null ? 'against the empty state' : <>against its parent, {step(parent)}</>}
      </span>
    );
  }
  const other = props.rows?.compared ?? null;
  return (
    <span className="against dim">
      A {step(props.rows?.checkpoint)} against B {step(other)}
      {other !== null && other.branch !== '' && <span className="against-branch ellipsis">({other.branch})</span>}
      <Button
        look="quiet"
        icon
        aria-label="Exchange A and B"
        title="Exchange A and B"
        onClick={() => useView.getState().swapCompared()}
      >
        <ArrowLeftRight size={13} />
      </Button>
      <Button
        look="quiet"
        icon
        aria-label="Compare with the parent"
        title="Compare with the parent again"
        onClick={() => useView.getState().compare(null)}
      >
        <X size={14} />
      </Button>
    </span>
  );
}
