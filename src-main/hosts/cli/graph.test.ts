import { expect, test } from 'vitest';
import { graphRows } from './graph.ts';

function draw(parent: readonly number[], names: string): string[] {
  return graphRows(parent, (i) => names[i] ?? '?').flatMap((r) => (r.join === null ? [r.lanes] : [r.lanes, r.join]));
}

test('a chain is one lane, newest first', () => {
  expect(draw([-1, 0, 1], 'abc')).toEqual(['c', 'b', 'a']);
});

test('a fork joins the lane that it left', () => {
  // a─b─c      main
  //   └─d      fork
  expect(draw([-1, 0, 1, 1], 'abcd')).toEqual(['d', '│ c', '├─╯', 'b', 'a']);
});

test('two forks of one point, and a second root', () => {
  expect(draw([-1, 0, 0, 0, -1], 'abcde')).toEqual(['e', 'd', '│ c', '│ │ b', '├─┴─╯', 'a']);
});

test('lanes between are crossed, not lost', () => {
  // a─b─d
  // └─c─e─f, g on a
  const rows = draw([-1, 0, 0, 1, 2, 4, 0], 'abcdefg');
  expect(rows.join('\n')).toBe(['g', '│ f', '│ e', '│ │ d', '│ c │', '│ │ b', '├─┴─╯', 'a'].join('\n'));
});
