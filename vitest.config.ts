// Unit tests beside their files, in Node, for every layer; Electron is always the fake (its real module would start a download).
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const electronFake = fileURLToPath(new URL('./src-main/hosts/electron/testing/electron-fake.ts', import.meta.url));

export default defineConfig({
  resolve: { alias: { electron: electronFake } },
  test: {
    include: ['{shared,src-main,src-renderer,scripts,interop}/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '**/.venv/**', '**/target/**'],
    environment: 'node',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
