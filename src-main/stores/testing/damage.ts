// Seeded damage to a copy of a store: cut, flipped and inserted bytes, hostile text in place of values, odd names of files. Each case
// says what it did, so that a failure can be made again from the seed.

import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { integers, type Integers } from './seeded.ts';

/** One kind of damage; changes the bytes of one file of a store. */
export interface Damage {
  readonly kind: string;
  apply(bytes: Buffer, random: Integers): Buffer;
}

const deep = 10_000;
/** What stands in place of a JSON value: numbers of any size, text that is no text, nesting, names that JavaScript knows. */
export const hostileValues: readonly string[] = [
  '1e400',
  '-0',
  '123456789012345678901234567890',
  '-9223372036854775809',
  '0.1e-999999999',
  'NaN',
  '"\\u0000"',
  '"\\ud800"',
  '"\u0000"',
  `"${'x'.repeat(100_000)}"`,
  '{"__proto__":{"a":1},"constructor":null,"a":1,"a":2}',
  `${'['.repeat(deep)}${']'.repeat(deep)}`,
  `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
  '[',
  '',
  'null',
  '[]',
  '"2024-13-45T99:99:99Z"',
];

/** Spans of JSON values in a text, found roughly: what stands after a colon up to the next comma or bracket. */
function valueSpan(bytes: Buffer, random: Integers): readonly [number, number] | null {
  const from = bytes.indexOf(0x3a, random(Math.max(1, bytes.length)));
  if (from < 0) return null;
  let end = from + 1;
  while (end < bytes.length && !',}]\n'.includes(String.fromCharCode(bytes[end] ?? 0))) end++;
  return [from + 1, end];
}

export const damages: readonly Damage[] = [
  { kind: 'cut', apply: (bytes, random) => bytes.subarray(0, random(bytes.length + 1)) },
  {
    kind: 'flip',
    apply: (bytes, random) => {
      const changed = Buffer.from(bytes);
      if (changed.length > 0) {
        const at = random(changed.length);
        changed[at] = (changed[at] ?? 0) ^ (1 << random(8));
      }
      return changed;
    },
  },
  {
    kind: 'hole',
    apply: (bytes, random) => {
      const changed = Buffer.from(bytes);
      const at = random(changed.length + 1);
      changed.fill(0, at, Math.min(changed.length, at + 1 + random(4096)));
      return changed;
    },
  },
  {
    kind: 'hostile value',
    apply: (bytes, random) => {
      const span = valueSpan(bytes, random);
      const value = Buffer.from(hostileValues[random(hostileValues.length)] ?? '');
      if (span === null) return Buffer.concat([bytes, value]);
      return Buffer.concat([bytes.subarray(0, span[0]), value, bytes.subarray(span[1])]);
    },
  },
  {
    kind: 'repeated piece',
    apply: (bytes, random) => {
      const from = random(bytes.length + 1);
      const end = Math.min(bytes.length, from + 1 + random(2000));
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(from)]);
    },
  },
];

/** Names that a file of a store may come to bear. */
export const oddNames: readonly string[] = [
  '..jsonl',
  ' ',
  'a%2Fb.jsonl',
  '\u202egpj.json',
  'e\u0301.jsonl',
  'CON.json',
  '-rf.jsonl',
  `${'n'.repeat(240)}.jsonl`,
  'new\nline.json',
  '<img src=x onerror=alert(1)>.json',
];

/** Files of a store: itself, or all below the folder. */
export function filesOf(store: string): readonly string[] {
  if (!statSync(store).isDirectory()) return [store];
  return readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Damages one file of the store in the way that the seed chooses; gives what it did, for people. */
export function damageOne(store: string, seed: number, kinds: readonly Damage[] = damages): string {
  const random = integers(seed);
  const files = filesOf(store);
  const file = files[random(files.length)] ?? store;
  if (file !== store && random(20) === 0) {
    const name = oddNames[random(oddNames.length)] ?? '-';
    renameSync(file, join(dirname(file), name));
    return `${file} renamed to ${JSON.stringify(name)}`;
  }
  const damage = kinds[random(kinds.length)] as Damage;
  const bytes = readFileSync(file);
  const after = damage.apply(bytes, random);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, after);
  return `${damage.kind} in ${file} (${bytes.length} bytes, then ${after.length})`;
}
