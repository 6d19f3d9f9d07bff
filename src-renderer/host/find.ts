// Which host the window is in: Electron hands over a port, the web host a token; made data only under the dev server.

import { RpcClient } from '../../shared/contract/rpc/client.ts';
import { connectWebSocket } from '../../shared/contract/rpc/websocket.ts';
import { browserComforts } from './browser.ts';
import { desktopComforts, portConnector } from './desktop.ts';
import type { Host } from './host.ts';

/** Results are checked against the contract while developing; in production a state may be too large to walk twice. */
const checkResults = import.meta.env.DEV;

const tokenName = 'forkpoint.token';

/** The token arrives as `#t=…` and is moved out of the address at once; the rest of the fragment is the view's address. */
export function takeToken(fragment: string): { readonly token: string | null; readonly rest: string } {
  const parts = fragment.replace(/^#/, '').split('&');
  const given = parts.find((p) => p.startsWith('t='));
  const rest = parts.filter((p) => p !== given && p !== '').join('&');
  return { token: given === undefined ? null : given.slice(2), rest: rest === '' ? '' : `#${rest}` };
}

function webHost(): Host {
  const { token, rest } = takeToken(location.hash);
  if (token !== null) {
    sessionStorage.setItem(tokenName, token);
    history.replaceState(null, '', `${location.pathname}${location.search}${rest}`);
  }
  const known = sessionStorage.getItem(tokenName) ?? '';
  const url = new URL('/rpc', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return {
    ...browserComforts,
    connect: async () => new RpcClient(() => connectWebSocket(new WebSocket(url), known), { checkResults }),
  };
}

export async function findHost(): Promise<Host> {
  if (import.meta.env.DEV) {
    const size = new URLSearchParams(location.search).get('fake');
    if (size !== null) {
      const { fakeClient, madeStore } = await import('../testing/fake-client.ts');
      return { ...browserComforts, connect: async () => fakeClient(madeStore(Number(size))) };
    }
  }
  const bridge = window.forkpoint;
  if (bridge === undefined) return webHost();
  const connect = portConnector(bridge, window);
  return {
    ...desktopComforts(bridge),
    connect: async () => new RpcClient(connect, { checkResults, retryMillis: [100, 250, 500, 1000] }),
  };
}
