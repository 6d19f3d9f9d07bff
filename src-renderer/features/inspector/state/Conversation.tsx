// Chat messages as a conversation, of any length: windows of messages are read as they come into view.

import { useEffect, useReducer, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { MessageView } from '../../../../shared/contract/methods.ts';
import type { OrdinalPath } from '../../../../shared/model/value-node.ts';
import { asForkpointError } from '../../../../shared/model/errors.ts';
import { useService } from '../../../service/client.ts';
import * as format from '../../../ui/format.ts';
import { MarkedText } from '../MarkedText.tsx';
import { useLongText } from './ValueBlock.tsx';

const chunk = 40;
/** Heights are not known beforehand, and browsers lay out no more than this many of them; the tree shows any number. */
export const longestConversation = 200_000;

export interface ConversationProps {
  readonly store: string;
  readonly key_: string;
  readonly applied: boolean;
  readonly member: string;
  readonly path: OrdinalPath;
  readonly total: number;
  readonly revision: number;
  readonly mark: string;
  /** Edits the value at a place: a message, or its text alone. */
  readonly onEdit: ((at: OrdinalPath) => void) | null;
}

export function Conversation(props: ConversationProps): ReactNode {
  const { store, key_: key, applied, total, revision } = props;
  const client = useService();
  const scroller = useRef<HTMLDivElement>(null);
  const where = props.path.join('.');
  const identity = `${store} ${key} ${applied} ${where} ${revision}`;
  const held = useRef({ identity, messages: new Map<number, MessageView>(), reading: new Set<number>() });
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const [error, setError] = useState<string | null>(null);
  const controller = useRef(new AbortController());
  if (held.current.identity !== identity) {
    // The texts before stay until the new ones come: most messages are the same from one checkpoint to the next.
    held.current = { identity, messages: held.current.messages, reading: new Set() };
  }
  useEffect(() => {
    const c = new AbortController();
    controller.current = c;
    setError(null);
    return () => c.abort();
  }, [identity]);

  // The compiler that this rule speaks for is not used here.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: Math.min(total, longestConversation),
    getScrollElement: () => scroller.current,
    estimateSize: () => 84,
    overscan: 6,
    gap: 8,
    paddingStart: 10,
    paddingEnd: 16,
  });
  const items = virtual.getVirtualItems();
  const first = Math.floor((items[0]?.index ?? 0) / chunk);
  const last = Math.floor((items.at(-1)?.index ?? 0) / chunk);

  useEffect(() => {
    const now = held.current;
    for (let c = first; c <= last; c++) {
      if (now.reading.has(c)) continue;
      now.reading.add(c);
      const path = where === '' ? [] : where.split('.').map(Number);
      client
        .call(
          'state.messages',
          { store, key, applied, path, from: c * chunk, count: chunk },
          { signal: controller.current.signal },
        )
        .then(
          (answer) => {
            if (held.current !== now) return;
            answer.messages.forEach((m) => now.messages.set(m.ordinal, m));
            redraw();
          },
          (thrown: unknown) => {
            now.reading.delete(c);
            const failed = asForkpointError(thrown);
            if (held.current === now && failed.code !== 'cancelled') setError(failed.message);
          },
        );
    }
  }, [client, store, key, applied, where, identity, first, last]);

  return (
    <div
      className="conversation"
      ref={scroller}
      role="log"
      aria-label={`Conversation in ${props.member}`}
      aria-live="off"
      tabIndex={0}
    >
      {error !== null && <div className="block-error">{error}</div>}
      <div className="conversation-space" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const message = held.current.messages.get(item.index);
          return (
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              className="conversation-item"
              style={{ translate: `0 ${item.start}px` }}
            >
              {message === undefined ? (
                <div className="message-card message-missing" />
              ) : (
                <MessageCard
                  message={message}
                  member={props.member}
                  place={{ store, key, applied }}
                  at={[...props.path, item.index]}
                  mark={props.mark}
                  onEdit={props.onEdit}
                />
              )}
            </div>
          );
        })}
      </div>
      {total > longestConversation && (
        <div className="dim conversation-end">
          The first {format.count(longestConversation)} of {format.count(total)} messages. The tree shows all of them.
        </div>
      )}
    </div>
  );
}

