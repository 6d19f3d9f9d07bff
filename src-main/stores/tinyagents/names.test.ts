import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeThread, escapeThreadLegacy, isLineFile, ledgerFiles, threadFiles, unescapeThread } from './names.ts';

describe('file names of threads', () => {
  it.each([
    ['flow:f1:run-a', 'flow%3Af1%3Arun-a', 'flow%3Af1%3Arun-a'],
    ['Alice', '%41lice', 'Alice'],
    ['a/b', 'a%2Fb', 'a%2Fb'],
    ['é', '%C3%A9', '%C3%A9'],
    ['', '', ''],
    ['a%b', 'a%25b', 'a%25b'],
    ['..', '..', '..'],
    ['line\nbreak', 'line%0Abreak', 'line%0Abreak'],
    ["x'; DROP TABLE checkpoints;--", 'x%27%3B%20%44%52%4F%50%20%54%41%42%4C%45%20checkpoints%3B--', null],
  ])('escapes %j', (thread, canonical, legacy) => {
    expect(escapeThread(thread)).toBe(canonical);
    if (legacy !== null) expect(escapeThreadLegacy(thread)).toBe(legacy);
  });

  it('names every file a thread may have, the framework’s first choice first', () => {
    expect(threadFiles('Alice')).toEqual(['%41lice.jsonl', 'Alice.jsonl']);
    expect(ledgerFiles('Alice')).toEqual(['%41lice.writes.jsonl', 'Alice.writes.jsonl']);
    expect(threadFiles('bob')).toEqual(['bob.jsonl']);
  });

  it('reads back what either escaping wrote, and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (thread) => {
        expect(unescapeThread(escapeThread(thread))).toBe(thread);
        expect(unescapeThread(escapeThreadLegacy(thread))).toBe(thread);
      }),
    );
    expect(unescapeThread('a b')).toBeNull();
    expect(unescapeThread('%zz')).toBeNull();
    expect(unescapeThread('%ff')).toBeNull();
    expect(unescapeThread('%FF')).toBeNull();
    expect(unescapeThread('%61')).toBeNull();
  });

  it('takes no leftovers and no deeper files for line files', () => {
    expect(isLineFile('.jsonl')).toBe(true);
    expect(isLineFile('x.writes.jsonl')).toBe(true);
    expect(isLineFile('whole.jsonl.tmp.4242.0')).toBe(false);
    expect(isLineFile('journal/run-1.jsonl')).toBe(false);
    expect(isLineFile('a.lease')).toBe(false);
  });
});
