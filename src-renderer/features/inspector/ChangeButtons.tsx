// Edit and Fork at the selected checkpoint; where nothing can be changed, why not, in one sentence in their place.

import type { ReactNode } from 'react';
import { Lock } from 'lucide-react';
import type { Result } from '../../../shared/contract/methods.ts';
import type { ForkpointError } from '../../../shared/model/errors.ts';
import { useService } from '../../service/client.ts';
import { useOpenStore } from '../../state/session.ts';
import { Button } from '../../ui/controls.tsx';
import { whyNot } from '../../state/why-not.ts';
import { forkFrom } from '../operations/start.ts';
import { editFocused } from './inspector-actions.ts';
import { Sentence } from './Sentence.tsx';

export function ChangeButtons(props: {
  readonly store: string;
  readonly checkpoint: string;
  /** Null while it is read: then the buttons stand, and the sheet itself would tell. */
  readonly about: Result<'state.about'> | null;
  /** Why it could not be read; then nothing can be made of it either. */
  readonly unread: ForkpointError | null;
}): ReactNode {
  const client = useService();
  const info = useOpenStore()?.info ?? null;
  if (info === null) return null;
  const reason = whyNot(info, ['fork', 'edit']) ?? props.about?.unforkable ?? props.unread?.message ?? null;
  if (reason !== null) return <Reason text={reason} />;
  const cannotEdit = info.unable.find((u) => u.operation === 'edit')?.reason ?? null;
  return (
    <>
      {info.capabilities.includes('edit') ? (
        <Button shortcut="e" onClick={() => void editFocused(client)}>
          Edit state
        </Button>
      ) : (
        cannotEdit !== null && <Reason text={`No edits: ${cannotEdit}`} />
      )}
      {info.capabilities.includes('fork') && (
        <Button look="primary" shortcut="f" onClick={() => forkFrom(props.store, props.checkpoint)}>
          Fork from here
        </Button>
      )}
    </>
  );
}

function Reason(props: { readonly text: string }): ReactNode {
  return (
    <span className="no-change selectable" role="note" title={props.text}>
      <Lock size={13} aria-hidden="true" />
      <span>
        <Sentence text={props.text.replace(/ Nothing was changed\.$/, '').replace(/; nothing was changed\.$/, '.')} />
      </span>
    </span>
  );
}
