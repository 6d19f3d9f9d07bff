// The desktop window in real Electron, wherever its binary is: the same window, over a port to the service in its own process.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron } from '@playwright/test';
import type { ElectronApplication } from '@playwright/test';
import { expect, test, Window } from './support/app.ts';
import type { Workplace } from './support/app.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sample = 'sample/support-agent.sqlite';

/** The binary that `npx install-electron` fetched, or why there is none; asking Electron's own package would start a download. */
function electron(): { readonly binary: string; readonly missing: null } | { readonly missing: string } {
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    return { missing: 'there is no display (run under xvfb-run)' };
  }
  const folder = join(root, 'node_modules', 'electron');
  const name = join(folder, 'path.txt');
  const dist = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist');
  const binary = existsSync(name) ? join(dist, readFileSync(name, 'utf8').trim()) : null;
  return binary !== null && existsSync(binary)
    ? { binary, missing: null }
    : { missing: 'Electron’s binary is not here (`npx install-electron` fetches it)' };
}

const found = electron();
test.skip(found.missing !== null, found.missing ?? '');

let app: ElectronApplication | null = null;
test.afterEach(async () => {
  await app?.close();
  app = null;
});

async function launch(work: Workplace, args: readonly string[]): Promise<Window> {
  if (found.missing !== null) throw new Error(found.missing);
  // Chromium refuses to run as root with its sandbox; only here, on a copy of our own sample, may it be off.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  app = await _electron.launch({
    executablePath: found.binary,
    args: [...asRoot, root, ...args],
    env: { ...(process.env as Record<string, string>), FORKPOINT_DATA: join(work.folder, 'data') },
  });
  const window = new Window(await app.firstWindow());
  await expect(window.threads.getByRole('option').first()).toBeVisible();
  return window;
}

test('opens the store that it is given, walks it, and forks it', async ({ work }) => {
  const store = work.copy(sample);
  const window = await launch(work, [store]);
  expect(window.page.url()).toMatch(/^app:\/\/forkpoint\//);
  await window.thread('order-48213').click();
  await expect(window.selected).toHaveAccessibleName(/^step 10, /);
  await window.lineage.focus();
  await window.page.keyboard.press('ArrowLeft');
  await expect(window.selected).toHaveAccessibleName(/^step 9, /);
  await window.thread('approvals-demo').click();
  await expect(window.selected).toBeVisible();
  await window.page.keyboard.press('f');
  const commit = window.dialog('Fork').getByRole('button', { name: /^Commit/ });
  await expect(commit).toBeEnabled();
  await commit.click();
  await expect(window.thread('approvals-demo-fork-1')).toBeVisible();
});

test('without a store it opens the user’s copy of the sample', async ({ work }) => {
  const window = await launch(work, []);
  await expect(window.threads.getByRole('option')).toHaveCount(5);
  expect(existsSync(join(work.folder, 'data', 'sample', 'support-agent.sqlite'))).toBe(true);
});

test('the page is confined: no Node, no bridge but ours, no way out', async ({ work }) => {
  const { page } = await launch(work, [work.copy(sample)]);
  const seen = await page.evaluate(() => ({
    node: ['require', 'process', 'module', 'Buffer'].filter((name) => name in globalThis),
    bridge: Object.keys((globalThis as unknown as { forkpoint: object }).forkpoint).length,
  }));
  expect(seen).toEqual({ node: [], bridge: 9 });
  await page.evaluate(() => {
    location.href = 'https://example.org/';
  });
  expect(page.url()).toMatch(/^app:\/\/forkpoint\//);
});

test('a service that is killed comes back, and so does the view', async ({ work }) => {
  const window = await launch(work, [work.copy(sample)]);
  await window.thread('order-48213').click();
  await expect(window.selected).toHaveAccessibleName(/^step 10, /);
  const servicePid = (): Promise<number | null> | undefined =>
    app?.evaluate(
      ({ app: program }) =>
        program.getAppMetrics().find((m) => [m.name, m.serviceName].includes('forkpoint-store'))?.pid ?? null,
    );
  const first = await servicePid();
  if (first === null || first === undefined) throw new Error('the service is not among the processes');
  process.kill(first, 'SIGKILL');
  await expect.poll(async () => ((await servicePid()) ?? first) !== first).toBe(true);
  await expect(window.selected).toHaveAccessibleName(/^step 10, /, { timeout: 20_000 });
  await window.thread('approvals-demo').click();
  await expect(window.selected).toHaveAccessibleName(/waiting/);
});

test('the menus are drawn from the window’s actions', async ({ work }) => {
  const window = await launch(work, [work.copy(sample)]);
  await window.thread('order-48213').click();
  await expect(window.selected).toHaveAccessibleName(/^step 10, /);
  const menu = (): Promise<readonly string[]> | undefined =>
    app?.evaluate(({ Menu }) => Menu.getApplicationMenu()?.items.map((i) => i.label) ?? []);
  await expect.poll(menu).toEqual(expect.arrayContaining(['Store', 'Go', 'View', 'Change', 'Help']));
  await app?.evaluate(({ Menu }) => Menu.getApplicationMenu()?.getMenuItemById('palette.open')?.click());
  await expect(window.dialog('Commands')).toBeVisible();
});
