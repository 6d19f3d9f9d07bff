// `npm run --silent forkpoint -- <args>`: the terminal, straight from the sources.
import './require-node.mjs';
import { existsSync } from 'node:fs';
const { buildIfStale } = await import('./build-if-stale.mjs');
const { everyCapability } = await import('../src-main/stores/capabilities.ts');
// only the commands that open a window need the built one
const reading = process.argv.slice(2).find((a) => !a.startsWith('-'));
const commands = new Set(['formats', 'records', ...everyCapability]);
const asksHelp = process.argv.includes('--help') || process.argv.includes('-h') || process.argv.includes('--version');
// npm runs scripts in the project's folder; paths are meant from where it was called
process.chdir(process.env['INIT_CWD'] ?? process.cwd());
const opensWindow =
  reading === undefined ||
  (!commands.has(reading) && (reading === 'serve' || /[^a-z-]/.test(reading) || existsSync(reading)));
if (!asksHelp && opensWindow) buildIfStale();
await import('../src-main/start/cli.ts');
