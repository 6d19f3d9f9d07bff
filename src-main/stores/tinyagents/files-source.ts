// Records in a folder: one line file per thread, one ledger file beside it. Order of insertion is the order of lines.
//
// A file is told by its content: a ledger line has a `write` member, a record has a `state` (thread `x.writes` has the file name of
// thread `x`'s ledger). Whatever was read of a file is kept under its identity (inode, size, time) and only appended bytes are read
// again. What the framework does on damaged files is measured: a cut last line is left out of list and history while `get` fails;
// a bad line elsewhere fails list and history for ever.

import { ForkpointError } from '../../../shared/model/errors.ts';
import type { FileEntry, FilesReader, LineSpan } from '../backend.ts';
import { firstLine, FolderPicture, identityOf, isBlank, Probe } from '../records/line-files.ts';
import { PassedLines, type LineDamage } from '../records/passed-lines.ts';
import type { Picture, Touched } from '../records/source.ts';
import { letGo } from '../let-go.ts';
import { Turn } from '../records/turn.ts';
import type { RawPart, ThreadSummary } from '../store.ts';
import { observationOf } from './journal.ts';
import { readLedgerLine } from './ledger-line.ts';
import { LineHeads } from './line-head.ts';
import { namespaceOfText, namespaceText } from './namespace.ts';
import {
  escapeThread,
  isLineFile,
  isStrayTemp,
  ledgerFiles,
  ledgerFileSuffix,
  lineFileSuffix,
  threadFiles,
  unescapeThread,
} from './names.ts';
import { ThreadPoints, type RootFacts } from './points.ts';
import {
  nodesThatRan,
  openLine,
  readHeadAt,
  readRecord,
  readRecordAt,
  withRest,
  type Era,
  type RecordView,
} from './record.ts';
import { noTrouble, type LedgerEntry, type Place, type ThreadTrouble, type TinyagentsSource } from './source.ts';

/** Milliseconds of work between two chances to stop. */
const pauseAfter = 8;
/** Thread files and ledgers whose content is kept; the rest is read again when asked for. */
const keptFiles = 256;
const keptLedgers = 16;
/** Points that a listing reads on the way, so that nobody has to read the files again; behind them it counts lines. */
const listedPoints = 1 << 18;

export type LineFileKind =
  | { readonly kind: 'thread'; readonly thread: string; readonly era: Era }
  | { readonly kind: 'ledger' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'journal'; readonly reason: string }
  | { readonly kind: 'other'; readonly reason: string };

/** What the first line that is not blank says about its file. */
export function kindOfLineFile(reader: FilesReader, path: string): LineFileKind {
  const line = firstLine(reader, path);
  if (line === null) return { kind: 'empty' };
  const root = openLine(line);
  if ('reason' in root) return { kind: 'other', reason: root.reason };
  if (observationOf(root) !== null) return { kind: 'journal', reason: 'it is a graph journal' };
  if (root.get('write') !== null && root.get('state') === null) return { kind: 'ledger' };
  const reading = readRecordAt(root);
  if (!reading.ok) return { kind: 'other', reason: reading.reason };
  const { record } = reading;
  if (record.state === null) return { kind: 'other', reason: 'it has no `state`' };
  return { kind: 'thread', thread: record.thread, era: record.era };
}

/** What has been read of one thread file. */
class ThreadFile {
  readonly path: string;
  readonly points: ThreadPoints;
  inode: number;
  size = 0;
  mtimeMs = 0;
  /** Behind the last line that a line feed ends. */
  consumed = 0;
  /** What lay before `consumed` when it was read. */
  probe: Probe | null = null;
  /** Lines that are no points. */
  readonly bad: LineDamage[] = [];
  readonly passed = new PassedLines();
  /** The last line where no line feed ends it; `whole` if it is a record all the same. */
  open: (LineDamage & { readonly whole: boolean }) | null = null;
  ledgerLines = 0;

