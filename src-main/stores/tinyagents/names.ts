// File names of the folder store: how tinyagents turns a thread id into a name, in 2.1.1 and before, and what is not a thread file.
//
// 2.1.1 keeps the bytes `a-z 0-9 . _ -` and writes every other byte as `%XX`; earlier releases also kept `A-Z`. 2.1.1 reads and
// writes the canonical name if that file exists, else the legacy name if that one exists, else the canonical name. The ledger beside
// it has no such fallback: 2.1.1 always writes it under the canonical name (measured: `Alice.jsonl` with `%41lice.writes.jsonl`).

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export const lineFileSuffix = '.jsonl';
export const ledgerFileSuffix = '.writes.jsonl';

/** Longest file name that common file systems take, in bytes. Escaped names are ASCII, so characters are bytes. */
export const longestFileName = 255;

function escapeWith(thread: string, kept: (byte: number) => boolean): string {
  let name = '';
  for (const byte of encoder.encode(thread)) {
    name += kept(byte) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return name;
}

const isLower = (b: number) => b >= 0x61 && b <= 0x7a;
const isUpper = (b: number) => b >= 0x41 && b <= 0x5a;
const isDigit = (b: number) => b >= 0x30 && b <= 0x39;
const isMark = (b: number) => b === 0x2e || b === 0x5f || b === 0x2d;

/** Name (without suffix) that 2.1.1 gives a thread. */
export function escapeThread(thread: string): string {
  return escapeWith(thread, (b) => isLower(b) || isDigit(b) || isMark(b));
}

/** Name (without suffix) that releases before 2.1.1 gave it. */
export function escapeThreadLegacy(thread: string): string {
  return escapeWith(thread, (b) => isLower(b) || isUpper(b) || isDigit(b) || isMark(b));
}

/** Thread id that a name stands for, null if no release would have written this name. */
export function unescapeThread(name: string): string | null {
  const bytes: number[] = [];
  for (let i = 0; i < name.length; i += 1) {
    const hex = name[i] === '%' ? name.slice(i + 1, i + 3) : null;
    if (hex === null) {
      bytes.push(name.charCodeAt(i));
    } else {
      if (!/^[0-9A-F]{2}$/.test(hex)) return null;
      bytes.push(Number.parseInt(hex, 16));
      i += 2;
    }
  }
  let thread: string;
  try {
    thread = decoder.decode(Uint8Array.from(bytes));
  } catch {
    return null;
  }
  return escapeThread(thread) === name || escapeThreadLegacy(thread) === name ? thread : null;
}

/** Names under which the framework looks for a thread's records, in its order. */
export function threadFiles(thread: string): readonly string[] {
  return distinct([escapeThread(thread) + lineFileSuffix, escapeThreadLegacy(thread) + lineFileSuffix]);
}

/** Names under which a thread's ledger may stand. */
export function ledgerFiles(thread: string): readonly string[] {
  return distinct([escapeThread(thread) + ledgerFileSuffix, escapeThreadLegacy(thread) + ledgerFileSuffix]);
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

/** `<file>.tmp.<pid>.<n>`: what a rewrite that crashed leaves behind. Never read. */
export function isStrayTemp(path: string): boolean {
  return /\.tmp\.[^/]*$/.test(path);
}

/** Whether a file of the folder may hold records or a ledger; which of the two, only its content tells. */
export function isLineFile(path: string): boolean {
  return !path.includes('/') && path.endsWith(lineFileSuffix) && !isStrayTemp(path);
}
