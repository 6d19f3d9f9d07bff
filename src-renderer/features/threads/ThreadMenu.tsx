// The menu of a thread in the list: what can be done with it as a whole; what cannot says why in its place.

import { useState } from 'react';
import type { MouseEvent, ReactNode } from 'react';
import { ContextMenu } from '@base-ui/react/context-menu';
import type { StoreInfo } from '../../../shared/model/shapes.ts';
import type { ThreadOperation } from '../../state/operation.ts';
import { useOpenStore } from '../../state/session.ts';
import { whyNot } from '../../state/why-not.ts';
import { changeThread } from '../operations/start.ts';

const items: readonly { readonly operation: ThreadOperation; readonly label: string }[] = [
  { operation: 'copy', label: 'Copy this thread…' },
  { operation: 'rename', label: 'Rename this thread…' },
  { operation: 'delete', label: 'Delete this thread…' },
];

/** Around the list: rows say their thread in `data-thread`. `active` is the one that the keyboard is at. */
export function ThreadMenu(props: {
  readonly store: string | null;
  readonly active: string | null;
  readonly onThread: (thread: string) => void;
  readonly children: ReactNode;
}): ReactNode {
  const { store, active, onThread } = props;
  const info = useOpenStore()?.info ?? null;
  const [thread, setThread] = useState<string | null>(null);
  return (
    <ContextMenu.Root>
      <ContextMenu.Trigger
        className="threads-menu-place"
        onContextMenu={(event: MouseEvent) => {
          const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-thread]') : null;
          const at = row?.dataset['thread'] ?? active;
          setThread(at);
          if (at !== null) onThread(at);
        }}
      >
        {props.children}
      </ContextMenu.Trigger>
      {store !== null && thread !== null && info !== null && (
        <ContextMenu.Portal>
          <ContextMenu.Positioner className="menu-positioner">
            <ContextMenu.Popup className="menu">
              <Items store={store} thread={thread} info={info} />
            </ContextMenu.Popup>
          </ContextMenu.Positioner>
        </ContextMenu.Portal>
      )}
    </ContextMenu.Root>
  );
}

function Items(props: { readonly store: string; readonly thread: string; readonly info: StoreInfo }): ReactNode {
  const { store, thread, info } = props;
  const all = whyNot(
    info,
    items.map((item) => item.operation),
  );
  if (all !== null) return <Reason text={all} />;
  return items.map(({ operation, label }) => {
    const reason = whyNot(info, [operation]);
    return reason === null ? (
      <ContextMenu.Item
        key={operation}
        className={`menu-item ${operation === 'delete' ? 'menu-item-danger' : ''}`}
        onClick={() => changeThread(operation, store, thread)}
      >
        {label}
      </ContextMenu.Item>
    ) : (
      <Reason key={operation} text={reason} />
    );
  });
}

function Reason(props: { readonly text: string }): ReactNode {
  return (
    <ContextMenu.Item className="menu-item menu-reason" disabled>
      {props.text}
    </ContextMenu.Item>
  );
}
