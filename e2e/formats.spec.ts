// One store of each framework in the window, walked with the keyboard as a person would: its points, its words, its records, a fork and
// the way back.

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './support/app.ts';
import type { Window } from './support/app.ts';

const panel = (app: Window) => app.page.getByRole('tabpanel');

/** From a thread's name to its head, by the keyboard alone. */
async function goTo(app: Window, thread: string): Promise<void> {
  await app.page.keyboard.press('t');
  await app.page.getByRole('searchbox', { name: 'Search threads' }).fill(thread);
  await expect(app.thread(thread)).toBeVisible();
  await app.page.keyboard.press('Enter');
  await expect(app.thread(thread)).toHaveAttribute('aria-selected', 'true');
  await app.lineage.focus();
  await expect(app.selected).toBeVisible();
}

/** Forks the selected point into a new thread, sees it, and takes it back; `choose` is done in the sheet before the commit. */
async function forkAndUndo(app: Window, fork: string, choose?: () => Promise<void>): Promise<void> {
  await app.page.keyboard.press('f');
  const sheet = app.dialog('Fork');
  await expect(sheet).toBeVisible();
  await choose?.();
  await sheet.getByRole('button', { name: 'Commit' }).click();
  const said = app.page.getByRole('status').filter({ hasText: `Forked to ${fork}` });
  await expect(said).toBeVisible();
  await said.getByRole('button', { name: 'Undo' }).click();
  await app.dialog('Undo').getByRole('button', { name: 'Commit' }).click();
  await expect(app.page.getByRole('status').filter({ hasText: 'Took back the fork' })).toBeVisible();
  await expect(app.thread(fork)).toHaveCount(0);
}

test('clawdia: a journal instead of states, records beside it, both of its forks', async ({ work, app }) => {
  await app.open(await work.serve([work.copy('clawdia/file-tools/store', 'clawdia')]));
  await goTo(app, 'run.approval.yes');
  await expect(app.selected).toHaveAccessibleName(/^step 18, completed, finished/);
  await expect(panel(app).getByText('this is the record of this point')).toBeVisible();
  await expect(app.state.getByRole('treeitem', { name: /^record_kind/ })).toContainText('"turn"');
  // What it cannot do stands where its button would be.
  await expect(
    app.page.getByRole('note').filter({ hasText: 'No edits: clawdia checkpoints hold no state' }),
  ).toBeVisible();

  await app.page.keyboard.press('ArrowLeft');
  await expect(app.selected).toHaveAccessibleName(/^step 17, completed, finished/);
  await app.page.keyboard.press('End');
  await app.page.keyboard.press('3');
  await expect(panel(app)).toContainText('The run ended: completed.');
  await app.page.keyboard.press('6');
  const records = app.page.getByRole('listbox', { name: 'Records' });
  await expect(records.getByRole('option')).toHaveCount(3);
  await expect(app.page.getByRole('region', { name: 'Content of the record' })).toContainText('9007199254740993');
  await records.focus();
  await app.page.keyboard.press('ArrowDown');
  await expect(records.getByRole('option').nth(1)).toHaveAttribute('aria-selected', 'true');
  await expect(app.page.getByRole('region', { name: 'Content of the record' })).toContainText('tool_execution');

  await app.lineage.focus();
  const sheet = app.dialog('Fork');
  await forkAndUndo(app, 'run.approval.yes-fork-1', async () => {
    await expect(sheet).toContainText('for a host that resumes by itself');
    await sheet.getByRole('radio', { name: 'Stays here' }).check();
    await expect(sheet).toContainText('run_text(request)');
  });
});

test('atomr: a question, its registry entries, rows left over, a fork', async ({ work, app }) => {
  await app.open(await work.serve([work.copy('atomr/sql-approval/store.db', 'atomr.db')]));
  await goTo(app, 'approval/run-pending');
  await expect(app.lineage).toContainText('Transfer?');
  await app.page.keyboard.press('3');
  await expect(panel(app)).toContainText('waiting');
  await expect(panel(app)).toContainText('runner.resume(Command::Resume');
  await app.page.keyboard.press('6');
  await expect(app.page.getByRole('listbox', { name: 'Records' }).getByRole('option')).toHaveCount(3);
  await app.lineage.focus();
  await forkAndUndo(app, 'approval/run-pending-fork-1', async () => {
    await expect(app.dialog('Fork')).toContainText('The interrupt registry has open entries');
    await expect(app.dialog('Fork')).toContainText('runner.resume(Command::Resume');
    // atomr has one way to fork: no choice is offered.
    await expect(app.dialog('Fork').getByRole('radio', { name: 'Stays here' })).toHaveCount(0);
  });

  await goTo(app, 'approval/run-goto-back');
  await expect(app.lineage).toContainText('left over from an earlier pass');
  await expect(app.page.getByRole('complementary', { name: 'About this checkpoint' })).toContainText(
    'inferred: Left over from an earlier pass',
  );
});

