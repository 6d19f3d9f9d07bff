// What CAR keeps beside its waiting runs, where the folder that was opened holds it: results that a host saved, event journals, the
// seen-sets of dedup steps, and an older copy of the run itself in a marker that was left behind. CAR writes the id of a run into few of
// these; a record is shown with a run only where the record or the run says that they belong together.

import type { CheckpointKey } from '../../../shared/model/key.ts';
import { asForkpointError } from '../../../shared/model/errors.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import type { FileEntry, FilesReader } from '../backend.ts';
import type { NeighbourRecord } from '../store.ts';
import { ChainCheck, readEvent, type ChainVerdict } from './chain.ts';
import { compactText } from './deltas.ts';
import type { RunFiles, RunFolder } from './folder.ts';
import type { RunPoints } from './points.ts';
import { textOf, type RunView } from './run-file.ts';
import { isoTime } from './shape.ts';

/** Names of the folders as CAR makes them in its home, and as hosts name them beside a checkpoint folder. */
const resultFolders = ['results', 'workflow-results'] as const;
const journalFolders = ['journals', 'journal'] as const;
const seenFolders = ['workflow-dedup', 'dedup'] as const;

/** Journals beyond this are not checked when a store is opened. */
const largestChecked = 16 << 20;
/** A result file beyond this is not looked into. */
const largestResult = 256 << 20;

function openJson(bytes: Uint8Array): Cursor | null {
  try {
    return openValue('json', bytes);
  } catch (thrown) {
    if (asForkpointError(thrown).code === 'internal') throw thrown;
    return null;
  }
}

