// Property: whatever is replaced in a record, every other byte stays, numbers above all.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { utf8 } from '../../values/bytes.ts';
import { applyEdits } from '../../values/splice.ts';
import { lineText, metadataText, stringText } from './new-record.ts';
import { nameOfThread, isFileOf } from './names.ts';
import { readLine } from './record.ts';

/** Number texts that a reader through JavaScript's numbers would change. */
const lexeme = fc.oneof(
  fc.constantFrom('1.0', '-0', '0.10', '1e-7', '1E400', '9007199254740993', '18446744073709551615', '-0.0', '2.50'),
  fc.bigInt().map(String),
  fc.tuple(fc.integer(), fc.nat(999)).map(([a, b]) => `${a}.${String(b).padStart(3, '0')}`),
);
const path = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const text = fc.string({ unit: 'grapheme' });

it('edits keep every other number’s text, and every other member where it was', () => {
  fc.assert(
    fc.property(
      fc.array(lexeme, { minLength: 1, maxLength: 6 }),
      fc.array(fc.tuple(text, path), { maxLength: 4 }),
      lexeme,
      text,
      text,
      fc.nat(),
      (numbers, queue, unknown, thread, other, seq) => {
        const items = `[${queue.map(([node, p]) => `[${JSON.stringify(node)},${p}]`).join(',')}]`;
        const before = (id: string, n: number, value: string) =>
          `{"seq":${n},"created_at":"t","x":${unknown},"checkpoint":{"queue":${items},"thread_id":${JSON.stringify(id)},"state":{"data":{"n":[${numbers.join(',')}],"topic":${value}},"y":${unknown}},"step":1,"node":"a","created_at":"t"}}`;
        const reading = readLine(utf8(before(thread, 7, '"x"')));
        if (!reading.ok) throw new Error(reading.reason);
        const edited = applyEdits(reading.record.state!, [{ op: 'set', path: 'topic', value: '"y"' }], 'json-serde');
        const made = lineText(reading.record, other, String(seq), edited.bytes);
        expect(Buffer.from(made).toString()).toBe(before(other, seq, '"y"'));
        expect(reading.record.queue!.map((item) => item.path)).toEqual(queue.map(([, p]) => String(p)));
        expect(Buffer.from(metadataText(reading.record)).toString()).toContain(`"x":${unknown}`);
      },
    ),
  );
});

it('refuses an id that is not Unicode', () => {
  expect(() => stringText('\ud800')).toThrow(expect.objectContaining({ code: 'bad_value' }));
});

it.each([
  ['a/b', 'a_b'],
  ['_a_b_', 'a_b'],
  ['...', ''],
  ['///', ''],
  ['', ''],
  [' .dots. ', 'dots'],
  ['new\nline', 'newline'],
  ['日本/スレッド', '日本_スレッド'],
])('names the file of %j', (thread, name) => {
  expect(nameOfThread(thread)).toBe(name);
  expect(isFileOf(thread, name === '' ? 'thread-7cc506e0610e96f.jsonl' : `${name}.jsonl`)).toBe(true);
  expect(isFileOf(thread, 'other.jsonl')).toBe(false);
});
