// The store service's entry in a plain child process, spoken to as a window would, and killed as a crash would.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { messagePortTransport } from '../../../../shared/contract/rpc/message-port.ts';
import type { Transport } from '../../../../shared/contract/transport.ts';

const shim = fileURLToPath(new URL('./parent-port.ts', import.meta.url));

export interface ServiceChild {
  readonly pid: number;
  readonly transport: Transport;
  /** Asks it to end, as main does when the program ends. */
  close(): void;
  kill(): void;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** What it wrote to stderr. */
  said(): string;
}

export function startServiceChild(
  entry: string,
  settings: { readonly dataFolder: string; readonly sample: string | null },
): ServiceChild {
  const child = fork(entry, [JSON.stringify({ version: '1.2.3', ...settings })], {
    execArgv: ['--import', shim],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const transport = messagePortTransport({
    postMessage: (message) => void (child.connected && child.send(message as object, () => undefined)),
    on(event, listener) {
      if (event === 'message') child.on('message', (data) => listener({ data }));
      else if (event === 'close') child.once('exit', () => listener({}));
    },
    start: () => {},
    close: () => {},
  });
  child.send('connect');
  return {
    pid: child.pid ?? 0,
    transport,
    close: () => void child.send('close'),
    kill: () => void child.kill('SIGKILL'),
    ended,
    said: () => said,
  };
}
