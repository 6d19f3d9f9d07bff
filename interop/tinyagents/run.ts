// tinyagents carries on from what we wrote, on both backends: forks with edits, a failed fan-out, a sub-graph pause, moves, undo.

import { join } from 'node:path';
import { begin, bothBackends, cargoDriver, everything, member, same, target } from '../harness.ts';

const tinyagents = cargoDriver('tinyagents');
const run = begin('tinyagents');
const log = (value: unknown): string => JSON.stringify(member(value, 'values', 'log'));

for (const { backend, copy, elsewhere, check } of bothBackends(run, (store) => tinyagents('make', store))) {
  {
    const store = copy();
    const before = everything(store);
    const plan = run.forkpoint(['fork', store, 'asked', '--set', 'topic="shades"', '--set', 'score=2.5', '--commit']);
    const thread = target(plan);
    const state = tinyagents('state', store, 'review', thread);
    check(
      'fork of a waiting thread shows the edit and the question',
      member(state, 'values', 'topic') === 'shades' && same(member(state, 'next'), ['review']),
      state,
    );
    run.forkpoint(['undo', store, '--commit']);
    check('undo restores every byte', everything(store) === before);
    run.forkpoint(['undo', store, '--commit']);
    const done = tinyagents('resume', store, 'review', thread, '"yes"');
    check(
      'resume carries on with the edit',
      log(done).includes('published shades for 9007199254740993') && member(done, 'raised') === null,
      done,
    );
    check(
      'its history reaches back over the copied ancestors',
      (tinyagents('history', store, 'review', thread) as unknown[]).length >= 5,
    );
    const old = tinyagents('resume', store, 'review', 'asked', '"yes"');
    check('the old thread still runs as before', log(old).includes('published lamps'), old);
    check('undo is refused once the run has built on the fork', run.refusal(['undo', store, '--commit']) === 'moved');
  }
  {
    const store = copy();
    const points = run.forkpoint(['log', store, 'Done/ä']) as unknown[];
    const first = points.find((p) => same(member(p, 'next'), ['draft']));
    const plan = run.forkpoint([
      'fork',
      store,
      'Done/ä',
      String(member(first, 'key')),
      '--set',
      'topic="candles"',
      '--commit',
    ]);
    const paused = tinyagents('resume', store, 'review', target(plan));
    check(
      'fork of an older point runs on from there and asks',
      log(paused).includes('draft about candles') && same(member(paused, 'next'), ['review']),
      paused,
    );
    const refused = run.forkpoint(['fork', store, 'Done/ä'], undefined);
    check(
      'a finished point says that nothing is left to run',
      JSON.stringify(member(refused, 'warnings')).toLowerCase().includes('nothing'),
      refused,
    );
  }
  {
    const store = copy();
    const point = (run.forkpoint(['log', store, 'Done/ä']) as unknown[]).find((p) =>
      same(member(p, 'next'), ['review']),
    );
    run.forkpoint(['edit', store, 'Done/ä', String(member(point, 'key')), '--set', 'topic="in place"', '--commit']);
    const state = tinyagents('state', store, 'review', 'Done/ä');
    check(
      'edit in place becomes the latest',
      member(state, 'values', 'topic') === 'in place' && member(state, 'source') === 'update',
      state,
    );
    const done = tinyagents('resume', store, 'review', 'Done/ä', '"again"');
    check('the gate runs again with the edit', log(done).includes('published in place'), done);
  }
  {
    const store = copy();
    check(
      'a failed fan-out is shown as failed',
      member(run.forkpoint(['pending', store, 'fan']), 'status') === 'failed',
    );
    const plan = run.forkpoint(['fork', store, 'fan', '--set', 'topic="mended"', '--commit']);
    const done = tinyagents('resume', store, 'fan', target(plan));
    check(
      'the open workers run with their arguments',
      log(done).includes('worker did broken') &&
        log(done).includes('worker did d') &&
        !log(done).includes('worker did none'),
      done,
    );
  }
  {
    const store = copy();
    const plan = run.forkpoint(['fork', store, 'sub', '--set', 'topic="cards"', '--commit']);
    const done = tinyagents('resume', store, 'sub', target(plan), '"fine"');
    check(
      'a sub-graph pause forks with its child record and completes',
      member(done, 'raised') === null && log(done).includes('fin cards'),
      done,
    );
  }
  {
    const store = copy();
    const other = copy();
    const file = join(run.folder, `${backend}.json`);
    run.forkpoint(['export', store, 'asked', '-o', file]);
    check('import into an existing thread is refused', run.refusal(['import', other, file, '--commit']) === 'exists');
    run.forkpoint(['import', other, file, '--into', 'Moved ü', '--commit']);
    const done = tinyagents('resume', other, 'review', 'Moved ü', '"yes"');
    check(
      'the imported thread is answered and finishes',
      log(done).includes('published lamps for 9007199254740993'),
      done,
    );
    const show = (path: string, thread: string): unknown => member(run.forkpoint(['show', path, thread]), 'state');
    check('the imported state is the same', same(show(store, 'asked'), show(copy(), 'asked')));
  }
  {
    const store = copy();
    tinyagents('start', store, 'deep', 'deep', 'cards');
    const paused = run.forkpoint(['show', store, 'deep']);
    const plan = run.forkpoint(['fork', store, 'deep', '--set', 'topic="late"', '--commit']);
    const done = tinyagents('resume', store, 'deep', target(plan), '"fine"');
    check(
      'a pause two sub-graphs deep forks with both child records and completes',
      member(done, 'raised') === null && log(done).includes('published cards') && log(done).includes('leave late'),
      done,
    );
    tinyagents('resume', store, 'deep', 'deep', '"first answer"');
    run.forkpoint(['edit', store, 'deep', String(member(paused, 'key')), '--set', 'topic="again"', '--commit']);
    const again = tinyagents('resume', store, 'deep', 'deep', '"second answer"');
    check(
      'the same pause is re-armed in place after the run went on: both children are put back',
      member(again, 'raised') === null &&
        log(again).includes('second answer') &&
        !log(again).includes('first answer') &&
        log(again).includes('leave again'),
      again,
    );
  }
  {
    const store = copy();
    tinyagents('start', store, 'join', 'join', 'cards');
    const plan = run.forkpoint(['fork', store, 'join', '--set', 'topic="coats"', '--commit']);
    const half = tinyagents('resume', store, 'join', target(plan), '"one"');
    check('a join with two questions goes on to the second one', same(member(half, 'next'), ['right']), half);
    const twice = run.forkpoint(['fork', store, target(plan), '--set', 'score=2.0', '--commit']);
    const done = tinyagents('resume', store, 'join', target(twice), '"two"');
    check(
      'the join runs once all its branches have arrived, in a fork of a fork',
      log(done).includes('plain ran') &&
        log(done).includes('right says \\"two\\"') &&
        log(done).split('join coats').length === 2 &&
        same(member(done, 'next'), []),
      done,
    );
  }
  {
    const store = copy();
    const before = everything(store);
    run.forkpoint(['delete', store, 'asked', '--commit']);
    const listed = tinyagents('list', store) as string[];
    check(
      'a thread that was deleted is not listed, and the others are',
      !listed.includes('asked') && ['Done/ä', 'fan', 'sub'].every((one) => listed.includes(one)),
      listed,
    );
    run.forkpoint(['undo', store, '--commit']);
    check('undo of a removal restores every byte', everything(store) === before);
    run.forkpoint(['rename', store, 'asked', '--into', 'Asked ü', '--commit']);
    const renamed = tinyagents('list', store) as string[];
    const done = tinyagents('resume', store, 'review', 'Asked ü', '"yes"');
    check(
      'a thread that was renamed is listed by its new id only, and takes its answer',
      renamed.includes('Asked ü') && !renamed.includes('asked') && log(done).includes('published lamps'),
      { renamed, done },
    );
    run.forkpoint(['copy', store, 'fan', '--into', 'fan again', '--commit']);
    const again = tinyagents('resume', store, 'fan', 'fan again');
    check(
      'a copy of a failed fan-out keeps its ledger: what was done is not done again',
      member(again, 'raised') !== null &&
        log(again).split('worker did a').length === 2 &&
        log(again) === log(tinyagents('resume', store, 'fan', 'fan')),
      again,
    );
    const other = elsewhere('copied');
    tinyagents('start', other, 'review', 'other');
    run.forkpoint(['copy', store, 'sub', '--to', other, '--commit']);
    const there = tinyagents('resume', other, 'sub', 'sub', '"fine"');
    check(
      'a copy in the other backend takes its answer, in a sub-graph too',
      member(there, 'raised') === null && log(there).includes('fin letters'),
      there,
    );
  }
  {
    const store = copy();
    const id = '../A b\n🐝.x';
    const made = tinyagents('start', store, 'free', id);
    const plan = run.forkpoint([
      'fork',
      store,
      id,
      '--set',
      'list[1]=2.0',
      '--set',
      '/list/4/k/deep=18446744073709551615',
      '--set',
      '["__proto__"].x=2',
      '--set',
      '["a.b"]=3',
      '--set',
      '[""]="full"',
      '--commit',
    ]);
    const forked = tinyagents('state', store, 'free', target(plan));
    const expected = String(member(made, 'text'))
      .replace('"list":[1,1.0,', '"list":[1,2.0,')
      .replace('"deep":1.0', '"deep":18446744073709551615')
      .replace('"__proto__":{"x":1}', '"__proto__":{"x":2}')
      .replace('"a.b":1', '"a.b":3')
      .replace('"":"empty"', '"":"full"');
    check(
      'odd members, extreme numbers and 200 kB of text reach the framework with exactly the edits',
      member(forked, 'text') === expected,
      { length: String(member(forked, 'text')).length, expected: expected.length },
    );
    const done = tinyagents('resume', store, 'free', target(plan), '{"kept":1.0}');
    check('such a fork runs to its end', same(member(done, 'next'), []), member(done, 'next'));
    const other = elsewhere('moved');
    tinyagents('start', other, 'review', 'other');
    const file = join(run.folder, `free-${backend}.json`);
    run.forkpoint(['export', store, id, '-o', file]);
    run.forkpoint(['import', other, file, '--commit']);
    check(
      'the other backend takes the same thread over, to the byte of its state',
      member(tinyagents('state', other, 'free', id), 'text') === member(made, 'text'),
    );
  }
}
process.exit(run.finish({ tinyagents: '2.1.1' }));
