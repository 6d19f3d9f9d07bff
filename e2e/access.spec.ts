// Accessibility by axe, hostile names, broken and empty stores, keyboard only.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './support/app.ts';

/** All rules but one: rows are named by what identifies them (a thread's id), and show more beside it. */
const axe = (page: Page): AxeBuilder => new AxeBuilder({ page }).disableRules(['label-content-name-mismatch']);

const sample = 'sample/support-agent.sqlite';

for (const scheme of ['light', 'dark'] as const) {
  test(`no accessibility violations, ${scheme}`, async ({ work, app }) => {
    await app.page.emulateMedia({ colorScheme: scheme });
    await app.open(await work.serve([work.copy(sample)]));
    await app.thread('order-48213').click();
    await expect(app.selected).toBeVisible();
    for (const tab of ['State', 'Diff', 'Pending', 'Raw']) {
      await app.tab(tab).click();
      await app.page.waitForTimeout(300);
      const { violations } = await axe(app.page).analyze();
      expect(violations.map((v) => `${tab}: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`)).toEqual(
        [],
      );
    }
    await app.page.keyboard.press('f');
    await expect(app.dialog('Fork')).toBeVisible();
    await app.page.waitForTimeout(300);
    const { violations } = await axe(app.page).analyze();
    expect(violations.map((v) => `Fork: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`)).toEqual([]);
  });
}

for (const scheme of ['light', 'dark'] as const) {
  test(`no accessibility violations among records, forms and threads that cannot be loaded, ${scheme}`, async ({
    work,
    app,
  }) => {
    await app.page.emulateMedia({ colorScheme: scheme });
    const stores = [work.copy('clawdia/file-tools/store', 'clawdia'), work.copy('car/v060/runs', 'workflow-runs')];
    await app.open(await work.serve(stores));
    const check = async (where: string): Promise<void> => {
      const { violations } = await axe(app.page).analyze();
      expect(
        violations.map((v) => `${where}: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`),
      ).toEqual([]);
    };
    await app.thread('run.approval.yes').click();
    await app.tab('Records').click();
    const content = app.page.getByRole('region', { name: 'Content of the record' });
    await expect(content).toContainText('notes/tide.md');
    await check('Records');
    await app.page.setViewportSize({ width: 1000, height: 900 });
    await expect(content).toBeVisible();
    await check('Records, 1000 px');
    await app.page.setViewportSize({ width: 1600, height: 1000 });
    await app.page.getByRole('button', { name: 'Store: clawdia' }).click();
    await app.page.getByRole('menuitem', { name: 'workflow-runs' }).click();
    await app.thread('gate1').click();
    await app.tab('Pending').click();
    await expect(app.page.getByRole('tabpanel')).toContainText('approve or revise or reject');
    await check('Pending');
    await app.thread('corrupt').click();
    await expect(app.page.getByRole('note').filter({ hasText: 'CAR cannot read this run' })).toBeVisible();
    await check('a damaged run');
  });
}

test('hostile names are text', async ({ work, app }) => {
  const store = work.copy(sample);
  for (const name of [
    '<img src=x onerror=alert(1)>',
    "'; DROP TABLE checkpoints; --",
    'line\nbreak',
    '🐝 ü 漢字',
    'x'.repeat(10_000),
  ]) {
    const { code, err } = await work.forkpoint('fork', store, 'approvals-demo', '--into', name, '--commit');
    expect(err).toBe('');
    expect(code).toBe(0);
  }
  await app.open(await work.serve([store]));
  await expect(app.threads.getByRole('option')).toHaveCount(10);
  await app.threads.getByRole('option', { name: /onerror/ }).click();
  await expect(app.selected).toBeVisible();
  expect(await app.page.locator('img[src="x"]').count()).toBe(0);
});

test('a folder without a store, and a file that is none, are explained', async ({ work }) => {
  const note = join(work.folder, 'note.txt');
  writeFileSync(note, 'dear diary');
  await expect(work.serve([note])).rejects.toThrow(/note\.txt/);
});

test('a store that goes away is said so, and the window lives', async ({ work, app }) => {
  const store = work.copy(sample);
  await app.open(await work.serve([store]));
  await app.thread('approvals-demo').click();
  await expect(app.selected).toBeVisible();
  const { rmSync } = await import('node:fs');
  rmSync(store);
  await expect(app.page.getByText(/deleted|gone|moved away|no longer/i).first()).toBeVisible();
});
