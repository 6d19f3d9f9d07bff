// LangGraph for Python carries on from what we wrote: fork with an edit, in place, sub-graph, failed step, Send, export and import, undo.

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { begin, everything, items, member, pythonDriver, same, target } from '../harness.ts';
import { deltaStories } from './delta-stories.ts';
import { encryptedStories, olderStories } from './older-stories.ts';
import { namedCheckpoint } from './plans.ts';

const langgraph = pythonDriver('langgraph-python');
const run = begin('langgraph-python', -150_000);
const db = join(run.folder, 'store.sqlite');
const last = (value: unknown): unknown => items(value).at(-1);

langgraph('make', db);

// 1 a fork of a waiting thread into a new thread, with edits; the old one is untouched; answered; undone
{
  const before = langgraph('history', db, 'shop', 'shop');
  const plan = run.forkpoint([
    'fork',
    db,
    'shop',
    '--set',
    'plan="offer a voucher"',
    '--set',
    'budget=12.0',
    '--commit',
  ]);
  const thread = target(plan);
  const state = langgraph('state', db, 'shop', thread);
  run.check(
    'fork of a waiting thread: get_state shows the edit',
    member(state, 'values', 'plan') === 'offer a voucher' && same(member(state, 'values', 'budget'), { float: '12.0' }),
    state,
  );
  run.check(
    'fork: a 64-bit integer keeps its digits',
    same(member(state, 'values', 'ticket'), { int: '9007199254740993' }),
    state,
  );
  run.check('fork: the same node is next', same(member(state, 'next'), ['desk']), state);
  const asked = langgraph('resume', db, 'shop', thread);
  run.check(
    'invoke(None) asks again',
    same(member(asked, 'next'), ['desk']) && Array.isArray(member(asked, 'interrupts')),
    asked,
  );
  const done = langgraph('resume', db, 'shop', thread, '--value', '"yes"');
  run.check(
    'Command(resume) carries on with the edit',
    String(member(last(member(done, 'values', 'messages')), 'content')).includes(
      'offer a voucher at 12.0 for 9007199254740993',
    ),
    done,
  );
  run.check('the old branch is untouched', same(langgraph('history', db, 'shop', 'shop'), before));
  run.check('undo is refused once the run has built on the fork', run.refusal(['undo', db, '--commit']) === 'moved');
}

// 2 a fork of a point in mid-history: an edit there changes what follows; undo restores every row
{
  const db2 = join(run.folder, 'mid.sqlite');
  langgraph('make', db2);
  const base = everything(db2);
  const log = run.forkpoint(['log', db2, 'done']) as unknown[];
  const point = log.find((c) => same(member(c, 'next'), ['clerk']) && member(c, 'step') === 2);
  const plan = run.forkpoint([
    'fork',
    db2,
    'done',
    String(member(point, 'key')),
    '--set',
    'plan="second thoughts"',
    '--set',
    'budget=99.5',
    '--commit',
  ]);
  const undone = run.forkpoint(['undo', db2, '--commit']);
  run.check('undo is committed', member(undone, 'committed') === true, undone);
  run.check('undo restores every row', everything(db2) === base);
  run.forkpoint(['undo', db2, '--commit']);
  const thread = target(plan);
  const state = langgraph('state', db2, 'shop', thread);
  run.check(
    'redo: the fork is back, with the edit',
    member(state, 'values', 'plan') === 'second thoughts' && same(member(state, 'next'), ['clerk']),
    state,
  );
  const asked = langgraph('resume', db2, 'shop', thread);
  run.check(
    'the run goes on from mid-history with the edited values',
    same(member(asked, 'interrupts', 0, 'amount'), { float: '99.5' }),
    asked,
  );
}

// 3 in place: the fork is the head of its thread
{
  const db3 = join(run.folder, 'place.sqlite');
  langgraph('make', db3);
  run.forkpoint(['edit', db3, 'shop', '--set', 'plan="in place"', '--commit']);
  const state = langgraph('state', db3, 'shop', 'shop');
  run.check(
    'edit in place becomes the head',
    member(state, 'values', 'plan') === 'in place' && member(state, 'metadata', 'source') === 'update',
    state,
  );
  const done = langgraph('resume', db3, 'shop', 'shop', '--value', '"ok"');
  run.check(
    'Command(resume) directly on the edited head',
    String(member(last(member(done, 'values', 'messages')), 'content')).includes('in place'),
    done,
  );
}

// 4 a failed step: the edit repairs the cause
{
  const db4 = join(run.folder, 'fan.sqlite');
  langgraph('make', db4);
  run.check(
    'a failed thread is shown as failed',
    member(run.forkpoint(['pending', db4, 'fan']), 'status') === 'failed',
  );
  const detail = run.forkpoint(['show', db4, 'fan']);
  const sends = member(detail, 'state', '__pregel_tasks');
  const broken = Array.isArray(sends) ? sends.findIndex((s) => JSON.stringify(s).includes('broken')) : -1;
  run.check('the Sends are shown', broken >= 0, detail);
  const plan = run.forkpoint(['fork', db4, 'fan', '--set', `__pregel_tasks[${broken}][1].topic="mended"`, '--commit']);
  const done = langgraph('resume', db4, 'fan', target(plan));
  run.check(
    'the edited Send runs',
    JSON.stringify(member(done, 'values', 'found')).includes('mended!') && same(member(done, 'next'), []),
    done,
  );
}

