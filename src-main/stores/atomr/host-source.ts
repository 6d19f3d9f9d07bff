// The branches of a host's agents. Every file is small and written once; what was read of it is kept under its identity.

import type { PointIndex } from '../../../shared/model/lineage.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { FileEntry, FilesReader } from '../backend.ts';
import { identityOf } from '../records/line-files.ts';
import type { Picture, RecordSource, Touched } from '../records/source.ts';
import { letGo } from '../let-go.ts';
import type { RawPart, ThreadSummary } from '../store.ts';
import { readHostFile, type HostDialect, type HostFile, type HostHeader } from './host-file.ts';
import {
  agentNamed,
  agentsOf,
  branchesOf,
  checkpointFiles,
  currentBranch,
  currentName,
  defaultBranch,
  inside,
  isFolderName,
  nameOf,
  numberOf,
  pythonOrder,
  rustOrder,
  stemOf,
  type AgentPlace,
  type BranchPlace,
} from './host-layout.ts';
import { HostPoints } from './host-points.ts';
import { partsOf, threadOf } from './ids.ts';
import { isoTime } from './rows.ts';

/** Milliseconds of work between two chances to stop. */
const pauseAfter = 8;
/** Files of a branch that are asked which host wrote them. */
const filesAsked = 16;
/** Files whose header is kept. */
const keptHeaders = 100_000;

export class HostSource implements RecordSource<HostPoints> {
  readonly reader: FilesReader;
  readonly #headers = new Map<string, { readonly identity: string; readonly header: HostHeader }>();

  constructor(reader: FilesReader) {
    this.reader = reader;
  }

  *threads(): Generator<readonly ThreadSummary[], void, void> {
    const all: { readonly summary: ThreadSummary; readonly time: number }[] = [];
    let since = performance.now();
    for (const agent of agentsOf(this.reader)) {
      for (const place of branchesOf(this.reader, agent)) {
        const summary = this.#summaryOf(place);
        all.push({ summary, time: summary.updatedAt === null ? 0 : Date.parse(summary.updatedAt) });
        if (performance.now() - since < pauseAfter) continue;
        yield [];
        since = performance.now();
      }
    }
    all.sort((a, b) => b.time - a.time);
    for (let from = 0; from < all.length; from += 500) yield all.slice(from, from + 500).map(({ summary }) => summary);
  }

  summary(thread: string): ThreadSummary | null {
    const place = this.placeOf(thread);
    return place === null ? null : this.#summaryOf(place);
  }

