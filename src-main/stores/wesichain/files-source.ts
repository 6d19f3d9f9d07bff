// Records in a folder: one line file per thread, or per several threads whose ids give the same file name. Order is the order of
// lines; `seq` may repeat where two processes wrote. A thread is told by `checkpoint.thread_id` inside the records, never by a name.
//
// Whatever was read of a file is kept under its identity (inode, size, time), and only appended bytes are read again. Measured: one
// line that the framework cannot decode, a cut last line included, fails save, load and list of the whole file; a last line without
// line feed is read, but the next save is glued to it and the thread is lost.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { FileEntry, FilesReader, LineSpan } from '../backend.ts';
import { firstLine, FolderPicture, identityOf, isBlank, Probe } from '../records/line-files.ts';
import { PassedLines, type LineDamage } from '../records/passed-lines.ts';
import type { Picture, Touched } from '../records/source.ts';
import { letGo } from '../let-go.ts';
import { Turn } from '../records/turn.ts';
import type { RawPart, ThreadSummary } from '../store.ts';
import { LineHeads } from './line-head.ts';
import { badThreadName, isFileOf, isLineFile, lineFileSuffix, nameOfThread } from './names.ts';
import { sessionIn } from './neighbours.ts';
import { ThreadPoints, type PointHeader } from './points.ts';
import { openText, readLine, readLineAt, eraNoQueue, type RecordReading } from './record.ts';
import { noTrouble, type Place, type ThreadTrouble, type WesichainSource } from './source.ts';

/** Files whose points are kept; the rest is read again when asked for. */
const keptFiles = 256;
/** Points that a listing reads on the way, so that nobody has to read the files again; behind them it looks at threads only. */
const listedPoints = 1 << 18;

/** Beginning of a line as the framework writes it; enough to tell its thread without reading the state. */
const usualHead = /^\{"seq":\d+,"created_at":"[^"\\]*","checkpoint":\{"thread_id":("(?:[^"\\]|\\.)*")/;
const headLength = 1024;

function threadOfLine(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, headLength)).toString('utf8');
  const match = usualHead.exec(head);
  if (match?.[1] !== undefined && !head.includes('\ufffd')) {
    const reading = openText(Buffer.from(match[1]));
    if (!('reason' in reading) && reading.isUnicode()) return reading.text();
  }
  // A copy: what is opened may be looked at again, and the block serves for other lines then.
  const reading = readLine(Buffer.from(bytes));
  return reading.ok ? reading.record.thread : null;
}

/** Which threads a file holds, and how many records of each. */
class FileThreads {
  readonly inode: number;
  identity = '';
  consumed = 0;
  /** Whether a line feed ends the last line. */
  ended = true;
  readonly counts = new Map<string, number>();
  /** Why the first line that is none of ours is not one. */
  other: string | null = null;

  constructor(inode: number) {
    this.inode = inode;
  }
}

/** What has been read of one file: the points of all its threads. */
class ThreadFile {
  readonly path: string;
  readonly inode: number;
  size = 0;
  mtimeMs = 0;
  /** Behind the last line that a line feed ends. */
  consumed = 0;
  /** What lay before `consumed` when it was read. */
  probe: Probe | null = null;
  readonly threads = new Map<string, ThreadPoints>();
  readonly bad: LineDamage[] = [];
  readonly passed = new PassedLines();
  /** The last line where no line feed ends it; `whole` if it is a record all the same. */
  open: (LineDamage & { readonly whole: boolean }) | null = null;
  /** Records without a queue, which 0.3.0 cannot read. */
  queueless = 0;
  lastThread: string | null = null;
  lastSeq = '0';

  constructor(path: string, inode: number) {
    this.path = path;
    this.inode = inode;
  }

  isCurrent(entry: FileEntry): boolean {
    return entry.inode === this.inode && entry.size === this.size && entry.mtimeMs === this.mtimeMs;
  }

