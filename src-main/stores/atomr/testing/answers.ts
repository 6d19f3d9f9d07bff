// What atomr answered of its stores (`golden.json`), in the common shape: runs of a SQLite database, branches of a host.

import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Cursor } from '../../../values/cursor.ts';
import { openValue } from '../../../values/open.ts';
import type { Answers, PointAnswer, Silent, ThreadAnswer } from '../../testing/answer.ts';
import { goldenFile, has, itemsOf, memberOf, same, textIn } from '../../testing/golden-json.ts';
import { threadOf } from '../ids.ts';

const silent: Silent = {
  parent: 'atomr stores no parents within a run or branch',
  tasks: 'atomr stores no tasks',
};
const silentRows: Silent = { ...silent, next: 'atomr stores no next steps; the label of a paused row names its step' };
const silentBranches: Silent = {
  ...silent,
  next: 'a host stores no next steps',
  questions: 'a host stores no questions',
  status: 'a host stores nothing that tells it',
  threadStatus: 'as for its points',
};

function rowOf(row: Cursor): PointAnswer {
  const values = memberOf(row, 'values');
  const label = textIn(row, 'label') ?? '';
  const payload = values.kind === 'map' ? values.get('__interrupt_payload__') : null;
  const asks = label.startsWith('interrupt:') && payload !== null;
  return {
    id: memberOf(row, 'super_step').lexeme(),
    namespace: '',
    state: same(values),
    ...(label.startsWith('fork-of:')
      ? { silent: { questions: 'the label of a fork says its origin', status: 'the label of a fork says its origin' } }
      : pausedBy(label, asks, payload)),
  };
}

/** What a label says of its row. Only a pause is told by it: of any other row, whether more steps follow. */
function pausedBy(label: string, asks: boolean, payload: Cursor | null): Partial<PointAnswer> {
  if (!/^(?:interrupt|before):/.test(label))
    return { questions: [], silent: { status: 'a label that is no pause does not tell whether the run is over' } };
  const questions = asks && payload !== null ? [{ id: null, task: null, value: same(payload) }] : [];
  if (label.startsWith('before:'))
    return { silent: { questions: 'a break point asks nothing, and waits all the same' }, status: 'interrupted' };
  return { questions, status: 'interrupted' };
}

function runOf(run: Cursor): ThreadAnswer {
  const rows = itemsOf(run, 'checkpoints');
  const points = rows.map(rowOf);
  const last = points.length - 1;
  const latest = memberOf(run, 'latest');
  const step = memberOf(latest, 'super_step').lexeme();
  const state = points[last]?.state;
  if (state === undefined) throw new Error('a run without rows');
  return {
    thread: threadOf(textIn(run, 'workflow_id') ?? '', textIn(run, 'run_id') ?? ''),
    points,
    head: points.findIndex((point) => point.id === step),
    latest: state,
    ...(points[last]?.status === undefined
      ? { silent: { threadStatus: 'the latest label does not tell it' } }
      : { threadStatus: points[last].status }),
    refused: false,
  };
}

const fileOf = (file: Cursor): PointAnswer => ({
  id: memberOf(file, 'ts_ms').lexeme(),
  namespace: '',
  state: same(memberOf(file, 'working_memory')),
});

function branchOf(agent: string, branch: string, files: readonly Cursor[], latest: Cursor): ThreadAnswer {
  const step = memberOf(latest, 'ts_ms').lexeme();
  return {
    thread: threadOf(agent, branch),
    points: files.map(fileOf),
    head: files.findIndex((file) => memberOf(file, 'ts_ms').lexeme() === step),
    latest: same(memberOf(latest, 'working_memory')),
    refused: false,
  };
}

/** By hand: a host loads a branch in a folder within a folder by its name, and does not list it. */
function nestedBranch(host: string, agent: string, branch: string): ThreadAnswer {
  const folder = join(host, 'agents', agent, 'state', 'checkpoints', branch);
  const files = readdirSync(folder).map((name) => openValue('json', readFileSync(join(folder, name))));
  const last = files.at(-1);
  if (last === undefined) throw new Error(`nothing in ${branch}`);
  return branchOf(agent, branch, files, last);
}

export const atomrAnswers: Answers = (path, genuine) => {
  const golden = goldenFile(join(dirname(genuine), 'golden.json'));
  if (golden === null) return null;
  if (basename(genuine) === 'store.db') {
    const runs = itemsOf(golden, 'runs').filter((run) => itemsOf(run, 'steps').length > 0);
    return { threads: runs.map(runOf), silent: silentRows };
  }
  const threads = itemsOf(golden, 'agents').flatMap((agent) =>
    itemsOf(agent, 'branches')
      .filter((branch) => has(branch, 'latest'))
      .map((branch) =>
        branchOf(
          textIn(agent, 'agent_id') ?? '',
          textIn(branch, 'branch') ?? '',
          itemsOf(branch, 'checkpoints'),
          memberOf(branch, 'latest'),
        ),
      ),
  );
  if (path === 'atomr/host-branches/host') threads.push(nestedBranch(genuine, 'alpha', 'feature/x'));
  return { threads, silent: silentBranches };
};
