import { expect, it } from 'vitest';
import { rustText } from './rust-text.ts';

it('writes ids into code as Rust literals, whatever is in them', () => {
  expect(rustText('a"b\\c\n\u0000\u202e')).toBe('"a\\"b\\\\c\\u{a}\\u{0}\\u{202e}"');
});
