// The window without a tree in it: nothing opened yet, could not be opened, gone, service not there. Each says what, why, what to do.

import { Database, FileInput, FolderOpen, RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { useHost } from '../../host/host.ts';
import { useService } from '../../service/client.ts';
import { useMessages } from '../../state/messages.ts';
import { useOperation } from '../../state/operation.ts';
import { closeStore, openStore, storeCan, useSession } from '../../state/session.ts';
import type { OpenStore } from '../../state/session.ts';
import { useView } from '../../state/view.ts';
import { nameOf } from '../toolbar/Toolbar.tsx';
import type { ForkpointError } from '../../../shared/model/errors.ts';
import { Button, EmptyState, Logo } from '../../ui/controls.tsx';
import { FormatList } from './formats.tsx';
import './screens.css';

function OpenButtons(props: { readonly primary: boolean }): ReactNode {
  const client = useService();
  const { chooseStore } = useHost();
  const sample = useSession((s) => s.host?.sample ?? null);
  const { sayError } = useMessages.getState();
  const choose = (kind: 'file' | 'folder'): void => {
    chooseStore?.(kind)
      .then((path) => (path === null ? null : openStore(client, path)))
      .catch(sayError);
  };
  const sampleLook = props.primary && chooseStore === null ? 'primary' : 'plain';
  return (
    <>
      {chooseStore !== null && (
        <>
          <Button look={props.primary ? 'primary' : 'plain'} onClick={() => choose('file')}>
            <FileInput size={14} /> Open a file…
          </Button>
          <Button onClick={() => choose('folder')}>
            <FolderOpen size={14} /> Open a folder…
          </Button>
        </>
      )}
      {sample !== null && (
        <Button look={sampleLook} onClick={() => void openStore(client, sample)}>
          <Database size={14} /> Open the sample store
        </Button>
      )}
    </>
  );
}

export function EmptyScreen(): ReactNode {
  const { chooseStore, pathOfDrop } = useHost();
  return (
    <EmptyState mark={<Logo size={56} />} title="Open the store of an agent’s run" action={<OpenButtons primary />}>
      <p>
        Forkpoint reads the checkpoints that your framework has already written: step through a run, see what each step
        did to the state, and fork it where it went wrong. Nothing in the store changes until you commit.
      </p>
      <p className="screen-how">
        {pathOfDrop !== null && 'Drop a file or a folder on this window. '}
        {chooseStore === null && (
          <>
            Start with a path to open it here: <code className="mono">forkpoint serve checkpoints.sqlite</code>
          </>
        )}
      </p>
      <FormatList />
    </EmptyState>
  );
}

export function BrokenScreen(props: {
  readonly failure: { readonly path: string | null; readonly error: ForkpointError };
}): ReactNode {
  const { path, error } = props.failure;
  const other = useSession((s) => s.stores[0]);
  const client = useService();
  return (
    <EmptyState
      alert
      mark={<span className="screen-mark screen-mark-fail">✕</span>}
      title={path === null ? 'This cannot be shown' : 'This cannot be opened'}
      action={
        <>
          {path !== null && (
            <Button look="primary" onClick={() => void openStore(client, path)}>
              <RotateCw size={13} /> Try again
            </Button>
          )}
          {other !== undefined && (
            <Button
              onClick={() => {
                useSession.setState({ failure: null });
                useView.getState().showStore(other.store);
              }}
            >
              Show {nameOf(other.info.path)}
            </Button>
          )}
          <OpenButtons primary={false} />
        </>
      }
    >
      {path !== null && <p className="mono screen-path">{path}</p>}
      <p>{error.message}</p>
      {error.hint !== null && <p className="screen-how">{error.hint}</p>}
    </EmptyState>
  );
}

/** The store can be read and holds no thread. The window goes on watching: the first checkpoint takes this screen away. */
export function NoRunsScreen(props: { readonly open: OpenStore }): ReactNode {
  const { info, store } = props.open;
  const sample = useSession((s) => s.host?.sample ?? null);
  const client = useService();
  return (
    <EmptyState
      mark={<Logo size={56} />}
      title="No run is in this store yet"
      action={
        <>
          {storeCan('import') && (
            <Button
              look="primary"
              onClick={() => useOperation.getState().open({ operation: 'import', store, file: null })}
            >
              <FileInput size={14} /> Import a thread…
            </Button>
          )}
          {sample !== null && (
            <Button onClick={() => void openStore(client, sample)}>
              <Database size={14} /> Open the sample store
            </Button>
          )}
        </>
      }
    >
      <p className="mono screen-path">{info.path}</p>
      <p>
        It is a store of {info.framework}, and holds no checkpoint.{' '}
        {info.live && 'Forkpoint is following it: the first step that an agent writes appears here by itself.'}
      </p>
    </EmptyState>
  );
}

/** The store was deleted or replaced while it was open. */
export function GoneScreen(props: { readonly open: OpenStore; readonly sentence: string }): ReactNode {
  const client = useService();
  const { path } = props.open.info;
  const { sayError } = useMessages.getState();
  return (
    <EmptyState
      alert
      mark={<span className="screen-mark">◌</span>}
      title="The store is gone"
      action={
        <>
          <Button look="primary" onClick={() => void openStore(client, path)}>
            <RotateCw size={13} /> Open it again
          </Button>
          <Button
            onClick={() => {
              closeStore(client, props.open.store).catch(sayError);
            }}
          >
            Close
          </Button>
        </>
      }
    >
      <p>{props.sentence}</p>
      <p className="screen-how">Put it back, or wait until it is written again; then open it again from here.</p>
    </EmptyState>
  );
}

/** The service died or cannot be reached; the client tries again by itself, so this screen goes away by itself. */
export function LostScreen(props: { readonly reason: string | null }): ReactNode {
  const { chooseStore } = useHost();
  return (
    <EmptyState
      alert
      mark={<span className="screen-mark">◌</span>}
      title="Forkpoint’s service does not answer"
      action={
        <Button onClick={() => location.reload()}>
          <RotateCw size={13} /> Reload the window
        </Button>
      }
    >
      <p>{props.reason ?? 'The connection was lost.'}</p>
      <p className="screen-how">
        Your store is as it was: what was committed is complete, what was not is not in it. The window connects again by
        itself and comes back to this view.
      </p>
      {chooseStore === null && (
        <p className="screen-how">
          If <code className="mono">forkpoint serve</code> was ended, start it again: it prints a new address.
        </p>
      )}
    </EmptyState>
  );
}
