// The state of one point: what its row stores, delta channels put together, and on request what has been written since.

import { applyWrites } from './applied.ts';
import { damagedCell, keysOf, openCell } from './cells.ts';
import type { DeltaReader, Rebuilt } from './delta.ts';
import { forkRefusal, isCarried } from './fork-refusal.ts';
import { deltaChannels, editDialect } from './point.ts';
import type { Point } from './point.ts';
import type { RowReader } from './rows.ts';
import type { Provenance } from '../../../shared/model/shapes.ts';
import type { SqliteReader } from '../backend.ts';
import type { StateView } from '../store.ts';

/** What a state says of forking from its point. */
const unforkable = (point: Point): Pick<StateView, 'unforkable'> => {
  const refusal = forkRefusal(point);
  return refusal === null ? {} : { unforkable: refusal.message };
};

const counted = (n: number, one: string): string => (n === 1 ? `1 ${one}` : `${n} ${one}s`);

/** What a person should know of a channel that was put together, or could not be. */
export function notesOfRebuilt({ channel, value, choice, seed, updates, shared, damaged }: Rebuilt): string[] {
  const notes: string[] = [];
  if (value === null && updates.length > 0) {
    const why = damaged
      ? 'one of its stored updates is damaged'
      : 'how its reducer takes updates is not in the store, and is none that Forkpoint can tell';
    notes.push(
      `\`${channel}\` is a delta channel that is not put together, for ${why}: shown are ${seed === null ? '' : 'the value that was stored last (`seed`) and '}its ${counted(updates.length, 'update')} ${seed === null ? 'so far' : 'since'} (\`updates\`), in their order.`,
    );
  } else if (value !== null && choice?.certain === false) {
    notes.push(
      `\`${channel}\` is a delta channel, rebuilt from its updates. How its reducer takes them is not in the store; here ${choice.reducer.describe}.`,
    );
  }
  if (shared.length > 0) {
    notes.push(
      `\`${channel}\` counts in updates that stand at ${shared.length === 1 ? 'a checkpoint' : `${shared.length} checkpoints`} with more than one child (${shared[0]}${shared.length > 1 ? ', …' : ''}): some may be another branch's. The store does not tell whose they are, and LangGraph counts them in as well.`,
    );
  }
  return notes;
}

export function stateOf(
  read: RowReader,
  reader: SqliteReader,
  delta: DeltaReader,
  point: Point,
  applied: boolean,
): StateView {
  const dialect = editDialect(point);
  if (point.root === null) {
    const { type, checkpoint } = point.row;
    return {
      root: isCarried(point) ? openCell(type, checkpoint) : damagedCell(type, checkpoint),
      provenance: new Map(),
      notes: point.problem === null ? [] : [point.problem],
      dialect,
      ...unforkable(point),
    };
  }
  const shown = delta.shown(point);
  if (shown === null) {
    const notes = ['This checkpoint has no `channel_values`.'];
    return { root: null, provenance: new Map(), notes, dialect, ...unforkable(point) };
  }
  const provenance = new Map<string, Provenance>(keysOf(point.values).map((k) => [k, 'stored']));
  const notes: string[] = shown.snapshots.map(
    (channel) => `\`${channel}\` is a delta channel, stored here as a snapshot.`,
  );
  if (point.row.type === 'pickle') {
    notes.push('This checkpoint is stored as a Python pickle: it is shown as data, and nothing of it was run.');
  }
  for (const rebuilt of shown.rebuilt.values()) {
    const there = rebuilt.value !== null || rebuilt.updates.length > 0;
    provenance.set(rebuilt.channel, there ? 'reconstructed' : 'absent');
    notes.push(...notesOfRebuilt(rebuilt));
  }
  // A delta channel that nothing was written to holds what an empty one of its type holds; the store does not say which.
  for (const channel of deltaChannels(point)) if (!provenance.has(channel)) provenance.set(channel, 'absent');
  if (!applied) return { root: shown.root, provenance, notes, dialect, ...unforkable(point) };
  const { thread, namespace, id } = point.row;
  const result = applyWrites(read, reader, delta, point, shown, read.writes(thread, namespace, id));
  for (const channel of result.derived) provenance.set(channel, 'derived');
  return {
    root: result.root ?? shown.root,
    provenance,
    notes: [...notes, ...result.notes],
    dialect,
    ...unforkable(point),
  };
}
