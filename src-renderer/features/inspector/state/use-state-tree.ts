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

interface Reading {
  readonly loading: boolean;
  /** After 150 ms: draw the line. After a second: say what is being read. */
  readonly slow: boolean;
  readonly late: boolean;
  readonly error: unknown;
  readonly cancelled: boolean;
}

export interface StateTreeResult extends Reading {
  /** The last tree that was read; null when it is of another state and the one asked for could not be read. */
  readonly shown: ShownTree | null;
  readonly cancel: () => void;
  readonly retry: () => void;
}

const begun: Reading = { loading: true, slow: false, late: false, error: null, cancelled: false };

export function useStateTree(store: string, key: string, applied: boolean, revision: number): StateTreeResult {
  const client = useService();
  const [shown, setShown] = useState<ShownTree | null>(null);
  const [status, setStatus] = useState<{ readonly of: string; readonly reading: Reading }>({ of: '', reading: begun });
  const [, redraw] = useState(0);
  const [attempt, setAttempt] = useState(0);
  const last = useRef<StateTree | null>(null);
  const abort = useRef(() => {});
  const asked = JSON.stringify([store, key, applied, revision, attempt]);

  useEffect(() => {
    const controller = new AbortController();
    const began = performance.now();
    const note = (change: Partial<Reading>): void =>
      setStatus((s) => ({ of: asked, reading: { ...(s.of === asked ? s.reading : begun), ...change } }));
    const timers = [setTimeout(() => note({ slow: true }), 150), setTimeout(() => note({ late: true }), 1000)];
    const stop = (): void => {
      timers.forEach(clearTimeout);
      controller.abort();
    };
    abort.current = () => {
      stop();
      note({ loading: false, cancelled: true });
    };
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
    void next.load().then(() => {
      timers.forEach(clearTimeout);
      if (controller.signal.aborted) return;
      noteRead(performance.now() - began);
      note({ loading: false, error: next.loaded ? null : next.error });
      if (!next.loaded) return;
      last.current = next;
      setShown({ tree: next, store, key, applied });
    });
    return stop;
  }, [client, store, key, applied, asked]);

  // Between a change and its effect the last answer must not pass for one to the new question.
  const reading = status.of === asked ? status.reading : begun;
  const ofAnother = shown !== null && (shown.store !== store || shown.key !== key || shown.applied !== applied);
  return {
    ...reading,
    shown: ofAnother && !reading.loading ? null : shown,
    cancel: () => abort.current(),
    retry: () => setAttempt((n) => n + 1),
  };
}
