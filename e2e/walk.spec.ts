// Open a store, walk its tree by keyboard, see and compare states.

import { expect, test } from './support/app.ts';

const sample = 'sample/support-agent.sqlite';

test('threads, lineage and state of a store, walked by the arrow keys', async ({ work, app }) => {
  await app.open(await work.serve([work.copy(sample)]));
  await expect(app.threads.getByRole('option')).toHaveCount(5);
  await app.thread('order-48213').click();
  await expect(app.selected).toHaveAccessibleName(/^step 10, model, waiting, \w{8}$/);
  await app.lineage.focus();
  await app.page.keyboard.press('ArrowLeft');
  await expect(app.selected).toHaveAccessibleName(/^step 9, (update|–), idle/);
  await app.page.keyboard.press('Home');
  await expect(app.selected).toHaveAccessibleName(/^step -1, (input|–), idle/);
  await app.page.keyboard.press('Shift+ArrowRight');
  await expect(app.selected).toHaveAccessibleName(/^step 10/);
  await app.page.keyboard.press('End');
  await expect(app.selected).toHaveAccessibleName(/^step 10, model, waiting/);
  await app.page.keyboard.press('ArrowUp');
  await expect(app.selected).toHaveAccessibleName(/^step 10|^step 9/);
});

test('the state is a tree that opens by keyboard; the diff says what a step changed', async ({ work, app }) => {
  await app.open(await work.serve([work.copy(sample)]));
  await app.thread('order-48213').click();
  await app.tab('State').click();
  await expect(app.state.getByRole('treeitem', { name: /^budget/ })).toContainText('120.25');
  await app.state.getByRole('treeitem', { name: /^orders/ }).click();
  await app.page.keyboard.press('ArrowRight');
  await expect(app.state.getByRole('treeitem', { name: /^48213/ })).toBeVisible();
  await app.lineage.focus();
  await app.page.keyboard.press('ArrowLeft');
  await app.page.keyboard.press('2');
  await expect(app.tab('Diff')).toHaveAttribute('aria-selected', 'true');
  const inspector = app.page.getByRole('region', { name: 'Inspector' });
  await expect(inspector).toContainText('budget');
  await expect(inspector).toContainText('180');
  await expect(inspector).toContainText('120.25');
});

test('two checkpoints are compared, and the address restores the view', async ({ work, app }) => {
  const url = await work.serve([work.copy(sample)]);
  await app.open(url);
  await app.thread('order-48213').click();
  // What it did is read after where it stands: until then its name says less.
  await expect(app.selected).toHaveAccessibleName(/^step 10, model, waiting/);
  await app.page.keyboard.press('2');
  const cards = app.lineage.getByRole('treeitem', { name: /^step 8, / });
  await cards.first().click({ modifiers: ['Control'] });
  await expect(app.compared).toHaveAccessibleName(/^step 8, /);
  const name = await app.selected.getAttribute('aria-label');
  await expect(app.page).toHaveURL(/with=/);
  await app.page.reload();
  await expect(app.compared).toHaveAccessibleName(/^step 8, /);
  await expect(app.selected).toHaveAccessibleName(name ?? 'a name');
  await expect(app.tab('Diff')).toHaveAttribute('aria-selected', 'true');
});

test('pending says who asks and how to go on; raw shows the stored bytes', async ({ work, app }) => {
  await app.open(await work.serve([work.copy(sample)]));
  await app.thread('approvals-demo').click();
  await expect(app.selected).toHaveAccessibleName(/waiting/);
  await app.page.keyboard.press('3');
  const inspector = app.page.getByRole('region', { name: 'Inspector' });
  await expect(inspector).toContainText('approve refund of 12.00?');
  await expect(inspector).toContainText('new Command({ resume');
  await app.page.keyboard.press('5');
  await expect(app.tab('Raw')).toHaveAttribute('aria-selected', 'true');
  await expect(inspector).toContainText('checkpoints.checkpoint');
});

test('search and status filters narrow the threads', async ({ work, app }) => {
  await app.open(await work.serve([work.copy(sample)]));
  await app.page.getByRole('region', { name: 'Threads' }).getByRole('searchbox').fill('заказ');
  await expect(app.threads.getByRole('option')).toHaveCount(1);
  await expect(app.thread('заказ-48011')).toBeVisible();
});

test('a tinyagents folder opens in the same window', async ({ work, app }) => {
  await app.open(await work.serve([work.copy('tinyagents/v210-file-fanout/store', 'fanout')]));
  await app.thread('fan-failed').click();
  await expect(app.selected).toHaveAccessibleName(/failed/);
  await app.thread('fan-paused').click();
  await expect(app.selected).toHaveAccessibleName(/waiting/);
  await app.tab('State').click();
  await expect(app.state.getByRole('treeitem', { name: /^ticket/ })).toContainText('9007199254740993');
});

test('at most 150 elements stand for the lineage, at any size', async ({ work, app }) => {
  await app.open(await work.serve([work.copy(sample)]));
  await app.thread('eval/2026-11-20/case-17').click();
  await expect(app.selected).toBeVisible();
  const count = await app.page.locator('.react-flow__node').count();
  expect(count).toBeLessThanOrEqual(150);
});
