// The new row of a thread with delta channels. Under its source it would be rebuilt with the updates that stand there, which belong
// to the branch that is left; so it either stores what such a channel holds (a snapshot, as LangGraph's own forks do), or, where
// Forkpoint cannot put a channel together, stands beside its source and is rebuilt from the same ancestors.

import { keysOf, textOf } from './cells.ts';
import { DeltaReader } from './delta.ts';
import type { Rebuilt, ShownState } from './delta.ts';
import { changedChannels } from './plan-row.ts';
import type { DeltaRow, EditedValues } from './plan-row.ts';
import { countersOf, deltaChannels, editDialect } from './point.ts';
import type { Point } from './point.ts';
import { checkpointOf, checkpointSelect, pointWhere, writeOf, writesToSelect } from './rows.ts';
import type { RowReader, WriteRow } from './rows.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import { ByteWriter } from '../../values/byte-writer.ts';
import { extHeader } from '../../values/msgpack/write.ts';
import { openValue } from '../../values/open.ts';
import { parsePath } from '../../values/path.ts';
import { removeAt, replaceAt, setMember } from '../../values/splice.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { Dialect, Edit } from '../../values/edit.ts';
import type { SqliteReader } from '../backend.ts';
import type { PlanContext } from '../store.ts';

/** Extension code of a snapshot in Python's msgpack. */
const snapshotCode = 7;

/** A value as a snapshot, in the form that the library of the dialect writes. */
export function snapshotBytes(value: Uint8Array, dialect: Dialect): Uint8Array {
  const w = new ByteWriter();
  if (dialect === 'msgpack') w.bytes(extHeader(snapshotCode, value.length));
  else w.text('{"lc":2,"type":"delta_snapshot","value":');
  w.bytes(value);
  if (dialect !== 'msgpack') w.text('}');
  return w.done();
}

/** Rebuilds delta channels for a plan, which relies on everything that they are rebuilt from. */
export function relyingDelta(read: RowReader, reader: SqliteReader, context: PlanContext): DeltaReader {
  const relying: RowReader = {
    ...read,
    *ancestors(thread, namespace, id) {
      const seen = new Set([id]);
      for (let at = read.checkpoint(thread, namespace, id)?.parent ?? null; at !== null && !seen.has(at);) {
        seen.add(at);
        const row = context.relying.relyOnRows(
          'the checkpoints that delta channels are rebuilt from',
          `${checkpointSelect} ${pointWhere}`,
          [thread, namespace, at],
        )[0];
        if (row === undefined) return;
        const ancestor = checkpointOf(row, read.key, read.around);
        yield ancestor;
        at = ancestor.parent;
      }
    },
    writesTo(thread, namespace, ids, channel) {
      const found = new Map<string, WriteRow[]>();
      const rows = context.relying.relyOnRows('the updates of a delta channel', writesToSelect(read.layout), [
        thread,
        namespace,
        JSON.stringify(ids),
        channel,
      ]);
      for (const row of rows) {
        const id = textOf(row['checkpoint_id']);
        found.set(id, [...(found.get(id) ?? []), writeOf(row, read.key)]);
      }
      return found;
    },
  };
  return new DeltaReader(relying, reader, () => '');
}

/** The value is the channel's own, whatever its reducer. */
const isCertain = (rebuilt: Rebuilt | undefined): rebuilt is Rebuilt & { value: Cursor } =>
  rebuilt !== undefined && rebuilt.value !== null && (rebuilt.choice === null || rebuilt.choice.certain);

/** Refuses edits inside a channel that is only shown as its parts: what they would make of the value cannot be told. */
function refuseParts(rebuilt: Rebuilt, edits: readonly Edit[]): void {
  if (rebuilt.value !== null || rebuilt.updates.length === 0) return;
  const { channel } = rebuilt;
  const into = edits.filter((edit) => {
    const [first, ...rest] = parsePath(edit.path);
    return first?.kind === 'key' && first.key === channel && (rest.length > 0 || edit.op !== 'set');
  });
  if (into.length === 0) return;
  throw new ForkpointError(
    'unable',
    `\`${channel}\` is a delta channel whose updates Forkpoint cannot put together, so it cannot be edited in part. Nothing was changed.`,
    `Set \`${channel}\` as a whole, to the value that it is to have.`,
  );
}

const quoted = (channels: readonly string[]): string => channels.map((c) => `\`${c}\``).join(', ');

/**
 * The values, counters and parent of a new row.
 * @param behind rows that will stand at the source: updates that a row under it would be rebuilt with
 */