function member(value: Cursor | null, name: string): Cursor | null {
  return value !== null && value.kind === 'map' ? value.get(name) : null;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export function isResult(value: Cursor | null): boolean {
  return (
    textOf(member(value, 'workflow_id')) !== null &&
    member(value, 'stages')?.kind === 'list' &&
    textOf(member(value, 'status')) !== null
  );
}

export class Neighbours {
  readonly #reader: FilesReader;
  readonly #folder: RunFolder;
  readonly #verdicts = new Map<string, { readonly stamp: string; readonly verdict: ChainVerdict }>();

  constructor(folder: RunFolder) {
    this.#folder = folder;
    this.#reader = folder.reader;
  }

  /** Files beside the runs; none where the checkpoint folder itself was opened, since nothing outside of it is looked at. */
  #beside(names: readonly string[], suffix: string): FileEntry[] {
    if (this.#folder.folder === '') return [];
    return names
      .filter((name) => name !== this.#folder.folder)
      .flatMap((name) => this.#reader.list(1, name))
      .filter((entry) => entry.path.endsWith(suffix));
  }

  get results(): FileEntry[] {
    return this.#beside(resultFolders, '.json');
  }

  get journals(): FileEntry[] {
    return this.#beside(journalFolders, '.jsonl');
  }

  get seenSets(): FileEntry[] {
    return this.#beside(seenFolders, '.json');
  }

  /** Sentences about what stands beside the runs. */
  notes(): string[] {
    const notes: string[] = [];
    for (const entry of this.journals) {
      if (entry.size > largestChecked) {
        notes.push(
          `\`${entry.path}\` has ${entry.size} bytes; its hash chain was not checked (it is up to ${largestChecked}).`,
        );
        continue;
      }
      const verdict = this.#chainOf(entry);
      if (verdict.kind === 'whole') {
        notes.push(
          `The hash chain of \`${entry.path}\` holds over its ${verdict.chained} chained events. What was cut off at an end would not show.`,
        );
      } else if (verdict.kind === 'broken') {
        notes.push(`The hash chain of \`${entry.path}\` breaks at line ${verdict.line}: ${verdict.why}.`);
      }
    }
    return notes;
  }

  #chainOf(entry: FileEntry): ChainVerdict {
    const stamp = `${entry.inode}:${entry.size}:${entry.mtimeMs}`;
    const known = this.#verdicts.get(entry.path);
    if (known?.stamp === stamp) return known.verdict;
    const check = new ChainCheck();
    for (const line of this.#reader.lines(entry.path)) {
      // A last line without its line feed is still being written.
      if (line.terminated && line.bytes.length > 0) check.add(line.bytes, line.index + 1);
    }
    const verdict = check.verdict();
    this.#verdicts.set(entry.path, { stamp, verdict });
    return verdict;
  }

  *of(files: RunFiles, points: RunPoints, key: CheckpointKey | null): Generator<NeighbourRecord, void, void> {
    const run = points.reading.ok ? points.reading.run : null;
    for (const record of this.#all(files, points, run)) if (key === null || record.checkpoint === key) yield record;
  }

  *#all(files: RunFiles, points: RunPoints, run: RunView | null): Generator<NeighbourRecord, void, void> {
    if (files.waiting !== null && files.claimed !== null) {
      const content = openJson(this.#reader.read(files.claimed.path));
      const time = isoTime(textOf(member(content, 'created_at')));
      if (content !== null) {
        yield { record: files.claimed.path, kind: 'claimed_checkpoint', time, checkpoint: null, content };
      }
    }
    if (run === null) return;
    yield* this.#resultsOf(run, points);
    yield* this.#eventsOf(run);
    yield* this.#seenOf(run);
  }

  *#resultsOf(run: RunView, points: RunPoints): Generator<NeighbourRecord, void, void> {
    for (const entry of this.results) {
      if (entry.size > largestResult) continue;
      const content = openJson(this.#reader.read(entry.path));
      if (content === null || !isResult(content)) continue;
      const index = pointOfResult(run, points, content);
      if (index === null) continue;
      yield {
        record: entry.path,
        kind: 'result',
        time: isoTime(textOf(content.get('timestamp'))),
        checkpoint: points.keyAt(index),
        content,
      };
    }
  }

  *#eventsOf(run: RunView): Generator<NeighbourRecord, void, void> {
    const proposals = proposalsOf(run);
    for (const entry of this.journals) {
      for (const line of this.#reader.lines(entry.path)) {
        const content = line.bytes.length === 0 ? null : readEvent(line.bytes);
        if (content === null) continue;
        const of = textOf(content.get('run_id'));
        const proposal = textOf(content.get('proposal_id'));
        const belongs = of === null ? proposal !== null && proposals.has(proposal) : of === run.runId;
        if (!belongs) continue;
        yield {
          record: `${entry.path}:${line.index + 1}`,
          kind: 'event',
          time: isoTime(textOf(content.get('timestamp'))),
          checkpoint: null,
          content,
        };
      }
    }
  }

  *#seenOf(run: RunView): Generator<NeighbourRecord, void, void> {
    const stores = seenStoresOf(run.workflow);
    for (const entry of this.seenSets) {
      if (!stores.has(nameOf(entry.path).slice(0, -'.json'.length))) continue;
      const content = openJson(this.#reader.read(entry.path));
      if (content !== null) yield { record: entry.path, kind: 'seen_set', time: null, checkpoint: null, content };
    }
  }
}

/**
 * The point that a saved result tells of: results carry no run id (only a paused one does, inside), but the stage results in both,
 * run times of the stages included, are the same. Null where it is another run's.
 */
function pointOfResult(run: RunView, points: RunPoints, result: Cursor): number | null {
  const paused = textOf(member(member(result, 'paused'), 'run_id'));
  if (paused !== null && paused !== run.runId) return null;
  const stages = result.get('stages');
  const { results } = run;
  if (stages === null || results === null) return null;
  const common = Math.min(stages.count, results.count);
  // A gate takes no time: results that have only gates in common may be of any two runs.
  let told = paused !== null;
  for (let i = 0; i < common; i += 1) {
    told ||= tookTime(stages.child(i));
    if (Buffer.compare(stableText(stages.child(i)), stableText(results.child(i))) !== 0) return null;
  }
  if (!told) return null;
  // A result that waits tells of the gate behind its stages, one that went on of what followed.
  return Math.min(stages.count, points.gate);
}

function tookTime(stage: Cursor): boolean {
  const millis = member(stage, 'duration_ms');
  return (millis?.kind === 'float' || millis?.kind === 'integer') && millis.approximate() > 0;
}

/** What of a stage result is written the same in every file: maps within are in another order each time. */
function stableText(stage: Cursor): Uint8Array {
  const parts = ['stage_id', 'status', 'duration_ms', 'error'].map((name) => {
    const value = member(stage, name);
    return value === null ? Buffer.alloc(0) : compactText(value);
  });
  return Buffer.concat(parts.flatMap((part) => [part, Buffer.from(',')]));
}

/** Ids of the proposals that this run's stages executed, at any depth. */
function proposalsOf(run: RunView): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const value of insideOf(run.results)) {
    const id = textOf(member(value, 'proposal_id'));
    if (id !== null) ids.add(id);
  }
  return ids;
}

/** All objects inside a value, itself included, however deep. */
function* insideOf(value: Cursor | null): Generator<Cursor, void, void> {
  const open: Cursor[] = value === null ? [] : [value];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at.kind !== 'map' && at.kind !== 'list') continue;
    if (at.kind === 'map') yield at;
    for (let i = 0; i < at.count; i += 1) open.push(at.child(i));
  }
}

/** Names of the files that the workflow's dedup steps keep, as CAR makes them from the stores' names. */
function seenStoresOf(workflow: Cursor | null): ReadonlySet<string> {
  const names = new Set<string>();
  for (const step of insideOf(workflow)) {
    if (textOf(member(step, 'type')) !== 'dedup') continue;
    const store = textOf(step.get('store'));
    if (store !== null) names.add(store.replaceAll(/[^A-Za-z0-9_-]/gu, '_') || 'default');
  }
  return names;
}