  constructor(path: string, points: ThreadPoints, inode: number) {
    this.path = path;
    this.points = points;
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
      this.points.add(usual, () => {
        const reading = readRecord(Buffer.from(block.subarray(at, to)));
        return reading.ok ? factsOf(reading.record) : null;
      });
      return;
    }
    const bytes = Buffer.from(block.subarray(at, to));
    if (isBlank(bytes)) return;
    const fail = (reason: string) => {
      if (terminated) this.bad.push({ start, end, reason });
      else this.open = { start, end, reason, whole: false };
    };
    const root = openLine(bytes);
    if ('reason' in root) return fail(root.reason);
    if (root.get('write') !== null && root.get('state') === null) {
      this.ledgerLines += 1;
      return;
    }
    const reading = readHeadAt(root);
    if (!reading.ok) return fail(reading.reason);
    const { record } = reading;
    if (!terminated) this.open = { start, end, reason: '', whole: true };
    this.points.add(
      {
        position: start,
        bytes: end - start,
        id: record.id,
        parent: record.parent,
        namespace: namespaceOfText(namespaceText(record.namespace)),
        next: record.pending.map((a) => a.node),
        step: record.step,
        time: record.createdAt,
      },
      () => factsOf(withRest(record)),
    );
  }

  /** Looks into all that was passed over. */
  checking(reader: FilesReader): Generator<number, void, void> {
    return this.passed.checking(reader, this.path, this.consumed, this.bad);
  }
}

function factsOf(record: RecordView): RootFacts {
  const ran = nodesThatRan(record);
  return {
    era: record.era,
    source: record.source,
    step: record.step,
    tried: ran.length > 0 ? ran : record.pending.map((a) => a.node),
  };
}

/** What a look at the beginning and the last byte of a file told. */
interface Looked {
  readonly identity: string;
  readonly inode: number;
  readonly size: number;
  readonly kind: LineFileKind;
  /** Whether a line feed ends its last line. */
  readonly ended: boolean;
}

/** Lines of a file up to byte `counted`, which a line feed ends; `open` is 1 if a whole record without one follows. */
interface Counted {
  readonly identity: string;
  readonly inode: number;
  readonly count: number;
  readonly counted: number;
  readonly open: number;
  readonly probe: Probe;
}

interface Catalog {
  /** Thread to the file it stands in. */
  readonly paths: ReadonlyMap<string, string>;
  /** Threads whose file the framework would not find, or would find under another id. */
  readonly misnamed: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

export class FilesRecordSource implements TinyagentsSource {
  readonly #reader: FilesReader;
  readonly #looked = new Map<string, Looked>();
  readonly #counts = new Map<string, Counted>();
  readonly #heads = new LineHeads();
  readonly #files = new Map<string, ThreadFile>();
  readonly #ledgers = new Map<string, { readonly identity: string; readonly entries: readonly LedgerEntry[] }>();
  #catalog: { readonly identity: string; readonly catalog: Catalog } | null = null;

  constructor(reader: FilesReader) {
    this.#reader = reader;
  }

  *threads(): Generator<readonly ThreadSummary[], void, void> {
    const entries = this.#reader.list(1).filter((entry) => isLineFile(entry.path));
    let since = performance.now();
    for (const entry of entries) {
      this.#look(entry);
      if (performance.now() - since < pauseAfter) continue;
      yield [];
      since = performance.now();
    }
    const { paths } = this.#readCatalog();
    const byPath = new Map(entries.map((entry) => [entry.path, entry]));
    const newest = [...paths].sort((a, b) => (byPath.get(b[1])?.mtimeMs ?? 0) - (byPath.get(a[1])?.mtimeMs ?? 0));
    let batch: ThreadSummary[] = [];
    for (const [thread, path] of newest) {
      const entry = byPath.get(path);
      if (entry === undefined) continue;
      const counting = this.#hasRoom() ? this.#reading(thread, entry) : this.#counting(entry);
      for (;;) {
        const step = counting.next();
        if (step.done === true) {
          const count = typeof step.value === 'number' ? step.value : step.value.points.count;
          batch.push(summaryOf(thread, entry, count));
          break;
        }
        yield batch;
        batch = [];
        since = performance.now();
      }
      if (performance.now() - since < pauseAfter) continue;
      yield batch;
      batch = [];
      since = performance.now();
    }
    if (batch.length > 0) yield batch;
  }

  summary(thread: string): ThreadSummary | null {
    const entry = this.#entryOf(thread);
    if (entry === null) return null;
    const counting = this.#counting(entry);
    for (;;) {
      const step = counting.next();
      if (step.done === true) return summaryOf(thread, entry, step.value);
    }
  }

