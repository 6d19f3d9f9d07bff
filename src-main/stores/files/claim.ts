// Taking a file for a rewrite by giving it another name, as frameworks do whose lock is the name: who finds no file under its own name
// leaves it alone. Two hard links and a removal instead of a rename, so that neither name ever replaces a file of someone else.

import { linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { systemCode } from '../durable.ts';
import type { FolderReader } from './reader.ts';

/** File systems that know no hard links say one of these. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Path on disk of the name that the file shall bear meanwhile. Throws `unable` for a link: renaming it would not move the file. */
export function claimName(reader: FolderReader, claim: string, path: string, target: string): string {
  if (reader.absolute(path) === target) return reader.absolute(claim);
  throw new ForkpointError(
    'unable',
    `\`${path}\` is a link to another file, and cannot be claimed for the change. Nothing was written.`,
    'Fork into a new thread.',
  );
}

/** Throws `claimed` if another has the file, or has it in this moment: then nothing is changed. */
export function takeClaim(target: string, claim: string, path: string): void {
  try {
    linkSync(target, claim);
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code === 'EEXIST' || code === 'ENOENT') throw claimed(path);
    if (code === null || !noLinks.has(code)) throw thrown;
    if (statSync(claim, { throwIfNoEntry: false }) !== undefined) throw claimed(path);
    renameSync(target, claim);
    return;
  }
  try {
    rmSync(target);
  } catch (thrown) {
    // It was taken between the two calls; its new name is the other's now, or gone with it.
    if (systemCode(thrown) === 'ENOENT') throw claimed(path);
    rmSync(claim, { force: true });
    throw thrown;
  }
}

/** Gives the file its own name again, unless another one has appeared there: that one is newer. */
export function giveBack(claim: string, target: string): void {
  if (statSync(target, { throwIfNoEntry: false }) === undefined) renameSync(claim, target);
  else rmSync(claim, { force: true });
}

function claimed(path: string): ForkpointError {
  return new ForkpointError(
    'claimed',
    `\`${path}\` was claimed by the framework in this moment. Nothing was written.`,
    'Look at the store again when its run has gone on.',
  );
}
