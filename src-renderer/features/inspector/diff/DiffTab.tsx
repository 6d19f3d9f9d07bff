// The Diff tab: what the selected checkpoint did to the state of its parent, or of the compared one. Channels first, then only what changed.

import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { DiffFilter, DiffRow, DiffView } from '../../../../shared/contract/methods.ts';
import { asForkpointError } from '../../../../shared/model/errors.ts';
import type { ForkpointError } from '../../../../shared/model/errors.ts';
import { useService } from '../../../service/client.ts';
import { noteRead } from '../../../state/reads.ts';
import { Button, EmptyState, ProgressLine } from '../../../ui/controls.tsx';
import * as format from '../../../ui/format.ts';
import { DiffCard } from './DiffCard.tsx';
import { DiffSummaryChips } from './DiffSummaryChips.tsx';

const windowSize = 200;

interface Held {
  /** Which two states these rows are between, and what they were filtered by. */
  readonly between: string;
  readonly filter: string;
  readonly view: DiffView;
  /** Rows by index; holes are not read yet. */
  readonly rows: (DiffRow | undefined)[];
}

interface Status {
  readonly slow: boolean;
  readonly late: boolean;
  readonly error: ForkpointError | null;
  readonly cancelled: boolean;
}
const quiet: Status = { slow: false, late: false, error: null, cancelled: false };

const filterOf = (path: string, channel: string | null): { readonly filter?: DiffFilter } =>
  path === '' && channel === null ? {} : { filter: { path, channel } };

