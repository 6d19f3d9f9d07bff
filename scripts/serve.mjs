// `npm run serve -- [<store>…]`: the same window in a browser.
import './require-node.mjs';
const { buildIfStale } = await import('./build-if-stale.mjs');
buildIfStale();
process.argv.splice(2, 0, 'serve');
await import('../src-main/start/cli.ts');