  #summaryOf(place: BranchPlace): ThreadSummary {
    const { files } = this.#ordered(place);
    const last = files.at(-1);
    const number = last === undefined ? null : numberOf(stemOf(last.path));
    return {
      thread: threadOf(place.agent.agent, place.branch),
      parts: [place.agent.agent, place.branch],
      checkpoints: files.length,
      updatedAt: isoTime(number ?? last?.mtimeMs ?? null),
    };
  }

  /** Where the branch of a thread lies; null if it has no files. */
  placeOf(thread: string): BranchPlace | null {
    const parts = partsOf(thread);
    const agent = parts === null ? null : agentNamed(this.reader, parts[0]);
    if (parts === null || agent === null || !parts[1].split('/').every(isFolderName)) return null;
    const folder = inside(agent.base, parts[1]);
    return checkpointFiles(this.reader, folder).length === 0 ? null : { agent, branch: parts[1], folder };
  }

  /** The files in the order of the host that wrote the newest of them. */
  #ordered(place: BranchPlace): { readonly files: readonly FileEntry[]; readonly dialect: HostDialect } {
    const files = checkpointFiles(this.reader, place.folder);
    const numbered = pythonOrder(files);
    const text = rustOrder(files);
    // A branch where Python would find nothing is one of the Rust host, whatever its files look like.
    return this.#dialectOf(numbered) === 'python'
      ? { files: numbered, dialect: 'python' }
      : { files: text, dialect: 'rust' };
  }

  /** The host that wrote the newest file that can be read: of one that was cut off, nothing tells. */
  #dialectOf(files: readonly FileEntry[]): HostDialect {
    for (const file of files.slice(-filesAsked).toReversed()) {
      const { dialect } = this.header(file);
      if (dialect !== null) return dialect;
    }
    return 'rust';
  }

  *points(thread: string, previous: HostPoints | null): Generator<number, HostPoints, void> {
    const place = this.placeOf(thread);
    if (place === null) {
      const [agent, branch] = partsOf(thread) ?? ['', ''];
      return new HostPoints({ agent: { agent, base: '' }, branch, folder: '' }, 'rust', '');
    }
    const version = this.#versionOf(place);
    if (previous !== null && previous.version === version) return previous;
    const { files, dialect } = this.#ordered(place);
    const points = new HostPoints(place, dialect, version);
    const known = new Map<string, boolean>();
    const hasBranch = (branch: string) => {
      let there = known.get(branch);
      if (there === undefined) known.set(branch, (there = this.placeOf(threadOf(place.agent.agent, branch)) !== null));
      return there;
    };
    let since = performance.now();
    for (const file of files) {
      points.add(file, this.header(file), hasBranch);
      if (performance.now() - since < pauseAfter) continue;
      yield points.count;
      since = performance.now();
    }
    return points;
  }

  #versionOf(place: BranchPlace): string {
    return checkpointFiles(this.reader, place.folder)
      .map((entry) => `${entry.path}\u0000${identityOf(entry)}`)
      .join('\n');
  }

  header(entry: FileEntry): HostHeader {
    const identity = identityOf(entry);
    const kept = this.#headers.get(entry.path);
    if (kept?.identity === identity) return kept.header;
    const { header } = readHostFile(this.reader.read(entry.path));
    this.#headers.set(entry.path, { identity, header });
    letGo(this.#headers, keptHeaders);
    return header;
  }

  read(points: HostPoints, index: PointIndex): HostFile {
    return readHostFile(this.reader.read(this.pathOf(points, index)));
  }

  pathOf(points: HostPoints, index: PointIndex): string {
    const file = points.fileOf(index);
    if (file !== null) return file.path;
    throw new ForkpointError('not_found', 'This checkpoint is no longer in the store.', 'Reload the thread.');
  }

  raw(points: HostPoints, index: PointIndex): readonly RawPart[] {
    const path = this.pathOf(points, index);
    return [{ where: path, storage: 'bytes', bytes: this.reader.read(path) }];
  }

  /** What the host that keeps this branch says of it; null if it reads it. */
  refused(points: HostPoints): string | null {
    if (points.dialect === 'rust') {
      const last = points.fileOf(points.count - 1);
      const reason = last === null ? null : this.header(last).refusedBy.rust;
      return reason === null ? null : `The Rust host cannot load this branch: of \`${nameOf(last!.path)}\`, ${reason}.`;
    }
    for (let i = 0; i < points.count; i += 1) {
      const file = points.fileOf(i)!;
      const reason = this.header(file).refusedBy.python;
      if (reason !== null) return `The Python host cannot list this branch: of \`${nameOf(file.path)}\`, ${reason}.`;
    }
    return null;
  }

  /** The branch that the agent works on, by the rule of the host that keeps it. */
  currentOf(agent: AgentPlace): string {
    return currentBranch(this.reader, agent) ?? defaultBranch;
  }

  size(points: HostPoints): number {
    return points.bytes;
  }

  notes(): readonly string[] {
    const notes: string[] = [];
    for (const agent of agentsOf(this.reader)) {
      const places = [...branchesOf(this.reader, agent)];
      const current = currentBranch(this.reader, agent);
      const name = shownName(agent.agent);
      if (current === '') {
        notes.push(
          `The ${currentName} of agent ${name} is empty: the Python host takes \`${defaultBranch}\`, the Rust host a branch without a name.`,
        );
      } else if (current !== null && !places.some((place) => place.branch === current)) {
        notes.push(
          `The ${currentName} of agent ${name} names the branch ${shownName(current)}, which has no checkpoints.`,
        );
      } else if (current !== null) {
        notes.push(`Agent ${name} works on the branch ${shownName(current)}.`);
      }
      for (const place of places) notes.push(...this.#branchNotes(place));
    }
    return notes;
  }

  #branchNotes(place: BranchPlace): readonly string[] {
    const notes: string[] = [];
    const files = checkpointFiles(this.reader, place.folder);
    const where = `Branch ${shownName(place.branch)} of agent ${shownName(place.agent.agent)}`;
    const [text, number] = [rustOrder(files).at(-1), pythonOrder(files).at(-1)];
    if (text !== undefined && text.path !== number?.path) {
      const python = number === undefined ? 'finds none' : `takes \`${nameOf(number.path)}\``;
      notes.push(
        `${where}: the Rust host takes \`${nameOf(text.path)}\` for the latest (names as text), the Python host ${python} (names as numbers).`,
      );
    }
    const others = this.reader.list(1, place.folder).filter((entry) => !files.some((file) => file.path === entry.path));
    if (others.length > 0) {
      notes.push(
        `${where} also holds \`${nameOf(others[0]!.path)}\`${others.length > 1 ? ` and ${others.length - 1} more` : ''}, which no host reads; the Rust host counts ${others.length > 1 ? 'them' : 'it'} when it prunes.`,
      );
    }
    if (place.branch.includes('/')) {
      notes.push(
        `${where} lies in a folder within a folder: the Rust host loads it by name but does not list it, the Python host refuses the name.`,
      );
    }
    return notes;
  }

  picture(): Picture {
    const versions = new Map<string, string>();
    const current = new Map<string, string>();
    for (const agent of agentsOf(this.reader)) {
      current.set(agent.agent, currentBranch(this.reader, agent) ?? '');
      for (const place of branchesOf(this.reader, agent)) {
        versions.set(
          threadOf(agent.agent, place.branch),
          `${current.get(agent.agent)!}\u0000${this.#versionOf(place)}`,
        );
      }
    }
    return new HostPicture(versions);
  }
}

class HostPicture implements Picture {
  readonly #versions: ReadonlyMap<string, string>;

  constructor(versions: ReadonlyMap<string, string>) {
    this.#versions = versions;
  }

  since(earlier: Picture): ReadonlyMap<string, Touched> | 'all' {
    if (!(earlier instanceof HostPicture)) return 'all';
    const touched = new Map<string, Touched>();
    for (const [thread, version] of this.#versions) {
      if (earlier.#versions.get(thread) !== version) touched.set(thread, null);
    }
    for (const thread of earlier.#versions.keys()) if (!this.#versions.has(thread)) return 'all';
    return touched;
  }
}
