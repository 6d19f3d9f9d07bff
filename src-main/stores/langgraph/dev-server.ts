// The folder `.langgraph_api` of `langgraph dev`, read only: the server holds its threads in memory and rewrites the files whole.
// Its rows are put into tables in memory and read as those of a SQLite saver are.

import { changingCapabilities, everyCapability } from '../capabilities.ts';
import { devDialect, jsCheckpoints, placeOf, pythonCheckpoints, readDevFiles } from './dev-files.ts';
import type { DevRows } from './dev-files.ts';
import { LangGraphSqliteStore } from './store.ts';
import { layoutOf } from './layout.ts';
import { MemoryReader } from '../sqlite/memory.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { parseKey } from '../../../shared/model/key.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import type { Unable } from '../../../shared/model/shapes.ts';
import type { Backend, FilesReader, SqliteReader, SqlRow, SqlTable, SqlTrigger, SqlValue } from '../backend.ts';
import type { Changes, Detection, Format, RawPart, StateView, StoreDescription, StorePlan } from '../store.ts';

const schema = `
  CREATE TABLE checkpoints (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL, checkpoint_id TEXT NOT NULL,
    parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, metadata BLOB, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
  CREATE TABLE writes (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL, checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL,
    task_path TEXT NOT NULL, idx INTEGER NOT NULL, channel TEXT NOT NULL, type TEXT, value BLOB,
    PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));`;

const why =
  'These are the files of `langgraph dev`, which keeps its threads in memory and writes the files anew while it runs: what is written beside it would be lost.';
const changing = [...changingCapabilities, 'undo'];
const unable: readonly Unable[] = changing.map((operation) => ({ operation, reason: why }));
const capabilities = everyCapability.filter((what) => !changing.includes(what));

/** The tables of a folder, read anew when its files have changed. */
class DevReader implements SqliteReader {
  readonly kind = 'sqlite';
  readonly path: string;
  readonly #backend: Backend<FilesReader>;
  #loaded: {
    readonly token: string;
    readonly reader: MemoryReader;
    readonly parts: DevRows['parts'];
    readonly notes: readonly string[];
  } | null = null;

  constructor(backend: Backend<FilesReader>) {
    this.path = backend.path;
    this.#backend = backend;
  }

  get #now(): { readonly reader: MemoryReader; readonly parts: DevRows['parts']; readonly notes: readonly string[] } {
    const token = this.#backend.token();
    if (this.#loaded?.token === token) return this.#loaded;
    const { rows, parts, notes } = readDevFiles(this.#backend.reader);
    const reader = new MemoryReader(this.path, schema, rows);
    this.#loaded?.reader.close();
    this.#loaded = { token, reader, parts, notes: [...new Set(notes)] };
    return this.#loaded;
  }

  partsOf(thread: string, namespace: string, id: string): readonly RawPart[] | null {
    return this.#now.parts.get(placeOf(thread, namespace, id)) ?? null;
  }

  notes(): readonly string[] {
    return this.#now.notes;
  }

  tables(): readonly SqlTable[] {
    return this.#now.reader.tables();
  }

  triggers(): readonly SqlTrigger[] {
    return [];
  }

  all(sql: string, params?: readonly SqlValue[]): SqlRow[] {
    return this.#now.reader.all(sql, params);
  }

  get(sql: string, params?: readonly SqlValue[]): SqlRow | null {
    return this.#now.reader.get(sql, params);
  }

  iterate(sql: string, params?: readonly SqlValue[]): IterableIterator<SqlRow> {
    return this.#now.reader.iterate(sql, params);
  }

  allArrays(sql: string, params?: readonly SqlValue[]): (readonly (null | number | string | Uint8Array)[])[] {
    return this.#now.reader.allArrays(sql, params);
  }

  iterateArrays(
    sql: string,
    params?: readonly SqlValue[],
  ): IterableIterator<readonly (null | number | string | Uint8Array)[]> {
    return this.#now.reader.iterateArrays(sql, params);
  }
}

class DevServerStore extends LangGraphSqliteStore {
  readonly #tables: DevReader;
  readonly #server: 'python' | 'js';

  constructor(format: Format, backend: Backend<FilesReader>, tables: DevReader, server: 'python' | 'js') {
    const layout = layoutOf(tables.tables());
    if (layout === null) throw new ForkpointError('internal', 'The tables in memory are not those of LangGraph.');
    super(format, backend, tables, layout);
    this.#tables = tables;
    this.#server = server;
  }

  override describe(): StoreDescription {
    return {
      framework: this.#server === 'js' ? 'LangGraph.js' : 'LangGraph (Python)',
      eras: [`${this.#server}-dev`],
      capabilities,
      unable,
      notes: this.#tables.notes(),
    };
  }

  override state(key: CheckpointKey, applied = false): StateView {
    const view = super.state(key, applied);
    // Python's server keeps the value of each channel once per version, beside the checkpoints.
    const elsewhere = this.#server === 'python';
    const provenance = new Map(
      [...view.provenance].map(
        ([member, from]) => [member, elsewhere && from === 'stored' ? 'elsewhere' : from] as const,
      ),
    );
    return { ...view, provenance, unforkable: why };
  }

  override raw(key: CheckpointKey): readonly RawPart[] {
    const at = parseKey(key);
    const parts = at === null ? null : this.#tables.partsOf(at.thread, at.namespace, at.id);
    return parts ?? super.raw(key);
  }

  /** The files are written whole: what changed in them is not told by row numbers. */
  override changesSince(token: string | null): Changes {
    const now = this.backend.token();
    return { token: now, threads: token === now ? [] : 'all' };
  }

  override plan(): StorePlan {
    throw new ForkpointError(
      'unable',
      `${why} Nothing was changed.`,
      'Export the thread and import it into a store of a SqliteSaver, or fork it in LangGraph Studio.',
    );
  }
}

function detect(reader: FilesReader): Detection {
  const dialect = devDialect(reader);
  if (dialect === null)
    return { verdict: 'no', reason: `It holds no \`${pythonCheckpoints}\` or \`${jsCheckpoints}\`.` };
  if (dialect === 'python') {
    const file = reader.stat(pythonCheckpoints);
    const head = reader.read(pythonCheckpoints, 0, 2);
    if ((file?.size ?? 0) > 0 && head[0] !== 0x80 && head[0] !== 0x28) {
      return { verdict: 'refused', reason: `Its \`${pythonCheckpoints}\` is no Python pickle. Nothing was changed.` };
    }
  }
  return { verdict: 'yes', eras: [`${dialect}-dev`] };
}

export const langgraphDevServer: Format<FilesReader> = {
  format: 'langgraph',
  framework: 'LangGraph',
  backend: 'files',
  eras: ['python-dev', 'js-dev'],
  capabilities,
  unable,
  detect,
  open(backend) {
    const dialect = devDialect(backend.reader);
    return new DevServerStore(langgraphDevServer, backend, new DevReader(backend), dialect ?? 'python');
  },
};
