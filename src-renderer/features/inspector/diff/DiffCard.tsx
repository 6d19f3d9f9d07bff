// One change as a card: where, what kind, and the values, word by word inside texts.

import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { DiffRow } from '../../../../shared/contract/methods.ts';
import { isPlumbing } from '../../../../shared/model/channels.ts';
import { useCall } from '../../../service/client.ts';
import * as format from '../../../ui/format.ts';
import { indentJson } from '../../../values/json-text.ts';
import { foldSame, wordDiff } from '../../../values/word-diff.ts';
import { CodeText } from '../CodeText.tsx';
import { MessageBody, roleWord } from '../state/Conversation.tsx';

const words = { add: 'added', remove: 'removed', replace: 'changed', move: 'moved' } as const;
/** Texts fold here inside a card. */
const foldAt = 1200;

export function DiffCard(props: {
  readonly row: DiffRow;
  readonly store: string;
  /** Keys that the two sides can be read at; null where a side is not stored (a plan's preview, the empty state). */
  readonly before: string | null;
  readonly after: string | null;
}): ReactNode {
  const { row } = props;
  const path = row.path ?? row.pointer;
  return (
    <article className={`diff-card diff-${row.op} ${isPlumbing(row.channel) ? 'diff-quiet' : ''}`}>
      <header className="diff-head">
        {row.message !== null && <b>{roleWord(row.message.role)}</b>}
        <span className={`mono ellipsis ${row.message === null ? '' : 'faint'}`} title={path}>
          {path === '' ? 'the whole state' : path}
          {row.message?.id != null && ` · id ${row.message.id}`}
        </span>
        <span className="spring" />
        <span className="diff-word">
          {words[row.op]}
          {row.op === 'move' && row.from !== null && (
            <>
              {' '}
              from <span className="mono">{row.from}</span>
            </>
          )}
        </span>
      </header>
      <DiffBody {...props} />
    </article>
  );
}

type Side = NonNullable<DiffRow['before']>;

function DiffBody(props: {
  readonly row: DiffRow;
  readonly store: string;
  readonly before: string | null;
  readonly after: string | null;
}): ReactNode {
  const { row } = props;
  if (row.op === 'replace' && row.before !== null && row.after !== null) {
    return <Replaced before={row.before} after={row.after} differing={row.differing ?? null} />;
  }
  const side = row.op === 'remove' ? row.before : row.after;
  const key = row.op === 'remove' ? props.before : props.after;
  if (side === null) return null;
  if (row.message !== null && side.node.kind !== 'string' && side.node.children > 0 && key !== null) {
    return <WholeMessage row={row} store={props.store} at={key} side={side} />;
  }
  return <OneSide side={side} store={props.store} at={key} />;
}

function Replaced(props: {
  readonly before: Side;
  readonly after: Side;
  readonly differing: NonNullable<DiffRow['differing']> | null;
}): ReactNode {
  const { before, after, differing } = props;
  const bothTexts = before.node.kind === 'string' && after.node.kind === 'string';
  const complete = before.text !== null && after.text !== null;
  const was = bothTexts ? (differing?.before ?? before.text) : null;
  const is = bothTexts ? (differing?.after ?? after.text) : null;
  const segments = useMemo(() => (was === null || is === null ? null : foldSame(wordDiff(was, is), 160)), [was, is]);
  if (segments !== null) {
    return (
      <div className="diff-text selectable">
        {differing !== null && <Equal count={differing.equalBefore} />}
        {segments.map((s, i) => {
          // oxlint-disable react/no-array-index-key -- the pieces of one text have no other identity
          if (s.kind === 'del') return <del key={i}>{s.text}</del>;
          if (s.kind === 'add') return <ins key={i}>{s.text}</ins>;
          if (s.kind === 'gap') return <Gap key={i} text={s.text} />;
          return <span key={i}>{s.text}</span>;
          // oxlint-enable react/no-array-index-key
        })}
        {differing !== null && <Equal count={differing.equalAfter} />}
      </div>
    );
  }
  const kindChanged = before.node.kind !== after.node.kind || before.node.tag !== after.node.tag;
  return (
    <div className="diff-text mono selectable">
      <del>{before.text ?? before.node.short}</del> <ins>{after.text ?? after.node.short}</ins>
      {kindChanged && (
        <span className="diff-kinds faint">
          {before.node.tag ?? before.node.kind} → {after.node.tag ?? after.node.kind}
        </span>
      )}
      {!complete && (before.node.cut || after.node.cut) && (
        <span className="diff-kinds faint">
          {format.bytes(before.node.bytes)} → {format.bytes(after.node.bytes)}
        </span>
      )}
    </div>
  );
}

