// P9: a state of 100 MB in the window: its first rows, and its end.

import { within } from './support/bench.ts';
import type { Bench } from './support/bench.ts';
import { chatState } from './support/states.ts';
import { largeStates } from './support/stores.ts';
import { Host, Window, firstMember, startBrowser } from './support/window.ts';

export const bench: Bench = {
  id: 'P9',
  title: 'A state of 100 MB in the window',
  async run(context) {
    const bytes = 100_000_000 * context.scale;
    const made = largeStates(context, `large-state-${Math.round(bytes / 1e6)}.sqlite`, () => [
      Buffer.from('{"messages":[],"plan":"begin"}'),
      Buffer.from(JSON.stringify(chatState(bytes, 9))),
    ]);
    const messages = chatState(bytes, 9).messages.length;
    const host = await Host.start(made.path);
    const browser = await startBrowser();
    const window = await Window.at(browser);
    const { page } = window;
    await window.open(host.url);
    // To the small state and back: what is measured is the step onto the large one.
    await page.getByRole('tab', { name: /^State/ }).click();
    await window.lineage.focus();
    await page.keyboard.press('ArrowLeft');
    await window.state.getByRole('treeitem', { name: /^plan/ }).waitFor();
    const before = await window.heap();
    let begun = performance.now();
    await page.keyboard.press('ArrowRight');
    await window.state.getByRole('treeitem', { name: /^documents/ }).waitFor({ timeout: 60_000 });
    const again = performance.now() - begun;

    const cold = await Window.at(browser);
    const coldHost = await Host.start(made.path);
    const first = await cold.open(coldHost.url, firstMember('documents'));
    await coldHost.close();
    await cold.page.context().close();

    await window.state.getByRole('treeitem', { name: /^messages/ }).click();
    await page.keyboard.press('ArrowRight');
    await window.state.getByRole('treeitem').nth(8).waitFor();
    begun = performance.now();
    await page.keyboard.press('End');
    await window.state.getByRole('treeitem', { name: /^budget/ }).waitFor({ timeout: 60_000 });
    const end = performance.now() - begun;
    const heap = (await window.heap()) - before;
    await browser.close();
    await host.close();
    const size = `${Math.round(bytes / 1e6)} MB of JSON, ${messages} messages`;
    return [
      within(500, { what: 'first rows after a step onto it', work: again, note: `${size}; read once before` }),
      within(500, {
        what: 'first rows in a new process',
        work: first,
        note: 'from the address, the page itself is loaded in this time; the bytes are read and checked for the first time',
      }),
      within(500, { what: 'from its top to its end, the messages unfolded', work: end, note: '' }),
      within(60, { what: 'growth of the JavaScript heap', work: heap, unit: 'MB', note: 'after a collection' }),
    ];
  },
};