test('CAR: visits of a loop, a gate with its form, a damaged run, a fork', async ({ work, app }) => {
  await app.open(await work.serve([work.copy('car/v060/runs', 'workflow-runs')]));
  await goTo(app, 'revised');
  await expect(app.lineage.getByRole('treeitem', { name: /gate1/ })).toHaveCount(3);
  await app.page.keyboard.press('Home');
  await expect(app.selected).toHaveAccessibleName(/^step 1, draft/);
  await expect(app.state.getByRole('treeitem', { name: /^goal/ })).toContainText('derived');
  await app.page.keyboard.press('End');
  await app.page.keyboard.press('3');
  await expect(panel(app)).toContainText('Publish this draft?');
  await expect(panel(app)).toContainText('approve or revise or reject');
  await expect(panel(app)).toContainText('engine.resume(paused, input)');
  await forkAndUndo(app, 'revised-fork-1');

  await goTo(app, 'corrupt');
  await expect(app.page.getByRole('note').filter({ hasText: 'CAR cannot read this run' })).toBeVisible();
  await app.page.keyboard.press('1');
  await panel(app).getByRole('button', { name: 'Show its bytes' }).click();
  await expect(panel(app)).toContainText('{ not valid json');
});

test('wesichain: inferred parents with their reason, a break point that asks nothing, a fork', async ({
  work,
  app,
}) => {
  await app.open(await work.serve([work.copy('wesichain/file-basic/store', 'wesichain')]));
  await goTo(app, 'twice');
  for (let i = 0; i < 3; i++) await app.page.keyboard.press('ArrowLeft');
  await expect(app.page.getByRole('complementary', { name: 'About this checkpoint' })).toContainText(
    'A new run begins here',
  );
  await expect(app.state.getByRole('treeitem', { name: /^count/ })).toContainText('5');
  await goTo(app, 'gate-waiting');
  await app.page.keyboard.press('3');
  await expect(panel(app)).toContainText('stops here and asks nothing');
  await expect(panel(app)).toContainText('auto_resume: true');
  await forkAndUndo(app, 'gate-waiting-fork-1');
});

test('LangGraph: channels put together from their updates, calls to approve, a fork', async ({ work, app }) => {
  await app.open(await work.serve([work.copy('langgraph-current/deep-hitl.sqlite')]));
  await goTo(app, 'main-waiting');
  await expect(app.state.getByRole('treeitem', { name: /^files/ })).toContainText('reconstructed');
  await app.page.keyboard.press('3');
  await expect(panel(app)).toContainText('may it call write_file?');
  await expect(panel(app)).toContainText('Command(resume=answer)');
  await forkAndUndo(app, 'main-waiting-fork-1');
});

test('records by the thousand: the last one is a key away, and its place is kept', async ({ work, app }) => {
  const host = work.copy('atomr/host-branches/host', 'host');
  const events = Array.from(
    { length: 5000 },
    (_, n) =>
      `${JSON.stringify({ ts_ms: 1795267324200 + n, kind: 'tool.called', agent_id: 'alpha', payload: { n } })}\n`,
  );
  appendFileSync(join(host, 'events.jsonl'), events.join(''));
  await app.open(await work.serve([host]));
  await goTo(app, 'alpha/main');
  await app.page.keyboard.press('6');
  await expect(app.page.getByRole('tabpanel')).toContainText('5,005 records');
  const records = app.page.getByRole('listbox', { name: 'Records' });
  const content = app.page.getByRole('region', { name: 'Content of the record' });
  await records.focus();
  await app.page.keyboard.press('End');
  await expect(content).toContainText('"n": 4999');
  await expect(records.locator('[aria-selected=true]')).toHaveAttribute('aria-posinset', '5005');
  await app.page.keyboard.press('ArrowUp');
  await expect(content).toContainText('"n": 4998');
  await app.page.keyboard.press('Home');
  await expect(content).toContainText('branch.forked');
});

test('an address without a checkpoint leads to the head, also in the thread that is shown', async ({ work, app }) => {
  await app.open(await work.serve([work.copy('wesichain/file-basic/store', 'wesichain')]));
  await goTo(app, 'linear-1');
  await app.page.keyboard.press('Home');
  await expect(app.selected).toHaveAccessibleName(/^step 1, plan/);
  await app.page.evaluate(() => {
    const fields = new URLSearchParams(location.hash.slice(1));
    fields.delete('at');
    location.hash = fields.toString();
  });
  await expect(app.selected).toHaveAccessibleName(/^step 4, publish/);
  await expect(app.state).toBeVisible();
});
