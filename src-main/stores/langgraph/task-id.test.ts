import { describe, expect, it } from 'vitest';
import { byCodePoint, pullTaskIds, pushTaskId, uuid5, xxh3 } from './task-id.ts';
import { parseTaskPath } from './task-path.ts';

describe('task ids', () => {
  it('of Python are XXH3-128 over the checkpoint and the task', () => {
    const seed = { checkpoint: '1f1e5894-7b7a-6544-8003-551907c2f808', namespace: '', step: 4, node: 'tools' };
    expect(pullTaskIds(seed, ['branch:to:tools'], 'python')).toEqual(['cf248875-ed69-d217-dff9-21a9d374d009']);
  });

  it('of JavaScript are UUIDv5 with the step as text', () => {
    const seed = { checkpoint: '1f1e58b1-3919-6980-8001-76db14e24717', namespace: '', step: 2, node: 'b' };
    expect(pullTaskIds(seed, ['branch:to:b'], 'js')).toEqual(['f7425ae7-ea93-58cd-82ac-8f59d26f69de']);
    expect(uuid5(seed.checkpoint, '__interrupt__')).toBe('0c61c715-cc72-5f35-a318-d92d3bf041a4');
  });

  it('of interrupts are XXH3-128 of the namespace', () => {
    expect(xxh3('tools:cf248875-ed69-d217-dff9-21a9d374d009')).toBe('5d4400974b78f1a9b876ed1b97a08d52');
  });

  it('cannot be computed for an id that is no UUID', () => {
    const seed = { checkpoint: 'odd', namespace: '', step: 1, node: 'a' };
    expect(pullTaskIds(seed, ['branch:to:a'], 'python')).toEqual([]);
    expect(pushTaskId(seed, 0, 'js')).toBeNull();
  });

  it('sort triggers by code point', () => {
    expect(['\u{1F600}', '\uFFFD', 'a'].sort(byCodePoint)).toEqual(['a', '\uFFFD', '\u{1F600}']);
  });
});

describe('task paths', () => {
  it.each([
    ['~__pregel_pull, typed', { kind: 'pull', node: 'typed' }],
    ['~__pregel_pull, a.b[c], d', { kind: 'pull', node: 'a.b[c], d' }],
    ['~__pregel_pull, 研究 node', { kind: 'pull', node: '研究 node' }],
    ['~__pregel_push, 0000000003, 0000000000', { kind: 'push', index: 3 }],
    ['~__pregel_push, ~__pregel_pull, wf, x, 0000000002, 0000000001', { kind: 'call', entrypoint: 'wf, x' }],
    ['~__pregel_pull, risky, node_error_handler, 0000000000', { kind: 'handler', node: 'risky' }],
    ['~__interrupt__, 0000000000', { kind: 'update' }],
    ['~~0000000001~__pregel_pull, a', { kind: 'pull', node: 'a' }],
    ['', { kind: 'none' }],
    ['something of later', { kind: 'none' }],
  ])('%j', (path, expected) => {
    expect(parseTaskPath(path)).toEqual(expected);
  });
});
