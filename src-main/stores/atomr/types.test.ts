// Whatever stands in a state, a fork with an edit changes the edited slice and nothing else: no number changes its kind or its digits,
// no text its escapes, no text becomes a BLOB.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import Database from 'better-sqlite3';
import { afterAll, expect, it } from 'vitest';
import type { ForkRequest } from '../store.ts';
import { memoryMember } from './host-file.ts';
import { keyAt, openFixture, planned } from './testing/fixtures.ts';

const numbers = [
  '1.0',
  '-0.0',
  '1e+21',
  '1E5',
  '0',
  '18446744073709551615',
  '-9223372036854775808',
  '9007199254740993',
  '1e-7',
  '0.10',
];
const texts = ['"a"', '"\\u00e9\\/\\n"', '"ü🦦"', '""', '"\\ud83e\\udda6"'];
const spaces = fc.constantFrom('', ' ', '\n  ', '\t');

/** JSON texts of any spelling that atomr reads. */
const value = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...numbers, ...texts, 'null', 'true'),
    fc
      .tuple(fc.array(tie('value'), { maxLength: 3 }), spaces)
      .map(([items, gap]) => `[${gap}${items.join(`,${gap}`)}${gap}]`),
    fc
      .tuple(
        fc.array(fc.tuple(fc.constantFrom('"k"', '"a.b"', '""', '"__proto__"', '"k"'), tie('value')), { maxLength: 3 }),
        spaces,
      )
      .map(([members, gap]) => `{${gap}${members.map(([k, v]) => `${k}${gap}:${gap}${v}`).join(`,${gap}`)}${gap}}`),
  ),
})).value;

const sql = openFixture('sql-linear');
const rust = openFixture('host-branches');
const python = openFixture('host-branches-py');
afterAll(() => [sql, rust, python].forEach((one) => one.close()));

const request = (key: ForkRequest['key'], thread: string): ForkRequest => ({
  operation: 'fork',
  key,
  edits: [{ op: 'set', path: 'edited', value: '2.0' }],
  target: { kind: 'thread', thread },
  pending: 'drop',
  leave: [],
});

it('a row', () => {
  const key = keyAt(sql.store, 'linear/run-linear', 3);
  fc.assert(
    fc.property(value, value, (before, after) => {
      const database = new Database(sql.path);
      const text = (edited: string) => `{"x":${before},"edited":${edited},"y":${after}}`;
      database
        .prepare("UPDATE agent_checkpoints SET values_json = ? WHERE run_id = 'run-linear' AND super_step = 4")
        .run(text('1'));
      database.close();
      const [change] = planned(sql, request(key, 'linear/fork')).plan.changes.changes;
      expect(change).toMatchObject({ kind: 'copy', set: { values_json: text('2.0') } });
    }),
    { numRuns: 40 },
  );
});

it.each([
  ['Rust', rust, 'main/1795267324143.json'],
  ['Python', python, 'main/1795267400003.json'],
] as const)('a file of the %s host', (_, opened, name) => {
  const path = join(opened.path, 'agents/alpha/state/checkpoints', name);
  const genuine = readFileSync(path, 'utf8');
  const start = genuine.indexOf(`"${memoryMember}": `) + memoryMember.length + 4;
  const member = genuine.slice(
    start,
    genuine.indexOf('"thread_head"') > start ? genuine.indexOf(',\n  "thread_head"') : -1,
  );
  fc.assert(
    fc.property(value, value, (before, after) => {
      const memory = (edited: string) => `{"x":${before},"edited":${edited},"y":${after}}`;
      writeFileSync(
        path,
        genuine.replace(member, () => memory('1')),
      );
      const key = keyAt(opened.store, 'alpha/main', -1);
      const [change] = planned(opened, request(key, 'alpha/fork')).plan.changes.changes;
      if (change?.kind !== 'new-file' || !(change.content[0] instanceof Uint8Array)) throw new Error('one new file');
      const made = Buffer.from(change.content[0]).toString('utf8');
      expect(made).toContain(memory('2.0'));
      expect(made.replace(memory('2.0'), '').includes('2.0')).toBe(false);
    }),
    { numRuns: 25 },
  );
});
