// Entry of the store service as Electron runs it, in a utility process: one service, a connection for each port that main hands over.

import type { ParentPort } from 'electron';
import * as z from 'zod/mini';
import { messagePortTransport } from '../../../shared/contract/rpc/message-port.ts';
import type { PortLike } from '../../../shared/contract/rpc/message-port.ts';
import { serveConnection } from '../../../shared/contract/rpc/server.ts';
import { Service } from '../../service/service.ts';

const Settings = z.object({ version: z.string(), dataFolder: z.string(), sample: z.nullable(z.string()) });

/** What of Electron's port is used; tests put a stand-in under it. */
interface Parent {
  on(
    event: 'message',
    listener: (event: { readonly data: unknown; readonly ports: readonly PortLike[] }) => void,
  ): void;
}

/** Electron sets it in utility processes only, its types say always. */
const parent: Parent | undefined = process.parentPort satisfies ParentPort | undefined;
if (parent === undefined) {
  console.error('This is the store service of Forkpoint’s desktop window; it is started by the window itself.');
  process.exit(2);
}

const settings = Settings.parse(JSON.parse(process.argv.at(-1) ?? ''));
const service = new Service({ ...settings, readOnly: false });

/** Closes stores and uploads first: `process.exit` in a utility process kills it at once. */
function end(code: number): void {
  try {
    service.close();
  } finally {
    process.exit(code);
  }
}

// Electron only warns of these. What was not foreseen may have left anything behind: end, and let main start a clean one.
process.on('unhandledRejection', (thrown) => {
  console.error('The store service ends because of an error nobody caught:', thrown);
  end(1);
});
process.on('uncaughtException', (thrown) => {
  console.error('The store service ends because of an error nobody caught:', thrown);
  end(1);
});

parent.on('message', ({ data, ports }) => {
  const [port] = ports;
  // Operations commit within one turn of the loop, so this never comes in the middle of one.
  if (data === 'close') end(0);
  else if (port !== undefined) serveConnection(messagePortTransport(port), service);
});
