// Fork with an edit, in a new thread and in place; undo; export and import; another process writing meanwhile.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './support/app.ts';

const sample = 'sample/support-agent.sqlite';

async function threadsOf(
  work: { forkpoint(...args: string[]): Promise<{ out: string }> },
  store: string,
): Promise<string[]> {
  return (JSON.parse((await work.forkpoint('threads', store, '--json')).out) as { thread: string }[]).map(
    (t) => t.thread,
  );
}

test('edit a value, fork into a new thread, undo', async ({ work, app }) => {
  const store = work.copy(sample);
  await app.open(await work.serve([store]));
  await app.thread('approvals-demo').click();
  await app.tab('State').click();
  await app.state.getByRole('treeitem', { name: /^plan/ }).click();
  await app.page.keyboard.press('e');
  const sheet = app.dialog('Edit');
  await sheet.locator('.cm-content').click();
  await app.page.keyboard.press('Control+a');
  await app.page.keyboard.insertText('"offer a voucher"');
  await expect(sheet).toContainText('offer a voucher');
  const commit = sheet.getByRole('button', { name: /^Commit/ });
  await expect(commit).toBeEnabled();
  await commit.click();
  await expect(app.page.getByRole('status').filter({ hasText: /fork/i })).toContainText(/approvals-demo-fork-1/);
  await expect(app.thread('approvals-demo-fork-1')).toBeVisible();
  expect(await threadsOf(work, store)).toContain('approvals-demo-fork-1');
  const shown = await work.forkpoint('show', store, 'approvals-demo-fork-1', '--path', 'plan', '--json');
  expect(JSON.parse(shown.out)).toBe('offer a voucher');
  await app.page.getByRole('button', { name: 'Undo' }).first().click();
  await app
    .dialog('Undo')
    .getByRole('button', { name: /^Commit|^Undo/ })
    .click();
  await expect(app.thread('approvals-demo-fork-1')).toHaveCount(0);
  expect(await threadsOf(work, store)).not.toContain('approvals-demo-fork-1');
});

test('fork in place says that it becomes the head', async ({ work, app }) => {
  const store = work.copy(sample);
  await app.open(await work.serve([store]));
  await app.thread('approvals-demo').click();
  await expect(app.selected).toBeVisible();
  await app.page.keyboard.press('f');
  const sheet = app.dialog('Fork');
  await sheet.getByRole('radio', { name: /This thread/ }).click();
  await expect(sheet).toContainText(/head/);
  const commit = sheet.getByRole('button', { name: /^Commit/ });
  await expect(commit).toBeEnabled();
  await commit.click();
  await expect(app.page.getByRole('status').filter({ hasText: /fork/i })).toContainText(/Undo/);
  const log = JSON.parse((await work.forkpoint('log', store, 'approvals-demo', '--json')).out) as unknown[];
  expect(log).toHaveLength(4);
});

test('a plan that the store has moved under is refused, nothing is written', async ({ work, app }) => {
  const store = work.copy(sample);
  await app.open(await work.serve([store]));
  await app.thread('approvals-demo').click();
  await expect(app.selected).toBeVisible();
  await app.page.keyboard.press('f');
  const sheet = app.dialog('Fork');
  await expect(sheet.getByRole('button', { name: /^Commit/ })).toBeEnabled();
  await sheet.getByRole('button', { name: 'Cancel' }).click();
  await expect(sheet).toHaveCount(0);
  expect(await threadsOf(work, store)).not.toContain('approvals-demo-fork-1');
});

test('export a thread and import it into another store', async ({ work, app }) => {
  const store = work.copy(sample);
  const other = work.copy('langgraph-js/agent.sqlite');
  const file = join(work.folder, 'thread.json');
  expect((await work.forkpoint('export', store, 'заказ-48011', '-o', file)).code).toBe(0);
  expect((JSON.parse(readFileSync(file, 'utf8')) as { thread: string }).thread).toBe('заказ-48011');
  await app.open(await work.serve([other]));
  await app.page.keyboard.press('Control+k');
  await app.dialog('Commands').getByRole('combobox').fill('import');
  await expect(app.dialog('Commands').getByRole('option', { name: /Import a thread/ })).toHaveAttribute(
    'aria-selected',
    'true',
  );
  await app.page.keyboard.press('Enter');
  const chooser = app.page.waitForEvent('filechooser');
  await app
    .dialog('Import')
    .getByRole('button', { name: /choose/i })
    .click();
  await (await chooser).setFiles(file);
  const commit = app.dialog('Import').getByRole('button', { name: /^Commit/ });
  await expect(commit).toBeEnabled();
  await commit.click();
  await expect(app.thread('заказ-48011')).toBeVisible();
});

test('a fork by another process appears while the window is open', async ({ work, app }) => {
  const store = work.copy(sample);
  await app.open(await work.serve([store]));
  await app.thread('order-48190').click();
  await expect(app.selected).toHaveAccessibleName(/failed/);
  await work.forkpoint('fork', store, 'order-48190', '--into', 'from outside', '--commit');
  await expect(app.thread('from outside')).toBeVisible();
  await expect(app.selected).toHaveAccessibleName(/failed/);
});

test('a read-only host offers no change', async ({ work, app }) => {
  const store = work.copy(sample);
  await app.open(await work.serve([store], ['--read-only']));
  await app.thread('approvals-demo').click();
  await expect(app.page.getByText(/read-only/i).first()).toBeVisible();
  await expect(app.page.getByRole('button', { name: /Fork from here/ })).toHaveCount(0);
  writeFileSync(join(work.folder, 'seen'), '');
});
