// One checkpoint opened: the members of its cell and of its metadata as cursors, nothing decoded that is not asked for.

import { keptFrom } from './kept-rows.ts';
import { dialectOfCell, openBody } from './layout.ts';
import { bytesOf, keysOf, stringMember } from './cells.ts';
import { stepOf } from './ids.ts';
import type { WriterDialect } from './ids.ts';
import type { CheckpointRow } from './rows.ts';
import { openValue } from '../../values/open.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Dialect } from '../../values/edit.ts';
import { unknownStep } from '../../../shared/model/lineage.ts';
import type { SqlValue } from '../backend.ts';

export interface Point {
  readonly row: CheckpointRow;
  readonly dialect: WriterDialect;
  /** The checkpoint cell, null where it cannot be read; then `problem` says why. */
  readonly root: Cursor | null;
  readonly problem: string | null;
  /** Format version `v`, null where it cannot be told. */
  readonly version: number | null;
  readonly values: Cursor | null;
  readonly versions: Cursor | null;
  readonly seen: Cursor | null;
  readonly metadata: Cursor | null;
  /** From the metadata, else from the id; null where neither tells. */
  readonly step: number | null;
  readonly source: string | null;
}

/** Metadata is JSON in both dialects, as BLOB or (hand-made) TEXT; null where it is no JSON object. */
export function openMetadata(value: SqlValue): Cursor | null {
  const bytes = bytesOf(value);
  if (bytes.length === 0) return null;
  try {
    const cursor = openValue('json', bytes);
    return cursor.kind === 'map' ? cursor : null;
  } catch {
    return null;
  }
}

export function integerMember(map: Cursor | null, key: string): number | null {
  const value = map?.get(key) ?? null;
  return value?.kind === 'integer' ? value.approximate() : null;
}

/** Points of rows that are kept: checking a large cell takes longer than anything else that is done with it. */
const opened = new WeakMap<CheckpointRow, Point>();

export function openPoint(row: CheckpointRow, fallback: WriterDialect): Point {
  const known = opened.get(row);
  if (known !== undefined) return known;
  const point = pointOf(row, fallback);
  if (bytesOf(row.checkpoint).length >= keptFrom) opened.set(row, point);
  return point;
}

/** Python's channel versions are text, those of JavaScript numbers; before the first one, the style of the cell tells. */
function dialectOf(row: CheckpointRow, root: Cursor | null): WriterDialect | null {
  const first = root?.get('channel_versions') ?? null;
  if (row.type === 'json' && first?.kind === 'map' && first.count > 0) {
    return first.child(0).kind === 'string' ? 'python' : 'js';
  }
  return dialectOfCell(row.type, bytesOf(row.checkpoint));
}

function pointOf(row: CheckpointRow, fallback: WriterDialect): Point {
  const { root, problem } = openBody(row.type, bytesOf(row.checkpoint));
  const metadata = openMetadata(row.metadata);
  const idStep = stepOf(row.id);
  const values = root?.get('channel_values') ?? null;
  return {
    row,
    dialect: dialectOf(row, root) ?? fallback,
    root,
    problem,
    version: integerMember(root, 'v'),
    values: values?.kind === 'map' ? values : null,
    versions: root?.get('channel_versions') ?? null,
    seen: root?.get('versions_seen') ?? null,
    metadata,
    step: integerMember(metadata, 'step') ?? (idStep === unknownStep ? null : idStep),
    source: stringMember(metadata, 'source'),
  };
}

/** How new values in the point's state are written. Python wrote JSON for some weeks of 2024. */
export const editDialect = (point: Point): Dialect =>
  point.dialect === 'js' ? 'json-js' : point.root?.encoding === 'json' ? 'json-python' : 'msgpack';

/** Channels whose values LangGraph rebuilds from updates: those that the metadata counts, and those that are stored as a snapshot. */
export function deltaChannels(point: Point): string[] {
  const counted = keysOf(countersOf(point));
  const values = point.values;
  const stored = keysOf(values).filter((c) => !counted.includes(c) && inSnapshot(values?.get(c) ?? null) !== null);
  return [...counted, ...stored];
}

/** `{channel: [updates, supersteps]}` since the last snapshot; null where nothing is counted. */
export const countersOf = (point: Point): Cursor | null => point.metadata?.get('counters_since_delta_snapshot') ?? null;

/** What a snapshot of a delta channel holds (ext 7 in Python, `{"lc":2,"type":"delta_snapshot"}` in JS); null for other values. */
export function inSnapshot(value: Cursor | null): Cursor | null {
  if (value === null) return null;
  if (value.kind === 'object') return value.object?.via === 'snapshot' ? value.child(0) : null;
  const named =
    value.kind === 'map' &&
    value.count === 3 &&
    stringMember(value, 'type') === 'delta_snapshot' &&
    value.get('lc') !== null;
  return named ? value.get('value') : null;
}
