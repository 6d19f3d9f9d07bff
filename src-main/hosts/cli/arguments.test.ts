import { expect, test } from 'vitest';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { readAssignment } from '../../service/report/assignment.ts';
import { commandFirst, positionals, wholeNumber } from './arguments.ts';

test('path and value are split at the first = outside brackets and quotes', () => {
  expect(readAssignment('plan="a=b"', '--set')).toEqual({ path: 'plan', value: '"a=b"' });
  expect(readAssignment('["a=b"].c=1', '--set')).toEqual({ path: '["a=b"].c', value: '1' });
  expect(readAssignment('["a\\"]=b"]=[1]', '--set')).toEqual({ path: '["a\\"]=b"]', value: '[1]' });
  expect(readAssignment('/a~1b/0={"x":1}', '--set')).toEqual({ path: '/a~1b/0', value: '{"x":1}' });
  expect(readAssignment('=1', '--set')).toEqual({ path: '', value: '1' });
  expect(readAssignment('/a[b=1', '--set')).toEqual({ path: '/a[b', value: '1' });
  expect(() => readAssignment('plan', '--set')).toThrow(ForkpointError);
});

test('--thread-json stands for the thread', () => {
  expect(positionals('show', ['store', 'thread', 'checkpoint?'], ['s', 'head'], String.raw`"a\u0000b"`)).toEqual({
    store: 's',
    thread: 'a\0b',
    checkpoint: 'head',
  });
  expect(() => positionals('show', ['store', 'thread'], ['s'], 'a')).toThrow(/JSON string/);
});

test('missing and surplus arguments are named', () => {
  expect(() => positionals('log', ['store', 'thread'], ['s'], undefined)).toThrow(/needs <thread>/);
  expect(() => positionals('log', ['store', 'thread'], ['s', 't', 'x'], undefined)).toThrow(/does not take "x"/);
  expect(positionals('show', ['store', 'thread', 'checkpoint?'], ['s', 't'], undefined)).toEqual({
    store: 's',
    thread: 't',
  });
});

test('counts are whole numbers', () => {
  expect(wholeNumber('12', '--limit', 1)).toBe(12);
  for (const bad of ['0', '-1', '1.5', 'x', '', '1e3'])
    expect(() => wholeNumber(bad, '--limit', 1)).toThrow(/whole number/);
});

test('options that stand before the command go behind it', () => {
  expect(commandFirst(['--json', 'log', 's', 't'])).toEqual(['log', '--json', 's', 't']);
  expect(commandFirst(['log', '--json', 's'])).toEqual(['log', '--json', 's']);
  expect(commandFirst(['--help'])).toEqual(['--help']);
  expect(commandFirst(['--json'])).toEqual(['--json']);
  expect(commandFirst(['--', '--json'])).toEqual(['--', '--json']);
});
