// `npm run dev -- [<store>…]`: the window with hot reload (Vite) in front of the web host.

import './require-node.mjs';
import { join } from 'node:path';
const { createServer } = await import('vite');
const { root } = await import('./build-if-stale.mjs');
const { startDevHost } = await import('../src-main/start/dev.ts');

const host = await startDevHost(process.argv.slice(2));
const vite = await createServer({
  configFile: join(root, 'vite.config.ts'),
  clearScreen: false,
  server: {
    host: '127.0.0.1',
    port: 5173,
    strictPort: false,
    proxy: { '/rpc': { target: host.origin, ws: true, changeOrigin: true, rewriteWsOrigin: true } },
  },
});
await vite.listen();
console.log(`${vite.resolvedUrls?.local[0] ?? ''}${host.fragment}`);
