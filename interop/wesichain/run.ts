// wesichain carries on from what we wrote, on both backends: forks with edits, a waiting gate, a failed node, a fan-out, moves, undo.

import { join } from 'node:path';
import { begin, bothBackends, cargoDriver, everything, member, same, target } from '../harness.ts';

const wesichain = cargoDriver('wesichain');
const run = begin('wesichain');
const log = (value: unknown): string => JSON.stringify(member(value, 'data', 'log'));

for (const { backend, copy, elsewhere, check } of bothBackends(run, (store) => wesichain('make', store))) {
  const keyWithNext = (store: string, thread: string, next: string): string => {
    const points = run.forkpoint(['log', store, thread]) as unknown[];
    return String(
      member(
        points.find((p) => same(member(p, 'next'), [next])),
        'key',
      ),
    );
  };

  {
    const store = copy();
    const before = everything(store);
    const key = keyWithNext(store, 'done', 'review');
    const edits = ['--set', 'topic="reefs"', '--set', 'count=100', '--set', 'score=2.0'];
    const plan = run.forkpoint(['fork', store, 'done', key, ...edits, '--commit']);
    const thread = target(plan);
    const loaded = wesichain('load', store, thread);
    check(
      'a fork of an older point is what the framework loads',
      member(loaded, 'data', 'topic') === 'reefs' && same(member(loaded, 'queue'), [['review', '0']]),
      loaded,
    );
    check(
      'numbers keep their digits',
      member(loaded, 'data', 'ticket') === '9007199254740993' &&
        member(loaded, 'data', 'extra', 'big') === '18446744073709551615',
      loaded,
    );
    run.forkpoint(['undo', store, '--commit']);
    check('undo restores every byte', everything(store) === before);
    run.forkpoint(['undo', store, '--commit']);
    const done = wesichain('resume', store, 'linear', thread);
    check(
      'it runs on from there with the edit',
      log(done).includes('review saw reefs at 100 for 9007199254740993 with 2.0') &&
        member(done, 'data', 'count') === 102 &&
        member(done, 'raised') === null,
      done,
    );
    check('the source thread is as it was', member(wesichain('load', store, 'done'), 'data', 'topic') === 'tides');
    check('undo is refused once the run has built on the fork', run.refusal(['undo', store, '--commit']) === 'moved');
    const points = run.forkpoint(['log', store, thread]) as unknown[];
    check(
      'the points that the framework added hang below the edit',
      member(points.at(-2), 'parent') === member(points.at(-3), 'key'),
      points,
    );
  }
  {
    const store = copy();
    check('a gate is shown as waiting', member(run.forkpoint(['pending', store, 'gate']), 'status') === 'interrupted');
    run.forkpoint(['edit', store, 'gate', '--set', 'topic="shades"', '--commit']);
    check(
      'it still waits after an edit',
      member(run.forkpoint(['pending', store, 'gate']), 'status') === 'interrupted',
    );
    const done = wesichain('resume', store, 'linear', 'gate');
    check(
      'an edit in place is what the resume takes',
      log(done).includes('review saw shades') && log(done).includes('publish saw shades'),
      done,
    );
  }
  {
    const store = copy();
    const point = keyWithNext(store, 'done', 'draft');
    run.forkpoint(['fork', store, 'done', point, '--in-place', '--set', 'topic="again"', '--commit']);
    const done = wesichain('resume', store, 'linear', 'done');
    check('a rewind in place runs the rest again', log(done).includes('draft saw again at 1'), done);
  }
  {
    const store = copy();
    run.forkpoint(['edit', store, 'failed', '--set', 'topic="mended"', '--commit']);
    const done = wesichain('resume', store, 'flaky', 'failed');
    check(
      'a failed run goes on once its state is mended',
      log(done).includes('parse saw mended') &&
        log(done).includes('store saw mended') &&
        same(member(done, 'queue'), []),
      done,
    );
  }
  {
    const store = copy();
    const first = member((run.forkpoint(['log', store, 'fan']) as unknown[])[0], 'key');
    const plan = run.forkpoint(['fork', store, 'fan', String(first), '--set', 'topic="gales"', '--commit']);
    const done = wesichain('resume', store, 'fan', target(plan));
    check(
      'all branches of a fan-out run in the fork',
      ['left', 'right', 'slow'].every((node) => log(done).includes(`${node} saw gales`)) &&
        same(member(done, 'queue'), []),
      done,
    );
  }
  {
    const store = copy();
    const before = everything(store);
    run.forkpoint(['delete', store, 'gate', '--commit']);
    check('a thread that was deleted is not found', member(wesichain('load', store, 'gate'), 'thread') === null);
    run.forkpoint(['undo', store, '--commit']);
    check('undo of a removal restores every byte', everything(store) === before);
    run.forkpoint(['rename', store, 'gate', '--into', 'door', '--commit']);
    const done = wesichain('resume', store, 'linear', 'door');
    check(
      'a thread that was renamed runs on under its new id only',
      log(done).includes('publish saw lamps') && member(wesichain('load', store, 'gate'), 'thread') === null,
      done,
    );
    run.forkpoint(['copy', store, 'fan', '--commit']);
    check(
      'a copy is loaded with the same state',
      same(member(wesichain('load', store, 'fan-copy-1'), 'data'), member(wesichain('load', store, 'fan'), 'data')),
    );
    const to = elsewhere('copied');
    wesichain('make', to);
    run.forkpoint(['copy', copy(), 'gate', '--into', 'moved', '--to', to, '--commit']);
    const there = wesichain('resume', to, 'linear', 'moved');
    check(
      'a copy in the other backend runs on',
      log(there).includes('publish saw lamps at 3 for 9007199254740993'),
      there,
    );
  }
  {
    const store = copy();
    const other = copy();
    const file = join(run.folder, `${backend}.json`);
    run.forkpoint(['export', store, 'gate', '-o', file]);
    check('import into an existing thread is refused', run.refusal(['import', other, file, '--commit']) === 'exists');
    run.forkpoint(['import', other, file, '--into', 'Moved ü', '--commit']);
    const done = wesichain('resume', other, 'linear', 'Moved ü');
    check('the imported thread runs on', log(done).includes('publish saw lamps at 3 for 9007199254740993'), done);
  }
}
process.exit(run.finish({ 'wesichain-graph': '0.3.0', 'wesichain-checkpoint-sqlite': '0.3.0' }));
