// wesichain (Rust) over both of its durable local backends: a SQLite table, and a folder of line files.

import type { FileEntry, FilesReader, SqliteReader } from '../backend.ts';
import { everyCapability } from '../capabilities.ts';
import { firstLine, lastLines } from '../records/line-files.ts';
import type { Detection, Format, PlanContext } from '../store.ts';
import { FilesRecordSource, whyNoThreadFile } from './files-source.ts';
import { isLineFile } from './names.ts';
import { projectedRecords, sessionIn, sessionRecords } from './neighbours.ts';
import { eraNoQueue, eraQueue, eras, readLine, type Era } from './record.ts';
import { hasQueueColumn, SqliteRecordSource } from './sqlite-source.ts';
import { WesichainStore } from './store.ts';
import { FilesPlanWriter } from './write-files.ts';
import { SqlitePlanWriter } from './write-sqlite.ts';

const framework = 'wesichain';

/** Columns by which the table is told from those of LangGraph, clawdia and tinyagents, which use the same name. 0.1.0 has no queue. */
const ownColumns = ['thread_id', 'seq', 'created_at', 'node', 'step', 'state_json'];

/** Folders below the one that was named in which sessions are looked for. */
const aroundDepth = 3;

/** Files looked at before a folder is said to be none of ours. */
const filesLookedAt = 32;

function sqliteEras(reader: SqliteReader): readonly Era[] {
  return [hasQueueColumn(reader) ? eraQueue : eraNoQueue];
}

function detectSqlite(reader: SqliteReader): Detection {
  const table = reader.tables().find((t) => t.name === 'checkpoints');
  if (table === undefined) return { verdict: 'no', reason: 'It has no table `checkpoints`.' };
  const names = new Set(table.columns.map((column) => column.name));
  const missing = ownColumns.filter((name) => !names.has(name));
  if (missing.length > 0) {
    const list = missing.map((name) => `\`${name}\``).join(', ');
    return { verdict: 'no', reason: `Its table \`checkpoints\` has no column ${list}.` };
  }
  if (table.withoutRowid) {
    return {
      verdict: 'refused',
      reason: 'Its table `checkpoints` is one without row numbers, which wesichain never makes.',
    };
  }
  return { verdict: 'yes', eras: sqliteEras(reader) };
}

interface FolderLook {
  readonly eras: readonly Era[];
  readonly seen: string;
}

function lookAtFolder(reader: FilesReader): FolderLook {
  const found = new Set<Era>();
  const all = reader.list(1);
  const lineFiles = all.filter((entry) => isLineFile(entry.path) && entry.size > 0);
  let seen = 'It holds no line files (`*.jsonl`).';
  for (const entry of lineFiles.slice(0, filesLookedAt)) {
    const why = whyNoThreadFile(reader, entry.path);
    if (why !== null) {
      seen = `\`${entry.path}\` does not hold checkpoint records: ${why}.`;
      continue;
    }
    for (const line of endLines(reader, entry)) {
      const reading = readLine(line);
      if (reading.ok) found.add(reading.record.era);
    }
  }
  if (found.size === 0 && lineFiles.length > filesLookedAt) {
    seen = `${seen} None of the first ${filesLookedAt} of ${lineFiles.length} line files does.`;
  }
  const jsonFiles = all.filter((entry) => entry.path.endsWith('.json')).slice(0, filesLookedAt);
  if (lineFiles.length === 0 && jsonFiles.some((entry) => sessionIn(reader, entry.path, entry.size) !== null)) {
    seen = 'It holds sessions of wesichain-session: conversations, but no checkpoints.';
  }
  return { eras: eras.filter((era) => found.has(era)), seen };
}

/** The first and the last line of a file: one that a later release went on with shows both. */
function* endLines(reader: FilesReader, entry: FileEntry): Generator<Uint8Array, void, void> {
  const first = firstLine(reader, entry.path);
  if (first !== null) yield first;
  for (const last of lastLines(reader, entry)) {
    yield last;
    return;
  }
}

function detectFiles(reader: FilesReader): Detection {
  const look = lookAtFolder(reader);
  return look.eras.length > 0 ? { verdict: 'yes', eras: look.eras } : { verdict: 'no', reason: look.seen };
}

export const wesichainSqlite: Format<SqliteReader> = {
  format: 'wesichain',
  framework,
  backend: 'sqlite',
  eras,
  capabilities: [...everyCapability, 'records'],
  unable: [],
  detect: detectSqlite,
  open(backend, around) {
    const { reader } = backend;
    return new WesichainStore(
      wesichainSqlite,
      backend,
      new SqliteRecordSource(reader),
      () => sqliteEras(reader),
      (context: PlanContext) => new SqlitePlanWriter(reader, context.relying),
      function* beside(points, named) {
        yield* projectedRecords(reader, points);
        if (around !== undefined) yield* sessionRecords(around, aroundDepth, named);
      },
    );
  },
};

export const wesichainFiles: Format<FilesReader> = {
  format: 'wesichain',
  framework,
  backend: 'files',
  eras,
  capabilities: [...everyCapability, 'records'],
  unable: [],
  detect: detectFiles,
  open(backend, around) {
    const { reader } = backend;
    const source = new FilesRecordSource(reader);
    return new WesichainStore(
      wesichainFiles,
      backend,
      source,
      () => lookAtFolder(reader).eras,
      (context: PlanContext) => new FilesPlanWriter(source, reader, context.relying),
      (_, named) =>
        around === undefined ? sessionRecords(reader, 1, named) : sessionRecords(around, aroundDepth, named),
    );
  },
};
