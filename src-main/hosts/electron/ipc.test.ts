// Messages of windows: who is believed, and in which shape.

import { MessageChannel } from 'node:worker_threads';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type * as Real from 'electron';
import { channels } from './channels.ts';
import { isTrusted, listenToWindows, tell } from './ipc.ts';
import type { WindowRequests } from './ipc.ts';
import { pageUrl } from './protocol.ts';
import { BrowserWindow, stage } from './testing/electron-fake.ts';

const ours = new BrowserWindow({});
const foreign = new BrowserWindow({});
const seen: unknown[][] = [];
const requests: WindowRequests = {
  chooseStore: (_sender, kind) => {
    seen.push(['chooseStore', kind]);
    return Promise.resolve('/runs/a.sqlite');
  },
  requestPort: () => void seen.push(['requestPort']),
  ready: () => void seen.push(['ready']),
  actions: (_sender, actions) => void seen.push(['actions', actions]),
  opened: (_sender, path) => void seen.push(['opened', path]),
};
const isOurs = (contents: unknown): boolean => contents === ours.webContents;
listenToWindows(isOurs, requests);

interface Event {
  readonly sender: unknown;
  readonly senderFrame: { url: string } | null;
}
const from = (window: BrowserWindow, frame: { url: string } | null = window.webContents.mainFrame): Event => ({
  sender: window.webContents,
  senderFrame: frame,
});

beforeEach(() => {
  seen.length = 0;
  ours.webContents.mainFrame.url = `${pageUrl}#v=1&tab=diff`;
  foreign.webContents.mainFrame.url = pageUrl;
  ours.webContents.sent.length = 0;
});

const strangers: readonly (readonly [string, () => Event])[] = [
  ['another window on our page', () => from(foreign)],
  ['a sub-frame of our window', () => from(ours, { url: pageUrl })],
  ['a frame that is gone', () => from(ours, null)],
  [
    'our window, led elsewhere',
    () => {
      ours.webContents.mainFrame.url = 'https://example.org/';
      return from(ours);
    },
  ],
  [
    'our window on another page of ours',
    () => {
      ours.webContents.mainFrame.url = 'app://forkpoint/other.html';
      return from(ours);
    },
  ],
];

describe.each(strangers)('%s', (_name, event) => {
  it('is not believed, on any channel', async () => {
    const log = vi.spyOn(console, 'error').mockReturnValue(undefined);
    expect(isTrusted(event() as Real.IpcMainEvent, isOurs)).toBe(false);
    for (const channel of [channels.requestPort, channels.ready]) stage.send(channel, event());
    stage.send(channels.actions, event(), []);
    stage.send(channels.opened, event(), '/runs/a.sqlite');
    await expect(Promise.resolve(stage.invoke(channels.chooseStore, event(), 'file'))).rejects.toMatchObject({
      code: 'usage',
    });
    expect(seen).toEqual([]);
    expect(log).toHaveBeenCalledTimes(4);
    log.mockRestore();
  });
});

it('our own window is heard', async () => {
  const actions = [{ id: 'a.b', label: 'Do', group: 'Go', shortcut: null, enabled: true }];
  stage.send(channels.requestPort, from(ours));
  stage.send(channels.ready, from(ours));
  stage.send(channels.actions, from(ours), actions);
  stage.send(channels.opened, from(ours), '/runs/a.sqlite');
  expect(await stage.invoke(channels.chooseStore, from(ours), 'folder')).toBe('/runs/a.sqlite');
  expect(seen).toEqual([
    ['requestPort'],
    ['ready'],
    ['actions', actions],
    ['opened', '/runs/a.sqlite'],
    ['chooseStore', 'folder'],
  ]);
});

it('in the agreed shape only', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue(undefined);
  stage.send(channels.actions, from(ours), 'no list');
  stage.send(channels.actions, from(ours), [{ id: 'a', label: 'A', group: 'Nowhere', shortcut: null, enabled: true }]);
  stage.send(
    channels.actions,
    from(ours),
    Array.from({ length: 501 }, () => ({})),
  );
  stage.send(channels.opened, from(ours), { path: '/a' });
  stage.send(channels.opened, from(ours), '');
  for (const kind of ['any', null, undefined, {}]) {
    await expect(Promise.resolve(stage.invoke(channels.chooseStore, from(ours), kind))).rejects.toMatchObject({
      code: 'usage',
    });
  }
  expect(seen).toEqual([]);
  expect(log).toHaveBeenCalledTimes(5);
  log.mockRestore();
});

it('every channel carries the product’s prefix', () => {
  for (const name of Object.values(channels)) expect(name).toMatch(/^fp:[a-z-]+$/);
  expect(new Set(Object.values(channels)).size).toBe(Object.keys(channels).length);
});

it('says things to a window that is there, and gives its port to nobody else', () => {
  const window = ours as unknown as Real.BrowserWindow;
  tell.open(window, '/runs/a.sqlite');
  tell.action(window, 'lineage.next');
  tell.serviceGone(window, 'It stopped.');
  expect(ours.webContents.sent).toEqual([
    [channels.open, '/runs/a.sqlite'],
    [channels.action, 'lineage.next'],
    [channels.serviceGone, 'It stopped.'],
  ]);
  const { port1 } = new MessageChannel();
  tell.port(ours.webContents as unknown as Real.WebContents, port1 as unknown as Real.MessagePortMain);
  expect(ours.webContents.ports).toEqual([port1]);
  port1.close();
  ours.destroyed = true;
  tell.open(window, 'late');
  expect(ours.webContents.sent).toHaveLength(4);
});
