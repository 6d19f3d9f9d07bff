// Names in the file tree: how clawdia turns an id into one part of a path. Injective thanks to the hash, so a folder is checked
// against the ids inside it and never decoded.

import { createHash } from 'node:crypto';
import { utf8 } from '../../values/bytes.ts';

/** Characters of an id that its name shows; the hash is over all of it. */
const shownCharacters = 80;
const hashDigits = 12;

function hashOf(text: string): string {
  return createHash('sha256').update(utf8(text)).digest('hex').slice(0, hashDigits);
}

/** The part of a path that stands for an id. */
export function segmentOf(id: string): string {
  const shown = Array.from(id)
    .slice(0, shownCharacters)
    .map((c) => (/[A-Za-z0-9._-]/.test(c) ? c : '_'));
  return `${shown.length === 0 ? 'id' : shown.join('')}-${hashOf(id)}`;
}

/** The hash that the SDK's runtime puts into every id that it makes for a run: the same that ends the run's folder name. */
export function fragmentOf(run: string): string {
  return hashOf(run);
}

export const runsFolder = 'runs';
export const journalName = 'journal.ndjson';
export const checkpointsFolder = 'checkpoints';

export function runFolder(run: string): string {
  return `${runsFolder}/${segmentOf(run)}`;
}

export function journalPath(run: string): string {
  return `${runFolder(run)}/${journalName}`;
}

/** @param covers digits of a 64-bit number */
export function checkpointPath(run: string, covers: string, id: string): string {
  return `${runFolder(run)}/${checkpointsFolder}/${covers.padStart(20, '0')}-${segmentOf(id)}.json`;
}

/** Whether clawdia decodes a file of a `checkpoints` folder: one that it cannot decode fails the whole listing. */
export function isCheckpointFile(name: string): boolean {
  return name.endsWith('.json') && name.length > '.json'.length;
}

/** Why a run may not have this id; null if it may. Checked by clawdia whenever it decodes one. */
export function badRunId(run: string): string | null {
  const bytes = utf8(run).length;
  if (!run.isWellFormed()) return 'it is not valid Unicode text';
  if (bytes === 0) return 'it is empty';
  if (bytes > 512) return `it has ${bytes} bytes, and clawdia takes 512`;
  return /\p{Cc}/u.test(run) ? 'it holds control characters' : null;
}
