// F1, F2: the other frameworks' stores: listing and lineage of 20,000 points against reading the bytes, and one point of a 500 MB file.

import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { atMost, interleaved, median, millis, size, within } from './support/bench.ts';
import type { Bench, Figure } from './support/bench.ts';
import { openStore } from '../src-main/stores/registry.ts';
import { formatStores, madeFormatStore } from './support/format-stores.ts';
import type { FormatStore } from './support/format-stores.ts';

const child = fileURLToPath(new URL('./support/format-child.ts', import.meta.url));

function read(mode: 'list' | 'point' | 'load' | 'select', path: string, sql = ''): Record<string, number> {
  const run = spawnSync(process.execPath, [child, mode, path, sql], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  const found: unknown = JSON.parse(run.stdout);
  if (found === null || typeof found !== 'object') throw new Error(`the process said ${run.stdout}`);
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, Number(value)]));
}

/** `wc -l` over the files, the shell's own start taken off. */
async function countLines(files: string): Promise<number> {
  const shell = await millis(() => spawnSync('sh', ['-c', 'true']));
  return (await millis(() => spawnSync('sh', ['-c', `${files} | wc -l`]))) - shell;
}

const rounds = 5;

async function listing(store: FormatStore, folder: string, points: number): Promise<Figure[]> {
  const threads = store.name === 'car-files' ? Math.ceil(points / 200) : 40;
  const path = madeFormatStore(folder, store, points, threads, 1500);
  const lineages: number[] = [];
  const reference: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const found = read('list', path);
    if ((found['points'] ?? 0) < points) throw new Error(`${store.name}: ${found['points']} of ${points} points`);
    lineages.push((found['threads'] ?? Number.NaN) + (found['lineages'] ?? Number.NaN));
    reference.push(
      'files' in store.reference
        ? await countLines(store.reference.files(path))
        : (read('select', path, store.reference.points)['select'] ?? Number.NaN),
    );
  }
  const note = `${points} points in ${threads} threads`;
  if ('files' in store.reference) {
    const what = `${store.name}: listing and lineages`;
    return [atMost(3, { what, work: median(lineages), reference: median(reference), of: 'wc -l', note })];
  }
  const columns = { reference: median(reference), of: 'SELECT of ids, cold process too', note };
  return [
    await listingAlone(store.name, path, store.reference.listing),
    atMost(2, { what: `${store.name}: listing and lineages`, work: median(lineages), ...columns }),
  ];
}

/** As P1 measures it: both on an open connection, in turn. */
async function listingAlone(name: string, path: string, sql: string): Promise<Figure> {
  const opened = openStore(path, { readOnly: true });
  const db = new Database(path, { readonly: true });
  const select = db.prepare(sql).raw();
  const threads = [...opened.threads()].flat().length;
  if (threads !== select.all().length) throw new Error(`${name}: the lists differ`);
  const [work = 0, reference = 0] = await interleaved(
    15,
    () => [...opened.threads()].flat(),
    () => select.all(),
  );
  db.close();
  opened.backend.close();
  return atMost(1.5, {
    what: `${name}: listing`,
    work,
    reference,
    of: 'SELECT of the threads',
    note: `${threads} threads`,
  });
}

export const lists: Bench = {
  id: 'F1',
  title: 'Listing and lineage of 20,000 points, every other format, cold process',
  async run({ folder, scale }) {
    const figures: Figure[] = [];
    for (const store of formatStores) figures.push(...(await listing(store, folder, Math.round(20_000 * scale))));
    return figures;
  },
};

/** Bytes of text in each record of the large file. */
const recordBytes = 50_000;

export const largeFile: Bench = {
  id: 'F2',
  title: 'One point in a file of 500 MB',
  run({ folder, scale }) {
    const figures: Figure[] = [];
    const records = Math.round(10_000 * scale);
    const load = median(Array.from({ length: 3 }, () => read('load', '')['peak'] ?? Number.NaN));
    for (const store of formatStores) {
      if (!('files' in store.reference) || store.name === 'car-files') continue;
      const path = madeFormatStore(folder, store, records, 1, recordBytes);
      const runs = Array.from({ length: 3 }, () => read('point', path));
      const of = (name: string): number => median(runs.map((r) => r[name] ?? Number.NaN));
      const files = store.reference.files(path);
      const reading = median(
        Array.from({ length: 3 }, () => {
          const begun = performance.now();
          spawnSync('sh', ['-c', `${files} > /dev/null`]);
          return performance.now() - begun;
        }),
      );
      const note = `${records} records, ${size(statSync(path).isDirectory() ? records * recordBytes : 0)}`;
      const index = of('open') + of('threads') + of('lineages');
      figures.push(
        atMost(3, { what: `${store.name}: opening and index`, work: index, reference: reading, of: 'cat', note }),
        within(300, { what: `${store.name}: the middle point after that`, work: of('point'), note: '' }),
        within(50 + (40 * records) / 1e6, {
          what: `${store.name}: memory beyond the modules`,
          work: (of('peak') - load) / 1e6,
          unit: 'MB',
          note: 'peak of the process',
        }),
      );
    }
    return Promise.resolve(figures);
  },
};
