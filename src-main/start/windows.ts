// Opens Forkpoint's window: the desktop one where Electron can run, else the browser; and the web host on its own.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isLink } from '../../shared/address/address.ts';
import type { Starters } from '../hosts/cli/program.ts';
import type { Terminal } from '../hosts/cli/terminal.ts';
import { startWebHost } from '../hosts/web/web-host.ts';
import { dataFolder } from '../service/data-folder.ts';
import { electronBinary } from './electron-binary.ts';
import { bundledSample, electronMain, installationRoot, version, webFolder } from '../service/installation.ts';
import { sampleStore } from '../service/sample.ts';

export const starters: Starters = { serve, window: openWindow };

/** Prints `{url, pid}` when listening and runs until it is told to stop. Without stores it serves the sample. */
async function serve(
  stores: readonly string[],
  options: { port: number; open: boolean; readOnly: boolean },
  terminal: Terminal,
): Promise<number> {
  const folder = dataFolder();
  const sample = existsSync(bundledSample) ? sampleStore(bundledSample, folder) : null;
  const named = stores.map((s) => resolve(s));
  const host = await startWebHost({
    stores: named.length === 0 && sample !== null ? [sample] : named,
    port: options.port,
    readOnly: options.readOnly,
    staticFolder: webFolder,
    dataFolder: folder,
    version: version(),
    sample,
  });
  terminal.out(`${JSON.stringify({ url: host.url, pid: process.pid })}\n`);
  terminal.err(`Forkpoint is at ${host.url} (only from this machine; Ctrl+C stops it).\n`);
  if (options.open) openInBrowser(host.url);
  await new Promise<void>((stop) => {
    process.once('SIGINT', () => stop());
    process.once('SIGTERM', () => stop());
  });
  await host.close();
  return 0;
}

async function openWindow(stores: readonly string[], terminal: Terminal): Promise<number> {
  const electron = electronBinary(installationRoot);
  if (electron.binary === null || !existsSync(electronMain)) {
    const reason = electron.binary === null ? electron.reason : 'the desktop host is not built';
    terminal.err(`No desktop window (${reason}); opening Forkpoint in the browser instead.\n`);
    return serve(stores, { port: 0, open: true, readOnly: false }, terminal);
  }
  const child = spawn(electron.binary, [installationRoot, ...stores.map((s) => (isLink(s) ? s : resolve(s)))], {
    stdio: 'inherit',
  });
  return new Promise((ended) => child.on('exit', (code) => ended(code ?? 1)));
}

/** Asks the desktop to open an address; nothing is said if there is no browser, the address is printed anyway. */
function openInBrowser(url: string): void {
  const [command, args] =
    process.platform === 'darwin'
      ? ['open', [url]]
      : process.platform === 'win32'
        ? ['cmd', ['/c', 'start', '', url]]
        : ['xdg-open', [url]];
  const child = spawn(command as string, args as string[], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
