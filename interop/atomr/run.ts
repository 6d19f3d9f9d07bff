// atomr-agents carries on from what we wrote: runs in a database (Rust), and the branches of a host (Rust and Python).

import { join, relative } from 'node:path';
import {
  begin,
  cargoDriver,
  checksOf,
  copier,
  everything,
  member,
  pythonDriver,
  root,
  same,
  target,
  warningCodes,
} from '../harness.ts';

const pythonHost = pythonDriver('atomr');
const rust = cargoDriver('atomr');
// Hosts go by times: what they write after us must be later, so our clock stands some days behind theirs.
const run = begin('atomr', -150_000);
// The Rust host writes the paths of its files as they were given; so that no folder of this machine stands in what is recorded.
process.chdir(run.folder);
const inFolder = (store: string): string => relative(run.folder, store);

const notes = (value: unknown): string => JSON.stringify(member(value, 'values', 'notes'));
const keys = (store: string, thread: string): string[] =>
  (run.forkpoint(['log', store, thread]) as unknown[]).map((point) => String(member(point, 'key')));

// ── Runs in a database ─────────────────────────────────────────────────────────────────────────────────────────────

{
  const fresh = join(run.folder, 'fresh.db');
  rust('make', fresh);
  const copy = copier(run, fresh, 'store.db');
  const check = checksOf(run, 'database');
  const load = (store: string, thread: string): unknown => rust('load', store, ...thread.split('/'));

  {
    const store = copy();
    const before = everything(store);
    const key = keys(store, 'linear/done')[1]!;
    const edits = ['--set', 'topic="reefs"', '--set', 'budget=100', '--set', 'score=2.0'];
    const plan = run.forkpoint(['fork', store, 'linear/done', key, ...edits, '--commit']);
    const thread = target(plan);
    const loaded = load(store, thread);
    check(
      'a fork of an older row is what atomr loads, and says where it is from',
      member(loaded, 'latest') === 2 &&
        member(loaded, 'label') === 'fork-of:done' &&
        member(loaded, 'values', 'topic') === 'reefs' &&
        member(loaded, 'values', 'ticket') === '18446744073709551615',
      loaded,
    );
    check('that effects happen again is said', warningCodes(plan).includes('effects_again'), plan);
    run.forkpoint(['undo', store, '--commit']);
    check('undo restores every byte', everything(store) === before);
    run.forkpoint(['undo', store, '--commit']);
    const done = rust('run', store, 'linear', ...thread.split('/'));
    check(
      'it runs on from there with the edit, numbers to the digit',
      notes(done).includes('review saw reefs at 100 for 18446744073709551615 with 2.0') &&
        member(done, 'values', 'budget') === 102 &&
        same(member(done, 'steps'), [2, 3, 4]) &&
        member(done, 'raised') === null,
      done,
    );
    check('the run that was forked is as it was', member(load(store, 'linear/done'), 'values', 'topic') === 'tides');
    check('undo is refused once the run has built on the fork', run.refusal(['undo', store, '--commit']) === 'moved');
    const points = run.forkpoint(['log', store, thread]) as unknown[];
    check(
      'the rows that atomr added hang below the fork',
      points.length === 3 &&
        member(points[0], 'parentThread') === 'linear/done' &&
        member(points[2], 'parent') === member(points[1], 'key'),
      points,
    );
  }
  {
    const store = copy();
    const ours = target(run.forkpoint(['fork', store, 'linear/done', keys(store, 'linear/done')[1]!, '--commit']));
    check(
      'a fork without an edit is the row that atomr’s own fork writes',
      same(rust('fork', store, 'linear', 'done', '2'), load(store, ours)),
    );
  }
  {
    const store = copy();
    const pending = run.forkpoint(['pending', store, 'approval/waiting']);
    check(
      'a question is shown as waiting, with what it asks',
      member(pending, 'status') === 'interrupted' &&
        same(member(pending, 'tasks', 0, 'interrupts', 0, 'value'), { question: 'Send it?', topic: 'lamps' }),
      pending,
    );
    run.forkpoint(['edit', store, 'approval/waiting', '--set', 'topic="shades"', '--commit']);
    check(
      'it still waits after an edit in place',
      member(run.forkpoint(['pending', store, 'approval/waiting']), 'status') === 'interrupted',
    );
    const done = rust('resume', store, 'approval', 'approval', 'waiting', '{"yes":1.0}');
    check(
      'the answer is taken, and the run goes on with the edit',
      notes(done).includes('ask saw shades at 2') &&
        notes(done).includes('report saw shades at 4') &&
        same(member(done, 'values', 'config'), { answer: { yes: 1 } }) &&
        member(done, 'paused') === null,
      done,
    );
  }
  {
    const store = copy();
    const plan = run.forkpoint(['fork', store, 'approval/waiting', '--into', 'approval/Zweiter Lauf ü', '--commit']);
    const thread = target(plan);
    check('that a fork of a waiting row asks again is said', warningCodes(plan).includes('pauses_again'), plan);
    const again = rust('again', store, 'approval', ...thread.split('/'));
    check(
      'a plain run asks again in the fork',
      member(again, 'paused', 'step') === 2 && member(again, 'label') === 'interrupt:ask',
      again,
    );
    const done = rust('resume', store, 'approval', ...thread.split('/'), 'false');
    check(
      'the fork is answered, the run that was forked still waits',
      member(done, 'values', 'config', 'answer') === false &&
        member(load(store, 'approval/waiting'), 'label') === 'interrupt:ask',
      done,
    );
  }
  {
    const store = copy();
    const thread = target(run.forkpoint(['fork', store, 'linear/stopped', '--set', 'topic="gates"', '--commit']));
    check(
      'a fork at a break point waits',
      member(run.forkpoint(['pending', store, thread]), 'status') === 'interrupted',
    );
    const done = rust('resume', store, 'linear', ...thread.split('/'));
    check('and is passed', notes(done).includes('review saw gates') && member(done, 'paused') === null, done);
  }
  {
    const store = copy();
    const before = everything(store);
    const key = keys(store, 'linear/done')[0]!;
    const plan = run.forkpoint(['edit', store, 'linear/done', key, '--set', 'topic="again"', '--commit']);
    check(
      'a rewind in place removes the rows behind it, and says so',
      same(member(plan, 'counts', 'delete'), 3) && warningCodes(plan).includes('rows_removed'),
      plan,
    );
    run.forkpoint(['undo', store, '--commit']);
    check('undo brings them back', everything(store) === before);
    run.forkpoint(['undo', store, '--commit']);
    const done = rust('run', store, 'linear', 'linear', 'done');
    check(
      'the layers behind it run again',
      notes(done).includes('draft saw again at 2') &&
        notes(done).includes('publish saw again at 4') &&
        same(member(done, 'steps'), [1, 2, 3, 4]),
      done,
    );
  }
  {
    const store = copy();
    run.forkpoint(['edit', store, 'flaky/failed', '--set', 'topic="mended"', '--commit']);
    const done = rust('run', store, 'flaky', 'flaky', 'failed');
    check(
      'a failed run goes on once its state is mended',
      notes(done).includes('parse saw mended') &&
        notes(done).includes('store saw mended') &&
        member(done, 'raised') === null,
      done,
    );
  }
  {
    const store = copy();
    const key = keys(store, 'fan/wide')[0]!;
    const thread = target(run.forkpoint(['fork', store, 'fan/wide', key, '--set', 'topic="gales"', '--commit']));
    const done = rust('run', store, 'fan', ...thread.split('/'));
    check(
      'both sides of a fan-out run in the fork, and the join',
      ['left', 'right', 'join'].every((node) => notes(done).includes(`${node} saw gales`)),
      done,
    );
  }
  {
    const store = copy();
    const plan = run.forkpoint(['fork', store, 'linear/done', '--commit']);
    check('that nothing is left to run is said', warningCodes(plan).includes('nothing_left'), plan);
    const done = rust('run', store, 'linear', ...target(plan).split('/'));
    check('and nothing runs', same(member(done, 'steps'), [4]) && member(done, 'raised') === null, done);
  }
  {
    const store = copy();
    const other = copy();
    const file = join(run.folder, 'run.json');
    run.forkpoint(['export', store, 'linear/done', '-o', file]);
    check('import into a run that exists is refused', run.refusal(['import', other, file, '--commit']) === 'exists');
    const before = everything(other);
    run.forkpoint(['import', other, file, '--into', 'linear/Moved ü "1"', '--commit']);
    const moved = ['linear', 'Moved ü "1"'] as const;
    check('the imported run is what was exported', same(rust('load', other, ...moved), load(store, 'linear/done')));
    const records = rust('records', other, ...moved) as unknown[];
    check(
      'with its step records, which say whose they are',
      records.length === 4 && records.every((record) => member(record, 'key', 'run_id') === moved[1]),
      records,
    );
    run.forkpoint(['undo', other, '--commit']);
    check('undo of an import restores every byte', everything(other) === before);
    run.forkpoint(['export', store, 'approval/waiting', '-o', file]);
    run.forkpoint(['import', other, file, '--into', 'approval/moved', '--commit']);
    const done = rust('resume', other, 'approval', 'approval', 'moved', '"go"');
    check('an imported question is answered', notes(done).includes('report saw lamps at 4'), done);
  }
  {
    const store = copy();
    const before = everything(store);
    run.forkpoint(['delete', store, 'linear/done', '--commit']);
    const gone = load(store, 'linear/done');
    check('a run that was deleted has no latest row', member(gone, 'latest') == null, gone);
    run.forkpoint(['undo', store, '--commit']);
    check('undo of a removal restores every byte', everything(store) === before);
    const genuine = member(load(store, 'linear/done'), 'values');
    run.forkpoint(['rename', store, 'linear/done', '--into', 'linear/named', '--commit']);
    check(
      'a run that was renamed is loaded by its new id only',
      same(member(load(store, 'linear/named'), 'values'), genuine) &&
        member(load(store, 'linear/done'), 'latest') == null,
    );
    const key = keys(store, 'linear/named')[1]!;
    const thread = target(run.forkpoint(['fork', store, 'linear/named', key, '--commit']));
    run.forkpoint(['copy', store, thread, '--into', 'linear/copied', '--commit']);
    const done = rust('run', store, 'linear', 'linear', 'copied');
    check('a copy runs on', member(done, 'raised') === null && same(member(done, 'steps'), [2, 3, 4]), done);
  }
}

