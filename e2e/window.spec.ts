// The window as a frame: small and large stores, small windows, what is missing or gone, the keyboard alone.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from '@playwright/test';
import { Window, expect, test } from './support/app.ts';
import { MadeStore } from './support/made-store.ts';

const sample = 'sample/support-agent.sqlite';

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

async function boxOf(what: Locator): Promise<Box> {
  const box = await what.boundingBox();
  expect(box).not.toBeNull();
  return box ?? { x: 0, y: 0, width: 0, height: 0 };
}

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

test('20,000 steps: one pill, few elements, any step is reached', async ({ work, app }) => {
  const path = join(work.folder, 'long.sqlite');
  const store = new MadeStore(path, [{ thread: 'long', steps: 20_000 }]);
  expect(store).toBeDefined();
  await app.open(await work.serve([path]));
  await expect(app.selected).toHaveAccessibleName(/^step 19998, /);
  const pill = app.lineage.getByRole('treeitem', { name: '19,998 steps folded' });
  await expect(pill).toBeVisible();
  const elements = app.page.locator('.lineage-view *');
  expect(await elements.count()).toBeLessThanOrEqual(150);
  await app.page.keyboard.press('Home');
  await expect(app.selected).toHaveAccessibleName(/^step -1, /);
  await app.page.getByRole('slider', { name: 'Step on this branch' }).fill('10000');
  await expect(app.selected).toHaveAccessibleName(/^step 9999, tools|^step 9999, model/);
  await expect(app.selected).toBeInViewport();
  expect(await elements.count()).toBeLessThanOrEqual(150);
  await app.page.keyboard.press('Control+k');
  await app.page.keyboard.type('step 19,345');
  await expect(app.dialog('Commands').getByRole('option', { name: /Go to step 19,345/ })).toBeVisible();
  await app.page.keyboard.press('Enter');
  await expect(app.selected).toHaveAccessibleName(/^step 19345, /);
  await app.page.keyboard.press('o');
  expect(await elements.count()).toBeLessThanOrEqual(150);
});

test('in a small window nothing lies over the cards, and the facts are one button away', async ({ work, app }) => {
  await app.page.setViewportSize({ width: 1000, height: 700 });
  await app.open(await work.serve([work.copy(sample)]));
  await app.thread('order-48213').click();
  await expect(app.selected).toBeVisible();
  const pane = await boxOf(app.lineage);
  expect(overlap(await boxOf(app.page.getByRole('toolbar', { name: 'Lineage tools' })), pane)).toBe(false);
  expect(overlap(await boxOf(app.page.locator('.minimap')), await boxOf(app.selected))).toBe(false);
  expect(pane.height).toBeGreaterThan(200);
  await expect(app.page.getByText('written by')).toBeHidden();
  await app.page.getByRole('button', { name: 'Facts' }).click();
  await expect(app.page.getByText('written by')).toBeVisible();
  for (const name of ['Threads', 'Lineage', 'Inspector', 'Status'])
    await expect(app.page.getByRole('region', { name })).toBeVisible();
});

test('a store without a run says so, and shows the first one that is written', async ({ work, app }) => {
  const path = join(work.folder, 'empty.sqlite');
  const store = new MadeStore(path, []);
  await app.page.goto(await work.serve([path]));
  await expect(app.page.getByRole('heading', { name: 'No run is in this store yet' })).toBeVisible();
  await expect(app.page.getByRole('button', { name: /Import a thread/ })).toBeVisible();
  store.append('first', 0, 3);
  await expect(app.thread('first')).toBeVisible();
  await expect(app.selected).toHaveAccessibleName(/^step 1, /);
});

test('the last of 300 threads is one key away; the title says what is shown', async ({ work, app }) => {
  const path = join(work.folder, 'many.sqlite');
  const threads = Array.from({ length: 300 }, (_, i) => ({ thread: `case-${i}`, steps: 2 }));
  expect(new MadeStore(path, threads)).toBeDefined();
  await app.open(await work.serve([path]));
  await expect(app.page).toHaveTitle('case-299 – many.sqlite – Forkpoint');
  await app.threads.focus();
  await app.page.keyboard.press('End');
  await expect(app.thread('case-0')).toHaveAttribute('aria-selected', 'true');
  await expect(app.thread('case-0')).toBeInViewport();
  await expect(app.thread('case-0')).toHaveAttribute('aria-posinset', '300');
  await expect(app.page).toHaveTitle('case-0 – many.sqlite – Forkpoint');
  await expect(app.page).toHaveURL(/thread=case-0/);
  await app.page.goBack();
  await expect(app.thread('case-299')).toHaveAttribute('aria-selected', 'true');
});

