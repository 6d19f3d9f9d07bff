// atomr-agents (Rust and Python): runs of workflows in SQLite, and the branches of an agent host in a folder.

import type { FilesReader, SqliteReader } from '../backend.ts';
import { everyCapability } from '../capabilities.ts';
import type { Detection, Format } from '../store.ts';
import { checkpointColumns, checkpointTable, ownTables, tableOf } from './rows.ts';
import { readHostFile, type HostDialect } from './host-file.ts';
import { agentsOf, branchesOf, checkpointFiles, hostDepth } from './host-layout.ts';
import { AtomrHostStore } from './host-store.ts';
import { AtomrSqlStore } from './sql-store.ts';

const capabilities = [...everyCapability, 'records'];

/** One layout for all releases that have one. */
const sqlEras = ['0.18–0.21'];

function detectSqlite(reader: SqliteReader): Detection {
  const table = tableOf(reader, checkpointTable);
  if (table === null) {
    const own = reader.tables().find(({ name }) => ownTables.has(name));
    return {
      verdict: 'no',
      reason:
        own === undefined
          ? `It has no table \`${checkpointTable}\`.`
          : `It has atomr’s table \`${own.name}\`, but none with checkpoints (\`${checkpointTable}\`).`,
    };
  }
  const names = new Set(table.columns.map((column) => column.name));
  const missing = checkpointColumns.filter((name) => !names.has(name));
  if (missing.length > 0) {
    const list = missing.map((name) => `\`${name}\``).join(', ');
    return { verdict: 'no', reason: `Its table \`${checkpointTable}\` has no column ${list}.` };
  }
  if (table.withoutRowid) {
    return {
      verdict: 'refused',
      reason: `Its table \`${checkpointTable}\` has no row numbers, which atomr never makes.`,
    };
  }
  return { verdict: 'yes', eras: sqlEras };
}

export const atomrSqlite: Format<SqliteReader> = {
  format: 'atomr',
  framework: 'atomr-agents',
  backend: 'sqlite',
  eras: sqlEras,
  capabilities,
  unable: [],
  detect: detectSqlite,
  open: (backend) => new AtomrSqlStore(atomrSqlite, backend, sqlEras),
};

const hostEras: Readonly<Record<HostDialect, string>> = { rust: '0.17–0.19 (Rust)', python: '0.17–0.21 (Python)' };
/** Files looked at before a folder is said to hold none of ours; and the largest that is looked into. */
const filesLookedAt = 32;
const largestLookedAt = 4 << 20;

interface HostLook {
  readonly eras: readonly string[];
  readonly seen: string;
}

/** The first and the last file of every branch, as far as the limit goes. */
function lookAtHost(reader: FilesReader): HostLook {
  const agents = agentsOf(reader);
  if (agents.length === 0) return { eras: [], seen: 'It holds no agents with `state/checkpoints`.' };
  const found = new Set<HostDialect>();
  let looked = 0;
  let seen = 'It is the folder of an atomr host, but no branch has a checkpoint yet.';
  for (const agent of agents) {
    for (const { folder } of branchesOf(reader, agent)) {
      const files = checkpointFiles(reader, folder);
      for (const entry of new Set([files[0], files.at(-1)])) {
        if (entry === undefined || entry.size > largestLookedAt || looked === filesLookedAt) continue;
        looked += 1;
        const { header } = readHostFile(reader.read(entry.path));
        if (header.refusedBy.rust === null || header.refusedBy.python === null) {
          if (header.dialect !== null && header.branch !== null && header.time !== null) found.add(header.dialect);
          else seen = `\`${entry.path}\` does not hold a checkpoint of an atomr host.`;
        } else seen = `\`${entry.path}\` cannot be read: ${header.refusedBy.rust}.`;
      }
    }
  }
  return { eras: (['rust', 'python'] as const).filter((one) => found.has(one)).map((one) => hostEras[one]), seen };
}

function detectHost(reader: FilesReader): Detection {
  const { eras, seen } = lookAtHost(reader);
  return eras.length > 0 ? { verdict: 'yes', eras } : { verdict: 'no', reason: seen };
}

export const atomrHost: Format<FilesReader> = {
  format: 'atomr',
  framework: 'atomr-agents host',
  backend: 'files',
  depth: hostDepth,
  eras: Object.values(hostEras),
  capabilities,
  unable: [],
  detect: detectHost,
  open: (backend) => new AtomrHostStore(atomrHost, backend, () => lookAtHost(backend.reader).eras),
};
