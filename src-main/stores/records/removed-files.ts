// Removing files of a thread, and the folders that are its own: each as it was when it was read, recorded as relied on.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { BackendReader, FileChange, RelyingReader } from '../backend.ts';

/** @param folders that are empty then and go too, outermost first */
export function removedFiles(
  relying: RelyingReader<BackendReader>,
  describe: string,
  paths: readonly string[],
  folders: readonly string[] = [],
  keyOf: (path: string) => string | null = () => null,
): FileChange[] {
  return paths.map((path, i) => {
    const entry = relying.relyOnFile(describe, path);
    if (entry === null) {
      throw new ForkpointError('moved', `\`${path}\` was removed meanwhile. Nothing was changed.`, 'Look again.');
    }
    const last = i === paths.length - 1 && folders.length > 0 ? { folders } : {};
    return { kind: 'delete-file', path, bytes: entry.size, key: keyOf(path), ...last };
  });
}
