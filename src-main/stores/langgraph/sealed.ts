// Which cells of a store are encrypted, and whether a key opens them.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { aesCipher, CellKey } from './cell-key.ts';
import { bytesOf, cipherOf, textOf } from './cells.ts';
import type { Sealed } from '../store.ts';
import type { SqliteReader } from '../backend.ts';

/** Reading the type of every row would walk the whole file. */
const rowsLookedAt = 1000;
const typesSql = `SELECT DISTINCT type FROM (SELECT type FROM checkpoints ORDER BY rowid DESC LIMIT ${rowsLookedAt})`;
const newestSealed = `SELECT checkpoint AS cell FROM (SELECT type, checkpoint FROM checkpoints ORDER BY rowid DESC LIMIT ${rowsLookedAt}) WHERE type LIKE '%+${aesCipher}' LIMIT 1`;

/** Types of the newest checkpoints; null where their pages are damaged. */
export function newestTypes(reader: SqliteReader): readonly string[] | null {
  try {
    return reader.all(typesSql).map((row) => textOf(row['type']));
  } catch (error) {
    if (error instanceof ForkpointError && error.code === 'corrupt') return null;
    throw error;
  }
}

/** What is encrypted among checkpoints of these types; null where nothing is, or where it cannot be told. */
export function sealedAmong(types: readonly string[] | null, key: CellKey | null): Sealed | null {
  const ciphers = types?.flatMap((type) => cipherOf(type) ?? []) ?? [];
  const [cipher] = ciphers;
  return cipher === undefined ? null : { cipher, open: key !== null && ciphers.every((c) => c === aesCipher) };
}

/** The key, after the newest encrypted checkpoint was opened with it. Throws `bad_value` if it does not fit. */
export function fittingKey(reader: SqliteReader, text: string): CellKey {
  const key = new CellKey(text);
  const row = reader.get(newestSealed);
  if (row === null) {
    throw new ForkpointError(
      'unable',
      'The newest checkpoints of this store are not encrypted with AES: no key is needed.',
    );
  }
  if (key.open(bytesOf(row['cell'])) === null) {
    throw new ForkpointError(
      'bad_value',
      'This key does not open the checkpoints of this store. Nothing was changed.',
      'Give the key exactly as the program has it in LANGGRAPH_AES_KEY.',
    );
  }
  return key;
}
