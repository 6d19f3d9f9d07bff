// What the file tree holds beside its runs: contents, provider arguments, the event archive, tool executions and pools. All of it is
// read only when asked for, and what cannot be read is left out: it is not part of a run's history.

import type { Cursor } from '../../values/cursor.ts';
import type { FilesReader } from '../backend.ts';
import { textOf, u64Of } from './decode.ts';
import { eventRecord, namesRun, toolRecord } from './beside.ts';
import { segmentOf } from './names.ts';
import { openText } from './record.ts';
import type { BesideRecord, StoredContent } from './source.ts';

const contentFolder = 'content';
export const argumentsFolder = 'provider_arguments';
const eventsPath = 'events/archive.ndjson';
export const toolsFolder = 'tool_execution';
export const poolsFolder = 'agent_pools';

/** Whether a path is one of those that tell of runs without being a part of one. */
export function isBesideFolder(path: string): boolean {
  const [first] = path.split('/', 1);
  return first !== undefined && ['events', toolsFolder, poolsFolder, contentFolder, argumentsFolder].includes(first);
}

export function contentFolderOf(id: string): string {
  return `${contentFolder}/${segmentOf(id)}`;
}

export function contentPaths(id: string): { readonly metadata: string; readonly bytes: string } {
  const folder = contentFolderOf(id);
  return { metadata: `${folder}/metadata.json`, bytes: `${folder}/content.bin` };
}

/** Where the arguments of a content id lie; the copy under the call's own name is for people. */
export function argumentsPath(ref: string): string {
  return `${argumentsFolder}/by_ref/${segmentOf(ref)}.json`;
}

export class FilesBeside {
  readonly #reader: FilesReader;

  constructor(reader: FilesReader) {
    this.#reader = reader;
  }

  content(id: string): StoredContent | null {
    const paths = contentPaths(id);
    const metadata = this.#json(paths.metadata);
    const ref = metadata?.get('content_ref') ?? null;
    if (ref === null || this.#reader.stat(paths.bytes) === null) return null;
    return { ref, bytes: this.#reader.read(paths.bytes) };
  }

  providerArguments(ref: string): Uint8Array | null {
    const path = argumentsPath(ref);
    return this.#reader.stat(path) === null ? null : this.#reader.read(path);
  }

  *records(run: string): Generator<BesideRecord, void, void> {
    for (const { value } of this.#lines(`${toolsFolder}/${segmentOf(run)}/records.ndjson`)) {
      if (textOf(value.get('run_id')) === run) yield toolRecord(value);
    }
    for (const { value, line } of this.#lines(eventsPath)) {
      const event = eventRecord(value, run, `archive.${line}`);
      if (event !== null) yield event;
    }
    for (const entry of this.#reader.list(2, poolsFolder)) {
      if (!entry.path.endsWith('/state.json')) continue;
      const pool = this.#json(entry.path);
      if (pool !== null) yield* poolRecords(pool, run);
    }
  }

  #json(path: string): Cursor | null {
    if (this.#reader.stat(path) === null) return null;
    const opened = openText(this.#reader.read(path));
    return 'reason' in opened ? null : opened;
  }

  *#lines(path: string): Generator<{ readonly value: Cursor; readonly line: number }, void, void> {
    if (this.#reader.stat(path) === null) return;
    let line = 0;
    for (const { bytes } of this.#reader.lines(path)) {
      line += 1;
      const opened = openText(bytes);
      if (!('reason' in opened)) yield { value: opened, line };
    }
  }
}

/** A pool's state lists what happened to it, as the rows of a database do; those entries that name the run are records of it. */
function* poolRecords(pool: Cursor, run: string): Generator<BesideRecord, void, void> {
  const records = pool.get('records');
  if (records === null || records.kind !== 'list') return;
  for (let i = 0; i < records.count; i += 1) {
    const entry = records.child(i);
    const content = entry.get('payload');
    if (content === null || !namesRun(content, run)) continue;
    const name = textOf(entry.get('pool_id')) ?? '';
    const sequence = u64Of(entry.get('cursor')?.get('sequence') ?? null) ?? String(i + 1);
    yield {
      id: `${name}.${sequence}`,
      kind: 'agent_pool',
      time: null,
      seq: u64Of(content.get('journal_seq')),
      content,
    };
  }
}
