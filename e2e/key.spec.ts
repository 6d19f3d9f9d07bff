// A store whose checkpoints are encrypted: a wrong key is refused in place, the right one shows the states.

import AxeBuilder from '@axe-core/playwright';
import { expect, test } from './support/app.ts';

test('an encrypted store asks for its key and shows what it opens', async ({ work, app }) => {
  await app.open(await work.serve([work.copy('langgraph-py/py-encrypted.sqlite')]));
  await app.thread('t').click();
  await expect(app.page.getByText(/encrypted \(aes\)/).first()).toBeVisible();
  // the toolbar has the same button
  await app.page.getByRole('tabpanel').getByRole('button', { name: 'Enter the key' }).click();
  const dialog = app.dialog('Key of this store');
  const key = dialog.getByLabel('Key', { exact: true });
  await expect(key).toBeFocused();
  await key.fill('6543210987654321');
  await app.page.keyboard.press('Enter');
  await expect(dialog.getByRole('alert')).toContainText('does not open');
  const { violations } = await new AxeBuilder({ page: app.page }).include('[role=dialog]').analyze();
  expect(violations.map((v) => v.id)).toEqual([]);
  await key.fill('1234567890123456');
  await dialog.getByRole('button', { name: 'Unlock' }).click();
  await expect(dialog).toBeHidden();
  await expect(app.page.getByText('unlocked')).toBeVisible();
  await expect(app.thread('t')).toContainText('finished');
  await expect(app.page.getByRole('region', { name: 'Lineage' })).not.toContainText('encrypted');
  await expect(app.state.getByRole('treeitem', { name: /^n\b/ })).toContainText('20');
  expect(app.page.url()).not.toContain('1234567890123456');
});
