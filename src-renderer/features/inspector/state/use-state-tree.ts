// The tree of the state that is shown. The tree before stays on screen until the next one has been read, so that nothing flickers
// while someone steps through checkpoints.

import { useEffect, useRef, useState } from 'react';
import { useService } from '../../../service/client.ts';
import { noteRead } from '../../../state/reads.ts';
import { StateTree } from './state-tree.ts';

export interface ShownTree {
  readonly tree: StateTree;
  /** Which state the tree is of; differs from what was asked for while the next is read. */
  readonly store: string;
  readonly key: string;
  readonly applied: boolean;
}

export interface StateTreeResult {
  readonly shown: ShownTree | null;
  readonly loading: boolean;
  readonly slow: boolean;
  readonly error: unknown;
  readonly retry: () => void;
}

export function useStateTree(store: string, key: string, applied: boolean, revision: number): StateTreeResult {
  const client = useService();
  const [shown, setShown] = useState<ShownTree | null>(null);
  const [status, setStatus] = useState<{ loading: boolean; slow: boolean; error: unknown }>({
    loading: true,
    slow: false,
    error: null,
  });
  const [, redraw] = useState(0);
  const [attempt, setAttempt] = useState(0);
  const last = useRef<StateTree | null>(null);

  useEffect(() => {
    const controller = new AbortController();
    const began = performance.now();
    const timer = setTimeout(() => setStatus((s) => ({ ...s, slow: true })), 150);
    const next = new StateTree(
      (path, from, count) =>
        client.call(
          'state.children',
          { store, key, applied, path: [...path], from, count },
          { signal: controller.signal },
        ),
      () => {
        if (!controller.signal.aborted) redraw((n) => n + 1);
      },
      last.current?.openLabels,
    );
    setStatus({ loading: true, slow: false, error: null });
    void next.load().then(() => {
      clearTimeout(timer);
      if (controller.signal.aborted) return;
      noteRead(performance.now() - began);
      setStatus({ loading: false, slow: false, error: next.loaded ? null : next.error });
      if (!next.loaded) return;
      last.current = next;
      setShown({ tree: next, store, key, applied });
    });
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [client, store, key, applied, revision, attempt]);

  return { shown, ...status, retry: () => setAttempt((n) => n + 1) };
}