const roles: Readonly<Record<string, string>> = {
  ai: 'AI',
  assistant: 'AI',
  human: 'Human',
  user: 'Human',
  system: 'System',
  developer: 'System',
  tool: 'Tool',
  function: 'Tool',
  remove: 'Remove',
};

/** A role as it is shown; unknown ones as they are stored. */
export const roleWord = (role: string): string => roles[role.toLowerCase()] ?? role;

export function MessageCard(props: {
  readonly message: MessageView;
  readonly member: string;
  readonly place: { readonly store: string; readonly key: string; readonly applied: boolean };
  readonly at: OrdinalPath;
  readonly mark: string;
  readonly onEdit?: ((at: OrdinalPath) => void) | null;
}): ReactNode {
  const { message } = props;
  const [whole, setWhole] = useState(false);
  const failed = message.status === 'error';
  return (
    <article className={`message-card role-${roleWord(message.role).toLowerCase()} ${failed ? 'message-failed' : ''}`}>
      <header className="message-head">
        <b>{roleWord(message.role)}</b>
        <span className="mono faint ellipsis">
          {props.member}[{message.ordinal}]{message.name !== null && ` · ${message.name}`}
          {message.id !== null && ` · id ${message.id}`}
        </span>
        <span className="spring" />
        {failed && <span className="message-error-word">✕ failed</span>}
        {props.onEdit != null && (
          <span className="message-edit">
            {message.textPath !== null && message.text !== '' && (
              <button
                type="button"
                className="link"
                onClick={() => props.onEdit?.([...props.at, ...(message.textPath ?? [])])}
              >
                Edit text
              </button>
            )}
            <button type="button" className="link" onClick={() => props.onEdit?.(props.at)}>
              Edit
            </button>
          </span>
        )}
      </header>
      <MessageBody
        message={message}
        place={props.place}
        at={props.at}
        mark={props.mark}
        whole={whole}
        onWhole={setWhole}
      />
    </article>
  );
}

export function MessageBody(props: {
  readonly message: MessageView;
  readonly place: { readonly store: string; readonly key: string; readonly applied: boolean };
  readonly at: OrdinalPath;
  readonly mark: string;
  readonly whole: boolean;
  readonly onWhole: (whole: boolean) => void;
}): ReactNode {
  const { message } = props;
  const folded = foldAt(message.text);
  const longer = message.chars > folded;
  return (
    <div className="message-text-body selectable">
      {props.whole && message.textPath !== null && message.chars > message.text.length ? (
        <WholeText place={props.place} at={[...props.at, ...message.textPath]} />
      ) : (
        message.text !== '' && (
          <div className="message-text-run">
            <MarkedText text={props.whole ? message.text : message.text.slice(0, folded)} mark={props.mark} />
            {!props.whole && longer && '…'}
          </div>
        )
      )}
      {longer && (
        <button type="button" className="link" onClick={() => props.onWhole(!props.whole)}>
          {props.whole ? 'fold' : `show all ${format.count(message.chars)} characters`}
        </button>
      )}
      {message.toolCalls.length > 0 && (
        <div className="message-calls">
          {message.toolCalls.map((call, i) => (
            // oxlint-disable-next-line react/no-array-index-key -- ids of calls are the store's and may repeat
            <span key={i} className="call mono" title={call.id ?? undefined}>
              <b>{call.name}</b> {call.args}
            </span>
          ))}
        </div>
      )}
      {message.text === '' && message.toolCalls.length === 0 && <span className="faint">no text</span>}
    </div>
  );
}

/** Where a text folds: 1,200 characters or 16 lines, whichever comes first. */
function foldAt(text: string): number {
  let lines = 0;
  const end = Math.min(text.length, 1200);
  for (let i = 0; i < end; i++) {
    if (text.charCodeAt(i) === 10 && ++lines === 16) return i;
  }
  return end;
}

function WholeText(props: {
  readonly place: { readonly store: string; readonly key: string; readonly applied: boolean };
  readonly at: OrdinalPath;
}): ReactNode {
  const { text, total, error, more } = useLongText(props.place, props.at, 100_000);
  if (error !== null) return <div className="block-error">{error}</div>;
  return (
    <div className="message-text-run">
      {text}
      {total !== null && text.length < total && (
        <div className="block-more">
          {format.count(text.length)} of {format.count(total)} characters{' '}
          <button type="button" className="link" onClick={() => more(200_000)}>
            show more
          </button>
        </div>
      )}
    </div>
  );
}
