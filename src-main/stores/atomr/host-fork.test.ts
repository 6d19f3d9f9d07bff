// Forks and edits of host branches: one file, as both hosts write it; names, undo, and the traps that were measured.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Edit } from '../../values/edit.ts';
import type { EditRequest, ForkRequest } from '../store.ts';
import {
  committed,
  keyAt,
  openFixture,
  planned,
  rowsOf,
  textOf,
  threadsOf,
  undone,
  type Opened,
} from './testing/fixtures.ts';

const opened: Opened[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

function fixture(name: string, prepare?: (path: string) => void): Opened {
  const one = openFixture(name, prepare);
  opened.push(one);
  return one;
}

const now = '1800000000000';
const checkpoints = 'agents/alpha/state/checkpoints';
const forkOf = (key: CheckpointKey, branch: string, edits: readonly Edit[] = []): ForkRequest => ({
  operation: 'fork',
  key,
  edits,
  target: { kind: 'thread', thread: branch.includes('/') ? branch : `alpha/${branch}` },
  pending: 'drop',
  leave: [],
});
const editOf = (key: CheckpointKey, edits: readonly Edit[]): EditRequest => ({
  operation: 'edit',
  key,
  edits,
  leave: [],
});
const counter: Edit = { op: 'set', path: 'counter', value: '100' };

/** All files and folders of the store with their bytes. */
function contents({ path }: Opened): Record<string, string> {
  const all: Record<string, string> = {};
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    all[full.slice(path.length)] = entry.isDirectory() ? 'folder' : readFileSync(full, 'latin1');
  }
  return all;
}
const fileText = ({ path }: Opened, name: string) => readFileSync(join(path, checkpoints, name), 'utf8');
const codes = (one: Opened, request: ForkRequest | EditRequest) =>
  planned(one, request).plan.warnings.map((warning) => warning.code);

