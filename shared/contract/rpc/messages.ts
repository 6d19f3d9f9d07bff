// The messages of the hand-made RPC, as schemas: both ends check what they receive, a peer may be hostile or out of date.

import * as z from 'zod/mini';
import { ErrorShape } from '../../model/errors.ts';

const CallId = z.int();

/** What a client sends. */
export const ClientMessage = z.union([
  z.object({ t: z.literal('call'), id: CallId, method: z.string(), params: z.unknown(), progress: z.boolean() }),
  z.object({ t: z.literal('cancel'), id: CallId }),
  z.object({ t: z.literal('subscribe'), event: z.string() }),
  z.object({ t: z.literal('unsubscribe'), event: z.string() }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

/** What a service sends. Progress of a call is the event `call.progress`, sent only to the caller, `call` being its id. */
export const ServerMessage = z.union([
  z.object({ t: z.literal('result'), id: CallId, value: z.unknown() }),
  z.object({ t: z.literal('error'), id: CallId, error: ErrorShape }),
  z.object({ t: z.literal('event'), event: z.string(), payload: z.unknown() }),
  /** The peer sent something that is not of this protocol; the connection ends after it. */
  z.object({ t: z.literal('bye'), error: ErrorShape }),
]);
export type ServerMessage = z.infer<typeof ServerMessage>;

/** What a service offers to a connection; the service's dispatcher implements it. Params are checked behind it. */
export interface Endpoint {
  call(method: string, params: unknown, context: CallContext): Promise<unknown>;
  /** Null when there is no such event. Returns the stop function. */
  subscribe(event: string, listener: (payload: unknown) => void): (() => void) | null;
}

export interface CallContext {
  readonly signal: AbortSignal;
  progress(text: string, done: number, total: number | null): void;
}
