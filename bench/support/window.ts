// The product as a person starts it, for measuring: the built web host in a process of its own, and its window in Chromium.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import type { Browser, CDPSession, Locator, Page } from '@playwright/test';

const built = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export class Host {
  readonly url: string;
  /** Milliseconds from its start until it said where it is. */
  readonly startMillis: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, startMillis: number, child: ChildProcess, folder: string) {
    this.url = url;
    this.startMillis = startMillis;
    this.#child = child;
    this.#folder = folder;
  }

  static async start(store: string): Promise<Host> {
    const folder = mkdtempSync(join(tmpdir(), 'forkpoint-bench-'));
    const begun = performance.now();
    const child = spawn(process.execPath, [built, 'serve', store], {
      env: { ...process.env, FORKPOINT_DATA: folder },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const url = await new Promise<string>((resolve, reject) => {
      let out = '';
      child.stdout.on('data', (data: Buffer) => {
        out += data.toString();
        if (!out.includes('\n')) return;
        const said: unknown = JSON.parse(out.split('\n')[0] ?? '');
        if (typeof said === 'object' && said !== null && 'url' in said) resolve(String(said.url));
      });
      child.on('exit', (code) => reject(new Error(`the web host ended with ${code}`)));
    });
    return new Host(url, performance.now() - begun, child, folder);
  }

  /** Holds the process still, so that nobody watches the store; `go` lets it run again. */
  stop(): void {
    this.#child.kill('SIGSTOP');
  }

  go(): void {
    this.#child.kill('SIGCONT');
  }

  memory(): Memory {
    return memoryOf(this.#child.pid ?? 0);
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export interface Memory {
  /** Megabytes in memory, pages shared with other processes counted whole; NaN where `/proc` does not tell. */
  readonly resident: number;
  /** Of them those that no file backs: what the process itself has made. */
  readonly own: number;
}

export function memoryOf(pid: number): Memory {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const megabytes = (name: string): number =>
      (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6;
    return { resident: megabytes('VmRSS'), own: megabytes('RssAnon') };
  } catch {
    return { resident: Number.NaN, own: Number.NaN };
  }
}

export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
}

/** Expressions that a page evaluates at each frame. */
const seen =
  '((element) => element.getBoundingClientRect().width > 20 && getComputedStyle(element).visibility === "visible")';

/** A thread and a card with its facts can be seen. */
export const firstRows = `
  document.querySelector('[role="listbox"][aria-label="Threads"] [role="option"]') !== null &&
  [...document.querySelectorAll('[role="tree"][aria-label="Lineage"] [role="treeitem"]')]
    .some((row) => /^step -?\\d+, .*, (?!unknown,)/.test(row.getAttribute('aria-label') ?? '') && ${seen}(row))`;

/** A member of this name can be seen in the state. */
export const firstMember = (name: string): string => `
  [...document.querySelectorAll('[role="tree"][aria-label="State"] [role="treeitem"]')]
    .some((row) => (row.getAttribute('aria-label') ?? row.textContent ?? '').startsWith(${JSON.stringify(name)}) && ${seen}(row))`;

/** Runs before the page's own scripts, and notes the time since 1970 of the first frame at which the expression holds. */
const watchFor = (expression: string): string => `
  const look = () => {
    if (${expression}) noteSeen(performance.timeOrigin + performance.now());
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
`;

/** The window, by the names that assistive technology sees. */
export class Window {
  readonly page: Page;
  #cdp: CDPSession | null = null;
  #noted: ((at: number) => void) | null = null;

  private constructor(page: Page) {
    this.page = page;
  }

  static async at(browser: Browser): Promise<Window> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    return new Window(await context.newPage());
  }

  /**
   * Goes to an address and waits until the expression holds there, the same each time; the milliseconds. The page itself notes the
   * moment, at its next frame: Playwright's own waiting looks twice a second only once it has waited a little.
   */
  async open(url: string, until = firstRows): Promise<number> {
    if (this.#noted === null) {
      await this.page.exposeFunction('noteSeen', (at: number) => this.#noted?.(at));
      await this.page.addInitScript({ content: watchFor(until) });
    }
    const seen = new Promise<number>((resolve) => (this.#noted = resolve));
    const begun = performance.timeOrigin + performance.now();
    await this.page.goto(url, { waitUntil: 'commit' });
    return (await seen) - begun;
  }

  get threads(): Locator {
    return this.page.getByRole('listbox', { name: 'Threads' });
  }

  get lineage(): Locator {
    return this.page.getByRole('tree', { name: 'Lineage' });
  }

  /** Rows whose facts have been read: until then their status is unknown. */
  get rows(): Locator {
    return this.lineage.getByRole('treeitem', { name: /^step -?\d+, .*, (?!unknown,)/ });
  }

  get state(): Locator {
    return this.page.getByRole('tree', { name: 'State' });
  }

  async #session(): Promise<CDPSession> {
    this.#cdp ??= await this.page.context().newCDPSession(this.page);
    return this.#cdp;
  }

  /** Megabytes of the page's JavaScript heap after a collection. */
  async heap(): Promise<number> {
    const session = await this.#session();
    await session.send('HeapProfiler.collectGarbage');
    await session.send('Performance.enable');
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find((m) => m.name === 'JSHeapUsedSize')?.value ?? Number.NaN) / 1e6;
  }

  /** Memory of the largest renderer process: the window's. */
  async rendererMemory(browser: Browser): Promise<Memory> {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const all = processInfo.filter((p) => p.type === 'renderer').map((p) => memoryOf(p.id));
    return all.toSorted((a, b) => b.own - a.own)[0] ?? { resident: Number.NaN, own: Number.NaN };
  }
}

/** Runs in the page; the text is a function body that may await. */
export async function inPage<T>(page: Page, body: string): Promise<T> {
  return page.evaluate<T>(`(async () => { ${body} })()`);
}
