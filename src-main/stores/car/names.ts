// File names of a checkpoint folder: `<run id>.json` waits, `<run id>.inflight` is claimed by a resume. CAR asks nothing else of a name.

export const waitingSuffix = '.json';
export const claimedSuffix = '.inflight';

/** Longest file name that common file systems take, in bytes. */
const longestFileName = 255;
/** CAR saves as `.<run id>.<32 hex digits>.tmp` first: a run whose id leaves no room for that could never wait again. */
const temporaryExtra = 1 + 1 + 32 + '.tmp'.length;

/** The run id that a file name stands for and whether it is claimed; null for a name that CAR does not list. */
export function runOfName(name: string): { readonly stem: string; readonly claimed: boolean } | null {
  for (const suffix of [waitingSuffix, claimedSuffix]) {
    // A name that is nothing but the suffix has no extension for Rust.
    if (name.endsWith(suffix) && name.length > suffix.length) {
      return { stem: name.slice(0, -suffix.length), claimed: suffix === claimedSuffix };
    }
  }
  return null;
}

/** What CAR leaves of a save that was cut short. */
export function isTemporary(name: string): boolean {
  return /^\..*\.tmp$/s.test(name);
}

/** Why a new run may not have this id, null if it may. CAR checks nothing and would leave the folder, or lose the run. */
export function badRunId(id: string): string | null {
  if (id === '') return 'A run id may not be empty.';
  if (!id.isWellFormed()) return 'This id is not valid Unicode text.';
  if (/[/\\\0]/.test(id)) {
    return 'CAR uses the id of a run as a file name: it may not contain `/`, `\\` or a NUL character.';
  }
  if (id.startsWith('.')) return 'CAR uses the id of a run as a file name: one that begins with a dot would be hidden.';
  const bytes = Buffer.byteLength(id) + temporaryExtra;
  if (bytes > longestFileName) {
    return `CAR could not save a run of this id again: the file name would be ${bytes} bytes long, and file systems take ${longestFileName}.`;
  }
  return null;
}
