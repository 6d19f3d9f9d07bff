// CAR, the Common Agent Runtime (Rust): the folder in which its CheckpointStore keeps the workflow runs that wait at an approval gate.

import type { FilesReader } from '../backend.ts';
import { everyCapability } from '../capabilities.ts';
import type { Detection, Format } from '../store.ts';
import { runOfName } from './names.ts';
import { isResult, Neighbours } from './neighbours.ts';
import { RunFolder } from './folder.ts';
import { eraOf, eras, isRun, readRun, type Era } from './run-file.ts';
import { CarStore } from './store.ts';

/** Files looked at before a folder is said to be none of ours. */
const filesLookedAt = 32;
/** Runs that are read for their eras: each of them whole. */
const runsRead = 4;
/** Bytes of a file that tell without reading all of it what it is. */
const headBytes = 4096;
/** Folders of runs inside a state root: CAR's own name in `~/.car`, and the short one. */
const runFolders = ['workflow-runs', 'runs'] as const;

interface FolderLook {
  readonly eras: readonly Era[];
  readonly runs: number;
  /** Why it is no folder of runs. */
  readonly seen: string;
}

/** @param folder below the root, `''` for the root itself */
function lookAt(reader: FilesReader, folder: string): FolderLook {
  const all = reader.list(1, folder).filter((entry) => runOfName(entry.path.slice(entry.path.lastIndexOf('/') + 1)));
  const found = new Set<Era>();
  let runs = 0;
  let seen = 'It holds no runs (`*.json`, `*.inflight`).';
  let result: string | null = null;
  let looked = 0;
  for (const entry of all) {
    if (looked === filesLookedAt || runs === runsRead) break;
    looked += 1;
    // Every run begins with its id; what is large and does not is not read.
    const head = Buffer.from(reader.read(entry.path, 0, headBytes)).toString('latin1');
    const maybe = /^\s*\{/.test(head) && /"(?:run_id|workflow|workflow_id)"/.test(head);
    const reading = maybe ? readRun(reader.read(entry.path)) : null;
    const run = reading?.ok === true ? reading.run : null;
    if (run !== null && isRun(run)) {
      runs += 1;
      found.add(eraOf(run));
    } else if (run !== null && isResult(run.root)) {
      result = `\`${entry.path}\` is the result of a CAR workflow: a run that waits has a file with \`paused_stage_id\` and \`wf_state\`.`;
    } else seen = `\`${entry.path}\` is no checkpoint of a CAR workflow run.`;
  }
  seen = result ?? seen;
  if (runs === 0 && all.length > filesLookedAt)
    seen = `${seen} None of the first ${filesLookedAt} of ${all.length} files is.`;
  return { eras: eras.filter((era) => found.has(era)), runs, seen };
}

/** A database or line file beside the folders tells that the place is more than CAR's: it is then a folder of stores. */
function isOnlyCar(reader: FilesReader, folder: string): boolean {
  const neighbours = new Neighbours(new RunFolder(reader, folder));
  const beside = neighbours.results.length + neighbours.journals.length + neighbours.seenSets.length;
  const databases = reader.list(1).some((entry) => /\.(?:db|sqlite3?)$/i.test(entry.path));
  return beside > 0 && !databases;
}

/** Where the runs are, and what was seen; null folder where there are none. */
function locate(reader: FilesReader): { readonly folder: string | null; readonly look: FolderLook } {
  const own = lookAt(reader, '');
  if (own.runs > 0) return { folder: '', look: own };
  for (const folder of runFolders) {
    const look = lookAt(reader, folder);
    if (look.runs > 0 && isOnlyCar(reader, folder)) return { folder, look };
  }
  return { folder: null, look: own };
}

function detect(reader: FilesReader): Detection {
  const { folder, look } = locate(reader);
  return folder === null ? { verdict: 'no', reason: look.seen } : { verdict: 'yes', eras: look.eras };
}

export const carFiles: Format<FilesReader> = {
  format: 'car',
  framework: 'CAR',
  backend: 'files',
  eras,
  capabilities: [...everyCapability, 'records'],
  unable: [],
  // A state root has its runs, results and journals one level down.
  depth: 2,
  detect,
  open: (backend) => new CarStore(carFiles, backend, locate(backend.reader).folder ?? ''),
};
