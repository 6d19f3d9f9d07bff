// The Raw tab: the stored bytes of a checkpoint, part by part, in hex and text, read window by window.

import { useEffect, useMemo, useReducer, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { asForkpointError } from '../../../../shared/model/errors.ts';
import { useCall, useService } from '../../../service/client.ts';
import { EmptyState } from '../../../ui/controls.tsx';
import * as format from '../../../ui/format.ts';
import { useFixedRows } from '../fixed-rows.ts';
import { ReadingLine } from '../ReadingLine.tsx';
import { Unread } from '../Unread.tsx';
import { bytesPerRow, hexRow, rowsOf } from './hex-rows.ts';

export function RawTab(props: {
  readonly store: string;
  readonly checkpoint: string;
  readonly revision: number;
}): ReactNode {
  const { store, checkpoint, revision } = props;
  const parts = useCall('raw.get', { store, key: checkpoint }, { revision });
  const [chosen, setChosen] = useState<string | null>(null);
  if (parts.data === null)
    return <Unread call={parts} what="the stored bytes" title="The stored bytes cannot be read" />;
  if (parts.data.length === 0)
    return (
      <EmptyState small title="No bytes">
        Nothing is stored for this checkpoint.
      </EmptyState>
    );
  // The same part of the next checkpoint stays chosen while one steps; else the largest, which is where the state is.
  const found = parts.data.findIndex((p) => p.where === chosen);
  const largest = parts.data.reduce((best, p, i, all) => (p.bytes > (all[best]?.bytes ?? 0) ? i : best), 0);
  const at = found >= 0 ? found : largest;
  const part = parts.data[at];
  return (
    <div className="raw-pane">
      <ReadingLine active={parts.slow} text="Reading the stored bytes" onCancel={parts.cancel} />
      <div className="raw-parts" role="listbox" aria-label="Stored parts" tabIndex={-1}>
        {parts.data.map((p, i) => (
          <button
            key={`${i} ${p.where}`}
            type="button"
            role="option"
            aria-selected={i === at}
            className="raw-part"
            title={p.where}
            onClick={() => setChosen(p.where)}
          >
            <span className="mono ellipsis">{p.where}</span>
            <span className="faint">{p.storage}</span>
            <span className="raw-bytes">{format.bytes(p.bytes)}</span>
          </button>
        ))}
      </div>
      {part !== undefined && (
        <HexView
          key={`${at} ${part.where}`}
          store={store}
          checkpoint={checkpoint}
          part={at}
          total={part.bytes}
          revision={revision}
        />
      )}
    </div>
  );
}

const chunkBytes = 8192;

function HexView(props: {
  readonly store: string;
  readonly checkpoint: string;
  readonly part: number;
  readonly total: number;
  readonly revision: number;
}): ReactNode {
  const { store, checkpoint, part, total, revision } = props;
  const client = useService();
  const { scroller, space, from, to, top, reveal } = useFixedRows(rowsOf(total), 20);
  const identity = `${store} ${checkpoint} ${part} ${revision}`;
  // What was read of this part; another part begins anew.
  const held = useMemo(() => ({ identity, chunks: new Map<number, Uint8Array | null>() }), [identity]);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const [error, setError] = useState<string | null>(null);

  useEffect(() => {
    const now = held;
    let stale = false;
    const first = Math.floor((from * bytesPerRow) / chunkBytes);
    const last = Math.floor((Math.max(from, to - 1) * bytesPerRow) / chunkBytes);
    for (let chunk = first; chunk <= last && chunk * chunkBytes < total; chunk++) {
      if (now.chunks.has(chunk)) continue;
      now.chunks.set(chunk, null);
      client.call('raw.bytes', { store, key: checkpoint, part, from: chunk * chunkBytes, count: chunkBytes }).then(
        (answer) => {
          now.chunks.set(chunk, answer.bytes);
          redraw();
        },
        (thrown: unknown) => {
          now.chunks.delete(chunk);
          if (!stale) setError(asForkpointError(thrown).message);
        },
      );
    }
    return () => {
      stale = true;
    };
  }, [client, store, checkpoint, part, total, held, from, to]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const element = scroller.current;
    if (element === null || (event.key !== 'Home' && event.key !== 'End') || event.ctrlKey || event.metaKey) return;
    reveal(event.key === 'Home' ? 0 : rowsOf(total) - 1);
    event.preventDefault();
  };

  if (error !== null) {
    return (
      <div className="block-error" role="alert">
        {error}{' '}
        <button type="button" className="link" onClick={() => setError(null)}>
          Try again
        </button>
      </div>
    );
  }
  if (total === 0)
    return (
      <EmptyState small title="Empty">
        This part is stored with no bytes in it.
      </EmptyState>
    );
  const drawn: ReactNode[] = [];
  for (let row = from; row < to; row++) {
    const offset = row * bytesPerRow;
    const chunk = held.chunks.get(Math.floor(offset / chunkBytes));
    const within = offset % chunkBytes;
    const line = hexRow(chunk == null ? new Uint8Array() : chunk.subarray(within, within + bytesPerRow), row);
    drawn.push(
      <div key={row} className="hex-row" style={{ top: (row - from) * 20 }}>
        <span className="faint">{line.offset}</span>
        <span className="hex-cells">
          {line.hex.slice(0, 8).join(' ')}
          {'  '}
          {line.hex.slice(8).join(' ')}
        </span>
        <span className="hex-text">{line.text}</span>
      </div>,
    );
  }
  return (
    <div
      className="hex mono selectable"
      ref={scroller}
      tabIndex={0}
      role="group"
      aria-label="Bytes in hexadecimal and text"
      onKeyDown={onKeyDown}
    >
      <div className="tree-space" style={{ height: space }}>
        <div className="tree-window" style={{ translate: `0 ${top}px` }}>
          {drawn}
        </div>
      </div>
    </div>
  );
}
