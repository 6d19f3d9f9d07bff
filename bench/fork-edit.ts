// P11: a fork with an edit on a state of 10 MB, beside a copy of the same row in SQL.

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { formatKey } from '../shared/model/key.ts';
import { Operations } from '../src-main/operations/operations.ts';
import type { OperationAsk } from '../src-main/operations/operations.ts';
import { systemDraw } from '../src-main/service/service.ts';
import { openStore } from '../src-main/stores/registry.ts';
import { atMost, interleaved } from './support/bench.ts';
import type { Bench } from './support/bench.ts';
import { chatState } from './support/states.ts';
import { largeStates } from './support/stores.ts';

export const bench: Bench = {
  id: 'P11',
  title: 'Fork with an edit on a large state',
  async run(context) {
    const bytes = 10_000_000 * context.scale;
    const made = largeStates(context, `large-state-${Math.round(bytes / 1e6)}.sqlite`, () => [
      Buffer.from('{"messages":[],"plan":"begin"}'),
      Buffer.from(JSON.stringify(chatState(bytes, 9))),
    ]);
    const folder = mkdtempSync(join(context.folder, 'fork-'));
    const path = join(folder, 'store.sqlite');
    copyFileSync(made.path, path);
    const store = openStore(path);
    const operations = new Operations({ dataFolder: join(folder, 'data'), draw: systemDraw });
    const ask: OperationAsk = {
      operation: 'fork',
      key: formatKey({ thread: 'large', namespace: '', id: made.ids[1] ?? '', nth: 0 }),
      edits: [{ op: 'set', path: 'budget', value: '120.25' }],
      target: { kind: 'thread', thread: null },
      pending: 'drop',
      leave: [],
    };
    // As the framework's saver opens its file.
    const db = new Database(path);
    const copy = db.prepare(
      "INSERT INTO checkpoints SELECT ?, checkpoint_ns, checkpoint_id, NULL, type, checkpoint, metadata FROM checkpoints WHERE thread_id = 'large' AND checkpoint_id = ?",
    );
    let copies = 0;
    const [fork = 0, plan = 0, reference = 0] = await interleaved(
      9,
      () => operations.commit(store, ask, null),
      () => operations.plan(store, ask),
      () => copy.run(`copy-${copies++}`, made.ids[1]),
    );
    db.close();
    store.backend.close();
    rmSync(folder, { recursive: true, force: true });
    return [
      atMost(3, {
        what: 'planned, committed and verified',
        work: fork,
        reference,
        of: 'INSERT … SELECT of the row',
        note: `${Math.round(bytes / 1e6)} MB of JSON; a preview alone ${plan.toFixed(0)} ms`,
      }),
    ];
  },
};
