// What a host keeps beside the branches of an agent: its log of events, and (Python) the logs of chat threads.

import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Cursor } from '../../values/cursor.ts';
import { opaqueValue } from '../../values/open.ts';
import type { FilesReader } from '../backend.ts';
import { isBlank } from '../records/line-files.ts';
import type { NeighbourRecord } from '../store.ts';
import { eventsPath } from './host-layout.ts';
import type { HostPoints } from './host-points.ts';
import { isoTime, openJson } from './rows.ts';

function textMember(value: Cursor | null, name: string): string | null {
  const member = value?.kind === 'map' ? value.get(name) : null;
  return member?.kind === 'string' && member.isUnicode() ? member.text() : null;
}

/** Events of the agent, and those of the host as a whole; each line that is no JSON as its bytes. */
export function* neighboursOfBranch(reader: FilesReader, points: HostPoints): Generator<NeighbourRecord, void, void> {
  const { agent } = points.place.agent;
  const events = eventsPath(reader);
  if (events !== null) {
    for (const line of reader.lines(events)) {
      if (isBlank(line.bytes)) continue;
      const opened = openJson(line.bytes);
      const event = 'reason' in opened ? null : opened;
      const of = textMember(event, 'agent_id');
      if (of !== null && of !== agent) continue;
      yield {
        record: `${events}:${line.start}`,
        kind: textMember(event, 'kind') ?? 'event',
        time: timeOf(event),
        checkpoint: event === null ? null : pointOf(event, points),
        content: event ?? opaqueValue('damaged', line.bytes),
      };
    }
  }
  const { base } = points.place.agent;
  const threads = base === '' ? null : `${base.slice(0, base.lastIndexOf('/'))}/threads`;
  if (threads === null) return;
  for (const entry of reader.list(2, threads)) {
    if (!entry.path.endsWith('.jsonl')) continue;
    const name = entry.path.slice(threads.length + 1);
    for (const line of reader.lines(entry.path)) {
      if (isBlank(line.bytes)) continue;
      const opened = openJson(line.bytes);
      const message = 'reason' in opened ? null : opened;
      yield {
        record: `threads/${name}:${line.start}`,
        kind: textMember(message, 'kind') ?? 'thread_log',
        time: null,
        checkpoint: null,
        content: message ?? opaqueValue('damaged', line.bytes),
      };
    }
  }
}

/** Python writes milliseconds as a float. */
function timeOf(event: Cursor | null): string | null {
  const time = event?.kind === 'map' ? event.get('ts_ms') : null;
  return time?.kind === 'integer' || time?.kind === 'float' ? isoTime(Math.floor(time.approximate())) : null;
}

/** A fork's event names the branch, and sometimes the time of the file that it made. */
function pointOf(event: Cursor, points: HostPoints): CheckpointKey | null {
  const payload = event.kind === 'map' ? event.get('payload') : null;
  if (payload?.kind !== 'map' || textMember(payload, 'new') !== points.place.branch) return null;
  const time = payload.get('ts_ms');
  const index = time?.kind === 'integer' ? points.find('', time.lexeme(), 0) : -1;
  return index < 0 ? null : points.keyOf(index);
}
