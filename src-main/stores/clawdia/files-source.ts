// Runs in the file tree: `runs/<segment>/journal.ndjson` and `runs/<segment>/checkpoints/*.json`. A run is told by the ids inside its
// records; the folder's name decides whether clawdia finds them there.
//
// Measured: one line that cannot be decoded fails the whole run, one stray `*.json` all its checkpoints; lines of another run in a
// journal are passed over; lines out of order are sorted; whatever a checkpoint file is called, its content counts.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { FileEntry, FilesReader } from '../backend.ts';
import { letGo } from '../let-go.ts';
import type { RawPart, ThreadSummary } from '../store.ts';
import { isBesideFolder, FilesBeside } from './files-beside.ts';
import { JournalFile } from './journal-file.ts';
import { RunFacts, unreadFact } from './effects.ts';
import { checkpointsFolder, isCheckpointFile, journalName, runsFolder, segmentOf } from './names.ts';
import { RunPoints, type CheckpointPlace, type Place, type RecordPlace } from './points.ts';
import {
  compareSeq,
  era,
  readCheckpoint,
  readRecord,
  type CheckpointView,
  type Reading,
  type RecordView,
} from './record.ts';
import type { BesideRecord, Picture, RunSource, StoredContent } from './source.ts';

/** Journals that are kept as read; the rest is read again when asked for. */
const keptJournals = 64;
/** Runs whose points are kept as they were put together. */
const keptRuns = 16;
/** Checkpoint files that are kept as read. */
const keptCheckpoints = 4096;
/** Runs per batch of the listing, and milliseconds of work between two chances to stop. */
const batchSize = 500;
const pauseAfter = 8;

export const sourceDepth = 4;

interface Folder {
  /** `runs/<segment>`. */
  readonly path: string;
  readonly segment: string;
  readonly journal: FileEntry | null;
  readonly checkpoints: readonly FileEntry[];
}

/** What a listing keeps of a folder. */
interface Known {
  readonly identity: string;
  readonly run: string | null;
  readonly points: number;
  /** Runs of whose records clawdia takes no notice here. */
  readonly others: readonly string[];
}

interface Catalog {
  readonly folders: ReadonlyMap<string, Folder>;
  readonly notes: readonly string[];
}

const identityOf = (entry: FileEntry) => `${entry.path}:${entry.inode}:${entry.size}:${entry.mtimeMs}`;
const folderIdentity = (folder: Folder) =>
  [...(folder.journal === null ? [] : [folder.journal]), ...folder.checkpoints].map(identityOf).join('\n');
const newestOf = (folder: Folder) =>
  Math.max(folder.journal?.mtimeMs ?? 0, ...folder.checkpoints.map((entry) => entry.mtimeMs));

export class FilesRunSource implements RunSource {
  readonly #reader: FilesReader;
  readonly #beside: FilesBeside;
  readonly #known = new Map<string, Known>();
  readonly #journals = new Map<string, JournalFile>();
  readonly #checkpoints = new Map<string, Reading<CheckpointView>>();
  readonly #points = new Map<string, { readonly identity: string; readonly points: RunPoints }>();
  #catalog: { readonly identity: string; readonly catalog: Catalog } | null = null;

  constructor(reader: FilesReader) {
    this.#reader = reader;
    this.#beside = new FilesBeside(reader);
  }

  // ── Which runs there are ─────────────────────────────────────────────────────────────────────────────────────────

