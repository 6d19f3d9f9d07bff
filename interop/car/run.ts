// CAR carries on from what we wrote: forks with edits, rewinds to an earlier gate, edits in place, moves, undo; claims are respected,
// and what we say that CAR cannot read is what it cannot read.

import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { begin, cargoDriver, copier, everything, member, same, target, warningCodes } from '../harness.ts';
import { damagedRuns } from './damaged-runs.ts';

const car = cargoDriver('car');
const run = begin('car');
const check = (what: string, seen: boolean, detail?: unknown): void => run.check(what, seen, detail);
const fresh = join(run.folder, 'fresh');
car('make', fresh);
const copy = copier(run, fresh, 'car');
const input = (decision: string): string => JSON.stringify({ decision });
const state = (value: unknown, name: string): unknown => member(value, 'state', name);
const loadedState = (value: unknown, name: string): unknown => member(value, 'wf_state', name);

{
  const store = copy();
  const listed = (run.forkpoint(['threads', store]) as unknown[])
    .filter((thread) => member(thread, 'status') === 'interrupted')
    .map((thread) => String(member(thread, 'thread')));
  check(
    'what waits here is what CAR offers for resuming',
    same(listed.toSorted(), member(car('list', store), 'waiting')),
  );
  const notes = JSON.stringify(member(run.forkpoint(['info', store]), 'notes'));
  const chain = car('chain', join(store, 'journal', 'session.jsonl'));
  check(
    'the hash chain of a journal is verified as CAR verifies it, with and without runs bound to it',
    same(chain, { events: 5, verified: 5 }) && /holds over its 5 chained events/.test(notes),
    { chain, notes },
  );
  const events = (run.forkpoint(['records', store, 'two']) as unknown[]).filter((r) => member(r, 'kind') === 'event');
  check('events of its proposals and events bound to it are shown with a run', events.length === 5, events);
  const journal = join(store, 'journal', 'session.jsonl');
  writeFileSync(journal, readFileSync(journal, 'utf8').replace('"i":2', '"i":7'));
  check(
    'an event that was altered breaks the chain for both',
    member(car('chain', journal), 'error') !== undefined &&
      /breaks at line 3/.test(JSON.stringify(member(run.forkpoint(['info', store]), 'notes'))),
    car('chain', journal),
  );
}
{
  const store = copy();
  const before = everything(store);
  const edits = ['--set', 'ticket=9007199254740995', '--set', 'score=2.0', '--set', '["new.key"]={"a":[1.0]}'];
  const thread = target(run.forkpoint(['fork', store, 'plain', ...edits, '--commit']));
  const loaded = car('load', store, thread);
  check(
    'a fork is loaded with its edits under its own id, numbers with their digits',
    member(loaded, 'run_id') === thread &&
      loadedState(loaded, 'ticket') === '9007199254740995' &&
      loadedState(loaded, 'big') === '18446744073709551615' &&
      same(loadedState(loaded, 'new.key'), { a: [1] }),
    loaded,
  );
  run.forkpoint(['undo', store, '--commit']);
  check('undo restores every byte', everything(store) === before);
  run.forkpoint(['undo', store, '--commit']);
  const again = car('resume', store, thread, input('approve'));
  check(
    'it goes on to the next gate and waits there under its own id',
    same(member(again, 'waits'), [thread, 'second']) && state(again, 'ticket') === '9007199254740995',
    again,
  );
  check('undo is refused once the run has gone on', run.refusal(['undo', store, '--commit']) === 'moved');
  const done = car('resume', store, thread, input('yes'));
  check('and to its end', member(done, 'status') === 'completed' && state(done, 'score') === 2, done);
  check('the original waits as before', same(car('load', store, 'plain'), car('load', fresh, 'plain')));
}
{
  const store = copy();
  const thread = target(run.forkpoint(['fork', store, 'two', 'draft', '--set', 'hint="shorter"', '--commit']));
  const loaded = car('load', store, thread);
  const genuine = car('load', store, 'plain');
  check(
    'a rewind to an earlier gate has the state of a genuine first gate',
    same(member(loaded, 'wf_state'), { ...(member(genuine, 'wf_state') as object), hint: 'shorter' }) &&
      ['paused_stage_id', 'prompt', 'fields', 'output_key', 'completed_stage_ids', 'iterations'].every((name) =>
        same(member(loaded, name), member(genuine, name)),
      ),
    loaded,
  );
  const done = car('resume', store, thread, input('reject'));
  check(
    'and takes another way from there',
    same(member(done, 'stages'), ['draft', 'first', 'trash']) &&
      state(done, 'hint') === 'shorter' &&
      state(done, 'published') === undefined,
    done,
  );
  const asked = target(run.forkpoint(['fork', store, 'two', 'first', '--commit']));
  const again = car('resume', store, asked, input('approve'));
  check('a gate that was answered can be asked again', same(member(again, 'waits'), [asked, 'second']), again);
}
{
  const store = copy();
  const log = run.forkpoint(['log', store, 'loop']) as unknown[];
  const thread = target(run.forkpoint(['fork', store, 'loop', String(member(log[2], 'key')), '--commit']));
  const loaded = car('load', store, thread);
  check(
    'a rewind inside a loop keeps what its earlier visits left',
    same(member(loaded, 'completed_stage_ids'), ['draft', 'first', 'draft']) &&
      same(loadedState(loaded, 'verdict'), { decision: 'revise' }) &&
      loadedState(loaded, 'stage.first.answer') === '{"decision":"revise"}' &&
      loadedState(loaded, 'verdict.note') === undefined,
    loaded,
  );
  const again = car('resume', store, thread, input('approve'));
  check('and goes on', same(member(again, 'waits'), [thread, 'second']), again);
}
{
  const store = copy();
  const thread = target(run.forkpoint(['fork', store, 'rich', 'poll', '--commit']));
  check(
    'behind every kind of step the rewound state is that of a genuine earlier gate',
    same(member(car('load', store, thread), 'wf_state'), member(car('load', store, 'rich-early'), 'wf_state')),
    car('load', store, thread),
  );
  const plan = run.forkpoint(['fork', store, 'rich', 'poll']);
  const codes = warningCodes(plan);
  const again = car('resume', store, thread, input('go'));
  check(
    'what a dedup stage has seen stays seen, as the plan warned',
    codes.includes('seen_already') && same(state(again, 'fresh'), []) && same(member(again, 'waits'), [thread, 'late']),
    { codes, again },
  );
  check(
    'a point behind which CAR could not wait is refused',
    run.refusal(['fork', store, 'rich', 'nest', '--commit']) === 'unable',
  );
}
{
  const store = copy();
  run.forkpoint(['edit', store, 'plain', '--set', 'goal="reefs"', '--commit']);
  const done = car('resume', store, 'plain', input('revise'));
  check(
    'an edited goal is what the agents are given',
    state(done, 'goal') === 'reefs' && String(state(done, 'stage.draft.answer')).includes('Overall goal: reefs'),
    done,
  );
}
{
  const store = copy();
  const before = everything(store);
  run.forkpoint(['fork', store, 'two', 'draft', '--in-place', '--commit']);
  check('a rewind in place leaves one run', member(car('load', store, 'two'), 'paused_stage_id') === 'first');
  run.forkpoint(['undo', store, '--commit']);
  check('its undo brings the history back', everything(store) === before);
  check('and CAR reads it', member(car('load', store, 'two'), 'paused_stage_id') === 'second');
}
{
  const store = copy();
  check(
    'a claimed run is shown as running',
    member(run.forkpoint(['pending', store, 'held']), 'status') === 'in_flight',
  );
  check('it may not be edited', run.refusal(['edit', store, 'held', '--set', 'a=1', '--commit']) === 'claimed');
  const thread = target(run.forkpoint(['fork', store, 'held', '--commit']));
  check(
    'a fork of it waits',
    same(member(car('resume', store, thread, input('approve')), 'waits'), [thread, 'second']),
  );
  car('recover', store);
  check(
    'put back by CAR it can be edited',
    member(run.forkpoint(['edit', store, 'held', '--set', 'a=1', '--commit']), 'committed') === true,
  );
  check('and resumed', state(car('resume', store, 'held', input('approve')), 'a') === 1);
  run.forkpoint(['fork', store, 'plain', '--into', 'mine', '--commit']);
  car('claim', store, 'mine');
  check('a fork that CAR has claimed is not taken away', run.refusal(['undo', store, '--commit']) === 'moved');
}
{
  const store = copy();
  const other = copy();
  const file = join(run.folder, 'document.json');
  const odd = 'Lauf 7 – é漢';
  run.forkpoint(['export', store, odd, '-o', file]);
  check('import over an existing run is refused', run.refusal(['import', other, file, '--commit']) === 'exists');
  run.forkpoint(['import', other, file, '--into', 'Moved ü', '--commit']);
  const done = car('resume', other, 'Moved ü', input('approve'));
  check('an imported run goes on under its new id', same(member(done, 'waits'), ['Moved ü', 'second']), done);
  const owned = target(run.forkpoint(['fork', store, 'owned', '--commit']));
  check('a fork keeps the owner', member(car('load', store, owned), 'owner') === 'agent-7');
  const loaded = car('load', store, odd);
  const edited = run.forkpoint(['edit', store, odd, '--set', 'text="neu"', '--commit']);
  check(
    'odd ids are edited in place',
    member(edited, 'committed') === true && loadedState(car('load', store, odd), 'text') === 'neu',
    loaded,
  );
}
{
  const store = copy();
  const thread = target(run.forkpoint(['fork', store, 'plain', '--set', 'n=1', '--commit']));
  const refused = car('resume', store, thread, '{}');
  check(
    'an answer that the form does not take is refused by CAR',
    String(member(refused, 'error')).includes('decision'),
    refused,
  );
  check(
    'the run is then shown as claimed',
    member(run.forkpoint(['pending', store, thread]), 'status') === 'in_flight',
  );
}
{
  const store = copy();
  const before = everything(store);
  const list = (): string[] => member(car('list', store), 'list') as string[];
  run.forkpoint(['delete', store, 'plain', '--commit']);
  check('a run that was deleted is not listed', !list().includes('plain') && list().includes('two'), list());
  run.forkpoint(['undo', store, '--commit']);
  check('undo of a removal restores every byte', everything(store) === before);
  run.forkpoint(['rename', store, 'plain', '--into', 'renamed', '--commit']);
  const again = car('resume', store, 'renamed', input('approve'));
  check(
    'a run that was renamed goes on under its new id only',
    !list().includes('plain') && same(member(again, 'waits'), ['renamed', 'second']),
    again,
  );
  run.forkpoint(['copy', store, 'two', '--into', 'copied', '--commit']);
  const done = car('resume', store, 'copied', input('yes'));
  check(
    'a copy goes to its end, and the original waits on',
    member(done, 'status') === 'completed' && list().includes('two'),
  );
  car('claim', store, 'two');
  const refused = ['delete', 'rename', 'copy'].map((command) =>
    run.refusal([command, store, 'two', ...(command === 'delete' ? [] : ['--into', 'x']), '--commit']),
  );
  check('a run that is claimed is left alone', same(refused, ['claimed', 'claimed', 'claimed']), refused);
}
{
  const store = join(run.folder, 'damaged');
  const runs = join(store, 'runs');
  mkdirSync(runs, { recursive: true });
  mkdirSync(join(store, 'results'));
  for (const name of readdirSync(join(fresh, 'results')))
    writeFileSync(join(store, 'results', name), readFileSync(join(fresh, 'results', name)));
  const sources = ['plain', 'two', 'loop', 'rich', 'owned'].map((id) =>
    readFileSync(join(fresh, 'runs', `${id}.json`), 'utf8'),
  );
  for (const [id, bytes] of damagedRuns(sources)) writeFileSync(join(runs, `${id}.json`), bytes);
  const judged = car('judge', store) as Record<string, string | null>;
  const threads = run.forkpoint(['threads', store]) as unknown[];
  const ours = new Map(
    threads.map((t) => [String(member(t, 'thread')), /cannot read/.test(String(member(t, 'refused')))] as const),
  );
  const wrong = Object.entries(judged).filter(([id, said]) => ours.get(id) !== (said !== null));
  check(
    `of ${Object.keys(judged).length} damaged files we refuse exactly those that CAR refuses`,
    wrong.length === 0 &&
      ours.size === Object.keys(judged).length &&
      Object.values(judged).filter((s) => s === null).length > 50,
    wrong.slice(0, 8).map(([id, said]) => [
      id,
      said,
      member(
        threads.find((t) => member(t, 'thread') === id),
        'refused',
      ),
    ]),
  );
  renameSync(runs, join(store, 'gone'));
}
process.exit(run.finish({ 'car-workflow': '0.60.0', 'car-eventlog': '0.60.0' }));
