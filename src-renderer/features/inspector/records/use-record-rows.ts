// The records of a thread or of one checkpoint, a page at a time: only the pages that are looked at are asked for, and one that is here
// stays while it is read again, so that the list neither jumps nor empties while it is scrolled.

import { useCallback, useEffect, useState } from 'react';
import type { RecordRow } from '../../../../shared/contract/methods.ts';
import { asForkpointError } from '../../../../shared/model/errors.ts';
import type { ForkpointError } from '../../../../shared/model/errors.ts';
import { useService } from '../../../service/client.ts';

const pageSize = 200;
/** Pages further away than this from what is on screen are forgotten, and read again when scrolled to. */
const nearby = 10;

export interface RecordRows {
  /** Null until the first page is here. */
  readonly total: number | null;
  readonly row: (index: number) => RecordRow | null;
  readonly error: ForkpointError | null;
  /** It has been waited for long enough to say so. */
  readonly slow: boolean;
  /** Tells which rows are looked at. */
  readonly want: (from: number, to: number) => void;
  readonly retry: () => void;
}

interface Loaded {
  readonly question: string;
  readonly pages: ReadonlyMap<number, readonly RecordRow[]>;
  readonly total: number | null;
  readonly error: ForkpointError | null;
}

/** `key`: the checkpoint whose records these are, null for those of the whole thread. */
export function useRecordRows(store: string, thread: string, key: string | null, revision: number): RecordRows {
  const client = useService();
  const question = JSON.stringify([store, thread, key]);
  const [loaded, setLoaded] = useState<Loaded>({ question, pages: new Map(), total: null, error: null });
  const [range, setRange] = useState({ question, first: 0, last: 0 });
  const [tries, setTries] = useState(0);
  const [slow, setSlow] = useState(false);
  const { first, last } = range.question === question ? range : { first: 0, last: 0 };

  useEffect(() => {
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      for (let page = first; page <= last; page++) {
        const { records, total } = await client.call(
          'records.list',
          { store, thread, key, from: page * pageSize, count: pageSize },
          { signal: controller.signal },
        );
        if (controller.signal.aborted) return;
        setLoaded((l) => {
          const kept = l.question === question ? [...l.pages].filter(([p]) => Math.abs(p - page) < nearby) : [];
          return { question, pages: new Map(kept).set(page, records), total, error: null };
        });
      }
    };
    const timer = setTimeout(() => setSlow(true), 150);
    read()
      .catch((thrown: unknown) => {
        if (controller.signal.aborted) return;
        setLoaded((l) => ({
          ...(l.question === question ? l : { pages: new Map(), total: null }),
          question,
          error: asForkpointError(thrown),
        }));
      })
      .finally(() => {
        clearTimeout(timer);
        if (!controller.signal.aborted) setSlow(false);
      });
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
    // `revision` and `tries` ask for the same pages once more.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [client, store, thread, key, question, first, last, revision, tries]);

  const want = useCallback(
    (from: number, to: number) => {
      const next = { first: Math.floor(from / pageSize), last: Math.floor(Math.max(from, to - 1) / pageSize) };
      setRange((r) =>
        r.question === question && r.first === next.first && r.last === next.last ? r : { question, ...next },
      );
    },
    [question],
  );

  const here = loaded.question === question ? loaded : null;
  return {
    total: here?.total ?? null,
    row: (index) => here?.pages.get(Math.floor(index / pageSize))?.[index % pageSize] ?? null,
    error: here?.error ?? null,
    slow,
    want,
    retry: () => setTries((n) => n + 1),
  };
}
