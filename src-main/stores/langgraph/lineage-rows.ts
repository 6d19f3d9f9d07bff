// Rows of one thread as columns, as they come from the table, and the finding of a row by its id.
//
// No object and no text is kept per row: 200,000 checkpoints took a second and 90 MB as objects, and take a fifth of it as columns.

import type { StringColumn } from '../../../shared/model/lineage.ts';

/** UTF-8 of many short texts, growing. */
export class Texts implements StringColumn {
  #bytes = Buffer.allocUnsafeSlow(0);
  #offsets = new Uint32Array(1);
  #count = 0;

  /** With room for more behind what is used, until `trim`. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get offsets(): Uint32Array {
    return this.#offsets;
  }

  get count(): number {
    return this.#count;
  }

  at(index: number): string {
    return this.#bytes.toString('utf8', this.#offsets[index], this.#offsets[index + 1]);
  }

  /** A page at once: joined, so that one call encodes it. False where a text is more than ASCII. */
  addAll(texts: readonly string[]): boolean {
    const joined = texts.join('');
    let at = this.#offsets[this.#count]!;
    this.#reserve(this.#count + texts.length + 1, at + joined.length * 3);
    const plain = this.#bytes.write(joined, at, 'utf8') === joined.length;
    for (const text of texts) {
      at += plain ? text.length : Buffer.byteLength(text);
      this.#offsets[++this.#count] = at;
    }
    return plain;
  }

  /** Gives up the room for more. */
  trim(): StringColumn {
    const used = this.#offsets[this.#count]!;
    const bytes = Buffer.allocUnsafeSlow(used);
    this.#bytes.copy(bytes, 0, 0, used);
    this.#bytes = bytes;
    this.#offsets = this.#offsets.slice(0, this.#count + 1);
    return { offsets: this.#offsets, bytes: new Uint8Array(bytes.buffer, 0, used) };
  }

  #reserve(offsets: number, bytes: number): void {
    if (offsets > this.#offsets.length) {
      const wider = new Uint32Array(offsets * 2);
      wider.set(this.#offsets);
      this.#offsets = wider;
    }
    if (bytes > this.#bytes.length) {
      const wider = Buffer.allocUnsafeSlow(bytes * 2);
      this.#bytes.copy(wider, 0, 0, this.#offsets[this.#count]);
      this.#bytes = wider;
    }
  }
}

/** Of a row's parent: there is none, or it is not the row before. */
export const noParent = -1;
const elsewhere = -2;

/** Rows in the order in which they were added. */
export class ThreadRows {
  readonly ids = new Texts();
  /** Index into the thread's namespaces. */
  namespaces = new Uint32Array(0);
  rowids = new Float64Array(0);
  sizes = new Float64Array(0);
  /**
   * The row's parent: the row before it (nearly always), `noParent`, or `elsewhere - n` for the id that is text n of `others`. A text is
   * compared with the one before as it comes; to keep 200,000 of them took 40 ms more.
   */
  parents = new Int32Array(0);
  readonly others = new Texts();
  /** Whether the ids of each namespace came in the order of their bytes. */
  sorted = true;
  #count = 0;
  #lastId = '';
  #newIds: string[] = [];
  #newOthers: string[] = [];

  get count(): number {
    return this.#count;
  }

  /** Text of `others` that names the row's parent, -1 where the parent is the row before or there is none. */
  otherAt(row: number): number {
    const parent = this.parents[row]!;
    return parent <= elsewhere ? elsewhere - parent : -1;
  }

  /** Room for so many more rows; to be called before a page of them is added. */
  beginPage(rows: number): void {
    this.#reserve(this.#count + rows);
  }

