// The two other ways to start: a second instance, and without anything to open.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { channels } from './channels.ts';
import type * as Fake from './testing/electron-fake.ts';

let folder: string;
const before = { argv: process.argv, data: process.env['FORKPOINT_DATA'] };
beforeEach(() => {
  vi.resetModules();
  folder = mkdtempSync(join(tmpdir(), 'forkpoint-start-'));
  process.env['FORKPOINT_DATA'] = folder;
});
afterEach(() => {
  process.argv = before.argv;
  if (before.data === undefined) delete process.env['FORKPOINT_DATA'];
  else process.env['FORKPOINT_DATA'] = before.data;
  rmSync(folder, { recursive: true, force: true });
});

/** Main as it runs with `args`, with an Electron of its own. */
async function start(args: readonly string[], hasLock: boolean): Promise<typeof Fake> {
  process.argv = ['/opt/Forkpoint/forkpoint', ...args];
  const fake = await import('./testing/electron-fake.ts');
  fake.settings.hasLock = hasLock;
  await import('./main.ts');
  await fake.stage.ready();
  return fake;
}

async function opened({ stage }: typeof Fake): Promise<unknown[]> {
  const contents = stage.windows[0]?.webContents;
  stage.send(channels.ready, { sender: contents, senderFrame: contents?.mainFrame });
  await new Promise((resolve) => setTimeout(resolve, 5));
  return (contents?.sent ?? []).filter(([c]) => c === channels.open).map(([, request]) => request);
}

it('a second instance hands its arguments to the first and ends', async () => {
  const { callsOf, stage } = await start(['a.sqlite', 'forkpoint://view?v=1', '--flag'], false);
  expect(callsOf('app.requestSingleInstanceLock')).toEqual([
    [{ requests: ['forkpoint://view?v=1', join(process.cwd(), 'a.sqlite')] }],
  ]);
  expect(callsOf('app.quit')).toHaveLength(1);
  expect(stage.windows).toHaveLength(0);
  expect(stage.services).toHaveLength(0);
});

it('without arguments the user’s copy of the sample is opened', async () => {
  expect(await opened(await start([], true))).toEqual([join(folder, 'sample', 'support-agent.sqlite')]);
});

it('with arguments they are, the first one last', async () => {
  expect(await opened(await start(['/runs/a', '/runs/b', '/runs/c'], true))).toEqual(['/runs/b', '/runs/c', '/runs/a']);
});