// ── Branches of a host ─────────────────────────────────────────────────────────────────────────────────────────────

interface Host {
  readonly name: string;
  make(store: string): void;
  /** Branches to the names of their files. */
  list(store: string): unknown;
  load(store: string, branch: string): unknown;
  goOn(store: string, branch: string, name: string, text: string): unknown;
  fork(store: string, source: string, branch: string): unknown;
  switch(store: string, branch: string): unknown;
}

const rustHost: Host = {
  name: 'Rust host',
  make: (store) => void rust('host-make', inFolder(store)),
  list: (store) => member(rust('host-list', inFolder(store), 'alpha'), 'branches'),
  load: (store, branch) => rust('host-load', inFolder(store), 'alpha', branch),
  goOn: (store, branch, name, text) => rust('host-go-on', inFolder(store), 'alpha', branch, name, text),
  fork: (store, source, branch) => rust('host-fork', inFolder(store), 'alpha', source, branch),
  switch: (store, branch) => rust('host-switch', inFolder(store), 'alpha', branch),
};
const pyHost: Host = {
  name: 'Python host',
  make: (store) => void pythonHost('make', store),
  list: (store) =>
    Object.fromEntries(
      (member(pythonHost('all', store), 'agents', 0, 'branches') as unknown[]).map((branch) => [
        member(branch, 'branch'),
        (member(branch, 'checkpoints') as unknown[]).map((one) => member(one, 'name')),
      ]),
    ),
  load: (store, branch) => pythonHost('load', store, 'alpha', branch),
  goOn: (store, branch, name, text) => pythonHost('go-on', store, 'alpha', branch, name, text),
  fork: (store, source, branch) => pythonHost('fork', store, 'alpha', source, branch),
  switch: (store, branch) => pythonHost('switch', store, 'alpha', branch),
};

