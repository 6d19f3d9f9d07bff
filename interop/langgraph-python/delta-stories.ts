// Threads with delta channels: LangGraph's own reducers, one that nothing can guess, and a deep agent. The judge of a fork is
// LangGraph's own time travel to the same point, in a copy of the store, over several stops and two more turns.

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { everything, member, same, target } from '../harness.ts';
import type { Run } from '../harness.ts';

type Ask = (...args: string[]) => unknown;

const named = (plan: unknown): string =>
  /"checkpoint_id": "([^"]+)"/.exec(String(member(plan, 'resume', 'code')))?.[1] ?? '-';
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export function deltaStories(run: Run, langgraph: Ask): void {
  const base = join(run.folder, 'delta.sqlite');
  langgraph('make-delta', base);
  const copy = (name: string): string => {
    const path = join(run.folder, `${name}.sqlite`);
    copyFileSync(base, path);
    return path;
  };

  for (const thread of ['desk', 'deep']) {
    const points = list(run.forkpoint(['log', base, thread, '--namespace', '']));
    const before = langgraph('history', base, thread, thread);
    run.check(
      `${thread}: every checkpoint has its messages, as many as LangGraph shows`,
      points.length === list(before).length &&
        points.every((point) => {
          const state = member(run.forkpoint(['show', base, thread, String(member(point, 'id'))]), 'state');
          const theirs = list(before).find((p) => member(p, 'id') === member(point, 'id'));
          return list(member(state, 'messages')).length === list(member(theirs, 'values', 'messages')).length;
        }),
    );
    for (const point of points.filter((p) => list(member(p, 'next')).length > 0)) {
      const id = String(member(point, 'id'));
      const name = `${thread} step ${String(member(point, 'step'))}`;
      const [ours, aside, theirs] = [copy(`ours-${id}`), copy(`aside-${id}`), copy(`theirs-${id}`)];

      const plan = run.forkpoint(['fork', ours, thread, id, '--in-place', '--commit']);
      const [fork, travel] = list(langgraph('both', thread, ours, thread, named(plan), theirs, thread, id));
      run.check(`${name}: goes on in place as LangGraph's time travel does, turn after turn`, same(fork, travel), [
        fork,
        travel,
      ]);
      const after = list(langgraph('history', ours, thread, thread));
      const values = (points: readonly unknown[], at: unknown): unknown =>
        member(
          points.find((p) => member(p, 'id') === at),
          'values',
        );
      run.check(
        `${name}: the branch that was left is read as before`,
        list(before).every((p) => same(values(after, member(p, 'id')), member(p, 'values'))),
      );

      const moved = run.forkpoint(['fork', aside, thread, id, '--pending', 'drop', '--commit']);
      const [away] = list(langgraph('both', thread, aside, target(moved), named(moved), copy(`t-${id}`), thread, id));
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
        list(member(state, 'values', 'log')).at(-1) === 'by hand' &&
        same(member(state, 'values', 'scores'), member(langgraph('state', base, 'desk', 'desk'), 'values', 'scores')),
      state,
    );
    const [stops] = list(langgraph('both', 'desk', db, target(plan), '-', copy('edited-beside'), 'desk', '-'));
    run.check(
      'desk: the edit stands through later turns',
      list(stops).every(
        (stop) =>
          member(stop, 'values', 'messages', 0, 'content') === 'changed my mind' &&
          list(member(stop, 'values', 'log')).includes('by hand'),
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
    const part = run.forkpoint(['edit', copy('part'), 'desk', '--set', 'scores.seed={}', '--commit'], 3);
    run.check('desk: and refuses an edit of a part of what is shown of it', member(part, 'error', 'code') === 'unable');
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
    const [stops] = list(langgraph('both', 'deep', db, target(plan), '-', copy('deep-beside'), 'deep', '-'));
    const end = list(stops).at(-1);
    run.check(
      'deep: an edited file and an edited tool call of a deep agent carry on',
      JSON.stringify(end).includes('to new@example.org') &&
        member(end, 'values', 'files', '/letter-0.txt', 'content') === 'Dear editor' &&
        member(end, 'values', 'files', '/letter-3.txt', 'content') !== undefined,
      end,
    );
  }
}
