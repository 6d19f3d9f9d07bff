// Graph journals: what `StoreGraphEventJournal` over `JsonlAppendStore` writes, one file per run, one event per line. They lie in a
// folder of the host's choice, mostly beside the checkpoints, and are told by what their first line says. Nothing of a run depends on
// them. A journal names its thread in every event, and a checkpoint in the events about one.

import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { FileEntry, FilesReader } from '../backend.ts';
import { identityOf, isBlank } from '../records/line-files.ts';
import type { NeighbourRecord } from '../store.ts';
import { namespaceOfText, namespaceText } from './namespace.ts';
import type { ThreadPoints } from './points.ts';
import { namesOf, openLine, textOf } from './record.ts';

/** Folders below the one that was named that are looked into. */
const depth = 3;

/** The observation in a journal line; null for any other line. */
export function observationOf(line: Cursor): Cursor | null {
  const value = line.kind === 'map' ? line.get('value') : null;
  if (value === null || value.kind !== 'map' || line.get('offset') === null) return null;
  return value.get('event') !== null && value.get('run_id') !== null ? value : null;
}

interface Journal {
  readonly identity: string;
  /** Thread and time of its first event; null where the file is no journal. */
  readonly first: { readonly thread: string | null; readonly time: number } | null;
}

export class Journals {
  readonly #readers: readonly FilesReader[];
  readonly #known = new Map<string, Journal>();

  constructor(readers: readonly FilesReader[]) {
    this.#readers = readers;
  }

  /** Events of a thread: runs in the order in which they began, each in its own order. `key`: only those that name that point. */
  *of(points: ThreadPoints, key: CheckpointKey | undefined): Generator<NeighbourRecord, void, void> {
    const found: { reader: FilesReader; path: string; time: number }[] = [];
    for (const reader of this.#readers) {
      for (const entry of reader.list(depth)) {
        const first = this.#firstOf(reader, entry);
        if (first?.thread === points.thread) found.push({ reader, path: entry.path, time: first.time });
      }
    }
    found.sort((a, b) => a.time - b.time || (a.path < b.path ? -1 : 1));
    for (const { reader, path } of found) {
      for (const event of eventsIn(reader, path, points)) {
        if (key === undefined || event.checkpoint === key) yield event;
      }
    }
  }

  #firstOf(reader: FilesReader, entry: FileEntry): Journal['first'] {
    if (!entry.path.endsWith('.jsonl') || entry.size === 0) return null;
    const place = `${reader.root}\u0000${entry.path}`;
    const identity = identityOf(entry);
    const known = this.#known.get(place);
    if (known?.identity === identity) return known.first;
    let first: Journal['first'] = null;
    for (const line of reader.lines(entry.path)) {
      if (isBlank(line.bytes)) continue;
      const root = openLine(line.bytes);
      const seen = 'reason' in root ? null : observationOf(root);
      if (seen !== null) first = { thread: textOf(seen.get('thread_id')), time: millisOf(seen) };
      break;
    }
    this.#known.set(place, { identity, first });
    return first;
  }
}

function millisOf(observation: Cursor): number {
  const time = observation.get('ts_ms');
  return time?.kind === 'integer' ? time.approximate() : Number.NaN;
}

function* eventsIn(reader: FilesReader, path: string, points: ThreadPoints): Generator<NeighbourRecord, void, void> {
  for (const line of reader.lines(path)) {
    if (isBlank(line.bytes)) continue;
    const root = openLine(line.bytes);
    const seen = 'reason' in root ? null : observationOf(root);
    // The last line of a run that is still going on may be half written; it comes with the next look.
    if (seen === null || textOf(seen.get('thread_id')) !== points.thread) continue;
    const millis = millisOf(seen);
    const event = seen.get('event');
    yield {
      record: `${path}:${line.start}`,
      kind: event?.kind === 'map' && event.count === 1 ? (textOf(event.key(0)) ?? 'event') : (textOf(event) ?? 'event'),
      time: Number.isFinite(millis) && Math.abs(millis) <= 8.64e15 ? new Date(millis).toISOString() : null,
      checkpoint: checkpointOf(seen, event, points),
      content: seen,
    };
  }
}

/** The point that an event names: `checkpoint_id` of the observation, or inside `CheckpointSaved` and `CheckpointRestored`. */
function checkpointOf(seen: Cursor, event: Cursor | null, points: ThreadPoints): CheckpointKey | null {
  const inside = event?.kind === 'map' && event.count === 1 ? event.child(0) : null;
  const id = textOf(seen.get('checkpoint_id')) ?? textOf(inside?.kind === 'map' ? inside.get('checkpoint_id') : null);
  if (id === null) return null;
  const names = namesOf(seen.get('namespace')) ?? [];
  const found = points.occurrences(namespaceOfText(namespaceText(names)), id);
  const [index] = found;
  // Of an id that repeats it cannot be told which point is meant.
  return index === undefined || found.length > 1 ? null : points.keyOf(index);
}
