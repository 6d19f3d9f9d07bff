// The key of a store whose checkpoints are encrypted: asked for in a dialog, given to the service, and forgotten here.

import { LockKeyhole, LockKeyholeOpen } from 'lucide-react';
import { useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { StoreInfo } from '../../../shared/model/shapes.ts';
import { asForkpointError } from '../../../shared/model/errors.ts';
import { useService } from '../../service/client.ts';
import { refreshStores } from '../../state/session.ts';
import { Button, Chip } from '../../ui/controls.tsx';
import { Dialog } from '../../ui/overlays.tsx';

export function KeyButton(props: {
  readonly store: string;
  readonly sealed: NonNullable<StoreInfo['sealed']>;
}): ReactNode {
  const [asking, setAsking] = useState(false);
  if (props.sealed.open) {
    return (
      <Chip title={`Its checkpoints are encrypted (${props.sealed.cipher}) and shown with the key that was given.`}>
        <LockKeyholeOpen size={13} aria-hidden="true" /> unlocked
      </Chip>
    );
  }
  return (
    <>
      <Button
        title={`Its checkpoints are encrypted (${props.sealed.cipher}): give the key to see their states.`}
        onClick={() => setAsking(true)}
      >
        <LockKeyhole size={14} aria-hidden="true" /> Enter the key
      </Button>
      {asking && <KeyDialog store={props.store} variable={props.sealed.variable} onClose={() => setAsking(false)} />}
    </>
  );
}

function KeyDialog(props: {
  readonly store: string;
  readonly variable: string;
  readonly onClose: () => void;
}): ReactNode {
  const client = useService();
  const field = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<string | null>(null);
  const [waiting, setWaiting] = useState(false);
  const unlock = async (): Promise<void> => {
    setWaiting(true);
    try {
      // Read from the field alone, so that the key stands in no state of the window.
      await client.call('stores.unlock', { store: props.store, key: field.current?.value ?? '' });
      await refreshStores(client);
      props.onClose();
    } catch (thrown) {
      setError(asForkpointError(thrown).message);
      setWaiting(false);
      field.current?.select();
    }
  };
  return (
    <Dialog
      open
      title="Key of this store"
      description={`The key that the program has in ${props.variable}. It is kept in memory until the store is closed, and written nowhere.`}
      onClose={props.onClose}
      initialFocus={field}
      buttons={
        <>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button look="primary" disabled={waiting} onClick={() => void unlock()}>
            Unlock
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void unlock();
        }}
      >
        <input
          ref={field}
          className="field mono"
          type="password"
          autoComplete="off"
          spellCheck={false}
          aria-label="Key"
          aria-invalid={error !== null}
          aria-describedby={error === null ? undefined : 'key-error'}
        />
        {error !== null && (
          <p id="key-error" role="alert" className="toolbar-note">
            {error}
          </p>
        )}
      </form>
    </Dialog>
  );
}