  /** Only bytes behind what was read can be new: same file, longer, nothing open at its end, and what was read still before it. */
  mayExtend(reader: FilesReader, entry: FileEntry): boolean {
    if (entry.inode !== this.inode || entry.size <= this.size || this.open !== null) return false;
    return this.probe?.stillIn(reader, this.path) ?? true;
  }

  /** `heads` tells the usual lines without a look into their states; `checking` makes up for it. */
  take(line: LineSpan, heads: LineHeads): void {
    const { block, at, to, start, terminated } = line;
    const end = start + to - at;
    if (terminated) this.consumed = end + 1;
    const usual = terminated ? heads.read(line) : null;
    if (usual !== null) {
      if (usual.header.queue === null) this.queueless += 1;
      this.#add(usual.thread, usual.header);
      return;
    }
    const bytes = Buffer.from(block.subarray(at, to));
    if (isBlank(bytes)) return;
    const reading = readLine(bytes);
    if (!reading.ok) {
      if (terminated) this.bad.push({ start, end, reason: reading.reason });
      else this.open = { start, end, reason: reading.reason, whole: false };
      return;
    }
    const { record } = reading;
    if (record.refused !== null) this.bad.push({ start, end, reason: record.refused });
    if (record.era === eraNoQueue) this.queueless += 1;
    if (!terminated) this.open = { start, end, reason: '', whole: true };
    this.#add(record.thread, {
      position: start,
      bytes: end - start,
      seq: record.seq,
      createdAt: record.createdAt,
      node: record.node,
      step: record.step,
      queue: record.queue?.map((item) => item.node) ?? null,
    });
  }

  #add(thread: string, header: PointHeader): void {
    this.lastThread = thread;
    this.lastSeq = header.seq;
    let points = this.threads.get(thread);
    if (points === undefined) this.threads.set(thread, (points = new ThreadPoints(thread)));
    points.add(header);
  }

  /** Points of all threads. */
  get count(): number {
    let count = 0;
    for (const points of this.threads.values()) count += points.count;
    return count;
  }

  /** Looks into all that was passed over. */
  checking(reader: FilesReader): Generator<number, void, void> {
    return this.passed.checking(reader, this.path, this.consumed, this.bad);
  }
}

interface Catalog {
  /** Thread to the file it stands in. */
  readonly paths: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

export class FilesRecordSource implements WesichainSource {
  readonly #reader: FilesReader;
  readonly #scans = new Map<string, FileThreads>();
  readonly #files = new Map<string, ThreadFile>();
  readonly #heads = new LineHeads();
  #catalog: { readonly identity: string; readonly catalog: Catalog } | null = null;

  constructor(reader: FilesReader) {
    this.#reader = reader;
  }

  *threads(): Generator<readonly ThreadSummary[], void, void> {
    const entries = this.#reader.list(1).filter((entry) => isLineFile(entry.path));
    for (const entry of entries) yield* this.#scanning(entry);
    const byPath = new Map(entries.map((entry) => [entry.path, entry]));
    const newest = [...this.#readCatalog().paths].flatMap(([thread, path]) => {
      const entry = byPath.get(path);
      return entry === undefined ? [] : [{ thread, entry }];
    });
    newest.sort((a, b) => b.entry.mtimeMs - a.entry.mtimeMs);
    for (let from = 0; from < newest.length; from += 500) {
      yield newest.slice(from, from + 500).map(({ thread, entry }) => this.#summaryOf(thread, entry));
    }
  }

  summary(thread: string): ThreadSummary | null {
    const path = this.pathOf(thread);
    const entry = path === null ? null : this.#reader.stat(path);
    return entry === null ? null : this.#summaryOf(thread, entry);
  }

  #summaryOf(thread: string, entry: FileEntry): ThreadSummary {
    const checkpoints = this.#scan(entry).counts.get(thread) ?? 0;
    return { thread, parts: null, checkpoints, updatedAt: new Date(entry.mtimeMs).toISOString() };
  }

