// Stores of older versions and encrypted ones, which today's LangGraph goes on with. The judge of a fork without an edit is LangGraph's
// own time travel to the same point, in another copy of the store.

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { everything, items, member, root, same, target } from '../harness.ts';
import type { Driver, Run } from '../harness.ts';
import { fixtureKey, fixtureKeyName } from '../terminal.ts';
import { namedCheckpoint } from './plans.ts';

const ahead = (points: unknown): readonly unknown[] => items(points).filter((p) => items(member(p, 'next')).length > 0);

/** Stores with their threads, and the edit that each thread gets. */
const older: Readonly<Record<string, Readonly<Record<string, readonly [channel: string, json: string]>>>> = {
  'langgraph-py/legacy/py-2024-08-20': { agent: ['budget', '7'], fanout: ['topics', '["edited"]'], tt: ['n', '40'] },
  'langgraph-py/legacy/py-2025-03-27': {
    agent: ['budget', '7'],
    'agent-pending': ['budget', '8'],
    fanout: ['topics', '["edited"]'],
    tt: ['n', '40'],
  },
  'langgraph-py/legacy/py-2025-07-20': { 'agent-pending': ['budget', '8'], fanout: ['topics', '["edited"]'] },
  'langgraph-more/older-tasks': { 'both-ask': ['n', '40'], called: ['n', '40'] },
};

/** Copies of a genuine store, and what LangGraph comes to in them: asked at the end, all at once, for it starts slowly. */
class Copies {
  readonly #run: Run;
  readonly #store: string;
  readonly #key: string | null;
  readonly #asked: (string | null)[][] = [];
  readonly #judges: ((stops: (at: number) => readonly unknown[]) => void)[] = [];

  constructor(run: Run, store: string, key: string | null = null) {
    this.#run = run;
    this.#store = store;
    this.#key = key;
  }

