// Whole threads: copied, renamed and deleted from the list's menu and from the palette, taken back; where it cannot be, why.

import AxeBuilder from '@axe-core/playwright';
import type { Locator } from '@playwright/test';
import { expect, test, type Window } from './support/app.ts';

const sample = 'sample/support-agent.sqlite';
const commitOf = (sheet: Locator): Locator => sheet.getByRole('button', { name: /^Commit/ });

async function fromMenu(app: Window, thread: string, item: string): Promise<void> {
  await app.thread(thread).click({ button: 'right' });
  await app.page.getByRole('menuitem', { name: item }).click();
}

async function fromPalette(app: Window, name: string): Promise<void> {
  await app.page.keyboard.press('Control+k');
  const palette = app.dialog('Commands');
  await palette.getByRole('combobox').fill(name);
  await palette.getByRole('option', { name: new RegExp(name) }).click();
}

async function accessible(app: Window): Promise<void> {
  await app.page.waitForTimeout(200);
  const { violations } = await new AxeBuilder({ page: app.page })
    .disableRules(['label-content-name-mismatch'])
    .analyze();
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`)).toEqual([]);
}

test('a thread is renamed, copied and deleted, and comes back', async ({ work, app }) => {
  const store = work.copy(sample);
  await app.open(await work.serve([store]));
  await fromMenu(app, 'approvals-demo', 'Rename this thread…');
  const rename = app.dialog('Rename');
  await expect(commitOf(rename)).toBeDisabled();
  await rename.getByRole('textbox', { name: 'Id of the new thread' }).fill('approved');
  await expect(rename).toContainText('checkpoints');
  await expect(commitOf(rename)).toBeEnabled();
  await accessible(app);
  await commitOf(rename).click();
  await expect(app.thread('approved')).toHaveAttribute('aria-selected', 'true');
  await expect(app.thread('approvals-demo')).toHaveCount(0);

  await fromPalette(app, 'Copy this thread');
  const copy = app.dialog('Copy');
  await expect(commitOf(copy)).toBeEnabled();
  await commitOf(copy).click();
  await expect(app.thread('approved-copy-1')).toHaveAttribute('aria-selected', 'true');

  await fromPalette(app, 'Delete this thread');
  const gone = app.dialog('Delete');
  await expect(gone.locator('.sign-del').first()).toBeVisible();
  await expect(commitOf(gone)).toBeEnabled();
  await commitOf(gone).click();
  await expect(app.thread('approved-copy-1')).toHaveCount(0);
  await app.page.getByRole('button', { name: 'Undo', exact: true }).click();
  await commitOf(app.dialog('Undo')).click();
  await expect(app.thread('approved-copy-1')).toHaveCount(1);
  expect((await work.forkpoint('threads', store)).out).toContain('approved-copy-1');
});

test('a copy goes into another store that is open', async ({ work, app }) => {
  const from = work.copy('tinyagents/v211-file-review/store', 'files');
  const to = work.copy('tinyagents/v211-sqlite-linear/store.db', 'rows.db');
  await app.open(await work.serve([from, to]));
  await expect(app.thread('paused')).toBeVisible();
  await fromMenu(app, 'paused', 'Copy this thread…');
  const sheet = app.dialog('Copy');
  await sheet.getByRole('combobox', { name: 'Store of the copy' }).selectOption({ label: to });
  await expect(sheet).toContainText('checkpoint_writes');
  await expect(commitOf(sheet)).toBeEnabled();
  await commitOf(sheet).click();
  await expect(sheet).toHaveCount(0);
  expect((await work.forkpoint('show', to, 'paused', '--json')).code).toBe(0);
});

test('what cannot be done says why in its place', async ({ work, app }) => {
  const store = work.copy('langgraph-py/dev-server/.langgraph_api', '.langgraph_api');
  await app.open(await work.serve([store]));
  await app.thread('agent-pending').click({ button: 'right' });
  await expect(app.page.getByRole('menuitem', { name: /writes the files anew/ })).toBeVisible();
});
