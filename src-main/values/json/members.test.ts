import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openValue } from '../open.ts';
import { jsonText } from '../testing/documents.ts';
import { MemberSpans } from './members.ts';

const names = ['id', 'state', 'next', 'about'];
const passing = { name: 'state', before: ['next'], begins: '{"id":' };

function found(text: string): (string | null)[] | null {
  // In a block among others, as lines stand.
  const block = Buffer.from(`{"id":"before"}\n${text}\n{"id":"behind","state":1,"next":2}\n`);
  const at = 16;
  const to = at + Buffer.byteLength(text);
  const spans = new MemberSpans(names, passing);
  if (!spans.read(block, at, to)) return null;
  return names.map((_, n) => (spans.start(n) < 0 ? null : block.toString('utf8', spans.start(n), spans.end(n))));
}

describe('members found without a look into the state', () => {
  test('are those that a cursor finds, whatever the state and the rest hold', () => {
    // What misleads on purpose: the marks inside strings and inside objects of the state.
    const misleading = fc.constantFrom(
      '{"next":1}',
      '{"a":1,"next":{"b":2},"about":3}',
      '[{"a":1,"next":2}]',
      '",\\"next\\":1"',
      '{"a":"x,","next":"}"}',
      '{}',
      'null',
      '1.0',
    );
    const compact = jsonText.filter((text) => text === text.trim() && !text.includes('\n'));
    fc.assert(
      fc.property(fc.oneof(misleading, compact), fc.oneof(misleading, compact), (state, about) => {
        const text = `{"id":"x","other":[1,{"next":0}],"state":${state},"next":["n"],"about":${about}}`;
        const spans = found(text);
        // A record that stands in another one's line may not be told apart from one that was glued to it.
        if (spans === null) return;
        const root = openValue('json', Buffer.from(text));
        names.forEach((name, n) => expect(spans[n]).toBe(Buffer.from(root.get(name)!.slice()).toString()));
      }),
    );
    expect(found('{"id":"x","state":{"a":1,"next":2},"next":3,"about":{"z":1,"next":4}}')).toEqual([
      '"x"',
      '{"a":1,"next":2}',
      '3',
      '{"z":1,"next":4}',
    ]);
  });

  test('end behind a rest of any length', () => {
    for (const length of [0, 100, 2000, 3000, 40_000, 600_000]) {
      const about = `["${'y'.repeat(length)}"]`;
      expect(found(`{"id":"x","state":{"n":1},"next":[],"about":${about}}`)?.[3]).toBe(about);
    }
  });

  test.each([
    ['{"id":"x","state":{"a":"cut of{"id":"x","state":{},"next":[],"about":1}', 'glued to one that was cut off'],
    ['{"id":"x","state":{},"next":[],"about":1', 'cut off behind the state'],
    ['{"id":"x","state":{"a":', 'cut off in the state'],
    ['{"id":"x","state":{},"next":[tru],"about":1}', 'damaged behind the state'],
    ['{"id":x,"state":{},"next":[],"about":1}', 'damaged before the state'],
    ['{"id":"x", "state":{},"next":[],"about":1}', 'written with spaces'],
    ['{"\\u0069d":"x","state":{},"next":[]}', 'written with escapes in names'],
    ['{"id":"x","id":"y","state":{},"next":[]}', 'with a member twice'],
    ['{"id":"x","state":{}}', 'without what follows the state'],
    ['[]', 'a list'],
    ['', 'empty'],
  ])('a text is left to be read in full: %s (%s)', (text) => {
    expect(found(text)).toBeNull();
  });

  test('the state is not looked for any more where it was not found again and again', () => {
    const spans = new MemberSpans(names, passing);
    const other = Buffer.from('{"id":1,"state":{},"else":1}');
    const usual = Buffer.from('{"id":1,"state":{},"next":1}');
    expect(spans.read(usual, 0, usual.length)).toBe(true);
    for (let i = 0; i < 8; i++) expect(spans.read(other, 0, other.length)).toBe(false);
    expect(spans.read(usual, 0, usual.length)).toBe(false);
  });
});
