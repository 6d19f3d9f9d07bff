// What SQLite refuses, as sentences. One place, so that reading and writing say the same thing of the same fault.

import { ForkpointError, type ErrorCode } from '../../../shared/model/errors.ts';
import { systemError } from '../durable.ts';

/** `SQLITE_BUSY` and the like from either driver; null for what SQLite did not say. */
export function sqliteCode(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return null;
  if (thrown.code.startsWith('SQLITE_')) return thrown.code;
  // node:sqlite gives ERR_SQLITE_ERROR and the primary number apart.
  if (thrown.code !== 'ERR_SQLITE_ERROR' || !('errcode' in thrown) || typeof thrown.errcode !== 'number') return null;
  return primaryNames[thrown.errcode & 0xff] ?? 'SQLITE_ERROR';
}

const primaryNames: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  26: 'SQLITE_NOTADB',
};

/** What an error of SQLite means for a person. `harmless` says what was not harmed. */
export function sqliteError(thrown: unknown, path: string, harmless: string): ForkpointError {
  if (thrown instanceof ForkpointError) return thrown;
  const code = sqliteCode(thrown);
  if (code === null) return systemError(thrown, path, harmless);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const make = (kind: ErrorCode, sentence: string, hint: string | null): ForkpointError =>
    new ForkpointError(kind, `${sentence} ${harmless}`, hint, { cause: thrown });

  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return make(
      'locked',
      `Another program holds a lock on \`${path}\`.`,
      'Wait until the run has finished its step, or stop it, and try again.',
    );
  }
  if (code.startsWith('SQLITE_FULL')) {
    return make('io', `The disk is full: \`${path}\` could not be written.`, 'Free some space and try again.');
  }
  if (code.startsWith('SQLITE_READONLY')) {
    return make(
      'io',
      `\`${path}\` cannot be written by this user.`,
      'Ask for permission to the file and its folder, or work on a copy of the store.',
    );
  }
  if (code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_PERM') || code.startsWith('SQLITE_AUTH')) {
    return make(
      'io',
      `SQLite cannot open \`${path}\` or a file beside it (${text}).`,
      'Check that this user may read the file and its folder.',
    );
  }
  if (code.startsWith('SQLITE_NOTADB')) {
    return make(
      'corrupt',
      `\`${path}\` is not readable as SQLite: its pages are encrypted or damaged.`,
      'If it is encrypted, open a decrypted copy.',
    );
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_IOERR_SHORT_READ') {
    return make(
      'corrupt',
      `\`${path}\` is damaged: SQLite found pages that do not fit together.`,
      'Work on a copy: SQLite’s `.recover` command can save most of it.',
    );
  }
  if (
    code === 'SQLITE_CONSTRAINT_PRIMARYKEY' ||
    code === 'SQLITE_CONSTRAINT_UNIQUE' ||
    code === 'SQLITE_CONSTRAINT_ROWID'
  ) {
    return make(
      'exists',
      `\`${path}\` already holds a row with the same key (${text}).`,
      'Look at the store again: something else may have written it meanwhile.',
    );
  }
  if (code.startsWith('SQLITE_CONSTRAINT')) {
    return make(
      'unable',
      `The database itself refuses this change: ${text}.`,
      'Look for a trigger or a constraint that was added to the checkpoint tables.',
    );
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return make('io', `Reading or writing \`${path}\` failed (${text}).`, 'The disk may be full or failing.');
  }
  return make('unreadable', `SQLite refuses \`${path}\`: ${text}.`, null);
}
