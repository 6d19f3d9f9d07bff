// What the terminal promises, held against every genuine store: paths find what `show` prints, patches lead from one state to the
// other, the same value again is no edit, a key is one point, a copy is a store of its own.

import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runForkpoint, type Ran } from './testing/run.ts';
import { itemsOf, member, parse, patched, placesOf, stringOf, textOf, type Json } from './testing/lossless.ts';

const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'forkpoint-contract-'));
beforeAll(() => {
  process.env['FORKPOINT_DATA'] = join(folder, 'data');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Neighbours of stores, and what is read without being held to the contract: one file each of the dev servers. */
const closed = /neighbours|dev-server|redis|file-session/;
/** Where a store may lie in the folder of a fixture. */
const places = ['store', 'store.db', 'runs', 'host', 'live.sqlite'];
const stores = readdirSync(fixtures)
  .filter((where) => where !== 'README.md')
  .flatMap((where) => [where, `${where}/legacy`])
  .filter((where) => existsSync(join(fixtures, where)))
  .flatMap((where) =>
    readdirSync(join(fixtures, where)).flatMap((name) =>
      name.endsWith('.sqlite')
        ? [join(where, name)]
        : places.map((inner) => join(where, name, inner)).filter((p) => existsSync(join(fixtures, p))),
    ),
  )
  .filter((path) => !closed.test(path));

let copies = 0;
function copyOf(store: string): string {
  const from = store.startsWith('/') ? store : join(fixtures, store);
  const to = join(folder, String(copies++), basename(from));
  for (const name of readdirSync(dirname(from)).filter((n) => n.startsWith(basename(from))))
    cpSync(join(dirname(from), name), join(dirname(to), name), { recursive: true });
  return to;
}

const run = (...args: string[]): Promise<Ran> => runForkpoint(args);

async function json(...args: string[]): Promise<Json> {
  const { code, out, err } = await run('--json', ...args);
  expect([code, err], args.join(' ')).toEqual([0, '']);
  return parse(out);
}

/** Threads that the framework itself cannot read are shown as far as they can be, and held to nothing here. */
const sound = (threads: Json): string[] =>
  itemsOf(threads)
    .filter((t) => textOf(member(t, 'refused')) === 'null')
    .map((t) => stringOf(member(t, 'thread')));
const keyOf = (point: Json): string => stringOf(member(point, 'key'));
const named = (thread: string): string[] => ['--thread-json', JSON.stringify(thread)];
const first = <T>(list: readonly T[], count: number): readonly T[] => list.slice(0, count);

/** Some of a list, evenly, its ends included. */
function some<T>(list: readonly T[], count: number): T[] {
  const step = Math.max(1, (list.length - 1) / (count - 1));
  return list.length <= count ? [...list] : Array.from({ length: count }, (_, i) => list[Math.round(i * step)] as T);
}

test('there are stores to hold it against', () => expect(stores.length).toBeGreaterThan(80));

describe.each(stores)('%s', (fixture) => {
  test('keys, paths and patches', async () => {
    const store = copyOf(fixture);
    const threads = sound(await json('threads', store));
    const keys = new Set<string>();
    const states: { thread: string; key: string; state: Json }[] = [];
    for (const thread of first(threads, 3)) {
      const log = itemsOf(await json('log', store, ...named(thread), '--all-namespaces'));
      for (const point of log) {
        expect(keys).not.toContain(keyOf(point));
        keys.add(keyOf(point));
      }
      for (const point of some(log, 3)) {
        const shown = await json('show', store, ...named(thread), '--', keyOf(point));
        for (const [name, value] of point.kind === 'object' ? point.members : [])
          expect(textOf(member(shown, name)), name).toBe(textOf(value));
        const state = member(shown, 'state');
        if (state.kind !== 'object') continue;
        states.push({ thread, key: keyOf(point), state });
        for (const { dotted, pointer, value } of some([...placesOf(state)], 3)) {
          for (const path of dotted === null ? [pointer] : [dotted, pointer]) {
            const found = await json('show', store, ...named(thread), `--path=${path}`, '--', keyOf(point));
            expect(textOf(found), path).toBe(textOf(value));
          }
        }
      }
    }
    for (const [i, before] of some(states, 3).entries()) {
      const after = states[(i * 5 + 1) % states.length] ?? before;
      const patch = await json('diff', store, ...named(before.thread), '--patch', '--', before.key, after.key);
      expect(textOf(patched(before.state, patch), true)).toBe(textOf(after.state, true));
    }
  });

  test('setting what stands there changes no byte, and is taken back', async () => {
    const store = copyOf(fixture);
    for (const thread of first(sound(await json('threads', store)), 1)) {
      const state = member(await json('show', store, ...named(thread)), 'state');
      if (state.kind !== 'object') continue;
      const edits = [...state.members]
        .filter(([, value]) => !textOf(value).includes('"$opaque"'))
        .flatMap(([key, value]) => ['--set', `[${JSON.stringify(key)}]=${textOf(value)}`]);
      const into = `${thread}-again`;
      const ask = ['fork', store, ...named(thread), ...edits, '--into', into, '--json'];
      const planned = await run(...ask);
      if (planned.code === 3) continue;
      expect(planned).toMatchObject({ code: 0, err: '' });
      const planId = stringOf(member(parse(planned.out), 'planId'));
      const done = parse((await run(...ask, '--commit', '--expect', planId)).out);
      expect(itemsOf(member(done, 'warnings')).map((w) => stringOf(member(w, 'code')))).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/number_kind|type_change/)]),
      );
      const bytes = await json('show', store, ...named(thread), '--path=', '--raw');
      expect(textOf(await json('show', store, ...named(into), '--path=', '--raw'))).toBe(textOf(bytes));
      expect(keyOf(await json('show', store, ...named(into)))).toBe(
        stringOf(member(member(done, 'target'), 'checkpoint')),
      );

      // A copy may take it back, too; what it does is no business of the original.
      const copy = copyOf(store);
      await json('undo', copy, '--commit');
      expect((await run('show', copy, ...named(into))).code).toBe(1);
      const [last] = itemsOf(await json('operations', store));
      expect(
        [member(last, 'operation'), member(last, 'undone'), member(last, 'undoable')].map((j) => textOf(j)),
      ).toEqual(['"fork"', 'false', 'true']);
      await json('undo', store, '--commit');
      expect((await run('show', store, ...named(into))).code).toBe(1);
    }
  });
});

