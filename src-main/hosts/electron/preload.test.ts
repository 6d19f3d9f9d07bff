// The preload as it is built: one CommonJS file that requires nothing but Electron, and exposes exactly the bridge.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { createBuilder } from 'vite';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { DesktopBridge } from '../../../shared/contract/desktop.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'forkpoint-preload-'));
let code = '';

beforeAll(async () => {
  const builder = await createBuilder({
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'silent',
    environments: { preload: { build: { outDir: folder } } },
  });
  const { preload } = builder.environments;
  if (preload === undefined) throw new Error('vite.config.ts has no environment for the preload');
  await builder.build(preload);
  code = readFileSync(join(folder, 'preload.cjs'), 'utf8');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Listener = (event: unknown, payload?: unknown) => void;
interface Loaded {
  readonly required: string[];
  readonly exposed: Map<string, DesktopBridge<unknown>>;
  readonly sent: unknown[][];
  readonly posted: unknown[][];
  readonly listeners: Map<string, Set<Listener>>;
  emit(channel: string, event: unknown, payload?: unknown): void;
}
let loaded: Loaded;

beforeEach(() => {
  const required: string[] = [];
  const exposed = new Map<string, DesktopBridge<unknown>>();
  const sent: unknown[][] = [];
  const posted: unknown[][] = [];
  const listeners = new Map<string, Set<Listener>>();
  const electron = {
    contextBridge: {
      exposeInMainWorld: (name: string, api: DesktopBridge<unknown>) => exposed.set(name, api),
    },
    ipcRenderer: {
      on: (channel: string, listener: Listener) =>
        listeners.set(channel, (listeners.get(channel) ?? new Set()).add(listener)),
      removeListener: (channel: string, listener: Listener) => listeners.get(channel)?.delete(listener),
      send: (...args: unknown[]) => sent.push(args),
      invoke: (...args: unknown[]) => {
        sent.push(args);
        return Promise.resolve(args[1] === 'file' ? '/runs/a.sqlite' : { not: 'a path' });
      },
    },
    webUtils: { getPathForFile: (file: { path: string }) => file.path },
  };
  // What a sandboxed preload has and nothing else of Node: a polyfilled `require`, `module`, `exports`.
  runInNewContext(code, {
    require: (name: string) => {
      required.push(name);
      if (name !== 'electron') throw new Error(`module not found: ${name}`);
      return electron;
    },
    module: { exports: {} },
    exports: {},
    window: { postMessage: (...args: unknown[]) => posted.push(args) },
    location: { origin: 'app://forkpoint' },
    Uint8Array,
  });
  loaded = {
    required,
    exposed,
    sent,
    posted,
    listeners,
    emit(channel, event, payload) {
      for (const listener of listeners.get(channel) ?? []) listener(event, payload);
    },
  };
});

const bridge = (): DesktopBridge<unknown> => {
  const api = loaded.exposed.get('forkpoint');
  if (api === undefined) throw new Error('nothing is exposed as window.forkpoint');
  return api;
};

it('is one file and requires nothing but Electron', () => {
  expect(readdirSync(folder).filter((f) => !f.endsWith('.map'))).toEqual(['preload.cjs']);
  expect(loaded.required).toEqual(['electron']);
  expect(code).not.toMatch(/\bimport\b\s*[({'"]|\bprocess\b|__dirname/);
});

it('exposes the bridge and nothing else', () => {
  expect([...loaded.exposed.keys()]).toEqual(['forkpoint']);
  expect(Object.keys(bridge()).toSorted()).toEqual([
    'chooseStore',
    'noteOpened',
    'offerActions',
    'onAction',
    'onDocument',
    'onOpen',
    'onServiceGone',
    'pathOfDrop',
    'requestPort',
  ]);
  for (const value of Object.values(bridge())) expect(typeof value).toBe('function');
});

it('posts the port to the page, to its own origin only', () => {
  bridge().requestPort();
  expect(loaded.sent).toEqual([['fp:request-port']]);
  loaded.emit('fp:port', { ports: ['the port'] });
  expect(loaded.posted).toEqual([['fp:port', 'app://forkpoint', ['the port']]]);
});

it('asks for requests once it is listened to, never hands the event on, and stops', () => {
  const seen: unknown[][] = [];
  const stop = bridge().onOpen((...args) => seen.push(args));
  expect(loaded.sent).toEqual([['fp:ready']]);
  loaded.emit('fp:open', { sender: 'ipcRenderer' }, 'forkpoint://view?v=1');
  loaded.emit('fp:open', {}, { not: 'text' });
  stop();
  loaded.emit('fp:open', {}, 'late');
  expect(seen).toEqual([['forkpoint://view?v=1']]);
  expect(loaded.listeners.get('fp:open')?.size).toBe(0);
});

it('passes actions, documents, the end of the service and opened stores', () => {
  const seen: unknown[] = [];
  bridge().onAction((id) => seen.push(id));
  bridge().onServiceGone((sentence) => seen.push(sentence));
  bridge().onDocument(({ name, bytes }) => seen.push([name, ...bytes]));
  loaded.emit('fp:action', {}, 'lineage.next');
  loaded.emit('fp:service-gone', {}, 'It stopped.');
  loaded.emit('fp:document', {}, { name: 'a.thread.json', bytes: new Uint8Array([1, 2]) });
  loaded.emit('fp:document', {}, { name: 1, bytes: 'no' });
  expect(seen).toEqual(['lineage.next', 'It stopped.', ['a.thread.json', 1, 2]]);
  bridge().offerActions([]);
  bridge().noteOpened('/runs/a.sqlite');
  expect(loaded.sent).toEqual([
    ['fp:actions', []],
    ['fp:opened', '/runs/a.sqlite'],
  ]);
});

it('gives paths as text or not at all', async () => {
  expect(await bridge().chooseStore('file')).toBe('/runs/a.sqlite');
  expect(await bridge().chooseStore('folder')).toBeNull();
  expect(bridge().pathOfDrop({ path: '/runs/b' })).toBe('/runs/b');
  expect(bridge().pathOfDrop({ path: '' })).toBeNull();
});