for (const [host, other] of [
  [rustHost, pyHost],
  [pyHost, rustHost],
] as const) {
  const fresh = join(run.folder, `fresh-${host === rustHost ? 'rust' : 'python'}`);
  host.make(fresh);
  const copy = copier(run, fresh, host === rustHost ? 'rust' : 'python');
  const check = checksOf(run, host.name);
  const memory = (value: unknown, name: string): unknown => member(value, 'working_memory', name);

  {
    const store = copy();
    const [before, listed] = [everything(store), host.list(store)];
    const key = keys(store, 'alpha/main')[1]!;
    const edits = ['--set', 'counter=100', '--set', 'added={"one":1.0}'];
    const plan = run.forkpoint(['fork', store, 'alpha/main', key, '--into', 'alpha/try', ...edits, '--commit']);
    const loaded = host.load(store, 'try');
    check(
      'a fork of an older file is what the host loads, and says where it is from',
      memory(loaded, 'counter') === 100 &&
        member(loaded, 'parent_branch') === 'main' &&
        member(loaded, 'branch_id') === 'try' &&
        same(member(host.list(store), 'try'), [`${String(member(loaded, 'ts_ms'))}.json`]),
      loaded,
    );
    check('so does the other host', same(memory(other.load(store, 'try'), 'added'), { one: 1 }));
    check('that it is not switched is said', warningCodes(plan).includes('not_current'), plan);
    run.forkpoint(['undo', store, '--commit']);
    check(
      'undo restores every byte, and no empty branch is left',
      everything(store) === before && same(host.list(store), listed),
    );
    run.forkpoint(['undo', store, '--commit']);
    const switched = host.switch(store, 'try');
    check(
      'it is switched to',
      member(switched, 'current') === 'try' && memory(member(switched, 'loaded'), 'counter') === 100,
      switched,
    );
    const next = host.goOn(store, 'try', 'said', 'more');
    check(
      'it goes on from there',
      memory(next, 'counter') === 100 && memory(host.load(store, 'try'), 'said') === 'more',
      next,
    );
    const forked = host.fork(store, 'try', 'try-2');
    check(
      'and forks what we forked',
      member(forked, 'parent_branch') === 'try' && memory(forked, 'said') === 'more',
      forked,
    );
    check('undo is refused once the host has gone on', run.refusal(['undo', store, '--commit']) === 'moved');
    const points = run.forkpoint(['log', store, 'alpha/try']) as unknown[];
    check(
      'what the host added hangs below the fork',
      points.length === 2 &&
        member(points[1], 'parent') === member(points[0], 'key') &&
        member(points[0], 'parentThread') === 'alpha/main',
      points,
    );
  }
  {
    const store = copy();
    run.forkpoint(['edit', store, 'alpha/main', '--set', 'counter=7', '--commit']);
    check('an edit in place is the latest', memory(host.load(store, 'main'), 'counter') === 7);
    const next = host.goOn(store, 'main', 'said', 'more');
    check(
      'and gone on from',
      memory(next, 'counter') === 7 && memory(host.load(store, 'main'), 'said') === 'more',
      next,
    );
    const key = keys(store, 'alpha/main')[0]!;
    run.forkpoint(['fork', store, 'alpha/main', key, '--in-place', '--commit']);
    check(
      'an older file is taken up again',
      memory(host.load(store, 'main'), 'counter') === 0,
      host.load(store, 'main'),
    );
  }
  {
    const store = copy();
    const before = everything(store);
    run.forkpoint(['fork', store, 'alpha/main', '--into', 'alpha/aside', '--commit']);
    const withFork = everything(store);
    run.forkpoint(['delete', store, 'alpha/aside', '--commit']);
    check(
      'a branch that was deleted is not listed, not even as an empty one',
      member(host.list(store), 'aside') === undefined && everything(store) === before,
      host.list(store),
    );
    run.forkpoint(['undo', store, '--commit']);
    check('undo of a removal restores every byte', everything(store) === withFork);
    run.forkpoint(['rename', store, 'alpha/aside', '--into', 'alpha/named', '--commit']);
    check(
      'a branch that was renamed is gone on from under its new name only',
      memory(host.goOn(store, 'named', 'said', 'more'), 'counter') === memory(host.load(store, 'main'), 'counter') &&
        member(host.list(store), 'aside') === undefined,
      host.list(store),
    );
    run.forkpoint(['copy', store, 'alpha/named', '--commit']);
    check(
      'a copy is loaded with the same memory',
      same(
        member(host.load(store, 'named-copy-1'), 'working_memory'),
        member(host.load(store, 'named'), 'working_memory'),
      ),
    );
  }
  {
    const store = copy();
    const to = copy();
    const file = join(run.folder, 'branch.json');
    run.forkpoint(['export', store, 'alpha/main', '-o', file]);
    check('import into a branch that exists is refused', run.refusal(['import', to, file, '--commit']) === 'exists');
    run.forkpoint(['import', to, file, '--into', 'alpha/moved', '--commit']);
    check(
      'the imported branch is what was exported',
      same(member(host.list(to), 'moved'), member(host.list(store), 'main')) &&
        same(member(host.load(to, 'moved'), 'working_memory'), member(host.load(store, 'main'), 'working_memory')) &&
        member(host.load(to, 'moved'), 'branch_id') === 'moved',
    );
    check('and gone on from', memory(host.goOn(to, 'moved', 'said', 'more'), 'counter') === 3);
  }
  if (host === pyHost) {
    const store = copy();
    run.forkpoint(['fork', store, 'alpha/odd', '--into', 'alpha/odd-2', '--set', 'e=2e21', '--commit']);
    const loaded = host.load(store, 'odd-2');
    check(
      'NaN, infinities and 2^70 are carried along',
      same(memory(loaded, 'nan'), { $float: 'NaN' }) &&
        memory(loaded, 'huge') === 2 ** 70 &&
        memory(loaded, 'e') === 2e21,
      loaded,
    );
  }
}

process.chdir(root);
process.exit(
  run.finish({
    'atomr-agents-workflow': '0.21.0',
    'atomr-agents-state': '0.21.0',
    'atomr-agents-host': '0.19.0',
    'atomr-agents (PyPI)': '0.21.0',
  }),
);
