// The sheets of operations: edits of every kind, refusals, what happens when the store moves or is locked, undo, import, axe in each.

import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import Database from 'better-sqlite3';
import type { Locator } from '@playwright/test';
import { expect, test, type Window, type Workplace } from './support/app.ts';

const sample = 'sample/support-agent.sqlite';
const commitOf = (sheet: Locator): Locator => sheet.getByRole('button', { name: /^Commit/ });
const value = async (work: Workplace, store: string, thread: string, path: string): Promise<unknown> =>
  JSON.parse((await work.forkpoint('show', store, thread, '--path', path, '--json')).out) as unknown;

async function openAt(work: Workplace, app: Window, thread: string): Promise<string> {
  const store = work.copy(sample);
  await app.open(await work.serve([store]));
  await app.thread(thread).click();
  await expect(app.selected).toBeVisible();
  return store;
}

async function retype(app: Window, sheet: Locator, text: string): Promise<void> {
  await sheet.locator('.cm-content').click();
  await app.page.keyboard.press('Control+a');
  await app.page.keyboard.insertText(text);
}

async function command(app: Window, name: string): Promise<void> {
  await app.page.keyboard.press('Control+k');
  const palette = app.dialog('Commands');
  await palette.getByRole('combobox').fill(name);
  await palette.getByRole('option', { name: new RegExp(name) }).click();
}

/** Nothing but what the page's own tests leave out (see `access.spec.ts`). */
async function expectAccessible(app: Window, what: string): Promise<void> {
  await app.page.waitForTimeout(200);
  const { violations } = await new AxeBuilder({ page: app.page })
    .disableRules(['label-content-name-mismatch'])
    .analyze();
  expect(violations.map((v) => `${what}: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`)).toEqual(
    [],
  );
}

test('append, add and remove in one fork, each shown before it is written', async ({ work, app }) => {
  const store = await openAt(work, app, 'approvals-demo');
  await app.state.getByRole('treeitem', { name: /^facts/ }).click({ button: 'right' });
  await app.page.getByRole('menuitem', { name: /Append/ }).click();
  const sheet = app.dialog('Edit');
  await expect(sheet).toContainText('Type the new value as JSON.');
  await expect(commitOf(sheet)).toBeDisabled();
  await app.page.keyboard.insertText('"is insured"');
  await sheet.getByRole('button', { name: 'Edit another value…' }).click();
  await sheet.getByRole('textbox', { name: 'Path of the value' }).fill('deadline');
  await app.page.keyboard.press('Enter');
  await expect(sheet).toContainText('deadline');
  await app.page.keyboard.insertText('2.0');
  await sheet.getByRole('button', { name: 'Edit another value…' }).click();
  await sheet.getByRole('combobox', { name: 'Kind of edit' }).selectOption('remove');
  await sheet.getByRole('textbox', { name: 'Path of the value' }).fill('plan');
  await app.page.keyboard.press('Enter');
  await expect(sheet.locator('.summary-chip')).toHaveText([/facts \+1/, /deadline \+1/, /plan\s+−1/]);
  await expectAccessible(app, 'Edit');
  await expect(commitOf(sheet)).toBeEnabled();
  await commitOf(sheet).click();
  await expect(app.page.getByRole('status').filter({ hasText: '3 edits' })).toBeVisible();
  await expect(app.thread('approvals-demo-fork-1')).toHaveAttribute('aria-selected', 'true');
  expect(await value(work, store, 'approvals-demo-fork-1', 'facts[-1]')).toBe('is insured');
  expect((await work.forkpoint('show', store, 'approvals-demo-fork-1', '--path', 'deadline', '--json')).out).toContain(
    '2.0',
  );
  expect((await work.forkpoint('show', store, 'approvals-demo-fork-1', '--path', 'plan')).code).toBe(1);
});

