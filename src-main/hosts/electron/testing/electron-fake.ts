// Electron as the tests see it: every call is recorded, events are sent by hand. Held to Electron's own types, so that it cannot drift.

import { EventEmitter } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type * as Real from 'electron';

type Listener = (...args: never[]) => void;
/** Events are sent by hand, with what the listener expects. */
const loosely = (listener: Listener): ((...args: unknown[]) => void) => listener as (...args: unknown[]) => void;

/** Everything that was asked of Electron, in order: `['app.setPath', 'userData', '…']`. */
export const calls: (readonly [string, ...unknown[]])[] = [];
const note = (name: string, ...args: unknown[]): void => {
  calls.push([name, ...args]);
};
export const callsOf = (name: string): readonly (readonly unknown[])[] =>
  calls.filter(([n]) => n === name).map(([, ...args]) => args);

/** What the next questions are answered with, and what the machine is. */
export const settings = {
  hasLock: true,
  packaged: false,
  /** Index of the button that dialogs are answered with. */
  button: 0,
  chosen: [] as string[],
  dark: false,
  displays: [{ x: 0, y: 0, width: 1920, height: 1080 }],
};

const appEvents = new EventEmitter();
const paths: Record<string, string> = {};
let ready = false;
let setReady = (): void => {};
const whenReady = new Promise<void>((resolve) => {
  setReady = resolve;
});

/** The test's hand on Electron. */
export const stage = {
  ready(): Promise<void> {
    ready = true;
    setReady();
    return new Promise((resolve) => setImmediate(resolve));
  },
  emitApp: (event: string, ...args: unknown[]): boolean => appEvents.emit(event, ...args),
  windows: [] as BrowserWindow[],
  services: [] as FakeService[],
  /** A message of a window's preload. */
  send(channel: string, event: unknown, ...args: unknown[]): void {
    ipcEvents.emit(channel, event, ...args);
  },
  invoke(channel: string, event: unknown, ...args: unknown[]): unknown {
    const handler = handlers.get(channel);
    if (handler === undefined) throw new Error(`nobody handles ${channel}`);
    return handler(event, ...args);
  },
  protocolHandlers: new Map<string, (request: Request) => Response | Promise<Response>>(),
  permissionRequest: null as ((contents: unknown, permission: string, answer: (yes: boolean) => void) => void) | null,
  permissionCheck: null as ((contents: unknown, permission: string) => boolean) | null,
};

const recordedApp = {
  enableSandbox: () => note('app.enableSandbox'),
  setName: (name: string) => note('app.setName', name),
  setPath: (name: string, path: string) => {
    paths[name] = path;
    note('app.setPath', name, path);
  },
  getPath: (name: string) => paths[name] ?? '',
  requestSingleInstanceLock: (data?: Record<string, unknown>) => {
    note('app.requestSingleInstanceLock', data);
    return settings.hasLock;
  },
  quit: () => note('app.quit'),
  isReady: () => ready,
  whenReady: () => whenReady,
  get isPackaged() {
    return settings.packaged;
  },
  setAsDefaultProtocolClient: (scheme: string) => {
    note('app.setAsDefaultProtocolClient', scheme);
    return true;
  },
  addRecentDocument: (path: string) => note('app.addRecentDocument', path),
  clearRecentDocuments: () => note('app.clearRecentDocuments'),
  on: (event: string, listener: Listener) => appEvents.on(event, loosely(listener)) as never,
} satisfies Pick<
  typeof Real.app,
  | 'enableSandbox'
  | 'setName'
  | 'setPath'
  | 'getPath'
  | 'requestSingleInstanceLock'
  | 'quit'
  | 'isReady'
  | 'whenReady'
  | 'isPackaged'
  | 'setAsDefaultProtocolClient'
  | 'addRecentDocument'
  | 'clearRecentDocuments'
  | 'on'
>;
export const app = recordedApp;

let lastId = 0;

type UsedContents = 'id' | 'send' | 'postMessage' | 'isDestroyed' | 'reload' | 'getURL' | 'setWindowOpenHandler';

class FakeContents extends EventEmitter implements Pick<Real.WebContents, UsedContents> {
  readonly id = ++lastId;
  readonly mainFrame = { url: '' };
  readonly sent: (readonly [string, ...unknown[]])[] = [];
  readonly ports: MessagePort[] = [];
  openHandler: ((details: Real.HandlerDetails) => Real.WindowOpenHandlerResponse) | null = null;
  send(channel: string, ...args: unknown[]): void {
    this.sent.push([channel, ...args]);
  }
  postMessage(channel: string, message: unknown, transfer?: readonly unknown[]): void {
    this.sent.push([channel, message]);
    this.ports.push(...((transfer ?? []) as MessagePort[]));
  }
  isDestroyed(): boolean {
    return false;
  }
  reload(): void {
    note('webContents.reload');
  }
  getURL(): string {
    return this.mainFrame.url;
  }
  setWindowOpenHandler(handler: (details: Real.HandlerDetails) => Real.WindowOpenHandlerResponse): void {
    this.openHandler = handler;
  }
}

type UsedWindow =
  | 'maximize'
  | 'isMaximized'
  | 'isMinimized'
  | 'restore'
  | 'show'
  | 'focus'
  | 'destroy'
  | 'isDestroyed'
  | 'getNormalBounds'
  | 'loadURL';

