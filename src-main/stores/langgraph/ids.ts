// Checkpoint ids: UUIDv6 texts whose digits hold the time and usually the superstep, so that a listing needs no blob.
// Ids of custom savers may be any text: nothing here throws, what cannot be told is NaN or `unknownStep`.

import { unknownStep } from '../../../shared/model/lineage.ts';

/** Task id of writes that no task owns: `Command(resume=…)`, `Command(update=…)`. */
export const nullTask = '00000000-0000-0000-0000-000000000000';

export type WriterDialect = 'python' | 'js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** 100 ns units between 1582-10-15 (the epoch of UUID times) and 1970-01-01. */
const epochOffset = 122_192_928_000_000_000n;

/** The UUIDv6 shape; JS writes step -1 as `ffff`, so the variant bits are not looked at. */
export function isUuidV6(id: string): boolean {
  return uuid.test(id) && id[14] === '6';
}

/** The 60-bit count of 100 ns units in a UUIDv6, null for any other text. */
export function ticksOf(id: string): bigint | null {
  if (!isUuidV6(id)) return null;
  return BigInt(`0x${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(15, 18)}`);
}

/** Milliseconds since 1970, NaN for an id that is no UUIDv6. */
export function timeOf(id: string): number {
  const ticks = ticksOf(id);
  return ticks === null ? Number.NaN : Number(ticks - epochOffset) / 10_000;
}

/**
 * The superstep in the clock field: Python `0x8000 | (step & 0x3fff)`, JS `0x8000 + step` with -1 as `ffff`.
 * A row made by `__copy__` or at the exit of a run may carry another one: the metadata is what counts.
 */
export function stepOf(id: string): number {
  if (!isUuidV6(id)) return unknownStep;
  return stepOfClock(Number.parseInt(id.slice(19, 23), 16));
}

function stepOfClock(clock: number): number {
  if (clock >= 0xfffe) return clock - 0x1_0000;
  if (clock < 0x8000) return unknownStep;
  if (clock >= 0xc000) return clock - 0x8000;
  const step = clock & 0x3fff;
  return step >= 0x3ffe ? step - 0x4000 : step;
}

/** Value of a lower-case hexadecimal digit, 255 for any other byte. */
const digits = new Uint8Array(256).fill(255);
for (let d = 0; d < 16; d++) digits[d.toString(16).charCodeAt(0)] = d;

const epochHigh = Number(epochOffset >> 28n);
const epochLow = Number(epochOffset & 0xfff_ffffn);

/** What a lineage asks of the bytes of every id: one object for all of them. */
export class DatedId {
  /** As `timeOf`. */
  time = Number.NaN;
  /** As `stepOf`. */
  step = unknownStep;

  /** False where the text at `[start, end)` is no UUIDv6; then time and step mean nothing. */
  read(b: Uint8Array, start: number, end: number): boolean {
    if (end - start !== 36 || b[start + 14] !== 0x36) return false;
    // The 60 bits of the time in two parts, so that they are rounded only once, as there.
    let wrong = (b[start + 8]! ^ 0x2d) | (b[start + 13]! ^ 0x2d) | (b[start + 18]! ^ 0x2d) | (b[start + 23]! ^ 0x2d);
    let high = 0;
    for (let i = start; i < start + 8; i++) {
      const digit = digits[b[i]!]!;
      wrong |= digit & 0xf0;
      high = high * 16 + digit;
    }
    let low = 0;
    for (let i = start + 9; i < start + 18; i++) {
      if (i === start + 13 || i === start + 14) continue;
      const digit = digits[b[i]!]!;
      wrong |= digit & 0xf0;
      low = (low << 4) | digit;
    }
    let clock = 0;
    for (let i = start + 19; i < start + 23; i++) {
      const digit = digits[b[i]!]!;
      wrong |= digit & 0xf0;
      clock = (clock << 4) | digit;
    }
    for (let i = start + 24; i < start + 36; i++) wrong |= digits[b[i]!]! & 0xf0;
    if (wrong !== 0) return false;
    this.time = ((high - epochHigh) * 0x1000_0000 + (low - epochLow)) / 10_000;
    this.step = stepOfClock(clock);
    return true;
  }
}

/** Until the middle of 2024 the id of a checkpoint was its time. */
const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)$/;

function numberIn(id: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 16 + digits[id.charCodeAt(i)]!;
  return value;
}

/** ISO 8601 in UTC with the microseconds that the id holds, or the id itself where it is a time; null for any other. */
export function isoTimeOf(id: string): string | null {
  if (!isUuidV6(id)) return isTime.test(id) && !Number.isNaN(Date.parse(id)) ? id : null;
  // A list asks it of every thread: whole numbers below 2^53 throughout, since 2^28 = 10,000 × 26,843 + 5,456.
  const high = numberIn(id, 0, 8) - epochHigh;
  const low = numberIn(id, 9, 13) * 0x1000 + numberIn(id, 15, 18) - epochLow;
  const rest = high * 5456 + low;
  const millis = high * 26_843 + Math.floor(rest / 10_000);
  if (millis < 0) return null;
  const micros = Math.floor((rest - Math.floor(rest / 10_000) * 10_000) / 10);
  return `${new Date(millis).toISOString().slice(0, -1)}${micros < 10 ? '00' : micros < 100 ? '0' : ''}${micros}Z`;
}

/** A UUIDv6 for a superstep; `random` gives the six bytes of the node field. Null when the time does not fit. */
export function makeId(ticks: bigint, step: number, random: Uint8Array, dialect: WriterDialect): string | null {
  if (ticks < 0n || ticks >= 1n << 60n) return null;
  const time = ticks.toString(16).padStart(15, '0');
  const clock = dialect === 'python' ? 0x8000 | (step & 0x3fff) : (0x8000 + step) & 0xffff;
  const jsClock = dialect === 'js' && step < 0 ? 0x1_0000 + step : clock;
  const node = [...random.subarray(0, 6)].map((b) => b.toString(16).padStart(2, '0')).join('');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-6${time.slice(12)}-${jsClock.toString(16).padStart(4, '0')}-${node.padEnd(12, '0')}`;
}

export function ticksAt(millis: number): bigint {
  return BigInt(Math.trunc(millis)) * 10_000n + epochOffset;
}

/** The `ts` that the dialect's own writer would print for this time. */
export function timestampText(millis: number, dialect: WriterDialect): string {
  const iso = new Date(millis).toISOString();
  return dialect === 'js' ? iso : iso.replace('Z', '000+00:00');
}
