import { expect, test } from 'vitest';
import { shownName } from './shown-name.ts';

test.each([
  ['a', '"a"'],
  ['', '""'],
  ['two\nlines', String.raw`"two\nlines"`],
  ['abc\u202egpj.exe', String.raw`"abc\u202egpj.exe"`],
  ['\u001b[2J\u007f', String.raw`"\u001b[2J\u007f"`],
  ['x'.repeat(10_000), `"${'x'.repeat(120)}…"`],
])('%j', (name, shown) => expect(shownName(name)).toBe(shown));
