// What is shown, and said, of host branches that a crash or a hand has damaged; and of what each host refuses.

import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { asForkpointError } from '../../../shared/model/errors.ts';
import { drained, keyAt, openFixture, planned, rowsOf, textOf, threadsOf, type Opened } from './testing/fixtures.ts';

const opened: Opened[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

function changed(name: string, prepare: (branches: string, root: string) => void): Opened {
  const one = openFixture(name, (path) => prepare(join(path, 'agents/alpha/state/checkpoints'), path));
  opened.push(one);
  return one;
}

const whole = '{"branch_id":"main","agent_id":"alpha","ts_ms":1,"working_memory":{"a":1},"path":"x"}';
const deep = `{"branch_id":"main","agent_id":"alpha","ts_ms":1,"working_memory":${'['.repeat(10_000)}${']'.repeat(10_000)},"path":"x"}`;

describe('the newest file', () => {
  it.each([
    ['cut off', whole.slice(0, 40), /no JSON/],
    ['empty', '', /no JSON/],
    ['with a byte order mark', `\ufeff${whole}`, /no JSON/],
    ['a list', '[]', /not a JSON object/],
    ['without memory', whole.replace('working_memory', 'memory'), /no `working_memory`/],
    ['without agent', whole.replace('agent_id', 'agent'), /`agent_id` is missing/],
    ['with a negative time', whole.replace('"ts_ms":1', '"ts_ms":-1'), /`ts_ms` is missing or no whole number/],
    ['with NaN', whole.replace('{"a":1}', 'NaN'), /NaN or Infinity/],
    ['nested deeply', deep, /127 levels/],
    ['with a path that is none', whole.replace('"path":"x"', '"path":5'), /`path` is no text/],
  ])('%s: the Rust host cannot load the branch', (_, text, said) => {
    const one = changed('host-branches', (branches) =>
      writeFileSync(join(branches, 'main/1900000000000.json'), text.startsWith('{') ? text.replace('{', '{\n') : text),
    );
    const rows = rowsOf(one.store, 'alpha/main');
    const { refused } = one.store.threadDetail('alpha/main');
    expect(refused).toMatch(/^The Rust host cannot load this branch: of `1900000000000.json`/);
    expect(refused).toMatch(said);
    expect(rows.at(-1)!.note).toMatch(said);
    const key = keyAt(one.store, 'alpha/main', -1);
    expect(one.store.pending(key)).toMatchObject({ resumable: false, reason: expect.stringMatching(said) });
    expect(one.store.raw(key)).toHaveLength(1);
    expect(one.store.state(key).unforkable).toMatch(/\w/);
    const request = { operation: 'fork', edits: [], pending: 'drop', leave: [] } as const;
    const target = { kind: 'thread', thread: 'alpha/x' } as const;
    expect(() => planned(one, { ...request, key, target })).toThrow(expect.objectContaining({ code: 'corrupt' }));
    expect(() => drained(one.store.exportRecords('alpha/main'))).toThrow(expect.objectContaining({ code: 'corrupt' }));
    expect(rows).toHaveLength(6);
    expect(textOf(one.store.state(keyAt(one.store, 'alpha/main', 0)).root)).toContain('counter');
  });

  it('cut off anywhere: the Python host cannot list the branch', () => {
    const one = changed('host-branches-py', (branches) => {
      const path = join(branches, 'main/1795267400001.json');
      writeFileSync(path, readFileSync(path, 'utf8').slice(0, 50));
    });
    expect(one.store.threadDetail('alpha/main').refused).toMatch(
      /Python host cannot list this branch: of `1795267400001.json`/,
    );
    expect(rowsOf(one.store, 'alpha/main').map((row) => row.note !== null)).toEqual([false, true, false, false]);
  });
});

it('what is missing inside is lenient for Python', () => {
  const one = changed('host-branches-py', (branches) =>
    writeFileSync(join(branches, 'main/1900000000000.json'), '{"x": 1}'),
  );
  expect(one.store.threadDetail('alpha/main').refused).toBeNull();
  const state = one.store.state(keyAt(one.store, 'alpha/main', -1));
  expect([state.root, state.unforkable]).toEqual([null, 'It holds no working memory.']);
});

it('names of all kinds, links that lead out and files that are none stay where they are', () => {
  const one = changed('host-branches', (branches, root) => {
    mkdirSync(join(branches, 'a%2Fb #1'));
    writeFileSync(join(branches, 'a%2Fb #1/5.json'), whole);
    mkdirSync(join(branches, '..x'));
    writeFileSync(join(branches, '..x/5.json'), whole);
    writeFileSync(join(branches, 'main/.tmp'), '');
    symlinkSync('/etc', join(branches, 'etc'));
    mkdirSync(join(root, 'agents/..-odd/state/checkpoints/main'), { recursive: true });
    writeFileSync(join(root, 'agents/..-odd/state/checkpoints/main/5.json'), whole);
    writeFileSync(join(branches, 'CURRENT'), '\u0000../../x\n');
  });
  const threads = threadsOf(one.store).map((thread) => thread.thread);
  expect(threads).toEqual(expect.arrayContaining(['alpha/a%252Fb #1', 'alpha/..x', '..-odd/main']));
  expect(threads.some((thread) => thread.includes('etc'))).toBe(false);
  for (const thread of threads) expect(rowsOf(one.store, thread).length).toBeGreaterThan(0);
  expect(one.store.describe().notes.join()).toMatch(/also holds `.tmp`, which no host reads/);
});

it('an empty CURRENT is told: the hosts differ', () => {
  const one = changed('host-branches', (branches) => writeFileSync(join(branches, 'CURRENT'), '\n'));
  expect(one.store.describe().notes.join()).toMatch(/is empty: the Python host takes `main`/);
});

it('a damaged log of events is shown as it is', () => {
  const one = changed('host-branches', (_, root) => {
    const path = join(root, 'events.jsonl');
    writeFileSync(path, `${readFileSync(path, 'utf8')}\n[1]\n{"ts_ms":1e999,"kind":5}\n{"ts_ms":17952`);
    mkdirSync(join(root, 'agents/alpha/state/threads/cli'), { recursive: true });
    writeFileSync(join(root, 'agents/alpha/state/threads/cli/t-1.jsonl'), '{"kind": "user_message", "text": "hi"}\n');
  });
  const records = drained(one.store.neighbours('alpha/main')).batches.slice(-4);
  expect(records.map((record) => [record.kind, record.content.kind, record.time])).toEqual([
    ['event', 'list', null],
    ['event', 'map', null],
    ['event', 'opaque', null],
    ['user_message', 'map', null],
  ]);
});

it('cut off, or with bytes flipped, the rest is readable', () => {
  let random = 11;
  const next = (below: number) => {
    random = (random * 1103515245 + 12345) % 2147483648;
    return random % below;
  };
  for (const name of ['host-branches', 'host-branches-py']) {
    const one = changed(name, (branches) => {
      for (const entry of readdirSync(branches, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const bytes = readFileSync(path);
        if (bytes.length === 0 || next(3) === 0) continue;
        if (next(2) === 0) writeFileSync(path, bytes.subarray(0, next(bytes.length)));
        else {
          bytes[next(bytes.length)] = next(256);
          writeFileSync(path, bytes);
        }
      }
    });
    let read = 0;
    for (const { thread } of threadsOf(one.store)) {
      one.store.threadDetail(thread);
      for (const row of rowsOf(one.store, thread)) {
        try {
          textOf(one.store.state(row.key as never).root);
          one.store.pending(row.key as never);
          one.store.metadata(row.key as never);
          read += 1;
        } catch (thrown) {
          expect(asForkpointError(thrown).code).not.toBe('internal');
        }
      }
    }
    expect(read).toBeGreaterThan(3);
  }
});
