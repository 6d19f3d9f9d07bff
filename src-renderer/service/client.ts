// The service as React sees it: one client from context, calls that cancel when they are no longer wanted and keep the last answer
// on screen while the next is read, and the state of the connection.

import { createContext, useCallback, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { EventName, EventOf, MethodName, Params, Result } from '../../shared/contract/methods.ts';
import type { CallOptions, ServiceClient } from '../../shared/contract/service.ts';
import { asForkpointError } from '../../shared/model/errors.ts';
import type { ForkpointError } from '../../shared/model/errors.ts';
import { noteRead } from '../state/reads.ts';

export const ServiceContext = createContext<ServiceClient | null>(null);

export function useService(): ServiceClient {
  const client = useContext(ServiceContext);
  if (client === null) throw new Error('useService outside of ServiceContext');
  return client;
}

export interface CallState<T> {
  /** The last answer; of the call before while the next one is under way (then `loading`). */
  readonly data: T | null;
  readonly error: ForkpointError | null;
  readonly loading: boolean;
  /** True after 150 ms without an answer: show the thin line. */
  readonly slow: boolean;
  /** After 1 s: what is being read, as the service says it. */
  readonly progress: EventOf<'call.progress'> | null;
  readonly cancel: () => void;
  readonly retry: () => void;
}

export interface UseCallOptions {
  /** The call is made again when this changes, keeping the answer on screen (see `useRevision`). */
  readonly revision?: number;
  /** False: forget the last answer as soon as the params change. Default true. */
  readonly keep?: boolean;
}

interface Answer<T> {
  /** The params that this is about, as JSON. */
  readonly text: string | null;
  readonly data: T | null;
  readonly error: ForkpointError | null;
  readonly loading: boolean;
  readonly slow: boolean;
  readonly progress: EventOf<'call.progress'> | null;
}

const nothing = { text: null, data: null, error: null, loading: false, slow: false, progress: null } as const;

/**
 * Calls the service whenever `params` change (compared as JSON, so plain values only); null params call nothing.
 * The call before is aborted. An aborted call leaves the last answer where it is.
 */
export function useCall<M extends MethodName>(
  method: M,
  params: Params<M> | null,
  options: UseCallOptions = {},
): CallState<Result<M>> {
  const client = useService();
  const text = params === null ? null : JSON.stringify(params);
  const ask = params === null ? null : (call: CallOptions): Promise<Result<M>> => client.call(method, params, call);
  return useAnswer(text, ask, options);
}

/** The same for a question that takes several calls: `ask` is called whenever `text`, which names the question, changes. */
export function useAnswer<T>(
  text: string | null,
  ask: ((options: CallOptions) => Promise<T>) | null,
  options: UseCallOptions = {},
): CallState<T> {
  const client = useService();
  const [answer, setAnswer] = useState<Answer<T>>(nothing);
  const [attempt, setAttempt] = useState(0);
  const abort = useRef<AbortController | null>(null);
  const latest = useRef(ask);
  const keep = options.keep ?? true;
  const { revision } = options;

  useEffect(() => {
    latest.current = ask;
  });
  useEffect(() => {
    const wanted = latest.current;
    if (text === null || wanted === null) return;
    const controller = new AbortController();
    abort.current = controller;
    const began = performance.now();
    setAnswer((a) => ({
      ...(keep || a.text === text ? a : nothing),
      text,
      loading: true,
      slow: false,
      progress: null,
    }));
    const timer = setTimeout(() => setAnswer((a) => ({ ...a, slow: true })), 150);
    wanted({
      signal: controller.signal,
      onProgress: (progress) => {
        if (!controller.signal.aborted && performance.now() - began > 1000) setAnswer((a) => ({ ...a, progress }));
      },
    })
      .then(
        (data) => {
          if (controller.signal.aborted) return;
          noteRead(performance.now() - began);
          setAnswer({ ...nothing, text, data });
        },
        (thrown: unknown) => {
          if (!controller.signal.aborted) setAnswer({ ...nothing, text, error: asForkpointError(thrown) });
        },
      )
      .finally(() => clearTimeout(timer));
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
    // `attempt` and `revision` ask for the same thing once more; another client is asked anew.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [client, text, keep, attempt, revision]);

  const cancel = useCallback(() => {
    abort.current?.abort();
    setAnswer((a) => ({ ...a, loading: false, slow: false, progress: null }));
  }, []);
  const retry = useCallback(() => setAttempt((n) => n + 1), []);
  const shown = text === null ? nothing : answer;
  // Between a change of params and the effect, the old answer must not pass for the new one.
  const stale = shown.text !== text;
  const { error, slow, progress } = shown;
  return {
    data: stale && !keep ? null : shown.data,
    error,
    slow,
    progress,
    loading: shown.loading || stale,
    cancel,
    retry,
  };
}

/** Subscribes for as long as the component is there; the listener may change freely. */
export function useServiceEvent<E extends EventName>(event: E, listener: (payload: EventOf<E>) => void): void {
  const client = useService();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => client.on(event, (payload) => latest.current(payload)), [client, event]);
}

/** A number that grows when `thread` of `store` (or any of its threads, for null) was changed; give it to `useCall`. */
export function useRevision(store: string | null, thread: string | null): number {
  const [revision, setRevision] = useState(0);
  useServiceEvent('store.changed', (change) => {
    if (change.store !== store) return;
    if (thread === null || change.threads === 'all' || change.threads.includes(thread)) setRevision((n) => n + 1);
  });
  const connection = useConnection();
  const wasConnected = useRef(connection.connected);
  useEffect(() => {
    if (connection.connected && !wasConnected.current) setRevision((n) => n + 1);
    wasConnected.current = connection.connected;
  }, [connection.connected]);
  return revision;
}

export interface Connection {
  readonly connected: boolean;
  readonly reason: string | null;
}

const states = new WeakMap<ServiceClient, { current: Connection; subscribe: (listener: () => void) => () => void }>();

function connectionOf(client: ServiceClient): { current: Connection; subscribe: (listener: () => void) => () => void } {
  const known = states.get(client);
  if (known !== undefined) return known;
  const listeners = new Set<() => void>();
  const made = {
    current: { connected: true, reason: null } as Connection,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  client.onConnection((state) => {
    made.current = state;
    for (const listener of listeners) listener();
  });
  states.set(client, made);
  return made;
}

export function useConnection(): Connection {
  const state = connectionOf(useService());
  return useSyncExternalStore(state.subscribe, () => state.current);
}