export function deltaRow(
  point: Point,
  shown: ShownState,
  edited: EditedValues | null,
  edits: readonly Edit[],
  behind: readonly WriteRow[],
): DeltaRow | null {
  const channels = deltaChannels(point);
  if (channels.length === 0 || point.values === null) return null;
  const dialect = editDialect(point);
  const changed = edited === null ? { set: [], removed: [] } : changedChannels(edited.before, edited.after);
  const lost = changed.removed.filter((c) => channels.includes(c));
  if (lost.length > 0) {
    throw new ForkpointError(
      'unable',
      `${quoted(lost)} cannot be removed: LangGraph would rebuild the value from the thread's updates. Nothing was changed.`,
      'Set it to an empty value instead.',
    );
  }
  let values = openValue(point.values.encoding, point.values.slice());
  const set = (channel: string, bytes: Uint8Array): void => {
    values = openValue(values.encoding, setMember(values, channel, bytes, dialect));
  };
  for (const channel of changed.removed) {
    const ordinal = values.ordinalOf(channel);
    if (ordinal >= 0) values = openValue(values.encoding, removeAt(values, [ordinal]));
  }
  const stored = new Set(shown.snapshots);
  const warnings: Warning[] = [];
  for (const channel of changed.set) {
    const value = edited?.after.get(channel)?.slice();
    if (value === undefined) continue;
    if (!channels.includes(channel)) {
      set(channel, value);
      continue;
    }
    const rebuilt = shown.rebuilt.get(channel);
    if (rebuilt !== undefined) refuseParts(rebuilt, edits);
    if (rebuilt?.choice?.certain === false && rebuilt.value !== null) {
      warnings.push({
        code: 'delta_taken',
        message: `\`${channel}\` is stored as it is shown and edited here; how its reducer takes updates is not in the store, and it was put together as if ${rebuilt.choice.reducer.describe}.`,
        remedy: 'Compare the value with what LangGraph itself gives (get_state).',
      });
    }
    set(channel, snapshotBytes(value, dialect));
    stored.add(channel);
  }
  for (const [channel, rebuilt] of shown.rebuilt) {
    if (stored.has(channel) || !isCertain(rebuilt)) continue;
    set(channel, snapshotBytes(rebuilt.value.slice(), dialect));
    stored.add(channel);
  }
  // A channel of a thread from before it was a delta channel is stored as it is; that ends the walk as a snapshot does.
  const left = channels.filter((c) => !stored.has(c) && values.ordinalOf(c) < 0);
  const touched = new Set(behind.map((row) => row.channel));
  const open = left.filter((c) => (point.versions?.ordinalOf(c) ?? -1) >= 0 || touched.has(c));
  if (open.length > 0) {
    warnings.push({
      code: 'beside_source',
      message: `The new checkpoint stands beside its source, not under it: ${quoted(open)} ${open.length === 1 ? 'is a delta channel' : 'are delta channels'} that Forkpoint does not put together itself, and LangGraph rebuilds ${open.length === 1 ? 'it' : 'them'} from the same ancestors there.`,
      remedy: null,
    });
  }
  const shared = [...shown.rebuilt.values()].filter((r) => r.shared.length > 0 && stored.has(r.channel));
  if (shared.length > 0) {
    warnings.push({
      code: 'shared_ancestor',
      message: `${quoted(shared.map((r) => r.channel))} may hold updates of another branch: an ancestor has more than one child, and the store does not tell whose its updates are. The fork holds what LangGraph shows here.`,
      remedy: 'Look through the value before going on.',
    });
  }
  const beside = open.length > 0;
  return {
    values,
    counters: countersAfter(point, stored, beside ? 0 : 1),
    parent: beside ? point.row.parent : point.row.id,
    warnings,
  };
}

/** Counters of the channels that the row does not store, `steps` supersteps later. */
function countersAfter(point: Point, stored: ReadonlySet<string>, steps: number): Uint8Array | null {
  let counters = countersOf(point);
  if (counters === null) return null;
  counters = openValue('json', counters.slice());
  for (const channel of keysOf(counters)) {
    const ordinal = counters.ordinalOf(channel);
    if (stored.has(channel)) {
      counters = openValue('json', removeAt(counters, [ordinal]));
      continue;
    }
    const supersteps = counters.child(ordinal);
    if (supersteps.kind !== 'list' || supersteps.count !== 2 || supersteps.child(1).kind !== 'integer') continue;
    const text = String(BigInt(supersteps.child(1).lexeme()) + BigInt(steps));
    counters = openValue('json', replaceAt(counters, [ordinal, 1], new TextEncoder().encode(text)));
  }
  return counters.count === 0 ? null : counters.slice();
}
