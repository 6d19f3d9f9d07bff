// The threads that match, a page at a time: only the pages that are looked at are asked for, and a page stays on screen while it is
// read again (the listing goes on, the store has changed).

import { useCallback, useEffect, useRef, useState } from 'react';
import type { Result, ThreadRow } from '../../../shared/contract/methods.ts';
import { asForkpointError } from '../../../shared/model/errors.ts';
import type { ForkpointError } from '../../../shared/model/errors.ts';
import type { Status } from '../../../shared/model/status.ts';
import { firstThreads } from '../../service/early.ts';
import { useRevision, useService, useServiceEvent } from '../../service/client.ts';

export const pageSize = firstThreads;

export interface ThreadRows {
  readonly matched: number;
  readonly total: number;
  readonly complete: boolean;
  readonly statusCounts: Partial<Record<Status, number>>;
  readonly unread: number;
  readonly row: (index: number) => ThreadRow | null;
  readonly indexOf: (thread: string) => number;
  readonly error: ForkpointError | null;
  readonly loading: boolean;
  /** Tells which rows are on screen. */
  readonly want: (from: number, to: number) => void;
  readonly retry: () => void;
}

interface Loaded {
  readonly store: string | null;
  readonly query: string;
  readonly pages: ReadonlyMap<number, readonly ThreadRow[]>;
  readonly last: Result<'threads.list'> | null;
}

const none: Loaded = { store: null, query: '', pages: new Map(), last: null };

export function useThreadRows(store: string | null, search: string, status: Status | null): ThreadRows {
  const client = useService();
  const query = JSON.stringify([store, search, status]);
  const [loaded, setLoaded] = useState<Loaded>(none);
  const [failed, setFailed] = useState<{ readonly query: string; readonly error: ForkpointError } | null>(null);
  const [range, setRange] = useState({ from: 0, to: 0 });
  const [tick, setTick] = useState(0);
  const changed = useRevision(store, null);

  // Progress comes faster than a list can be read: at most four times a second.
  const waiting = useRef(false);
  useServiceEvent('threads.progress', (progress) => {
    if (progress.store !== store || waiting.current) return;
    waiting.current = true;
    setTimeout(() => {
      waiting.current = false;
      setTick((n) => n + 1);
    }, 250);
  });

  useEffect(() => {
    if (store === null) return;
    const controller = new AbortController();
    const first = range.from;
    const last = Math.max(range.from, range.to);
    const read = async (): Promise<void> => {
      for (let page = first; page <= last; page++) {
        const answer = await client.call(
          'threads.list',
          { store, search, status, from: page * pageSize, count: pageSize },
          { signal: controller.signal },
        );
        if (controller.signal.aborted) return;
        setFailed(null);
        setLoaded((l) => {
          // Pages out of sight are forgotten when the store changes or the listing goes on: they are read again when scrolled to.
          const pages = new Map(l.query === query ? [...l.pages].filter(([p]) => Math.abs(p - page) < 20) : []);
          return { store, query, pages: pages.set(page, answer.rows), last: answer };
        });
      }
    };
    read().catch((thrown: unknown) => {
      if (!controller.signal.aborted) setFailed({ query, error: asForkpointError(thrown) });
    });
    return () => controller.abort();
    // `tick` and `changed` ask for the same pages once more.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [client, store, search, status, query, range.from, range.to, tick, changed]);

  const want = useCallback((from: number, to: number) => {
    const next = { from: Math.floor(from / pageSize), to: Math.floor(Math.max(from, to - 1) / pageSize) };
    setRange((r) => (r.from === next.from && r.to === next.to ? r : next));
  }, []);

  // Rows of another search stay until the new ones are here; rows of another store never.
  const { pages, last } = loaded.store === store ? loaded : none;
  const error = failed?.query === query ? failed.error : null;
  return {
    matched: last?.matched ?? 0,
    total: last?.total ?? 0,
    complete: last?.complete ?? false,
    statusCounts: last?.statusCounts ?? {},
    unread: last?.unread ?? 0,
    row: (index) => pages.get(Math.floor(index / pageSize))?.[index % pageSize] ?? null,
    indexOf: (thread) => {
      for (const [page, rows] of pages) {
        const at = rows.findIndex((r) => r.thread === thread);
        if (at >= 0) return page * pageSize + at;
      }
      return -1;
    },
    error,
    loading: store !== null && loaded.query !== query && error === null,
    want,
    retry: () => setTick((n) => n + 1),
  };
}
