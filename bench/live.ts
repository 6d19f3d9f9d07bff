// P10: another process writes to the store that is open: how soon it is on screen, and what being watched costs the writer.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, within } from './support/bench.ts';
import type { Bench, Figure } from './support/bench.ts';
import { Host, Window, inPage, startBrowser } from './support/window.ts';

const child = fileURLToPath(new URL('./support/writer-child.ts', import.meta.url));

/** The framework's own saver in a process of its own; answers each command with a number. */
class Writer {
  readonly #child: ChildProcess;
  #answer: ((value: number) => void) | null = null;

  constructor(path: string) {
    this.#child = spawn(process.execPath, [child, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', (data: Buffer) => this.#answer?.(Number(data.toString())));
  }

  async ask(command: string): Promise<number> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#child.stdin?.write(`${command}\n`);
    });
  }

  close(): void {
    this.#child.kill();
  }
}

const pairs = 10;
// Longer than the pause between two looks at a fast writer, so that more than the first look falls into it.
const burstMillis = 2500;

export const bench: Bench = {
  id: 'P10',
  title: 'Following a live run',
  async run({ folder }) {
    const path = join(folder, 'live.sqlite');
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    const writer = new Writer(path);
    let step = 0;
    for (; step < 300; step++) await writer.ask(`put ${step}`);
    const host = await Host.start(path);
    const browser = await startBrowser();
    const window = await Window.at(browser);
    await window.open(host.url);
    const { page } = window;

    const delays: number[] = [];
    for (let round = 0; round < 20; round++, step++) {
      const seen = inPage<number>(
        page,
        `return new Promise((done) => {
           const look = () => document.querySelector('.lineage-tree [aria-label^="step ${step},"]') === null
             ? requestAnimationFrame(look) : done(Date.now());
           look();
         });`,
      );
      const committed = await writer.ask(`put ${step}`);
      delays.push((await seen) - committed);
      await page.waitForTimeout(150);
    }

    const shares: number[] = [];
    const watched: number[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const burst = async (): Promise<number> => {
        const written = await writer.ask(`burst ${step} ${burstMillis}`);
        step += written;
        await page.waitForTimeout(600);
        return written;
      };
      const with_ = pair % 2 === 0 ? await burst() : 0;
      // Longer than the host keeps a connection, so that it holds nothing while it stands still.
      await page.waitForTimeout(400);
      host.stop();
      const without = await burst();
      host.go();
      await page.waitForTimeout(400);
      const seen = pair % 2 === 0 ? with_ : await burst();
      watched.push(seen);
      shares.push((seen / without) * 100);
    }
    await browser.close();
    await host.close();
    writer.close();
    const share = median(shares);
    const throughput: Figure = {
      what: "the writer's throughput while watched",
      work: share,
      unit: '% of unwatched',
      reference: null,
      referenceName: '',
      value: share,
      target: '≥ 90 %',
      met: share >= 90,
      note: `median of ${pairs} interleaved pairs (${Math.min(...shares).toFixed(0)} to ${Math.max(...shares).toFixed(0)} %), ${median(watched)} steps a second of 60 kB, writer, service and window on the same cores`,
    };
    return [
      within(300, {
        what: 'from the commit to the screen',
        work: median(delays),
        note: `median of ${delays.length}; longest ${Math.max(...delays)} ms`,
      }),
      throughput,
    ];
  },
};