  #scan(entry: FileEntry): FileThreads {
    const steps = this.#scanning(entry);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  *#scanning(entry: FileEntry): Generator<readonly ThreadSummary[], FileThreads, void> {
    const identity = identityOf(entry);
    const known = this.#scans.get(entry.path);
    if (known?.identity === identity) return known;
    const scan = this.#hasRoom(entry) ? yield* this.#scanOfPoints(entry) : yield* this.#scanOfLines(entry, known);
    scan.identity = identity;
    this.#scans.set(entry.path, scan);
    return scan;
  }

  /** Whether what is read of a file would be kept without that anything else is let go of. */
  #hasRoom(entry: FileEntry): boolean {
    if (this.#files.has(entry.path)) return true;
    if (this.#files.size >= keptFiles) return false;
    let points = 0;
    for (const file of this.#files.values()) points += file.count;
    return points < listedPoints;
  }

  *#scanOfPoints(entry: FileEntry): Generator<readonly ThreadSummary[], FileThreads, void> {
    const reading = this.#reading(entry);
    let step = reading.next();
    for (; step.done !== true; step = reading.next()) yield [];
    const file = step.value;
    const scan = new FileThreads(entry.inode);
    scan.consumed = file.consumed;
    scan.ended = file.open === null;
    for (const [thread, points] of file.threads) scan.counts.set(thread, points.count);
    const other = file.bad[0] ?? file.open;
    if (other !== null && scan.counts.size === 0) scan.other = `${other.reason}.`;
    return scan;
  }

  *#scanOfLines(
    entry: FileEntry,
    known: FileThreads | undefined,
  ): Generator<readonly ThreadSummary[], FileThreads, void> {
    const extend = known !== undefined && known.ended && known.inode === entry.inode && entry.size >= known.consumed;
    const scan = extend ? known : new FileThreads(entry.inode);
    let turn = new Turn();
    for (const { block, at, to, start, terminated } of this.#reader.spans(entry.path, scan.consumed)) {
      if (start >= entry.size) break;
      if (terminated) scan.consumed = start + to - at + 1;
      scan.ended = terminated;
      const bytes = block.subarray(at, to);
      if (isBlank(bytes)) continue;
      const reading = terminated ? null : readLine(Buffer.from(bytes));
      const thread = reading === null ? threadOfLine(bytes) : reading.ok ? reading.record.thread : null;
      if (thread === null) scan.other ??= notRecord(Buffer.from(bytes));
      else scan.counts.set(thread, (scan.counts.get(thread) ?? 0) + 1);
      if (!turn.isOver(to - at)) continue;
      yield [];
      turn = new Turn();
    }
    return scan;
  }

  #readCatalog(): Catalog {
    const entries = this.#reader.list(1);
    const identity = entries.map((entry) => `${entry.path}\u0000${identityOf(entry)}`).join('\n');
    if (this.#catalog?.identity === identity) return this.#catalog.catalog;
    const lineFiles = entries.filter((entry) => isLineFile(entry.path));
    for (const path of this.#scans.keys())
      if (!lineFiles.some((entry) => entry.path === path)) this.#scans.delete(path);

    const notes: string[] = [];
    const held = new Map<string, FileEntry[]>();
    for (const entry of lineFiles) {
      const scan = this.#scan(entry);
      if (scan.counts.size === 0) {
        if (scan.other !== null) notes.push(`\`${entry.path}\` holds no wesichain records: ${scan.other}`);
        continue;
      }
      if (!scan.ended) {
        notes.push(`The last line of \`${entry.path}\` has no line feed: it was cut off, or is being written.`);
      }
      if (scan.counts.size > 1) {
        const names = [...scan.counts.keys()].map((thread) => shownName(thread)).join(', ');
        notes.push(
          `\`${entry.path}\` holds ${scan.counts.size} threads (${names}): wesichain turns their ids into the same file name and loads the last record for each of them.`,
        );
      }
      for (const thread of scan.counts.keys()) held.set(thread, [...(held.get(thread) ?? []), entry]);
    }
    const paths = new Map<string, string>();
    for (const [thread, files] of held) {
      const newest = files.toSorted((a, b) => b.mtimeMs - a.mtimeMs);
      const chosen = newest.find((entry) => isFileOf(thread, entry.path)) ?? newest[0]!;
      paths.set(thread, chosen.path);
      for (const entry of newest) {
        if (entry === chosen) continue;
        notes.push(
          `\`${entry.path}\` holds records of thread ${shownName(thread)} too, which are not shown: wesichain looks into \`${chosen.path}\`.`,
        );
      }
    }
    const sessions = entries.filter(({ path, size }) => sessionIn(this.#reader, path, size) !== null);
    if (sessions.length > 0) {
      notes.push(
        `${sessions.length === 1 ? 'One file' : `${sessions.length} files`} of wesichain-session beside it (\`${sessions[0]!.path}\`): conversations, not checkpoints.`,
      );
    }
    const catalog = { paths, notes };
    this.#catalog = { identity, catalog };
    return catalog;
  }

  /** Path of a thread's file; null if there is none. */
  pathOf(thread: string): string | null {
    if (badThreadName(thread) === null) {
      const entry = this.#reader.stat(nameOfThread(thread) + lineFileSuffix);
      if (entry !== null && this.#scan(entry).counts.has(thread)) return entry.path;
    }
    return this.#readCatalog().paths.get(thread) ?? null;
  }

  /** Threads in a file. */
  threadsIn(path: string): readonly string[] {
    const entry = this.#reader.stat(path);
    return entry === null ? [] : [...this.#scan(entry).counts.keys()];
  }

  *points(thread: string, _previous: ThreadPoints | null): Generator<number, ThreadPoints, void> {
    const path = this.pathOf(thread);
    const entry = path === null ? null : this.#reader.stat(path);
    if (entry === null) return new ThreadPoints(thread);
    const file = yield* this.#reading(entry);
    return file.threads.get(thread) ?? new ThreadPoints(thread);
  }

  *#reading(entry: FileEntry): Generator<number, ThreadFile, void> {
    const held = this.#files.get(entry.path);
    if (held?.isCurrent(entry) === true) return held;
    const file = held?.mayExtend(this.#reader, entry) === true ? held : new ThreadFile(entry.path, entry.inode);
    let taken = 0;
    let at = file.consumed;
    for (;;) {
      let more = false;
      const turn = new Turn();
      for (const line of this.#reader.spans(entry.path, at)) {
        if (line.start >= entry.size) break;
        // Another caller may have read on while this one was suspended.
        if (line.start < file.consumed) continue;
        file.take(line, this.#heads);
        at = line.start + line.to - line.at + 1;
        taken += 1;
        if (turn.isOver(line.to - line.at)) {
          more = true;
          break;
        }
      }
      if (!more) break;
      yield taken;
    }
    file.size = entry.size;
    file.mtimeMs = entry.mtimeMs;
    file.probe = new Probe(this.#reader, entry.path, file.consumed);
    this.#files.delete(entry.path);
    this.#files.set(entry.path, file);
    letGo(this.#files, keptFiles);
    return file;
  }

  #file(thread: string): ThreadFile | null {
    const steps = this.points(thread, null);
    while (steps.next().done !== true);
    const path = this.pathOf(thread);
    return path === null ? null : (this.#files.get(path) ?? null);
  }

  /** `seq` that the framework would give to the next record of this thread's file. */
  nextSeq(thread: string): bigint {
    return BigInt(this.#file(thread)?.lastSeq ?? '0') + 1n;
  }

  read(place: Place): RecordReading {
    return readLine(this.#bytes(place));
  }

  #bytes(place: Place): Uint8Array {
    const path = this.pathOf(place.thread);
    if (path === null) {
      throw new ForkpointError(
        'not_found',
        `Thread ${shownName(place.thread)} is no longer in the store.`,
        'Reload it.',
      );
    }
    return this.#reader.read(path, place.position, place.position + place.bytes);
  }

  raw(place: Place): readonly RawPart[] {
    const path = this.pathOf(place.thread) ?? '';
    const where = `${path}:${place.position}-${place.position + place.bytes}`;
    return [{ where, storage: 'bytes', bytes: this.#bytes(place) }];
  }

  /** Looks into the records that `points` passed over, for `trouble`. */
  *checking(thread: string): Generator<number, void, void> {
    const path = this.pathOf(thread);
    const entry = path === null ? null : this.#reader.stat(path);
    if (entry === null) return;
    const file = yield* this.#reading(entry);
    yield* file.checking(this.#reader);
  }

  trouble(thread: string): ThreadTrouble {
    const file = this.#file(thread);
    if (file === null) return noTrouble;
    for (const steps = file.checking(this.#reader); steps.next().done !== true;);
    return { ...this.#troubleOf(thread, file), unreadable: file.passed.positions() };
  }

  #troubleOf(thread: string, file: ThreadFile): Omit<ThreadTrouble, 'unreadable'> {
    const { path } = file;
    const lines = [...file.bad, ...file.passed.unreadable].sort((one, two) => one.start - two.start);
    const damage = lines[0] ?? (file.open?.whole === false ? file.open : undefined);
    if (damage !== undefined) {
      const cut = damage === file.open ? 'is cut off' : 'cannot be decoded';
      const refused = `wesichain cannot load, list or save this thread: the line at byte ${damage.start} of \`${path}\` ${cut}. ${damage.reason}`;
      return { refused, noAppend: refused, lost: refused };
    }
    if (!isFileOf(thread, path)) {
      const name = nameOfThread(thread);
      const looked = name === '' ? 'a file named by a hash' : `\`${name}${lineFileSuffix}\``;
      const refused = `wesichain does not find this thread: its records stand in \`${path}\`, and it looks for ${looked}.`;
      return { refused, noAppend: refused, lost: null };
    }
    const queueless =
      file.queueless === 0
        ? null
        : `wesichain 0.3.0 cannot read this thread (missing field \`queue\`): \`${path}\` was written by 0.1.0.`;
    if (file.threads.size > 1) {
      const noAppend = `\`${path}\` holds ${file.threads.size} threads, and wesichain loads its last record for each of them.`;
      const other = file.lastThread;
      const refused =
        other === null || other === thread
          ? queueless
          : `wesichain loads a record of thread ${shownName(other)} for this thread: both stand in \`${path}\`.`;
      return { refused, noAppend, lost: null };
    }
    const glued =
      file.open === null
        ? null
        : `The last line of \`${path}\` has no line feed; whatever is appended would be glued to it, and the thread could never be read again.`;
    return { refused: queueless, noAppend: glued, lost: null };
  }

  size(points: ThreadPoints): number {
    return points.bytes;
  }

  notes(): readonly string[] {
    return this.#readCatalog().notes;
  }

  picture(): Picture {
    const folder = {
      reader: this.#reader,
      threadsOf: (path: string) => this.threadsIn(path),
      grown: (path: string, from: number) => this.#grown(path, from),
    };
    return new FolderPicture(
      folder,
      this.#reader.list(1).filter((entry) => isLineFile(entry.path)),
    );
  }

  /** Records behind that byte are new; whether those before it are as they were is seen when the file is read on. */
  #grown(path: string, from: number): ReadonlyMap<string, Touched> {
    const isNew: NonNullable<Touched>['isNew'] = (points, i) => points.positionOf(i) + points.bytesOf(i) > from;
    return new Map(this.threadsIn(path).map((thread) => [thread, { isNew, written: [] }]));
  }
}

function notRecord(bytes: Uint8Array): string {
  const reading = readLine(bytes);
  return reading.ok ? '' : `${reading.reason}.`;
}

/** What the first line that is not blank says: null if it is a record, else why not. */
export function whyNoThreadFile(reader: FilesReader, path: string): string | null {
  const line = firstLine(reader, path);
  if (line === null) return 'it is empty';
  const root = openText(line);
  if ('reason' in root) return root.reason;
  const reading = readLineAt(root);
  return reading.ok ? null : reading.reason;
}
