import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { jsonText } from '../testing/documents.ts';
import { checkJson } from './check.ts';
import { KnownParts } from './known-parts.ts';
import type { LargeParts } from './large-parts.ts';
import { skipJson } from './skip.ts';

const spansOf = (parts: LargeParts): [number, number][] =>
  Array.from({ length: parts.count }, (_, i) => [parts.start(i), parts.end(i)]);

type Verdict = { start: number; end: number; parts: [number, number][] } | { error: string };

function verdict(b: Buffer, known: KnownParts | null): Verdict {
  try {
    const { start, end, parts } = checkJson(b, 0, b.length, known);
    return { start, end, parts: spansOf(parts) };
  } catch (error) {
    if (!(error instanceof ForkpointError)) throw error;
    return { error: error.message };
  }
}

/** A list of documents, and the same after a cut of its bytes: usually torn, sometimes still a document. */
const long = fc.array(jsonText, { minLength: 2, maxLength: 12 }).map((items) => `{"a":[${items.join(',')}]}`);

test('a check beside another text says exactly what a check alone says', () => {
  fc.assert(
    fc.property(long, long, fc.nat(400), fc.nat(40), fc.string({ maxLength: 3 }), (first, other, at, cut, put) => {
      const known = Buffer.from(first);
      const { parts } = checkJson(known, 0, known.length);
      const from = at % first.length;
      const edited = first.slice(0, from) + put + first.slice(from + cut);
      const items = first.slice(6, -2);
      for (const text of [
        first,
        other,
        edited,
        `{"a":[${items},1]}`,
        `{"b":[[],${items}],"a":[${items}]}`,
        `{"a":[${items}]`,
      ]) {
        const b = Buffer.from(text);
        expect(verdict(b, new KnownParts(known, parts))).toEqual(verdict(b, null));
      }
    }),
    { numRuns: 2000 },
  );
});

test('items passed over in a row, and a text that departs from the known one among them', () => {
  const pieces = fc.constantFrom('', ',', ']', '}', '[', '{', '"', ':', ' ', ',,', '],[', '},{', '[]', 'x');
  const gap = fc.constantFrom(',', ', ', ' ,\n', ',1,', ',[],', '],[');
  fc.assert(
    fc.property(
      fc.array(gap, { minLength: 20, maxLength: 60 }),
      fc.nat(8000),
      fc.nat(3),
      pieces,
      (gaps, at, cut, put) => {
        const item = (n: number): string =>
          n % 3 === 0 ? `"${'s'.repeat(90)}"` : `{"id":${n},"text":"${'t'.repeat(80)}"}`;
        const first = `{"a":[[${gaps.map((text, i) => item(i) + text).join('')}0]]}`;
        const known = Buffer.from(first);
        const { parts } = checkJson(known, 0, known.length);
        const from = at % first.length;
        const b = Buffer.from(first.slice(0, from) + put + first.slice(from + cut));
        expect(verdict(b, new KnownParts(known, parts))).toEqual(verdict(b, null));
      },
    ),
    { numRuns: 2000 },
  );
});

test('what the check notes is where the values end', () => {
  fc.assert(
    fc.property(long, (text) => {
      const b = Buffer.from(text);
      for (const [start, end] of spansOf(checkJson(b, 0, b.length).parts))
        expect(skipJson(b, start, b.length)).toBe(end);
    }),
  );
});
