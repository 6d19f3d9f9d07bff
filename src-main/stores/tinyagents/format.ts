// tinyagents (Rust) over both of its durable backends: a SQLite table, and a folder of line files.

import type { FilesReader, SqliteReader } from '../backend.ts';
import { everyCapability } from '../capabilities.ts';
import { bytesCell } from '../records/cells.ts';
import { lastLines } from '../records/line-files.ts';
import type { Detection, Format, PlanContext } from '../store.ts';
import { FilesRecordSource, kindOfLineFile } from './files-source.ts';
import { Journals } from './journal.ts';
import { isLineFile } from './names.ts';
import { era211, eraBefore211, eraDevelopment, eras, readRecord, type Era } from './record.ts';
import { hasLedgerTable, SqliteRecordSource } from './sqlite-source.ts';
import { TinyagentsStore } from './store.ts';
import { FilesPlanWriter } from './write-files.ts';
import { SqlitePlanWriter } from './write-sqlite.ts';

const framework = 'tinyagents';

/** Columns by which the table is told from those of LangGraph, clawdia and wesichain, which use the same name. */
const ownColumns = ['seq', 'thread_id', 'checkpoint_id', 'parent_checkpoint_id', 'namespace', 'next_nodes', 'record'];

/** Line files looked at before a folder is said to be none of ours. */
const filesLookedAt = 32;

function byEra(found: ReadonlySet<Era>): readonly Era[] {
  return eras.filter((era) => found.has(era));
}

/** Eras seen, from the first and the last record: a store that was continued by a later release shows both. */
function sqliteEras(reader: SqliteReader): readonly Era[] {
  const found = new Set<Era>();
  if (hasLedgerTable(reader)) found.add(era211);
  if (reader.tables().some((table) => table.name === 'thread_leases')) found.add(eraDevelopment);
  for (const order of ['ASC', 'DESC']) {
    const row = reader.get(`SELECT CAST(record AS BLOB) AS record FROM checkpoints ORDER BY seq ${order} LIMIT 1`);
    const reading = row === null ? null : readRecord(bytesCell(row['record']));
    if (reading === null || !reading.ok) continue;
    // A record of 2.1.1 where nothing was pending or written looks like one of 2.1.0; the ledger table tells them apart.
    if (reading.record.era !== eraBefore211 || !found.has(era211)) found.add(reading.record.era);
  }
  return byEra(found);
}

function detectSqlite(reader: SqliteReader): Detection {
  const tables = reader.tables();
  const table = tables.find((t) => t.name === 'checkpoints');
  if (table === undefined) {
    const session = tables.some((t) => t.name === 'agent_runs') && tables.some((t) => t.name === 'session_messages');
    return {
      verdict: 'no',
      reason: session
        ? 'It is a tinyagents session database: it names checkpoints but holds none.'
        : 'It has no table `checkpoints`.',
    };
  }
  const names = new Set(table.columns.map((column) => column.name));
  const missing = ownColumns.filter((name) => !names.has(name));
  if (missing.length > 0) {
    return {
      verdict: 'no',
      reason: `Its table \`checkpoints\` has no column ${missing.map((n) => `\`${n}\``).join(', ')}.`,
    };
  }
  return { verdict: 'yes', eras: sqliteEras(reader) };
}

function filesEras(reader: FilesReader): {
  readonly eras: readonly Era[];
  readonly threads: boolean;
  readonly seen: string;
} {
  const found = new Set<Era>();
  let threads = false;
  let seen = 'It holds no line files (`*.jsonl`).';
  const entries = reader.list(1).filter((entry) => isLineFile(entry.path) && entry.size > 0);
  for (const entry of entries.slice(0, filesLookedAt)) {
    const kind = kindOfLineFile(reader, entry.path);
    if (kind.kind === 'ledger') found.add(era211);
    if ((kind.kind === 'other' || kind.kind === 'journal') && found.size === 0)
      seen = `\`${entry.path}\` does not hold checkpoint records: ${kind.reason}.`;
    if (kind.kind !== 'thread') continue;
    threads = true;
    found.add(kind.era);
    for (const line of lastLines(reader, entry)) {
      const reading = readRecord(line);
      if (reading.ok) found.add(reading.record.era);
      // Back to a record that tells its release by itself, unless 2.1.1 was seen: then nobody asks for the one before it.
      if (found.has(era211) || (reading.ok && reading.record.era !== eraBefore211)) break;
    }
  }
  if (!threads && entries.length > filesLookedAt) {
    seen = `${seen} None of the first ${filesLookedAt} of ${entries.length} line files does.`;
  }
  // A record of 2.1.1 where nothing was pending or written looks like one of 2.1.0.
  if (found.has(era211)) found.delete(eraBefore211);
  return { eras: byEra(found), threads, seen };
}

function detectFiles(reader: FilesReader): Detection {
  const { eras: found, threads, seen } = filesEras(reader);
  return threads ? { verdict: 'yes', eras: found } : { verdict: 'no', reason: seen };
}

export const tinyagentsSqlite: Format<SqliteReader> = {
  format: 'tinyagents',
  framework,
  backend: 'sqlite',
  eras,
  capabilities: [...everyCapability, 'records'],
  unable: [],
  detect: detectSqlite,
  open(backend, around) {
    const { reader } = backend;
    return new TinyagentsStore(
      tinyagentsSqlite,
      backend,
      new SqliteRecordSource(reader),
      () => sqliteEras(reader),
      (context: PlanContext) => new SqlitePlanWriter(reader, context.relying),
      new Journals(around === undefined ? [] : [around]),
    );
  },
};

export const tinyagentsFiles: Format<FilesReader> = {
  format: 'tinyagents',
  framework,
  backend: 'files',
  eras,
  capabilities: [...everyCapability, 'records'],
  unable: [],
  detect: detectFiles,
  open(backend, around) {
    const { reader } = backend;
    const source = new FilesRecordSource(reader);
    return new TinyagentsStore(
      tinyagentsFiles,
      backend,
      source,
      () => filesEras(reader).eras,
      (context: PlanContext) => new FilesPlanWriter(source, reader, context.relying),
      new Journals([around ?? reader]),
    );
  },
};
