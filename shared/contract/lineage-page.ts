// A lineage as it crosses the wire: in pages, and of a thread that grew only what is new. `lineage-reading.ts` puts it together again.
//
// Lineages that only added points to one another are of one *line*: a point's index and columns never change within it. Who has
// the first n points of a line asks for what follows them, whether it is still reading or has seen an append.

import * as z from 'zod/mini';
import type { Lineage } from '../model/lineage.ts';

const Bytes = z.custom<Uint8Array>((v) => v instanceof Uint8Array);
const Int32 = z.custom<Int32Array>((v) => v instanceof Int32Array);
const Uint32 = z.custom<Uint32Array>((v) => v instanceof Uint32Array);
const Float64 = z.custom<Float64Array>((v) => v instanceof Float64Array);

/** Whole numbers of consecutive points: pairs of a value and how often it stands in a row where that is shorter, else each by itself. */
export const PackedInts = z.object({ runs: z.boolean(), numbers: Int32 });
export type PackedInts = z.infer<typeof PackedInts>;

/** What the window has of a lineage: points, and of the two tables of texts. */
export const KnownLineage = z.object({
  line: z.string(),
  count: z.number(),
  reasons: z.number(),
  namespaces: z.number(),
});
export type KnownLineage = z.infer<typeof KnownLineage>;

/** Points `from … from + count - 1` (`shared/model/lineage.ts` says what the columns mean). */
export const LineagePage = z.object({
  thread: z.string(),
  line: z.string(),
  from: z.number(),
  count: z.number(),
  /** Points of the whole lineage as it stands. */
  total: z.number(),
  /** Length of each id in bytes, and the ids one after the other. Of UUIDs `bytes` are the 16 that the text stands for. */
  ids: z.object({ uuids: z.boolean(), lengths: PackedInts, bytes: Bytes }),
  nth: PackedInts,
  /** How far before the point its parent stands, 0 where it has none. */
  parent: PackedInts,
  link: PackedInts,
  reason: PackedInts,
  namespace: PackedInts,
  host: PackedInts,
  /** Less the step of the point before (within the page), in 32 bits that wrap around. */
  step: PackedInts,
  time: Float64,
  /** As 32 bits where all are whole and fit, 2³² - 1 for NaN. */
  bytes: z.union([Uint32, Float64]),
  /** Texts that are not known yet, and where they begin in their tables. */
  reasonsFrom: z.number(),
  reasons: z.array(z.string()),
  namespacesFrom: z.number(),
  namespaces: z.array(z.string()),
  /** Of the whole lineage as it stands. */
  heads: Int32,
});
export type LineagePage = z.infer<typeof LineagePage>;

/** Some 4 MB: a connection carries other answers between two pages, and a call that is cancelled ends with one. */
export const pagePoints = 0x2_0000;

/** What follows the points that are `known`; from the start where these are of another line. O(page). */
export function pageOf(lineage: Lineage, line: string, known: KnownLineage | null, most = pagePoints): LineagePage {
  const has = known?.line === line && known.count <= lineage.count ? known : null;
  const from = has?.count ?? 0;
  const count = Math.min(most, lineage.count - from);
  const to = from + count;
  const reasonsFrom = has?.reasons ?? 0;
  const namespacesFrom = has?.namespaces ?? 0;
  const { thread, parent, step } = lineage;
  const back = new Int32Array(count);
  const steps = new Int32Array(count);
  for (let i = 0, before = 0; i < count; i++) {
    const at = parent[from + i]!;
    back[i] = at < 0 ? 0 : from + i - at;
    const own = step[from + i]!;
    steps[i] = own - before;
    before = own;
  }
  return {
    thread,
    line,
    from,
    count,
    total: lineage.count,
    ids: packIds(lineage, from, count),
    nth: packed(Int32Array.from(lineage.nth.subarray(from, to))),
    parent: packed(back),
    link: packed(Int32Array.from(lineage.link.subarray(from, to))),
    reason: packed(Int32Array.from(lineage.reason.subarray(from, to))),
    namespace: packed(Int32Array.from(lineage.namespace.subarray(from, to))),
    host: packed(lineage.host.slice(from, to)),
    step: packed(steps),
    // Copies: a message port would else carry the whole column behind a part of it.
    time: lineage.time.slice(from, to),
    bytes: packSizes(lineage.bytes.subarray(from, to)),
    reasonsFrom,
    reasons: lineage.reasons.slice(reasonsFrom),
    namespacesFrom,
    namespaces: lineage.namespaces.slice(namespacesFrom),
    heads: lineage.heads.slice(),
  };
}

