// Every colour that text is set in can be read on every surface that it stands on, in both schemes (WCAG AA: 4.5 to 1).

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('../src-renderer/styles/tokens.css', import.meta.url), 'utf8');

const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }] as const,
  ),
);

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

const plain = ['bg', 'panel', 'raise', 'accent-bg'];
const everywhere = [...plain, 'add-bg', 'del-bg', 'chg-bg'];
const statuses = ['waiting', 'failed', 'finished', 'running', 'armed', 'idle', 'orphaned'];
const branches = ['b0', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7'];

const pairs: [string, string][] = [
  ...['text', 'dim', 'faint'].flatMap((c) => everywhere.map((on): [string, string] => [c, on])),
  ...['accent', 'ok', 'string', 'number', 'keyword', ...statuses].flatMap((c) =>
    plain.map((on): [string, string] => [c, on]),
  ),
  ...branches.flatMap((c) => ['bg', 'panel', 'raise'].map((on): [string, string] => [c, on])),
  ...['add', 'del', 'chg'].flatMap((c) => ['bg', 'panel', `${c}-bg`].map((on): [string, string] => [c, on])),
  ['on-accent', 'accent'],
];

test.each(['light', 'dark'] as const)('text can be read on its surfaces, %s', (scheme) => {
  const unreadable = pairs.flatMap(([text, surface]) => {
    const [a, b] = [tokens.get(text)?.[scheme], tokens.get(surface)?.[scheme]];
    if (a === undefined || b === undefined) return [`${text} or ${surface} is no token`];
    const ratio = contrast(a, b);
    return ratio >= 4.5 ? [] : [`${text} on ${surface}: ${ratio.toFixed(2)}`];
  });
  expect(unreadable).toEqual([]);
});