  copy(name: string): string {
    const path = join(this.#run.folder, `${this.#store.replaceAll('/', '-')}-${name}.sqlite`);
    copyFileSync(join(root, 'fixtures', `${this.#store}.sqlite`), path);
    return path;
  }

  /** The number under which the stops of a thread will be found, once LangGraph has gone on from it. */
  goOn(path: string, graph: string, thread: string, checkpoint: string | null): number {
    return this.#asked.push([path, graph, thread, checkpoint, this.#key]) - 1;
  }

  judge(check: (stops: (at: number) => readonly unknown[]) => void): void {
    this.#judges.push(check);
  }

  ask(langgraph: Driver): void {
    const answers = items(langgraph('older', JSON.stringify(this.#asked)));
    for (const check of this.#judges) check((at) => items(answers[at]));
  }
}

/** The checkpoint that time travel begins at has asked already; a fork of it asks anew. */
function sameStops(fork: readonly unknown[], travel: readonly unknown[]): boolean {
  const begin = (stops: readonly unknown[]): unknown => [member(stops[0], 'next'), member(stops[0], 'values')];
  return travel.length > 1 && same(begin(fork), begin(travel)) && same(fork.slice(1), travel.slice(1));
}

const numbers = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null).replaceAll(/\{"int":"(-?\d+)"\}/g, '$1'));

export function olderStories(run: Run, langgraph: Driver): void {
  for (const [store, edits] of Object.entries(older)) {
    const copies = new Copies(run, store);
    const era = store.split('/').at(-1) ?? store;
    for (const [thread, [channel, json]] of Object.entries(edits)) {
      const points = ahead(run.forkpoint(['log', copies.copy('log'), thread, '--namespace', '']));
      run.check(`${era} ${thread}: there are points to go on from`, points.length > 0);
      for (const [i, point] of points.entries()) {
        const id = String(member(point, 'id'));
        const name = `${era} ${thread} step ${String(member(point, 'step'))}`;
        const travel = copies.goOn(copies.copy(`theirs-${id}`), thread, thread, id);

        const ours = copies.copy(`ours-${id}`);
        const plan = run.forkpoint(['fork', ours, thread, id, '--in-place', '--commit']);
        const fork = copies.goOn(ours, thread, thread, namedCheckpoint(plan));
        copies.judge((stops) =>
          run.check(
            `${name}: goes on in place as LangGraph's time travel does`,
            sameStops(stops(fork), stops(travel)),
            [stops(fork), stops(travel)],
          ),
        );

        const away = copies.copy(`away-${id}`);
        const before = everything(away);
        const edit = run.forkpoint(['fork', away, thread, id, '--set', `${channel}=${json}`, '--commit']);
        if (i === 0) {
          run.forkpoint(['undo', away, '--commit']);
          run.check(`${name}: undo takes the edited fork back`, everything(away) === before);
          run.forkpoint(['undo', away, '--commit']);
        }
        const edited = copies.goOn(away, thread, target(edit), namedCheckpoint(edit));
        copies.judge((stops) => {
          const [first, ...rest] = stops(edited);
          run.check(
            `${name}: the edited fork is loaded with the edit, and the same is next`,
            same(numbers(member(first, 'values', channel)), JSON.parse(json)) &&
              same(member(first, 'next'), member(stops(travel)[0], 'next')),
            [first, stops(travel)],
          );
          run.check(`${name}: it runs to its end`, same(member(rest.at(-1), 'next'), []), rest);
        });
      }
    }
    copies.ask(langgraph);
  }
}

export function encryptedStories(run: Run, langgraph: Driver): void {
  const copies = new Copies(run, 'langgraph-py/py-encrypted', fixtureKey);
  const key = ['--key-env', fixtureKeyName];
  for (const point of ahead(run.forkpoint(['log', copies.copy('log'), 't', ...key]))) {
    const id = String(member(point, 'id'));
    const name = `encrypted step ${String(member(point, 'step'))}`;
    const travel = copies.goOn(copies.copy(`theirs-${id}`), 't', 't', id);
    const asTravel = (how: string, path: string, plan: unknown): void => {
      const fork = copies.goOn(path, 't', target(plan), namedCheckpoint(plan));
      copies.judge((stops) =>
        run.check(`${name}: ${how} as LangGraph's time travel does`, sameStops(stops(fork), stops(travel)), [
          stops(fork),
          stops(travel),
        ]),
      );
    };

    const place = copies.copy(`place-${id}`);
    asTravel(
      'with the key it goes on in place',
      place,
      run.forkpoint(['fork', place, 't', id, '--in-place', ...key, '--commit']),
    );
    const sealed = copies.copy(`sealed-${id}`);
    asTravel(
      'what was copied without the key goes on, with the key,',
      sealed,
      run.forkpoint(['fork', sealed, 't', id, '--pending', 'drop', '--commit']),
    );
    const refusal = run.forkpoint(['fork', sealed, 't', id, '--set', 'n=40', '--commit'], 3);
    run.check(`${name}: without the key no edit is made`, member(refusal, 'error', 'code') !== undefined, refusal);

    const ours = copies.copy(`edit-${id}`);
    const before = everything(ours);
    const edit = run.forkpoint(['fork', ours, 't', id, '--set', 'n=40', ...key, '--commit']);
    run.forkpoint(['undo', ours, '--commit']);
    run.check(`${name}: undo takes the encrypted row back`, everything(ours) === before);
    run.forkpoint(['undo', ours, '--commit']);
    const edited = copies.goOn(ours, 't', target(edit), namedCheckpoint(edit));
    copies.judge((stops) => {
      const next = items(member(stops(travel)[0], 'next'))[0];
      const outcome = next === 'a' ? '410' : next === 'b' ? '400' : null;
      run.check(
        `${name}: LangGraph decrypts the edit and runs with it`,
        same(member(stops(edited)[0], 'values', 'n'), { int: '40' }) &&
          (outcome === null || same(member(stops(edited).at(-1), 'values', 'n'), { int: outcome })),
        stops(edited),
      );
    });
  }
  const file = join(run.folder, 'encrypted.json');
  const path = copies.copy('moved');
  run.forkpoint(['export', path, 't', '-o', file]);
  run.forkpoint(['import', path, file, '--into', 'moved', '--commit']);
  const moved = copies.goOn(path, 't', 'moved', null);
  const stayed = copies.goOn(copies.copy('stayed'), 't', 't', null);
  copies.judge((stops) =>
    run.check(
      'encrypted: what was exported and imported without the key is loaded with it',
      same(stops(moved), stops(stayed)) && stops(moved).length > 0,
      stops(moved),
    ),
  );
  copies.ask(langgraph);
}
