// The State tab: tree or conversation of the state at the selected checkpoint, as stored or with the writes that finished tasks left.

import { useCallback, useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Info } from 'lucide-react';
import type { OrdinalPath, ValueNode } from '../../../../shared/model/value-node.ts';
import type { Result } from '../../../../shared/contract/methods.ts';
import { asForkpointError } from '../../../../shared/model/errors.ts';
import { useHost } from '../../../host/host.ts';
import { useService } from '../../../service/client.ts';
import { useMessages } from '../../../state/messages.ts';
import { storeCan, useOpenStore } from '../../../state/session.ts';
import { useView } from '../../../state/view.ts';
import { Button, EmptyState, ProgressLine } from '../../../ui/controls.tsx';
import * as format from '../../../ui/format.ts';
import { KeyButton } from '../../toolbar/KeyButton.tsx';
import { appendTo, editValue, removeValue } from '../../operations/start.ts';
import { Sentence } from '../Sentence.tsx';
import { CannotRead } from '../Unread.tsx';
import { Conversation } from './Conversation.tsx';
import { FindBar } from './FindBar.tsx';
import { StateTreeView } from './StateTreeView.tsx';
import { stateFocus, useStatePane } from './state-pane.ts';
import { useStateTree } from './use-state-tree.ts';
import type { ShownTree } from './use-state-tree.ts';

/** A value larger than this is not put on the clipboard whole. */
const largestCopy = 32_000_000;

