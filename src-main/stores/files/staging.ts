// Where new files are written before they appear: a hidden folder beside the store's own, on the same file system, so that the
// framework never lists a half-written file and a rename is all that it takes to make a whole one appear.

import {
  chownSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { writeAll } from '../bundle.ts';
import { systemCode } from '../durable.ts';
import { mayWrite } from '../sqlite/source.ts';
import { stagingPrefix } from './reader.ts';

const day = 86_400_000;

/** A staging folder for one commit; removed at its end, or by a later commit if its process died. */
export class Staging {
  readonly folder: string;

  constructor(root: string) {
    const parent = placeFor(root);
    removeLeftovers(parent);
    this.folder = join(parent, `${stagingPrefix}${process.pid}-${randomBytes(4).toString('hex')}`);
    mkdirSync(this.folder, { mode: 0o700 });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file durably; it has no place in the store yet. */
  write(
    name: string,
    pieces: Iterable<Uint8Array>,
    mode: number | null,
    owner: { uid: number; gid: number } | null,
  ): string {
    const path = this.path(name);
    const fd = openSync(path, 'wx', 0o666);
    try {
      for (const bytes of pieces) writeAll(fd, bytes);
      if (mode !== null) fchmodSync(fd, mode);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (owner !== null) giveTo(path, owner);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Only a superuser may give a file away; for anyone else the file is theirs already or cannot be otherwise. */
export function giveTo(path: string, owner: { uid: number; gid: number }): void {
  const stats = statSync(path);
  if (stats.uid === owner.uid && stats.gid === owner.gid) return;
  try {
    chownSync(path, owner.uid, owner.gid);
  } catch (thrown) {
    if (systemCode(thrown) !== 'EPERM') throw thrown;
  }
}

/** The parent folder, if it lies on the same file system and can be written; else the store's own, where it is hidden by its dot. */
function placeFor(root: string): string {
  const parent = dirname(root);
  return parent !== root && statSync(parent).dev === statSync(root).dev && mayWrite(parent) ? parent : root;
}

/** Staging folders of processes that died: a day old, so that no live one (in another container, perhaps) is hit. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(stagingPrefix)) continue;
    const path = join(parent, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && Date.now() - stats.mtimeMs > day) rmSync(path, { recursive: true, force: true });
  }
}
