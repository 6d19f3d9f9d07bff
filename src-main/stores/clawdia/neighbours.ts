// What stands beside the points of a run: the contents and provider arguments that its records refer to, resolved; the tool
// projection, archived events, and what pools hold of it.

import type { CheckpointKey } from '../../../shared/model/key.ts';
import { asBuffer, unicodeAt, utf8 } from '../../values/bytes.ts';
import type { Cursor } from '../../values/cursor.ts';
import { opaqueValue, openValue } from '../../values/open.ts';
import type { NeighbourRecord } from '../store.ts';
import { textOf } from './decode.ts';
import type { RunPoints } from './points.ts';
import { openText, type RecordView } from './record.ts';
import type { RunSource } from './source.ts';
import { walk } from './walk.ts';

/** Members that hold content ids: `content_refs`, `requested_args_refs`, `candidate_content_ref`, … and whole references. */
const isContentMember = (name: string) =>
  name === 'content_id' || name === 'content_ref_manifest' || /(?:^|_)content_refs?$|_args_refs$/.test(name);

/** Content ids that a record or checkpoint refers to, in its order. */
export function contentIdsOf(root: Cursor): readonly string[] {
  const ids = new Set<string>();
  for (const { value, name, owner } of walk(root)) {
    const text = value.kind === 'string' && name !== null ? textOf(value) : null;
    if (text === null || name === null) continue;
    if (isContentMember(name) || (name === 'id' && owner !== null && textOf(owner.get('kind')) === 'content'))
      ids.add(text);
  }
  return [...ids];
}

/** Stored bytes as something to look at: JSON where they are, text where they are, else by their size. */
export function shownBytes(bytes: Uint8Array): Cursor {
  const json = openText(bytes);
  if (!('reason' in json)) return json;
  const text = unicodeAt(asBuffer(bytes), 0, bytes.length);
  return text === null ? opaqueValue('bytes', bytes) : openValue('json', utf8(JSON.stringify(text)));
}

/** Arguments of the tool call that a record is about, as the provider gave them; else the content it refers to. */
export function argumentsOf(source: RunSource, record: RecordView): Cursor | null {
  const ids = contentIdsOf(record.root);
  for (const id of ids) {
    const raw = source.providerArguments(id);
    if (raw !== null) return shownBytes(raw);
  }
  for (const id of ids) {
    const content = source.content(id);
    if (content !== null) return shownBytes(content.bytes);
  }
  return null;
}

/** @param at only what belongs to this point; null: everything */
export function* neighboursOf(
  source: RunSource,
  points: RunPoints,
  at: number | null,
  keyAt: (index: number) => CheckpointKey,
): Generator<NeighbourRecord, void, void> {
  const bySeq = new Map<string, number>();
  points.places.forEach((place, i) => {
    if (place.kind === 'record') bySeq.set(place.seq, i);
  });
  const seen = new Set<string>();
  for (let index = at ?? 0; index < (at === null ? points.count : at + 1); index += 1) {
    const place = points.places[index]!;
    const reading = place.kind === 'record' ? source.record(place) : source.checkpoint(place);
    if (!reading.ok) continue;
    for (const id of contentIdsOf(reading.view.root)) {
      if (seen.has(id)) continue;
      seen.add(id);
      const base = { time: null, checkpoint: keyAt(index) };
      const raw = source.providerArguments(id);
      if (raw !== null) {
        yield { ...base, record: `provider_arguments:${id}`, kind: 'provider_arguments', content: shownBytes(raw) };
      }
      const content = source.content(id);
      if (content === null) continue;
      yield { ...base, record: `content_ref:${id}`, kind: 'content_ref', content: content.ref };
      yield { ...base, record: `content:${id}`, kind: 'content', content: shownBytes(content.bytes) };
    }
  }
  const taken = new Map<string, number>();
  for (const { id, kind, time, seq, content } of source.beside(points.run)) {
    const index = seq === null ? undefined : bySeq.get(seq);
    const name = `${kind}:${id}`;
    // A projection that was written twice names a call twice; what a person scripts against must not.
    const nth = (taken.get(name) ?? 0) + 1;
    taken.set(name, nth);
    if (at !== null && index !== at) continue;
    const checkpoint = index === undefined ? null : keyAt(index);
    yield { record: nth === 1 ? name : `${name}#${nth}`, kind, time, checkpoint, content };
  }
}