/** A text a moment after the last key, so that not every letter asks the service. Empty at once: the way back is never slow. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 120);
    return () => clearTimeout(timer);
  }, [text]);
  return text === '' ? '' : settled;
}

export function DiffTab(props: {
  readonly store: string;
  readonly before: string | null;
  readonly after: string;
  readonly revision: number;
}): ReactNode {
  const { store, before, after, revision } = props;
  const client = useService();
  const [held, setHeld] = useState<Held | null>(null);
  const [status, setStatus] = useState<Status>(quiet);
  const [attempt, setAttempt] = useState(0);
  const [filter, setFilter] = useState('');
  const [channel, setChannel] = useState<string | null>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const typed = useSettled(filter);
  const asked = JSON.stringify(filterOf(typed, channel));
  const between = JSON.stringify([store, before, after]);
  const controller = useRef(new AbortController());
  const reading = useRef(new Set<number>());

  useEffect(() => {
    const c = new AbortController();
    controller.current = c;
    reading.current = new Set([0]);
    const began = performance.now();
    setStatus(quiet);
    const timers = [
      setTimeout(() => setStatus((s) => ({ ...s, slow: true })), 150),
      setTimeout(() => setStatus((s) => ({ ...s, late: true })), 1000),
    ];
    const stop = (): void => timers.forEach(clearTimeout);
    client
      .call(
        'diff.get',
        { store, before, after, from: 0, count: windowSize, ...filterOf(typed, channel) },
        { signal: c.signal },
      )
      .then(
        (view) => {
          if (c.signal.aborted) return;
          noteRead(performance.now() - began);
          const rows: (DiffRow | undefined)[] = Array.from({ length: view.matched ?? view.total });
          view.rows.forEach((row, i) => (rows[i] = row));
          setHeld({ between, filter: asked, view, rows });
          setStatus(quiet);
        },
        (thrown: unknown) => {
          if (!c.signal.aborted) setStatus({ ...quiet, error: asForkpointError(thrown) });
        },
      )
      .finally(stop);
    return () => {
      stop();
      c.abort();
    };
  }, [client, store, before, after, between, typed, channel, asked, revision, attempt]);

  const request = useCallback(
    (into: Held, chunk: number) => {
      // Rows of one pair, or of one filter, never go among those of another.
      if (into.between !== between || into.filter !== asked || reading.current.has(chunk)) return;
      reading.current.add(chunk);
      client
        .call(
          'diff.get',
          { store, before, after, from: chunk * windowSize, count: windowSize, ...filterOf(typed, channel) },
          { signal: controller.current.signal },
        )
        .then(
          (view) => {
            view.rows.forEach((row, i) => (into.rows[chunk * windowSize + i] = row));
            redraw();
          },
          (thrown: unknown) => {
            const error = asForkpointError(thrown);
            if (error.code !== 'cancelled') setStatus((s) => ({ ...s, error }));
          },
        );
    },
    [client, store, before, after, between, typed, channel, asked],
  );

  const scroller = useRef<HTMLDivElement>(null);
  const count = held?.rows.length ?? 0;
  // The compiler that this rule speaks for is not used here.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => 62,
    overscan: 6,
    gap: 7,
    paddingEnd: 16,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (held === null) return;
    for (let chunk = Math.floor(first / windowSize); chunk <= Math.floor(last / windowSize); chunk++)
      request(held, chunk);
  }, [held, first, last, request]);
  useEffect(() => {
    // Braces: newer browsers give a promise back, and React would take it for the way to clean up.
    if (scroller.current !== null) scroller.current.scrollTop = 0;
  }, [before, after, held?.filter]);

  if (status.error !== null && held?.between !== between) {
    return (
      <EmptyState
        small
        alert
        title="These two cannot be compared"
        action={<Button onClick={() => setAttempt((n) => n + 1)}>Try again</Button>}
      >
        {status.error.message} {status.error.hint}
      </EmptyState>
    );
  }
  if (status.cancelled && held?.between !== between) {
    return (
      <EmptyState small title="Not compared" action={<Button onClick={() => setAttempt((n) => n + 1)}>Compare</Button>}>
        Reading was cancelled. Nothing was changed.
      </EmptyState>
    );
  }
  const progress = (
    <ProgressLine
      active={status.slow}
      text={status.late ? 'Comparing two states' : null}
      onCancel={() => {
        controller.current.abort();
        setStatus({ ...quiet, cancelled: true });
      }}
    />
  );
  if (held === null) return progress;
  const { view } = held;

  return (
    <div className="diff-pane">
      {progress}
      <div className="diff-bar">
        <DiffSummaryChips
          summary={view.summary}
          equalChannels={view.equalChannels}
          chosen={channel}
          onChoose={(next) => setChannel(next === channel ? null : next)}
        />
        {(view.total > 1 || filter !== '') && (
          <input
            className="field diff-filter"
            type="text"
            aria-label="Filter by path"
            placeholder="Filter by path"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
        )}
      </div>
      {status.error !== null && (
        <div className="block-error" role="alert">
          {status.error.message}
        </div>
      )}
      {view.total === 0 ? (
        <EmptyState small title="Nothing changed">
          {view.before === null
            ? 'This is where the thread begins, and it holds no values yet.'
            : 'Both states hold the same values, byte for byte.'}
        </EmptyState>
      ) : (
        <div className="diff-list" ref={scroller} role="list" aria-label="Changes" tabIndex={0}>
          {count === 0 && (
            <EmptyState
              small
              title="No change here"
              action={
                <Button
                  onClick={() => {
                    setFilter('');
                    setChannel(null);
                  }}
                >
                  Show all changes
                </Button>
              }
            >
              {channel === null
                ? `None of the ${format.counted(view.total, 'change')} has this in its path.`
                : `None of the ${format.counted(view.total, 'change')} is in ${channel}${typed === '' ? '' : ' with this in its path'}.`}
            </EmptyState>
          )}
          <div className="diff-space" role="none" style={{ height: virtual.getTotalSize() }}>
            {items.map((item) => {
              const row = held.rows[item.index];
              return (
                <div
                  key={item.key}
                  ref={virtual.measureElement}
                  data-index={item.index}
                  role="listitem"
                  aria-setsize={count}
                  aria-posinset={item.index + 1}
                  className="diff-item"
                  style={{ translate: `0 ${item.start}px` }}
                >
                  {row === undefined ? (
                    <div className="diff-card diff-missing" />
                  ) : (
                    <DiffCard row={row} store={store} before={view.before} after={view.after} />
                  )}
                </div>
              );
            })}
          </div>
        </div>
      )}
    </div>
  );
}
