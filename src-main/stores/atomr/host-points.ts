// The files of one branch in the order in which its host reads them, and how they hang together: by that order, except where a file
// names the branch that it was forked from. Only the first file of a fork does, unless a caller gave the parent every time.

import type { FileEntry } from '../backend.ts';
import { RecordPoints } from '../records/points.ts';
import type { HostDialect, HostHeader } from './host-file.ts';
import type { BranchPlace } from './host-layout.ts';
import { numberOf, stemOf } from './host-layout.ts';
import { threadOf } from './ids.ts';

export const reasons = {
  follows: 'A host stores no parents of checkpoints: this is the next file of the branch.',
} as const;

export class HostPoints extends RecordPoints {
  readonly place: BranchPlace;
  readonly dialect: HostDialect;
  /** Identity of the folder that was read. */
  readonly version: string;
  readonly #files: FileEntry[] = [];
  /** Parent that the files so far have named last. */
  #origin: string | null = null;

  constructor(place: BranchPlace, dialect: HostDialect, version: string) {
    super(threadOf(place.agent.agent, place.branch));
    this.place = place;
    this.dialect = dialect;
    this.version = version;
  }

  /** `hasBranch`: whether this agent has a branch of that name. */
  add(file: FileEntry, header: HostHeader, hasBranch: (branch: string) => boolean): void {
    const before = this.count - 1;
    const parent = header.parentBranch;
    // Callers may name the parent in every file; a fork into a branch that is there already names another.
    const isFork = parent !== null && parent !== this.#origin && parent !== this.place.branch;
    if (isFork) this.#origin = parent;
    const origin = parent === null ? '' : threadOf(this.place.agent.agent, parent);
    const stem = stemOf(file.path);
    const number = numberOf(stem);
    this.push({
      position: this.count,
      bytes: file.size,
      id: stem,
      namespace: '',
      parent: isFork ? -1 : before,
      link: isFork ? (hasBranch(parent) ? 'other_thread' : 'missing') : before < 0 ? 'root' : 'inferred',
      reason: isFork ? origin : before < 0 ? '' : reasons.follows,
      host: -1,
      time: number === null ? Number.NaN : Number(number),
      step: null,
    });
    this.#files.push(file);
  }

  fileOf(index: number): FileEntry | null {
    return this.#files[index] ?? null;
  }
}
