// A transport moves messages and nothing else: MessagePort, WebSocket and in-process pairs implement it, one conformance suite holds them to it.

/** Plain data: JSON plus Uint8Array and typed arrays (structured-cloneable; the WebSocket codec carries the same set). */
export type WireMessage = unknown;

export interface Transport {
  /** Resolves when the peer can take more (back-pressure); rejects with `io` once closed. */
  send(message: WireMessage): Promise<void>;
  onMessage(listener: (message: WireMessage) => void): void;
  /** Called once when the peer is gone, with a sentence. */
  onClose(listener: (reason: string) => void): void;
  close(): void;
}