  /** Counts lines that are not blank; only a last line without line feed has to be read to know whether it counts. */
  *#counting(entry: FileEntry): Generator<void, number, void> {
    const file = this.#files.get(entry.path);
    if (file?.isCurrent(entry) === true) return file.points.count;
    const identity = identityOf(entry);
    const known = this.#counts.get(entry.path);
    if (known?.identity === identity) return known.count + known.open;
    const grew = known !== undefined && known.inode === entry.inode && entry.size > known.counted;
    const goesOn = grew && known.probe.stillIn(this.#reader, entry.path);
    let { count, counted } = goesOn ? known : { count: 0, counted: 0 };
    let open = 0;
    let turn = new Turn();
    for (const { block, at, to, start, terminated } of this.#reader.spans(entry.path, counted)) {
      if (terminated) counted = start + to - at + 1;
      const bytes = block.subarray(at, to);
      if (isBlank(bytes)) continue;
      if (terminated) count += 1;
      else if (!('reason' in openLine(Buffer.from(bytes)))) open = 1;
      if (!turn.isOver(to - at)) continue;
      yield;
      turn = new Turn();
    }
    const probe = new Probe(this.#reader, entry.path, counted);
    this.#counts.set(entry.path, { identity, inode: entry.inode, count, counted, open, probe });
    return count + open;
  }

  #look(entry: FileEntry): Looked {
    const identity = identityOf(entry);
    const known = this.#looked.get(entry.path);
    if (known?.identity === identity) return known;
    // What the first line says stays said while lines are added behind it.
    const grew = known !== undefined && known.inode === entry.inode && entry.size > known.size;
    const told = grew && (known.kind.kind === 'thread' || known.kind.kind === 'ledger') && known.ended;
    const kind = told ? known.kind : kindOfLineFile(this.#reader, entry.path);
    const last = entry.size === 0 ? 0x0a : this.#reader.read(entry.path, entry.size - 1, entry.size)[0];
    const looked = { identity, inode: entry.inode, size: entry.size, kind, ended: last === 0x0a };
    this.#looked.set(entry.path, looked);
    return looked;
  }

  #readCatalog(): Catalog {
    const entries = this.#reader.list(1);
    const lineFiles = entries.filter((entry) => isLineFile(entry.path));
    const identity = entries.map((entry) => `${entry.path}\u0000${identityOf(entry)}`).join('\n');
    if (this.#catalog?.identity === identity) return this.#catalog.catalog;

    const paths = new Map<string, string>();
    const misnamed = new Map<string, string>();
    const notes: string[] = [];
    const strangers: { readonly path: string; readonly thread: string }[] = [];
    for (const entry of lineFiles) {
      const { kind, ended } = this.#look(entry);
      if (kind.kind === 'other') notes.push(`\`${entry.path}\` cannot be read as a thread: ${kind.reason}`);
      if (kind.kind !== 'thread') continue;
      if (!ended) {
        notes.push(`The last line of \`${entry.path}\` has no line feed: it was cut off, or is being written.`);
      }
      const rank = threadFiles(kind.thread).indexOf(entry.path);
      const held = paths.get(kind.thread);
      if (rank < 0) strangers.push({ path: entry.path, thread: kind.thread });
      else if (held === undefined || rank < threadFiles(kind.thread).indexOf(held)) paths.set(kind.thread, entry.path);
      if (held !== undefined && rank >= 0) {
        notes.push(
          `Thread \`${kind.thread}\` has two files, \`${held}\` and \`${entry.path}\`; tinyagents reads only the first name it tries.`,
        );
      }
    }
    for (const { path, thread } of strangers) {
      const named = unescapeThread(path.slice(0, -lineFileSuffix.length));
      const shown = named !== null && !paths.has(named) ? named : paths.has(thread) ? null : thread;
      if (shown === null) {
        notes.push(`\`${path}\` holds records of thread \`${thread}\`, which has its own file; it is not shown.`);
        continue;
      }
      paths.set(shown, path);
      misnamed.set(
        shown,
        shown === thread
          ? `tinyagents lists this thread but does not find its records: they stand in \`${path}\`, and it looks for \`${threadFiles(thread)[0]}\`.`
          : `tinyagents finds this thread by its file name, but its records say \`${thread}\`: listings name that one instead.`,
      );
    }
    const strays = entries.filter((entry) => isStrayTemp(entry.path));
    if (strays.length > 0) {
      notes.push(
        `Left over from a rewrite that did not finish, and ignored: ${strays.map((e) => `\`${e.path}\``).join(', ')}.`,
      );
    }
    const catalog = { paths, misnamed, notes };
    this.#catalog = { identity, catalog };
    return catalog;
  }

  /** Path of a thread's file; null if there is none. */
  pathOf(thread: string): string | null {
    const path = threadFiles(thread).find((name) => this.#isFoundByName(thread, name));
    return path ?? this.#readCatalog().paths.get(thread) ?? null;
  }

  /** Whether a file is where the framework looks for the thread, and holds its records. */
  #isFoundByName(thread: string, path: string): boolean {
    const entry = threadFiles(thread).includes(path) ? this.#reader.stat(path) : null;
    if (entry === null) return false;
    const { kind } = this.#look(entry);
    return kind.kind === 'thread' && kind.thread === thread;
  }

  #entryOf(thread: string): FileEntry | null {
    const path = this.pathOf(thread);
    return path === null ? null : this.#reader.stat(path);
  }

  *points(thread: string, _previous: ThreadPoints | null): Generator<number, ThreadPoints, void> {
    const entry = this.#entryOf(thread);
    if (entry === null) return new ThreadPoints(thread);
    return (yield* this.#reading(thread, entry)).points;
  }

  /** What may be extended is known by the file, not by the caller. Yields how many points so far. */
  *#reading(thread: string, entry: FileEntry): Generator<number, ThreadFile, void> {
    const held = this.#files.get(entry.path);
    const known = held?.points.thread === thread ? held : null;
    if (known?.isCurrent(entry) === true) return known;
    const extend = known?.mayExtend(this.#reader, entry) === true ? known : null;
    const file = extend ?? new ThreadFile(entry.path, new ThreadPoints(thread), entry.inode);
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
        if (turn.isOver(line.to - line.at)) {
          more = true;
          break;
        }
      }
      if (!more) break;
      yield file.points.count;
    }
    file.size = entry.size;
    file.mtimeMs = entry.mtimeMs;
    file.probe = new Probe(this.#reader, entry.path, file.consumed);
    keepNewest(this.#files, entry.path, file, keptFiles);
    return file;
  }

  /** Whether what a listing reads would be kept without that anything else is let go of. */
  #hasRoom(): boolean {
    if (this.#files.size >= keptFiles) return false;
    let points = 0;
    for (const file of this.#files.values()) points += file.points.count;
    return points < listedPoints;
  }

  /** Looks into the records that `points` passed over, for `trouble`. */
  *checking(thread: string): Generator<number, void, void> {
    const entry = this.#entryOf(thread);
    if (entry === null) return;
    const file = yield* this.#reading(thread, entry);
    yield* file.checking(this.#reader);
  }

  #read(thread: string): ThreadFile | null {
    const entry = this.#entryOf(thread);
    if (entry === null) return null;
    const steps = this.#reading(thread, entry);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** Size of the thread's file when its points were last read; null if they were not. */
  sizeRead(thread: string): number | null {
    const path = this.pathOf(thread);
    return path === null ? null : (this.#files.get(path)?.size ?? null);
  }

  locate(thread: string, namespace: string, id: string, nth: number): Place | null {
    const points = this.#read(thread)?.points;
    const index = points?.find(namespace, id, nth) ?? -1;
    if (points === undefined || index < 0) return null;
    return { thread, namespace, id, position: points.positionOf(index), bytes: points.bytesOf(index) };
  }

  read(place: Place): Uint8Array {
    const path = this.pathOf(place.thread);
    if (path === null) throw new ForkpointError('not_found', `Thread \`${place.thread}\` is no longer in the store.`);
    return this.#reader.read(path, place.position, place.position + place.bytes);
  }

