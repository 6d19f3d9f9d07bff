// The records of a thread document: each journal record and checkpoint as it is stored, and what they refer to, so that a document of
// one backend can be imported into the other.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { utf8 } from '../../values/bytes.ts';
import type { ThreadRecord } from '../store.ts';
import { textOf } from './decode.ts';
import { contentIdsOf } from './neighbours.ts';
import type { RunPoints } from './points.ts';
import type { RecordView } from './record.ts';
import type { RunSource } from './source.ts';

export const kinds = {
  record: 'journal_record',
  checkpoint: 'checkpoint',
  content: 'content',
  provided: 'provider_arguments',
} as const;

const cell = (name: string, storage: 'text' | 'blob', bytes: Uint8Array) => ({ name, storage, bytes });

export function* exportRun(source: RunSource, points: RunPoints): Generator<ThreadRecord, void, void> {
  const seen = new Set<string>();
  let provider = '';
  for (const place of points.places) {
    const reading = place.kind === 'record' ? source.record(place) : source.checkpoint(place);
    if (!reading.ok) {
      throw new ForkpointError(
        'corrupt',
        `Point ${place.id} of this run cannot be read: ${reading.reason} The run was not exported.`,
        'Fork a point before it, and export that run.',
      );
    }
    const { root } = reading.view;
    const kind = place.kind === 'record' ? kinds.record : kinds.checkpoint;
    yield { kind, cells: [cell('json', 'text', root.slice())] };
    const payload = root.get('payload');
    provider = textOf(payload?.get('provider_route_id') ?? null) ?? provider;
    for (const id of contentIdsOf(root)) {
      if (seen.has(id)) continue;
      seen.add(id);
      yield* referredTo(source, id, place.kind === 'record' ? { root, payload } : null, provider);
    }
  }
}

function* referredTo(
  source: RunSource,
  id: string,
  record: Pick<RecordView, 'root' | 'payload'> | null,
  provider: string,
): Generator<ThreadRecord, void, void> {
  const raw = source.providerArguments(id);
  if (raw !== null) {
    // The file tree keeps arguments by their id only; whose they are, the record tells that refers to them.
    const payload = record?.payload ?? null;
    const call = textOf(payload?.get('tool_call_id') ?? null) ?? '';
    const tool = textOf(payload?.get('canonical_tool_name') ?? null) ?? '';
    yield {
      kind: kinds.provided,
      cells: [
        cell('content_ref', 'text', utf8(id)),
        cell('raw_arguments', 'blob', raw),
        cell('provider_ref', 'text', utf8(provider)),
        cell('call_id', 'text', utf8(call)),
        cell('canonical_tool_name', 'text', utf8(tool)),
      ],
    };
  }
  const content = source.content(id);
  if (content === null) return;
  yield {
    kind: kinds.content,
    cells: [
      cell('content_id', 'text', utf8(id)),
      cell('content_ref', 'text', content.ref.slice()),
      cell('bytes', 'blob', content.bytes),
    ],
  };
}
