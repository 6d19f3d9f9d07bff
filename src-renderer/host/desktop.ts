// The desktop's comforts, by the small bridge that the preload exposes as `window.forkpoint`, and the port it posts to the page.

import type { DesktopBridge } from '../../shared/contract/desktop.ts';
import type { Transport } from '../../shared/contract/transport.ts';
import { messagePortTransport } from '../../shared/contract/rpc/message-port.ts';
import { browserComforts } from './browser.ts';
import type { Host } from './host.ts';

declare global {
  interface Window {
    readonly forkpoint?: DesktopBridge<File>;
  }
}

/** What the page hears its ports by: the window itself, or a test's stand-in. */
interface PortSource {
  addEventListener(
    type: 'message',
    listener: (event: {
      readonly source: unknown;
      readonly data: unknown;
      readonly ports: readonly MessagePort[];
    }) => void,
  ): void;
}

interface Wait {
  readonly resolve: (port: MessagePort) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The way to the service: each call asks main for a new pair of ports. When main says that the service ended, the connection ends with
 * main's sentence; if the port's own end was noticed first, the next attempt fails with that sentence, so that it is shown either way.
 */
export function portConnector(bridge: DesktopBridge<File>, page: PortSource): () => Promise<Transport> {
  const arrived: MessagePort[] = [];
  const waiting: Wait[] = [];
  let endCurrent: ((reason: string) => void) | null = null;
  let untold: string | null = null;

  page.addEventListener('message', (event) => {
    // The preload speaks from this very window; a frame could only pretend to.
    if (event.source !== page || event.data !== 'fp:port') return;
    const [port] = event.ports;
    if (port === undefined) return;
    const next = waiting.shift();
    if (next === undefined) arrived.push(port);
    else next.resolve(port);
  });
  bridge.onServiceGone((sentence) => {
    for (const port of arrived.splice(0)) port.close();
    const asking = waiting.splice(0);
    for (const wait of asking) wait.reject(new Error(sentence));
    if (asking.length === 0) untold = sentence;
    const end = endCurrent;
    endCurrent = null;
    end?.(sentence);
  });

  function port(): Promise<MessagePort> {
    const ready = arrived.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      bridge.requestPort();
    });
  }
  return async () => {
    if (untold !== null) {
      const sentence = untold;
      untold = null;
      throw new Error(sentence);
    }
    return messagePortTransport(await port(), (end) => {
      endCurrent = end;
    });
  };
}

export const desktopComforts = (bridge: DesktopBridge<File>): Omit<Host, 'connect'> => ({
  ...browserComforts,
  chooseStore: (kind) => bridge.chooseStore(kind),
  pathOfDrop: (file) => bridge.pathOfDrop(file),
  onOpen: (listener) => bridge.onOpen(listener),
  onDocument: (listener) =>
    bridge.onDocument(({ name, bytes }) => listener(new File([bytes], name, { type: 'application/json' }))),
  menus: {
    offer: (actions) => bridge.offerActions(actions),
    onChosen: (listener) => bridge.onAction(listener),
  },
  noteOpened: (path) => bridge.noteOpened(path),
  linkOf: (query) => `forkpoint://view?${query}`,
});
