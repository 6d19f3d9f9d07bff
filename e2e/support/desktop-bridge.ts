// The desktop without Electron: the built window in Chromium with the preload's bridge put under it, its ports led to the store service's
// own entry in a child process. What main does natively (menus, requests to open, a service that dies) the test does by hand.

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import type { DesktopBridge, MenuAction } from '../../shared/contract/desktop.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const electron = join(root, 'src-main', 'hosts', 'electron');

/** Typed arrays as JSON carries them between the page and the test. */
interface Packed {
  readonly $: 'Uint8Array' | 'Int32Array' | 'Uint32Array' | 'Float64Array';
  readonly base64: string;
}
const kinds = { Uint8Array, Int32Array, Uint32Array, Float64Array };

function pack(_key: string, value: unknown): unknown {
  if (!ArrayBuffer.isView(value)) return value;
  const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  return { $: value.constructor.name, base64 };
}
function unpack(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('base64' in value) || !('$' in value)) return value;
  const { $, base64 } = value as Packed;
  return new kinds[$](new Uint8Array(Buffer.from(base64, 'base64')).buffer);
}

/** Page's side, run before anything of the page. */
function install(): void {
  type Hands = {
    forkpoint: DesktopBridge<File>;
    toService(text: string): void;
    wantsPort(): void;
    told(what: string, value: unknown): void;
    stage: Record<string, (value: never) => void>;
  };
  const hands = globalThis as unknown as Hands;
  const sizes = { Uint8Array, Int32Array, Uint32Array, Float64Array };
  const packed = (_key: string, value: unknown): unknown => {
    if (!ArrayBuffer.isView(value)) return value;
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { $: value.constructor.name, base64: btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join('')) };
  };
  const unpacked = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('base64' in value)) return value;
    const { $, base64 } = value as { $: keyof typeof sizes; base64: string };
    return new sizes[$](Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
  };
  let port: MessagePort | null = null;
  const listeners: Record<string, (value: never) => void> = {};
  const listen = (name: string, listener: (value: never) => void): (() => void) => {
    listeners[name] = listener;
    hands.told('listens', name);
    return () => undefined;
  };
  hands.stage = {
    say: ({ name, value }: { name: string; value: never }) => listeners[name]?.(value),
    fromService: (text: string) => port?.postMessage(JSON.parse(text, unpacked)),
    givePort: () => {
      const { port1, port2 } = new MessageChannel();
      port = port1;
      port1.addEventListener('message', (event) => hands.toService(JSON.stringify(event.data, packed)));
      port1.start();
      window.postMessage('fp:port', location.origin, [port2]);
    },
  };
  hands.forkpoint = {
    chooseStore: () => Promise.resolve(null),
    pathOfDrop: () => null,
    onOpen: (listener) => listen('open', listener),
    onDocument: (listener) =>
      listen('document', ({ name, text }: { name: string; text: string }) =>
        listener({ name, bytes: new TextEncoder().encode(text) }),
      ),
    requestPort: () => hands.wantsPort(),
    onServiceGone: (listener) => listen('gone', listener),
    offerActions: (actions) => hands.told('actions', actions),
    onAction: (listener) => listen('action', listener),
    noteOpened: (path) => hands.told('opened', path),
  };
}

export class DesktopBridgeHost {
  actions: readonly MenuAction[] = [];
  readonly opened: string[] = [];
  readonly listens = new Set<string>();
  readonly #page: Page;
  readonly #dataFolder: string;
  #child: ChildProcess | null = null;
  #wantsPort = false;

  constructor(page: Page, dataFolder: string) {
    this.#page = page;
    this.#dataFolder = dataFolder;
  }

  /** Before the page is opened. */
  async install(): Promise<void> {
    await this.#page.exposeFunction('toService', (text: string) => {
      if (this.#child?.connected === true) this.#child.send(JSON.parse(text, unpack) as object, () => undefined);
    });
    await this.#page.exposeFunction('wantsPort', () => {
      if (this.#child === null) this.#wantsPort = true;
      else this.#connect();
    });
    await this.#page.exposeFunction('told', (what: string, value: unknown) => {
      if (what === 'actions') this.actions = value as readonly MenuAction[];
      else if (what === 'opened') this.opened.push(String(value));
      else this.listens.add(String(value));
    });
    await this.#page.addInitScript(install);
    this.startService();
  }

  startService(): void {
    const settings = { version: '1', dataFolder: this.#dataFolder, sample: null };
    const child = fork(join(electron, 'store-service.ts'), [JSON.stringify(settings)], {
      execArgv: ['--import', join(electron, 'testing', 'parent-port.ts')],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', (frame) => void this.#stage('fromService', JSON.stringify(frame, pack)));
    this.#child = child;
    if (this.#wantsPort) this.#connect();
    this.#wantsPort = false;
  }

  /** As a crash; the window is told by main's sentence. */
  async killService(sentence: string): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    await this.say('gone', sentence);
  }

  /** What main would say: `open`, `document`, `action`, `gone`. */
  async say(name: 'open' | 'document' | 'action' | 'gone', value: unknown): Promise<void> {
    // A window that does not listen yet would not hear it; main waits for that too.
    while (!this.listens.has(name)) await new Promise((resolve) => setTimeout(resolve, 20));
    await this.#stage('say', { name, value });
  }

  dispose(): void {
    this.#child?.kill('SIGKILL');
  }

  #connect(): void {
    this.#child?.send('connect');
    void this.#stage('givePort', null);
  }

  async #stage(name: string, value: unknown): Promise<void> {
    await this.#page
      .evaluate(
        ([n, v]) => {
          const { stage } = globalThis as unknown as { stage: Record<string, (value: unknown) => void> };
          stage[n]?.(v);
        },
        [name, value] as const,
      )
      // The page may be gone at the end of a test.
      .catch(() => undefined);
  }
}
