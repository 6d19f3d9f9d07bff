// Threads with delta channels: LangGraph's own reducers, one that nothing can guess, and a deep agent. The judge of a fork is
// LangGraph's own time travel to the same point, in a copy of the store, over several stops and two more turns.

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { everything, items, member, same, target } from '../harness.ts';
import type { Driver, Run } from '../harness.ts';
import { namedCheckpoint } from './plans.ts';

/** As `both` of the driver takes it. */
const named = (plan: unknown): string => namedCheckpoint(plan) ?? '-';

export function deltaStories(run: Run, langgraph: Driver): void {
  const base = join(run.folder, 'delta.sqlite');
  langgraph('make-delta', base);
  const copy = (name: string): string => {
    const path = join(run.folder, `${name}.sqlite`);
    copyFileSync(base, path);
    return path;
  };

  for (const thread of ['desk', 'deep']) {
    const points = items(run.forkpoint(['log', base, thread, '--namespace', '']));
    const before = langgraph('history', base, thread, thread);
    run.check(
      `${thread}: every checkpoint has its messages, as many as LangGraph shows`,
      points.length === items(before).length &&
        points.every((point) => {
          const state = member(run.forkpoint(['show', base, thread, String(member(point, 'id'))]), 'state');
          const theirs = items(before).find((p) => member(p, 'id') === member(point, 'id'));
          return items(member(state, 'messages')).length === items(member(theirs, 'values', 'messages')).length;
        }),
    );
    for (const point of points.filter((p) => items(member(p, 'next')).length > 0)) {
      const id = String(member(point, 'id'));
      const name = `${thread} step ${String(member(point, 'step'))}`;
      const [ours, aside, theirs] = [copy(`ours-${id}`), copy(`aside-${id}`), copy(`theirs-${id}`)];

      const plan = run.forkpoint(['fork', ours, thread, id, '--in-place', '--commit']);
      const [fork, travel] = items(langgraph('both', thread, ours, thread, named(plan), theirs, thread, id));
      run.check(`${name}: goes on in place as LangGraph's time travel does, turn after turn`, same(fork, travel), [
        fork,
        travel,
      ]);
      const after = items(langgraph('history', ours, thread, thread));
      const values = (points: readonly unknown[], at: unknown): unknown =>
        member(
          points.find((p) => member(p, 'id') === at),
          'values',
        );
      run.check(
        `${name}: the branch that was left is read as before`,
        items(before).every((p) => same(values(after, member(p, 'id')), member(p, 'values'))),
      );

      const moved = run.forkpoint(['fork', aside, thread, id, '--pending', 'drop', '--commit']);
      const [away] = items(langgraph('both', thread, aside, target(moved), named(moved), copy(`t-${id}`), thread, id));
      run.check(`${name}: goes on in a new thread the same way`, same(away, travel), [away, travel]);
    }
  }

  // edits of a rebuilt channel
  {
    const db = copy('edited');
    const rows = everything(db);
    const plan = run.forkpoint([
      'fork',
      db,
      'desk',
      '--set',
      'messages[0].content="changed my mind"',
      '--append',
      'log="by hand"',
      '--commit',
    ]);
    const state = langgraph('state', db, 'desk', target(plan));
    run.check(
      'desk: an edit of messages and of a list is what LangGraph loads',
      member(state, 'values', 'messages', 0, 'content') === 'changed my mind' &&
        items(member(state, 'values', 'log')).at(-1) === 'by hand' &&
        same(member(state, 'values', 'scores'), member(langgraph('state', base, 'desk', 'desk'), 'values', 'scores')),
      state,
    );
    const [stops] = items(langgraph('both', 'desk', db, target(plan), '-', copy('edited-beside'), 'desk', '-'));
    run.check(
      'desk: the edit stands through later turns',
      items(stops).every(
        (stop) =>
          member(stop, 'values', 'messages', 0, 'content') === 'changed my mind' &&
          items(member(stop, 'values', 'log')).includes('by hand'),
      ),
      stops,
    );
    const undone = copy('undone');
    const whole = run.forkpoint(['edit', undone, 'desk', '--set', 'scores={"left":99}', '--commit']);
    run.check(
      'desk: a channel that cannot be put together takes a whole value',
      same(member(langgraph('state', undone, 'desk', 'desk'), 'values', 'scores'), { left: { int: '99' } }),
      whole,
    );
    run.forkpoint(['undo', undone, '--commit']);
    run.check('desk: undo restores every row', everything(undone) === rows);
    run.check(
      'desk: and refuses an edit of a part of what is shown of it',
      run.refusal(['edit', copy('part'), 'desk', '--set', 'scores.seed={}', '--commit']) === 'unable',
    );
  }
  {
    const db = copy('deep-edited');
    const plan = run.forkpoint([
      'fork',
      db,
      'deep',
      '--set',
      'files["/letter-0.txt"].content="Dear editor"',
      '--set',
      'messages[-1].tool_calls[0].args.to="new@example.org"',
      '--commit',
    ]);
    const [stops] = items(langgraph('both', 'deep', db, target(plan), '-', copy('deep-beside'), 'deep', '-'));
    const end = items(stops).at(-1);
    run.check(
      'deep: an edited file and an edited tool call of a deep agent carry on',
      JSON.stringify(end).includes('to new@example.org') &&
        member(end, 'values', 'files', '/letter-0.txt', 'content') === 'Dear editor' &&
        member(end, 'values', 'files', '/letter-3.txt', 'content') !== undefined,
      end,
    );
  }
}
