// The inspector as a person reads in it: large states, tagged values, differences, what is pending, and why something cannot be changed.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Locator } from '@playwright/test';
import { expect, test, type Window, type Workplace } from './support/app.ts';

const inspector = (app: Window): Locator => app.page.getByRole('region', { name: 'Inspector' });
const changes = (app: Window): Locator => app.page.getByRole('list', { name: 'Changes' });
const paths = async (app: Window): Promise<string[]> =>
  (await changes(app).locator('.diff-head > .mono').allTextContents()).map((t) => t.split(' · ')[0] ?? '');

/** A store whose newest checkpoint holds `values` in place of what was there. */
function storeHolding(work: Workplace, values: Readonly<Record<string, unknown>>): string {
  const store = work.copy('langgraph-js/agent.sqlite');
  const db = new Database(store);
  const row = db
    .prepare<[], { id: string; cell: Uint8Array }>(
      "SELECT checkpoint_id AS id, checkpoint AS cell FROM checkpoints WHERE thread_id = 'agent-resumed' ORDER BY 1 DESC",
    )
    .get();
  if (row === undefined) throw new Error('the fixture has no such thread');
  const cell = JSON.parse(Buffer.from(row.cell).toString()) as { channel_values: unknown };
  cell.channel_values = values;
  db.prepare('UPDATE checkpoints SET checkpoint = ? WHERE checkpoint_id = ?').run(
    Buffer.from(JSON.stringify(cell)),
    row.id,
  );
  db.close();
  return store;
}

test('a list of 400,000 items is scrolled to its end with a handful of elements', async ({ work, app }) => {
  const count = 400_000;
  const store = storeHolding(work, { items: Array.from({ length: count }, (_, i) => i), last: 'here' });
  await app.open(await work.serve([store]));
  await app.thread('agent-resumed').click();
  await app.state.getByRole('treeitem', { name: /^items/ }).click();
  await expect(app.state.getByRole('treeitem', { name: /^items/ })).toContainText('400,000 items');
  await app.page.keyboard.press('ArrowRight');
  await expect(app.state.getByRole('treeitem', { name: '0 0', exact: true })).toBeVisible();
  await app.page.keyboard.press('End');
  const end = app.state.getByRole('treeitem', { name: `${count - 1} ${count - 1}`, exact: true });
  await expect(end).toBeVisible();
  await expect(end).toHaveAttribute('aria-setsize', String(count));
  await expect(app.state.getByRole('treeitem', { name: /^last/ })).toBeVisible();
  expect(await app.state.getByRole('treeitem').count()).toBeLessThan(80);
  await app.page.keyboard.press('Home');
  await expect(app.state.getByRole('treeitem', { name: /^items/ })).toBeVisible();
});

test('a long text that changed in one place shows that place', async ({ work, app }) => {
  const store = work.copy('sample/support-agent.sqlite');
  const long = 'lorem ipsum '.repeat(6000);
  const set = (plan: string): string[] => {
    const file = join(work.folder, 'plan.json');
    writeFileSync(file, JSON.stringify(plan));
    return ['--set-file', `plan=${file}`, '--commit'];
  };
  await work.forkpoint('fork', store, 'approvals-demo', '--into', 'long', ...set(`${long}before ${long}`));
  await work.forkpoint('edit', store, 'long', ...set(`${long}after ${long}`));
  await app.open(await work.serve([store]));
  await app.thread('long').click();
  await app.tab('Diff').click();
  const card = changes(app).getByRole('listitem').filter({ hasText: 'plan' });
  await expect(card.locator('del')).toHaveText('before');
  await expect(card.locator('ins')).toHaveText('after');
  await expect(card).toContainText(/equal/);
  expect((await card.textContent())?.length).toBeLessThan(2000);
});

test('a text is unfolded below its row and in view, found, and copied with its path', async ({ work, app }) => {
  await app.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const text = 'a needle in much hay '.repeat(80);
  const store = storeHolding(work, { ...Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, i])), text });
  await app.open(await work.serve([store]));
  await app.thread('agent-resumed').click();
  await app.state.focus();
  await app.page.keyboard.press('/');
  await app.page.getByRole('textbox', { name: 'Find in this state' }).fill('needle');
  const row = app.state.getByRole('treeitem', { name: /^text/ });
  await expect(row).toHaveAttribute('aria-selected', 'true');
  await expect(row.locator('mark').first()).toHaveText('needle');
  await app.page.keyboard.press('Escape');
  await expect(app.state).toBeFocused();
  await app.page.keyboard.press('Enter');
  await expect(app.state.locator('.block-box')).toBeInViewport();
  await app.page.keyboard.press('Control+Shift+c');
  await expect(app.page.getByRole('status').filter({ hasText: 'Copied text' })).toBeVisible();
  expect(await app.page.evaluate(() => navigator.clipboard.readText())).toBe('text');
  await app.page.keyboard.press('Control+c');
  await expect.poll(() => app.page.evaluate(() => navigator.clipboard.readText())).toBe(text);
});

