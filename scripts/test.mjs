// `npm test`: every check of the project, one after the other, and one closing line `N passed, N failed`.

import './require-node.mjs';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { buildIfStale, root } = await import('./build-if-stale.mjs');
const bin = (/** @type {string} */ name) => join(root, 'node_modules', '.bin', name);
const out = mkdtempSync(join(tmpdir(), 'forkpoint-test-'));
const env = {
  ...process.env,
  PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`,
  FORCE_COLOR: '0',
};
let passed = 0;
let failed = 0;
let skipped = 0;

/** @param {string} title @param {string} command @param {string[]} args @param {Record<string, string>} [more] */
function run(title, command, args, more = {}) {
  const begun = Date.now();
  console.log(`\n── ${title}`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...env, ...more },
  });
  console.log(`── ${title}: ${result.status === 0 ? 'ok' : 'FAILED'} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  return result.status === 0;
}
/** @param {string} title @param {string} command @param {string[]} args */
function check(title, command, args) {
  if (run(title, command, args)) passed++;
  else failed++;
}

check('types', bin('tsc'), ['-b']);
check('lint', bin('oxlint'), [
  '--type-aware',
  '--quiet',
  'src-main',
  'src-renderer',
  'shared',
  'e2e',
  'bench',
  'scripts',
  'interop',
]);
check('format', bin('oxfmt'), ['--check']);
check('layers and cycles', process.execPath, [join(root, 'scripts', 'check-layers.ts')]);
check('unused code', bin('knip'), []);

// built once, before tests of the package and the preload look for it
buildIfStale();

const unitReport = join(out, 'unit.json');
const unitOk = run('unit tests and interop with LangGraph JS', bin('vitest'), [
  'run',
  '--reporter=dot',
  '--reporter=json',
  `--outputFile.json=${unitReport}`,
]);
if (existsSync(unitReport)) {
  const report = JSON.parse(readFileSync(unitReport, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + (report.numTodoTests ?? 0);
  if (report.numPassedTests === 0 || (!unitOk && report.numFailedTests === 0)) failed++;
} else failed++;

const chromium = findChromium();
if (chromium === null) {
  console.error(
    '\nThe end-to-end tests need Chromium, and none was found: install it (Debian: `apt-get install chromium`) or set CHROMIUM_PATH, then run `npm test` again.',
  );
  failed++;
} else {
  const e2eReport = join(out, 'e2e.json');
  const e2eOk = run('end to end', bin('playwright'), ['test', '--reporter=line,json'], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: e2eReport,
    CHROMIUM_PATH: chromium,
  });
  if (existsSync(e2eReport)) {
    const { stats } = JSON.parse(readFileSync(e2eReport, 'utf8'));
    passed += stats.expected + stats.flaky;
    failed += stats.unexpected;
    skipped += stats.skipped;
    if (!e2eOk && stats.unexpected === 0) failed++;
  } else failed++;
}

rmSync(out, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed === 0 ? 0 : 1);

/** The system's Chromium; as root on Debian it is installed when missing. */
function findChromium() {
  const find = () =>
    [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
      (p) => p !== undefined && existsSync(p),
    ) ?? null;
  const found = find();
  if (found !== null) return found;
  if (process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('\nInstalling Chromium for the end-to-end tests (apt-get)…');
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
    spawnSync('apt-get', ['install', '-y', '-qq', 'chromium'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  return find();
}
