// P6: what changed between two states of 10 MB, from their stored bytes.

import { encode } from '@msgpack/msgpack';
import microdiff from 'microdiff';
import type { Encoding } from '../src-main/values/cursor.ts';
import { diffValues, summarize } from '../src-main/values/diff/diff.ts';
import { toPatch } from '../src-main/values/diff/patch.ts';
import type { ValueDiff } from '../src-main/values/diff/tree.ts';
import { openValue } from '../src-main/values/open.ts';
import { atMost, faster, interleaved, size } from './support/bench.ts';
import type { Bench, Figure } from './support/bench.ts';
import { changesOf, chatState } from './support/states.ts';

/** What is opened before each measured diff, so that nothing of its states has been seen before. */
const stranger = Buffer.from(JSON.stringify(chatState(100_000, 999)));

function forget(): void {
  openValue('json', stranger);
}

function difference(encoding: Encoding, before: Uint8Array, after: Uint8Array): ValueDiff {
  const diff = diffValues(openValue(encoding, before), openValue(encoding, after));
  summarize(diff);
  return diff;
}

export const bench: Bench = {
  id: 'P6',
  title: 'Diff of two large states',
  async run({ scale }) {
    const before = chatState(10_000_000 * scale, 6);
    const oldText = Buffer.from(JSON.stringify(before));
    const figures: Figure[] = [];
    for (const change of changesOf(before)) {
      const newText = Buffer.from(JSON.stringify(change.after));
      const oldPacked = encode(before);
      const newPacked = encode(change.after);
      const [, json = 0, packed = 0, reference = 0] = await interleaved(
        9,
        forget,
        () => difference('json', oldText, newText),
        () => difference('msgpack', oldPacked, newPacked),
        () => microdiff(JSON.parse(oldText.toString('utf8')), JSON.parse(newText.toString('utf8'))),
      );
      const patch = Buffer.byteLength(toPatch(difference('json', oldText, newText)));
      const smallest = Buffer.byteLength(JSON.stringify(change.smallestPatch));
      const of = 'JSON.parse of both, microdiff';
      const note = `2 × ${size(oldText.length)}`;
      figures.push(
        faster(5, { what: `JSON, ${change.name}`, work: json, reference, of, note }),
        faster(5, {
          what: `msgpack, ${change.name}`,
          work: packed,
          reference,
          of,
          note: `2 × ${size(oldPacked.length)}`,
        }),
        atMost(1.1, {
          what: `patch, ${change.name}`,
          work: patch,
          unit: 'B',
          reference: smallest,
          of: 'smallest',
          note: '',
        }),
      );
    }
    return figures;
  },
};