  #folders(): Folder[] {
    const found = new Map<string, { journal: FileEntry | null; checkpoints: FileEntry[] }>();
    for (const entry of this.#reader.list(3, runsFolder)) {
      const [, segment, second, third] = entry.path.split('/');
      if (segment === undefined || second === undefined) continue;
      const isJournal = second === journalName && third === undefined;
      const isCheckpoint = second === checkpointsFolder && third !== undefined && isCheckpointFile(third);
      if (!isJournal && !isCheckpoint) continue;
      let folder = found.get(segment);
      if (folder === undefined) found.set(segment, (folder = { journal: null, checkpoints: [] }));
      if (isJournal) folder.journal = entry;
      else folder.checkpoints.push(entry);
    }
    return [...found].map(([segment, folder]) => ({ path: `${runsFolder}/${segment}`, segment, ...folder }));
  }

  /** One folder as it stands now. */
  #folderAt(segment: string): Folder | null {
    const path = `${runsFolder}/${segment}`;
    const journal = this.#reader.stat(`${path}/${journalName}`);
    const checkpoints = this.#reader
      .list(1, `${path}/${checkpointsFolder}`)
      .filter((entry) => isCheckpointFile(entry.path.slice(entry.path.lastIndexOf('/') + 1)));
    return journal === null && checkpoints.length === 0 ? null : { path, segment, journal, checkpoints };
  }

  #knownOf(folder: Folder): Known {
    const identity = folderIdentity(folder);
    const kept = this.#known.get(folder.path);
    if (kept?.identity === identity) return kept;
    const journal = folder.journal === null ? null : this.#journal(folder.journal);
    const records = journal?.records ?? [];
    const saved = folder.checkpoints.flatMap((entry) => {
      const reading = this.#checkpointAt(entry);
      return reading.ok ? [reading.view] : [];
    });
    const ids = new Set([...records.map((record) => record.run), ...saved.map((view) => view.run)]);
    const run = [...ids].find((id) => segmentOf(id) === folder.segment) ?? [...ids][0] ?? null;
    const own = records.filter((record) => record.run === run).length;
    const others = [...new Set(records.map((record) => record.run))].filter((id) => id !== run);
    const known = { identity, run, points: own + saved.length, others };
    this.#known.set(folder.path, known);
    return known;
  }

  #journal(entry: FileEntry): JournalFile {
    const steps = this.#journalSteps(entry);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  *#journalSteps(entry: FileEntry): Generator<number, JournalFile, void> {
    const held = this.#journals.get(entry.path);
    if (held?.isCurrent(entry) === true) return held;
    // Read into a new one until it is whole: another caller may look at the old one while this is suspended.
    const file = held?.mayExtend(entry) === true ? held : new JournalFile(entry.path, entry.inode);
    yield* file.reading(this.#reader, entry);
    this.#journals.delete(entry.path);
    this.#journals.set(entry.path, file);
    for (const old of this.#journals.keys()) {
      if (this.#journals.size <= keptJournals) break;
      this.#journals.delete(old);
    }
    return file;
  }

  #checkpointAt(entry: FileEntry): Reading<CheckpointView> {
    const identity = identityOf(entry);
    const kept = this.#checkpoints.get(identity);
    if (kept !== undefined) return kept;
    const reading = readCheckpoint(this.#reader.read(entry.path));
    this.#checkpoints.set(identity, reading);
    for (const old of this.#checkpoints.keys()) {
      if (this.#checkpoints.size <= keptCheckpoints) break;
      this.#checkpoints.delete(old);
    }
    return reading;
  }

  #readCatalog(): Catalog {
    const all = this.#folders();
    const identity = all.map((folder) => `${folder.path}\n${folderIdentity(folder)}`).join('\n');
    if (this.#catalog?.identity === identity) return this.#catalog.catalog;
    const notes: string[] = [];
    const held = new Map<string, Folder[]>();
    for (const folder of all) {
      const { run, others } = this.#knownOf(folder);
      if (run === null) {
        notes.push(`\`${folder.path}\` holds no journal record and no checkpoint that can be read.`);
        continue;
      }
      held.set(run, [...(held.get(run) ?? []), folder]);
      if (others.length > 0) {
        const names = others.slice(0, 4).map((id) => shownName(id));
        notes.push(
          `The journal of \`${folder.path}\` also holds records of ${names.join(', ')}; clawdia passes them over.`,
        );
      }
    }
    const folders = new Map<string, Folder>();
    for (const [run, candidates] of held) {
      const chosen = candidates.find((folder) => folder.segment === segmentOf(run)) ?? candidates[0]!;
      folders.set(run, chosen);
      for (const folder of candidates) {
        if (folder === chosen) continue;
        notes.push(
          `\`${folder.path}\` holds records of run ${shownName(run)} too, which are not shown: clawdia looks into \`${chosen.path}\`.`,
        );
      }
    }
    const catalog = { folders, notes };
    this.#catalog = { identity, catalog };
    return catalog;
  }

  *threads(): Generator<readonly ThreadSummary[], void, void> {
    let since = performance.now();
    for (const folder of this.#folders()) {
      if (folder.journal !== null && this.#known.get(folder.path)?.identity !== folderIdentity(folder)) {
        for (const _ of this.#journalSteps(folder.journal)) yield [];
      }
      this.#knownOf(folder);
      if (performance.now() - since < pauseAfter) continue;
      yield [];
      since = performance.now();
    }
    const newest = [...this.#readCatalog().folders].map(([run, folder]) => ({ run, folder, time: newestOf(folder) }));
    newest.sort((a, b) => b.time - a.time);
    for (let from = 0; from < newest.length; from += batchSize) {
      yield newest.slice(from, from + batchSize).map(({ run, folder }) => this.#summaryOf(run, folder));
    }
  }

  summary(run: string): ThreadSummary | null {
    const folder = this.#folderOf(run);
    return folder === null ? null : this.#summaryOf(run, folder);
  }

  #summaryOf(run: string, folder: Folder): ThreadSummary {
    const updatedAt = new Date(newestOf(folder)).toISOString();
    return { thread: run, parts: null, checkpoints: this.#knownOf(folder).points, updatedAt };
  }

  #folderOf(run: string): Folder | null {
    const own = this.#folderAt(segmentOf(run));
    if (own !== null && this.#knownOf(own).run === run) return own;
    return this.#readCatalog().folders.get(run) ?? null;
  }

  /** Where a run lies, and the other runs whose records stand there, too; null if there is none. */
  folderOf(run: string): { readonly path: string; readonly others: readonly string[] } | null {
    const folder = this.#folderOf(run);
    return folder === null ? null : { path: folder.path, others: this.#knownOf(folder).others };
  }

  /** Runs in a folder, for `changesSince`. */
  runsIn(segment: string): readonly string[] {
    const folder = this.#folderAt(segment);
    const run = folder === null ? null : this.#knownOf(folder).run;
    return run === null ? [] : [run];
  }

  // ── One run ──────────────────────────────────────────────────────────────────────────────────────────────────────

  *points(run: string): Generator<number, RunPoints | null, void> {
    // Read in steps first what finding the folder would read at once.
    const own = this.#folderAt(segmentOf(run))?.journal ?? null;
    if (own !== null) yield* this.#journalSteps(own);
    const folder = this.#folderOf(run);
    if (folder === null) return null;
    const identity = folderIdentity(folder);
    const known = this.#points.get(run);
    if (known?.identity === identity) return known.points;
    const journal = folder.journal === null ? null : yield* this.#journalSteps(folder.journal);
    const records: RecordPlace[] = [];
    for (const { seq, id, run: owner, start, end } of journal?.records ?? []) {
      if (owner === run) records.push({ kind: 'record', run, id, seq, position: start, bytes: end - start });
    }
    const isSorted = records.every((place, i) => i === 0 || compareSeq(records[i - 1]!.seq, place.seq) <= 0);
    if (!isSorted) records.sort((a, b) => compareSeq(a.seq, b.seq));
    const saved = folder.checkpoints.flatMap((entry) => {
      const reading = this.#checkpointAt(entry);
      return reading.ok ? [{ entry, view: reading.view }] : [];
    });
    saved.sort(
      (a, b) =>
        compareSeq(a.view.covers, b.view.covers) ||
        compareSeq(a.view.seq, b.view.seq) ||
        compareSeq(a.view.created, b.view.created),
    );
    const checkpoints = saved.map(({ entry, view }): CheckpointPlace => {
      const { id, covers, created, writer } = view;
      return {
        kind: 'checkpoint',
        run,
        id,
        seq: covers,
        position: -1,
        path: entry.path,
        bytes: entry.size,
        created,
        writer,
      };
    });
    if (records.length + checkpoints.length === 0) return null;
    const points = new RunPoints(run, records, checkpoints, checkpoints.at(-1) ?? null);
    this.#points.delete(run);
    this.#points.set(run, { identity, points });
    letGo(this.#points, keptRuns);
    return points;
  }

  *facts(points: RunPoints): Generator<number, RunFacts, void> {
    const journal = this.#folderOf(points.run)?.journal ?? null;
    const facts = journal === null ? new Map<number, never>() : yield* this.#journal(journal).factsSteps(this.#reader);
    return new RunFacts(points.records.map((place) => facts.get(place.position) ?? unreadFact(place.id, 'it is gone')));
  }

  record(place: RecordPlace): Reading<RecordView> {
    const reading = readRecord(this.#bytes(place));
    if (!reading.ok || (reading.view.id === place.id && reading.view.run === place.run)) return reading;
    throw gone();
  }

  checkpoint(place: CheckpointPlace): Reading<CheckpointView> {
    return readCheckpoint(this.#bytes(place));
  }

  #bytes(place: Place): Uint8Array {
    const path = this.pathOf(place);
    return place.kind === 'checkpoint'
      ? this.#reader.read(path)
      : this.#reader.read(path, place.position, place.position + place.bytes);
  }

  /** File of a point. Throws `not_found` where the run is gone. */
  pathOf(place: Place): string {
    if (place.kind === 'checkpoint') return place.path;
    const folder = this.#folderOf(place.run);
    if (folder?.journal != null) return folder.journal.path;
    throw gone();
  }

  raw(place: Place): readonly RawPart[] {
    const path = this.pathOf(place);
    const where = place.kind === 'checkpoint' ? path : `${path}:${place.position}-${place.position + place.bytes}`;
    return [{ where, storage: 'bytes', bytes: this.#bytes(place) }];
  }

  refused(points: RunPoints): string | null {
    const { run } = points;
    const folder = this.#folderOf(run);
    if (folder === null) return null;
    if (folder.segment !== segmentOf(run)) {
      return `clawdia ${era} does not find this run: its records stand in \`${folder.path}\`, and it looks into \`${runsFolder}/${segmentOf(run)}\`.`;
    }
    const journal = folder.journal === null ? null : this.#journal(folder.journal);
    const damaged = (journal?.records ?? []).flatMap((line) => {
      const reason = journal?.factAt(line.start)?.refused ?? null;
      return reason === null ? [] : [{ line: line.line, reason }];
    });
    const open = journal?.open ?? null;
    const torn = open !== null && 'reason' in open ? open : null;
    const [first] = [...(journal?.bad ?? []), ...damaged, ...(torn === null ? [] : [torn])].sort(
      (a, b) => a.line - b.line,
    );
    if (first !== undefined) {
      const why = first === torn ? 'it is cut off, or still being written' : first.reason;
      return `clawdia ${era} cannot read this run: line ${first.line} of \`${folder.path}/${journalName}\`: ${trimmed(why)}.`;
    }
    for (const entry of folder.checkpoints) {
      const reading = this.#checkpointAt(entry);
      const why = reading.ok ? reading.view.refused : reading.reason;
      if (why !== null) {
        return `clawdia ${era} cannot load the checkpoints of this run: \`${entry.path}\`: ${trimmed(why)}.`;
      }
    }
    if (open !== null) {
      return `The last line of \`${folder.path}/${journalName}\` has no line feed. clawdia ${era} still reads this run, but its next append is glued to that line and destroys the journal.`;
    }
    return null;
  }

  // ── Beside the points ────────────────────────────────────────────────────────────────────────────────────────────

  content(id: string): StoredContent | null {
    return this.#beside.content(id);
  }

  providerArguments(ref: string): Uint8Array | null {
    return this.#beside.providerArguments(ref);
  }

  beside(run: string): Generator<BesideRecord, void, void> {
    return this.#beside.records(run);
  }

  notes(): readonly string[] {
    return this.#readCatalog().notes;
  }

  picture(): Picture {
    const runs = new Map<string, string>();
    for (const folder of this.#folders()) runs.set(folder.segment, folderIdentity(folder));
    const others: string[] = [];
    for (const entry of this.#reader.list(sourceDepth)) {
      if (isBesideFolder(entry.path)) others.push(identityOf(entry));
    }
    return new TreePicture(runs, others.join('\n'), (segment) => this.runsIn(segment));
  }
}

class TreePicture implements Picture {
  readonly runs: ReadonlyMap<string, string>;
  /** Events, contents and pools: they tell of every run. */
  readonly others: string;
  readonly #runsIn: (segment: string) => readonly string[];

  constructor(runs: ReadonlyMap<string, string>, others: string, runsIn: (segment: string) => readonly string[]) {
    this.runs = runs;
    this.others = others;
    this.#runsIn = runsIn;
  }

  since(earlier: Picture): readonly string[] | 'all' {
    if (!(earlier instanceof TreePicture)) return 'all';
    const touched = new Set<string>();
    for (const segment of new Set([...this.runs.keys(), ...earlier.runs.keys()])) {
      if (this.runs.get(segment) === earlier.runs.get(segment)) continue;
      if (!this.runs.has(segment)) return 'all';
      const found = this.#runsIn(segment);
      if (found.length === 0) return 'all';
      for (const run of found) touched.add(run);
    }
    return touched.size === 0 && this.others !== earlier.others ? 'all' : [...touched];
  }
}

/** A reason inside a sentence that goes on. */
function trimmed(reason: string): string {
  return reason.replace(/\.$/, '');
}

function gone(): ForkpointError {
  return new ForkpointError('not_found', 'This point is no longer in the store.', 'Reload the run.');
}