export class BrowserWindow extends EventEmitter implements Pick<Real.BrowserWindow, UsedWindow> {
  readonly options: Real.BrowserWindowConstructorOptions;
  readonly webContents = new FakeContents();
  maximized = false;
  minimized = false;
  destroyed = false;
  bounds = { x: 10, y: 20, width: 1000, height: 700 };
  constructor(options: Real.BrowserWindowConstructorOptions) {
    super();
    this.options = options;
    stage.windows.push(this);
  }
  maximize(): void {
    this.maximized = true;
  }
  isMaximized(): boolean {
    return this.maximized;
  }
  isMinimized(): boolean {
    return this.minimized;
  }
  restore(): void {
    this.minimized = false;
  }
  show(): void {
    note('window.show');
  }
  focus(): void {
    note('window.focus');
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('closed');
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  getNormalBounds(): Real.Rectangle {
    return this.bounds;
  }
  loadURL(url: string): Promise<void> {
    this.webContents.mainFrame.url = url;
    note('window.loadURL', url);
    return Promise.resolve();
  }
}

/** A service that does nothing by itself: the test lets it spawn, exit and be told. */
class FakeService
  extends EventEmitter
  implements Pick<Real.UtilityProcess, 'postMessage' | 'kill' | 'pid' | 'stdout' | 'stderr'>
{
  readonly entry: string;
  readonly args: readonly string[];
  readonly options: Real.ForkOptions | undefined;
  readonly told: unknown[] = [];
  readonly ports: MessagePort[] = [];
  readonly pid = 4711;
  readonly stdout = null;
  readonly stderr = null;
  constructor(entry: string, args: readonly string[], options: Real.ForkOptions | undefined) {
    super();
    this.entry = entry;
    this.args = args;
    this.options = options;
    stage.services.push(this);
  }
  postMessage(message: unknown, transfer?: readonly unknown[]): void {
    this.told.push(message);
    this.ports.push(...((transfer ?? []) as MessagePort[]));
  }
  kill(): boolean {
    note('service.kill');
    return this.emit('exit', 15);
  }
}

export const utilityProcess = {
  fork: (entry: string, args?: string[], options?: Real.ForkOptions) => new FakeService(entry, args ?? [], options),
} satisfies Pick<typeof Real.utilityProcess, 'fork'>;

/** Node's channel has the same two ends. */
export const MessageChannelMain = MessageChannel;

const ipcEvents = new EventEmitter();
const handlers = new Map<string, (event: unknown, ...args: unknown[]) => unknown>();
export const ipcMain = {
  on: (channel: string, listener: Listener) => ipcEvents.on(channel, loosely(listener)) as never,
  handle: (channel: string, handler: (event: Real.IpcMainInvokeEvent, ...args: unknown[]) => unknown) => {
    handlers.set(channel, handler as (event: unknown, ...args: unknown[]) => unknown);
  },
} satisfies Pick<typeof Real.ipcMain, 'on' | 'handle'>;

/** The two shapes of a call: over a window, or on its own. */
const optionsOf = (first: unknown, second: unknown): unknown => second ?? first;
export const dialog = {
  showOpenDialog: (first: unknown, second?: unknown) => {
    note('dialog.showOpenDialog', optionsOf(first, second));
    return Promise.resolve({ canceled: settings.chosen.length === 0, filePaths: settings.chosen });
  },
  showMessageBox: (first: unknown, second?: unknown) => {
    note('dialog.showMessageBox', optionsOf(first, second));
    return Promise.resolve({ response: settings.button, checkboxChecked: false });
  },
  showMessageBoxSync: (first: unknown, second?: unknown) => {
    note('dialog.showMessageBoxSync', optionsOf(first, second));
    return settings.button;
  },
} satisfies Pick<typeof Real.dialog, 'showOpenDialog' | 'showMessageBox' | 'showMessageBoxSync'>;

export const shell = {
  openExternal: (url: string) => {
    note('shell.openExternal', url);
    return Promise.resolve();
  },
} satisfies Pick<typeof Real.shell, 'openExternal'>;

export const Menu = {
  buildFromTemplate: (template: (Real.MenuItemConstructorOptions | Real.MenuItem)[]) => template as never,
  setApplicationMenu: (menu: Real.Menu | null) => note('Menu.setApplicationMenu', menu),
} satisfies Pick<typeof Real.Menu, 'buildFromTemplate' | 'setApplicationMenu'>;

export const nativeTheme = {
  get shouldUseDarkColors() {
    return settings.dark;
  },
} satisfies Pick<typeof Real.nativeTheme, 'shouldUseDarkColors'>;

export const screen = {
  getAllDisplays: () => settings.displays.map((workArea) => ({ workArea }) as Real.Display),
} satisfies Pick<typeof Real.screen, 'getAllDisplays'>;

export const protocol = {
  registerSchemesAsPrivileged: (schemes: Real.CustomScheme[]) => note('protocol.registerSchemesAsPrivileged', schemes),
  handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>) => {
    stage.protocolHandlers.set(scheme, handler);
  },
} satisfies Pick<typeof Real.protocol, 'registerSchemesAsPrivileged' | 'handle'>;

const defaultSession = {
  setPermissionRequestHandler: (handler: Parameters<Real.Session['setPermissionRequestHandler']>[0]) => {
    stage.permissionRequest = handler as typeof stage.permissionRequest;
  },
  setPermissionCheckHandler: (handler: Parameters<Real.Session['setPermissionCheckHandler']>[0]) => {
    stage.permissionCheck = handler as typeof stage.permissionCheck;
  },
  setDevicePermissionHandler: (handler: Parameters<Real.Session['setDevicePermissionHandler']>[0]) =>
    note('session.setDevicePermissionHandler', handler),
} satisfies Pick<
  Real.Session,
  'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'
>;
export const session = { defaultSession };
