// P4, P12, P13: from the start of the program to rows on screen, and what it keeps in memory.

import { median, within } from './support/bench.ts';
import type { Bench } from './support/bench.ts';
import { longThread, manyThreads } from './support/stores.ts';
import { Host, Window, startBrowser } from './support/window.ts';

export const firstRows: Bench = {
  id: 'P4',
  title: 'First rows of a long thread',
  async run(context) {
    const store = longThread(context);
    const browser = await startBrowser();
    const times: number[] = [];
    for (let round = 0; round < 3; round++) {
      const host = await Host.start(store.path);
      const window = await Window.at(browser);
      times.push(await window.open(host.url));
      await window.page.context().close();
      await host.close();
    }
    await browser.close();
    return [
      within(1000, {
        what: 'from the address to rows with their facts',
        work: median(times),
        note: `${store.sizes}; the page itself is loaded in this time`,
      }),
    ];
  },
};

export const memory: Bench = {
  id: 'P12',
  title: 'Memory with a long thread open',
  async run(context) {
    const store = longThread(context);
    const host = await Host.start(store.path);
    const browser = await startBrowser();
    const window = await Window.at(browser);
    await window.open(host.url);
    await window.page.waitForTimeout(3000);
    const service = host.memory();
    const heap = await window.heap();
    const renderer = await window.rendererMemory(browser);
    await browser.close();
    await host.close();
    return [
      within(250, {
        what: 'service and web host',
        work: service.resident,
        unit: 'MB',
        note: `resident; ${service.own.toFixed(0)} MB of it its own; ${store.sizes}`,
      }),
      within(150, {
        what: 'renderer',
        work: renderer.own,
        unit: 'MB',
        note: `its own pages; resident with Chromium's shared ones ${renderer.resident.toFixed(0)} MB, JavaScript heap ${heap.toFixed(0)} MB`,
      }),
    ];
  },
};

export const start: Bench = {
  id: 'P13',
  title: 'Start to usable window',
  async run(context) {
    const store = manyThreads(context);
    const browser = await startBrowser();
    const times: number[] = [];
    const hosts: number[] = [];
    for (let round = 0; round < 5; round++) {
      const host = await Host.start(store.path);
      const window = await Window.at(browser);
      const opened = await window.open(host.url);
      hosts.push(host.startMillis);
      times.push(host.startMillis + opened);
      await window.page.context().close();
      await host.close();
    }
    await browser.close();
    return [
      within(1500, {
        what: 'from the command to threads and lineage on screen',
        work: median(times),
        note: `the host took ${median(hosts).toFixed(0)} ms of it; Chromium was running; ${store.sizes}`,
      }),
    ];
  },
};
