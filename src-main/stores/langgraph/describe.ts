// What a LangGraph store says of itself: dialect, capabilities, and what stands beside it in the same file.

import { storeEras } from './layout.ts';
import type { Layout } from './layout.ts';
import { olderUnable } from './older-layout.ts';
import type { WriterDialect } from './ids.ts';
import type { Unable, Warning } from '../../../shared/model/shapes.ts';
import type { SqliteReader } from '../backend.ts';
import { changingCapabilities, everyCapability } from '../capabilities.ts';
import type { Sealed, StoreDescription } from '../store.ts';

export const unable: readonly Unable[] = [];

/** Operations that would change the store. */
const writes: ReadonlySet<string> = new Set([...changingCapabilities, 'undo']);

export const frameworkName = (dialect: WriterDialect | null): string =>
  dialect === 'js' ? 'LangGraph.js' : dialect === 'python' ? 'LangGraph (Python)' : 'LangGraph';

const own = new Set(['checkpoints', 'writes']);

/** Tables in the file that are not the checkpointer's. */
export function foreignTables(reader: SqliteReader): string[] {
  return reader
    .tables()
    .map((t) => t.name)
    .filter((name) => !own.has(name.toLowerCase()) && !name.startsWith('sqlite_'));
}

const quoted = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(', ');

/** Triggers that our inserts would fire. */
export function ownTriggers(reader: SqliteReader): string[] {
  return reader
    .triggers()
    .filter((t) => own.has(t.table.toLowerCase()))
    .map((t) => t.name);
}

/** Warnings that every write to this file carries. */
export function neighbourWarnings(reader: SqliteReader, copiesThread: boolean): Warning[] {
  const warnings: Warning[] = [];
  const triggers = ownTriggers(reader);
  if (triggers.length > 0) {
    warnings.push({
      code: 'triggers',
      message: `This file has ${triggers.length === 1 ? 'a trigger' : 'triggers'} of its own on the checkpoint tables (${quoted(triggers)}): other tables may change too, and undo does not take that back.`,
      remedy: null,
    });
  }
  const tables = foreignTables(reader);
  if (copiesThread && tables.length > 0) {
    warnings.push({
      code: 'foreign_tables',
      message: `This file also holds tables that are not checkpoints (${quoted(tables)}): what they know of the thread is not copied.`,
      remedy: null,
    });
  }
  return warnings;
}

/** `types`: those of the newest rows (see `newestTypes`). */
export function describeStore(
  reader: SqliteReader,
  layout: Layout,
  dialect: WriterDialect | null,
  types: readonly string[] | null,
  sealed: Sealed | null,
): StoreDescription {
  const notes: string[] = [];
  const tables = foreignTables(reader);
  if (tables.length > 0) notes.push(`The file also holds other tables (${quoted(tables)}); they are left alone.`);
  const triggers = ownTriggers(reader);
  if (triggers.length > 0) notes.push(`Writing here fires triggers of the file itself: ${quoted(triggers)}.`);
  if (types === null) {
    notes.push(
      'Some pages of this file are damaged: what lies on them cannot be shown. SQLite’s `.recover` command can save most of a copy of it.',
    );
  }
  if (sealed !== null) {
    notes.push(
      sealed.open
        ? `Checkpoints of this store are encrypted (${sealed.cipher}) and are shown with the key that was given.`
        : `Checkpoints of this store are encrypted (${sealed.cipher}): they are listed and carried along, and shown when the key is given that the program has in LANGGRAPH_AES_KEY.`,
    );
  }
  if (types?.includes('pickle'))
    notes.push('Some of the newest checkpoints are Python pickles: they are shown as data, without running anything.');
  if (types?.includes('msgpack') && types.includes('json')) {
    notes.push(
      'Checkpoints of Python and of JavaScript stand in one file: neither library reads the rows of the other.',
    );
  }
  if (types?.length === 0) {
    notes.push(
      'There are no checkpoints in it. If the program that writes it was still open when the file was copied, they are in the `-wal` file beside the original.',
    );
  }
  if (layout.older !== null) {
    return {
      framework: frameworkName(dialect),
      eras: ['before-2024-08'],
      capabilities: everyCapability.filter((what) => !writes.has(what) && what !== 'export'),
      unable: [...writes, 'export'].map((operation) => ({ operation, reason: olderUnable })),
      notes,
    };
  }
  if (!layout.taskPath && dialect === 'python') {
    notes.push('Written before checkpoint-sqlite 3.1.2: names of tasks are computed, not read.');
  }
  return {
    framework: frameworkName(dialect),
    eras: storeEras(reader),
    capabilities: everyCapability,
    unable,
    notes,
    pendingChoice: {
      keep: 'Questions, errors and finished writes of this step stand in the fork as they stand here',
      drop: 'The step runs again in the fork, from its beginning',
      always: false,
    },
  };
}
