import { expect, test } from 'vitest';
import { utf8 } from '../bytes.ts';
import { serdeRefusal } from './serde-text.ts';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

test.each([
  ['{"a":[1,-0.0,1e+21,1.5,"x\\n\\"[[\\u00e9"],"b":null,"c":true}', null],
  ['"NaN Infinity"', null],
  ['"\\ud83e\\udda6"', null],
  ['18446744073709551616', null],
  ['1e308', null],
  ['1e309', /out of range/],
  [`1${'0'.repeat(400)}`, /out of range/],
  ['[NaN]', /NaN/],
  ['{"a":-Infinity}', /NaN or Infinity/],
  ['Infinity', /NaN or Infinity/],
  ['"\\ud800"', /surrogate/],
  ['"\\udc00\\ud800"', /surrogate/],
  ['"\\ud800\\u0041"', /surrogate/],
  ['"\\ud800x"', /surrogate/],
  [nested(127), null],
  [nested(128), /127 levels/],
])('%s', (text, expected) => {
  const said = serdeRefusal(utf8(text));
  if (expected === null) expect(said).toBeNull();
  else expect(said).toMatch(expected);
});

test('bytes that are not UTF-8', () => expect(serdeRefusal(new Uint8Array([0x22, 0xff, 0x22]))).toMatch(/UTF-8/));