test('values that JSON has not stand with their kind', async ({ work, app }) => {
  await app.open(await work.serve([work.copy('langgraph-py/py-types.sqlite')]));
  await app.thread('types').click();
  await app.state.getByRole('treeitem', { name: /^v / }).click();
  await app.page.keyboard.press('ArrowRight');
  await expect(app.state.getByRole('treeitem', { name: /^u64/ })).toContainText('18446744073709551615');
  await expect(app.state.getByRole('treeitem', { name: /^nan/ })).toContainText('NaN');
  await expect(app.state.getByRole('treeitem', { name: /^bytes 3/ })).toContainText('0001ff');
  await expect(app.state.getByRole('treeitem', { name: /^datetime / })).toContainText('2026-01-02T03:04:05.678901');
});

test('the diff puts the person’s data before the routing, and filters in the service', async ({ work, app }) => {
  await app.open(await work.serve([work.copy('langgraph-current/agent-hitl.sqlite')]));
  await app.thread('waiting').click();
  await app.tab('Diff').click();
  await expect(changes(app).getByRole('listitem')).toHaveCount(3);
  expect(await paths(app)).toEqual([
    'messages[3]',
    '["branch:to:HumanInTheLoopMiddleware.after_model"]',
    'branch:to:model',
  ]);
  await app.page.getByRole('textbox', { name: 'Filter by path' }).fill('TO:MODEL');
  await expect(changes(app).getByRole('listitem')).toHaveCount(1);
  expect(await paths(app)).toEqual(['branch:to:model']);
  await app.page.getByRole('textbox', { name: 'Filter by path' }).fill('nowhere');
  await app.page.getByRole('button', { name: 'Show all changes' }).click();
  await expect(changes(app).getByRole('listitem')).toHaveCount(3);
});

test('what waits for a person comes first among many tasks, and a request for approval reads as a call', async ({
  work,
  app,
}) => {
  const stores = [work.copy('langgraph-current/mapreduce.sqlite'), work.copy('langgraph-current/agent-hitl.sqlite')];
  await app.open(await work.serve(stores));
  await app.thread('two-ask').click();
  await app.tab('Pending').click();
  await expect(app.tab('Pending')).toContainText('2');
  const cards = inspector(app).getByRole('article');
  await expect(cards).toHaveCount(12);
  await expect(cards.nth(0)).toContainText('waiting');
  await expect(cards.nth(1)).toContainText('waiting');
  await expect(cards.nth(2)).toContainText('done');
  await app.page.goto(`${app.page.url().split('#')[0]}#v=1&store=${stores[1]}&thread=waiting&tab=pending`);
  await expect(inspector(app)).toContainText('may it call book_flight?');
  await expect(inspector(app)).toContainText('approve, edit, reject, respond');
  await inspector(app).getByRole('button', { name: 'show as stored' }).click();
  await expect(inspector(app)).toContainText('action_requests');
});

test('a checkpoint that cannot be forked says why where the buttons would be', async ({ work, app }) => {
  await app.open(await work.serve([work.copy('langgraph-js/corrupt-bigint.sqlite')]));
  await app.thread('bigint').click();
  await expect(inspector(app).getByRole('note')).toContainText('cannot be forked');
  await expect(app.page.getByRole('button', { name: /Fork from here|Edit state/ })).toHaveCount(0);
  await app.page.keyboard.press('f');
  await expect(app.dialog('Fork').getByRole('alert')).toContainText('cannot be forked');
  await expect(app.dialog('Fork').getByRole('button', { name: 'Commit' })).toBeDisabled();
});

test('a store that may only be read says so in place of the buttons', async ({ work, app }) => {
  await app.open(await work.serve([work.copy('sample/support-agent.sqlite')], ['--read-only']));
  await app.thread('approvals-demo').click();
  await expect(inspector(app).getByRole('note')).toContainText('read-only');
  await app.state.getByRole('treeitem', { name: /^plan/ }).click({ button: 'right' });
  await expect(app.page.getByRole('menuitem', { name: /Copy value/ })).toBeVisible();
  await expect(app.page.getByRole('menuitem', { name: /Edit|Remove/ })).toHaveCount(0);
});
