// What every durable write shares: fsync of files and folders, and the sentences for what an operating system refuses.

import { closeSync, fsyncSync, openSync } from 'node:fs';
import { ForkpointError } from '../../shared/model/errors.ts';

/** Makes a folder's entries (new names, renames, removals) durable. File systems that cannot sync a folder are left alone. */
export function fsyncFolder(folder: string): void {
  let fd: number;
  try {
    fd = openSync(folder, 'r');
  } catch (thrown) {
    if (process.platform === 'win32') return;
    throw thrown;
  }
  try {
    fsyncSync(fd);
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code !== 'EINVAL' && code !== 'ENOTSUP' && code !== 'EPERM') throw thrown;
  } finally {
    closeSync(fd);
  }
}

/** `ENOSPC` and the like, or null for what is not an error of the operating system. */
export function systemCode(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !('code' in thrown)) return null;
  return typeof thrown.code === 'string' ? thrown.code : null;
}

/** An error of the operating system as a sentence. `harmless` says what was not harmed. Errors of ours pass through. */
export function systemError(thrown: unknown, path: string, harmless: string): ForkpointError {
  if (thrown instanceof ForkpointError) return thrown;
  const cause = { cause: thrown };
  switch (systemCode(thrown) ?? '') {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ForkpointError(
        'io',
        `The disk is full: \`${path}\` could not be written. ${harmless}`,
        'Free some space and try again.',
        cause,
      );
    case 'EFBIG':
      return new ForkpointError(
        'io',
        `\`${path}\` would grow beyond the largest file that is allowed here. ${harmless}`,
        'Raise the file size limit, or free some space, and try again.',
        cause,
      );
    case 'EACCES':
    case 'EPERM':
      return new ForkpointError(
        'io',
        `This user has no permission for \`${path}\`. ${harmless}`,
        'Run Forkpoint as the user who owns the store, or ask for permission to it.',
        cause,
      );
    case 'EROFS':
      return new ForkpointError(
        'io',
        `\`${path}\` lies on a read-only file system. ${harmless}`,
        'Copy the store to a place that can be written, and open the copy.',
        cause,
      );
    case 'ENOENT':
      return new ForkpointError(
        'not_found',
        `\`${path}\` does not exist (any more). ${harmless}`,
        'It may have been moved or deleted; open it again from where it is now.',
        cause,
      );
    case 'EEXIST':
      return new ForkpointError(
        'exists',
        `\`${path}\` already exists. ${harmless}`,
        'Choose another name, or remove what is there first.',
        cause,
      );
    default: {
      const text = thrown instanceof Error ? thrown.message : String(thrown);
      return new ForkpointError('io', `\`${path}\` could not be used: ${text}. ${harmless}`, null, cause);
    }
  }
}