function packed(values: Int32Array): PackedInts {
  const n = values.length;
  let runs = n === 0 ? 0 : 1;
  for (let i = 1; i < n; i++) if (values[i] !== values[i - 1]) runs++;
  if (runs * 2 >= n) return { runs: false, numbers: values };
  const numbers = new Int32Array(runs * 2);
  let at = -2;
  for (let i = 0; i < n; i++) {
    if (i === 0 || values[i] !== values[i - 1]) {
      at += 2;
      numbers[at] = values[i]!;
    }
    numbers[at + 1]!++;
  }
  return { runs: true, numbers };
}

const noSize = 0xffff_ffff;

function packSizes(sizes: Float64Array): Uint32Array | Float64Array {
  const narrow = new Uint32Array(sizes.length);
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i]!;
    if (Number.isNaN(size)) narrow[i] = noSize;
    else if (Number.isInteger(size) && size >= 0 && size < noSize) narrow[i] = size;
    else return sizes.slice();
  }
  return narrow;
}

/** Where the hyphens of a UUID's text stand. */
const isHyphen = (i: number): boolean => i === 8 || i === 13 || i === 18 || i === 23;
/** Places of its 32 digits. */
const digitPlaces = Uint8Array.from(Array.from({ length: 36 }, (_, i) => i).filter((i) => !isHyphen(i)));
const hyphen = 0x2d;
/** Value of a lower-case hexadecimal digit by its code, 0xff for any other byte; and the digit of a value. */
const valueOf = new Uint8Array(256).fill(0xff);
const digitOf = new Uint8Array(16);
for (let d = 0; d < 16; d++) {
  digitOf[d] = d.toString(16).charCodeAt(0);
  valueOf[digitOf[d]!] = d;
}

function packIds({ ids: { offsets, bytes } }: Lineage, from: number, count: number): LineagePage['ids'] {
  const lengths = new Int32Array(count);
  let uuids = count > 0;
  for (let i = 0; i < count; i++) {
    lengths[i] = offsets[from + i + 1]! - offsets[from + i]!;
    uuids &&= lengths[i] === 36;
  }
  const start = offsets[from] ?? 0;
  const short = uuids ? packUuids(bytes, start, count) : null;
  return {
    uuids: short !== null,
    lengths: packed(lengths),
    bytes: short ?? bytes.slice(start, offsets[from + count]),
  };
}

/** Null where one of them is not a UUID in lower case. */
function packUuids(bytes: Uint8Array, start: number, count: number): Uint8Array | null {
  const short = new Uint8Array(count * 16);
  for (let i = 0; i < count; i++) {
    const at = start + i * 36;
    let wrong = 0;
    for (let k = 0; k < 16; k++) {
      const high = valueOf[bytes[at + digitPlaces[2 * k]!]!]!;
      const low = valueOf[bytes[at + digitPlaces[2 * k + 1]!]!]!;
      wrong |= high | low;
      short[i * 16 + k] = (high << 4) | low;
    }
    wrong &= 0xf0;
    wrong |=
      (bytes[at + 8]! ^ hyphen) | (bytes[at + 13]! ^ hyphen) | (bytes[at + 18]! ^ hyphen) | (bytes[at + 23]! ^ hyphen);
    if (wrong !== 0) return null;
  }
  return short;
}

// ── The other end ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Writes the numbers of a page from `at` on. Throws RangeError where they are not `count`. */
export function unpack(
  into: Int32Array | Uint32Array | Uint8Array,
  at: number,
  count: number,
  packed: PackedInts,
): void {
  const { runs, numbers } = packed;
  if (!runs) {
    if (numbers.length !== count) throw new RangeError('numbers of a page');
    into.set(numbers, at);
    return;
  }
  let next = at;
  for (let k = 0; k + 1 < numbers.length; k += 2) {
    const end = next + numbers[k + 1]!;
    if (end > at + count || end < next) throw new RangeError('runs of a page');
    into.fill(numbers[k]!, next, end);
    next = end;
  }
  if (next !== at + count) throw new RangeError('runs of a page');
}

export function unpackSizes(into: Float64Array, at: number, sizes: Uint32Array | Float64Array): void {
  if (sizes instanceof Float64Array) return into.set(sizes, at);
  for (let i = 0; i < sizes.length; i++) into[at + i] = sizes[i] === noSize ? Number.NaN : sizes[i]!;
}

/** Writes the texts of `count` UUIDs from byte `at` on. */
export function unpackUuids(into: Uint8Array, at: number, short: Uint8Array, count: number): void {
  if (short.length !== count * 16) throw new RangeError('UUIDs of a page');
  for (let i = 0; i < count; i++) {
    const to = at + i * 36;
    for (let k = 0; k < 16; k++) {
      const byte = short[i * 16 + k]!;
      into[to + digitPlaces[2 * k]!] = digitOf[byte >> 4]!;
      into[to + digitPlaces[2 * k + 1]!] = digitOf[byte & 15]!;
    }
    into[to + 8] = into[to + 13] = into[to + 18] = into[to + 23] = hyphen;
  }
}
