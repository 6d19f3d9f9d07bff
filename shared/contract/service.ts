// What a client of the service sees: typed calls, cancellation, subscriptions. The renderer and the terminal both use this.

import type { EventName, EventOf, MethodName, Params, Result } from './methods.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Progress of a long call. */
  readonly onProgress?: (progress: EventOf<'call.progress'>) => void;
}

export interface ServiceClient {
  /** Rejects with ForkpointError: the service's own, `cancelled` after an abort, `io` when the service died. */
  call<M extends MethodName>(method: M, params: Params<M>, options?: CallOptions): Promise<Result<M>>;
  /** Returns the stop function. */
  on<E extends EventName>(event: E, listener: (payload: EventOf<E>) => void): () => void;
  /** Called when the connection is lost or back. */
  onConnection(listener: (state: { readonly connected: boolean; readonly reason: string | null }) => void): () => void;
  close(): void;
}
