import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indentJson, jsonTokens, parseJsonText } from './json-text.ts';

describe('JSON as text', () => {
  it('accepts what JSON.parse accepts and nothing else', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJsonText(text)).not.toBeNull();
      }),
    );
    for (const bad of ['', '{', '01', '1.', "{'a':1}", '[1,]', '{"a":1,}', 'NaN', '"\n"', '1 2', '"\\x"']) {
      expect(parseJsonText(bad), bad).toBeNull();
    }
  });

  it('does not follow nesting without end', () => {
    expect(parseJsonText('['.repeat(100_000) + ']'.repeat(100_000))).toBeNull();
    expect(indentJson('['.repeat(100_000))).toBe('['.repeat(100_000));
  });

  it('indents without touching a number', () => {
    expect(indentJson('{"a":1.0,"big":12345678901234567890,"list":[1,2]}', 24)).toBe(
      '{\n  "a": 1.0,\n  "big": 12345678901234567890,\n  "list": [1, 2]\n}',
    );
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: 5, max: 120 }), (text, width) => {
        expect(JSON.parse(indentJson(text, width))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('colours pieces that join to the text, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(
          jsonTokens(text)
            .map((t) => t.text)
            .join(''),
        ).toBe(text);
      }),
    );
    expect(jsonTokens('{"a": "b", "n": -1.5e3, "t": true}').filter((t) => t.kind !== 'plain')).toEqual([
      { kind: 'key', text: '"a"' },
      { kind: 'string', text: '"b"' },
      { kind: 'key', text: '"n"' },
      { kind: 'number', text: '-1.5e3' },
      { kind: 'key', text: '"t"' },
      { kind: 'word', text: 'true' },
    ]);
  });
});
