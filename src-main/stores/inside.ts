// The stores inside a folder that is none itself: a project, a state root, a folder of copies. Looked for level by level, so that
// what lies nearest is found first; within bounds, and never outside: a link that leads out of the folder is not followed.

import { lstatSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { join, sep } from 'node:path';
import { stagingPrefix } from './files/reader.ts';

/** Folders below the one that was named. */
export const levelsDown = 4;
/** Names looked at; a home folder has millions. */
export const namesLookedAt = 5_000;

/** Folders of tools: what lies in them belongs to programs, not to runs of agents. */
const toolFolders: ReadonlySet<string> = new Set([
  'node_modules',
  '.git',
  '.hg',
  '.svn',
  '.venv',
  'venv',
  'site-packages',
  '__pycache__',
]);

export interface InsideStore {
  readonly path: string;
  readonly format: string;
}

export interface Inside {
  readonly stores: readonly InsideStore[];
  /** False where there was more than is looked at: a store further down may be missing. */
  readonly complete: boolean;
}

interface Place {
  readonly path: string;
  readonly stats: Stats;
}

/** What a name in the folder stands for; null for what is not there, not ours to read, or outside `root`. */
function placeAt(path: string, root: string): Place | null {
  try {
    const own = lstatSync(path);
    if (!own.isSymbolicLink()) return { path, stats: own };
    const real = realpathSync.native(path);
    return real.startsWith(root.endsWith(sep) ? root : root + sep) ? { path: real, stats: statSync(real) } : null;
  } catch {
    return null;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // A folder that this user may not enter holds nothing for this user.
    return [];
  }
}

/**
 * `formatOf` says which format a file or folder is of, null for none; each is asked about once, however many links lead there.
 * A folder that is a store is not looked into. `root` is a real path.
 */
export function storesInside(root: string, formatOf: (path: string) => string | null): Inside {
  const stores: InsideStore[] = [];
  const seen = new Set<string>();
  let looked = 0;
  let complete = true;
  let level = [root];
  for (let depth = 1; level.length > 0; depth++) {
    const below: string[] = [];
    for (const folder of level) {
      for (const name of namesIn(folder)) {
        if (looked++ >= namesLookedAt) return { stores, complete: false };
        const place = name.startsWith(stagingPrefix) ? null : placeAt(join(folder, name), root);
        if (place === null) continue;
        const { path, stats } = place;
        const isFolder = stats.isDirectory();
        if (!isFolder && !stats.isFile()) continue;
        const identity = `${stats.dev}.${stats.ino}`;
        if (seen.has(identity) || (isFolder && toolFolders.has(name))) continue;
        seen.add(identity);
        const format = formatOf(path);
        if (format !== null) stores.push({ path, format });
        else if (isFolder && depth < levelsDown) below.push(path);
        else if (isFolder && complete) complete = namesIn(path).length === 0;
      }
    }
    level = below;
  }
  return { stores, complete };
}