/** What is equal around the differing part of two long texts; State shows it whole. */
function Equal(props: { readonly count: number }): ReactNode {
  if (props.count === 0) return null;
  return <span className="diff-gap faint"> … {format.counted(props.count, 'equal character')} … </span>;
}

function Gap(props: { readonly text: string }): ReactNode {
  const [open, setOpen] = useState(false);
  if (open) return <span>{props.text}</span>;
  return (
    <button type="button" className="link diff-gap" onClick={() => setOpen(true)}>
      … {format.count(props.text.length)} equal …
    </button>
  );
}

function OneSide(props: { readonly side: Side; readonly store: string; readonly at: string | null }): ReactNode {
  const { side } = props;
  const [whole, setWhole] = useState(false);
  const { node } = side;
  const text = side.text ?? node.short;
  const more = side.text === null ? node.cut || node.children > 0 : side.text.length > foldAt;
  const canRead = side.text !== null || (props.at !== null && node.path !== null);
  return (
    <div className={`diff-text selectable ${node.kind === 'string' ? '' : 'mono'}`}>
      {whole && side.text === null && props.at !== null && node.path !== null ? (
        <WholeValue store={props.store} at={props.at} path={node.path} />
      ) : (
        <>
          {node.tag !== null && <span className="diff-tag">{node.tag}</span>}
          {side.text !== null && node.children > 0 ? (
            <CodeText text={indentJson(side.text, 90)} />
          ) : (
            <>{whole ? text : text.slice(0, foldAt)}</>
          )}
          {!whole && text.length > foldAt && '…'}
        </>
      )}{' '}
      {more && canRead && (
        <button type="button" className="link" onClick={() => setWhole(!whole)}>
          {whole
            ? 'fold'
            : `show all ${side.text === null ? format.bytes(node.bytes) : `${format.count(text.length)} characters`}`}
        </button>
      )}
    </div>
  );
}

function WholeValue(props: { readonly store: string; readonly at: string; readonly path: string }): ReactNode {
  const place = { store: props.store, key: props.at, applied: false };
  const at = useCall('state.resolve', { ...place, path: props.path });
  const value = useCall(
    'state.value',
    at.data === null ? null : { ...place, path: at.data, limit: 1_000_000, indent: 2 },
  );
  const error = at.error ?? value.error;
  if (error !== null) return <span className="block-error">{error.message}</span>;
  if (value.data === null) return <span className="faint">reading…</span>;
  if (value.data.value === null) {
    return <span className="faint">{format.bytes(value.data.bytes)}: too large to show here; open it in State.</span>;
  }
  return <CodeText text={value.data.value} />;
}

/** A message that came or went, with its text and calls, read from the checkpoint that holds it. */
function WholeMessage(props: {
  readonly row: DiffRow;
  readonly store: string;
  readonly at: string;
  readonly side: Side;
}): ReactNode {
  const [whole, setWhole] = useState(false);
  const place = { store: props.store, key: props.at, applied: false };
  const path = props.side.node.path ?? props.row.path;
  const resolved = useCall('state.resolve', path === null ? null : { ...place, path });
  const at = resolved.data;
  const ordinal = at?.at(-1);
  const answer = useCall(
    'state.messages',
    at === null || ordinal === undefined ? null : { ...place, path: at.slice(0, -1), from: ordinal, count: 1 },
  );
  const message = answer.data?.messages[0];
  if (message === undefined || at === null) {
    // The same height as the text that will stand here, and the short text when there is no message to be had.
    return <div className="diff-text">{props.side.node.short}</div>;
  }
  return <MessageBody message={message} place={place} at={at} mark="" whole={whole} onWhole={setWhole} />;
}
