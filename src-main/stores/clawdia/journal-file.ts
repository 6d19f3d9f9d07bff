// One journal of the file tree, as far as it has been read: places of its records, lines that are none, and what each record says
// of effects. Only appended bytes are read again. clawdia writes a record and its line feed in two writes, so a last line without one
// is being written, or was torn; it is a point only if it is a whole record.

import type { FileEntry, FilesReader, LineSpan } from '../backend.ts';
import { Turn } from '../records/turn.ts';
import { factOf, unreadFact, type RecordFact } from './effects.ts';
import { LineHeads } from './line-head.ts';
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
  readonly #heads = new LineHeads();
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
      const turn = new Turn();
      for (const line of reader.spans(this.path, this.#consumed)) {
        if (line.start >= entry.size) break;
        this.#take(line);
        if (!turn.isOver(line.to - line.at)) continue;
        more = line.terminated;
        break;
      }
      if (!more) break;
      yield this.lines.length;
    }
    this.#size = entry.size;
    this.#mtimeMs = entry.mtimeMs;
  }

  #take({ block, at: from, to, start, terminated }: LineSpan): void {
    const number = this.#count + 1;
    const end = start + to - from;
    if (terminated) {
      this.#consumed = end + 1;
      this.#count = number;
    }
    const at = { line: number, start, end };
    const usual = terminated ? this.#heads.read(block, from, to) : null;
    if (usual !== null) {
      this.lines.push({ ...at, ...usual });
      return;
    }
    const bytes = Buffer.from(block.subarray(from, to));
    if (isBlank(bytes)) return;
    if (terminated) {
      const head = headOf(bytes);
      if ('reason' in head) this.bad.push({ line: number, reason: head.reason });
      else this.lines.push({ ...at, seq: head.seq, id: head.id, run: head.run });
      return;
    }
    const reading = readRecord(bytes);
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

  /** What each record says, by the offset of its line. Yields how many were read so far. */
  *factsSteps(reader: FilesReader): Generator<number, ReadonlyMap<number, RecordFact>, void> {
    const missing = this.records.filter((line) => !this.#facts.has(line.start));
    for (let at = 0; at < missing.length;) {
      at = this.#readFacts(reader, missing, at);
      if (at < missing.length) yield this.#facts.size;
    }
    return this.#facts;
  }

  /** Reads facts from one of these lines on, until it is time to stop; gives the index of the next. */
  #readFacts(reader: FilesReader, missing: readonly JournalLine[], from: number): number {
    const turn = new Turn();
    let at = from;
    for (const line of reader.spans(this.path, missing[from]!.start)) {
      for (; at < missing.length && missing[at]!.start < line.start; at += 1) this.#isGone(missing[at]!);
      const head = missing[at];
      if (head === undefined) return at;
      if (line.start < head.start) continue;
      const reading = readRecord(Buffer.from(line.block.subarray(line.at, line.to)));
      this.#facts.set(head.start, reading.ok ? factOf(reading.view) : unreadFact(head.id, reading.reason));
      at += 1;
      if (turn.isOver(line.to - line.at)) return at;
    }
    for (; at < missing.length; at += 1) this.#isGone(missing[at]!);
    return at;
  }

  #isGone(line: JournalLine): void {
    this.#facts.set(line.start, unreadFact(line.id, 'it is gone'));
  }
}