export function StateTab(props: {
  readonly store: string;
  readonly checkpoint: string;
  readonly revision: number;
  readonly about: Result<'state.about'> | null;
  readonly pending: Result<'pending.get'> | null;
}): ReactNode {
  const { store, checkpoint, revision, about } = props;
  const client = useService();
  const host = useHost();
  const applied = useView((v) => v.applied);
  const path = useView((v) => v.path);
  const sealed = useOpenStore()?.info.sealed;
  const { mode, finding, found } = useStatePane();
  const { shown, loading, slow, late, error, cancelled, cancel, retry } = useStateTree(
    store,
    checkpoint,
    applied,
    revision,
  );
  // Ordinals mean a place in one state only: what was selected in another is no selection here.
  const [selected, setSelected] = useState<{ readonly at: OrdinalPath; readonly of: ShownTree } | null>(null);
  const active = selected !== null && selected.of === shown ? selected.at : null;
  const [revealed, setRevealed] = useState(0);
  const lastShown = useRef(path);

  const say = useCallback((thrown: unknown) => useMessages.getState().sayError(thrown), []);
  const onActive = useCallback(
    (at: OrdinalPath, node: ValueNode | null) => {
      if (shown === null) return;
      setSelected({ at, of: shown });
      if (node === null) return;
      lastShown.current = node.path;
      useView.getState().showPath(node.path);
      stateFocus.current = { at, node, key: checkpoint };
    },
    [checkpoint, shown],
  );

  // The path of the address leads to its row: at the start, on a link, and in the next checkpoint, where ordinals may differ.
  useEffect(() => {
    if (shown === null || path === null) return;
    let stale = false;
    const fromOutside = lastShown.current !== path;
    client
      .call('state.resolve', { store: shown.store, key: shown.key, applied: shown.applied, path })
      .then(async (at) => {
        if (stale || at === null || at.length === 0) return;
        await shown.tree.reveal(at);
        if (stale) return;
        lastShown.current = path;
        setSelected({ at, of: shown });
        const node = shown.tree.nodeAt(at);
        if (node !== null) stateFocus.current = { at, node, key: shown.key };
        if (fromOutside) setRevealed((n) => n + 1);
      })
      .catch(() => {
        // A path that cannot be read leads nowhere; the tree stands as it is.
      });
    return () => {
      stale = true;
    };
  }, [client, shown, path]);

  const goTo = useCallback(
    (at: OrdinalPath) => {
      if (shown === null) return;
      shown.tree.reveal(at).then(
        () => {
          setSelected({ at, of: shown });
          setRevealed((n) => n + 1);
        },
        (thrown: unknown) => say(thrown),
      );
    },
    [shown, say],
  );

  if (shown === null) {
    if (error !== null) {
      return (
        <CannotRead
          title="This state cannot be read"
          error={asForkpointError(error)}
          onRetry={retry}
          more={<Button onClick={() => useView.getState().showTab('raw')}>Show its bytes</Button>}
        />
      );
    }
    if (cancelled) {
      return (
        <EmptyState small title="Not read" action={<Button onClick={retry}>Read this state</Button>}>
          Reading was cancelled. Nothing was changed.
        </EmptyState>
      );
    }
    return <ProgressLine active={slow} text={late ? 'Reading the state' : null} onCancel={cancel} />;
  }

  const conversations = about?.conversations ?? [];
  const conversation = conversations.find((c) => c.member === mode.member) ?? conversations[0];
  const asConversation = mode.kind === 'conversation' && conversation !== undefined;
  const absent = Object.entries(about?.provenance ?? {}).filter(([, p]) => p === 'absent');
  const hasWrites = applied || (props.pending?.tasks.some((t) => t.writes.length > 0) ?? false);
  const notes = about?.notes ?? [];
  // A state that only lacks its key: the key is asked for where it is missed.
  const locked = sealed?.open === false && about?.provenance !== undefined && notes.length > 0 ? sealed : null;
  // An empty state says its notes itself.
  const said = shown.tree.rows > 0 && (notes.length > 0 || absent.length > 0);
  const canEdit = storeCan('edit') && about?.unforkable == null && about?.isRecord !== true;

  /** The sheet takes paths as people write them; ordinals are only a place in this state. */
  const editAt = (at: OrdinalPath): void => {
    client.call('state.value', { store, key: checkpoint, applied, path: [...at], limit: 0, indent: 0 }).then(
      ({ path: logical }) => {
        if (logical !== null) editValue(store, checkpoint, logical);
      },
      (thrown: unknown) => say(thrown),
    );
  };

  const copyValue = (node: ValueNode, at: OrdinalPath): void => {
    const place = { store: shown.store, key: shown.key, applied: shown.applied, path: [...at] };
    const copy = async (): Promise<void> => {
      if (node.kind === 'string') {
        const { text, total } = await client.call('state.text', { ...place, from: 0, count: largestCopy });
        await host.copy(text);
        useMessages
          .getState()
          .say(
            text.length < total
              ? `Copied the first ${format.count(text.length)} of ${format.count(total)} characters.`
              : `Copied ${node.label}.`,
          );
        return;
      }
      const { value, bytes } = await client.call('state.value', { ...place, limit: largestCopy, indent: 2 });
      if (value === null) {
        useMessages
          .getState()
          .say(`${node.label} is ${format.bytes(bytes)}: too large for the clipboard. Export the thread instead.`);
        return;
      }
      await host.copy(value);
      useMessages.getState().say(`Copied ${node.label}.`);
    };
    copy().catch((thrown: unknown) => say(thrown));
  };

  return (
    <div className="state-pane">
      {finding && <FindBar store={store} checkpoint={checkpoint} applied={applied} onPlace={goTo} />}
      {(conversations.length > 0 || hasWrites || said) && (
        <div className="state-bar">
          {conversations.length > 0 && (
            <div className="segments" role="group" aria-label="Show as">
              <button
                type="button"
                aria-pressed={!asConversation}
                onClick={() => useStatePane.setState({ mode: { kind: 'tree', member: null } })}
              >
                Tree
              </button>
              {conversations.slice(0, 4).map((c) => (
                <button
                  key={c.member}
                  type="button"
                  aria-pressed={asConversation && conversation === c}
                  onClick={() => useStatePane.setState({ mode: { kind: 'conversation', member: c.member } })}
                >
                  {c.member} <span className="faint">{format.count(c.messages)}</span>
                </button>
              ))}
            </div>
          )}
          {hasWrites && (
            <div className="segments" role="group" aria-label="Which state">
              <button type="button" aria-pressed={!applied} onClick={() => useView.getState().showApplied(false)}>
                As stored
              </button>
              <button type="button" aria-pressed={applied} onClick={() => useView.getState().showApplied(true)}>
                With finished writes
              </button>
            </div>
          )}
          {said && <StateNotes notes={notes} absent={absent.map(([member]) => member)} />}
        </div>
      )}
      <div className={`state-body ${loading && slow ? 'state-old' : ''}`}>
        <ProgressLine active={loading && slow} text={late ? 'Reading the state' : null} onCancel={cancel} />
        {error !== null && (
          <div className="block-error" role="alert">
            {asForkpointError(error).message}{' '}
            <button type="button" className="link" onClick={retry}>
              Try again
            </button>
          </div>
        )}
        {asConversation ? (
          <Conversation
            key={conversation.member}
            store={store}
            key_={checkpoint}
            applied={applied}
            member={conversation.member}
            path={conversation.path}
            total={conversation.messages}
            revision={revision}
            mark={found}
            onEdit={canEdit ? editAt : null}
          />
        ) : shown.tree.rows === 0 ? (
          <EmptyState
            small
            title={locked === null ? 'No state here' : 'Encrypted'}
            action={locked === null ? undefined : <KeyButton store={store} sealed={locked} />}
          >
            {notes.length > 0 ? notes.join(' ') : 'This checkpoint holds no values.'}
          </EmptyState>
        ) : (
          <StateTreeView
            shown={shown}
            active={active}
            onActive={onActive}
            provenance={about?.provenance ?? {}}
            mark={found}
            revealed={revealed}
            commands={{
              copyValue,
              copyPath: (node) => {
                if (node.path === null) return;
                const text = node.path;
                host.copy(text).then(
                  () => useMessages.getState().say(`Copied ${text}`),
                  (thrown: unknown) => say(thrown),
                );
              },
              edit: canEdit
                ? (node) => {
                    if (node.path !== null) editValue(store, checkpoint, node.path);
                  }
                : null,
              append: (node) => {
                if (node.path !== null) appendTo(store, checkpoint, node.path);
              },
              remove: (node) => {
                if (node.path !== null) removeValue(store, checkpoint, node.path);
              },
            }}
          />
        )}
      </div>
    </div>
  );
}

function StateNotes(props: { readonly notes: readonly string[]; readonly absent: readonly string[] }): ReactNode {
  const sentences = [
    ...props.notes,
    ...(props.absent.length > 0 && !props.notes.some((n) => props.absent.some((a) => n.includes(a)))
      ? [`Not stored at this checkpoint: ${props.absent.join(', ')}.`]
      : []),
  ];
  const [open, setOpen] = useState(false);
  if (sentences.length === 0) return null;
  return (
    <div className={`state-notes ${open ? 'state-notes-open' : ''}`}>
      <button
        type="button"
        className="state-note"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        title={sentences.join('\n')}
      >
        <Info size={14} aria-hidden="true" />
        <span className={open ? 'selectable' : 'ellipsis'}>
          <Sentence text={open ? sentences.join(' ') : (sentences[0] ?? '')} />
        </span>
        {!open && sentences.length > 1 && <span className="faint">+{sentences.length - 1}</span>}
      </button>
    </div>
  );
}
