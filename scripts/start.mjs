// `npm start [-- <store>…]`: builds what is stale and opens the desktop window, or the browser where Electron cannot run.
import './require-node.mjs';
const { buildIfStale } = await import('./build-if-stale.mjs');
buildIfStale();
process.chdir(process.env['INIT_CWD'] ?? process.cwd());
await import('../src-main/start/cli.ts');
