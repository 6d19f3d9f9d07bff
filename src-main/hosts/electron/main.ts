// Electron's main process: wiring only. Window, service, menus and what the system asks to open are each in a file of their own.

import { join } from 'node:path';
import { app, Menu } from 'electron';
import type { BrowserWindow, WebContents } from 'electron';
import * as z from 'zod/mini';
import type { MenuAction } from '../../../shared/contract/desktop.ts';
import { asForkpointError, ForkpointError } from '../../../shared/model/errors.ts';
import { dataFolder } from '../../service/data-folder.ts';
import { bundledSample, installationRoot, version, webFolder } from '../../service/installation.ts';
import { sampleStore } from '../../service/sample.ts';
import { askToFollowLink, askToStartAgain, chooseStore, sayError } from './dialogs.ts';
import { listenToWindows, tell } from './ipc.ts';
import { menuTemplate } from './menu.ts';
import { inOrderOfOpening, OpenRequests, requestsIn } from './open-requests.ts';
import { registerAppScheme, serveAppScheme } from './protocol.ts';
import { RecentStores } from './recent.ts';
import { ServiceProcess } from './service-process.ts';
import { denyPermissions, openWindow } from './windows.ts';

// Before anything else: these must be settled before `ready`, the data folder before the single-instance lock that lies in it.
app.enableSandbox();
app.setName('Forkpoint');
app.setPath('userData', join(dataFolder(), 'desktop'));
registerAppScheme();

// Started as `electron <folder> …` the folder is an argument too.
const asked = inOrderOfOpening(requestsIn(process.argv.slice(process.defaultApp ? 2 : 1), process.cwd()));

if (app.requestSingleInstanceLock({ requests: asked })) run();
else app.quit();

function run(): void {
  const folder = app.getPath('userData');
  const built = join(installationRoot, 'dist', 'electron');
  const mac = process.platform === 'darwin';
  const sample = userSample();

  let window: BrowserWindow | null = null;
  let actions: readonly MenuAction[] = [];

  const drawMenu = (): void => {
    const template = menuTemplate({
      actions,
      recent: recent.paths,
      mac,
      developing: !app.isPackaged,
      perform: (id) => (window === null ? undefined : tell.action(window, id)),
      openRecent: (path) => requests.add([path]),
      clearRecent: () => recent.clear(),
    });
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  };
  const recent = new RecentStores(join(folder, 'recent.json'), drawMenu);
  const requests = new OpenRequests(
    {
      isKnown: (store) => store === sample || recent.has(store),
      ask: (store) => askToFollowLink(window, store),
    },
    (thrown) => void sayError(window, asForkpointError(thrown)),
  );
  const service = new ServiceProcess({
    entry: join(built, 'store-service.js'),
    settings: JSON.stringify({ version: version(), dataFolder: dataFolder(), sample }),
    onGone(sentence, again) {
      console.error(sentence);
      if (window !== null) tell.serviceGone(window, sentence);
      if (again) return;
      void askToStartAgain(window, sentence).then((yes) => (yes ? service.startAgain() : app.quit()));
    },
  });
  const isOurs = (contents: WebContents): boolean => window !== null && window.webContents === contents;

  listenToWindows(isOurs, {
    async chooseStore(_sender, kind) {
      if (window === null) throw new ForkpointError('io', 'The window is closing.');
      return await chooseStore(window, kind);
    },
    requestPort: (sender) => service.connect(sender.id, (port) => tell.port(sender, port)),
    ready() {
      const to = window;
      if (to === null) return;
      requests.deliverTo((task) =>
        task.kind === 'view' ? tell.open(to, task.request) : tell.document(to, task.document),
      );
    },
    actions(_sender, offered) {
      actions = offered;
      drawMenu();
    },
    opened(_sender, path) {
      if (path !== sample) recent.add(path);
    },
  });

  /** Something came from outside: it is shown in the window that there is, or in a new one. */
  const open = (named: readonly string[]): void => {
    requests.add(named);
    if (!app.isReady()) return;
    if (window === null) show();
    else {
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    }
  };
  const show = (): void => {
    const shown = openWindow({ preload: join(built, 'preload.cjs'), place: join(folder, 'window.json') });
    window = shown;
    // A page that loads anew asks for requests again when it is there; until then they wait.
    shown.webContents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
      if (isMainFrame && !isSameDocument) requests.deliverTo(null);
    });
    shown.on('closed', () => {
      if (window !== shown) return;
      window = null;
      actions = [];
      requests.deliverTo(null);
      drawMenu();
    });
  };

  app.on('second-instance', (_event, _argv, _folder, data) => {
    const parsed = z.object({ requests: z.array(z.string()) }).safeParse(data);
    open(parsed.success ? parsed.data.requests : []);
  });
  // On a Mac both may come before `ready`.
  app.on('open-file', (event, path) => {
    event.preventDefault();
    open([path]);
  });
  app.on('open-url', (event, url) => {
    event.preventDefault();
    open([url]);
  });
  app.on('activate', () => {
    if (app.isReady() && window === null) show();
  });
  app.on('window-all-closed', () => {
    if (!mac) app.quit();
  });
  let closed = false;
  app.on('will-quit', (event) => {
    if (closed) return;
    event.preventDefault();
    void service.close().finally(() => {
      closed = true;
      app.quit();
    });
  });

  requests.add(asked);
  void app.whenReady().then(() => {
    // Only an installed program may claim links: a checkout would leave a dead entry behind.
    if (app.isPackaged) app.setAsDefaultProtocolClient('forkpoint');
    denyPermissions();
    serveAppScheme(webFolder);
    service.start();
    drawMenu();
    // Started without anything to open: the sample store, so that there is something to see.
    if (requests.empty && sample !== null) requests.add([sample]);
    show();
  });
}

/** The user's copy of the sample; a comfort, so a data folder that cannot be written only takes this away. */
function userSample(): string | null {
  try {
    return sampleStore(bundledSample, dataFolder());
  } catch (error) {
    console.error(`The sample store could not be copied: ${asForkpointError(error).message}`);
    return null;
  }
}
