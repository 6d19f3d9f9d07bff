// The window: toolbar, threads, lineage with its scrubber, inspector, status. What is missing or broken has a screen of its own.

import { Suspense, lazy, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { registerActions } from './actions/action.ts';
import { listenToKeys } from './actions/keyboard.ts';
import { registerLineageActions } from './features/lineage/actions.ts';
import { LineagePane } from './features/lineage/LineagePane.tsx';
import { Scrubber } from './features/lineage/Scrubber.tsx';
import { operationActions } from './features/operations/operation-actions.ts';
import { useOperationsLog } from './features/operations/operations-log-state.ts';
import { DropTarget } from './features/open/DropTarget.tsx';
import { BrokenScreen, EmptyScreen, GoneScreen, LostScreen, NoRunsScreen } from './features/open/screens.tsx';
import { Palette } from './features/palette/Palette.tsx';
import { StatusBar } from './features/status/StatusBar.tsx';
import { ThreadsPane } from './features/threads/ThreadsPane.tsx';
import { Toolbar, nameOf } from './features/toolbar/Toolbar.tsx';
import { useHost } from './host/host.ts';
import { useCall, useConnection, useRevision, useService, useServiceEvent } from './service/client.ts';
import { keepLocation } from './state/location.ts';
import { beginSession, goToRequest, refreshStores, useOpenStore, useSession } from './state/session.ts';
import type { OpenStore } from './state/session.ts';
import { useOperation } from './state/operation.ts';
import { useView } from './state/view.ts';
import { importDocument, keepHostInformed } from './tell-host.ts';
import { windowActions } from './window-actions.ts';
import { ProgressLine } from './ui/controls.tsx';
import { Messages } from './ui/overlays.tsx';
import { Splitter, useRememberedSize } from './ui/splitter.tsx';
import './App.css';

const Inspector = lazy(() => import('./features/inspector/Inspector.tsx'));
const loadSheet = () => import('./features/operations/OperationSheet.tsx');
const OperationSheet = lazy(loadSheet);

export function App(): ReactNode {
  const client = useService();
  const host = useHost();
  const open = useOpenStore();
  const ready = useSession((s) => s.ready);
  const opening = useSession((s) => s.opening);
  const failure = useSession((s) => s.failure);
  const gone = useSession((s) => (open === null ? undefined : s.gone.get(open.store)));
  const connection = useConnection();

  useEffect(() => {
    // One after the other, so that what was asked for last is what is shown.
    let last = beginSession(client, location.hash);
    const next = (take: () => void | Promise<void>): void => {
      last = last.then(take);
    };
    const stops = [
      keepLocation(client),
      listenToKeys(),
      registerLineageActions(),
      registerActions('window', windowActions(client, host)),
      registerActions('operations', operationActions(client, host)),
      host.onOpen((request) => next(() => goToRequest(client, request))),
      host.onDocument((file) => next(() => importDocument(file))),
      keepHostInformed(host),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [client, host]);

  // The service was not there at the start and is now: begin, as if the window had just been opened.
  useEffect(() => {
    const { ready: tried, host: facts } = useSession.getState();
    if (connection.connected && tried && facts === null) void beginSession(client, location.hash);
  }, [client, connection.connected]);
  useKeepStores();
  useTitle(open?.info.path ?? null);
  const isEmpty = useHoldsNoRun(open);

  const body = (): ReactNode => {
    if (!connection.connected) return <LostScreen reason={connection.reason} />;
    if (failure !== null && open === null) return <BrokenScreen failure={failure} />;
    if (gone !== undefined && open !== null) return <GoneScreen open={open} sentence={gone} />;
    if (open === null) return ready && opening === null ? <EmptyScreen /> : null;
    if (isEmpty) return <NoRunsScreen open={open} />;
    return <Panes />;
  };

  return (
    <DropTarget>
      <div className="window">
        <Toolbar />
        <main className="window-body">
          <ProgressLine active={opening !== null} text={opening === null ? null : `Opening ${opening}`} />
          {body()}
        </main>
        <StatusBar />
        <Sheet />
        <Palette />
        <Messages />
      </div>
    </DropTarget>
  );
}

/** Loaded once the window has nothing else to do, or when it is wanted before: the editor in it is a third of all code. */
function Sheet(): ReactNode {
  const isWanted = useOperation((s) => s.start !== null);
  const isLogOpen = useOperationsLog((s) => s.open);
  useEffect(() => {
    const load = (): void => void loadSheet().catch(() => undefined);
    const timer = setTimeout(() => requestIdleCallback(load), 1000);
    return () => clearTimeout(timer);
  }, []);
  if (!isWanted && !isLogOpen) return null;
  return (
    <Suspense>
      <OperationSheet />
    </Suspense>
  );
}

/** True once the listing has ended without a thread. */
function useHoldsNoRun(open: OpenStore | null): boolean {
  const store = open?.store ?? null;
  const changed = useRevision(store, null);
  const [listed, setListed] = useState(0);
  useServiceEvent('threads.progress', (progress) => {
    if (progress.store === store && progress.complete) setListed((n) => n + 1);
  });
  const isAsked = store !== null && open?.info.threads === 0;
  const { data } = useCall('threads.list', isAsked ? { store, search: '', status: null, from: 0, count: 1 } : null, {
    revision: changed + listed,
    keep: true,
  });
  return isAsked && data !== null && data.complete && data.total === 0;
}

/** Facts of the open stores (counts, live, read-only) are read again when a store changed, was listed, and when the service is back. */
function useKeepStores(): void {
  const client = useService();
  const store = useView((v) => v.store);
  const revision = useRevision(store, null);
  useEffect(() => {
    if (revision === 0) return;
    // Counting may take a while on a large store: not more than once a second.
    const timer = setTimeout(() => {
      refreshStores(client).catch(() => undefined);
    }, 1000);
    return () => clearTimeout(timer);
  }, [client, revision]);
  // A thread that is followed ends its listing with every step: not more than once a second here, too.
  const asked = useRef({ at: Number.NEGATIVE_INFINITY, again: false });
  useServiceEvent('threads.progress', ({ complete }) => {
    if (!complete || asked.current.again) return;
    asked.current.again = true;
    setTimeout(
      () => {
        asked.current = { at: performance.now(), again: false };
        refreshStores(client).catch(() => undefined);
      },
      Math.max(0, asked.current.at + 1000 - performance.now()),
    );
  });
  useServiceEvent('store.gone', ({ store: id, message }) => {
    useSession.setState((s) => ({ gone: new Map(s.gone).set(id, message) }));
  });
}

/** The window's title, as task switchers and tabs show it: what is looked at first, the product last. */
function useTitle(path: string | null): void {
  const thread = useView((v) => v.thread);
  useEffect(() => {
    const shown = thread !== null && thread.length > 60 ? `${thread.slice(0, 59).toWellFormed()}…` : thread;
    const parts = path === null ? [] : shown === null ? [nameOf(path)] : [shown, nameOf(path)];
    document.title = [...parts, 'Forkpoint'].join(' – ');
  }, [path, thread]);
}

function useWidth(): number {
  return useSyncExternalStore(
    (listener) => {
      window.addEventListener('resize', listener);
      return () => window.removeEventListener('resize', listener);
    },
    () => window.innerWidth,
  );
}

/** Below this the threads fold away and come back over the lineage when asked for. */
const narrow = 760;

function Panes(): ReactNode {
  const [threadsWidth, setThreadsWidth] = useRememberedSize('threads', 272);
  const [height, setHeight] = useState(() => window.innerHeight);
  const room = height - 44 - 26 - 38;
  // Until the person drags it: as tall as its facts need, and never more than leaves the tree its half.
  const initialInspector = Math.max(160, Math.min(432, Math.round(room * 0.52)));
  const [inspectorHeight, setInspectorHeight] = useRememberedSize('inspector', initialInspector);
  const width = useWidth();
  const thread = useView((v) => v.thread);
  const [hidden, setHidden] = useState(false);
  /** In a narrow window: the thread over which the list was asked for. Choosing another one is the end of looking for it. */
  const [askedOver, setAskedOver] = useState<string | null>(null);
  const isNarrow = width < narrow;
  const shown = isNarrow ? thread === null || askedOver === thread : !hidden;
  useEffect(() => {
    const onResize = (): void => setHeight(window.innerHeight);
    window.addEventListener('resize', onResize);
    return () => window.removeEventListener('resize', onResize);
  }, []);
  useEffect(
    () =>
      registerActions('panes', [
        {
          id: 'view.threads',
          label: shown ? 'Hide the threads' : 'Show the threads',
          group: 'View',
          shortcut: ['Mod+b'],
          perform: () => {
            if (isNarrow) setAskedOver(shown ? null : thread);
            else setHidden(shown);
          },
        },
      ]),
    [shown, isNarrow, thread],
  );

  const inspector = Math.max(160, Math.min(inspectorHeight, room - 150));
  const threads = Math.min(threadsWidth, Math.max(200, width * 0.4));
  return (
    <div className="panes">
      {shown && (
        <>
          <section className="pane-threads" role="region" aria-label="Threads" style={{ width: threads }}>
            <ThreadsPane />
          </section>
          <Splitter
            label="Threads width"
            orientation="vertical"
            size={threads}
            min={200}
            max={Math.min(560, width * 0.5)}
            initial={272}
            onResize={setThreadsWidth}
          />
        </>
      )}
      <div className="pane-main">
        <section className="pane-lineage" role="region" aria-label="Lineage">
          <LineagePane />
        </section>
        <Scrubber />
        <Splitter
          label="Inspector height"
          orientation="horizontal"
          size={inspector}
          min={160}
          max={room - 150}
          initial={initialInspector}
          after
          onResize={setInspectorHeight}
        />
        <section className="pane-inspector" role="region" aria-label="Inspector" style={{ height: inspector }}>
          <Suspense>
            <Inspector />
          </Suspense>
        </section>
      </div>
    </div>
  );
}