  /** Files that may hold the ledger of a thread. A file that begins with records is read too: it may hold both. */
  #ledgerEntries(thread: string): readonly LedgerEntry[] {
    return ledgerFiles(thread).flatMap((path) => {
      const entry = this.#reader.stat(path);
      if (entry === null) return [];
      const identity = identityOf(entry);
      const known = this.#ledgers.get(path);
      if (known?.identity === identity) return known.entries;
      const entries = [...ledgerLines(this.#reader, path)];
      keepNewest(this.#ledgers, path, { identity, entries }, keptLedgers);
      return entries;
    });
  }

  ledger(thread: string, text: string, id: string): readonly LedgerEntry[] {
    return this.#ledgerEntries(thread).filter((entry) => entry.id === id && entry.namespaceText === text);
  }

  wholeLedger(thread: string): readonly LedgerEntry[] {
    return this.#ledgerEntries(thread);
  }

  ledgerLine(entry: LedgerEntry): Uint8Array {
    const bytes = this.#reader.read(entry.file ?? '', entry.position, entry.position + entry.bytes);
    return mustOpen(bytes).slice();
  }

  raw(place: Place): readonly RawPart[] {
    const path = this.pathOf(place.thread) ?? '';
    const text = this.read(place);
    const reading = readRecordAt(mustOpen(text));
    const spaceText = reading.ok ? namespaceText(reading.record.namespace) : '';
    const span = (file: string, start: number, bytes: number) => `${file}:${start}-${start + bytes}`;
    return [
      { where: span(path, place.position, place.bytes), storage: 'bytes', bytes: text },
      ...this.ledger(place.thread, spaceText, place.id).map((entry) => ({
        where: span(entry.file ?? '', entry.position, entry.bytes),
        storage: 'bytes',
        bytes: this.#reader.read(entry.file ?? '', entry.position, entry.position + entry.bytes),
      })),
    ];
  }

  trouble(thread: string): ThreadTrouble {
    const file = this.#read(thread);
    if (file === null) return noTrouble;
    for (const steps = file.checking(this.#reader); steps.next().done !== true;);
    const notes: string[] = [];
    // Only a file that is not what its name says makes the whole folder worth a look.
    const named = this.#isFoundByName(thread, file.path);
    let refused: string | null = named ? null : (this.#readCatalog().misnamed.get(thread) ?? null);
    let noAppend: string | null = refused;
    let lost: string | null = null;
    if (file.open !== null && file.open.whole) {
      noAppend = `The last line of \`${file.path}\` has no line feed; whatever is appended would be glued to it.`;
      notes.push(`${noAppend} tinyagents reads it as it is, but its next append makes the thread unreadable.`);
    }
    if (file.open !== null && !file.open.whole) {
      const cut = file.open.end - file.open.start;
      refused = `tinyagents cannot load or resume this thread: the last line of \`${file.path}\` is cut off after ${cut} bytes (byte ${file.open.start}). Its list and history leave that point out; an append would be glued to it.`;
      noAppend = refused;
      lost = refused;
      notes.push(
        `The last line of \`${file.path}\` is cut off (${cut} bytes from byte ${file.open.start} on); that point is lost. Cutting the file after its last line feed makes the thread readable again; adding a line feed makes it worse.`,
      );
    }
    const damaged = [...file.bad, ...file.passed.unreadable].sort((one, two) => one.start - two.start);
    const [first] = damaged;
    if (first !== undefined) {
      refused = `tinyagents cannot list this thread or walk its history: ${linesAt(file.path, damaged)} is not a record. ${first.reason}`;
      noAppend = refused;
      lost = refused;
    }
    const [bad] = file.bad;
    const [unreadable] = file.passed.unreadable;
    if (bad !== undefined) notes.push(`Not shown: ${linesAt(file.path, file.bad)}. ${bad.reason}`);
    if (unreadable !== undefined) {
      notes.push(`Shown, but not to be opened: ${linesAt(file.path, file.passed.unreadable)}. ${unreadable.reason}`);
    }
    if (file.path.endsWith(ledgerFileSuffix)) {
      notes.push(
        `\`${file.path}\` has the name of another thread's ledger: tinyagents 2.1.1 does not list this thread, and both would be written into one file.`,
      );
    }
    if (file.ledgerLines > 0) {
      refused = `\`${file.path}\` holds records and ledger lines of another thread in one file; tinyagents fails to read either.`;
      noAppend = refused;
      notes.push(refused);
    }
    const mixed = ledgerFiles(thread).find((path) => {
      const entry = this.#reader.stat(path);
      return entry !== null && this.#look(entry).kind.kind === 'thread';
    });
    if (mixed !== undefined) {
      noAppend ??= `The ledger of this thread would be written to \`${mixed}\`, where another thread stands.`;
      notes.push(
        `The name of this thread's ledger, \`${mixed}\`, is taken by another thread; a resume of this one fails.`,
      );
    }
    return { refused, noAppend, lost, notes, unreadable: file.passed.positions() };
  }

  size({ thread }: ThreadPoints): number {
    const entry = this.#entryOf(thread);
    const ledgers = ledgerFiles(thread).map((path) => this.#reader.stat(path)?.size ?? 0);
    return ledgers.reduce((sum, size) => sum + size, entry?.size ?? 0);
  }

  notes(): readonly string[] {
    return this.#readCatalog().notes;
  }

  picture(): Picture {
    const folder = {
      reader: this.#reader,
      threadsOf: (path: string) => this.#threadsOfFile(path),
      grown: (path: string, from: number, proven: boolean) => this.#grown(path, from, proven),
    };
    const entries = this.#reader.list(1).filter((entry) => isLineFile(entry.path));
    const ledgersRead = new Set([...this.#files.values()].flatMap(({ points }) => ledgerFiles(points.thread)));
    return new FolderPicture(folder, entries, (path) => ledgersRead.has(path));
  }

  /** Rows of a ledger are told by its lines; of a thread's file the points themselves tell. */
  #grown(path: string, from: number, proven: boolean): ReadonlyMap<string, Touched> | null {
    const threads = this.#threadsOfFile(path);
    const entry = this.#reader.stat(path);
    if (threads === null || entry === null) return null;
    const { kind } = this.#look(entry);
    const isNew: NonNullable<Touched>['isNew'] = (points, i) => points.positionOf(i) + points.bytesOf(i) > from;
    if (kind.kind === 'thread') return new Map(threads.map((thread) => [thread, { isNew, written: [] }]));
    if (kind.kind !== 'ledger' || !proven) return null;
    const written = [...ledgerLines(this.#reader, path, from)].map((entry) => ({
      namespace: namespaceOfText(entry.namespaceText),
      id: entry.id,
    }));
    return new Map(threads.map((thread) => [thread, { isNew: () => false, written }]));
  }

  #threadsOfFile(path: string): readonly string[] | null {
    const threads = new Set<string>();
    for (const [thread, at] of this.#readCatalog().paths) if (at === path) threads.add(thread);
    if (path.endsWith(ledgerFileSuffix)) {
      const owner = unescapeThread(path.slice(0, -ledgerFileSuffix.length));
      if (owner !== null) threads.add(owner);
    }
    return threads.size === 0 ? null : [...threads];
  }
}

/** Sets an entry and lets go of the ones that were set longest ago. */
function keepNewest<Value>(map: Map<string, Value>, key: string, value: Value, limit: number): void {
  map.delete(key);
  map.set(key, value);
  letGo(map, limit);
}

function summaryOf(thread: string, entry: FileEntry, checkpoints: number): ThreadSummary {
  return { thread, parts: null, checkpoints, updatedAt: new Date(entry.mtimeMs).toISOString() };
}

function linesAt(path: string, damage: readonly LineDamage[]): string {
  const more = damage.length > 1 ? ` (and ${damage.length - 1} more)` : '';
  return `the line at byte ${damage[0]?.start ?? 0} of \`${path}\`${more}`;
}

function mustOpen(text: Uint8Array) {
  const root = openLine(text);
  if ('reason' in root) throw new ForkpointError('corrupt', root.reason);
  return root;
}

/** Ledger rows of a file, in order; lines that are not ledger rows are passed over (they are reported with their thread). */
export function* ledgerLines(reader: FilesReader, path: string, from = 0): Generator<LedgerEntry, void, void> {
  for (const line of reader.lines(path, from)) {
    if (isBlank(line.bytes)) continue;
    const root = openLine(line.bytes);
    if ('reason' in root) continue;
    const row = readLedgerLine(root);
    if (row === null) continue;
    yield {
      thread: '',
      ...row,
      position: line.start,
      file: path,
      bytes: line.end - line.start,
    };
  }
}

/** Why a new thread may not have this id in a folder, null if it may. */
export function badThreadName(thread: string, longest: number): string | null {
  const name = escapeThread(thread);
  if (name.endsWith('.writes')) {
    return `A thread of this name would be stored under the name of another thread's ledger (\`${name}${lineFileSuffix}\`), and tinyagents would not list it.`;
  }
  if (name.length + ledgerFileSuffix.length > longest) {
    return `A thread of this name needs a file name of ${name.length + ledgerFileSuffix.length} bytes; file systems take ${longest}.`;
  }
  return null;
}
