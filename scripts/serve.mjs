// `npm run serve -- [<store>…]`: the same window in a browser.
import './require-node.mjs';
const { buildIfStale } = await import('./build-if-stale.mjs');
buildIfStale();
process.argv.splice(2, 0, 'serve');
// npm runs scripts in the project's folder; paths are meant from where it was called
process.chdir(process.env['INIT_CWD'] ?? process.cwd());
await import('../src-main/start/cli.ts');
