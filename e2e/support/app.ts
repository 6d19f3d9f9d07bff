// Starts the web host on copies of genuine stores and opens the window on it, as a person would.

import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test as base, expect, type Locator, type Page } from '@playwright/test';

export { expect };

const root = fileURLToPath(new URL('../..', import.meta.url));
export const fixture = (path: string): string => join(root, 'fixtures', path);

/** A private folder of this test, removed afterwards. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'forkpoint-e2e-'));
  readonly #hosts: ChildProcess[] = [];

  /** A copy of a fixture, with its neighbours (`-wal`, `-shm`). */
  copy(path: string, name = basename(path)): string {
    const to = join(this.folder, name);
    for (const suffix of ['', '-wal', '-shm']) {
      try {
        cpSync(fixture(path) + suffix, to + suffix, { recursive: true });
      } catch (error) {
        if (suffix === '') throw error;
      }
    }
    return to;
  }

  /** Serves stores; resolves to the address with its token. */
  async serve(stores: readonly string[], options: readonly string[] = []): Promise<string> {
    const child = spawn(process.execPath, [join(root, 'src-main', 'start', 'cli.ts'), 'serve', ...options, ...stores], {
      env: { ...process.env, FORKPOINT_DATA: join(this.folder, 'data') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#hosts.push(child);
    let out = '';
    let err = '';
    child.stderr.on('data', (d: Buffer) => (err += d.toString()));
    return new Promise((resolve, reject) => {
      child.stdout.on('data', (d: Buffer) => {
        out += d.toString();
        const line = out.split('\n')[0];
        if (out.includes('\n') && line !== undefined) resolve((JSON.parse(line) as { url: string }).url);
      });
      child.on('exit', (code) => reject(new Error(`the web host ended with ${code}: ${err}`)));
    });
  }

  /** Runs the terminal on the same data folder. */
  async forkpoint(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const child = spawn(process.execPath, [join(root, 'src-main', 'start', 'cli.ts'), ...args], {
      env: { ...process.env, FORKPOINT_DATA: join(this.folder, 'data') },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (d: Buffer) => (out += d.toString()));
    child.stderr.on('data', (d: Buffer) => (err += d.toString()));
    return new Promise((resolve) => child.on('exit', (code) => resolve({ code: code ?? -1, out, err })));
  }

  /** Ends the web hosts, as a person would who stops the program. */
  endHosts(): void {
    for (const host of this.#hosts.splice(0)) host.kill();
  }

  dispose(): void {
    this.endHosts();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The window, by the names that assistive technology sees. */
export class Window {
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }
  get threads(): Locator {
    return this.page.getByRole('listbox', { name: 'Threads' });
  }
  thread(name: string): Locator {
    return this.threads.getByRole('option', { name, exact: true });
  }
  get lineage(): Locator {
    return this.page.getByRole('tree', { name: 'Lineage' });
  }
  get selected(): Locator {
    return this.lineage.locator('[role=treeitem][aria-selected=true]');
  }
  get compared(): Locator {
    return this.lineage.locator('[role=treeitem][aria-current=true]');
  }
  get state(): Locator {
    return this.page.getByRole('tree', { name: 'State' });
  }
  tab(name: string): Locator {
    return this.page.getByRole('tab', { name: new RegExp(`^${name}`) });
  }
  dialog(name: string): Locator {
    return this.page.getByRole('dialog', { name: new RegExp(name) });
  }
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await expect(this.threads.getByRole('option').first()).toBeVisible();
  }
}

export const test = base.extend<{ work: Workplace; app: Window }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixture's dependencies from this pattern
  work: async ({}, use) => {
    const work = new Workplace();
    await use(work);
    work.dispose();
  },
  app: async ({ page }, use) => {
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      // Chromium itself writes this style when a selection in an editable element is typed over; our policy blocks it, rightly
      if (message.text().includes('sha256-87HNHLo3PhPHrODl+8+ESg91QoPoTi2ufIcS5SEfSa0=')) return;
      if (message.type() === 'error') problems.push(message.text());
    });
    await use(new Window(page));
    // nothing may be logged as an error: a policy violation, a React warning, a rejected promise
    expect(problems).toEqual([]);
  },
});
