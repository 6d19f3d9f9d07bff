// One journal of the file tree, as far as it has been read: places of its records, lines that are none, and what each record says
// of effects. Only appended bytes are read again. clawdia writes a record and its line feed in two writes, so a last line without one
// is being written, or was torn; it is a point only if it is a whole record.

import type { FileEntry, FilesReader, Line } from '../backend.ts';
import { factOf, unreadFact, type RecordFact } from './effects.ts';
import { headOf, readRecord, type RecordHead } from './record.ts';

export interface JournalLine extends RecordHead {
  /** 1-based, blank lines counted: as the framework names it. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** A line that is no record. */
export interface BadLine {
  readonly line: number;
  readonly reason: string;
}

/** Milliseconds of work between two chances to stop. */
const pauseAfter = 8;

/** Rust's `trim().is_empty()` over what JSON writers leave behind. */
function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((b) => b === 0x20 || (b >= 0x09 && b <= 0x0d));
}

export class JournalFile {
  readonly path: string;
  readonly inode: number;
  readonly lines: JournalLine[] = [];
  readonly bad: BadLine[] = [];
  /** The last line where no line feed ends it: a record, or what stands in its way to be one. */
  open: JournalLine | BadLine | null = null;
  #size = -1;
  #mtimeMs = -1;
  /** Behind the last line that a line feed ends, and how many lines that were. */
  #consumed = 0;
  #count = 0;
  readonly #facts = new Map<number, RecordFact>();

  constructor(path: string, inode: number) {
    this.path = path;
    this.inode = inode;
  }

  isCurrent(entry: FileEntry): boolean {
    return entry.inode === this.inode && entry.size === this.#size && entry.mtimeMs === this.#mtimeMs;
  }

  /** Only bytes behind what was read can be new: the same file, and longer. */
  mayExtend(entry: FileEntry): boolean {
    return entry.inode === this.inode && entry.size > this.#size && entry.size >= this.#consumed;
  }

  /** Reads what is new; yields how many records so far. */
  *reading(reader: FilesReader, entry: FileEntry): Generator<number, void, void> {
    this.open = null;
    for (const start of this.#facts.keys()) if (start >= this.#consumed) this.#facts.delete(start);
    for (;;) {
      let more = false;
      const since = performance.now();
      for (const line of reader.lines(this.path, this.#consumed)) {
        if (line.start >= entry.size) break;
        this.#take(line);
        if (performance.now() - since < pauseAfter) continue;
        more = line.terminated;
        break;
      }
      if (!more) break;
      yield this.lines.length;
    }
    this.#size = entry.size;
    this.#mtimeMs = entry.mtimeMs;
  }

  #take(line: Line): void {
    const number = this.#count + 1;
    if (line.terminated) {
      this.#consumed = line.end + 1;
      this.#count = number;
    }
    if (isBlank(line.bytes)) return;
    const at = { line: number, start: line.start, end: line.end };
    if (line.terminated) {
      const head = headOf(line.bytes);
      if ('reason' in head) this.bad.push({ line: number, reason: head.reason });
      else this.lines.push({ ...at, seq: head.seq, id: head.id, run: head.run });
      return;
    }
    const reading = readRecord(line.bytes);
    if (!reading.ok) this.open = { line: number, reason: reading.reason };
    else this.open = { ...at, seq: reading.view.seq, id: reading.view.id, run: reading.view.run };
  }

  /** Every record, the last one without line feed included. */
  get records(): readonly JournalLine[] {
    return this.open !== null && 'start' in this.open ? [...this.lines, this.open] : this.lines;
  }

  /** What the record at this offset says, if it was read. */
  factAt(start: number): RecordFact | null {
    return this.#facts.get(start) ?? null;
  }

  /** What each record says, by the offset of its line. Yields how many more were read. */
  *factsSteps(reader: FilesReader): Generator<number, ReadonlyMap<number, RecordFact>, void> {
    for (;;) {
      const missing = new Map(
        this.records.filter((line) => !this.#facts.has(line.start)).map((line) => [line.start, line] as const),
      );
      const [first] = missing.keys();
      if (first === undefined) return this.#facts;
      if (!this.#readFacts(reader, first, missing)) return this.#facts;
      yield this.#facts.size;
    }
  }

  /** Reads facts until it is time to stop; true if some may be left. */
  #readFacts(reader: FilesReader, from: number, missing: ReadonlyMap<number, JournalLine>): boolean {
    const since = performance.now();
    for (const line of reader.lines(this.path, from)) {
      const head = missing.get(line.start);
      if (head === undefined) continue;
      const reading = readRecord(line.bytes);
      this.#facts.set(line.start, reading.ok ? factOf(reading.view) : unreadFact(head.id, reading.reason));
      if (performance.now() - since > pauseAfter) return true;
    }
    for (const head of missing.values()) {
      if (!this.#facts.has(head.start)) this.#facts.set(head.start, unreadFact(head.id, 'it is gone'));
    }
    return false;
  }
}