  /** `parent`: null where the row has none. */
  add(rowid: number, namespace: number, id: string, parent: string | null, size: number): void {
    const i = this.#count++;
    const follows = i > 0 && this.namespaces[i - 1] === namespace;
    if (parent === null) this.parents[i] = noParent;
    else if (follows && parent === this.#lastId) this.parents[i] = i - 1;
    else this.parents[i] = elsewhere - this.others.count + 1 - this.#newOthers.push(parent);
    if (follows && id < this.#lastId) this.sorted = false;
    this.namespaces[i] = namespace;
    this.rowids[i] = rowid;
    this.sizes[i] = size;
    this.#newIds.push(id);
    this.#lastId = id;
  }

  endPage(): void {
    // Beyond ASCII, texts compare otherwise than their bytes.
    if (!this.ids.addAll(this.#newIds)) this.sorted = false;
    this.others.addAll(this.#newOthers);
    this.#newIds = [];
    this.#newOthers = [];
  }

  #reserve(rows: number): void {
    if (rows <= this.rowids.length) return;
    const room = rows * 2;
    const [namespaces, rowids, sizes, parents] = [this.namespaces, this.rowids, this.sizes, this.parents];
    this.namespaces = new Uint32Array(room);
    this.namespaces.set(namespaces);
    this.rowids = new Float64Array(room);
    this.rowids.set(rowids);
    this.sizes = new Float64Array(room);
    this.sizes.set(sizes);
    this.parents = new Int32Array(room);
    this.parents.set(parents);
  }
}

export function joined(before: StringColumn, after: StringColumn): StringColumn {
  const n = before.offsets.length - 1;
  const from = before.offsets[n] ?? 0;
  const offsets = new Uint32Array(n + after.offsets.length);
  offsets.set(before.offsets);
  for (let i = 1; i < after.offsets.length; i++) offsets[n + i] = from + after.offsets[i]!;
  const bytes = new Uint8Array(from + (after.offsets.at(-1) ?? 0));
  bytes.set(before.bytes.subarray(0, from));
  bytes.set(after.bytes.subarray(0, after.offsets.at(-1)), from);
  return { offsets, bytes };
}

/** Less than, equal to or greater than 0, by the bytes `[start, end)` of two columns, as SQLite orders texts. */
function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const common = Math.min(aEnd - aStart, bEnd - bStart);
  for (let k = 0; k < common; k++) {
    const difference = a[aStart + k]! - b[bStart + k]!;
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
}

export function compareTexts(column: StringColumn, i: number, other: StringColumn, j: number): number {
  const { offsets, bytes } = column;
  return compareBytes(bytes, offsets[i]!, offsets[i + 1]!, other.bytes, other.offsets[j]!, other.offsets[j + 1]!);
}

/**
 * Finds the row of a namespace and id by halving: rows by namespace, then by id. Ids are times, so in the order in which they were
 * written those of one namespace stand sorted already, and this costs one look at each; a hash of every id cost ten times that.
 */
export class IdOrder {
  readonly #ids: StringColumn;
  readonly #order: Uint32Array;
  /** Where the rows of a namespace begin in `#order`. */
  readonly #starts: Uint32Array;

  /** `known`: the rows of each namespace stand sorted already. */
  constructor(
    ids: StringColumn,
    namespaces: ArrayLike<number>,
    count: number,
    namespaceCount: number,
    known: boolean = false,
  ) {
    this.#ids = ids;
    const starts = new Uint32Array(namespaceCount + 1);
    for (let i = 0; i < count; i++) starts[namespaces[i]! + 1]!++;
    for (let ns = 0; ns < namespaceCount; ns++) starts[ns + 1]! += starts[ns]!;
    const next = starts.slice();
    const order = new Uint32Array(count);
    for (let i = 0; i < count; i++) order[next[namespaces[i]!]!++] = i;
    for (let ns = 0; ns < (known ? 0 : namespaceCount); ns++) {
      const group = order.subarray(starts[ns], starts[ns + 1]);
      let sorted = true;
      for (let k = 1; sorted && k < group.length; k++) sorted = compareTexts(ids, group[k - 1]!, ids, group[k]!) <= 0;
      if (!sorted) group.sort((i, j) => compareTexts(ids, i, ids, j));
    }
    this.#order = order;
    this.#starts = starts;
  }

  /** Row of the id that is text `index` of `texts`, -1 if there is none. */
  find(namespace: number, texts: StringColumn, index: number): number {
    let low = this.#starts[namespace]!;
    let high = this.#starts[namespace + 1]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      const row = this.#order[middle]!;
      const difference = compareTexts(this.#ids, row, texts, index);
      if (difference === 0) return row;
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return -1;
  }
}