// 5 a question inside a sub-graph: cloned as it stands, then answered
{
  const db5 = join(run.folder, 'nested.sqlite');
  langgraph('make', db5);
  const plan = run.forkpoint(['fork', db5, 'nested', '--commit']);
  const state = langgraph('state', db5, 'nested', target(plan));
  run.check(
    'clone of a sub-graph pause keeps the question',
    same(member(state, 'interrupts', 0), { review: 'letter prepared drafted' }),
    state,
  );
  const done = langgraph('resume', db5, 'nested', target(plan), '--value', '"fine"');
  run.check(
    'the sub-graph takes the answer',
    JSON.stringify(member(done, 'values', 'log')).includes('review fine') && same(member(done, 'next'), []),
    done,
  );
  const edited = run.forkpoint(['fork', db5, 'nested', '--set', 'text="postcard"', '--commit']);
  const asked = langgraph('resume', db5, 'nested', target(edited));
  run.check(
    'an edited fork runs the sub-graph anew',
    same(member(asked, 'interrupts', 0), { review: 'postcard drafted' }),
    asked,
  );
}

// 6 tool calls live twice: the Send follows the edit, or is left alone
{
  const db6 = join(run.folder, 'agent.sqlite');
  langgraph('make', db6);
  const edit = ['--set', 'messages[-1].tool_calls[0].args.to="new@example.org"'];
  const plan = run.forkpoint(['fork', db6, 'agent', ...edit, '--commit']);
  const done = langgraph('resume', db6, 'agent', target(plan));
  run.check(
    'send_follows: the tool runs with the edited arguments',
    JSON.stringify(member(done, 'values')).includes('mailed new@example.org'),
    done,
  );
  const left = run.forkpoint(['fork', db6, 'agent', ...edit, '--leave', 'send_follows', '--commit']);
  const old = langgraph('resume', db6, 'agent', target(left));
  run.check(
    'left alone: the tool runs with the old arguments',
    JSON.stringify(member(old, 'values')).includes('mailed old@example.org'),
    old,
  );
}

// 7 export and import into another store: identical states, and LangGraph carries on there
{
  const db7 = join(run.folder, 'other.sqlite');
  langgraph('make', db7);
  const file = join(run.folder, 'shop.json');
  run.forkpoint(['export', db, 'shop', '-o', file]);
  run.check('import into an existing thread is refused', run.refusal(['import', db7, file, '--commit']) === 'exists');
  run.forkpoint(['import', db7, file, '--into', 'moved', '--commit']);
  const cells = (path: string, thread: string): string => {
    const open = new Database(path, { readonly: true });
    const found = open
      .prepare(
        'SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, hex(checkpoint), hex(metadata) FROM checkpoints WHERE thread_id = ? ORDER BY 1, 2',
      )
      .raw()
      .all(thread);
    open.close();
    return JSON.stringify(found);
  };
  run.check('imported rows are byte-identical', cells(db, 'shop') === cells(db7, 'moved'));
  const done = langgraph('resume', db7, 'shop', 'moved', '--value', '"yes"');
  run.check('the imported thread is answered and finishes', same(member(done, 'next'), []), done);
}

// 8 in place, every point of a thread: going on is what LangGraph's own time travel to that point gives
{
  const base = join(run.folder, 'base.sqlite');
  langgraph('make', base);
  const outcome = (state: unknown): unknown => [
    member(state, 'next'),
    member(state, 'values'),
    member(state, 'interrupts'),
    member(state, 'errors'),
  ];
  for (const [graph, thread] of [
    ['shop', 'done'],
    ['keeper', 'keeper'],
  ] as const) {
    const points = (run.forkpoint(['log', base, thread]) as unknown[]).filter(
      (p) => (member(p, 'next') as unknown[]).length > 0,
    );
    for (const point of points) {
      const id = String(member(point, 'id'));
      const name = `${thread} step ${String(member(point, 'step'))}`;
      const [ours, theirs] = ['ours', 'theirs'].map((side) => {
        const copy = join(run.folder, `${side}-${thread}-${id}.sqlite`);
        copyFileSync(base, copy);
        return copy;
      }) as [string, string];
      const plan = run.forkpoint(['fork', ours, thread, id, '--in-place', '--commit']);
      // the code of the plan says whether the new checkpoint has to be named
      const named = namedCheckpoint(plan);
      const fork = langgraph('resume', ours, graph, thread, ...(named === null ? [] : ['--checkpoint', named]));
      const travel = langgraph('resume', theirs, graph, thread, '--checkpoint', id);
      run.check(`${name}: goes on as LangGraph's time travel does`, same(outcome(fork), outcome(travel)), [
        fork,
        travel,
      ]);
      run.check(
        `${name}: the code names the new checkpoint only for a sub-graph that is ahead`,
        (named !== null) === (thread === 'keeper' && Number(member(point, 'step')) < 2),
        plan,
      );
    }
  }
}

deltaStories(run, langgraph);
olderStories(run, langgraph);
encryptedStories(run, langgraph);

process.exit(run.finish(langgraph('versions') as Record<string, string>));
