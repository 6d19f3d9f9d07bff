// What clawdia answered of its stores (`golden.json`), in the common shape: the journal of a run with its saved checkpoints, each behind
// the record that it covers.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cursor } from '../../../values/cursor.ts';
import { openValue } from '../../../values/open.ts';
import type { Answers, PointAnswer, Silent, ThreadAnswer } from '../../testing/answer.ts';
import { goldenFile, has, itemsOf, memberOf, same, textIn } from '../../testing/golden-json.ts';

const silent: Silent = {
  next: 'clawdia tells no next step; golden.test.ts holds the open effects to its replay',
  tasks: 'as for what is next',
  questions: 'as for what is next',
  status: 'clawdia gives a verdict on a whole run only',
  threadStatus: 'its verdict has other words; golden.test.ts holds ours to it',
};

/** By hand, where no call of clawdia returns a checkpoint, because a later one covers the same record. */
const covered: Readonly<Record<string, readonly string[]>> = {
  'clawdia/file-retention-before/store': ['cp.d', 'cp.tie-1'],
  'clawdia/file-retention-pruned-9/store': ['cp.d', 'cp.tie-1'],
};

interface Saved {
  readonly covers: bigint;
  readonly point: PointAnswer;
}

/** clawdia tells an order, and what a checkpoint covers; other parents it does not. */
const ordered: Silent = { parent: 'clawdia tells an order, no parents' };

const recordOf = (id: string, value: Cursor): PointAnswer => ({
  id,
  namespace: '',
  state: null,
  record: same(value),
  silent: ordered,
});

function savedOf(run: Cursor, path: string): Saved[] {
  const found = itemsOf(run, 'load_at_or_before')
    .filter((one) => has(one, 'value'))
    .map((one) => memberOf(one, 'value'));
  const latest = run.get('load_latest');
  if (latest?.kind === 'map') found.push(latest);
  const saved = new Map<string, Saved>();
  for (const value of found) {
    const id = textIn(value, 'checkpoint_id') ?? '';
    const covers = BigInt(memberOf(value, 'covers_journal_seq').lexeme());
    saved.set(`${id} ${covers}`, { covers, point: recordOf(id, value) });
  }
  const all = [...saved.values()];
  const last = all.at(-1);
  for (const id of covered[path] ?? [])
    if (last !== undefined)
      all.push({ covers: last.covers, point: { id, namespace: '', state: null, silent: ordered } });
  const rank = ({ covers, point }: Saved): string => `${covers.toString().padStart(20, '0')} ${point.id}`;
  return all.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

/** By hand: clawdia reads nothing of a journal that ends in half a line; its whole lines are shown. */
function wholeLines(journal: string): Cursor[] {
  const lines = readFileSync(journal, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => openValue('json', Buffer.from(line)));
}

/** The checkpoints behind each record. One that covers exactly the record in front of it has that one as its parent. */
function withSaved(records: readonly Cursor[], saved: readonly Saved[]): PointAnswer[] {
  const seqs = records.map((record) => BigInt(memberOf(record, 'journal_seq').lexeme()));
  return records.flatMap((record, i) => {
    const id = textIn(record, 'record_id') ?? '';
    const from = i === 0 ? 0n : (seqs[i] ?? 0n);
    const to = seqs[i + 1];
    const here = saved.filter(({ covers }) => covers >= from && (to === undefined || covers < to));
    const behind = here.map(({ covers, point }, n): PointAnswer => {
      if (n > 0 || covers !== seqs[i]) return point;
      const { silent: _, ...told } = point;
      return { ...told, parent: id };
    });
    return [recordOf(id, record), ...behind];
  });
}

function runOf(run: Cursor, path: string, genuine: string): ThreadAnswer {
  const torn = run.get('records')?.kind === 'map';
  const journal = torn ? join(genuine, 'runs', 'run.torn-cf111643fc4e', 'journal.ndjson') : null;
  const records = journal === null ? itemsOf(run, 'records') : wholeLines(journal);
  const points = withSaved(records, savedOf(run, path));
  const latest = run.get('load_latest');
  const id = latest?.kind === 'map' ? textIn(latest, 'checkpoint_id') : null;
  return {
    thread: textIn(run, 'run_id') ?? '',
    points,
    // A run without a saved checkpoint is carried on from its last record.
    head: id === null ? points.length - 1 : points.findLastIndex((point) => point.id === id),
    latest: null,
    refused: torn,
  };
}

export const clawdiaAnswers: Answers = (path, genuine) => {
  const golden = goldenFile(join(dirname(genuine), 'golden.json'));
  if (golden === null) return null;
  return { threads: itemsOf(golden, 'runs').map((run) => runOf(run, path, genuine)), silent };
};
