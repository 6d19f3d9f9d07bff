// clawdia (Rust) over both of its durable local backends: a file tree, and a SQLite database.

import type { FilesReader, SqliteReader } from '../backend.ts';
import { everyCapability } from '../capabilities.ts';
import type { Detection, Format, PlanContext } from '../store.ts';
import { FilesRunSource, sourceDepth } from './files-source.ts';
import { noState } from './fork.ts';
import { checkpointsFolder, isCheckpointFile, journalName, runsFolder } from './names.ts';
import { era, headOf, readCheckpoint } from './record.ts';
import { checkpointTable, hasTable, journalTable, SqliteRunSource } from './sqlite-source.ts';
import { ClawdiaStore } from './store.ts';
import { FilesPlanWriter } from './write-files.ts';
import { SqlitePlanWriter } from './write-sqlite.ts';

const framework = 'clawdia';
const capabilities = [...everyCapability.filter((name) => name !== 'edit'), 'records'];
const unable = [{ operation: 'edit', reason: noState }];

/** Files looked at before a folder is said to be none of ours. */
const filesLookedAt = 32;

function detectSqlite(reader: SqliteReader): Detection {
  if (hasTable(reader, journalTable) || hasTable(reader, checkpointTable)) return { verdict: 'yes', eras: [era] };
  const found = reader.tables().find((t) => t.name === journalTable);
  return {
    verdict: 'no',
    reason:
      found === undefined
        ? `It has no table \`${journalTable}\`, and no \`${checkpointTable}\` with the columns of clawdia.`
        : `Its table \`${journalTable}\` does not have the columns of clawdia.`,
  };
}

function detectFiles(reader: FilesReader): Detection {
  const entries = reader.list(3, runsFolder);
  const journals = entries.filter((entry) => entry.path.split('/')[2] === journalName && entry.size > 0);
  const saved = entries.filter((entry) => {
    const [, , folder, name] = entry.path.split('/');
    return folder === checkpointsFolder && name !== undefined && isCheckpointFile(name);
  });
  let seen = `It holds no \`${runsFolder}/*/${journalName}\` and no \`${runsFolder}/*/${checkpointsFolder}/*.json\`.`;
  for (const entry of journals.slice(0, filesLookedAt)) {
    for (const { block, at, to } of reader.spans(entry.path)) {
      const head = headOf(Buffer.from(block.subarray(at, to)));
      if (!('reason' in head)) return { verdict: 'yes', eras: [era] };
      seen = `The first line of \`${entry.path}\` is no record of clawdia: ${head.reason.replace(/\.$/, '')}.`;
      break;
    }
  }
  for (const entry of saved.slice(0, filesLookedAt)) {
    if (readCheckpoint(reader.read(entry.path)).ok) return { verdict: 'yes', eras: [era] };
  }
  return { verdict: 'no', reason: seen };
}

export const clawdiaSqlite: Format<SqliteReader> = {
  format: 'clawdia',
  framework,
  backend: 'sqlite',
  eras: [era],
  capabilities,
  unable,
  detect: detectSqlite,
  open(backend) {
    const { reader } = backend;
    const source = new SqliteRunSource(reader);
    return new ClawdiaStore(
      clawdiaSqlite,
      backend,
      source,
      (context: PlanContext) => new SqlitePlanWriter(reader, context.relying),
    );
  },
};

export const clawdiaFiles: Format<FilesReader> = {
  format: 'clawdia',
  framework,
  backend: 'files',
  eras: [era],
  capabilities,
  unable,
  depth: sourceDepth,
  detect: detectFiles,
  open(backend) {
    const { reader } = backend;
    const source = new FilesRunSource(reader);
    return new ClawdiaStore(
      clawdiaFiles,
      backend,
      source,
      (context: PlanContext) => new FilesPlanWriter(source, reader, context.relying),
    );
  },
};
