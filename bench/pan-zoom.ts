// P5: frames while a long lineage is panned and zoomed, beside those of an empty canvas in the same page.

import { atMost, percentile, within } from './support/bench.ts';
import type { Bench } from './support/bench.ts';
import { longThread } from './support/stores.ts';
import { Host, Window, inPage, startBrowser } from './support/window.ts';

/** Milliseconds between frames over five seconds, while `step` runs in each. */
const frames = (prepare: string, step: string, clean: string): string => `
  ${prepare}
  const times = [];
  let nodes = 0;
  let last = performance.now();
  await new Promise((done) => {
    const begun = last;
    const frame = () => {
      const now = performance.now();
      times.push(now - last);
      last = now;
      if (now - begun > 5000) return done();
      const n = times.length;
      ${step}
      if (n % 10 === 0) nodes = Math.max(nodes, document.querySelectorAll('.lineage-tree *').length);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  ${clean}
  return { times: times.slice(5), nodes };`;

const wheel = (deltas: string): string =>
  `pane.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, clientX: x, clientY: y, ${deltas} }));`;
const pane = `
  const pane = document.querySelector('.lineage-view .react-flow__pane');
  const box = pane.getBoundingClientRect();
  const x = box.left + box.width / 2, y = box.top + box.height / 2;`;

const emptyCanvas = frames(
  `const canvas = document.createElement('canvas');
   canvas.width = 1000; canvas.height = 600;
   canvas.style.cssText = 'position:fixed;inset:0;z-index:99';
   document.body.append(canvas);
   const context = canvas.getContext('2d');`,
  `context.clearRect(0, 0, 1000, 600); context.fillRect(n % 900, 10, 20, 20);`,
  `canvas.remove();`,
);

interface Frames {
  readonly times: number[];
  readonly nodes: number;
}

export const bench: Bench = {
  id: 'P5',
  title: 'Pan and zoom over a long lineage',
  async run(context) {
    const store = longThread(context);
    const host = await Host.start(store.path);
    const browser = await startBrowser();
    const window = await Window.at(browser);
    await window.open(host.url);
    await window.page.waitForTimeout(1500);
    const { page } = window;
    const reference = percentile((await inPage<Frames>(page, emptyCanvas)).times, 0.95);
    const panned = await inPage<Frames>(page, frames(pane, wheel('deltaX: -12, deltaY: n % 120 < 60 ? 3 : -3'), ''));
    const zoomed = await inPage<Frames>(page, frames(pane, wheel('deltaY: n % 160 < 80 ? 4 : -4, ctrlKey: true'), ''));
    await browser.close();
    await host.close();
    const note = (f: Frames): string =>
      `p95 frames; ${Math.round((f.times.length * 1000) / f.times.reduce((a, b) => a + b, 0))} a second; Chromium without GPU; ${store.sizes}`;
    const of = 'an empty canvas';
    return [
      atMost(1.3, { what: 'panning', work: percentile(panned.times, 0.95), reference, of, note: note(panned) }),
      atMost(1.3, { what: 'zooming', work: percentile(zoomed.times, 0.95), reference, of, note: note(zoomed) }),
      within(150, {
        what: 'elements in the lineage',
        work: Math.max(panned.nodes, zoomed.nodes),
        unit: 'elements',
        note: 'most at any time, all descendants of the tree counted',
      }),
    ];
  },
};
