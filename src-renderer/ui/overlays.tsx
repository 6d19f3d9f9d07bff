// What lies over the window: sheet (an operation, from the right), dialog (a question), menu, and the messages at the foot.
// Focus is kept inside and given back; Esc closes the topmost. `onClose` is a request: the owner may ask before typed edits are lost.

import { Dialog as BaseDialog } from '@base-ui/react/dialog';
import { Menu as BaseMenu } from '@base-ui/react/menu';
import { useEffect } from 'react';
import type { ReactElement, ReactNode, RefObject } from 'react';
import { useMessages } from '../state/messages.ts';
import type { Message } from '../state/messages.ts';
import { Button } from './controls.tsx';
import './overlays.css';

interface OverlayProps {
  readonly open: boolean;
  /** Names the dialog. */
  readonly title: string;
  readonly description?: ReactNode;
  readonly onClose: () => void;
  readonly children?: ReactNode;
  /** Bottom right, the main button last. */
  readonly buttons?: ReactNode;
  /** Bottom left, in dim text. */
  readonly note?: ReactNode;
  readonly initialFocus?: RefObject<HTMLElement | null>;
}

function Overlay(props: OverlayProps & { readonly kind: 'sheet' | 'dialog'; readonly heading?: ReactNode }): ReactNode {
  return (
    <BaseDialog.Root
      open={props.open}
      onOpenChange={(open) => {
        if (!open) props.onClose();
      }}
    >
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="scrim" />
        <BaseDialog.Popup
          className={props.kind}
          data-modal-open=""
          aria-label={props.title}
          aria-labelledby={undefined}
          {...(props.initialFocus === undefined ? {} : { initialFocus: props.initialFocus })}
        >
          <header className="overlay-head">
            <BaseDialog.Title className="overlay-title">{props.heading ?? props.title}</BaseDialog.Title>
            {props.description !== undefined && (
              <BaseDialog.Description className="overlay-description" render={<div />}>
                {props.description}
              </BaseDialog.Description>
            )}
          </header>
          <div className="overlay-body">{props.children}</div>
          {(props.buttons !== undefined || props.note !== undefined) && (
            <footer className="overlay-foot">
              <div className="overlay-note">{props.note}</div>
              {props.buttons}
            </footer>
          )}
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  );
}

/** An operation over the dimmed window. `title` is its name for assistive technology ("Fork"), `heading` the line that is seen. */
export function Sheet(props: OverlayProps & { readonly heading?: ReactNode }): ReactNode {
  return <Overlay kind="sheet" {...props} />;
}

/** A question in the middle. */
export function Dialog(props: OverlayProps): ReactNode {
  return <Overlay kind="dialog" {...props} />;
}

export interface MenuItem {
  readonly id: string;
  readonly label: string;
  readonly icon?: ReactNode;
  readonly hint?: ReactNode;
  readonly danger?: boolean;
  readonly separated?: boolean;
  readonly perform: () => void;
}

/** A button that opens a menu. `trigger` is a <Button>. */
export function Menu(props: {
  readonly trigger: ReactElement;
  readonly items: readonly MenuItem[];
  readonly align?: 'start' | 'end';
}): ReactNode {
  return (
    <BaseMenu.Root>
      <BaseMenu.Trigger render={props.trigger} />
      <BaseMenu.Portal>
        <BaseMenu.Positioner className="menu-positioner" sideOffset={4} align={props.align ?? 'start'}>
          <BaseMenu.Popup className="menu">
            {props.items.map((item) => (
              <div key={item.id} role="none">
                {item.separated === true && <div className="menu-line" role="separator" />}
                <BaseMenu.Item
                  className={`menu-item ${item.danger === true ? 'menu-item-danger' : ''}`}
                  onClick={item.perform}
                >
                  {item.icon}
                  <span className="ellipsis">{item.label}</span>
                  {item.hint !== undefined && <span className="menu-hint">{item.hint}</span>}
                </BaseMenu.Item>
              </div>
            ))}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  );
}

/** The last few messages. What was done goes after a while unless it offers an action; an error stays until dismissed. */
export function Messages(): ReactNode {
  const messages = useMessages((s) => s.messages);
  return (
    <div className="messages">
      {/* The regions stand before anything is said in them: a region that appears with its text is not read out. */}
      <div role="status" aria-live="polite">
        {messages
          .filter((m) => m.kind === 'done')
          .map((m) => (
            <MessageCard key={m.id} message={m} />
          ))}
      </div>
      <div role="alert">
        {messages
          .filter((m) => m.kind === 'error')
          .map((m) => (
            <MessageCard key={m.id} message={m} />
          ))}
      </div>
    </div>
  );
}

function MessageCard(props: { readonly message: Message }): ReactNode {
  const { message } = props;
  const dismiss = useMessages((s) => s.dismiss);
  const stays = message.kind === 'error';
  const seconds = message.action === null ? 5 : 20;
  useEffect(() => {
    if (stays) return;
    const timer = setTimeout(() => dismiss(message.id), seconds * 1000);
    return () => clearTimeout(timer);
  }, [message.id, stays, seconds, dismiss]);
  return (
    <div className={`message message-${message.kind}`}>
      <span className="message-mark" aria-hidden="true">
        {message.kind === 'error' ? '✕' : '✓'}
      </span>
      <div className="message-text">
        {message.text}
        {message.hint !== null && <div className="dim">{message.hint}</div>}
      </div>
      {message.action !== null && (
        <Button
          onClick={() => {
            message.action?.perform();
            dismiss(message.id);
          }}
        >
          {message.action.label}
        </Button>
      )}
      <Button look="quiet" icon aria-label="Dismiss" onClick={() => dismiss(message.id)}>
        ✕
      </Button>
    </div>
  );
}
