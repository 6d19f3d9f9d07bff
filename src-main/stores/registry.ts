// Which formats there are, what a path holds, and opening it. Adding a framework is one folder and one line in `formats`.

import { realpathSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { ForkpointError } from '../../shared/model/errors.ts';
import { atomrHost, atomrSqlite } from './atomr/format.ts';
import type { Backend, FilesReader, SqliteReader } from './backend.ts';
import { carFiles } from './car/format.ts';
import { systemError } from './durable.ts';
import { clawdiaFiles, clawdiaSqlite } from './clawdia/format.ts';
import { openFiles } from './files/backend.ts';
import { levelsDown, namesLookedAt, storesInside, type Inside, type InsideStore } from './inside.ts';
import { langgraphDevServer } from './langgraph/dev-server.ts';
import { langgraphSqlite } from './langgraph/format.ts';
import { tinyagentsFiles, tinyagentsSqlite } from './tinyagents/format.ts';
import { sniff, type Sniffed } from './sniff.ts';
import { openSqlite } from './sqlite/backend.ts';
import { unharmed } from './sqlite/source.ts';
import type { Detection, Format, Store } from './store.ts';
import { wesichainFiles, wesichainSqlite } from './wesichain/format.ts';

/** Every format, in the order in which they are asked. */
export const sqliteFormats: readonly Format<SqliteReader>[] = [
  tinyagentsSqlite,
  wesichainSqlite,
  clawdiaSqlite,
  atomrSqlite,
  langgraphSqlite,
];
export const filesFormats: readonly Format<FilesReader>[] = [
  langgraphDevServer,
  tinyagentsFiles,
  wesichainFiles,
  clawdiaFiles,
  carFiles,
  atomrHost,
];
export const formats: readonly Format[] = [...sqliteFormats, ...filesFormats];

export interface OpenStoreOptions {
  /** Refuse every change. */
  readonly readOnly?: boolean;
}

/** What one format said of a place. */
export interface Verdict {
  readonly format: string;
  readonly framework: string;
  readonly backend: 'sqlite' | 'files';
  readonly detection: Detection;
}

/** What a path is. Exactly one of `store`, `inside` (not empty) and `refusal` says what can be done with it. */
export interface Identification {
  /** Real path. */
  readonly path: string;
  readonly store: { readonly format: string; readonly framework: string; readonly eras: readonly string[] } | null;
  /** Stores that lie in this folder. */
  readonly inside: readonly InsideStore[];
  /** Whether all of the folder was looked at; false for one that is too large or too deep. */
  readonly insideComplete: boolean;
  /** Why it cannot be opened. */
  readonly refusal: ForkpointError | null;
  /** What each format that was asked said, in order. */
  readonly verdicts: readonly Verdict[];
}

const nothingInside: Inside = { stores: [], complete: true };

interface Found<R extends SqliteReader | FilesReader> {
  readonly format: Format<R> | null;
  readonly eras: readonly string[];
  readonly verdicts: readonly Verdict[];
}

/**
 * Opens the store at a path. Throws `not_found`, `not_a_store` (naming what was found), `corrupt`, `unsupported` (known, but not
 * readable here), `io` (no permission). A folder in which exactly one store is found opens that store.
 */
export function openStore(path: string, options: OpenStoreOptions = {}): Store {
  return openPlace(path, options);
}

function openPlace(path: string, options: OpenStoreOptions, around?: FilesReader): Store {
  const place = look(path);
  if (place.sniffed.kind === 'sqlite') {
    const backend = openSqlite(place.path, options);
    try {
      const found = ask(sqliteFormats, backend.reader);
      if (found.format !== null) return found.format.open(backend, around);
      throw notSqliteStore(place.path, place.sniffed, backend.reader, found.verdicts);
    } catch (thrown) {
      backend.close();
      throw thrown;
    }
  }
  if (place.sniffed.kind !== 'folder') throw refusalOf(place.path, place.sniffed);
  const backend = openFiles(place.path, options);
  const found = ask(filesFormats, backend.reader);
  backend.close();
  if (found.format !== null) {
    const { depth } = found.format;
    return found.format.open(openFiles(place.path, depth === undefined ? options : { ...options, depth }), around);
  }
  const inside = storesInside(place.path, formatOf);
  const [only] = inside.stores;
  if (only !== undefined && inside.stores.length === 1) return openPlace(only.path, options, backend.reader);
  throw notFolderStore(place.path, inside, found.verdicts);
}

/** Says what a path holds and why, without keeping it open. Throws only where the path itself cannot be looked at. */
export function identify(path: string): Identification {
  const place = look(path);
  if (place.sniffed.kind === 'sqlite') {
    const backend = openSqlite(place.path, { readOnly: true, pristine: true });
    try {
      const found = ask(sqliteFormats, backend.reader);
      const refusal =
        found.format === null ? notSqliteStore(place.path, place.sniffed, backend.reader, found.verdicts) : null;
      return identified(place.path, found, nothingInside, refusal);
    } finally {
      backend.close();
    }
  }
  if (place.sniffed.kind !== 'folder') {
    const nothing: Found<SqliteReader> = { format: null, eras: [], verdicts: [] };
    return identified(place.path, nothing, nothingInside, refusalOf(place.path, place.sniffed));
  }
  const backend = openFiles(place.path, { readOnly: true });
  const found = ask(filesFormats, backend.reader);
  backend.close();
  const inside = found.format === null ? storesInside(place.path, formatOf) : nothingInside;
  const refusal =
    found.format === null && inside.stores.length === 0 ? notFolderStore(place.path, inside, found.verdicts) : null;
  return identified(place.path, found, inside, refusal);
}

function identified<R extends SqliteReader | FilesReader>(
  path: string,
  found: Found<R>,
  inside: Inside,
  refusal: ForkpointError | null,
): Identification {
  const { format, eras, verdicts } = found;
  const store = format === null ? null : { format: format.format, framework: format.framework, eras };
  return { path, store, inside: inside.stores, insideComplete: inside.complete, refusal, verdicts };
}

function look(path: string): { path: string; sniffed: Sniffed } {
  try {
    // A NUL ends a path for the system; Node refuses to pass one on, in words of its own.
    const sniffed: Sniffed = path.includes('\0') ? { kind: 'missing' } : sniff(path);
    if (sniffed.kind === 'missing') {
      throw new ForkpointError(
        'not_found',
        `There is nothing at \`${path}\`.`,
        'Check the path; a relative one starts at the folder that Forkpoint was started in.',
      );
    }
    return { path: realpathSync.native(path), sniffed };
  } catch (thrown) {
    throw systemError(thrown, path, unharmed);
  }
}

/** Asks each format in turn; the first `yes` wins. */
function ask<R extends SqliteReader | FilesReader>(candidates: readonly Format<R>[], reader: R): Found<R> {
  const verdicts: Verdict[] = [];
  for (const format of candidates) {
    const detection = format.detect(reader);
    verdicts.push({ format: format.format, framework: format.framework, backend: reader.kind, detection });
    if (detection.verdict === 'yes') return { format, eras: detection.eras, verdicts };
  }
  return { format: null, eras: [], verdicts };
}

function refusalOf(path: string, sniffed: Sniffed): ForkpointError {
  const name = basename(path);
  if (sniffed.kind === 'damaged') {
    return new ForkpointError('corrupt', `\`${name}\` is ${sniffed.what}. ${unharmed}`, sniffed.hint);
  }
  const what = sniffed.kind === 'other' ? sniffed.what : 'not a store';
  return new ForkpointError(
    'not_a_store',
    `\`${name}\` is not a checkpoint store: it is ${what}. ${unharmed}`,
    sniffed.kind === 'other' ? sniffed.hint : null,
  );
}

function refusedBy(path: string, verdicts: readonly Verdict[]): ForkpointError | null {
  for (const { detection } of verdicts) {
    if (detection.verdict !== 'refused') continue;
    return new ForkpointError(
      'unsupported',
      `\`${basename(path)}\` cannot be opened. ${detection.reason}`,
      'A newer version of Forkpoint may be able to.',
    );
  }
  return null;
}

function notSqliteStore(
  path: string,
  sniffed: Sniffed,
  reader: SqliteReader,
  verdicts: readonly Verdict[],
): ForkpointError {
  const refused = refusedBy(path, verdicts);
  if (refused !== null) return refused;
  const name = basename(path);
  const tables = reader.tables().map((table) => table.name);
  if (tables.length === 0) {
    const incomplete = sniffed.kind === 'sqlite' && sniffed.header?.wal === true;
    return new ForkpointError(
      'not_a_store',
      incomplete
        ? `\`${name}\` is a SQLite database without tables, and possibly incomplete: its data may be in a file \`${name}-wal\` that is not here. ${unharmed}`
        : `\`${name}\` is a SQLite database without any tables. ${unharmed}`,
      incomplete
        ? `Copy the store again together with \`${name}-wal\`.`
        : 'Run the agent once so that it writes a checkpoint.',
    );
  }
  const shown = tables.slice(0, 8).map((table) => `\`${table}\``);
  const more = tables.length > shown.length ? ` and ${tables.length - shown.length} more` : '';
  return new ForkpointError(
    'not_a_store',
    `\`${name}\` is a SQLite database, but it holds no checkpoint tables of a framework that Forkpoint knows (it has ${shown.join(', ')}${more}). ${unharmed}`,
    '`forkpoint formats` lists what can be opened.',
  );
}

/** What could not be looked at, as a sentence with a space before it. */
const notLookedAt = (inside: Inside): string =>
  inside.complete
    ? ''
    : ` Not all of it was looked at: only ${levelsDown} levels down, and the first ${namesLookedAt.toLocaleString('en')} names.`;

function notFolderStore(path: string, inside: Inside, verdicts: readonly Verdict[]): ForkpointError {
  const name = basename(path);
  const { stores } = inside;
  if (stores.length > 0) {
    const shown = stores.slice(0, 8).map((store) => `\`${relative(path, store.path)}\``);
    const more = stores.length > shown.length ? ` and ${stores.length - shown.length} more` : '';
    return new ForkpointError(
      'not_a_store',
      `\`${name}\` is a folder with ${stores.length} stores: ${shown.join(', ')}${more}.${notLookedAt(inside)}`,
      'Open one of them.',
    );
  }
  return (
    refusedBy(path, verdicts) ??
    new ForkpointError(
      'not_a_store',
      `\`${name}\` is a folder, and neither it nor what lies in it is a checkpoint store that Forkpoint knows.${notLookedAt(inside)} ${unharmed}`,
      inside.complete
        ? '`forkpoint formats` lists what can be opened.'
        : 'Name the store itself, or the folder that it lies in; `forkpoint formats` lists what can be opened.',
    )
  );
}

function formatNamed<R extends SqliteReader | FilesReader>(found: Found<R>): string | null {
  const refused = found.verdicts.find(({ detection }) => detection.verdict === 'refused');
  return found.format?.format ?? refused?.format ?? null;
}

/**
 * The format of a file or folder. One that is known but cannot be read here counts too: opening it tells why. What cannot be looked
 * at is no store.
 */
function formatOf(path: string): string | null {
  let backend: Backend | null = null;
  try {
    const { kind } = sniff(path);
    if (kind === 'sqlite') {
      const opened = openSqlite(path, { readOnly: true, pristine: true });
      backend = opened;
      return formatNamed(ask(sqliteFormats, opened.reader));
    }
    if (kind === 'folder') {
      const opened = openFiles(path, { readOnly: true });
      backend = opened;
      return formatNamed(ask(filesFormats, opened.reader));
    }
    return null;
  } catch {
    return null;
  } finally {
    backend?.close();
  }
}