test('typed edits are not lost by Esc, invalid JSON cannot be committed, a number keeps its kind', async ({
  work,
  app,
}) => {
  await openAt(work, app, 'order-48213');
  await app.state.getByRole('treeitem', { name: /^budget/ }).click();
  await app.page.keyboard.press('e');
  const sheet = app.dialog('Edit');
  await expect(sheet.locator('.cm-content')).toContainText('120.25');
  await retype(app, sheet, 'twelve');
  await expect(sheet).toContainText('This is not JSON yet. A text stands in double quotes.');
  await expect(commitOf(sheet)).toBeDisabled();
  await retype(app, sheet, '90');
  await expect(sheet).toContainText('120.25 stood there, a float');
  await sheet.getByRole('button', { name: 'Write 90.0' }).click();
  await expect(sheet.locator('.cm-content')).toHaveText('90.0');
  await expect(commitOf(sheet)).toBeEnabled();
  await app.page.keyboard.press('Escape');
  await expect(sheet).toContainText('What you typed would be lost.');
  await sheet.getByRole('button', { name: 'Keep editing' }).click();
  await expect(sheet.locator('.cm-content')).toHaveText('90.0');
  await app.page.keyboard.press('Escape');
  await sheet.getByRole('button', { name: 'Discard' }).click();
  await expect(sheet).toHaveCount(0);
});

test('a message’s text is edited from the conversation', async ({ work, app }) => {
  const store = await openAt(work, app, 'approvals-demo');
  await app.page.getByRole('button', { name: /^messages/ }).click();
  const card = app.page.getByRole('log').getByRole('article').nth(1);
  await card.hover();
  await card.getByRole('button', { name: 'Edit text' }).click();
  const sheet = app.dialog('Edit');
  await expect(sheet.locator('.edit-path')).toHaveText('messages[1].kwargs.content');
  await retype(app, sheet, '"Where is my lamp?"');
  await expect(commitOf(sheet)).toBeEnabled();
  await commitOf(sheet).click();
  await expect(app.thread('approvals-demo-fork-1')).toHaveAttribute('aria-selected', 'true');
  expect(await value(work, store, 'approvals-demo-fork-1', 'messages[1].kwargs.content')).toBe('Where is my lamp?');
});

test('an id that is taken is refused where it is typed', async ({ work, app }) => {
  await openAt(work, app, 'approvals-demo');
  await app.page.keyboard.press('f');
  const sheet = app.dialog('Fork');
  await expect(commitOf(sheet)).toBeEnabled();
  const id = sheet.getByRole('textbox', { name: 'Id of the new thread' });
  await id.fill('order-48190');
  await expect(sheet.getByRole('alert')).toContainText('exists already');
  await expect(id).toHaveAttribute('aria-invalid', 'true');
  await expect(commitOf(sheet)).toBeDisabled();
  await id.fill('order-48190 again');
  await expect(sheet.getByRole('alert')).toHaveCount(0);
  await expect(commitOf(sheet)).toBeEnabled();
});

test('an edit of a tool call’s arguments takes the waiting call along unless it is left', async ({ work, app }) => {
  const store = work.copy('langgraph-current/agent-hitl.sqlite');
  await app.open(await work.serve([store]));
  await app.thread('finished').click();
  await expect(app.selected).toBeVisible();
  await app.lineage.getByRole('treeitem', { name: /^step 2, HumanInTheLoop/ }).click();
  await expect(app.selected).toHaveAccessibleName(/^step 2, HumanInTheLoop/);
  await expect(app.page.getByRole('button', { name: /Fork from here/ })).toBeVisible();
  await app.page.keyboard.press('f');
  const sheet = app.dialog('Fork');
  await sheet.getByRole('button', { name: 'Edit a value…' }).click();
  await sheet.getByRole('textbox', { name: 'Path of the value' }).fill('messages[1].tool_calls[0].args.city');
  await app.page.keyboard.press('Enter');
  await expect(sheet.locator('.cm-content')).toContainText('"');
  await retype(app, sheet, '"Porto"');
  const follows = sheet.getByRole('checkbox');
  await expect(follows).toBeChecked();
  await expect(commitOf(sheet)).toBeEnabled();
  await follows.uncheck();
  await expect(sheet.getByRole('button', { name: 'Let it follow the edit' })).toBeVisible();
  await sheet.getByRole('button', { name: 'Let it follow the edit' }).click();
  await expect(follows).toBeChecked();
  await expect(commitOf(sheet)).toBeEnabled();
  await commitOf(sheet).click();
  await expect(app.thread('finished-fork-1')).toBeVisible();
  expect(await value(work, store, 'finished-fork-1', 'messages[1].tool_calls[0].args.city')).toBe('Porto');
});

