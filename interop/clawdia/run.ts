// clawdia carries on from what we wrote, on both backends: runs that its runtime runs again, hosts that resume by themselves, crashes
// in a tool and in an approval, moves between backends, undo.

import { join } from 'node:path';
import { begin, bothBackends, cargoDriver, everything, member, same, target, warningCodes } from '../harness.ts';

const clawdia = cargoDriver('clawdia');
const run = begin('clawdia');
const sealed = 'journal record appears after sealed terminal replay state';
const refused = 'journal_seq must be strictly increasing for a run journal';

const count = (value: unknown): number => (Array.isArray(value) ? value.length : -1);
const lastId = (loaded: unknown): string =>
  String(member(member(loaded, 'records'), count(member(loaded, 'records')) - 1, 1));

for (const { backend, fresh, copy, elsewhere, check } of bothBackends(run, (store) => clawdia('make', store))) {
  /** Key of the journal record with this number. */
  const keyAt = (store: string, thread: string, seq: number): string => {
    const points = run.forkpoint(['log', store, thread]) as unknown[];
    const point = points.find((p) => member(p, 'step') === seq && member(p, 'source') !== 'checkpoint_store');
    return String(member(point, 'key'));
  };
  const completed = (done: unknown, records: number): boolean =>
    member(done, 'status') === 'Completed' && count(member(done, 'after', 'records')) === records;

  {
    const store = copy();
    const points = run.forkpoint(['log', store, 'run.tool']) as unknown[];
    const loaded = clawdia('load', store, 'run.tool');
    check(
      'the points are the records that the framework reads, and its latest checkpoint is the head',
      same(
        points.filter((p) => member(p, 'source') !== 'checkpoint_store').map((p) => member(p, 'id')),
        (member(loaded, 'records') as unknown[]).map((r) => member(r, 1)),
      ) && member(run.forkpoint(['show', store, 'run.tool']), 'id') === member(loaded, 'latest', 'checkpoint_id'),
      points,
    );
  }
  {
    const store = copy();
    const beside = run.forkpoint(['records', store, 'run.tool']) as unknown[];
    check(
      'the pool that the run is in is shown beside it',
      same(
        beside
          .filter((r) => member(r, 'kind') === 'agent_pool')
          .map((r) => [member(r, 'record'), member(r, 'content')]),
        [
          [
            'agent_pool:pool.harbour.4',
            { type: 'member_joined', member: { run_id: 'run.tool', agent_id: 'agent.harbour' } },
          ],
        ],
      ),
      beside,
    );
  }
  {
    const store = copy();
    const before = everything(store);
    const key = keyAt(store, 'run.tool', 9);
    const plan = run.forkpoint(['fork', store, 'run.tool', key, '--into', 'run.kept', '--pending', 'keep', '--commit']);
    const loaded = clawdia('load', store, 'run.kept');
    check(
      'a fork with its pending work kept is read, and its checkpoint is the latest',
      count(member(loaded, 'records')) === 10 &&
        member(loaded, 'latest', 'covers_journal_seq') === 9 &&
        member(loaded, 'latest', 'loop_state') === 'WaitingForResume' &&
        same(warningCodes(plan), ['host_resume']),
      loaded,
    );
    check(
      'the reducer allows the resume and names the loop state',
      member(loaded, 'replay', 'resume_allowed') === true &&
        member(loaded, 'replay', 'next_loop_state') === 'WaitingForResume',
      loaded,
    );
    run.forkpoint(['undo', store, '--commit']);
    check('undo restores every byte', everything(store) === before);
    run.forkpoint(['undo', store, '--commit']);
    const hosted = clawdia('host', store, 'run.kept');
    check(
      'a host appends behind it and saves the next checkpoint',
      member(hosted, 'appended') === 'journal.11' &&
        member(hosted, 'after', 'latest', 'checkpoint_id') === member(hosted, 'saved'),
      hosted,
    );
    check('undo is refused once a host has built on the fork', run.refusal(['undo', store, '--commit']) === 'moved');
  }
  {
    const store = copy();
    const key = keyAt(store, 'run.tool', 9);
    run.forkpoint(['fork', store, 'run.tool', key, '--into', 'run.kept', '--pending', 'keep', '--commit']);
    const done = clawdia('resume', store, 'run.kept', 'tool works');
    check('the runtime refuses that fork, as its warning says', member(done, 'error') === refused, done);
  }
  {
    const store = copy();
    const key = keyAt(store, 'run.tool', 9);
    const plan = run.forkpoint(['fork', store, 'run.tool', key, '--commit']);
    const thread = target(plan);
    check(
      'a fork of an older point drops the pending work and says that effects run again',
      same(warningCodes(plan), ['effects_run_again']),
      plan,
    );
    check(
      'its code names the run',
      String(member(plan, 'resume', 'code')).includes(`RunId::new("${thread}")`),
      member(plan, 'resume'),
    );
    const done = clawdia('resume', store, thread, 'tool works');
    check(
      'the runtime carries on behind the copied records; model and tool run again',
      completed(done, 16) && member(done, 'model') === 2 && member(done, 'tool') === 1 && member(done, 'before') === 9,
      done,
    );
    check('the source run is as it was', same(clawdia('load', store, 'run.tool'), clawdia('load', fresh, 'run.tool')));
    const listed = run.forkpoint(['threads', store]) as unknown[];
    check(
      'the fork is shown as finished, and where it came from',
      listed.some((t) => member(t, 'thread') === thread && member(t, 'status') === 'terminal') &&
        member(run.forkpoint(['log', store, thread]), 0, 'parentThread') === 'run.tool',
      listed,
    );
    check('undo is refused once the run has built on the fork', run.refusal(['undo', store, '--commit']) === 'moved');
  }
  {
    const store = copy();
    const key = keyAt(store, 'run.fails', 7);
    const plan = run.forkpoint(['fork', store, 'run.fails', key, '--commit']);
    const done = clawdia('resume', store, target(plan), 'tool fails');
    check('a failed run is forked before its tool and completes', completed(done, 16), done);
  }
  {
    const store = copy();
    const plan = run.forkpoint([
      'fork',
      store,
      'run.tool',
      keyAt(store, 'run.tool', 16),
      '--pending',
      'drop',
      '--commit',
    ]);
    check(
      'a fork of a finished run stops before the record that ends it',
      same(warningCodes(plan), ['terminal', 'effects_run_again']) &&
        lastId(clawdia('load', store, target(plan))).endsWith('.message.completed'),
      plan,
    );
    const done = clawdia('resume', store, target(plan), 'tool works');
    check('and the runtime ends it again', completed(done, 16), done);
    check('a finished run folds as the framework says', member(done, 'after', 'replay', 'error') === sealed, done);
  }
  {
    const store = copy();
    const key = keyAt(store, 'run.second', 11 + 8);
    const plan = run.forkpoint(['fork', store, 'run.second', key, '--commit']);
    const done = clawdia('resume', store, target(plan), 'tool second');
    check(
      'a run that was not the first of its process is numbered from 1, and carries on',
      completed(done, 16) && member(done, 'after', 'records', 0, 0) === 1 && member(done, 'before') === 9,
      done,
    );
  }
  {
    const store = copy();
    const key = keyAt(store, 'run.text', 6);
    const plan = run.forkpoint(['fork', store, 'run.text', key, '--commit']);
    check(
      'the code gives session and turn where the run was given some',
      String(member(plan, 'resume', 'code')).includes(
        '.with_session_turn(SessionId::new("session.1"), TurnId::new("turn.1"))',
      ),
      plan,
    );
    const done = clawdia('resume', store, target(plan), 'plain words');
    check('and with them it carries on', completed(done, 10), done);
  }
  for (const [thread, status, input, tool] of [
    ['run.crash.tool', 'idle', 'tool crash', 'works'],
    ['run.crash.approval', 'interrupted', 'tool ask', 'approved'],
    ['run.down', 'idle', 'plain down', 'works'],
  ] as const) {
    const store = copy();
    const pending = run.forkpoint(['pending', store, thread]);
    check(
      `${thread} is shown with what is open`,
      member(pending, 'status') === status &&
        member(pending, 'resumable') === true &&
        count(member(pending, 'tasks')) === 1,
      pending,
    );
    const plan = run.forkpoint(['fork', store, thread, '--pending', 'drop', '--commit']);
    const forked = clawdia('resume', store, target(plan), input, tool);
    check(`a fork of ${thread} completes`, member(forked, 'status') === 'Completed', forked);
    const kept = run.forkpoint(['fork', store, thread, '--pending', 'keep', '--commit']);
    const loaded = clawdia('load', store, target(kept));
    check(
      `a fork of ${thread} that keeps what is open says so in its checkpoint`,
      count(member(loaded, 'latest', 'pending_side_effects')) === 1,
      loaded,
    );
    const done = clawdia('resume', store, thread, input, tool);
    check(`${thread} itself completes without a write of ours`, member(done, 'status') === 'Completed', done);
  }
  {
    const store = copy();
    const moved = elsewhere('moved');
    clawdia('seed', moved);
    const before = everything(moved);
    const file = join(run.folder, `${backend}.json`);
    run.forkpoint(['export', store, 'run.crash.tool', '-o', file]);
    run.forkpoint(['import', moved, file, '--commit']);
    check(
      'a run that is moved to the other backend is read as it was',
      same(clawdia('load', moved, 'run.crash.tool'), clawdia('load', store, 'run.crash.tool')),
      clawdia('load', moved, 'run.crash.tool'),
    );
    run.forkpoint(['undo', moved, '--commit']);
    check('undo of the import restores every byte', everything(moved) === before);
    run.forkpoint(['undo', moved, '--commit']);
    check(
      'its tool call shows its arguments there',
      JSON.stringify(run.forkpoint(['pending', moved, 'run.crash.tool'])).includes('tides.md'),
    );
    const done = clawdia('resume', moved, 'run.crash.tool', 'tool crash');
    check('and carries on there', completed(done, 16), done);
    check('import into an existing run is refused', run.refusal(['import', store, file, '--commit']) === 'exists');
    run.forkpoint(['import', store, file, '--into', 'run/Übernahme', '--commit']);
    const renamed = clawdia('resume', store, 'run/Übernahme', 'tool crash');
    check('a run that was imported under another id carries on', completed(renamed, 16), renamed);
  }
  {
    const store = copy();
    const before = everything(store);
    run.forkpoint(['delete', store, 'run.tool', '--commit']);
    const gone = clawdia('load', store, 'run.tool');
    check('a run that was deleted holds nothing', count(member(gone, 'records')) === 0, gone);
    run.forkpoint(['undo', store, '--commit']);
    check('undo of a removal restores every byte', everything(store) === before);
    run.forkpoint(['rename', store, 'run.crash.tool', '--into', 'run.named', '--commit']);
    const done = clawdia('resume', store, 'run.named', 'tool crash');
    check(
      'a run that was renamed is carried on by its runtime under the new id',
      completed(done, 16) && count(member(clawdia('load', store, 'run.crash.tool'), 'records')) === 0,
      done,
    );
    const to = elsewhere('copied');
    clawdia('make', to);
    run.forkpoint(['copy', copy(), 'run.crash.tool', '--into', 'run.copied', '--to', to, '--commit']);
    const there = clawdia('resume', to, 'run.copied', 'tool crash');
    check('a copy in the other backend is carried on', completed(there, 16), there);
  }
  {
    const store = copy();
    const before = everything(store);
    const refusals = [
      ['fork', store, 'run.tool', '--in-place', '--commit'],
      ['edit', store, 'run.tool', '--set', 'a=1', '--commit'],
      ['fork', store, 'run.tool', '--into', 'run.text', '--commit'],
    ].map((args) => run.refusal(args));
    check(
      'what clawdia cannot do is refused, and nothing is written',
      same(refusals, ['unable', 'unable', 'exists']) && everything(store) === before,
      refusals,
    );
  }
}
process.exit(
  run.finish({
    'agent-sdk-core': '0.1.0-alpha.4',
    'agent-sdk-store-file': '0.1.0-alpha.4',
    'agent-sdk-store-sqlite': '0.1.0-alpha.4',
  }),
);