describe('into a new branch', () => {
  it('Rust: the same file of another branch and time, with the branch that it came from; undo takes the folder too', () => {
    const one = fixture('host-branches');
    const before = contents(one);
    const { plan, bundle } = committed(one, forkOf(keyAt(one.store, 'alpha/main', 1), 'try', [counter]));
    const source = fileText(one, 'main/1795267324118.json');
    expect(source).toContain('\n  "branch_id": "main",');
    expect(fileText(one, `try/${now}.json`)).toBe(
      source
        .replace('"branch_id": "main"', '"branch_id": "try"')
        .replace('"ts_ms": 1795267324118', `"ts_ms": ${now}`)
        .replace(/"counter": \d+/, '"counter": 100')
        .replace('"parent_branch": null', '"parent_branch": "main"')
        .replace('checkpoints/main/1795267324118.json', `checkpoints/try/${now}.json`),
    );
    expect(plan.target).toEqual({ thread: 'alpha/try', id: now });
    expect(plan.warnings.map((w) => w.code)).toEqual(['not_current']);
    expect(plan.resume!.code).toContain('switch_branch(&paths, "try")');
    expect(rowsOf(one.store, 'alpha/try')).toMatchObject([{ id: now, parentThread: 'alpha/main' }]);
    expect(plan.changes.changes[0]!.key).toBe(keyAt(one.store, 'alpha/try', 0));
    undone(one, bundle);
    expect(contents(one)).toEqual(before);
  });

  it('Python: on one line, every other byte as it stands', () => {
    const one = fixture('host-branches-py');
    committed(one, forkOf(keyAt(one.store, 'alpha/main', 3), 'try', [{ op: 'set', path: 'notes.one', value: '2.0' }]));
    const source = fileText(one, 'main/1795267400003.json');
    expect(fileText(one, `try/${now}.json`)).toBe(
      source
        .replace('"branch_id": "main"', '"branch_id": "try"')
        .replace('"ts_ms": 1795267400003', `"ts_ms": ${now}`)
        .replace('"one": 1.0', '"one": 2.0')
        .replace('"parent_branch": null', '"parent_branch": "main"'),
    );
  });

  it('keeps NaN and 2^70 of Python', () => {
    const one = fixture('host-branches-py');
    committed(
      one,
      forkOf(
        keyAt(one.store, 'alpha/odd', 0),
        'odd-2',
        [{ op: 'append', path: 'list', value: '1' }].slice(1) as Edit[],
      ),
    );
    expect(fileText(one, `odd-2/${now}.json`)).toContain(
      '"huge": 1180591620717411303424, "low": -Infinity, "nan": NaN, "neg": -0.0',
    );
  });

  it('undo is refused once the host has gone on in it', () => {
    const one = fixture('host-branches');
    const { bundle } = committed(one, forkOf(keyAt(one.store, 'alpha/main', 1), 'try'));
    writeFileSync(join(one.path, checkpoints, 'try/1800000000001.json'), '{}');
    expect(() => undone(one, bundle)).toThrow(expect.objectContaining({ code: 'moved' }));
  });

  it.each([
    ['host-branches', 'main', 'exists'],
    ['host-branches', 'feature', 'exists'],
    ['host-branches', 'alpha/feature%2Fy', 'bad_value'],
    ['host-branches', '..', 'bad_value'],
    ['host-branches', '.hidden', 'bad_value'],
    ['host-branches', 'CURRENT', 'bad_value'],
    ['host-branches', 'x'.repeat(256), 'bad_value'],
    ['host-branches', 'gamma/x', 'unable'],
    ['host-branches', 'nobody/x', 'unable'],
    ['host-branches', 'a/b/c', 'bad_value'],
    ['host-branches', 'Ünï 2', null],
    ['host-branches-py', 'Ünï 2', 'bad_value'],
    ['host-branches-py', 'a.b_c-1', null],
  ])('%s: the name %j', (name, branch, code) => {
    const one = fixture(name);
    const before = contents(one);
    const request = forkOf(keyAt(one.store, 'alpha/main', 0), branch);
    if (code === null)
      expect(codes(one, request)).toEqual([...(branch === 'Ünï 2' ? ['rust_only'] : []), 'not_current']);
    else expect(() => planned(one, request)).toThrow(expect.objectContaining({ code }));
    expect(contents(one)).toEqual(before);
  });

  it('an empty folder of the name is taken', () => {
    const one = fixture('host-branches', (path) => mkdirSync(join(path, checkpoints, 'emptied')));
    expect(() => planned(one, forkOf(keyAt(one.store, 'alpha/main', 0), 'emptied'))).toThrow(
      expect.objectContaining({ code: 'exists' }),
    );
  });

  it('nothing of ours is left where a host lists branches', () => {
    const one = fixture('host-branches');
    committed(one, forkOf(keyAt(one.store, 'alpha/main', 1), 'try'));
    const names = readdirSync(join(one.path, checkpoints)).sort();
    expect(names).toEqual(['CURRENT', 'bench', 'bench-2', 'feature', 'main', 'pruned', 'try', 'Ünï côde']);
    expect(readdirSync(dirname(one.path)).filter((each) => each.startsWith('.'))).toEqual([]);
  });
});

describe('in place', () => {
  it.each([
    ['host-branches', '1795267324143'],
    ['host-branches-py', '1795267400003'],
  ])('%s: one more file, which is the latest', (name, newest) => {
    const one = fixture(name);
    const before = contents(one);
    const { plan, bundle } = committed(one, editOf(keyAt(one.store, 'alpha/main', -1), [counter]));
    expect(plan.warnings.map((w) => w.code)).toEqual(['may_be_running']);
    const rows = rowsOf(one.store, 'alpha/main');
    expect(rows.slice(-2).map((row) => row.id)).toEqual([newest, now]);
    expect(one.store.threadDetail('alpha/main').head).toBe(rows.at(-1)!.key);
    expect(textOf(one.store.state(keyAt(one.store, 'alpha/main', -1)).root!.get('counter'))).toBe('100');
    undone(one, bundle);
    expect(contents(one)).toEqual(before);
  });

  it('an older point stands behind the newest; names go above those that are there', () => {
    const one = fixture('host-branches-py', (path) =>
      writeFileSync(
        join(path, checkpoints, 'main/1900000000000.json'),
        readFileSync(join(path, checkpoints, 'main/1795267400003.json')),
      ),
    );
    const { plan } = committed(one, editOf(keyAt(one.store, 'alpha/main', 0), [counter]));
    expect(plan.warnings.map((w) => w.code)).toEqual(['behind_newest', 'may_be_running']);
    expect(plan.target).toEqual({ thread: 'alpha/main', id: '1900000000001' });
    expect(rowsOf(one.store, 'alpha/main').at(-1)).toMatchObject({ id: '1900000000001' });
  });

  it('is refused where the Rust host would never look: names as text', () => {
    const one = fixture('host-branches', (path) =>
      writeFileSync(
        join(path, checkpoints, 'main/edited (1).json'),
        readFileSync(join(path, checkpoints, 'main/1795267324118.json')),
      ),
    );
    expect(rowsOf(one.store, 'alpha/main').at(-1)!.id).toBe('edited (1)');
    expect(() => planned(one, editOf(keyAt(one.store, 'alpha/main', 0), [counter]))).toThrow(/names as text/);
    expect(codes(one, forkOf(keyAt(one.store, 'alpha/main', -1), 'try'))).toEqual(['not_current']);
  });

  it('nothing is planned where nothing would change', () => {
    const one = fixture('host-branches');
    const head = keyAt(one.store, 'alpha/main', -1);
    const inPlace = { ...forkOf(head, 'x'), target: { kind: 'in-place' } } as const;
    expect(() => planned(one, inPlace)).toThrow(expect.objectContaining({ code: 'unable' }));
    expect(() => planned(one, editOf(head, []))).toThrow(expect.objectContaining({ code: 'bad_value' }));
    expect(planned(one, { ...inPlace, key: keyAt(one.store, 'alpha/main', 0) }).plan.changes.changes).toHaveLength(1);
  });
});

