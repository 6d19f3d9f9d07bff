// One reading of a store in a process of its own: `list` (all threads and their lineages) or `point` (the lineage of the first thread,
// then the state of its middle point), `load` (nothing: what the modules alone cost), or `select` (a statement instead, to compare with).
// Prints milliseconds and the peak of memory.

import Database from 'better-sqlite3';
import { drain } from '../../src-main/stores/drain.ts';
import { openStore } from '../../src-main/stores/registry.ts';
import type { ThreadSummary } from '../../src-main/stores/store.ts';

const [mode = '', path = '', sql = ''] = process.argv.slice(2);

const result: Record<string, number> = {};
if (mode === 'select') {
  const db = new Database(path, { readonly: true });
  const begun = performance.now();
  result['points'] = db.prepare(sql).raw().all().length;
  result['select'] = performance.now() - begun;
  db.close();
} else if (mode !== 'load') {
  let begun = performance.now();
  const lap = (name: string): void => {
    result[name] = performance.now() - begun;
    begun = performance.now();
  };
  const store = openStore(path, { readOnly: true });
  lap('open');
  const threads: ThreadSummary[] = [...store.threads()].flat();
  lap('threads');
  let points = 0;
  if (mode === 'list') {
    for (const { thread } of threads) points += drain(store.lineage(thread)).count;
    lap('lineages');
  } else {
    const lineage = drain(store.lineage(threads[0]?.thread ?? ''));
    lap('lineages');
    points = lineage.count;
    const key = store.keyAt(lineage, points >> 1);
    const value = store.state(key).root ?? store.metadata(key);
    for (let i = 0; i < (value?.count ?? 0); i++) void value?.child(i).kind;
    lap('point');
  }
  result['count'] = threads.length;
  result['points'] = points;
}
// Kilobytes here, whatever the platform: Node converts.
result['peak'] = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify(result));
process.exit(0);
