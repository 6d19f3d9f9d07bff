// One long value in full, below its row: text window by window, a picture if its first bytes are a raster's, else tagged JSON.

import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { OrdinalPath, ValueNode } from '../../../../shared/model/value-node.ts';
import { asForkpointError } from '../../../../shared/model/errors.ts';
import { useService } from '../../../service/client.ts';
import * as format from '../../../ui/format.ts';
import { pictureAddress, pictureIn } from '../../../values/raster.ts';
import { CodeText } from '../CodeText.tsx';

const windowSize = 20_000;
const mostSlots = 12;
/** Pictures larger than this are not drawn by themselves. */
const largestPicture = 16_000_000;

/** Rows kept for a value before it is read; a long one scrolls inside them. */
export function slotsFor(node: ValueNode): number {
  if (pictureIn(node.short.replace(/^"/, '')) !== null) return mostSlots;
  return Math.max(3, Math.min(mostSlots, Math.ceil(node.bytes / 110) + 1));
}

interface Place {
  readonly store: string;
  readonly key: string;
  readonly applied: boolean;
}

export function ValueBlock(props: {
  readonly shown: Place;
  readonly at: OrdinalPath;
  readonly node: ValueNode;
}): ReactNode {
  const { node } = props;
  if (node.kind === 'string') {
    const picture = pictureIn(node.short.replace(/^"/, '')) !== null && node.bytes < largestPicture;
    return <TextBlock place={props.shown} at={props.at} picture={picture} />;
  }
  return <TaggedBlock place={props.shown} at={props.at} node={node} />;
}

/** Text of a string from `state.text`, and how to get more of it. */
export function useLongText(
  place: Place,
  at: OrdinalPath,
  first: number,
): {
  readonly text: string;
  readonly total: number | null;
  readonly error: string | null;
  readonly more: (count: number) => void;
} {
  const client = useService();
  const where = at.join('.');
  const of = JSON.stringify([place.store, place.key, place.applied, where, first]);
  const [held, setHeld] = useState<{
    of: string;
    text: string;
    total: number | null;
    error: string | null;
    wanted: number;
  }>({
    of,
    text: '',
    total: null,
    error: null,
    wanted: first,
  });
  // The text of another place is no beginning of this one.
  const state = held.of === of ? held : { of, text: '', total: null, error: null, wanted: first };
  const { wanted, total } = state;
  const { length } = state.text;
  useEffect(() => {
    if (total !== null && (length >= wanted || length >= total)) return;
    const controller = new AbortController();
    const add = (text: string, total: number | null, error: string | null): void =>
      setHeld((s) => {
        const before = s.of === of ? s.text : '';
        return { of, text: before + text, total, error, wanted };
      });
    client
      .call(
        'state.text',
        {
          store: place.store,
          key: place.key,
          applied: place.applied,
          path: where === '' ? [] : where.split('.').map(Number),
          from: length,
          count: Math.min(wanted - length, 1_000_000),
        },
        { signal: controller.signal },
      )
      .then(
        (answer) => {
          if (!controller.signal.aborted) add(answer.text, answer.total, null);
        },
        (thrown: unknown) => {
          if (!controller.signal.aborted) add('', total, asForkpointError(thrown).message);
        },
      );
    return () => controller.abort();
  }, [client, place.store, place.key, place.applied, where, of, wanted, length, total]);
  return { ...state, more: (count) => setHeld({ ...state, wanted: length + count }) };
}

function TextBlock(props: { readonly place: Place; readonly at: OrdinalPath; readonly picture: boolean }): ReactNode {
  const { text, total, error, more } = useLongText(props.place, props.at, props.picture ? largestPicture : windowSize);
  if (error !== null) return <div className="block-error">{error}</div>;
  if (total === null) return <div className="block-box" />;
  if (props.picture) {
    if (text.length < total) return <div className="block-box" />;
    const picture = pictureIn(text);
    const address = picture === null ? null : pictureAddress(picture);
    if (address !== null) {
      return (
        <div className="block-box block-picture">
          <img src={address} alt={`Picture in the state, ${format.bytes(text.length)} as text`} />
        </div>
      );
    }
  }
  return (
    <div className="block-box selectable" tabIndex={0}>
      <div className="block-text mono">{text}</div>
      {text.length < total && (
        <div className="block-more">
          {format.count(text.length)} of {format.count(total)} characters{' '}
          <button type="button" className="link" onClick={() => more(windowSize * 5)}>
            show {format.count(Math.min(windowSize * 5, total - text.length))} more
          </button>
        </div>
      )}
    </div>
  );
}

function TaggedBlock(props: { readonly place: Place; readonly at: OrdinalPath; readonly node: ValueNode }): ReactNode {
  const client = useService();
  const [state, setState] = useState<{ value: string | null; bytes: number; error: string | null } | null>(null);
  const { place } = props;
  const where = props.at.join('.');
  useEffect(() => {
    const controller = new AbortController();
    const path = where.split('.').map(Number);
    client
      .call(
        'state.value',
        { store: place.store, key: place.key, applied: place.applied, path, limit: 4_000_000, indent: 2 },
        { signal: controller.signal },
      )
      .then(
        (answer) => !controller.signal.aborted && setState({ ...answer, error: null }),
        (thrown: unknown) =>
          !controller.signal.aborted && setState({ value: null, bytes: 0, error: asForkpointError(thrown).message }),
      );
    return () => controller.abort();
  }, [client, place.store, place.key, place.applied, where]);
  if (state === null) return <div className="block-box" />;
  if (state.error !== null) return <div className="block-error">{state.error}</div>;
  if (state.value === null) {
    return (
      <div className="block-error dim">
        {format.bytes(state.bytes)} are too much to show here. They are in Raw, byte by byte.
      </div>
    );
  }
  const base64 = /^\{\s*"\$bytes":\s*"([^"]*)"\s*\}$/.exec(state.value)?.[1];
  const picture = base64 === undefined ? null : pictureIn(base64);
  const address = picture === null ? null : pictureAddress(picture);
  if (address !== null) {
    return (
      <div className="block-box block-picture">
        <img src={address} alt={`Picture in the state, ${format.bytes(state.bytes)}`} />
      </div>
    );
  }
  return (
    <div className="block-box selectable" tabIndex={0}>
      <CodeText text={state.value} />
    </div>
  );
}
