// Takes the README's pictures from the real app on the sample store: `node scripts/screenshots.mjs` writes docs/pictures/*.png.

import './require-node.mjs';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';

const { buildIfStale, root } = await import('./build-if-stale.mjs');
buildIfStale();
const pictures = join(root, 'docs', 'pictures');
mkdirSync(pictures, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'forkpoint-pictures-'));
const store = join(folder, 'support-agent.sqlite');
cpSync(join(root, 'fixtures', 'sample', 'support-agent.sqlite'), store);

const host = spawn(process.execPath, [join(root, 'src-main', 'start', 'cli.ts'), 'serve', store], {
  env: { ...process.env, FORKPOINT_DATA: join(folder, 'data') },
  stdio: ['ignore', 'pipe', 'ignore'],
});
/** @type {string} */
const url = await new Promise((resolve) => {
  let out = '';
  host.stdout.on('data', (data) => {
    out += String(data);
    if (out.includes('\n')) resolve(JSON.parse(out.split('\n')[0] ?? '{}').url);
  });
});
const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});

/** @param {'light' | 'dark'} colorScheme */
async function open(colorScheme) {
  const page = await (
    await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme, reducedMotion: 'reduce' })
  ).newPage();
  await page.goto(url);
  await page.getByRole('option', { name: 'order-48213', exact: true }).click();
  await page.locator('[role=treeitem][aria-selected=true]').first().waitFor();
  return page;
}
/** @param {import('@playwright/test').Page} page @param {string} name */
async function picture(page, name) {
  await page.waitForTimeout(600);
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

const dark = await open('dark');
await dark.keyboard.press('2');
await dark.getByRole('tree', { name: 'Lineage' }).focus();
await dark.keyboard.press('ArrowLeft');
await dark.keyboard.press('ArrowLeft');
await picture(dark, 'diff-dark');

const light = await open('light');
await light.keyboard.press('1');
await picture(light, 'state-light');
await light.getByRole('tree', { name: 'State' }).getByRole('treeitem', { name: /^plan/ }).click();
await light.keyboard.press('e');
await light.locator('.cm-content').click();
await light.keyboard.press('Control+a');
await light.keyboard.insertText('"1. look up the order  2. offer a voucher  3. mail the customer"');
await light.waitForTimeout(900);
await picture(light, 'fork-light');

await browser.close();
host.kill();
rmSync(folder, { recursive: true, force: true });
console.log(`wrote ${pictures}`);