test('a store that moves under the sheet is planned again and said so; a locked one is refused and can be tried again', async ({
  work,
  app,
}) => {
  const store = await openAt(work, app, 'approvals-demo');
  await app.page.keyboard.press('f');
  const sheet = app.dialog('Fork');
  await expect(commitOf(sheet)).toBeEnabled();
  await work.forkpoint('fork', store, 'approvals-demo', '--commit');
  await expect(sheet).toContainText('The store changed while this sheet was open');
  await expect(sheet.getByRole('textbox', { name: 'Id of the new thread' })).toHaveAttribute('placeholder', /-fork-2$/);
  await expect(commitOf(sheet)).toBeEnabled();
  const other = new Database(store);
  other.exec('BEGIN IMMEDIATE');
  await commitOf(sheet).click();
  await expect(sheet.getByRole('alert')).toContainText('holds a lock', { timeout: 20_000 });
  other.exec('ROLLBACK');
  other.close();
  await sheet.getByRole('button', { name: 'Try again' }).click();
  await expect(commitOf(sheet)).toBeEnabled();
  await commitOf(sheet).click();
  await expect(app.thread('approvals-demo-fork-2')).toHaveAttribute('aria-selected', 'true');
});

test('undo by key, refused with the reason once somebody built on it; the log tells both', async ({ work, app }) => {
  const store = await openAt(work, app, 'approvals-demo');
  await app.page.keyboard.press('f');
  await expect(commitOf(app.dialog('Fork'))).toBeEnabled();
  await commitOf(app.dialog('Fork')).click();
  await expect(app.thread('approvals-demo-fork-1')).toHaveAttribute('aria-selected', 'true');
  await app.page.keyboard.press('Control+z');
  const undo = app.dialog('Undo');
  await expect(commitOf(undo)).toBeEnabled();
  await expectAccessible(app, 'Undo');
  await undo.getByRole('button', { name: 'Cancel' }).click();
  const db = new Database(store);
  db.prepare(
    "UPDATE writes SET value = 'null' WHERE rowid = (SELECT MAX(rowid) FROM writes WHERE thread_id = 'approvals-demo-fork-1')",
  ).run();
  db.close();
  await app.page.keyboard.press('Control+z');
  await expect(undo.getByRole('alert')).toBeVisible();
  await expect(commitOf(undo)).toBeDisabled();
  await undo.getByRole('button', { name: 'Cancel' }).click();
  await command(app, 'Show operations');
  const log = app.dialog('Operations');
  await expect(log.getByRole('listitem')).toHaveCount(1);
  await expectAccessible(app, 'Operations');
});

test('a document is imported by choosing it; a wrong one that is dropped is refused', async ({ work, app }) => {
  const store = work.copy(sample);
  const file = join(work.folder, 'thread.json');
  await work.forkpoint('export', store, 'approvals-demo', '-o', file);
  await app.open(await work.serve([store]));
  await command(app, 'Import a thread');
  const sheet = app.dialog('Import');
  await expect(sheet).toBeVisible();
  await expectAccessible(app, 'Import');
  const wrong = await app.page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['{"this": "is none"}'], 'wrong.json', { type: 'application/json' }));
    return data;
  });
  await sheet.locator('.import-drop').dispatchEvent('drop', { dataTransfer: wrong });
  await expect(sheet).toContainText('wrong.json');
  await expect(sheet.getByRole('alert')).toBeVisible();
  await expect(commitOf(sheet)).toBeDisabled();
  await sheet.getByLabel('Thread document').setInputFiles(file);
  // The thread is there already: the refusal leads to the field of its id.
  await expect(sheet.getByRole('alert')).toContainText('exists already');
  await sheet.getByRole('textbox', { name: 'Id of the new thread' }).fill('came back');
  await expect(commitOf(sheet)).toBeEnabled();
  await commitOf(sheet).click();
  await expect(app.thread('came back')).toHaveAttribute('aria-selected', 'true');
});
