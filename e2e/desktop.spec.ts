// The window on the desktop's bridge, without Electron: requests to open, menus, a service that dies and comes back.

import { join } from 'node:path';
import { expect, test as base } from './support/app.ts';
import { DesktopBridgeHost } from './support/desktop-bridge.ts';

const sample = 'sample/support-agent.sqlite';

const test = base.extend<{ desktop: DesktopBridgeHost }>({
  desktop: async ({ page, work }, use) => {
    const desktop = new DesktopBridgeHost(page, join(work.folder, 'data'));
    await desktop.install();
    // Only the built files come from the web host; without a token nothing else could.
    const { origin } = new URL(await work.serve([work.copy(sample, 'other.sqlite')]));
    await page.goto(`${origin}/`);
    await use(desktop);
    desktop.dispose();
  },
});

test('what the system asks to open is opened, one after the other, and remembered', async ({ work, app, desktop }) => {
  const [first, second] = [work.copy(sample, 'a.sqlite'), work.copy('langgraph-py/py-agent.sqlite', 'b.sqlite')];
  await expect(app.page.getByText('Open the store of an agent’s run')).toBeVisible();
  await desktop.say('open', second);
  await desktop.say('open', first);
  await expect(app.thread('order-48213')).toBeVisible();
  expect(desktop.opened).toEqual([second, first]);
  await desktop.say(
    'open',
    `forkpoint://view?v=1&store=${encodeURIComponent(first)}&thread=approvals-demo&tab=pending`,
  );
  await expect(app.tab('Pending')).toHaveAttribute('aria-selected', 'true');
  await expect(app.selected).toHaveAccessibleName(/waiting/);
});

test('menus come from the actions and do what they say', async ({ work, app, desktop }) => {
  await expect.poll(() => desktop.actions.some((a) => a.id === 'store.open.file' && a.enabled)).toBe(true);
  const can = (id: string): boolean => desktop.actions.some((a) => a.id === id && a.enabled);
  expect(can('store.close')).toBe(false);
  await desktop.say('open', work.copy(sample));
  await app.thread('order-48213').click();
  await expect(app.selected).toHaveAccessibleName(/^step 10, /);
  await expect.poll(() => can('store.close')).toBe(true);
  const next = desktop.actions.find((a) => a.shortcut === 'ArrowLeft');
  await desktop.say('action', next?.id);
  await expect(app.selected).toHaveAccessibleName(/^step 9, /);
  await desktop.say('action', 'palette.open');
  await expect(app.dialog('Commands')).toBeVisible();
  // Behind a dialog the menu reaches nothing.
  await desktop.say('action', next?.id);
  await app.page.keyboard.press('Escape');
  await expect(app.selected).toHaveAccessibleName(/^step 9, /);
});

test('an exported thread that is opened is offered for import', async ({ work, app, desktop }) => {
  const { out } = await work.forkpoint('export', work.copy(sample), 'approvals-demo');
  await desktop.say('open', work.copy(sample, 'into.sqlite'));
  await expect(app.thread('order-48213')).toBeVisible();
  await desktop.say('document', { name: 'approvals-demo.thread.json', text: out });
  await expect(app.dialog('Import')).toContainText('approvals-demo');
});

test('a service that dies is a state that passes: it is said, and the view comes back', async ({
  work,
  app,
  desktop,
}) => {
  await desktop.say('open', work.copy(sample));
  await app.thread('order-48213').click();
  await expect(app.selected).toHaveAccessibleName(/^step 10, /);
  await app.page.keyboard.press('2');
  await desktop.killService('The store service stopped unexpectedly (code 9) and is being started again.');
  await expect(app.page.getByText('stopped unexpectedly (code 9)')).toBeVisible();
  desktop.startService();
  await expect(app.selected).toHaveAccessibleName(/^step 10, /);
  await expect(app.tab('Diff')).toHaveAttribute('aria-selected', 'true');
  await app.thread('approvals-demo').click();
  await expect(app.selected).toHaveAccessibleName(/waiting/);
});