describe('edits that one of the hosts does not read', () => {
  const nan: Edit = { op: 'set', path: 'x', value: '{"$float":"NaN"}' };
  const huge: Edit = { op: 'set', path: 'x', value: '18446744073709551616' };
  const list: Edit = { op: 'set', path: '', value: '[]' };
  it('Rust', () => {
    const one = fixture('host-branches');
    const key = keyAt(one.store, 'alpha/main', 0);
    expect(() => planned(one, forkOf(key, 'x', [nan]))).toThrow(expect.objectContaining({ code: 'bad_value' }));
    expect(codes(one, forkOf(key, 'x', [huge]))).toContain('integer_too_large');
    expect(codes(one, forkOf(key, 'x', [list]))).toContain('not_an_object');
  });
  it('Python', () => {
    const one = fixture('host-branches-py');
    const key = keyAt(one.store, 'alpha/main', 0);
    expect(codes(one, forkOf(key, 'x', [nan]))).toEqual(['python_only', 'not_current']);
    expect(codes(one, forkOf(key, 'x', [huge]))).toEqual(['not_current']);
  });
});

it('a branch that was forked into again is not drawn as one line', () => {
  const one = fixture('host-branches', (path) => {
    const text = readFileSync(join(path, checkpoints, 'bench/1795267324131.json'), 'utf8');
    writeFileSync(
      join(path, checkpoints, 'bench/1795267324999.json'),
      text.replace('"parent_branch": "main"', '"parent_branch": "gone"'),
    );
  });
  expect(
    rowsOf(one.store, 'alpha/bench').map((row) => [row.parent === null, row.parentThread, row.missingParent]),
  ).toEqual([
    [true, 'alpha/main', null],
    [false, null, null],
    [true, null, 'alpha/gone'],
  ]);
  expect(one.store.threadDetail('alpha/bench').branches).toBe(2);
});

it('follows what a host writes', () => {
  const one = fixture('host-branches');
  const first = one.store.changesSince(null);
  expect(one.store.changesSince(first.token).threads).toEqual([]);
  const text = fileText(one, 'bench/1795267324135.json');
  writeFileSync(join(one.path, checkpoints, 'bench/1795267325000.json'), text);
  const second = one.store.changesSince(first.token);
  expect(second.threads).toEqual(['alpha/bench']);
  expect(rowsOf(one.store, 'alpha/bench').at(-1)).toMatchObject({ id: '1795267325000', note: 'CURRENT' });
  writeFileSync(join(one.path, checkpoints, 'CURRENT'), 'main');
  expect(one.store.changesSince(second.token).threads).toContain('alpha/main');
  expect(rowsOf(one.store, 'alpha/bench').at(-1)!.note).toBe('holds ts_ms 1795267324135');
  expect(threadsOf(one.store).length).toBe(8);
});
