// A process of its own: reads and lays out one lineage, or only selects its columns, and prints the milliseconds.

import Database from 'better-sqlite3';
import { branchesOf } from '../../shared/layout/branches.ts';
import { buildScene } from '../../shared/layout/scene.ts';
import { drain } from '../../src-main/stores/drain.ts';
import { openStore } from '../../src-main/stores/registry.ts';

const [mode, path = ''] = process.argv.slice(2);
const begun = performance.now();
if (mode === 'select') {
  const db = new Database(path, { readonly: true });
  const rows = db
    .prepare('SELECT checkpoint_id, parent_checkpoint_id FROM checkpoints WHERE thread_id = ?')
    .raw()
    .all('long');
  db.close();
  if (rows.length === 0) process.exit(1);
  console.log(JSON.stringify([performance.now() - begun]));
} else {
  const store = openStore(path, { readOnly: true });
  const lineage = drain(store.lineage('long'));
  const read = performance.now();
  const scene = buildScene(branchesOf(lineage), { axis: 'step', opened: new Set(), unfoldAll: false });
  if (scene.count === 0) process.exit(1);
  console.log(JSON.stringify([read - begun, performance.now() - read]));
  store.backend.close();
}
