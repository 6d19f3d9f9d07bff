import { describe, expect, it } from 'vitest';
import { nextTasks } from './next.ts';
import { openPoint } from './point.ts';
import { inApplyOrder, tasksOf } from './tasks.ts';
import type { Point } from './point.ts';

function point(values: unknown, versions: unknown, seen: unknown, v = 4): Point {
  const cell = { v, id: 'x', channel_values: values, channel_versions: versions, versions_seen: seen };
  return openPoint(
    {
      thread: 't',
      namespace: '',
      id: 'x',
      parent: null,
      type: 'json',
      checkpoint: new TextEncoder().encode(JSON.stringify(cell)),
      metadata: new TextEncoder().encode('{"step":1}'),
      sealed: null,
      around: null,
    },
    'js',
  );
}
const names = (p: Point): string[] | null => nextTasks(p)?.map((t) => t.node) ?? null;
const version = (n: number): string => `${String(n).padStart(32, '0')}.0.5`;

describe('what is next', () => {
  it.each<[string, unknown, unknown, unknown, string[]]>([
    ['a branch that was not seen', { 'branch:to:a': null }, { 'branch:to:a': 2 }, {}, ['a']],
    [
      'a branch seen at an older version',
      { 'branch:to:a': null },
      { 'branch:to:a': 2 },
      { a: { 'branch:to:a': 1 } },
      ['a'],
    ],
    [
      'not a branch seen at this version',
      { 'branch:to:a': null },
      { 'branch:to:a': 2 },
      { a: { 'branch:to:a': 2 } },
      [],
    ],
    [
      'not a branch seen at this text version',
      { 'branch:to:a': null },
      { 'branch:to:a': version(2) },
      { a: { 'branch:to:a': version(2) } },
      [],
    ],
    [
      'a branch with a later text version',
      { 'branch:to:a': null },
      { 'branch:to:a': version(10) },
      { a: { 'branch:to:a': version(9) } },
      ['a'],
    ],
    ['a branch that a command named', { 'branch:to:a': '__start__' }, { 'branch:to:a': 2 }, {}, ['a']],
    ['not a branch that has no value', {}, { 'branch:to:a': 9 }, {}, []],
    ['a deferred node that may run', { 'branch:to:a': [null, true] }, { 'branch:to:a': 2 }, {}, ['a']],
    ['not a deferred node that waits', { 'branch:to:a': [null, false] }, { 'branch:to:a': 2 }, {}, []],
    ['a full join', { 'join:a+b:c': ['b', 'a'] }, { 'join:a+b:c': 2 }, {}, ['c']],
    ['not a join with a name missing', { 'join:a+b:c': ['b'] }, { 'join:a+b:c': 2 }, {}, []],
    [
      'a full join of odd names',
      { 'join:x+y+z:w:end:it': ['z:w', 'x+y'] },
      { 'join:x+y+z:w:end:it': 2 },
      {},
      ['end:it'],
    ],
    ['not a deferred join that waits', { 'join:a+b:c': [['a', 'b'], false] }, { 'join:a+b:c': 2 }, {}, []],
    ['a deferred join that may run', { 'join:a+b:c': [['a', 'b'], true] }, { 'join:a+b:c': 2 }, {}, ['c']],
    [
      'Sends in order, then nodes',
      {
        __pregel_tasks: [
          { node: 's', args: 1 },
          { node: 's', args: 2 },
        ],
        'branch:to:a': null,
      },
      { 'branch:to:a': 1 },
      {},
      ['s', 's', 'a'],
    ],
    ['Sends kept as seen and values', { __pregel_tasks: [[], [{ node: 's', args: 1 }]] }, {}, {}, ['s']],
    ['nothing of an empty list of Sends', { __pregel_tasks: [] }, { __pregel_tasks: 3 }, {}, []],
    ['the start', { __start__: {} }, { __start__: 1 }, { __input__: {} }, ['__start__']],
    [
      'a functional entrypoint by its last run',
      { __start__: {} },
      { __start__: 3 },
      { wf: { __start__: 1 }, __interrupt__: { __start__: 1 } },
      ['wf'],
    ],
    ['not a start that was seen', { __start__: {} }, { __start__: 1 }, { __start__: { __start__: 1 } }, []],
  ])('%s', (_, values, versions, seen, expected) => {
    expect(names(point(values, versions, seen))).toEqual(expected);
  });

  it('is started by other channels before version 3', () => {
    expect(names(point({ 'start:a': '__start__' }, {}, {}, 1))).toEqual(['a']);
    expect(names(point({ '__start__:a': '__start__' }, {}, {}, 1))).toEqual(['a']);
    expect(names(point({ 'branch:a:if: x:b': 'a' }, {}, { a: {} }, 2))).toEqual(['b']);
    expect(names(point({ 'branch:to:b': 'a', n: 1 }, {}, { a: {} }, 2))).toEqual(['b']);
  });

  it('cannot be told before version 3 where nothing was seen to follow the node that ran', () => {
    expect(names(point({ a: 'a' }, { a: 2 }, { a: {} }, 2))).toBeNull();
    expect(names(point({ a: 'a' }, { a: 2 }, { a: {} }, 3))).toEqual([]);
    expect(names(point({ a: 'a' }, { a: 2 }, { a: {}, b: { a: 1 } }, 2))).toEqual(['b']);
    expect(names(point({ a: 'a' }, { a: 1 }, { a: {}, b: { a: 1 } }, 2))).toEqual([]);
    expect(names(point({ status: 'status' }, {}, { a: {} }, 2))).toEqual([]);
  });

  it('is applied nodes first, by name, then Sends by position', () => {
    const p = point(
      {
        __pregel_tasks: [
          { node: 'z', args: 1 },
          { node: 'a', args: 2 },
        ],
        'branch:to:n': null,
        'branch:to:b': null,
      },
      {},
      {},
    );
    expect(inApplyOrder(tasksOf(p, []).planned ?? []).map((t) => `${t.next.kind} ${t.name}`)).toEqual([
      'pull b',
      'pull n',
      'push z',
      'push a',
    ]);
  });
});
