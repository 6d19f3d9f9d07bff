// `npm run fuzz`: damages copies of every genuine store in many seeded ways and reads all of each. A damaged store may say a sentence
// and may show less; it may not crash, hang, or answer with a bare error. `node fuzz.ts [--cases N] [--seed S] [--only TEXT]`.

import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { damageOne, damages, filesOf } from './damage.ts';
import { copyStore, fixtureStores } from './fixture-stores.ts';
import { readAll, type ReadAll } from './read-all.ts';

export interface FuzzFailure {
  readonly store: string;
  readonly seed: number;
  readonly what: string;
  readonly error: string;
}

/** Milliseconds that reading a damaged copy may take beyond ten times the whole one: more is a hang. */
const patience = 5000;

/** Threads that one damaged file of a folder may change: its own (wesichain keeps up to four of the fixtures in one), and a child run. */
const touched = 4;

/** Runs cases `from` to below `to` on one store. Gives the failures; `onCase` hears of each case. */
export async function fuzzStore(
  store: string,
  folder: string,
  from: number,
  to: number,
  onCase: (what: string) => void = () => undefined,
): Promise<FuzzFailure[]> {
  const whole = copyStore(store, join(folder, 'whole'));
  const began = performance.now();
  const before = readAll(whole);
  const folderStore = statSync(whole).isDirectory();
  const limit = patience + 10 * (performance.now() - began);
  const failures: FuzzFailure[] = [];
  for (let seed = from; seed < to; seed++) {
    // What a weak reference has led to stays in memory until the loop turns: a run without a pause would keep every case.
    await new Promise((resolve) => setImmediate(resolve));
    const work = join(folder, 'work');
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    cpSync(dirname(whole), work, { recursive: true });
    const copy = join(work, basename(whole));
    // The first 200 cases only cut: each store is cut at 200 places, spread by the seed.
    const what = damageOne(copy, seed, seed < 200 ? damages.filter((d) => d.kind === 'cut') : damages);
    onCase(`${store} ${seed}: ${what}`);
    const start = performance.now();
    let after: ReadAll;
    try {
      after = readAll(copy);
    } catch (thrown) {
      const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      failures.push({ store, seed, what, error });
      continue;
    }
    const took = performance.now() - start;
    const lost = [...before.threads].filter(([thread, points]) => after.threads.get(thread) !== points);
    if (folderStore && lost.length > touched)
      failures.push({
        store,
        seed,
        what,
        error: `other threads changed: ${lost.map(([thread]) => thread).join(', ')}`,
      });
    if (took > limit) failures.push({ store, seed, what, error: `reading took ${Math.round(took)} ms` });
  }
  rmSync(join(folder, 'whole'), { recursive: true, force: true });
  return failures;
}

/** A million lines of nothing behind the first line file of a store: read in bounded time, and nothing else is lost. */
function manyLines(store: string, folder: string): string[] {
  const complaints: string[] = [];
  const count = filesOf(copyStore(store, join(folder, 'lines'))).length;
  for (let i = 0; i < count; i++) {
    rmSync(join(folder, 'lines'), { recursive: true, force: true });
    const copy = copyStore(store, join(folder, 'lines'));
    const file = filesOf(copy)[i] ?? copy;
    if (!file.endsWith('.jsonl')) continue;
    appendFileSync(file, '{}\n'.repeat(1_000_000));
    const start = performance.now();
    try {
      readAll(copy);
    } catch (thrown) {
      complaints.push(`a million lines in ${file}: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
    }
    const took = performance.now() - start;
    if (took > 12 * patience) complaints.push(`a million lines in ${file}: reading took ${Math.round(took)} ms`);
    break;
  }
  rmSync(join(folder, 'lines'), { recursive: true, force: true });
  return complaints;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { cases: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
  });
  const cases = Number(values.cases ?? 2200);
  const first = Number(values.seed ?? 0);
  const folder = mkdtempSync(join(tmpdir(), 'forkpoint-fuzz-'));
  let last = '';
  // A crash of the process itself leaves this as the last thing that was seen.
  process.on('exit', (code) => {
    if (code !== 0 && code !== 1) process.stderr.write(`died in ${last}\n`);
  });
  let failed = 0;
  for (const { path } of fixtureStores()) {
    if (values.only !== undefined && !path.includes(values.only)) continue;
    const count = filesOf(copyStore(path, join(folder, 'count'))).length;
    rmSync(join(folder, 'count'), { recursive: true, force: true });
    for (const what of manyLines(path, folder)) {
      process.stdout.write(`✕ ${path}: ${what}\n`);
      failed++;
    }
    const failures = await fuzzStore(path, folder, first, first + cases, (what) => (last = what));
    for (const f of failures.slice(0, 5))
      process.stdout.write(`✕ ${f.store} seed ${f.seed}: ${f.what}\n  ${f.error}\n`);
    failed += failures.length;
    process.stdout.write(`${path}: ${cases} cases over ${count} files, ${failures.length} failed\n`);
  }
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`${failed} failed\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

if (process.argv[1]?.endsWith('fuzz.ts') === true) await main();
