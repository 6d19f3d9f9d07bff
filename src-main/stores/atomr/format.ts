// atomr-agents (Rust and Python): runs of workflows in SQLite, and the branches of an agent host in a folder.

import type { SqliteReader } from '../backend.ts';
import { everyCapability } from '../capabilities.ts';
import type { Detection, Format } from '../store.ts';
import { checkpointColumns, checkpointTable, ownTables, tableOf } from './rows.ts';
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
