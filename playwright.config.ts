// End-to-end tests on the web host in the system's Chromium; the Electron project runs wherever Electron's binary is present.
import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  // a second try on a machine that is busy with something else; the report names what needed it
  retries: 1,
  reporter: 'line',
  use: {
    viewport: { width: 1600, height: 1000 },
    launchOptions: {
      ...(existsSync(executablePath) ? { executablePath } : {}),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    },
  },
});
