// The desktop's comforts, by the small bridge that the preload exposes as `window.forkpoint`, and the port it posts to the page.

import { browserComforts } from './browser.ts';
import type { Host } from './host.ts';

/** What the preload exposes; everything in it is plain data or a function of plain data. */
export interface DesktopBridge {
  readonly chooseStore: (kind: 'file' | 'folder') => Promise<string | null>;
  readonly pathOfDrop: (file: File) => string | null;
  onOpen(listener: (request: string) => void): () => void;
  /** Asks main for a new pair of ports; the window's one arrives as the message `fp:port`. */
  readonly requestPort: () => void;
}

declare global {
  interface Window {
    readonly forkpoint?: DesktopBridge;
  }
}

interface Desktop extends DesktopBridge {
  /** The next port to the service. */
  readonly port: () => Promise<MessagePort>;
}

export function desktopBridge(): Desktop | null {
  const bridge = window.forkpoint;
  if (bridge === undefined) return null;
  const arrived: MessagePort[] = [];
  const waiting: ((port: MessagePort) => void)[] = [];
  window.addEventListener('message', (event) => {
    // The preload speaks from this very window; a frame could only pretend to.
    if (event.source !== window || event.data !== 'fp:port') return;
    const [port] = event.ports;
    if (port === undefined) return;
    const next = waiting.shift();
    if (next === undefined) arrived.push(port);
    else next(port);
  });
  return {
    chooseStore: (kind) => bridge.chooseStore(kind),
    pathOfDrop: (file) => bridge.pathOfDrop(file),
    onOpen: (listener) => bridge.onOpen(listener),
    requestPort: () => bridge.requestPort(),
    port: () => {
      const port = arrived.shift();
      if (port !== undefined) return Promise.resolve(port);
      bridge.requestPort();
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}

export const desktopComforts = (bridge: DesktopBridge): Omit<Host, 'connect'> => ({
  ...browserComforts,
  chooseStore: (kind) => bridge.chooseStore(kind),
  pathOfDrop: (file) => bridge.pathOfDrop(file),
  onOpen: (listener) => bridge.onOpen(listener),
  linkOf: (query) => `forkpoint://view?${query}`,
});
