// Why a point cannot be forked, or not by a new row, in a sentence.
//
// A fork into a new thread copies rows as they are, also those that cannot be read here. An edit, and any fork in place, writes a
// new checkpoint from the source's bytes: that takes a cell that is read and a format whose own library carries on from it.

import { cipherOf, isDamaged, openCellOrDamaged, unreadableType } from './cells.ts';
import { olderSends } from './older-routing.ts';
import type { Point } from './point.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Warning } from '../../../shared/model/shapes.ts';

const unable = (message: string, hint: string | null = null): ForkpointError =>
  new ForkpointError('unable', `${message} Nothing was changed.`, hint);

const copyInstead = 'Fork it into a new thread without an edit: its rows are then copied as they are.';

/** Rows that are carried along without being read, or read only for the eye: encrypted ones and pickles. */
export function isCarried({ row }: Point): boolean {
  if (row.type === 'pickle') return !isDamaged(openCellOrDamaged(row.type, row.checkpoint));
  return cipherOf(row.type) !== null;
}

/** Why nothing can be forked from this point, whatever is asked for; null where the point itself does not forbid it. */
export function forkRefusal(point: Point): ForkpointError | null {
  if ((point.root === null || point.values === null) && !isCarried(point)) {
    return unable(
      `${point.problem ?? 'This checkpoint has no state.'} It cannot be forked.`,
      'Fork the checkpoint before it.',
    );
  }
  if (point.metadata === null) {
    return unable(
      'The metadata of this checkpoint is not a JSON object, so LangGraph could not go on from a copy of it.',
    );
  }
  return null;
}

/** Why no new checkpoint can be written from this one (an edit, or a fork in place); null where one can. */
export function newRowRefusal(point: Point): ForkpointError | null {
  const unreadable = unreadableType(point.row.type);
  if (unreadable !== null) {
    return unable(`A new checkpoint cannot be written from this one: ${unreadable}.`, copyInstead);
  }
  if (point.row.type === 'pickle') {
    return unable(
      'This checkpoint is stored as a Python pickle, which Forkpoint shows as data and never writes: no new checkpoint can be made of it.',
      copyInstead,
    );
  }
  if (point.version === null) {
    return unable('This checkpoint does not say which format version it is of, so none can be written like it.');
  }
  if (point.version < 4 && point.dialect === 'js') {
    return unable(
      `This checkpoint was written by LangGraph.js before 0.4 (format version ${point.version}): what is to run next stands partly in the writes of its parent, where a new checkpoint would not find it, and the LangGraph.js of today runs nothing from most of these.`,
      copyInstead,
    );
  }
  return null;
}

/** What today's libraries make of a fork of an older version, where that is not what its writer would. */
export function olderWarnings(point: Point): Warning[] {
  if (point.version === null || point.version >= 4) return [];
  if (point.dialect === 'js') {
    return [
      {
        code: 'older_version',
        message: `The thread is of LangGraph.js before 0.4 (format version ${point.version}): today's LangGraph.js loads it, but runs nothing from most of its checkpoints.`,
        remedy: 'Go on with the version of LangGraph.js that wrote it.',
      },
    ];
  }
  if (point.root?.encoding === 'json' && olderSends(point).length > 0) {
    return [
      {
        code: 'older_sends',
        message:
          "What was sent to run next (`Send`) is stored as JSON of 2024: today's LangGraph ignores it, so that these tasks do not run.",
        remedy: 'Go on with the version of LangGraph that wrote it, or fork the checkpoint before it.',
      },
    ];
  }
  return [];
}
