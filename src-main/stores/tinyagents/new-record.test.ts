// Property: whatever is replaced in a record, every other byte stays, numbers above all.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openValue } from '../../values/open.ts';
import { applyEdits } from '../../values/splice.ts';
import { utf8 } from '../../values/bytes.ts';
import { drawnId, metadataText, rewriteRecord, stringText } from './new-record.ts';
import { readRecord } from './record.ts';

/** Number texts that a reader through JavaScript's numbers would change. */
const lexeme = fc.oneof(
  fc.constantFrom('1.0', '-0', '0.10', '1e-7', '1E400', '9007199254740993', '18446744073709551615', '-0.0', '2.50'),
  fc.bigInt().map(String),
  fc.tuple(fc.integer(), fc.nat(999)).map(([a, b]) => `${a}.${String(b).padStart(3, '0')}`),
);
const name = fc.string({ unit: 'grapheme', maxLength: 6 });
const text = fc.string({ unit: 'grapheme' });

/** Member texts in a random order, as a record of any release with unknown members among them. */
const record = fc
  .record({
    numbers: fc.array(fc.tuple(name, lexeme), { minLength: 1, maxLength: 8 }),
    unknown: lexeme,
    thread: text,
    id: text,
    old: fc.boolean(),
    order: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
  })
  .map(({ numbers, unknown, thread, id, old, order }) => {
    const members = new Map([...numbers].map(([key, value]) => [`k${key}`, value]));
    const state = `{${[...members].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')},"topic":"x"}`;
    const parts = [
      `"thread_id":${JSON.stringify(thread)}`,
      `"checkpoint_id":${JSON.stringify(id)}`,
      '"namespace":[]',
      `"state":${state}`,
      '"next_nodes":["a","a"]',
      '"completed_tasks":[]',
      '"interrupts":[]',
      `"unknown":[${unknown},{"more":${unknown}}]`,
      '"metadata":{"source":"loop","step":3}',
      ...(old ? [] : ['"run_id":"r"', '"parent_checkpoint_id":null', '"pending_writes":[{"node":"a"}]']),
    ];
    const shuffled = parts.map((part, i) => [order[i] ?? 0, part] as const).sort((a, b) => a[0] - b[0]);
    return { text: `{${shuffled.map(([, part]) => part).join(',')}}`, state, members, old, id };
  });

it('edits keep every other number’s text, and every other member where it was', () => {
  fc.assert(
    fc.property(record, text, (given, thread) => {
      const root = openValue('json', utf8(given.text));
      const state = root.get('state')!;
      const edited = applyEdits(state, [{ op: 'set', path: 'topic', value: '"y"' }], 'json-serde');
      const made = rewriteRecord(
        root,
        {
          thread_id: stringText(thread),
          checkpoint_id: stringText('new'),
          parent_checkpoint_id: stringText(given.id),
          state: edited.bytes,
          metadata: metadataText('fork', 3, []),
        },
        { run_id: utf8('null'), pending_writes: utf8('[]') },
      );
      const reading = readRecord(made);
      expect(reading).toMatchObject({
        ok: true,
        record: { thread, id: 'new', parent: given.id, source: 'fork', step: 3 },
      });
      const after = openValue('json', made);
      for (const [key, value] of given.members) expect(after.get('state')!.get(key)!.lexeme()).toBe(value);
      expect(Buffer.from(after.get('unknown')!.slice())).toEqual(Buffer.from(root.get('unknown')!.slice()));
      const names = (at: typeof root) => Array.from({ length: at.count }, (_, i) => at.key(i).text());
      expect(names(after).slice(0, root.count)).toEqual(names(root));
      expect(after.get('run_id') === null).toBe(given.old);
    }),
  );
});

it('writes metadata as the framework sorts it', () => {
  expect(Buffer.from(metadataText('fork', 3, ['a"b', 'é'])).toString()).toBe(
    '{"interrupted_nodes":["a\\"b","é"],"source":"fork","step":3}',
  );
  expect(Buffer.from(metadataText('update', 0, [])).toString()).toBe('{"source":"update","step":0}');
});

it('refuses an id that is not Unicode', () => {
  expect(() => stringText('\ud800')).toThrow(expect.objectContaining({ code: 'bad_value' }));
});

it('draws ids that are uuids of version 4', () => {
  expect(drawnId(new Uint8Array(16).fill(255))).toBe('ckpt-fork-ffffffff-ffff-4fff-bfff-ffffffffffff');
});