test('steps that arrive do not move what is looked at', async ({ work, app }) => {
  const path = join(work.folder, 'running.sqlite');
  const store = new MadeStore(path, [{ thread: 'run', steps: 12 }]);
  await app.open(await work.serve([path]));
  await app.page.keyboard.press('Home');
  await expect(app.selected).toHaveAccessibleName(/^step -1, /);
  await app.page.waitForTimeout(300);
  const before = await boxOf(app.selected);
  store.append('run', 12, 15);
  await expect(app.page.locator('.scrubber-place')).toContainText('step −1 of 13');
  expect(await boxOf(app.selected)).toEqual(before);
  await expect(app.selected).toHaveAccessibleName(/^step -1, /);
});

test('by keyboard alone: find a thread, step back, fork, commit', async ({ work, app }) => {
  const store = work.copy(sample);
  await app.open(await work.serve([store]));
  const { keyboard } = app.page;
  await keyboard.press('t');
  await keyboard.type('approvals');
  await expect(app.threads.getByRole('option')).toHaveCount(1);
  await keyboard.press('Enter');
  await expect(app.thread('approvals-demo')).toHaveAttribute('aria-selected', 'true');
  await expect(app.selected).toHaveAccessibleName(/waiting/);
  await keyboard.press('ArrowLeft');
  await expect(app.selected).toHaveAccessibleName(/^step 0, /);
  await keyboard.press('f');
  const sheet = app.dialog('Fork');
  const commit = sheet.getByRole('button', { name: /^Commit/ });
  await expect(commit).toBeEnabled();
  for (let i = 0; i < 40 && !(await commit.evaluate((b) => b === document.activeElement)); i++)
    await keyboard.press('Tab');
  await expect(commit).toBeFocused();
  await keyboard.press('Enter');
  await expect(app.page.getByRole('status').filter({ hasText: /approvals-demo-fork-1/ })).toBeVisible();
  const { out } = await work.forkpoint('threads', store, '--json');
  expect(out).toContain('approvals-demo-fork-1');
});

test('a store that goes away and comes back is opened again', async ({ work, app }) => {
  const path = join(work.folder, 'gone.sqlite');
  expect(new MadeStore(path, [{ thread: 'a', steps: 3 }])).toBeDefined();
  await app.open(await work.serve([path]));
  await expect(app.selected).toBeVisible();
  await expect(app.page.getByRole('banner').getByText(/live$/)).toBeVisible();
  rmSync(path);
  await expect(app.page.getByRole('heading', { name: 'The store is gone' })).toBeVisible();
  await expect(app.page.getByRole('banner').getByText(/live$/)).toBeHidden();
  expect(new MadeStore(path, [{ thread: 'b', steps: 3 }])).toBeDefined();
  await app.page.getByRole('button', { name: 'Open it again' }).click();
  await expect(app.thread('b')).toBeVisible();
});

test('a path that was not named is refused, and what is open is one button away', async ({ work, app }) => {
  const url = await work.serve([work.copy(sample)]);
  await app.page.goto(`${url}&store=${join(work.folder, 'other.sqlite')}`);
  await expect(app.page.getByRole('heading', { name: 'This cannot be opened' })).toBeVisible();
  await app.page.getByRole('button', { name: 'Show support-agent.sqlite' }).click();
  await expect(app.thread('order-48213')).toBeVisible();
});

// Without the fixture that forbids logged errors: the browser itself logs that the connection is refused.
test('a service that ended is said so', async ({ work, page }) => {
  const app = new Window(page);
  await app.open(await work.serve([work.copy(sample)]));
  work.endHosts();
  await expect(page.getByRole('heading', { name: 'Forkpoint’s service does not answer' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Reload the window' })).toBeVisible();
});