describe('the rest of the contract', () => {
  const agent = (): string => copyOf('langgraph-py/py-agent.sqlite');

  test('info tells that a store can be written', async () => {
    expect(textOf(member(await json('info', agent()), 'writable'))).toBe('true');
    expect(textOf(member(await json('info', copyOf('tinyagents/v211-file-linear/store')), 'writable'))).toBe('true');
  });

  test('a relative path is meant from here', async () => {
    const store = agent();
    expect(stringOf(member(await json('info', relative(process.cwd(), store)), 'path'))).toBe(store);
  });

  test('a key of another thread is for a diff only', async () => {
    const store = agent();
    const key = keyOf(await json('show', store, 'agent-resumed'));
    for (const command of ['show', 'pending', 'fork'])
      expect((await run(command, store, 'agent-pending', key)).code).toBe(1);
    await json('diff', store, 'agent-pending', 'head', key);
  });

  test('commands of later releases are unknown', async () => {
    const { out } = await run('--help');
    for (const later of 'blame watch bisect find prune compact rearm complete answer run-from skip rewind doctor repair'.split(
      ' ',
    )) {
      expect(out).not.toMatch(new RegExp(`^ +${later}\\b`, 'm'));
      const seen = await run(later, 'x', 'y', '--json');
      expect(seen.code).toBe(2);
      expect(stringOf(member(member(parse(seen.out), 'error'), 'code'))).toBe('usage');
    }
  });

  test('a document goes into a store of the same framework only', async () => {
    const file = join(folder, 'document.json');
    await json('export', agent(), 'agent-pending', '-o', file);
    for (const other of ['langgraph-js/agent.sqlite', 'tinyagents/v211-sqlite-linear/store.db'])
      expect((await run('import', copyOf(other), file)).code).toBe(3);
    await json('import', copyOf('langgraph-py/py-timetravel.sqlite'), file, '--commit');
  });
});
